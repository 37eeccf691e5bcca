"""The code that a dataset's page offers runs as it stands, wherever its library is installed here."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dataferry.library.snippets import of_plugin
from dataferry.plugins import DatasetPlugin, builtin_datasets
from tests.fakes.content import Blob, binary, text
from tests.fakes.dataset import FakeDataset
from tests.fakes.made import png
from tests.support.hubs import Hubs
from tests.support.links import LinkServer, Page
from tests.support.server import Client, Server

WAIT = {"Prefer": "wait"}
PYTHON = ("pandas", "polars", "arrow", "duckdb")
#: Not installed here.
OTHERS = {"torch", "datasets"}
#: What a snippet leaves, told in figures that all libraries agree on.
COUNT = """
print(__import__("json").dumps({
    name: len(value)
    for name, value in list(globals().items())
    if name in ("table", "rows")
}))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("snippets") / "data", **hubs.settings) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


def add(hubs: Hubs, name: str, files: dict[str, Blob]) -> str:
    hubs.hub.catalogue.add(FakeDataset("huggingface", f"acme/{name}", name, "Words", "mit", lambda: files))
    return f"huggingface:acme/{name}"


def offered(client: Client, ref: str, revision: str | None = None) -> dict[str, dict[str, Any]]:
    asked = client.post("/api/datasets/download-dataset", {"dataset_id": ref}, headers=WAIT)
    assert asked.status_code == 200, asked.text
    params = {"revision": revision} if revision else {}
    answer = client.get(f"/api/datasets/{asked.json()['key']}/snippets", params=params)
    return {one["loader"]: one for one in answer.json()["snippets"]}


def run(server: Server, code: str) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{COUNT}"],
        env=server.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{code}\n{done.stderr}"
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def test_one_table_of_an_unusual_dialect(server: Server, ada: Client, hubs: Hubs) -> None:
    ref = add(hubs, "semicolons", {"data/it's here.csv": text('name;zip\n"Łukasz; Ü";01234\nZoë;2\n')})
    found = offered(ada, ref)
    assert set(found) == {*PYTHON, *OTHERS, "r"}
    counts = {name: run(server, found[name]["code"]) for name in PYTHON}
    assert counts == {
        "pandas": {"table": 2},
        "polars": {"table": 2},
        "arrow": {"table": 2},
        "duckdb": {"rows": 2},
    }
    for name in OTHERS:
        compile(found[name]["code"], name, "exec")
    local_path = ada.get(f"/api/datasets/{ref.replace('/', '~')}").json()["local_path"]
    assert found["r"]["code"] == f'table <- read.csv("{local_path}/data/it\'s here.csv")'
    assert found["r"]["server"]


def test_splits_are_named_and_a_revision_is_kept(server: Server, ada: Client) -> None:
    found = offered(ada, "builtin:iris")
    assert "# train, test" in found["pandas"]["code"]
    assert run(server, found["pandas"]["code"])["table"] == 120
    revision = ada.get("/api/datasets/builtin:iris").json()["revision"]
    pinned = offered(ada, "builtin:iris", revision)["polars"]["code"]
    assert f'revision="{revision}"' in pinned
    assert run(server, pinned)["table"] == 120


def test_images_and_what_no_library_reads(server: Server, ada: Client, hubs: Hubs) -> None:
    one = binary(png(2, 2, lambda x, y: (x, y, 0)))
    images = add(hubs, "photos", {f"train/{kind}/{n}.png": one for kind in ("cat", "dog") for n in range(2)})
    found = offered(ada, images)
    assert set(found) == {"pandas", "polars", "arrow", *OTHERS}
    assert run(server, found["pandas"]["code"])["table"] == 4
    assert offered(ada, add(hubs, "notes", {"a.pdf": text("%PDF-1.4")})) == {}


def test_a_database_of_several_tables(server: Server, ada: Client, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "made.sqlite") as connection:
        connection.execute("CREATE TABLE people (name TEXT)")
        connection.executemany("INSERT INTO people VALUES (?)", [("Ada",), ("Bob",)])
    connection.close()
    with LinkServer() as links:
        links.pages["/made.sqlite"] = Page((tmp_path / "made.sqlite").read_bytes())
        found = offered(ada, f"url:http://{links.host}/made.sqlite")
    assert run(server, found["pandas"]["code"])["table"] == 2
    assert run(server, found["duckdb"]["code"])["rows"] == 1


def test_the_images_of_a_built_in_dataset() -> None:
    """Their plugin reads them: what it is asked for is in its contract."""
    for plugin in builtin_datasets().values():
        if isinstance(plugin, DatasetPlugin) and plugin.task_type in ("classification", "detection"):
            codes = {one.loader: one.code for one in of_plugin(plugin)}
            assert set(codes) == {"pillow", "torch"}
            for code in codes.values():
                compile(code, plugin.name, "exec")
                assert f'get_dataset_plugin("{plugin.name}")' in code
