"""Datasets that are not here, looked at in the zips at their source."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.fakes.files import FileServer
from tests.plugin_fixtures import fixture_of
from tests.support.plugins import small_plugin
from tests.support.server import Client, Server

TINY = "tiny_imagenet/tiny-imagenet-200.zip"
NAMES = ("tiny_imagenet", "kitti", "chest_xray_pneumonia")


@pytest.fixture(scope="module")
def files() -> Iterator[FileServer]:
    with FileServer() as files:
        yield files


@pytest.fixture(scope="module")
def ada(tmp_path_factory: pytest.TempPathFactory, files: FileServer) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("remote") / "data"
    own = folder / "plugins"
    own.mkdir(parents=True)
    for name in NAMES:
        fixture = fixture_of(name)
        assert fixture is not None
        text = small_plugin(name, fixture, files)
        (own / f"small_{name}.py").write_text(text, encoding="utf-8")
    with Server(folder, DATAFERRY_RETRIES="0") as server:
        yield server.client()


def got(client: Client, address: str, **params: Any) -> Any:
    answer = client.get(address, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def spans(files: FileServer, path: str) -> list[str]:
    return [request.headers.get("Range", "") for request in files.requests if request.path == path]


def test_single_images_come_out_of_the_remote_zip(ada: Client, files: FileServer) -> None:
    of = "/api/datasets/small_tiny_imagenet"
    page = got(ada, f"{of}/samples", split="train", limit=3)
    assert len(spans(files, TINY)) <= 5, "its directory, two texts and the pictures of the page"
    assert (page["here"], page["total"], page["form"]) == (False, 200, "Tiny-ImageNet")
    assert [one["name"] for one in page["splits"]] == ["train", "val", "test"]
    assert len(page["classes"]) == 200
    assert got(ada, f"{of}/samples", split="val", limit=1)["samples"][0]["label"] == "goldfish"

    asked, sent = len(spans(files, TINY)), files.served[TINY]
    image = ada.get("/api/images/small_tiny_imagenet/n02124075/n02124075_0.JPEG")
    assert Image.open(io.BytesIO(image.content)).size == (64, 64)
    assert len(spans(files, TINY)) == asked + 1
    assert files.served[TINY] - sent <= 3_000
    assert files.requests[-1].headers["If-Range"].startswith('"')
    again = ada.get("/api/images/small_tiny_imagenet/n02124075/n02124075_0")
    assert again.content == image.content
    assert len(spans(files, TINY)) == asked + 1
    missing = ada.get("/api/images/small_tiny_imagenet/n02124075/n01443537_0.JPEG")
    assert missing.status_code == 404


def test_the_classes_are_walked_down_and_up(ada: Client) -> None:
    of = "/api/datasets/small_tiny_imagenet/classes"
    every = got(ada, of)
    assert len(every) == 200
    assert every[0] == {
        "id": "n01443537",
        "name": "goldfish",
        "is_class": True,
        "parents": ["n01439121"],
        "children": 0,
        "classes": 1,
        "count": 1,
        "example": None,
    }
    top = {one["name"]: one for one in got(ada, of, parent="root")}
    assert top["physical entity"]["classes"] + top["abstraction"]["classes"] >= 200
    below, path = top["physical entity"], []
    while not below["is_class"]:
        nodes = got(ada, of, parent=below["id"])
        assert all(below["id"] in one["parents"] for one in nodes)
        below = max(nodes, key=lambda one: ("animal" in path) * one["is_class"] * 1000 + one["classes"])
        path.append(below["name"])
    assert below["count"] == 1
    assert ada.get(below["example"]).status_code == 200
    named = [(one["name"], one["is_class"]) for one in got(ada, of, q=" Fish ")]
    assert named[:2] == [("goldfish", True), ("jellyfish", True)]
    assert ("fish", False) in named
    assert ada.get(of, params={"parent": "n99999999"}).status_code == 404
    assert (
        ada.get("/api/datasets/small_chest_xray_pneumonia/classes", params={"parent": "root"}).status_code
        == 404
    )


def test_older_names_answer_an_array(ada: Client, files: FileServer) -> None:
    """Clients that were written for them call ``map`` on the answer."""
    answer = ada.get("/api/datasets/tiny-imagenet/samples", params={"limit": 2})
    assert [one["id"] for one in answer.json()] == ["train-0", "train-1"]
    assert answer.headers["X-Total-Count"] == "200"
    assert got(ada, "/api/datasets/tiny-imagenet/samples", limit=2, start=False)["total"] == 200


def test_chest_x_rays_and_their_categories(ada: Client) -> None:
    of = "/api/datasets/small_chest_xray_pneumonia"
    told = got(ada, f"{of}/categories", split="train")
    assert [one["name"] for one in told["categories"]] == ["NORMAL", "PNEUMONIA"]
    page = got(ada, f"{of}/samples", split="train", limit=1)
    assert page["total"] == sum(one["count"] for one in told["categories"])
    image = ada.get(f"/api/images/small_chest_xray_pneumonia/{page['samples'][0]['id']}")
    assert image.headers["Content-Type"] in ("image/jpeg", "image/png")


def test_annotations_in_one_zip_belong_to_the_images_of_another(ada: Client) -> None:
    page = got(ada, "/api/datasets/small_kitti/samples", split="training")
    assert (page["task_type"], page["form"]) == ("detection", "KITTI")
    assert any(one["boxes"] for one in page["samples"])


def test_another_archive_at_its_address_is_noticed(ada: Client, files: FileServer) -> None:
    of = "/api/datasets/small_tiny_imagenet/samples"
    address = got(ada, of, split="train", limit=1, offset=150)["samples"][0]["image"].replace(
        "/150/", "/170/"
    )
    before = files.files[TINY]
    files.files[TINY] = before + b"\0"
    changed = ada.get(address)
    assert (changed.status_code, changed.json()["code"]) == (502, "content_changed")
    files.files[TINY] = before
    assert ada.get(address).status_code == 200


def test_a_server_without_ranges_has_the_dataset_downloaded(tmp_path: Path, files: FileServer) -> None:
    own = tmp_path / "data" / "plugins"
    own.mkdir(parents=True)
    fixture = fixture_of("tiny_imagenet")
    assert fixture is not None
    text = small_plugin("tiny_imagenet", fixture, files)
    (own / "tiny.py").write_text(text, encoding="utf-8")
    files.fault(TINY, "no_range")
    try:
        with Server(tmp_path / "data", DATAFERRY_RETRIES="0") as server:
            ada = server.client()
            of = "/api/datasets/small_tiny_imagenet/samples"
            looked = ada.get(of, params={"start": False})
            assert "only as a whole" in looked.json()["detail"]
            begun = ada.get(of)
            assert begun.status_code == 202, begun.text
            assert begun.headers["Location"] == f"/api/jobs/{begun.json()['job']['id']}"
            ada.finished(begun.json()["job"]["id"])
            page = got(ada, of, split="val")
            assert (page["here"], page["total"]) == (True, 5)
    finally:
        files.heal(TINY)
