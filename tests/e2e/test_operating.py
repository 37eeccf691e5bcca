"""Backup, restore and a move to another disk, by the blocks of docs/operating.md."""

import shutil
import subprocess
from pathlib import Path

from tests.support.programs import program
from tests.support.server import Server
from tests.support.transcripts import PATH, blocks


def run(block: str, **places: Path) -> None:
    environment = {"PATH": PATH} | {name: str(place) for name, place in places.items()}
    subprocess.run(["bash", "-ec", block], env=environment, check=True, timeout=30)


def statuses(server: Server, headers: dict[str, str]) -> list[int]:
    """Who was signed in before still is, and the dataset's files are found."""
    http = server.client("bob@example.org").http
    paths = ("/api/auth/me", "/api/datasets/builtin:iris/preview")
    return [http.get(path, headers=headers).status_code for path in paths]


def test_what_was_backed_up_while_it_ran_is_restored_and_moves(tmp_path: Path) -> None:
    program("sqlite3")
    backup, restore, move = blocks("docs/operating.md", "bash")
    server = Server(tmp_path / "data")
    places = {"DATA": server.data_dir, "BACKUP": tmp_path / "backup", "DISK": tmp_path / "disk"}
    with server:
        client = server.client()
        job = client.post("/api/datasets/download-dataset", {"dataset_id": "builtin:iris"}).json()
        assert client.finished(job["job_id"])["state"] == "succeeded"
        headers = {"Authorization": client.http.headers["Authorization"]}
        run(backup, **places)
    shutil.rmtree(server.data_dir / "downloads")
    (server.data_dir / "secret.key").unlink()
    run(restore, **places)
    with server:
        assert statuses(server, headers) == [200, 200]
    places["DISK"].mkdir()
    run(move, **places)
    with server:
        assert statuses(server, headers) == [200, 200]
