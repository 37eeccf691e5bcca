"""What HTTP promises of every answer: request ids, entity tags, HEAD; and repeats that create nothing."""

from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from dataferry.core.rate_limit_headers import rate_limit_policies
from tests.support.server import PASSWORD


@pytest.fixture
def ada(client: TestClient) -> TestClient:
    return signed_in(client, "ada@example.org")


def signed_in(client: TestClient, email: str) -> TestClient:
    assert client.post("/api/auth/register", json={"email": email, "password": PASSWORD}).status_code == 201
    form = {"username": email, "password": PASSWORD, "client": "cli"}
    token = client.post("/api/auth/token", data=form).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def same_key(key: str = "k-1") -> dict[str, str]:
    return {"Idempotency-Key": key}


def chats(client: TestClient) -> list[Any]:
    listed: list[Any] = client.get("/api/chats").json()
    return listed


# -- X-Request-Id -----------------------------------------------------------------------------------------


def test_a_request_keeps_the_name_that_it_brings(client: TestClient) -> None:
    answer = client.get("/api/auth/me", headers={"X-Request-Id": "trace-7f"})
    assert answer.status_code == 401
    assert answer.headers["X-Request-Id"] == answer.json()["request_id"] == "trace-7f"


@pytest.mark.parametrize("given", ["", "two words", "x" * 129, "a\tb", "Bearer=eyJhbGciOi.hunter2.hunter2"])
def test_a_name_that_is_not_sane_is_replaced(client: TestClient, given: str) -> None:
    names = {
        client.get("/api/health/live", headers={"X-Request-Id": given}).headers["X-Request-Id"]
        for _ in range(2)
    }
    assert len(names) == 2
    assert given not in names


def test_refusals_before_any_route_bear_it_too(client: TestClient) -> None:
    answer = client.get("/api/health/live", headers={"Host": "evil.example", "X-Request-Id": "trace-8"})
    assert (answer.status_code, answer.json()["request_id"]) == (421, "trace-8")


# -- RateLimit --------------------------------------------------------------------------------------------


