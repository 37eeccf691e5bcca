"""Every message in the tables of docs/troubleshooting.md is what the program says."""

import os
import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.catalogue import IMDB
from tests.fakes.difficult import HF_GATED, KAGGLE_GATED, PRIVATE
from tests.support import preloaded
from tests.support.hubs import Hubs, make_hubs
from tests.support.server import Server
from tests.support.transcripts import ROOT

MESSAGES = re.findall(r"^\| `([^`]+)`", (ROOT / "docs" / "troubleshooting.md").read_text(), re.MULTILINE)
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    settings = {"DATAFERRY_RETRIES": "0", "DATAFERRY_ALLOW_PRIVATE_URLS": "false", **hubs.settings}
    with Server(tmp_path_factory.mktemp("troubles") / "data", **settings) as server:
        yield server


def said(environment: dict[str, str], folder: Path, *arguments: str) -> str:
    return preloaded.run(arguments, env=environment, cwd=folder).stderr


def starts(server: Server, folder: Path) -> Iterator[str]:
    """What keeps a server or a worker from starting."""
    alone = server.environment | {"DATAFERRY_DATA_DIR": str(folder / "alone")}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        yield said(alone, folder, "serve", "--port", str(port))
    yield said(server.environment, folder, "serve", "--port", "0")
    (folder / "file").touch()
    yield said(alone | {"DATAFERRY_DATA_DIR": str(folder / "file")}, folder, "serve")
    yield said(alone | {"DATAFERRY_PORT": "abc"}, folder, "serve")
    yield said(alone | {"SECRET_KEY": "short"}, folder, "serve")
    away = {"DATABASE_URL": "postgresql://u:p@127.0.0.1:9/d", "SECRET_KEY": "x" * 32}
    yield said(alone | away | {"DATAFERRY_DATABASE_WAIT_S": "0.5"}, folder, "serve", "--port", "0")
    yield said(alone, folder, "worker")
    (folder / "newer").mkdir()
    with closing(sqlite3.connect(folder / "newer" / "dataferry.sqlite")) as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")
        database.commit()
    yield said(alone | {"DATAFERRY_DATA_DIR": str(folder / "newer")}, folder, "serve", "--port", "0")


def downloads(server: Server, hubs: Hubs, folder: Path) -> Iterator[str]:
    """What keeps a dataset from being found, given or downloaded."""
    refs = ("iris", "builtin:nothing", f"huggingface:{HF_GATED}", f"kaggle:{KAGGLE_GATED}")
    for ref in (*refs, f"huggingface:{PRIVATE}", "http://127.0.0.1:9/a.csv"):
        yield said(server.environment, folder, "download", ref)
    hubs.hub.faults.add("wrong_bytes")
    yield said(server.environment, folder, "download", f"huggingface:{IMDB}")
    hubs.heal()


def without_hubs(server: Server, folder: Path) -> Iterator[str]:
    """What a machine without a network says, and one without room."""
    alone = server.environment | {"HF_ENDPOINT": NOWHERE, "DATAFERRY_KAGGLE_ENDPOINT": NOWHERE}
    alone["DATAFERRY_DATA_DIR"] = str(folder / "offline")
    yield said(alone, folder, "search", "heart", "--source", "kaggle")
    room = {"DATAFERRY_DATA_DIR": str(folder / "full"), "DATAFERRY_MIN_FREE_BYTES": str(10**15)}
    yield said(alone | room, folder, "download", "builtin:iris")
    patient = alone | {"DATAFERRY_RETRIES": "5", "DATAFERRY_RETRY_DELAY_S": "30"}
    waits = preloaded.start(["download", f"huggingface:{IMDB}"], env=patient, cwd=folder)
    assert waits.stdout is not None
    with waits:
        yield waits.stdout.readline()
        waits.kill()


def over_http(server: Server) -> Iterator[str]:
    http = server.client().http
    yield http.get("/api/health/live", headers={"Host": "data.example.org"}).text
    yield http.get("/api/jobs", headers={"Authorization": ""}).text
    yield http.post("/api/auth/register", content=b"x" * 20_000).text
    for _ in range(7):
        yield http.post("/api/auth/token", data={"username": "bob@example.org", "password": "wrong"}).text


def test_every_message_is_what_the_program_says(server: Server, hubs: Hubs, tmp_path: Path) -> None:
    assert len(MESSAGES) >= 20
    shown = os.linesep.join(
        [
            *starts(server, tmp_path),
            *downloads(server, hubs, tmp_path),
            *without_hubs(server, tmp_path),
            *over_http(server),
        ]
    )
    never = [text for text in MESSAGES if not re.search(re.escape(text).replace("…", ".*"), shown)]
    assert never == [], shown
