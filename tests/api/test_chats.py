"""Chats over HTTP: a real server, a model behind Gemini's protocol, the built-in datasets to find."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.fakes.gemini import GeminiFake, call, say
from tests.support.server import Client, Server, until

STREAM = {"Accept": "text/event-stream"}


@pytest.fixture(scope="module")
def model() -> Iterator[GeminiFake]:
    with GeminiFake() as fake:
        yield fake


@pytest.fixture
def gemini(model: GeminiFake) -> GeminiFake:
    model.reset()
    return model


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, model: GeminiFake) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("server") / "data"
    with Server(data, GOOGLE_API_KEY="key", GOOGLE_GEMINI_BASE_URL=model.url) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client("ada@example.org")


@pytest.fixture(scope="module")
def bob(server: Server) -> Client:
    return server.client("bob@example.org")


def new_chat(client: Client) -> str:
    answer = client.post("/api/chats")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def ask(client: Client, chat: str, content: str, **body: Any) -> dict[str, Any]:
    answer = client.post(f"/api/chats/{chat}/messages", {"content": content, **body})
    assert answer.status_code == 200, answer.text
    message: dict[str, Any] = answer.json()
    return message


def chunks_of(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.startswith("data: {"):
            yield json.loads(line[6:])


@contextmanager
def streaming(client: Client, chat: str, content: str, **body: Any) -> Iterator[httpx.Response]:
    path = f"/api/chats/{chat}/messages"
    with client.http.stream("POST", path, json={"content": content, **body}, headers=STREAM) as answer:
        assert answer.status_code == 200
        yield answer


def text_of(chunks: list[dict[str, Any]]) -> str:
    return "".join(chunk["delta"] for chunk in chunks if chunk["type"] == "text-delta")


def test_a_whole_answer_as_json(ada: Client, gemini: GeminiFake) -> None:
    gemini.script(call("search_datasets", query="iris"), say("The iris table fits."))
    chat = new_chat(ada)
    message = ask(ada, chat, "find iris datasets")
    assert message["role"] == "assistant"
    assert message["chat_id"] == chat
    assert message["content"] == "The iris table fits."
    assert isinstance(message["timestamp"], str)
    card = message["downloadable_datasets"][0]
    assert (card["id"], card["source"], card["ref"]) == ("builtin:iris", "Built-in", "builtin:iris")
    assert isinstance(card["downloads"], int)
    assert message["dataset_metadata"]["downloadable_datasets"][0]["id"] == card["id"]
    assert [one["name"] for one in message["tool_calls"]] == ["search_datasets"]
    # The hubs cannot be reached here; the answer stands, and says what to do.
    assert {problem["source"] for problem in message["source_errors"]} == {"kaggle", "huggingface"}
    # Read later, the thread has the same cards.
    thread = ada.get(f"/api/chats/{chat}").json()
    assert thread["messages"][1]["downloadable_datasets"][0]["id"] == card["id"]
    assert ada.get(f"/api/chats/{chat}/messages").json() == thread["messages"]


def test_the_planner_answers_when_the_model_fails(ada: Client, gemini: GeminiFake) -> None:
    gemini.fault("rate_limit")
    message = ask(ada, new_chat(ada), "find iris datasets")
    assert message["model"] == "planner"
    assert "limit is used up" in message["notice"]
    assert message["downloadable_datasets"][0]["ref"] == "builtin:iris"


@pytest.mark.parametrize("fault", ["breaks_off", "finish"])
def test_a_broken_answer_reads_as_it_was_shown(ada: Client, gemini: GeminiFake, fault: str) -> None:
    """What was streamed, what is stored and what a reload shows are one (facts/wire.md, 3.1 and 3.3)."""
    gemini.script(say("The iris table fits best."), say("The iris table fits best."))
    gemini.fault(fault, times=1, tokens=3, **({"reason": "MAX_TOKENS"} if fault == "finish" else {}))
    chat = new_chat(ada)
    with streaming(ada, chat, "find iris datasets") as answer:
        chunks = list(chunks_of(answer.iter_lines()))
    stored = ada.get(f"/api/chats/{chat}").json()["messages"][1]
    assert stored["status"] == "complete"
    shown = [chunk["data"]["text"] for chunk in chunks if chunk["type"] == "data-notice"]
    assert shown == [stored["notice"]]
    assert ("broke off" if fault == "breaks_off" else "cut off") in stored["notice"]
    words = [part["text"] for part in stored["parts"] if part["type"] == "text"]
    assert "".join(words) == text_of(chunks)
    assert words[0] == "The iris table "
    assert len(gemini.requests) == 1


def test_a_streamed_answer(ada: Client, gemini: GeminiFake) -> None:
    gemini.script(call("search_datasets", query="iris"), say("The iris table fits."))
    with streaming(ada, new_chat(ada), "find iris datasets", id="client-1") as answer:
        assert answer.headers["x-vercel-ai-ui-message-stream"] == "v1"
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = list(answer.iter_lines())
    chunks = list(chunks_of(iter(lines)))
    assert chunks[0]["type"] == "start"
    assert chunks[-1] == {
        "type": "finish",
        "messageMetadata": chunks[-1]["messageMetadata"] | {"status": "complete"},
    }
    assert text_of(chunks) == "The iris table fits."
    assert [line for line in lines if line][-1] == "data: [DONE]"


def test_a_reader_who_leaves_comes_back_to_the_whole_answer(ada: Client, gemini: GeminiFake) -> None:
    gemini.script(say("one two three four five six seven eight"))
    gemini.fault("slow_tokens", seconds=0.1)
    chat = new_chat(ada)
    with streaming(ada, chat, "count", id="client-1") as answer:
        for chunk in chunks_of(answer.iter_lines()):
            if chunk["type"] == "text-delta":
                break
    thread = ada.get(f"/api/chats/{chat}").json()
    assert thread["generating"] == thread["messages"][1]["id"]
    assert thread["messages"][1]["status"] == "generating"
    # One answer at a time, and the same message again is the same message.
    refused = ada.post(f"/api/chats/{chat}/messages", {"content": "again"})
    assert refused.status_code == 409
    assert "still being written" in refused.json()["detail"]
    path = f"/api/chats/{chat}/stream?after_message=client-1"
    with ada.http.stream("GET", path) as answer:
        chunks = list(chunks_of(answer.iter_lines()))
    assert chunks[0]["messageId"] == thread["generating"]
    assert text_of(chunks) == "one two three four five six seven eight"
    assert ask(ada, chat, "count", id="client-1")["content"] == "one two three four five six seven eight"
    # A finished run is replayed for those who asked too late.
    with ada.http.stream("GET", path) as answer:
        assert text_of(list(chunks_of(answer.iter_lines()))) == "one two three four five six seven eight"


def test_stop_keeps_what_was_said(ada: Client, gemini: GeminiFake) -> None:
    gemini.script(say("one two three four five six seven eight nine ten"))
    gemini.fault("slow_tokens", seconds=0.2)
    chat = new_chat(ada)
    with streaming(ada, chat, "count") as answer:
        seen = []
        for chunk in chunks_of(answer.iter_lines()):
            seen.append(chunk)
            if chunk.get("delta") == "two ":
                assert ada.post(f"/api/chats/{chat}/stop").json() == {"stopped": True}
    assert seen[-1]["type"] == "abort"
    message = ada.get(f"/api/chats/{chat}").json()["messages"][1]
    assert message["status"] == "stopped"
    assert message["content"].startswith("one two")
    assert "ten" not in message["content"]
    assert ada.post(f"/api/chats/{chat}/stop").json() == {"stopped": False}


def test_regenerate(ada: Client, gemini: GeminiFake) -> None:
    gemini.script(say("First."), say("Second."))
    chat = new_chat(ada)
    first = ask(ada, chat, "hi")
    again = ada.post(f"/api/chats/{chat}/messages/{first['id']}/regenerate")
    assert again.status_code == 200
    assert again.json()["content"] == "Second."
    messages = ada.get(f"/api/chats/{chat}").json()["messages"]
    assert [message["content"] for message in messages] == ["hi", "Second."]
    assert ada.post(f"/api/chats/{chat}/messages/msg_none/regenerate").status_code == 404


def test_threads_are_listed_searched_renamed_and_deleted(server: Server, gemini: GeminiFake) -> None:
    carl = server.client("carl@example.org")
    gemini.script(say("Zebras are striped."))
    chat = new_chat(carl)
    ask(carl, chat, "tell me of animals")
    other = carl.post("/api/chats", {"title": "Wine"}).json()["id"]
    assert [one["id"] for one in carl.get("/api/chats").json()] == [other, chat]
    assert [one["title"] for one in carl.get("/api/chats?q=zebras").json()] == ["tell me of animals"]
    assert carl.http.patch(f"/api/chats/{chat}", json={"title": "Animals"}).json()["title"] == "Animals"
    assert carl.http.delete(f"/api/chats/{chat}").status_code == 204
    assert [one["id"] for one in carl.get("/api/chats").json()] == [other]
    assert carl.get(f"/api/chats/{chat}").status_code == 404


def test_bad_input(ada: Client, gemini: GeminiFake) -> None:
    chat = new_chat(ada)
    path = f"/api/chats/{chat}/messages"
    for body in (
        {"content": ""},
        {"content": " \n "},
        {"content": "x" * 16_001},
        {"content": 5},
        {"content": "x", "id": "no spaces"},
        {"content": "x", "id": "y" * 65},
        {"content": "x", "more": 1},
        {},
        [],
    ):
        answer = ada.post(path, body)
        assert answer.status_code == 422, body
        assert answer.headers["content-type"].startswith("application/problem+json")
    broken = ada.http.post(path, content=b"{", headers={"content-type": "application/json"})
    assert broken.status_code == 422
    assert ada.http.patch(f"/api/chats/{chat}", json={"title": ""}).status_code == 422
    for nonsense in ("/api/chats/%00", f"/api/chats/{chat}/stream?after_message=%00", "/api/chats/a%20b"):
        assert ada.get(nonsense).status_code == 422
    assert ada.get(f"/api/chats/{chat}").json()["messages"] == []
    assert gemini.requests == []
    # The longest message there may be is one.
    gemini.script(say("Long."))
    assert ask(ada, chat, "x" * 16_000)["content"] == "Long."


def test_another_persons_chat_does_not_exist(ada: Client, bob: Client, gemini: GeminiFake) -> None:
    gemini.script(say("Hello."))
    chat = new_chat(bob)
    message = ask(bob, chat, "hi")["id"]
    tries = [
        ada.get(f"/api/chats/{chat}"),
        ada.http.patch(f"/api/chats/{chat}", json={"title": "mine"}),
        ada.http.delete(f"/api/chats/{chat}"),
        ada.get(f"/api/chats/{chat}/messages"),
        ada.post(f"/api/chats/{chat}/messages", {"content": "hi"}),
        ada.get(f"/api/chats/{chat}/stream"),
        ada.post(f"/api/chats/{chat}/stop"),
        ada.post(f"/api/chats/{chat}/messages/{message}/regenerate"),
    ]
    assert {answer.status_code for answer in tries} == {404}
    assert len(bob.get(f"/api/chats/{chat}").json()["messages"]) == 2


def test_every_route_needs_a_token(server: Server) -> None:
    for method, path in (
        ("GET", "/api/chats"),
        ("POST", "/api/chats"),
        ("GET", "/api/chats/x"),
        ("PATCH", "/api/chats/x"),
        ("DELETE", "/api/chats/x"),
        ("GET", "/api/chats/x/messages"),
        ("POST", "/api/chats/x/messages"),
        ("GET", "/api/chats/x/stream"),
        ("POST", "/api/chats/x/stop"),
        ("POST", "/api/chats/x/messages/y/regenerate"),
    ):
        assert httpx.request(method, server.address + path).status_code == 401, path


def test_nothing_to_resume_is_204(ada: Client) -> None:
    chat = new_chat(ada)
    assert ada.get(f"/api/chats/{chat}/stream").status_code == 204
    assert ada.get(f"/api/chats/{chat}/stream?after_message=never-sent").status_code == 204


def test_a_download_by_words_as_the_person_who_asks(ada: Client, bob: Client, gemini: GeminiFake) -> None:
    """The model's wish alone starts nothing; the person's own words do, in their name only."""
    chat = new_chat(ada)
    gemini.script(call("start_download", ref="builtin:iris"), say("Press the button."))
    idle = ask(ada, chat, "find iris datasets")
    started = next(part["output"] for part in idle["parts"] if part["type"] == "tool-start_download")
    assert started["ticket"] is None
    assert "waits for your click" in started["reason"]
    gemini.script(call("start_download", ref="builtin:iris"), say("It is on its way."))
    message = ask(ada, chat, "download builtin:iris")
    started = next(part["output"] for part in message["parts"] if part["type"] == "tool-start_download")
    job = ada.finished(started["ticket"]["job_id"])
    assert job["state"] == "succeeded"
    assert bob.get(f"/api/jobs/{job['id']}").status_code == 404
    # The stored card says by now that it is here.
    told = ada.get(f"/api/chats/{chat}").json()["messages"][-1]
    card = told["downloadable_datasets"][0]
    assert card["local_status"] == "downloaded"
    part = next(part["output"] for part in told["parts"] if part["type"] == "tool-start_download")
    assert (part["card"]["state"], part["card"]["path"]) == ("downloaded", job["file_path"])


def test_kill_in_mid_answer_then_regenerate(server: Server, gemini: GeminiFake) -> None:
    dora = server.client("dora@example.org")
    chat = new_chat(dora)
    gemini.script(say("one two three four five six"))
    gemini.fault("slow_tokens", seconds=0.5)
    with streaming(dora, chat, "count") as answer:
        for chunk in chunks_of(answer.iter_lines()):
            if chunk["type"] == "text-delta":
                break

    def stored() -> bool:
        return "one" in dora.get(f"/api/chats/{chat}").json()["messages"][1]["content"]

    until(stored, "the first words are stored")
    server.kill()
    gemini.reset()
    server.start()
    dora = server.client("dora@example.org")
    thread = dora.get(f"/api/chats/{chat}").json()
    assert thread["generating"] is None
    assert thread["messages"][1]["status"] == "interrupted"
    assert thread["messages"][1]["content"].startswith("one")
    gemini.script(say("one two three"))
    again = dora.post(f"/api/chats/{chat}/messages/{thread['messages'][1]['id']}/regenerate")
    assert again.json()["content"] == "one two three"
