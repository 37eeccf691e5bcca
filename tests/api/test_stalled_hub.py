"""A hub that stalls does not hold back what the others found: the search's output so far is streamed."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.api.test_chats import chunks_of, new_chat, streaming
from tests.fakes.gemini import GeminiFake, call, say
from tests.support.hubs import Hubs
from tests.support.server import Client, Server, until


@pytest.fixture(scope="module")
def model() -> Iterator[GeminiFake]:
    with GeminiFake() as fake:
        yield fake


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs, model: GeminiFake) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("server") / "data"
    with Server(
        data,
        GOOGLE_API_KEY="key",
        GOOGLE_GEMINI_BASE_URL=model.url,
        DATAFERRY_SEARCH_PATIENCE_S="0.2",
        DATAFERRY_SEARCH_TIMEOUT_S="20",
        **hubs.settings,
    ) as server:
        yield server


@pytest.fixture
def ada(server: Server, hubs: Hubs, model: GeminiFake) -> Client:
    hubs.heal()
    model.reset()
    return server.client("ada@example.org")


def search_part(message: dict[str, Any]) -> dict[str, Any]:
    part: dict[str, Any]
    (part,) = (part for part in message["parts"] if part["type"] == "tool-search_datasets")
    return part


@pytest.mark.parametrize(("who", "query"), [("model", "diabetes"), ("planner", "iris")])
def test_cards_come_while_a_hub_is_silent(
    ada: Client, hubs: Hubs, model: GeminiFake, who: str, query: str
) -> None:
    if who == "planner":
        model.fault("rate_limit")
    else:
        model.script(call("search_datasets", query=query), say("Two fit."))
    hubs.kaggle.fault("delay", seconds=60)
    chat = new_chat(ada)
    outputs, replayed = [], None
    with streaming(ada, chat, f"find {query} datasets") as answer:
        for chunk in chunks_of(answer.iter_lines()):
            if chunk["type"] != "tool-output-available":
                continue
            outputs.append(chunk)
            # Under load the other hub may be late too, at first.
            if chunk["output"]["waiting_for"] == ["kaggle"]:
                # A page that reloads now has the same cards, from the thread and from the stream.
                until(partial(is_stored, ada, chat, chunk["output"]), "what there is so far is stored")
                replayed = next_output(ada, chat)
                hubs.heal()
    early, final = outputs[-2:]
    assert early["preliminary"] is True
    sources = {card["source"] for card in early["output"]["downloadable_datasets"]}
    assert "HuggingFace" in sources
    assert "Kaggle" not in sources
    assert replayed == early
    assert "preliminary" not in final
    assert final["output"]["waiting_for"] == []
    assert "Kaggle" in {card["source"] for card in final["output"]["downloadable_datasets"]}
    message = ada.get(f"/api/chats/{chat}").json()["messages"][1]
    assert message["model"].startswith("planner" if who == "planner" else "google_genai:")
    assert search_part(message)["output"] == final["output"]
    assert "preliminary" not in search_part(message)


def is_stored(client: Client, chat: str, output: dict[str, Any]) -> bool:
    """Whether ``output`` is what a search under way has stored so far."""
    message = client.get(f"/api/chats/{chat}").json()["messages"][1]
    part = next((part for part in message["parts"] if part["type"] == "tool-search_datasets"), {})
    if not part.get("preliminary"):
        return False
    assert message["tool_calls"][0]["state"] == "running"
    return bool(part["output"] == output)


def next_output(client: Client, chat: str) -> dict[str, Any]:
    """The first output in the stream that another reader gets."""
    with client.http.stream("GET", f"/api/chats/{chat}/stream") as answer:
        return next(
            chunk for chunk in chunks_of(answer.iter_lines()) if chunk["type"] == "tool-output-available"
        )


def test_stopped_while_a_hub_is_silent_keeps_the_cards(ada: Client, hubs: Hubs, model: GeminiFake) -> None:
    model.script(call("search_datasets", query="cancer"), say("Two fit."))
    hubs.kaggle.fault("delay", seconds=60)
    chat = new_chat(ada)
    with streaming(ada, chat, "find cancer datasets") as answer:
        chunks = []
        for chunk in chunks_of(answer.iter_lines()):
            chunks.append(chunk)
            if chunk.get("preliminary"):
                ada.post(f"/api/chats/{chat}/stop")
    assert chunks[-1]["type"] == "abort"
    message = ada.get(f"/api/chats/{chat}").json()["messages"][1]
    part = search_part(message)
    assert part["state"] == "output-available"
    assert "preliminary" not in part
    assert part["output"]["waiting_for"] == []
    assert part["output"]["downloadable_datasets"]
