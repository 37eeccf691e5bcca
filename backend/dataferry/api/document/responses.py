"""What may be answered: every error with an example, and the headers of answers."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from dataferry.api.document.walk import SCHEMA_PREFIX
from dataferry.api.problems import MEDIA_TYPE, REFERENCE, REFUSALS
from dataferry.core.errors import DataferryError

_RESPONSES = "#/components/responses/"
_HEADERS = "#/components/headers/"
#: Status → name of the described response.
_NAMES = {
    401: "NotSignedIn",
    404: "NotFound",
    409: "Conflict",
    413: "TooLarge",
    422: "InvalidInput",
    429: "TooManyRequests",
}
_MEANINGS = {
    "NotSignedIn": "The token is missing or has ended.",
    "NotFound": "There is no such thing, or it is somebody else's.",
    "Conflict": "Something else is in the way.",
    "TooLarge": "The request is larger than it may be.",
    "InvalidInput": "The request cannot be used as it is.",
    "TooManyRequests": "There were too many tries; `Retry-After` says how long to wait.",
    "OtherProblem": "What went wrong, why, and the next act.",
}
_SUCCESSES = {
    "200": "The answer.",
    "201": "It was made.",
    "202": "It was accepted: follow its job.",
    "204": "It is done, and there is nothing to tell.",
}
#: Operations whose tries are counted.
_LIMITED = frozenset({"register", "sign_in", "change_password"})
#: Their answer begins before its end is known.
_STREAMED = frozenset({"get_receipt", "resume_stream"})
_HEADER_MEANINGS = {
    "X-Request-Id": ("The request's name in the server's log.", "7f3c2a"),
    "ETag": ("Changes with the answer: send it as `If-None-Match`.", '"9b1c0f"'),
    "Retry-After": ("Seconds to wait.", "30"),
    "RateLimit": ("What is left: `r` tries, `t` seconds until there are more.", '"sign-in";r=0;t=30'),
    "RateLimit-Policy": ("The limit: `q` tries in `w` seconds.", '"sign-in";q=5;w=3000'),
    "WWW-Authenticate": ("How to sign in.", "Bearer"),
}


def describe_responses(document: dict[str, Any]) -> None:
    """Describe every answer of every operation; errors are named once and referred to."""
    components = document["components"]
    components["responses"] = dict(_named_problems())
    components["headers"] = {
        name: {"description": meaning, "schema": {"type": "string"}, "example": example}
        for name, (meaning, example) in _HEADER_MEANINGS.items()
    }
    components.setdefault("parameters", {})["IfNoneMatch"] = {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of an answer that you have: it is not sent again while it is the same.",
        "schema": {"type": "string"},
        "example": '"9b1c0f"',
    }
    for path in document["paths"].values():
        for method, operation in path.items():
            _describe(method, operation)


def _describe(method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    for status, response in responses.items():
        if response.get("description") == "Successful Response":
            response["description"] = _SUCCESSES[status]
        response.setdefault("headers", {})["X-Request-Id"] = {"$ref": f"{_HEADERS}X-Request-Id"}
    whole = "application/json" in responses.get("200", {}).get("content", {})
    if method == "get" and whole and operation["operationId"] not in _STREAMED:
        responses["200"]["headers"]["ETag"] = {"$ref": f"{_HEADERS}ETag"}
        responses["304"] = {"description": "The answer is the one that you have."}
        operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/IfNoneMatch"})
    for status in _statuses(method, operation):
        responses.setdefault(str(status), {"$ref": _RESPONSES + _NAMES[status]})
    responses["default"] = {"$ref": f"{_RESPONSES}OtherProblem"}


def _statuses(method: str, operation: dict[str, Any]) -> Iterator[int]:
    """The errors that an operation of its kind has; any other is its default."""
    places = {parameter.get("in") for parameter in operation.get("parameters", ())}
    if operation.get("security"):
        yield 401
    if "path" in places:
        yield 404
    if method in ("post", "put", "patch", "delete") and operation.get("security"):
        yield 409
    if "requestBody" in operation:
        yield 413
    if places or "requestBody" in operation:
        yield 422
    if operation["operationId"] in _LIMITED:
        yield 429


def _named_problems() -> Iterator[tuple[str, dict[str, Any]]]:
    examples: dict[str, dict[str, Any]] = defaultdict(dict)
    for code, problem in _problems():
        examples[_NAMES.get(problem["status"], "OtherProblem")][code] = {
            "summary": problem["title"],
            "value": problem,
        }
    for name, meaning in _MEANINGS.items():
        headers = ["X-Request-Id"]
        headers += ["WWW-Authenticate"] if name == "NotSignedIn" else []
        headers += ["Retry-After"] if name in ("TooManyRequests", "OtherProblem", "Conflict") else []
        headers += ["RateLimit", "RateLimit-Policy"] if name == "TooManyRequests" else []
        yield (
            name,
            {
                "description": meaning,
                "headers": {header: {"$ref": _HEADERS + header} for header in headers},
                "content": {
                    MEDIA_TYPE: {
                        "schema": {"$ref": f"{SCHEMA_PREFIX}Problem"},
                        "examples": dict(sorted(examples[name].items())),
                    }
                },
            },
        )


def _problems() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every error as an answer tells it, by its code."""
    seen = set()
    for kind in _below(DataferryError):
        seen.add(kind.code)
        yield (
            kind.code,
            _problem(kind.status, kind.code, kind.title, f"{kind.title}.", kind.usual_step, kind.retryable),
        )
    for status, (code, detail, next_step) in REFUSALS.items():
        if code not in seen:
            yield code, _problem(status, code, detail.rstrip("."), detail, next_step, True)


def _problem(
    status: int, code: str, title: str, detail: str, next_step: str, retryable: bool
) -> dict[str, Any]:
    return {
        "type": f"{REFERENCE}#{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "next_step": next_step,
        "retryable": retryable,
        "request_id": "7f3c2a",
    }


def _below(kind: type[DataferryError]) -> Iterator[type[DataferryError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _below(child)
