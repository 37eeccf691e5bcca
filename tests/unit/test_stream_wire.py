"""Parts and the stream: a reader's cursor, and the page's own parser reading what we send."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dataferry.chat.events import (
    AnswerEvent,
    ModelChosen,
    NoticeAdded,
    StepStarted,
    TextDelta,
)
from dataferry.chat.message_builder import MessageBuilder, clean
from dataferry.chat.stream import (
    DONE,
    KEEP_ALIVE,
    Cursor,
    MessageMetadata,
    Part,
    Start,
    encode,
    final_chunks,
)
from dataferry.chat.views import MessageStatus
from dataferry.tools.events import ToolDone, ToolFailed, ToolProgressed, ToolStarted
from dataferry.tools.outputs import LibraryOutput, SearchOutput
from tests.support.chat import HOSPITALS, PIMA

FOUND = SearchOutput(query="diabetes", downloadable_datasets=(PIMA, HOSPITALS), more=True)
FOUND_SO_FAR = SearchOutput(query="diabetes", downloadable_datasets=(PIMA,), waiting_for=("huggingface",))
EVENTS: list[AnswerEvent] = [
    NoticeAdded("offline", "Offline mode: keyword search."),
    ModelChosen("planner"),
    StepStarted(),
    TextDelta("Let me "),
    TextDelta("look. é “quotes” 🐟 </script>\n"),
    ToolStarted("call_1", "search_datasets", {"query": "diabetes"}),
    ToolStarted("call_2", "dataset_details", {"ref": "kaggle:no/such"}),
    ToolFailed("call_2", "dataset_details", {"ref": "kaggle:no/such"}, "There is none. Check its id.", ""),
    ToolProgressed("call_1", FOUND_SO_FAR),
    ToolDone("call_1", "search_datasets", {"query": "diabetes"}, FOUND, ""),
    StepStarted(),
    TextDelta("I found **2"),
    TextDelta(" datasets**."),
]


def metadata(status: MessageStatus) -> MessageMetadata:
    return MessageMetadata(chat_id="chat_1", status=status, model="planner")


def built(events: list[AnswerEvent]) -> MessageBuilder:
    builder = MessageBuilder()
    for event in events:
        builder.apply(event)
    return builder


def recorded(events: list[AnswerEvent], status: MessageStatus, every: int = 1) -> tuple[str, list[Part]]:
    """The stream that a reader gets who looks after each ``every`` events, and the parts at its end."""
    builder, cursor = MessageBuilder(), Cursor()
    frames = [encode(Start(message_id="msg_1", message_metadata=metadata("generating"))), KEEP_ALIVE]
    for number, event in enumerate(events, 1):
        builder.apply(event)
        if number % every == 0:
            frames += map(encode, cursor.advance(builder.parts))
    builder.close("Stopped.")
    frames += map(encode, (*cursor.advance(builder.parts), *cursor.close(), *final_chunks(metadata(status))))
    return "".join([*frames, DONE]), builder.parts


def test_the_order_on_the_wire() -> None:
    stream, _parts = recorded(EVENTS, "complete")
    chunks = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: {")]
    assert [chunk["type"] for chunk in chunks] == [
        "start",
        "data-notice",
        "start-step",
        "text-start",
        "text-delta",
        "text-delta",
        "text-end",
        "tool-input-available",
        "tool-input-available",
        "tool-output-error",
        "tool-output-available",
        "tool-output-available",
        "finish-step",
        "start-step",
        "text-start",
        "text-delta",
        "text-delta",
        "text-end",
        "finish-step",
        "finish",
    ]
    assert chunks[0] == {
        "type": "start",
        "messageId": "msg_1",
        "messageMetadata": {"chat_id": "chat_1", "status": "generating", "model": "planner"},
    }
    assert chunks[10]["output"]["downloadable_datasets"][0]["ref"] == PIMA.ref
    assert [chunk.get("preliminary") for chunk in chunks[10:12]] == [True, None]
    assert stream.endswith("data: [DONE]\n\n")


def test_what_is_not_known_yet_is_left_out() -> None:
    """The page's reader refuses nulls beside a chunk's own fields."""
    start = Start(message_id="msg_1", message_metadata=MessageMetadata(chat_id="chat_1", status="generating"))
    assert json.loads(encode(start)[6:])["messageMetadata"] == {"chat_id": "chat_1", "status": "generating"}


@pytest.mark.parametrize("every", [2, 5, 100])
def test_a_slow_reader_gets_the_same_message_in_fewer_chunks(every: int) -> None:
    quick, _ = recorded(EVENTS, "complete")
    slow, _ = recorded(EVENTS, "complete", every)
    assert slow.count("\n\n") <= quick.count("\n\n")
    assert _joined_text(slow) == _joined_text(quick)


def _joined_text(stream: str) -> str:
    chunks = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: {")]
    return "".join(chunk["delta"] for chunk in chunks if chunk["type"] == "text-delta")


def test_closing_a_draft_ends_what_is_open() -> None:
    builder = built([*EVENTS[:6], StepStarted(), TextDelta("and")])
    builder.close("Stopped.")
    assert [part["state"] for part in builder.parts if "state" in part] == ["done", "output-error", "done"]
    assert builder.parts[3]["errorText"] == "Stopped."


def test_two_calls_of_one_id_do_not_get_each_others_output() -> None:
    """An id comes from the model: its library must not stand where its search stood."""
    given = {"query": "iris"}
    builder = MessageBuilder()
    search, library = (
        SearchOutput(query="iris", downloadable_datasets=()),
        LibraryOutput(datasets=(), total=0),
    )
    builder.apply(ToolStarted("same", "search_datasets", given))
    builder.apply(ToolDone("same", "search_datasets", given, search, ""))
    builder.apply(ToolStarted("same", "list_library", {}))
    builder.apply(ToolDone("same", "list_library", {}, library, ""))
    first, second = builder.parts
    assert first["toolCallId"] != second["toolCallId"]
    assert "query" in first["output"]
    assert "total" in second["output"]


def test_what_a_database_refuses_is_taken_out() -> None:
    assert clean({"a": ["x\0y", "\ud800", 1, None]}) == {"a": ["xy", "?", 1, None]}


PARSER = """
import { Answer, chunkOf } from "./src/features/chat/stream/answer.ts";
import { eventsOf } from "./src/features/chat/stream/events.ts";
const bytes = await new Response(process.stdin).arrayBuffer();
const results = [];
for (const recording of JSON.parse(new TextDecoder().decode(bytes))) {
  const answer = new Answer("local");
  const types = [];
  for await (const data of eventsOf(new Blob([recording]).stream())) {
    if (data === "[DONE]") continue;
    const chunk = chunkOf(data);
    types.push(chunk.type);
    answer.add(chunk);
  }
  results.push({ message: answer.message(), types });
}
console.log(JSON.stringify(results));
"""


def parse_with_the_pages_reader(recordings: list[str]) -> list[dict[str, Any]]:
    """What the page's own code (features/chat/stream) makes of recorded streams."""
    run = subprocess.run(
        [Path(sys.executable).parent / "node", "--input-type=module", "--eval", PARSER],
        cwd=Path(__file__).parents[2] / "frontend",
        input=json.dumps(recordings),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    results: list[dict[str, Any]] = json.loads(run.stdout)
    return results


def test_the_pages_own_parser_reads_every_stream() -> None:
    """Golden: the parts that JavaScript assembles are the parts that we store."""
    cases: list[tuple[MessageStatus, int, list[AnswerEvent]]] = [
        ("complete", 1, EVENTS),
        ("complete", 100, EVENTS),
        ("stopped", 1, EVENTS[:7]),
        ("interrupted", 3, EVENTS),
        # Stopped while a hub was silent: what was found stays.
        ("stopped", 1, EVENTS[:9]),
        ("failed", 1, []),
    ]
    streams = [recorded(events, status, every) for status, every, events in cases]
    parsed = parse_with_the_pages_reader([stream for stream, _parts in streams])
    for (status, _every, _events), (_stream, parts), result in zip(cases, streams, parsed, strict=True):
        assert ("error" in result["types"]) == (status in ("interrupted", "failed"))
        assert result["message"]["parts"] == parts or (not parts and result["message"]["parts"] == [])
        assert result["message"]["id"] == "msg_1"
        assert result["message"]["metadata"]["status"] == status
