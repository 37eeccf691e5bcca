"""``dataferry doctor``: looks at everything, makes nothing, and calls what is wrong by its name."""

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from dataferry.cli.doctor_probes import check_clock
from dataferry.core.errors import ConfigError
from dataferry.core.lock import DataFolderLock, Owner
from tests.support import preloaded
from tests.support.server import Server


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that has stopped, with what it left."""
    with Server(tmp_path_factory.mktemp("doctor") / "data", DATAFERRY_RETRYS="7") as server:
        server.client()
        server.stop()
        assert "DATAFERRY_RETRYS: no such setting. Did you mean DATAFERRY_RETRIES?" in server.log
        yield server


def examine(
    server: Server, *words: str, code: int = 1, folder: Path | None = None, **environment: str
) -> dict[str, dict[str, Any]]:
    """The findings by their names."""
    given = {**server.environment, "DATAFERRY_DATA_DIR": str(folder or server.data_dir), **environment}
    given = {name: value for name, value in given.items() if value}
    run = preloaded.run(["doctor", "--json", *words], env=given, cwd=server.data_dir.parent)
    assert (run.returncode, run.stderr) == (code, ""), run.stdout
    told = json.loads(run.stdout)
    assert told["ok"] == (code == 0)
    return {check["name"]: check for check in told["checks"]}


def state(folder: Path) -> set[tuple[str, int, int]]:
    return {(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


def test_it_makes_and_changes_nothing(left: Server, tmp_path: Path) -> None:
    before = state(left.data_dir.parent)
    found = examine(left, DATAFERRY_RETRYS="", code=0)
    assert "schema" in found["database"]["detail"]
    assert state(left.data_dir.parent) == before
    found = examine(left, folder=tmp_path / "none", DATAFERRY_RETRYS="", code=0)
    assert "not there yet" in found["database"]["detail"]
    assert not list(tmp_path.iterdir())


def test_a_misspelt_setting_is_named(left: Server) -> None:
    names = examine(left, dataferry_prot="1", DATAFERRY_HF_TOKEN="x")["names of settings"]
    assert names["outcome"] == "failed"
    assert "DATAFERRY_RETRYS: no such setting. Did you mean DATAFERRY_RETRIES?" in names["detail"]
    assert "dataferry_prot: no such setting. Did you mean DATAFERRY_PORT?" in names["detail"]
    assert "HF_TOKEN" not in names["detail"]  # it is read with the prefix too
    (left.data_dir.parent / ".env").write_text("DATAFERRY_DOWNLOADSLOTS=3\n")
    try:
        assert "DATAFERRY_DOWNLOAD_SLOTS?" in examine(left)["names of settings"]["detail"]
    finally:
        (left.data_dir.parent / ".env").unlink()
    wrong = examine(left, DATAFERRY_PORT="eighty")
    assert wrong["settings"]["detail"].startswith("DATAFERRY_PORT:")


def test_a_database_that_is_newer_older_or_damaged(left: Server, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(left.data_dir, folder)

    def database(version: str | None = None) -> dict[str, Any]:
        if version is not None:
            with closing(sqlite3.connect(folder / "dataferry.sqlite")) as connection:
                connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
                connection.commit()
        return examine(left, folder=folder)["database"]

    assert "the next start upgrades it" in database("0012")["detail"]
    newer = database("9999")
    assert (newer["outcome"], "newer version" in newer["detail"]) == ("failed", True)
    with (folder / "dataferry.sqlite").open("r+b") as file:
        file.seek(4096 * 3)
        file.write(os.urandom(4096 * 4))
    damaged = database()
    assert "cannot be read" in damaged["detail"]
    assert "restore the backup" in damaged["next_step"]


def test_a_server_that_holds_the_folder_and_does_not_answer(left: Server, tmp_path: Path) -> None:
    with DataFolderLock(tmp_path) as lock:
        lock.write(Owner("http://127.0.0.1:9"))
        server = examine(left, folder=tmp_path)["server"]
    assert (server["outcome"], "does not answer" in server["detail"]) == ("failed", True)


def test_folders_that_cannot_serve(left: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in its place")
    found = examine(
        left,
        folder=tmp_path / "file",
        DOWNLOAD_PATH=str(tmp_path / "file"),
        DATAFERRY_MIN_FREE_BYTES=str(10**18),
        HTTPS_PROXY="proxy.example.org",
        REDIS_URL="redis://127.0.0.1:9/0",
    )
    assert {name for name, check in found.items() if check["outcome"] == "failed"} >= {
        *("data folder", "downloads folder", "Redis", "proxies"),
    }
    assert all(check["next_step"] for check in found.values() if check["outcome"] == "failed")
    assert "only" in examine(left, DATAFERRY_MIN_FREE_BYTES=str(10**18))["downloads folder"]["detail"]
    tmp_path.chmod(0o755)
    open_to_others = examine(left, folder=tmp_path, DATAFERRY_RETRYS="", code=0)["data folder"]
    assert (open_to_others["outcome"], "chmod 700" in open_to_others["next_step"]) == ("warning", True)


def test_a_hub_that_cannot_be_reached_is_a_failure(left: Server) -> None:
    """It was `ok … [source_unreachable]`."""
    search = examine(left, "--live", DATAFERRY_RETRYS="")["HuggingFace: search"]
    assert (search["outcome"], search["code"]) == ("failed", "source_unreachable")


@pytest.mark.parametrize(("ahead", "words"), [(-3600, r"36\d\d s ahead of"), (3600, r"3\d\d\d s behind")])
def test_a_clock_that_is_wrong(ahead: int, words: str) -> None:
    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.end_headers()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(int(time.time()) + ahead)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as hub:
        Thread(target=hub.serve_forever, daemon=True).start()
        with pytest.raises(ConfigError, match=words):
            check_clock(f"http://127.0.0.1:{hub.server_port}")
        hub.shutdown()
