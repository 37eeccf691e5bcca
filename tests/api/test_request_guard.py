"""Which names this server answers to, and whose pages may ask it to change something."""

import socket
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.api.conftest import application

ACCOUNT = {"email": "ada@example.org", "password": "correct horse battery"}


@pytest.mark.parametrize(
    "host",
    ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "192.168.1.7", "gpubox", "LOCALHOST", "a.localhost"],
)
def test_names_that_nobody_else_can_own(client: TestClient, host: str) -> None:
    assert client.get("/api/app", headers={"Host": host}).status_code == 200


def test_this_machines_own_name_at_home(client: TestClient) -> None:
    for name, status in ((f"{socket.gethostname()}.local:8000", 200), ("another-machine.local", 421)):
        assert client.get("/api/app", headers={"Host": name}).status_code == status


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "evil.example.",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8000",
        "[::1].evil.example",
    ],
)
def test_a_name_that_may_lead_here_by_rebinding(client: TestClient, host: str) -> None:
    """A page of evil.example whose name now leads to this machine: it is asked for nothing, not even the
    page, and cannot make itself the first account."""
    for path in ("/", "/api/app", "/api/auth/me"):
        answer = client.get(path, headers={"Host": host})
        assert (answer.status_code, answer.json()["code"]) == (421, "unknown_host")
        assert "DATAFERRY_ALLOWED_HOSTS" in answer.json()["setting"]
    headers = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/auth/register", json=ACCOUNT, headers=headers).status_code == 421
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/api/ws", headers={"Host": host}):
        pass


@pytest.mark.parametrize(
    ("allowed", "status"), [("data.example.org, b.example", 200), ("*", 200), ("x.y", 421)]
)
def test_names_that_are_allowed(tmp_path: Path, allowed: str, status: int) -> None:
    with application(tmp_path / "data", allowed_hosts=allowed) as app:
        client = TestClient(app, base_url="https://data.example.org")
        assert client.get("/api/app").status_code == status


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[", "http://localhost:9999"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/auth/register"),
        ("POST", "/api/chats"),
        ("POST", "/api/datasets/search-all"),
        ("PATCH", "/api/chats/chat_1"),
        ("PUT", "/api/sources/kaggle/credential"),
        ("DELETE", "/api/datasets/builtin:iris/data"),
    ],
)
def test_another_sites_page_changes_nothing(client: TestClient, origin: str, method: str, path: str) -> None:
    answer = client.request(method, path, headers={"Origin": origin})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_the_own_page_and_programs_change_what_they_like(client: TestClient) -> None:
    for number, headers in enumerate(
        (
            {},
            {"Origin": "http://localhost:8000"},
            {"Origin": "https://x.example", "Sec-Fetch-Site": "same-origin"},
        )
    ):
        account = ACCOUNT | {"email": f"a{number}@example.org"}
        assert client.post("/api/auth/register", json=account, headers=headers).status_code == 201


def test_another_sites_page_opens_no_socket(client: TestClient) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "http://["}, {"Origin": "null"}):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/api/ws", headers=headers):
            pass
