"""Every error has one shape, says the next act, and tells nothing that it should not."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
from fastapi import FastAPI
from httpx2 import Response
from pydantic import BaseModel, Field, field_validator
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient

from dataferry.api.problems import BODY_LIMITS, Problem
from dataferry.core.errors import Conflict, NotSignedIn, SourceRateLimited
from tests.unit.test_errors import KINDS


class Body(BaseModel):
    name: str = Field(max_length=3)
    numbers: list[int] = []

    @field_validator("name")
    @classmethod
    def _not_bad(cls, value: str) -> str:
        if value == "bad":
            raise ValueError("must not be bad")
        return value


@pytest.fixture(autouse=True)
def failing(app: FastAPI) -> None:
    """Routes that fail in every way."""

    @app.get("/api/test/known/{code}")
    async def known(code: str) -> None:
        kind = next(kind for kind in KINDS if kind.code == code)
        raise kind("What happened.", next_step="Do this.", link="https://example.org", retry_after=0.2)

    @app.get("/api/test/unknown")
    async def unknown() -> None:
        raise RuntimeError("the password is hunter2")

    @app.get("/api/test/halfway")
    async def halfway() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half"
            raise RuntimeError("in mid-answer")

        return StreamingResponse(parts())

    @app.post("/api/test/body")
    async def body(body: Body, limit: int = 1) -> Body:
        return body


def problem(answer: Response, status: int, code: str) -> Problem:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    body = Problem.model_validate(answer.json())
    assert (answer.status_code, body.status, body.code) == (status, status, code)
    assert body.title
    assert body.detail.endswith((".", "JSON")) or ":" in body.detail
    return body


def test_every_error_of_the_tree_is_a_problem(client: TestClient) -> None:
    reference = client.get("/api/docs").text
    for kind in KINDS:
        answer = client.get(f"/api/test/known/{kind.code}")
        body = problem(answer, kind.status, kind.code)
        assert (body.title, body.detail, body.next_step) == (kind.title, "What happened.", "Do this.")
        assert (body.link, body.retry_after) == ("https://example.org", 0.2)
        assert answer.headers["retry-after"] == "1"
        assert ("www-authenticate" in answer.headers) == (kind is NotSignedIn)
        # ``type`` leads to where the code is explained.
        assert body.type == f"/api/docs#{kind.code}"
        assert f'id="{kind.code}"' in reference


def test_what_an_error_does_not_have_is_left_out(app: FastAPI, client: TestClient) -> None:
    @app.get("/api/test/bare")
    async def bare() -> None:
        raise Conflict("Something is in the way.", next_step="Move it.")

    answer = client.get("/api/test/bare")
    assert set(answer.json()) == {
        "type",
        "title",
        "status",
        "detail",
        "code",
        "next_step",
        "retryable",
        "request_id",
    }
    assert "retry-after" not in answer.headers


def test_seconds_to_wait_are_rounded_up(app: FastAPI, client: TestClient) -> None:
    @app.get("/api/test/limit")
    async def limit() -> None:
        raise SourceRateLimited("The limit is used up.", retry_after=86.2)

    assert client.get("/api/test/limit").headers["retry-after"] == "87"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_an_address_that_is_not_there(client: TestClient, method: str) -> None:
    body = problem(client.request(method, "/api/none"), 404, "not_found")
    assert body.next_step == "/api/docs lists what there is."


def test_a_method_that_is_not_there(client: TestClient) -> None:
    answer = client.get("/api/auth/token")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


def test_what_else_the_framework_refuses_is_a_problem_too(client: TestClient) -> None:
    headers = {"Content-Type": "multipart/form-data"}  # of which a boundary is a part
    answer = client.post("/api/auth/token", content=b"nonsense", headers=headers)
    body = problem(answer, 400, "bad_request")
    assert (body.type, body.next_step) == ("about:blank", "/api/docs says what a request must be.")


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        ('{"name": "hunter2"}', "name: String should have at most 3 characters"),
        ('{"name": ["hunter2"]}', "name: Input should be a valid string"),
        ('{"name": "bad"}', "name: must not be bad"),
        ('{"name": "a", "numbers": [1, "hunter2"]}', "numbers.1: Input should be a valid integer"),
        ("{}", "name: Field required"),
        ("", "body: Field required"),
        ('{"name": "hunter2"', "body: it is not JSON"),
        ("[]", "body: Input should be a valid dictionary"),
        ('{"name": "\\ud800"}', "name: Input should be a valid string"),
    ],
)
def test_wrong_input_names_the_field_and_is_not_repeated(
    client: TestClient, content: str, detail: str
) -> None:
    answer = client.post("/api/test/body", content=content, headers={"Content-Type": "application/json"})
    body = problem(answer, 422, "invalid_input")
    assert body.detail.startswith(detail)
    assert body.next_step
    assert "hunter2" not in answer.text


def test_a_wrong_parameter_is_named_and_the_first_five_faults_are_told(client: TestClient) -> None:
    answer = client.post("/api/test/body?limit=many", json={"name": "a", "numbers": ["x"] * 50})
    details = problem(answer, 422, "invalid_input").detail.split("; ")
    assert details[0].startswith("limit: ")
    assert len(details) == 5


def test_the_unexpected_is_told_by_a_number_that_the_log_has_too(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = client.get("/api/test/unknown")
    body = problem(answer, 500, "internal")
    for secret in ("hunter2", "RuntimeError", "Traceback", ".py"):
        assert secret not in answer.text
    number = body.detail.partition("(")[2].partition(")")[0]
    assert f"GET /api/test/unknown failed as {number}" in caplog.text
    assert "RuntimeError" in caplog.text
    assert len(caplog.records) == 1


def test_half_an_answer_is_cut_and_not_finished(client: TestClient) -> None:
    # What the server sees is an error, and so it closes the line.
    with pytest.raises(RuntimeError, match="in mid-answer"):
        client.get("/api/test/halfway")


@pytest.mark.parametrize(("path", "limit"), [("/api/auth/register", 16_384), ("/api/test/body", 262_144)])
def test_a_body_has_a_limit_declared_or_not(client: TestClient, path: str, limit: int) -> None:
    assert limit in dict(BODY_LIMITS).values()
    chunk = b" " * 8192

    def streamed(size: int) -> Iterator[bytes]:
        for _ in range(size // len(chunk)):
            yield chunk
        yield b"x" * (size % len(chunk))

    headers = {"Content-Type": "application/json"}
    for content in (b" " * (limit + 1), streamed(limit + 1)):
        problem(client.post(path, content=content, headers=headers), 413, "too_large")
    for content in (b" " * limit, streamed(limit)):
        problem(client.post(path, content=content, headers=headers), 422, "invalid_input")


@pytest.mark.anyio
async def test_streams_pass_while_they_are_written(app: FastAPI) -> None:
    """Each part reaches the client before the next one is made: no middleware gathers them."""
    go_on = asyncio.Event()

    @app.get("/api/test/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"first"
            await go_on.wait()
            yield b"second"

        return StreamingResponse(parts(), media_type="text/event-stream")

    received: list[bytes] = []

    async def send(message: dict[str, object]) -> None:
        body = message.get("body")
        if isinstance(body, bytes) and body:
            received.append(body)
            go_on.set()

    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError

    scope = {"type": "http", "method": "GET", "path": "/api/test/stream", "query_string": b""}
    scope |= {
        "root_path": "",
        "headers": [],
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
    }
    async with asyncio.timeout(5):
        await app(scope, receive, send)  # type: ignore[arg-type]
    assert received == [b"first", b"second"]


def test_the_document_says_what_errors_look_like(app: FastAPI) -> None:
    document = app.openapi()
    operations = [op for path in document["paths"].values() for op in path.values()]
    other = document["components"]["responses"]["OtherProblem"]["content"]
    assert other["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}
    for operation in operations:
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/OtherProblem"}
    assert "Problem" in document["components"]["schemas"]
    assert "HTTPValidationError" not in document["components"]["schemas"]
    # Made once, and the same each time.
    assert app.openapi() == document
