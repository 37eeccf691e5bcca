"""Gemini's answers as they stand on the wire (facts/wire.md, 3): the events of a stream, and how it ends.

A call comes with its signature in an event of its own, without a finish reason; the last event holds the
finish reason beside an empty text, a role alone, or nothing.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Literal

from tests.fakes.gemini_brain import Body, Reply

#: What answers as ``gemini-flash-latest``.
MODEL_VERSION = "gemini-3-flash-preview"

Ending = Literal["text", "role", "none"]
Sign = Callable[[str], str]

_STATUSES = {429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}
_OVERLOADED = "This model is currently experiencing high demand. Please try again later."
_FINISH_MESSAGES = {
    "MALFORMED_FUNCTION_CALL": "Malformed function call: print(default_api.search_datasets(query=",
    "UNEXPECTED_TOOL_CALL": "Unexpected tool call: format_disk",
}


def events_of(reply: Reply, sign: Sign, version: str, ending: Ending) -> list[Body]:
    """The events of one streamed answer: thought, a token each, the calls, the end."""
    events = [_event(version, [{"text": reply.thought, "thought": True}])] if reply.thought else []
    events += [_event(version, [{"text": token}]) for token in re.findall(r"\S+\s*|\s+", reply.text)]
    if reply.calls:
        events.append(_event(version, _call_parts(reply, sign)))
    return [*events, _last_event(version, ending, None if reply.calls else sign("the answer"))]


def whole_event(reply: Reply, sign: Sign, version: str) -> Body:
    """The one event of an answer that is not streamed."""
    thoughts: list[Body] = [{"text": reply.thought, "thought": True}] if reply.thought else []
    words: list[Body] = [{"text": reply.text}] if reply.text else []
    return _event(version, [*thoughts, *words, *_call_parts(reply, sign)], finish="STOP")


def cut_short(reason: str, content: str, version: str) -> Body:
    """The last event of an answer that ends for ``reason``; ``content`` is how little it holds."""
    event = _event(version, [], finish=reason)
    candidate = event["candidates"][0]
    match content:
        case "empty":
            candidate["content"] = {}
        case "role":
            candidate["content"] = {"role": "model"}
        case "none":
            del candidate["content"]
        case "call":
            candidate["content"]["parts"] = [{"functionCall": {"name": "format_disk", "args": {}}}]
    if reason in _FINISH_MESSAGES:
        candidate["finishMessage"] = _FINISH_MESSAGES[reason]
    if reason == "SAFETY":
        rating = {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}
        candidate["safetyRatings"] = [rating]
    return event


def error_tail(tail: str, code: int) -> bytes:
    """What follows where a stream that said 200 breaks off; nothing for ``none``."""
    status = _STATUSES.get(code, "INTERNAL")
    error: Any = {"error": {"code": code, "message": _OVERLOADED, "status": status}}
    match tail:
        case "json":
            return json.dumps(error, indent=2).encode()
        case "event":
            return f"data: {json.dumps(error)}\r\n\r\n".encode()
        case "list":
            return json.dumps([error], indent=2).encode()
        case "html":
            return b"<!doctype html>\n<title>502 Bad Gateway</title>\n"
        case _:
            return b""


def _call_parts(reply: Reply, sign: Sign) -> list[Body]:
    parts: list[Body] = [{"functionCall": {"name": name, "args": args}} for name, args in reply.calls]
    if parts:
        parts[0]["thoughtSignature"] = sign(reply.calls[0][0])
    return parts


def _last_event(version: str, ending: Ending, signature: str | None) -> Body:
    event = _event(version, [], finish="STOP")
    candidate = event["candidates"][0]
    match ending:
        case "text":
            signed = {"thoughtSignature": signature} if signature else {}
            candidate["content"]["parts"] = [{"text": "", **signed}]
        case "role":
            candidate["content"] = {"role": "model"}
        case "none":
            del candidate["content"]
    return event


def _event(version: str, parts: list[Body], finish: str | None = None) -> Body:
    candidate: Body = {"content": {"role": "model", "parts": parts}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    return {
        "candidates": [candidate],
        "usageMetadata": {"promptTokenCount": 12, "candidatesTokenCount": 8, "totalTokenCount": 20},
        "modelVersion": version,
        "responseId": "response-1",
    }
