"""A server killed between the last byte of a download and the end of its job: no file is fetched again, and
nothing is left lying about."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.files import FileServer
from tests.support.server import Client, Server, until

FILES = {"table.csv": b"a,b\n1,2\n" * 40_000}
#: Bytes that a source may look at to know what is behind a link.
PEEK = 10_000
#: Moments at which the server comes to a halt: a statement that never ends.
HALTS = {
    "the row is to say that it is here": "BEFORE UPDATE OF downloaded_at_ms ON datasets",
    "the row has said so": "BEFORE UPDATE OF state ON jobs WHEN NEW.state = 'succeeded'",
}


@pytest.fixture
def files() -> Iterator[FileServer]:
    with FileServer(FILES) as files:
        yield files


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "data") as server:
        yield server


@contextmanager
def halted(server: Server, moment: str) -> Iterator[None]:
    """Inside the block the server's next statement of that kind never ends; at its end the server is killed
    in the middle of it."""
    forever = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    path = server.data_dir / "dataferry.sqlite"
    with closing(sqlite3.connect(path, timeout=30)) as database, database:
        database.execute(f"CREATE TRIGGER halt {HALTS[moment]} BEGIN {forever}; END")
    yield
    until(lambda: _locked_for_good(path), "the server has come to the halt")
    server.kill()
    with closing(sqlite3.connect(path, timeout=30)) as database, database:
        database.execute("DROP TRIGGER halt")


def _locked_for_good(path: Path) -> bool:
    with closing(sqlite3.connect(path, timeout=0.5, isolation_level=None)) as database:
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
    return False


def request(client: Client, files: FileServer, **options: Any) -> str:
    body = {"dataset_id": files.url("table.csv"), **options}
    job_id: str = client.post("/api/datasets/download-dataset", body).json()["job_id"]
    return job_id


def leftovers(server: Server) -> list[Path]:
    return list((server.data_dir / "downloads" / ".incomplete").glob("*"))


@pytest.mark.parametrize(("moment", "forced"), [*zip(HALTS, (False, True), strict=True)])
def test_killed_after_the_last_byte_nothing_is_fetched_again(
    server: Server, files: FileServer, moment: str, forced: bool
) -> None:
    """lingochamp/FileDownloader#142: everything was downloaded, and the record of it was not written."""
    ada = server.client()
    if forced:
        assert ada.finished(request(ada, files))["state"] == "succeeded"
    with halted(server, moment):
        job_id = request(ada, files, force_download=forced)
    before = files.served_bytes
    server.start()
    ada = server.client()
    job = ada.finished(job_id)
    assert job["state"] == "succeeded", job
    assert files.served_bytes - before <= PEEK
    assert next(Path(job["file_path"]).rglob("table.csv")).read_bytes() == FILES["table.csv"]
    assert ada.get(f"/api/datasets/{job['key']}").json()["downloaded"] is True
    until(lambda: not leftovers(server), "its working folder is gone")
    # A forced download of the next day is one.
    assert ada.finished(request(ada, files, force_download=True))["state"] == "succeeded"
    assert files.served_bytes - before > len(FILES["table.csv"])


def test_a_start_sweeps_what_a_kill_left_and_keeps_what_can_go_on(tmp_path: Path, files: FileServer) -> None:
    with Server(tmp_path / "data", DATAFERRY_RETRIES="0") as server:
        ada = server.client()
        files.fault("table.csv", "drop", after=2 * PEEK)
        failed = ada.finished(request(ada, files))
        assert failed["state"] == "failed", failed
        store = server.data_dir / "downloads" / ".incomplete"
        ended = store / "ds_of_a_job_that_was_cancelled" / "parts"
        ended.mkdir(parents=True)
        server.kill()
        server.start()
        assert [folder.name for folder in leftovers(server)] == [failed["dataset_id"]]
