"""Pictures that a table names: an ImageFolder's metadata, labels beside images, and names of nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.content import Blob, binary, text
from tests.fakes.dataset import FakeDataset
from tests.support.hubs import Hubs
from tests.support.plugins import png
from tests.support.server import Client, Server

WAIT = {"Prefer": "wait"}


def files() -> dict[str, Blob]:
    return {
        "train/metadata.csv": text("file_name,label\ncat/0.png,cat\n1.png,dog\ngone.png,dog\n"),
        "train/cat/0.png": binary(png(40, 30, 1)),
        "train/1.png": binary(png(20, 10, 2)),
        "images/x/2.png": binary(png(10, 10, 3)),
        "images/x/twice.png": binary(png(10, 10, 4)),
        "images/y/twice.png": binary(png(10, 10, 5)),
        "images/damaged.png": binary(b"\x89PNG no more"),
        "secret.txt": text("no picture"),
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("named") / "data", **hubs.settings) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server, hubs: Hubs) -> Client:
    hubs.hub.catalogue.add(FakeDataset("huggingface", "acme/folder", "Folder", "Words", "mit", files))
    client = server.client()
    wanted = {"dataset_id": "acme/folder"}
    answer = client.post("/api/datasets/download/huggingface", wanted, headers=WAIT)
    assert answer.status_code == 200, answer.text
    return client


def found(client: Client, *names: str) -> dict[str, Any]:
    address = "/api/datasets/huggingface:acme~folder/tables"
    [table] = client.get(address).json()["tables"]
    answer = client.get(f"{address}/{table['id']}/pictures", params={"name": list(names)})
    assert answer.status_code == 200, answer.text
    return {one["name"]: one for one in answer.json()["pictures"]}


def test_a_name_is_looked_for_beside_its_table_from_the_top_and_by_its_end(ada: Client) -> None:
    shown = found(ada, "cat/0.png", "1.png", "images/x/2.png", "2.png", "cat\\0.png")
    assert {name: one["path"] for name, one in shown.items()} == {
        "cat/0.png": "train/cat/0.png",
        "1.png": "train/1.png",
        "images/x/2.png": "images/x/2.png",
        "2.png": "images/x/2.png",
        "cat\\0.png": "train/cat/0.png",
    }
    assert (shown["cat/0.png"]["width"], shown["cat/0.png"]["height"]) == (40, 30)
    assert shown["1.png"]["thumbnail"].startswith("data:image/webp;base64,")


def test_names_of_nothing_are_left_out_and_keep_no_other(ada: Client, server: Server) -> None:
    outside = ("../../../etc/passwd.png", "/etc/x.png", "a\0.png", "secret.txt", "%.png", "_.png")
    assert set(found(ada, "gone.png", "twice.png", "images/damaged.png", *outside, "1.png")) == {"1.png"}
    row = ada.get("/api/datasets/huggingface:acme~folder").json()
    (Path(row["local_path"]) / "images/x/2.png").unlink()
    assert set(found(ada, "2.png", "images/x/twice.png")) <= {"2.png", "images/x/twice.png"}
    assert "images/x/twice.png" in found(ada, "images/x/twice.png")
    many = ada.get(
        "/api/datasets/huggingface:acme~folder/tables/none/pictures", params={"name": ["a.png"] * 61}
    )
    assert many.status_code == 422
