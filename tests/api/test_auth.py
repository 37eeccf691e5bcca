"""Signing in over HTTP: what a browser gets, what a script gets, and what another site's page does not."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from tests.api.conftest import application

EMAIL, PASSWORD = "ada@example.org", "correct horse battery"
COOKIE = "dataferry_refresh"
FOREIGN: list[dict[str, str]] = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.fixture
def ada(client: TestClient) -> TestClient:
    """Registered, not signed in."""
    account = {"email": EMAIL, "password": PASSWORD}
    assert client.post("/api/auth/register", json=account).status_code == 201
    return client


def sign_in(browser: TestClient, password: str = PASSWORD, **form: str) -> Response:
    return browser.post("/api/auth/token", data={"username": EMAIL, "password": password, **form})


def bearer(answer: Response) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def code(answer: Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_register_sign_in_and_be_known(client: TestClient) -> None:
    account = {"email": " Ada@Example.org", "password": PASSWORD}
    registered = client.post("/api/auth/register", json=account)
    assert registered.status_code == 201
    user = registered.json()
    assert (user["email"], user["admin"]) == (EMAIL, True)
    assert "password" not in registered.text

    answer = sign_in(client)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["expires_in"], body["user"]) == ("bearer", 900, user)
    assert client.get("/api/auth/me", headers=bearer(answer)).json() == user
    assert code(client.post("/api/auth/register", json=account)) == (409, "conflict")


def test_a_browser_gets_its_refresh_token_where_no_script_reads_it(ada: TestClient) -> None:
    answer = sign_in(ada)
    assert "refresh_token" not in answer.json()
    cookie = answer.headers["set-cookie"].lower()
    for part in ("httponly", "samesite=strict", "path=/api/auth"):
        assert part in cookie
    assert "secure" not in cookie
    first = ada.cookies[COOKIE]
    renewed = ada.post("/api/auth/refresh")
    assert renewed.status_code == 200
    assert "refresh_token" not in renewed.json()
    assert ada.cookies[COOKIE] != first


def test_under_https_the_cookie_travels_on_https_only(app: FastAPI, ada: TestClient) -> None:
    answer = sign_in(TestClient(app, base_url="https://localhost"))
    assert "secure" in answer.headers["set-cookie"].lower()
    assert answer.headers["strict-transport-security"]


def test_a_client_without_cookies_gets_its_refresh_token_in_the_answer(ada: TestClient) -> None:
    answer = sign_in(ada, client="cli")
    assert "set-cookie" not in answer.headers
    renewed = ada.post("/api/auth/refresh", json={"refresh_token": answer.json()["refresh_token"]})
    assert renewed.status_code == 200
    assert "set-cookie" not in renewed.headers
    newest = renewed.json()["refresh_token"]
    assert newest != answer.json()["refresh_token"]
    assert ada.post("/api/auth/logout", json={"refresh_token": newest}).status_code == 204
    assert code(ada.post("/api/auth/refresh", json={"refresh_token": newest})) == (401, "not_signed_in")


def test_signing_out_ends_the_session_at_once(ada: TestClient) -> None:
    here, there = sign_in(ada, client="cli"), sign_in(ada)
    refresh_token = ada.cookies[COOKIE]
    assert ada.post("/api/auth/logout").status_code == 204
    assert COOKIE not in ada.cookies
    assert code(ada.get("/api/auth/me", headers=bearer(there))) == (401, "not_signed_in")
    assert code(ada.post("/api/auth/refresh", json={"refresh_token": refresh_token})) == (
        401,
        "not_signed_in",
    )
    assert ada.get("/api/auth/me", headers=bearer(here)).status_code == 200
    assert ada.post("/api/auth/logout").status_code == 204


def test_signing_in_again_ends_the_session_that_the_browser_had(ada: TestClient) -> None:
    script, before = sign_in(ada, client="cli"), sign_in(ada)
    again = sign_in(ada)
    assert ada.get("/api/auth/me", headers=bearer(before)).status_code == 401
    for answer in (script, again):
        assert ada.get("/api/auth/me", headers=bearer(answer)).status_code == 200


def test_a_new_password_ends_the_other_sessions(ada: TestClient) -> None:
    here, there = sign_in(ada), sign_in(ada, client="cli")
    change = {"current_password": "wrong password", "new_password": "another password"}
    assert code(ada.post("/api/auth/password", json=change, headers=bearer(here))) == (403, "forbidden")
    change["current_password"] = PASSWORD
    short = change | {"new_password": "short"}
    assert code(ada.post("/api/auth/password", json=short, headers=bearer(here)))[0] == 422
    assert ada.post("/api/auth/password", json=change, headers=bearer(here)).status_code == 204
    assert ada.get("/api/auth/me", headers=bearer(here)).status_code == 200
    assert ada.post("/api/auth/refresh").status_code == 200
    assert ada.get("/api/auth/me", headers=bearer(there)).status_code == 401
    assert sign_in(ada).status_code == 401
    assert sign_in(ada, "another password").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/auth/me"), ("POST", "/api/auth/ws-ticket"), ("POST", "/api/auth/password")],
)
def test_without_a_valid_token_nothing_is_told(client: TestClient, method: str, path: str) -> None:
    body = {"current_password": PASSWORD, "new_password": "another password"}
    for header in (None, "", "Bearer ", "Bearer x", "Basic YTpi", "Bearer a.b.c"):
        headers = {} if header is None else {"Authorization": header}
        answer = client.request(method, path, json=body, headers=headers)
        assert code(answer) == (401, "not_signed_in")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["next_step"]


def test_every_other_route_asks_for_a_token(app: FastAPI) -> None:
    open_routes = {
        f"{method.upper()} {path}"
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
        if not operation["security"]
    }
    assert open_routes == {
        "GET /api/ws",  # its ticket says who it is
        *("POST /api/auth/register", "POST /api/auth/token", "POST /api/auth/refresh"),
        *("POST /api/auth/logout", "GET /api/app", "GET /api/health/live", "GET /api/health/ready"),
        "GET /api/erasures/{erasure_id}",  # whoever began it has no account any more
    }


@pytest.mark.parametrize("path", ["register", "token", "refresh", "logout"])
def test_another_sites_page_cannot_use_or_plant_a_session(ada: TestClient, path: str) -> None:
    sign_in(ada)
    before = ada.cookies[COOKIE]
    form: dict[str, Any] = {"data": {"username": EMAIL, "password": PASSWORD}} if path == "token" else {}
    for headers in FOREIGN:
        assert code(ada.post(f"/api/auth/{path}", headers=headers, **form)) == (403, "forbidden")
    assert ada.cookies[COOKIE] == before
    assert ada.post("/api/auth/refresh").status_code == 200


def test_the_own_page_may(ada: TestClient) -> None:
    sign_in(ada)
    for headers in (
        {"Origin": "http://localhost:8000"},
        # Behind a proxy that puts its own name in Host, the browser's word counts.
        {"Origin": "https://data.example.org", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ):
        assert ada.post("/api/auth/refresh", headers=headers).status_code == 200


def test_a_sixth_failure_in_a_minute_waits(ada: TestClient) -> None:
    assert [sign_in(ada, "wrong password").status_code for _ in range(5)] == [401] * 5
    answer = sign_in(ada)
    assert code(answer) == (429, "too_many_requests")
    seconds = int(answer.headers["retry-after"])
    assert 0 < answer.json()["retry_after"] <= seconds <= 30
    assert answer.json()["next_step"] == f"Wait {seconds} seconds and try again."


def test_the_owners_browser_is_let_in_while_a_stranger_at_the_same_address_waits(ada: TestClient) -> None:
    answer = sign_in(ada)
    (device,) = [c for c in answer.headers.get_list("set-cookie") if c.startswith("dataferry_device=")]
    for part in ("HttpOnly", "SameSite=strict", "Path=/api/auth"):
        assert part in device
    ada.post("/api/auth/logout")
    stranger = TestClient(ada.app, base_url="http://localhost:8000")
    assert [sign_in(stranger, "wrong password").status_code for _ in range(7)] == [401] * 5 + [429] * 2
    again = sign_in(ada)
    assert again.status_code == 200
    assert "dataferry_device" in ada.cookies
    # Whoever holds no cookies is given none, and one that is made up opens nothing.
    assert "set-cookie" not in sign_in(TestClient(ada.app, client=("192.0.2.9", 1)), client="cli").headers
    stranger.cookies.set("dataferry_device", "made up", domain="localhost.local", path="/api/auth")
    assert sign_in(stranger, "wrong password").status_code == 429


def test_by_default_nobody_is_believed_where_a_request_comes_from(app: FastAPI, ada: TestClient) -> None:
    """Not even who connects from this machine; open to all by uvicorn's own default."""
    here = TestClient(app, base_url="http://localhost:8000", client=("127.0.0.1", 4711))

    def fail(number: int) -> int:
        form = {"username": EMAIL, "password": "wrong password"}
        forged = {"X-Forwarded-For": f"203.0.113.{number}", "X-Forwarded-Proto": "https"}
        return here.post("/api/auth/token", data=form, headers=forged).status_code

    assert [fail(number) for number in range(7)] == [401] * 5 + [429] * 2
    headers = {"X-Forwarded-Proto": "https"}
    form = {"username": EMAIL, "password": PASSWORD}
    assert (
        "secure" not in ada.post("/api/auth/token", data=form, headers=headers).headers["set-cookie"].lower()
    )


