"""Errors as RFC 9457 problems: one shape for everything that goes wrong."""

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dataferry.api.request_ids import LOG_FIELD
from dataferry.core import database_faults
from dataferry.core.errors import DatabaseAway, DataferryError, InvalidInput, TooManyRequests, kind_of
from dataferry.core.problems import words_of
from dataferry.core.telemetry import logged_field

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
REFERENCE = "/api/docs"

#: What the framework itself refuses: status → code, detail, next step.
REFUSALS: dict[int, tuple[str, str, str]] = {
    404: ("not_found", "There is nothing at this address.", f"{REFERENCE} lists what there is."),
    405: ("method_not_allowed", "This address has no such method.", f"{REFERENCE} lists what there is."),
    408: ("too_slow", "The request took too long to come.", "Send it again."),
    413: ("too_large", "The request is larger than it may be.", "Send less at a time."),
    503: ("busy", "The server has more requests than it can answer now.", "Try again in a moment."),
}

#: The largest body that is meant: it names 10,000 files.
MAX_BODY_BYTES = 4_194_304
#: Bytes of a request's body by the beginning of its path, the first that fits. The first is what a stranger
#: may send (elsewhere the token is checked before the body is read); a message of a chat fits into the last.
BODY_LIMITS = (
    ("/api/auth/", 16_384),
    ("/api/datasets/", MAX_BODY_BYTES),
    ("/api/jobs", MAX_BODY_BYTES),
    # 100 files of 50 MB, each cut while it is received.
    ("/api/upload/", 5_100_000_000),
    # A page of a list of files, or pieces of files that go on where the last request ended.
    ("/api/additions/", 67_108_864),
    ("", 262_144),
)


class Problem(BaseModel):
    """``detail`` says what and why, ``next_step`` what to do about it: at ``link``, a page elsewhere, or at
    ``screen``, one of our own; ``setting`` is what an operator would set in its place. ``retryable``: it may
    work as it is, by now or after ``retry_after`` seconds. ``type`` leads to the description of ``code``."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str = Field(description="What went wrong, for programs")
    next_step: str | None = None
    link: str | None = None
    screen: str | None = None
    setting: str | None = None
    retryable: bool = Field(default_factory=lambda fields: kind_of(fields["code"]).retryable)
    retry_after: float | None = None
    request_id: str | None = None


def problem_of(error: DataferryError) -> Problem:
    return Problem(
        type=_type_url(error.code),
        title=error.title,
        status=error.status,
        **words_of(error),
        retry_after=error.retry_after,
    )


def install_problems(app: FastAPI) -> None:
    """Answer every error as a problem, a body that is too large too. To be called before routes are added."""
    app.add_exception_handler(DataferryError, _on_dataferry_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_middleware(BodyLimit)
    app.add_middleware(UnexpectedErrors)
    app.router.responses = PROBLEM_RESPONSES


#: What every route may answer, for the API's description.
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {"model": Problem, "description": "What went wrong, why, and the next act"}
}


async def busy(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that answers everything with 503."""
    await problem_response(_http_problem(HTTPStatus.SERVICE_UNAVAILABLE), {"Retry-After": "1"})(
        scope, receive, send
    )


def too_slow() -> bytes:
    """The whole answer to a request that did not arrive in time, for a connection that is then closed."""
    body = _http_problem(HTTPStatus.REQUEST_TIMEOUT).model_dump_json(exclude_none=True)
    head = f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close"
    return f"HTTP/1.1 408 Request Timeout\r\n{head}\r\n\r\n{body}".encode("ascii")


class BodyLimit:
    """Refuses bodies above ``BODY_LIMITS``: by the length they declare, else as soon as they exceed it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = next(limit for start, limit in BODY_LIMITS if scope["path"].startswith(start))
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            await problem_response(_http_problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE))(scope, receive, send)
            return
        size = 0
        started = False

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size <= limit:
                return message
            if started:  # a body that nobody wants, read by what only looks whether the client is there
                return {"type": "http.disconnect"}
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        await self._app(scope, counted, watched)


class UnexpectedErrors:
    """Answers what no handler knows with a number that the log has too, and with nothing else of it.

    Plain ASGI, below the middleware that is added later, so that these answers get its headers too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            if database_faults.is_outage(error):
                problem = problem_of(_logged(database_faults.away(error)))
            else:
                number = uuid4().hex[:12]
                log.error("%s %s failed as %s", scope["method"], scope["path"], number, exc_info=error)
                problem = _internal_problem(number)
            if started:
                raise  # the connection is closed, so that half an answer is not taken for a whole one
            await problem_response(problem)(scope, receive, send)


async def _on_dataferry_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, DataferryError)
    headers = error.headers if isinstance(error, TooManyRequests) else None
    return problem_response(problem_of(_logged(error)), headers)


def _logged(error: DataferryError) -> DataferryError:
    """The error, which the operator is told of where it is theirs to mend."""
    if isinstance(error, DatabaseAway):
        log.warning("%s (%s)", error.detail, error.__cause__ or "no more is known")
    return error


async def _on_validation_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_response(
        Problem(
            type=_type_url(InvalidInput.code),
            title=InvalidInput.title,
            status=InvalidInput.status,
            detail="; ".join(map(_validation_message, error.errors()[:5])),
            code=InvalidInput.code,
            next_step=InvalidInput.usual_step,
        )
    )


async def _on_http_exception(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if "GET" in headers.get("Allow", ""):  # FastAPI names what a route declares, and HEAD is wherever GET is
        headers["Allow"] = ", ".join(sorted({*headers["Allow"].split(", "), "HEAD"}))
    return problem_response(_http_problem(error.status_code, error.detail), headers)


def _http_problem(status: int, detail: str = "") -> Problem:
    phrase = HTTPStatus(status).phrase
    kind = "about:blank"
    if status in REFUSALS:
        code, detail, next_step = REFUSALS[status]
        kind = _type_url(code)
    else:
        code, detail = phrase.lower().replace(" ", "_"), f"{detail or phrase}."
        next_step = f"{REFERENCE} says what a request must be."
    return Problem(type=kind, title=phrase, status=status, detail=detail, code=code, next_step=next_step)


def _internal_problem(number: str) -> Problem:
    return Problem(
        type=_type_url(DataferryError.code),
        title=DataferryError.title,
        status=DataferryError.status,
        detail=f"Something in Dataferry itself went wrong ({number}).",
        code=DataferryError.code,
        next_step="Look for that number in the server's log, or try again.",
    )


def _validation_message(fault: Mapping[str, Any]) -> str:
    """Where and what, never the input itself: it may be a password."""
    if fault["type"] == "json_invalid":
        return "body: it is not JSON"
    place = ".".join(str(part) for part in fault["loc"][1:]) or "body"
    return f"{place}: {fault['msg'].removeprefix('Value error, ')}"


def _type_url(code: str) -> str:
    return f"{REFERENCE}#{code}"


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None, **beside: Any) -> Response:
    """``beside``: members of this kind of problem alone, as JSON."""
    headers = dict(headers or {})
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if problem.status == HTTPStatus.UPGRADE_REQUIRED:
        headers["Upgrade"] = "websocket"
    if problem.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(problem.retry_after)))
    body = problem.model_copy(update={"request_id": logged_field(LOG_FIELD)}).model_dump(exclude_none=True)
    return JSONResponse({**body, **beside}, problem.status, headers, media_type=MEDIA_TYPE)
