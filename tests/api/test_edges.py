"""The edges of the API and of the start: clear words, no leak, nothing lost."""

import os
import re
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.support import preloaded
from tests.support.hubs import Hubs
from tests.support.server import PASSWORD, Client, Server, until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Any:
    with Server(tmp_path_factory.mktemp("edges") / "data", **hubs.settings) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


def test_the_page_may_load_only_what_it_brought(ada: Client) -> None:
    answer = ada.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    assert answer.headers["x-content-type-options"] == "nosniff"
    if answer.status_code == 200:
        assert "<title>Dataferry" in answer.text
        # A screen's own address is the page too; a missing asset or route is not.
        assert ada.get("/library/builtin:iris").text == answer.text
        assert ada.get("/assets/none.js").status_code == 404
    assert ada.get("/api/none").status_code == 404


def test_the_api_describes_itself_without_a_script_from_elsewhere(ada: Client) -> None:
    page = ada.get("/api/docs").text
    assert "/api/datasets/download/kaggle" in page
    assert "<script" not in page
    document = ada.get("/api/openapi.json").json()
    assert document["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]["password"][
        "tokenUrl"
    ].endswith("/api/auth/token")


@pytest.mark.parametrize("path", ["/api/none", "/api/chats/none", "/api/jobs/none", "/api/datasets/none"])
def test_what_is_not_there_is_a_problem(ada: Client, path: str) -> None:
    answer = ada.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_another_persons_chat_is_not_there(server: Server, ada: Client) -> None:
    chat = ada.post("/api/chats", {}).json()
    eve = server.client("eve@example.org")
    assert eve.get(f"/api/chats/{chat['id']}").status_code == 404
    assert eve.post(f"/api/chats/{chat['id']}/messages", {"content": "hello"}).status_code == 404
    assert eve.http.delete(f"/api/chats/{chat['id']}").status_code == 404
    assert eve.get("/api/chats").json() == []


@pytest.mark.parametrize("content", ["", "   ", "x" * 16_001])
def test_a_message_is_neither_empty_nor_a_book(ada: Client, content: str) -> None:
    chat = ada.post("/api/chats", {}).json()
    answer = ada.post(f"/api/chats/{chat['id']}/messages", {"content": content})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert ada.get(f"/api/chats/{chat['id']}").json()["messages"] == []


def test_broken_json_is_said_and_a_secret_is_not_repeated(ada: Client) -> None:
    answer = ada.http.post("/api/chats", content="{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    answer = ada.post("/api/auth/register", {"email": "x@example.org", "pass": "hunter2hunter2"})
    assert answer.status_code == 422
    assert "hunter2" not in answer.text


def test_script_in_a_title_stays_text(hubs: Hubs, ada: Client) -> None:
    answer = ada.post("/api/datasets/search-all", {"query": hubs.untrusted.partition("/")[2]}).json()
    titles = [card["title"] for card in answer["datasets"] if hubs.untrusted in card["ref"]]
    assert titles
    assert any("<" in title for title in titles)


def test_sixth_wrong_password_waits(server: Server, ada: Client) -> None:
    ada.post("/api/auth/register", {"email": "carol@example.org", "password": PASSWORD})
    with Server(server.data_dir.parent / "limits" / "data") as other:
        client = other.client()
        form = {"username": "ada@example.org", "password": "wrong password"}
        codes = [client.http.post("/api/auth/token", data=form).status_code for _ in range(6)]
        answer = client.http.post("/api/auth/token", data=form)
    assert codes == [401] * 5 + [429]
    assert 0 < int(answer.headers["retry-after"]) <= 60


def test_a_browser_keeps_its_refresh_token_where_no_script_reads_it(server: Server, ada: Client) -> None:
    form = {"username": "ada@example.org", "password": PASSWORD}
    answer = ada.http.post("/api/auth/token", data=form)
    assert "refresh_token" not in answer.json()
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/api/auth" in cookie
    assert ada.http.post("/api/auth/refresh").status_code == 200
    elsewhere = ada.http.post("/api/auth/refresh", headers={"Origin": "https://elsewhere.example"})
    assert elsewhere.status_code == 403
    cli = ada.http.post("/api/auth/token", data=form | {"client": "cli"}).json()
    again = ada.http.post("/api/auth/refresh", json={"refresh_token": cli["refresh_token"]})
    assert again.json()["refresh_token"]


def start(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A start that is expected to end by itself."""
    return preloaded.run(
        ["serve"],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONWARNINGS": "ignore",
            "DATAFERRY_DATA_DIR": str(folder / "data"),
            "DATAFERRY_PORT": "0",
            **environment,
        },
        cwd=folder,
    )


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"DATAFERRY_RETRIES": "many"}, "DATAFERRY_RETRIES"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://x/y"}, "SECRET_KEY must be set"),
        ({"DOWNLOAD_PATH": "/proc/none"}, "/proc/none"),
        ({"DATAFERRY_HOST": "192.0.2.1"}, "DATAFERRY_PORT"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(
    tmp_path: Path, environment: dict[str, str], words: str
) -> None:
    run = start(tmp_path, **environment)
    assert run.returncode != 0
    assert words in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr


def test_an_occupied_port_and_a_second_server_are_said(server: Server, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        run = start(tmp_path, DATAFERRY_PORT=str(taken.getsockname()[1]))
    assert "Address already in use" in run.stderr
    run = start(tmp_path, DATAFERRY_DATA_DIR=str(server.data_dir))
    assert f"in use by the server at http://localhost:{server.address.rpartition(':')[2]}" in run.stderr


def test_the_page_travels_compressed_and_a_ticket_stays_out_of_the_log(server: Server) -> None:
    ada = server.client("frances@example.org")
    page = ada.get("/")
    scripts = [ada.get(f"/{script}") for script in re.findall(r'"/?(assets/[^"]+\.js)"', page.text)]
    large = [script for script in scripts if len(script.content) > 2_000]
    assert large
    assert {script.headers.get("content-encoding") for script in large} <= {"br", "gzip"}
    ticket = ada.post("/api/auth/ws-ticket").json()["ticket"]
    with connect(f"{server.address.replace('http', 'ws')}/api/ws?ticket={ticket}", proxy=None) as socket:
        socket.send('{"op": "ping", "t": 1}')
        assert "pong" in socket.recv()
    until(lambda: "/api/ws" in server.log, "the socket is logged")
    assert ticket not in server.log


@pytest.mark.parametrize("command", ["serve", "download builtin:iris", "library", "users list"])
def test_a_data_folder_that_cannot_be_made_is_told_in_one_line(command: str, tmp_path: Path) -> None:
    run = preloaded.run(command.split(), env={"HOME": "/dev/null"}, cwd=tmp_path)
    [line] = run.stderr.splitlines()
    assert line.startswith("dataferry: The data folder /dev/null/")
    assert "cannot be written" in line
    assert "DATAFERRY_DATA_DIR" in line
    assert run.returncode == 2
