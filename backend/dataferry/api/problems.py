"""Errors as RFC 9457 problems."""

import logging
import math
from http import HTTPStatus
from uuid import uuid4

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from dataferry.core.errors import DataferryError

log = logging.getLogger(__name__)

_NO_ROUTE = {404: "Look at /api/docs for what there is.", 405: "Look at /api/docs for the method."}


class Problem(BaseModel):
    """``detail`` says what and why, ``next_step`` what to do about it, ``link`` where."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    next_step: str | None = None
    link: str | None = None
    retry_after: float | None = None


def problem_of(error: DataferryError) -> Problem:
    return Problem(
        title=error.title,
        status=error.status,
        detail=error.detail,
        code=error.code,
        next_step=error.next_step,
        link=error.link,
        retry_after=error.retry_after,
    )


def install_problems(app: FastAPI) -> None:
    """Answer every error as a problem, and say so in the OpenAPI document."""
    app.router.responses = {
        "default": {
            "model": Problem,
            "description": "What went wrong, why, and the next act",
            "content": {"application/problem+json": {}},
        }
    }

    @app.exception_handler(DataferryError)
    async def known(_request: Request, error: DataferryError) -> Response:
        return _answer(problem_of(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        # Only where and what: the input itself may be a password.
        faults = [
            f"{'.'.join(str(part) for part in fault['loc'][1:]) or 'body'}: {fault['msg']}"
            for fault in error.errors()[:5]
        ]
        return _answer(
            Problem(
                title="The request cannot be used as it is",
                status=422,
                detail="; ".join(faults),
                code="invalid_input",
                next_step="Correct the named fields and send it again.",
            )
        )

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> Response:
        problem = Problem(
            title=HTTPStatus(error.status_code).phrase,
            status=error.status_code,
            detail=str(error.detail),
            code={404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http"),
            next_step=_NO_ROUTE.get(error.status_code),
        )
        return _answer(problem, dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> Response:
        number = uuid4().hex[:12]
        log.error("%s %s failed as %s", request.method, request.url.path, number, exc_info=error)
        return _answer(
            Problem(
                title=DataferryError.title,
                status=500,
                detail=f"Something in Dataferry itself went wrong ({number}).",
                code="internal",
                next_step="Look for that number in the server's log.",
            )
        )


def _answer(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    headers = headers or {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if problem.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(problem.retry_after)))
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        status_code=problem.status,
        headers=headers,
        media_type="application/problem+json",
    )