def test_a_limit_that_is_used_up_tells_of_itself(app: FastAPI, client: TestClient) -> None:
    form = {"username": "ada@example.org", "password": "wrong password"}
    answers = [client.post("/api/auth/token", data=form) for _ in range(30)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    told = rate_limit_policies(refused.headers["RateLimit"])
    policy = rate_limit_policies(refused.headers["RateLimit-Policy"])
    assert told == {"sign-in": {"r": 0, "t": int(refused.headers["Retry-After"])}}
    assert policy["sign-in"]["q"] == app.state.services.settings.login_failures


# -- ETag and HEAD ----------------------------------------------------------------------------------------


def test_a_list_that_has_not_changed_is_not_sent_again(ada: TestClient) -> None:
    ada.post("/api/chats", json={"title": "one"})
    first = ada.get("/api/chats")
    tag = first.headers["ETag"]
    assert tag.startswith('W/"')  # it may travel compressed
    again = ada.get("/api/chats", headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert again.headers["Cache-Control"] == "no-store"
    ada.post("/api/chats", json={"title": "two"})
    changed = ada.get("/api/chats", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


def test_long_answers_travel_compressed_to_who_takes_it(ada: TestClient) -> None:
    for number in range(40):
        ada.post("/api/chats", json={"title": f"chat {number}"})
    plain = ada.get("/api/chats", headers={"Accept-Encoding": "identity"})
    packed = ada.get("/api/chats", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 3
    assert (packed.json(), packed.headers["ETag"]) == (plain.json(), plain.headers["ETag"])
    known = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    assert ada.get("/api/chats", headers=known).status_code == 304


def test_short_answers_travel_as_they_are(ada: TestClient) -> None:
    answer = ada.get("/api/auth/me", headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers


def test_no_tag_lets_in_who_may_not_read(client: TestClient) -> None:
    answer = client.get("/api/chats", headers={"If-None-Match": "*"})
    assert answer.status_code == 401
    assert "ETag" not in answer.headers


@pytest.mark.parametrize("path", ["/api/chats", "/api/jobs", "/api/app", "/api/openapi.json", "/api/docs"])
def test_head_is_get_without_its_body(ada: TestClient, path: str) -> None:
    whole, head = ada.get(path), ada.head(path)
    assert head.status_code == 200
    for name in ("content-type", "content-length", "etag"):
        assert head.headers.get(name) == whole.headers.get(name), name


def test_head_of_what_is_not_read_is_refused_as_get_is(ada: TestClient) -> None:
    assert ada.head("/api/auth/logout").status_code == 405
    assert ada.head("/api/nowhere").status_code == 404
    assert ada.patch("/api/app").headers["Allow"] == "GET, HEAD"
    chat = ada.post("/api/chats").json()["id"]
    assert ada.head(f"/api/chats/{chat}/stream").status_code == 204


def test_the_socket_s_address_says_what_it_is(client: TestClient) -> None:
    answer = client.get("/api/ws?ticket=none")
    assert (answer.status_code, answer.json()["code"]) == (426, "upgrade_required")
    assert answer.headers["Upgrade"] == "websocket"


# -- Idempotency-Key --------------------------------------------------------------------------------------


def test_a_repeat_creates_nothing_and_gets_the_first_answer(ada: TestClient) -> None:
    first = ada.post("/api/chats", json={"title": "one"}, headers=same_key())
    again = ada.post("/api/chats", json={"title": "one"}, headers=same_key())
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert len(chats(ada)) == 1
    ada.post("/api/chats", json={"title": "one"}, headers=same_key("k-2"))
    assert len(chats(ada)) == 2


def test_another_request_under_the_same_key_is_refused(ada: TestClient) -> None:
    ada.post("/api/chats", json={"title": "one"}, headers=same_key())
    other = ada.post("/api/chats", json={"title": "two"}, headers=same_key())
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_used")
    assert len(chats(ada)) == 1


def test_the_keys_of_two_people_are_two_keys(app: FastAPI, ada: TestClient) -> None:
    bob = signed_in(TestClient(app, base_url="http://localhost:8000"), "bob@example.org")
    mine = ada.post("/api/chats", json={"title": "one"}, headers=same_key()).json()
    theirs = bob.post("/api/chats", json={"title": "one"}, headers=same_key()).json()
    assert mine["id"] != theirs["id"]


def test_a_refused_request_leaves_its_key_free(ada: TestClient) -> None:
    refused = ada.post("/api/chats", json={"title": 1}, headers=same_key())
    assert refused.status_code == 422
    assert ada.post("/api/chats", json={"title": 1}, headers=same_key()).json()["code"] == "invalid_input"
    assert ada.post("/api/chats", json={"title": "one"}, headers=same_key()).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(ada: TestClient, key: str) -> None:
    answer = ada.post("/api/chats", headers=same_key(key))
    assert answer.status_code == 422
    assert "Idempotency" in answer.text


def test_what_is_kept_is_sealed_and_ends_after_a_day(app: FastAPI, ada: TestClient) -> None:
    ada.post("/api/chats", json={"title": "hunter2"}, headers=same_key())
    database = app.state.services.database
    with database.engine.begin() as connection:
        (row,) = connection.exec_driver_sql("SELECT answer FROM kept_answers").all()
        assert "hunter2" not in row[0]
        connection.exec_driver_sql("UPDATE kept_answers SET created_at = '2020-01-01 00:00:00'")
    ada.post("/api/chats", json={"title": "hunter2"}, headers=same_key())
    assert len(chats(ada)) == 2


def test_a_streamed_answer_is_not_kept(ada: TestClient) -> None:
    chat = ada.post("/api/chats").json()["id"]
    streamed = {**same_key(), "Accept": "text/event-stream"}
    answers = [
        ada.post(f"/api/chats/{chat}/messages", json={"content": "hello"}, headers=streamed) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert "ETag" not in answers[0].headers
    assert "Idempotency-Replayed" not in answers[1].headers
