"""Answers that refuse, in every shape that stands between a caller and a hub: the hub's own, and others'."""

import json
from typing import Any

from tests.fakes.server import Reply

#: google.rpc's names of HTTP statuses.
RPC_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
_PAGE = "<!DOCTYPE html><html><head><title>{status}</title></head><body>{message}</body></html>"


def refusal(status: int, message: str, shape: str = "nested") -> Reply:
    """An answer of ``status`` whose body says ``message``.

    ``nested`` (google.rpc, Kaggle's) · ``flat`` (Kaggle's older one) · ``hub`` (HuggingFace's) · ``html`` (a
    load balancer's page) · ``text`` · ``list`` (JSON, but a list) · ``latin1`` (no UTF-8) · ``empty``.
    """
    match shape:
        case "nested":
            inner = {"code": status, "message": message, "status": RPC_STATUSES.get(status, "UNKNOWN")}
            return _json(status, {"error": inner})
        case "flat":
            return _json(status, {"code": status, "message": message})
        case "hub":
            reply = _json(status, {"error": message})
            # A header is one line, and its letters beyond ASCII are UTF-8.
            line = "".join(char for char in message if ord(char) >= 32)
            reply.headers["X-Error-Message"] = line.encode().decode("latin-1")
            return reply
        case "html":
            page = _PAGE.format(status=status, message=message).encode()
            return Reply(status, {"Content-Type": "text/html; charset=UTF-8"}, page)
        case "text":
            return Reply(status, {"Content-Type": "text/plain"}, message.encode())
        case "list":
            return _json(status, [message])
        case "latin1":
            body = f'{{"error": "{message} für'.encode("latin-1")
            return Reply(status, {"Content-Type": "application/json"}, body)
        case _:
            return Reply(status)


def _json(status: int, value: Any) -> Reply:
    return Reply(status, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(value).encode())
