"""``import dataferry`` against a real server: from another machine, on the same one, and where none runs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dataferry
from dataferry.client.fetch import part_name
from dataferry.core.errors import (
    ChecksumMismatch,
    Conflict,
    InvalidInput,
    NetworkFault,
    NotFound,
    NotSignedIn,
)
from tests.support.hubs import Hubs
from tests.support.server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("python") / "data", **hubs.settings) as server:
        yield server


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    asked = {"name": "notebook", "scope": "download"}
    return str(server.client().post("/api/auth/tokens", asked).json()["token"])


@pytest.fixture
def elsewhere(server: Server, token: str, tmp_path: Path) -> dataferry.Connection:
    """The server, as a machine sees it that shares no disk with it."""
    return dataferry.connect(server.address, token, cache=tmp_path / "cache")


def test_a_dataset_comes_to_this_machine_once(elsewhere: dataferry.Connection, tmp_path: Path) -> None:
    iris = elsewhere.load("kaggle:uciml/iris")
    assert iris.path.is_relative_to(tmp_path / "cache")
    assert iris.to_pandas().shape[0] == 150
    assert (iris.ref, iris.license, iris.files) == ("kaggle:uciml/iris", "CC0-1.0", ("Iris.csv",))
    (file,) = iris["Iris"].paths
    arrived = file.stat().st_ino
    assert elsewhere.download("kaggle:uciml/iris") == iris.path
    assert file.stat().st_ino == arrived
    file.unlink()
    assert elsewhere.load("kaggle:uciml/iris").to_pandas().shape[0] == 150
    assert "kaggle:uciml/iris" in [held.ref for held in elsewhere.library()]


def test_what_has_come_is_kept_and_what_is_wrong_is_not(elsewhere: dataferry.Connection) -> None:
    """A file that broke off goes on by a range; a part that is something else is found by its checksum."""
    wine = elsewhere.load("builtin:wine")
    whole = (wine.path / "train.csv").read_bytes()
    parts = wine.path / ".partial"
    parts.mkdir()
    for begun, kept in ((whole[:1000], True), (b"x" * 1000, False)):
        (wine.path / "train.csv").unlink()
        (parts / part_name("train.csv")).write_bytes(begun)
        if kept:
            assert (elsewhere.load("builtin:wine").path / "train.csv").read_bytes() == whole
            parts.mkdir()
        else:
            with pytest.raises(ChecksumMismatch, match=r"train\.csv"):
                elsewhere.load("builtin:wine")
    assert (elsewhere.load("builtin:wine").path / "train.csv").read_bytes() == whole


def test_a_benchmark_is_read_row_by_row(elsewhere: dataferry.Connection) -> None:
    """H-26: HumanEval, downloaded by its short name at the hub, verified and loaded."""
    tasks = elsewhere.load("huggingface:openai_humaneval", files=["*.jsonl"])["test"]
    first = next(iter(tasks))
    assert {"task_id", "prompt", "canonical_solution", "test", "entry_point"} <= set(first)
    assert sum(1 for _ in tasks) == 164


def test_without_a_download_it_is_said_what_to_do(elsewhere: dataferry.Connection) -> None:
    with pytest.raises(NotFound, match="builtin:digits is not in the library") as absent:
        elsewhere.load("builtin:digits", download=False)
    assert absent.value.next_step == "Without download=False it is downloaded."
    with pytest.raises(NotFound, match="nobody/nothing"):
        elsewhere.load("kaggle:nobody/nothing")


@pytest.mark.parametrize("name", ["titanic", "x" * 300])
def test_a_short_name_that_stands_for_nothing(elsewhere: dataferry.Connection, name: str) -> None:
    with pytest.raises(NotFound, match=f"no dataset named '{name[:20]}") as absent:
        elsewhere.load(name, download=False)
    assert len(absent.value.detail) < 200
    assert f"dataferry.search('{name[:20]}" in str(absent.value.next_step)
    with pytest.raises(InvalidInput, match="names no source") as asked:
        elsewhere.load(name)
    assert f"kaggle:OWNER/{name[:20]}" in str(asked.value.next_step)


def test_a_short_name_of_what_is_not_here_yet(elsewhere: dataferry.Connection) -> None:
    """H-26: it is said how it comes, and it comes if that is asked; why it waits is told meanwhile."""
    with pytest.raises(NotFound, match="builtin:gsm8k is not in the library"):
        elsewhere.load("gsm8k", download=False)
    assert elsewhere.load("digits").ref == "builtin:digits"


def test_a_download_under_way_is_named(
    server: Server, elsewhere: dataferry.Connection, token: str, hubs: Hubs
) -> None:
    owner = server.client()
    owner.http.headers["Authorization"] = f"Bearer {token}"
    job = owner.post("/api/datasets/download/kaggle", {"dataset_id": hubs.slow}).json()["job_id"]
    with pytest.raises(Conflict, match=f"is on its way: job {job}"):
        elsewhere.load(f"kaggle:{hubs.slow}", download=False)
    owner.post(f"/api/jobs/{job}/cancel")


def test_a_search_gives_refs_to_load(elsewhere: dataferry.Connection) -> None:
    hits = elsewhere.search("iris", sources=["kaggle", "builtin"])
    assert "kaggle:uciml/iris" in [hit.ref for hit in hits]
    assert {hit.status for hit in hits} <= {"downloaded", "absent"}


def test_who_is_not_let_in_hears_it_at_once(server: Server) -> None:
    with pytest.raises(NotSignedIn, match="refuses the token"):
        dataferry.connect(server.address, "dft_wrong")
    with pytest.raises(NetworkFault, match="does not answer"):
        dataferry.connect("http://127.0.0.1:9", "dft_any")


def test_what_is_damaged_comes_again(elsewhere: dataferry.Connection, server: Server) -> None:
    elsewhere.load("builtin:diabetes")
    (file,) = (server.data_dir / "downloads" / "builtin" / "_" / "diabetes").rglob("train.csv")
    file.parent.chmod(0o755)
    file.unlink()
    with pytest.raises(Conflict, match="Files of builtin:diabetes are missing or changed"):
        elsewhere.load("builtin:diabetes", download=False)
    assert list(elsewhere.load("builtin:diabetes")) == ["train", "test"]
    assert file.is_file()


SCRIPT = """
import json, os, dataferry
wine = dataferry.load("builtin:wine")
print(json.dumps([str(wine.path), wine["train"].to_pandas().shape, os.environ.get("HF_TOKEN")]))
"""


def run_beside(server: Server, folder: Path) -> tuple[Path, list[int], str]:
    """What a program prints that loads a dataset with the data folder of this server."""
    environment = server.environment | {"DATAFERRY_DATA_DIR": str(folder), "HF_TOKEN": "hf_of_the_program"}
    command = [sys.executable, "-c", SCRIPT]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert shown.returncode == 0, shown.stderr
    path, shape, left = json.loads(shown.stdout)
    return Path(path), shape, left


def test_beside_a_server_files_are_read_where_they_are(server: Server) -> None:
    path, shape, left = run_beside(server, server.data_dir)
    assert path.is_relative_to(server.data_dir / "downloads")
    assert shape == [142, 14]
    assert left == "hf_of_the_program", "the program's own environment stays as it was"


def test_without_a_server_the_librarys_own_store_is_used(server: Server, tmp_path: Path) -> None:
    path, shape, _ = run_beside(server, tmp_path / "own")
    assert path.is_relative_to(tmp_path / "own" / "downloads")
    assert shape == [142, 14]
    assert os.access(path / "train.csv", os.R_OK)
