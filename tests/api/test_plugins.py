"""Built-in datasets through the server: known from the start, downloaded by jobs, counted, and deleted."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.files import FileServer
from tests.support.plugins import pets, riddles
from tests.support.server import Client, Server, until
from tests.unit.test_plugin_discovery import MINIMAL

WAIT = {"Prefer": "wait"}
NATIVE = """
from dataferry.plugins import RemoteFile, TextPlugin

class Riddles(TextPlugin):
    name = "{name}"
    display_name = "Riddles"
    fields = ("question", "answer")
    test_size = 2
    license = "MIT"
    files = (RemoteFile("test.jsonl", "{url}", size={size}),)

{more}
PLUGIN = Riddles()
"""
RAISES_IN_READ = """
    def read(self, split):
        raise KeyError("no such column")
"""
RAISES_IN_DOWNLOAD = """
from ..base import DatasetPlugin
from ..loader import register_dataset

class Raises(DatasetPlugin):
    name = "raises"
    display_name = "Raises"
    task_type = "classification"
    def download(self, state):
        state["message"] = "Signing in"
        raise RuntimeError("the site has moved")
    def load_train(self, transform=None): ...

register_dataset(Raises())
"""


@pytest.fixture(scope="module")
def files() -> Iterator[FileServer]:
    with FileServer({**pets().files, **riddles().files}) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, files: FileServer) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("plugins") / "data"
    own = folder / "plugins"
    own.mkdir(parents=True)
    url, size = files.url("test.jsonl"), len(files.files["test.jsonl"])
    written = {
        "my_dataset.py": MINIMAL.replace("LABEL", "").replace("URL", repr(files.url("pets.zip"))),
        "riddles.py": NATIVE.format(name="riddles", url=url, size=size, more=""),
        "unreadable.py": NATIVE.format(name="unreadable", url=url, size=size, more=RAISES_IN_READ),
        "raises.py": RAISES_IN_DOWNLOAD,
        "broken.py": "\nimport no_such_module\n",
    }
    for name, text in written.items():
        (own / name).write_text(text, encoding="utf-8")
    with Server(folder, DATAFERRY_RETRIES="0") as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


@pytest.fixture(scope="module")
def bob(ada: Client, server: Server) -> Client:
    return server.client("bob@example.org")


def row(client: Client, name: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/datasets/{name}").json()
    return found


def download(client: Client, name: str, *, force: bool = False) -> dict[str, Any]:
    asked = {"dataset_id": f"builtin:{name}", "force_download": force}
    answer: dict[str, Any] = client.post("/api/datasets/download-dataset", asked, headers=WAIT).json()
    return answer


def test_every_plugin_is_told_and_every_broken_one_with_file_and_line(ada: Client, bob: Client) -> None:
    told = ada.get("/api/plugins").json()
    plugins = {one["name"]: one for one in told["plugins"]}
    assert {"iris", "my_dataset", "riddles", "raises"} <= set(plugins)
    mine = plugins["my_dataset"]
    assert (mine["num_classes"], mine["input_shape"], mine["origin"]) == (2, [3, 8, 10], "folder")
    assert (mine["card"]["ref"], mine["card"]["local_status"]) == ("builtin:my_dataset", "absent")
    assert (plugins["iris"]["checksums_published"], plugins["riddles"]["checksums_published"]) == (
        True,
        False,
    )
    (fault,) = told["faults"]
    assert (Path(fault["file"]).name, fault["line"], fault["kind"]) == ("broken.py", 2, "import")
    assert "no_such_module" in fault["detail"]
    assert bob.get("/api/plugins").json()["faults"][0]["file"] == "broken.py"  # folders are for admins
    assert Path(fault["file"]).is_absolute()


def test_known_datasets_are_rows_from_the_start_and_a_restart_neither_doubles_nor_resets(
    server: Server, ada: Client, bob: Client
) -> None:
    listed = {one["name"]: one for one in ada.get("/api/datasets?page_size=200").json()["datasets"]}
    assert listed["iris"]["status"] == "registered"
    assert not listed["iris"]["downloaded"]
    assert ada.get("/api/datasets?registered=false").json()["total"] == 0
    download(ada, "iris")
    before = row(ada, "iris")
    server.stop()
    server.start()
    again = ada.get("/api/datasets?page_size=200").json()["datasets"]
    assert sorted(one["ref"] for one in again) == sorted(one["ref"] for one in listed.values())
    assert row(ada, "iris") == before
    assert row(bob, "wine")["status"] == "registered"


def test_a_plugin_that_fetches_itself_is_downloaded_counted_and_deleted(ada: Client) -> None:
    asked = "/api/datasets/my_dataset/manifest"
    unknown = ada.get(asked).json()
    assert (unknown["total_bytes"], unknown["fetch_bytes"], unknown["more_files"]) == (None, None, True)
    assert unknown["disk_space"]["needed_bytes"] is None
    assert row(ada, "my_dataset")["file_count"] is None
    ticket = download(ada, "my_dataset")
    assert ticket["status"] == "succeeded", ticket
    here = row(ada, "my_dataset")
    assert (here["status"], here["file_count"], here["grade"]) == ("downloaded", 10, "recorded")
    known = ada.get(asked).json()
    assert (known["fetch_bytes"], known["here_count"]) == (0, 10)
    assert ada.get("/api/datasets/my_dataset/splits").json() == {
        "train": {"total": 6, "labeled": 6},
        "val": {"total": 0, "labeled": 0},
        "test": {"total": 4, "labeled": 4},
    }
    deletion = ada.http.delete("/api/datasets/my_dataset/data").json()
    assert deletion["folders"] == [here["local_path"]]
    ada.finished(deletion["job_id"])
    assert not Path(here["local_path"]).exists()
    assert row(ada, "my_dataset")["status"] == "registered"


def test_what_another_process_reads_is_not_deleted(server: Server, ada: Client) -> None:
    download(ada, "riddles")
    reader = (
        "import sys; from dataferry.plugins.loader import get_dataset_plugin\n"
        "print(get_dataset_plugin('riddles').load_test()[1]['answer'], flush=True); sys.stdin.read()"
    )
    arguments = [sys.executable, "-c", reader]
    with subprocess.Popen(
        arguments, env=server.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "2\n"
        refused = ada.http.delete("/api/datasets/riddles/data")
        assert refused.status_code == 409
        assert f"Process {process.pid} reads" in refused.json()["detail"]
        process.kill()
    assert ada.http.delete("/api/datasets/riddles/data").status_code == 202


def test_without_a_published_checksum_the_first_download_counts(ada: Client, files: FileServer) -> None:
    assert download(ada, "riddles")["status"] == "succeeded"
    assert row(ada, "riddles")["grade"] == "recorded"
    first = files.files["test.jsonl"]
    files.files["test.jsonl"] = first.replace(b"1 + 1", b"1 + 2")
    changed = download(ada, "riddles", force=True)
    files.files["test.jsonl"] = first
    assert changed["code"] == "content_changed", changed
    here = row(ada, "riddles")
    assert "first download" in here["error"]
    assert (Path(here["local_path"]) / "test.jsonl").read_bytes() == first
    assert download(ada, "riddles", force=True)["status"] == "succeeded"
    assert row(ada, "riddles")["error"] is None


def test_a_plugin_that_raises_is_told_of_and_harms_no_other(ada: Client, bob: Client) -> None:
    failed = download(ada, "raises")
    assert (failed["status"], failed["code"]) == (500, "plugin_failed")
    assert "the site has moved (raises.py, line 11)" in failed["detail"]
    assert row(ada, "raises")["status"] == "failed"
    assert "the site has moved" in row(ada, "raises")["error"]
    assert (row(bob, "raises")["status"], row(bob, "raises")["error"]) == ("registered", None)
    unread = download(ada, "unreadable")
    assert "no such column" in unread["detail"]
    here = row(ada, "unreadable")
    assert here["downloaded"]
    assert "no such column" in here["error"]
    assert ada.get("/api/datasets/unreadable/splits").json()["code"] == "plugin_failed"
    assert download(ada, "wine")["status"] == "succeeded"


def test_splits_of_what_is_not_here_or_no_plugin(ada: Client) -> None:
    assert ada.get("/api/datasets/digits/splits").status_code == 404
    download(ada, "diabetes")
    assert ada.get("/api/datasets/diabetes/splits").json()["train"] == {"total": 354, "labeled": 354}
    until(lambda: row(ada, "diabetes")["downloaded"], "it is here")