def test_a_client_is_no_proxy_because_another_address_is(tmp_path: Path) -> None:
    with application(tmp_path / "data", trusted_proxies="192.0.2.1, 2001:db8::/32") as app:
        TestClient(app).post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD})

        def fail(peer: str, forwarded: str) -> int:
            browser = TestClient(app, base_url="http://localhost:8000", client=(peer, 4711))
            form = {"username": EMAIL, "password": "wrong password"}
            headers = {"X-Forwarded-For": forwarded}
            return browser.post("/api/auth/token", data=form, headers=headers).status_code

        assert [fail("192.0.2.2", f"203.0.113.{n}") for n in range(6)] == [401] * 5 + [429]
        assert [fail("::ffff:192.0.2.1", f"203.0.113.{n}") for n in range(6)] == [401] * 6
        assert [fail("2001:db8::5", f"{n}, 198.51.100.1, 192.0.2.1") for n in range(6)] == [401] * 5 + [429]


def test_odd_credentials_are_wrong_ones(tmp_path: Path) -> None:
    with application(tmp_path / "data", login_failures=1000) as app:
        client = TestClient(app)
        client.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD})
        for email in (EMAIL, "nobody", "a\0b@example.org", "x" * 400 + "@example.org", "\u200b"):
            for password in (" ", "x" * 1025, "x" * 10_000, "\0" * 8, "𝔭𝔞𝔰𝔰" * 300):
                form = {"username": email, "password": password}
                assert client.post("/api/auth/token", data=form).status_code == 401
        assert client.post("/api/auth/token", data={"username": EMAIL}).status_code == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"password": PASSWORD}, "email"),
        ({"email": EMAIL}, "password"),
        ({"email": EMAIL, "password": 12345678}, "password"),
        ({"email": "no address", "password": "hunter2hunter2"}, "email"),
        ({"email": "a\0b@example.org", "password": "hunter2hunter2"}, "email"),
        ({"email": "operator@localhost", "password": "hunter2hunter2"}, "email"),
        ({"email": EMAIL, "password": "hunter2"}, "password"),
        ({"email": EMAIL, "password": EMAIL.upper()}, "password"),
        ({"email": EMAIL, "password": "hunter2hunter2", "admin": True}, "admin"),
        ({"email": "x" * 400 + "@example.org", "password": "hunter2hunter2"}, "email"),
    ],
)
def test_wrong_input_is_named_and_not_repeated(
    client: TestClient, body: dict[str, object], field: str
) -> None:
    answer = client.post("/api/auth/register", json=body)
    assert code(answer) == (422, "invalid_input")
    assert answer.json()["detail"].startswith(f"{field}:")
    assert "hunter2" not in answer.text


