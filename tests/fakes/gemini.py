"""A fake of Gemini's API: the true wire, scripted answers, a small brain for the demo, named faults.

    with GeminiFake() as fake:
        Settings(google_api_key="any", google_gemini_base_url=fake.url)
        fake.script(call("search_datasets", query="diabetes"), say("Two fit best."))
        fake.fault("rate_limit", after=1)

Without a script the brain answers: it searches for the person's words, and reports what came back.
Another process sets faults with ``POST /_fault``, clears them with ``DELETE /_fault`` and reads the
log with ``GET /_log``.
"""

import base64
import json
import re
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.fakes.gemini_brain import INVENTED, Body, Reply, brain, call, invent, order_in_readme, say
from tests.fakes.gemini_obedience import obey
from tests.fakes.gemini_wire import MODEL_VERSION, Ending, cut_short, error_tail, events_of, whole_event

__all__ = ["FAULTS", "INVENTED", "GeminiFake", "Reply", "Request", "call", "say"]

#: What each fault does to an answer; all take ``times`` (None: always) and ``after`` (requests spared).
FAULTS = {
    "rate_limit": "429, with the seconds to wait in its details",
    "server_error": "500, or another ``status``",
    "bad_request": "400",
    "no_right": "403: the key's project may not use the API",
    "bad_region": "400: Google does not offer it where the caller is",
    "unknown_model": "404",
    "blocked": "a candidate with empty content, finished for SAFETY",
    "blocked_prompt": "no candidate, and a block reason",
    "hang": "no byte, and the connection ends after ``seconds``",
    "slow_first_token": "``seconds`` before the first byte",
    "slow_tokens": "``seconds`` between tokens",
    "drop": "the connection ends after ``tokens`` tokens",
    "breaks_off": "after ``tokens`` events an error in the 200: ``tail`` json, event, list, html, none, cut",
    "finish": "after ``tokens`` tokens the end for ``reason``; ``content`` empty, role, parts, none, call",
    "garbage": "200 with a body that is no JSON",
    "loop": "asks for the same search for ever",
    "invents_ids": "calls tools with refs that no tool returned, and names them in its words",
    "obeys_readme": "does what the newest tool result's own text tells it to do",
    "obeys": "does ``first``, then the ``orders`` whose word it is told; without end if ``forever``",
}
_ROUTE = re.compile(r"/v1(?:beta)?/models/([\w.-]+):(generateContent|streamGenerateContent)")
_REFUSALS = {
    "bad_request": (400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
    "bad_region": (400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
    "no_right": (403, "PERMISSION_DENIED", "Generative Language API has not been used in this project."),
    "unknown_model": (404, "NOT_FOUND", "The model is not found for API version v1beta."),
}
_SKIP_SIGNATURE = "skip_thought_signature_validator"


@dataclass
class Request:
    method: str
    path: str
    model: str
    key: str | None
    body: Body
    status: int | None = None
    at: float = field(default_factory=time.time)
    first_byte_at: float | None = None

    @property
    def system(self) -> str:
        """The system instruction's words."""
        return "".join(
            part.get("text", "") for part in self.body.get("systemInstruction", {}).get("parts", [])
        )

    @property
    def tools(self) -> dict[str, Body]:
        """The declared functions by name."""
        declared = [
            one for tool in self.body.get("tools", []) for one in tool.get("functionDeclarations", [])
        ]
        return {one["name"]: one for one in declared}

    @property
    def words(self) -> str:
        """All that the model is told in the conversation, as one text."""
        return json.dumps(self.body.get("contents", []), ensure_ascii=False)


@dataclass
class _Fault:
    name: str
    options: dict[str, Any]
    times: int | None
    after: int


class GeminiFake:
    """``start``/``stop`` or a ``with`` block; ``url`` for ``GOOGLE_GEMINI_BASE_URL``."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, token_s: float = 0.0) -> None:
        self.log: list[Request] = []
        self.token_s = token_s
        #: From Gemini 3 on the client makes lists of blocks of what it calls text before.
        self.model_version = MODEL_VERSION
        #: What the last event of an answer holds beside its finish reason.
        self.ending: Ending = "text"
        #: Every event says STOP, as services in between have been seen to write it.
        self.stops_everywhere = False
        #: The keys that are right; None: any is.
        self.keys: set[str] | None = None
        #: What the list of models names, beside what is no model for chats.
        self.models = ["gemini-flash-latest", "gemini-2.5-pro", "gemini-2.5-flash"]
        self.stopping = threading.Event()
        self._script: list[Reply] = []
        self._faults: list[_Fault] = []
        self._lock = threading.Lock()
        self._signatures: set[str] = set()
        self._server = _Server((host, port), self)
        self._thread: threading.Thread | None = None
        self.url = f"http://{host}:{self._server.server_port}"

    # -- what a test calls --------------------------------------------------------------------

    def start(self) -> Self:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="fake-gemini", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        self.stopping.set()
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join(timeout=5)
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def script(self, *replies: Reply) -> None:
        """Answer the next requests so; after that the brain answers again."""
        with self._lock:
            self._script.extend(replies)

    def fault(self, name: str, *, times: int | None = None, after: int = 0, **options: Any) -> None:
        """Set one of ``FAULTS`` for the next ``times`` requests, the first ``after`` spared."""
        if name not in FAULTS:
            raise ValueError(f"there is no fault {name!r}; there are: {', '.join(FAULTS)}")
        with self._lock:
            self._faults.append(_Fault(name, options, times, after))

    def heal(self) -> None:
        with self._lock:
            self._faults.clear()

    def reset(self) -> None:
        """As it was at start: no fault, no script, an empty log."""
        with self._lock:
            self._faults.clear()
            self._script.clear()
            self.log.clear()
            self.model_version, self.ending, self.stops_everywhere = MODEL_VERSION, "text", False

    @property
    def requests(self) -> list[Request]:
        """The calls of the model, oldest first."""
        return [request for request in self.log if request.model]

    # -- inside -------------------------------------------------------------------------------

    def due(self) -> dict[str, dict[str, Any]]:
        """The faults of this request, by name."""
        found: dict[str, dict[str, Any]] = {}
        with self._lock:
            for fault in list(self._faults):
                if fault.after > 0:
                    fault.after -= 1
                    continue
                found[fault.name] = fault.options
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self._faults.remove(fault)
        return found

    def reply(self, body: Body, faults: dict[str, dict[str, Any]]) -> Reply:
        if "loop" in faults:
            return call("search_datasets", query="again")
        if "invents_ids" in faults:
            return invent(body)
        if "obeys" in faults:
            return obey(body, **faults["obeys"]) or say("Done.")
        if "obeys_readme" in faults and (told := order_in_readme(body)):
            return call("start_download", ref=told)
        with self._lock:
            if self._script:
                return self._script.pop(0)
        # Without tools it is only greeted.
        return brain(body) if body.get("tools") else say("Hello.")

    def sign(self, name: str) -> str:
        signature = base64.b64encode(f"thought about {name} {len(self._signatures)}".encode()).decode()
        self._signatures.add(signature)
        return signature

    def complaint(self, body: Body) -> str | None:
        """What the real API refuses in a request of the right JSON."""
        contents = body.get("contents") or []
        if not contents:
            return "contents is not specified"
        if any(content.get("role") not in ("user", "model") for content in contents):
            return "Please use a valid role: user, model."
        if any(not content.get("parts") for content in contents):
            return "contents.parts must not be empty."
        return self._unsigned_call(contents) or _unanswered_call(contents)

    def _unsigned_call(self, contents: list[Body]) -> str | None:
        """Since Gemini 3 a function call of the current turn must come back with its signature."""
        turn = 0
        for index, content in enumerate(contents):
            if content["role"] == "user" and any("text" in part for part in content["parts"]):
                turn = index
        for content in contents[turn:]:
            calls = [part for part in content["parts"] if "functionCall" in part]
            if calls:
                signature = str(calls[0].get("thoughtSignature", "")).rstrip("=")
                known = {one.rstrip("=") for one in self._signatures} | {_SKIP_SIGNATURE}
                if signature.replace("-", "+").replace("_", "/") not in known and signature not in known:
                    name = calls[0]["functionCall"]["name"]
                    return f"Function call is missing a thought_signature in functionCall parts: {name}"
        return None


def _unanswered_call(contents: list[Body]) -> str | None:
    for content, following in zip(contents, [*contents[1:], {"parts": []}], strict=True):
        calls = sum("functionCall" in part for part in content["parts"])
        answers = sum("functionResponse" in part for part in following["parts"])
        if calls != answers:
            return (
                "Please ensure that the number of function response parts is equal to the number of"
                " function call parts of the function call turn."
            )
    return None


# -- the server -------------------------------------------------------------------------------


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], fake: GeminiFake) -> None:
        super().__init__(address, _Handler)
        self.fake = fake

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that goes away in mid-answer is an ordinary event here.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the log is for assertions."""

    def do_GET(self) -> None:
        if self.path == "/_log":
            self._json(200, [asdict(request) for request in self.server.fake.log])
        elif urlsplit(self.path).path == "/v1beta/models":
            self._list_models()
        else:
            self._error(404, "NOT_FOUND", "Not found.")

    def do_DELETE(self) -> None:
        self.server.fake.heal()
        self._json(200, {})

    def do_POST(self) -> None:
        fake = self.server.fake
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        if self.path == "/_fault":
            try:
                fake.fault(**body)
            except (TypeError, ValueError) as error:
                self._json(422, {"error": str(error)})
            else:
                self._json(200, {})
            return
        parts = urlsplit(self.path)
        route = _ROUTE.fullmatch(parts.path)
        request = Request(
            "POST", parts.path, route[1] if route else "", self.headers.get("x-goog-api-key"), body
        )
        fake.log.append(request)
        if route is None:
            self._error(404, "NOT_FOUND", "Requested entity was not found.")
            return
        streams = route[2] == "streamGenerateContent" and parse_qs(parts.query).get("alt") == ["sse"]
        self._answer(request, streams)

    def _list_models(self) -> None:
        fake, key = self.server.fake, self.headers.get("x-goog-api-key")
        if not key or key == "bad" or (fake.keys is not None and key not in fake.keys):
            self._error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.")
            return
        listed = [
            {"name": f"models/{name}", "supportedGenerationMethods": ["generateContent"]}
            for name in fake.models
        ]
        embedding = {"name": "models/gemini-embedding-001", "supportedGenerationMethods": ["embedContent"]}
        self._json(200, {"models": [*listed, embedding]})

    def _answer(self, request: Request, streams: bool) -> None:
        fake = self.server.fake
        faults = fake.due()
        if "hang" in faults:
            fake.stopping.wait(float(faults["hang"].get("seconds", 30)))
            self.close_connection = True
        elif not request.key:
            self._error(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers.")
        elif request.key == "bad" or (fake.keys is not None and request.key not in fake.keys):
            self._error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.")
        elif refused := next((name for name in _REFUSALS if name in faults), None):
            self._error(*_REFUSALS[refused])
        elif "rate_limit" in faults:
            retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17s"}
            self._error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", [retry])
        elif "server_error" in faults:
            status = int(faults["server_error"].get("status", 500))
            self._error(status, "INTERNAL", "An internal error has occurred.")
        elif complaint := fake.complaint(request.body):
            self._error(400, "INVALID_ARGUMENT", complaint)
        elif "garbage" in faults:
            self._send(200, b"<!doctype html><title>Be right back</title>", "text/html")
        else:
            self._generate(request, faults, streams)

    def _generate(self, request: Request, faults: dict[str, dict[str, Any]], streams: bool) -> None:
        fake = self.server.fake
        request.status = 200
        events = self._events(request, faults, streams)
        if "slow_first_token" in faults:
            fake.stopping.wait(float(faults["slow_first_token"].get("seconds", 1)))
        if not streams:
            self._json(200, next(iter(events)))
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        pause = float(faults.get("slow_tokens", {}).get("seconds", fake.token_s))
        for number, event in enumerate(events):
            if "drop" in faults and number == int(faults["drop"].get("tokens", 2)):
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            if number and pause:
                fake.stopping.wait(pause)
            request.first_byte_at = request.first_byte_at or time.time()
            self._chunk(f"data: {json.dumps(event)}\r\n\r\n".encode())
        if broken := faults.get("breaks_off"):
            if broken.get("tail") == "cut":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            tail = error_tail(str(broken.get("tail", "json")), int(broken.get("status", 503)))
            if tail:
                self._chunk(tail)
        self._chunk(b"")

    def _events(self, request: Request, faults: dict[str, dict[str, Any]], streams: bool) -> list[Body]:
        fake = self.server.fake
        usage = {"promptTokenCount": 12, "totalTokenCount": 12}
        if "blocked" in faults:
            return [cut_short("SAFETY", "empty", fake.model_version)]
        if "blocked_prompt" in faults:
            return [{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": usage}]
        finish, broken = faults.get("finish"), faults.get("breaks_off")
        # What ends before its first event leaves the script to the next request.
        if finish is not None and not finish.get("tokens"):
            return [cut_short(finish["reason"], finish.get("content", "empty"), fake.model_version)]
        if broken is not None and broken.get("tokens") == 0:
            return []
        reply = fake.reply(request.body, faults)
        if not streams:
            return [whole_event(reply, fake.sign, fake.model_version)]
        events = events_of(reply, fake.sign, fake.model_version, fake.ending)
        if fake.stops_everywhere:
            events = [_stopping(event) for event in events]
        if broken is not None:
            return events[: int(broken.get("tokens", 2))]
        if finish is not None:
            last = cut_short(finish["reason"], finish.get("content", "role"), fake.model_version)
            return [*events[: int(finish["tokens"])], last]
        return events

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _error(self, code: int, status: str, message: str, details: list[Body] | None = None) -> None:
        error = {"code": code, "message": message, "status": status}
        self._json(code, {"error": error | ({"details": details} if details else {})})

    def _json(self, code: int, value: Any) -> None:
        self._send(code, json.dumps(value).encode(), "application/json; charset=UTF-8")

    def _send(self, code: int, body: bytes, kind: str) -> None:
        if self.server.fake.log:
            self.server.fake.log[-1].status = code
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def _stopping(event: Body) -> Body:
    return event | {"candidates": [event["candidates"][0] | {"finishReason": "STOP"}]}
