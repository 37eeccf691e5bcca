"""The first page's examples and the script that people try on a demo, with a model and without.

Real hubs' clients against fake hubs, a real model's client against the fake model of ``make demo``.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.test_chats import ask, new_chat
from tests.fakes.gemini import GeminiFake
from tests.support.hubs import Hubs
from tests.support.server import Client, Server

PAGE = Path(__file__).parents[2] / "frontend/src/features/chat/NewChatPage.tsx"


def examples() -> list[str]:
    """What the first page offers to say."""
    found = re.findall(r"\btext: \"([^\"]+)\"", PAGE.read_text())
    assert found, f"{PAGE.name} has no examples"
    return found


@pytest.fixture(scope="module", params=["model", "planner"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, hubs: Hubs
) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("server") / "data"
    with GeminiFake() as gemini:
        model = {"GOOGLE_API_KEY": "demo", "GOOGLE_GEMINI_BASE_URL": gemini.url}
        with Server(data, **hubs.settings, **(model if request.param == "model" else {})) as server:
            yield server


class Talk:
    """One chat over HTTP."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._chat = new_chat(client)

    def __call__(self, text: str) -> "Answer":
        return Answer(ask(self._client, self._chat, text))


class Answer:
    def __init__(self, message: dict[str, Any]) -> None:
        assert message["status"] == "complete"
        self.text: str = message["content"]
        self.problems = [problem["source"] for problem in message["source_errors"]]
        self.cards: list[dict[str, Any]] = message["downloadable_datasets"] or []
        shown = (part["type"] for part in message["parts"])
        self.kinds = [kind for kind in shown if kind not in ("step-start", "data-notice")]
        self.calls = [(one["name"], one["input"]) for one in message["tool_calls"]]
        self.outputs = [part["output"] for part in message["parts"] if "output" in part]
        # Nothing is told twice: no list of what the cards show.
        assert "\n- " not in self.text
        assert "\n1. " not in self.text

    @property
    def refs(self) -> list[str]:
        return [card["ref"] for card in self.cards]


def test_every_example_of_the_first_page(server: Server) -> None:
    client = server.client("new@example.org")
    for example in examples():
        answer = Talk(client)(example)
        assert answer.text
        if "downloaded" in example:
            assert answer.calls == [("list_library", {})]
            assert "library is empty" in answer.text
        else:
            assert answer.calls[0][0] == "search_datasets"
            assert answer.cards, example


def test_the_natural_script(server: Server) -> None:
    client = server.client("ada@example.org")
    talk = Talk(client)
    found = talk("find diabetes datasets")
    assert len(found.cards) >= 5
    # One line above the cards.
    assert found.kinds[:2] == ["text", "tool-search_datasets"]
    narrowed = talk("only CC0 ones")
    [(tool, arguments), *_] = narrowed.calls
    assert (tool, arguments["query"], arguments["license"]) == ("search_datasets", "diabetes", "cc0")
    assert len(narrowed.cards) >= 2
    assert all(card["license"].startswith(("CC0", "cc0")) for card in narrowed.cards)
    first, second = narrowed.cards[:2]
    licence = talk("what's the licence of the first?")
    assert licence.calls == [("dataset_details", {"ref": first["ref"]})]
    assert "CC0" in licence.text
    size = talk("how big is it?")
    assert size.calls == [("dataset_details", {"ref": first["ref"]})]
    assert re.search(r"\d (?:k|M|G)?B", size.text)
    assert talk("the second one").refs == [second["ref"]]
    smallest = min(narrowed.cards, key=lambda card: card["size_bytes"])
    assert talk("the smaller one").refs == [smallest["ref"]]
    ordered = talk("newest first")
    assert ordered.calls[0][1] == arguments | {"sort": "updated"}
    dates = [card["updated_at"] for card in ordered.cards if card["source"] != "Built-in"]
    assert dates == sorted(dates, reverse=True)
    elsewhere = talk("and on huggingface?")
    assert elsewhere.calls[0][1]["sources"] == ["huggingface"]
    assert talk("thanks").calls == []


def test_a_download_in_words_and_again(server: Server) -> None:
    client = server.client("ben@example.org")
    talk = Talk(client)
    second = talk("find diabetes datasets").refs[1]
    started = talk("download the second one")
    assert started.calls == [("start_download", {"ref": second})]
    # What began and how far it is stands on the card; the words stay true beside it.
    assert "being downloaded" not in started.text
    job = client.finished(started.outputs[0]["ticket"]["job_id"])
    assert job["state"] == "succeeded"
    again = talk("download the second one")
    assert again.outputs[0]["ticket"] is None
    assert again.outputs[0]["reason"] == "It is in the library already."
    assert again.cards[0]["local_status"] == "downloaded"
    assert "Press Open" in again.text
    library = talk("what do I have downloaded?")
    assert [dataset["ref"] for dataset in library.outputs[0]["datasets"]] == [second]
    status = talk("what is downloading?")
    assert [name for name, _input in status.calls] == ["download_status"]


def test_an_outage_comes_first_and_once(server: Server, hubs: Hubs) -> None:
    client = server.client("cleo@example.org")
    talk = Talk(client)
    second = talk("find diabetes datasets").refs[1]
    client.finished(talk("download the second one").outputs[0]["ticket"]["job_id"])
    for hub in (hubs.kaggle, hubs.hub):
        hub.fault("hang_up")
    try:
        answer = talk("find zebra crossings")
        again = talk(f"download {second}")
    finally:
        hubs.heal()
    assert sorted(answer.problems) == ["huggingface", "kaggle"]
    assert "No hub could be searched" in answer.text
    assert "words" not in answer.text
    # What is here needs no hub.
    assert again.outputs[0]["reason"] == "It is in the library already."
    assert "Press Open" in again.text