def test_a_lone_surrogate_is_wrong_input(client: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    for email, password in (("\\ud800@example.org", PASSWORD), (EMAIL, "\\ud800" * 8)):
        body = f'{{"email": "{email}", "password": "{password}"}}'
        answer = client.post("/api/auth/register", content=body, headers=headers)
        assert code(answer) == (422, "invalid_input")


def test_a_stranger_cannot_send_a_book(client: TestClient) -> None:
    answer = client.post("/api/auth/register", json={"email": EMAIL, "password": "x" * 20_000})
    assert code(answer) == (413, "too_large")


def test_closed_registration_says_whom_to_ask(tmp_path: Path) -> None:
    with application(tmp_path / "data", open_registration=False) as app:
        client = TestClient(app, headers={"X-Request-Id": "the-same"})
        account = {"email": EMAIL, "password": PASSWORD}
        assert client.post("/api/auth/register", json=account).status_code == 201
        answer = client.post("/api/auth/register", json=account | {"email": "eve@example.org"})
        assert code(answer) == (403, "forbidden")
        assert "admin" in answer.json()["next_step"]
        # Nor does it tell whether somebody has an account.
        assert client.post("/api/auth/register", json=account).json() == answer.json()


def test_away_from_loopback_the_first_account_shows_the_setup_token(tmp_path: Path) -> None:
    with application(tmp_path / "data", host="192.0.2.1") as app:
        client = TestClient(app)
        account = {"email": EMAIL, "password": PASSWORD}
        assert client.get("/api/app").json()["setup_token_required"]
        for wrong in ({}, {"setup_token": "guess"}):
            assert code(client.post("/api/auth/register", json=account | wrong)) == (403, "forbidden")
        token = {"setup_token": app.state.services.accounts.setup_token}
        assert client.post("/api/auth/register", json=account | token).json()["admin"]
        assert not client.get("/api/app").json()["setup_token_required"]
