"""What of another's chat a reader may see, by what is known of its datasets."""

from typing import Any

import pytest

from dataferry.chat.models import Message
from dataferry.chat.withheld import WITHHELD, read_by_others, refs_of
from dataferry.library.card_views import DatasetCard
from dataferry.library.visible import Sight


def card(ref: str, **told: Any) -> dict[str, Any]:
    source, _, name = ref.partition(":")
    label = {"huggingface": "HuggingFace", "url": "URL"}[source]
    return DatasetCard(
        ref=ref,
        key=ref.replace("/", "~"),
        id=name,
        title=name,
        source=label,
        url="https://example.org",
        downloads=1,
        download_endpoint="/",
        file_path="/store/of/its/owner",
        **told,
    ).model_dump(mode="json")


def answer(tool: str, given: dict[str, Any], output: dict[str, Any]) -> Message:
    part = {"type": f"tool-{tool}", "toolCallId": "1", "state": "output-available"}
    parts = [part | {"input": given, "output": output}, {"type": "text", "text": "Words."}]
    return Message(chat_id="c", seq=2, id="m", role="assistant", parts=parts, content="Words.")


def found(ref: str, **told: Any) -> Message:
    given = {"query": "x"}
    return answer("search_datasets", given, {"query": "x", "downloadable_datasets": [card(ref, **told)]})


def rows_of(ref: str) -> Message:
    return answer("preview_dataset", {"ref": ref}, {"ref": ref, "key": ref, "preview": {"rows": [["1"]]}})


HUB = "huggingface:a/b"


@pytest.mark.parametrize(
    ("told", "sight", "its_card", "its_rows"),
    [
        ({}, "seen", True, True),
        ({}, "unknown", True, True),
        # Its card is everybody's, and tells nobody that the library has it for others.
        ({"gated": True}, "unknown", True, False),
        ({"gated": True}, "unseen", True, False),
        ({"gated": True}, "seen", True, True),
        ({"private": True}, "unknown", False, False),
        ({"private": True}, "unseen", False, False),
        ({"private": True}, "seen", True, True),
    ],
)
def test_a_card_and_rows(told: dict[str, Any], sight: Sight, its_card: bool, its_rows: bool) -> None:
    thread = [found(HUB, **told), rows_of(HUB)]
    assert refs_of(thread) == {HUB}
    first, second = read_by_others(thread, {HUB: sight})
    assert (first.content == "Words.") is its_card
    assert (second.content == "Words.") is (its_card and its_rows)
    assert [part["type"] for part in second.parts][:1] == ["tool-preview_dataset" if its_rows else WITHHELD]
    assert "/store/of/its/owner" not in str(first.parts)


def test_a_link_is_for_those_who_have_it() -> None:
    ref = "url:https://example.org/a.csv"
    [read] = read_by_others([found(ref)], {ref: "unseen"})
    assert (read.withheld, read.content) == (True, "")


def test_what_is_the_owners_alone() -> None:
    problem = {"source": "kaggle", "code": "x", "detail": "Your key was refused."}
    search = found(HUB)
    search.parts[0]["output"]["source_errors"] = [problem]
    started = answer("start_download", {"ref": HUB}, {"card": card(HUB), "ticket": {"job_id": "job_1"}})
    library = answer("list_library", {}, {"datasets": [{"ref": HUB, "local_path": "/store/x"}], "total": 1})
    shown = str([read.parts for read in read_by_others([search, started, library], {HUB: "seen"})])
    assert not [word for word in ("refused", "job_1", "/store/") if word in shown]


def test_words_of_a_thread_whose_beginning_is_not_known_are_withheld() -> None:
    [read] = read_by_others([found(HUB)], {HUB: "seen"}, from_the_middle=True)
    assert read.content == ""
