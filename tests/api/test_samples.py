"""The samples of built-in datasets, browsed by split and class: every image plugin that is shipped, on small
files in its true format, and plugins of a person's own that are slow, wrong or damaged."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from dataferry.plugins import DatasetPlugin, builtin_datasets
from tests.fakes.files import FileServer
from tests.plugin_fixtures import fixture_of
from tests.support.plugins import pets, small_plugin, street
from tests.support.server import Client, Server

WAIT = {"Prefer": "wait"}
SHIPPED = [name for name, plugin in builtin_datasets().items() if isinstance(plugin, DatasetPlugin)]
OWN = '''
from PIL import Image

from dataferry.plugins import ClassificationPlugin, RemoteFile


class Images:
    """Their labels are told with them alone."""

    def __init__(self, paths):
        self.paths = paths

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        return Image.open(self.paths[index]).convert("RGB"), int(self.paths[index].parent.name == "dog")


class Pets(ClassificationPlugin):
    name = "pets"
    display_name = "Pets"
    input_shape = (3, 8, 10)
    class_names = ("cat", "dog")
    train_size, test_size = 6, 4
    license = "CC0-1.0"
    files = (RemoteFile("pets.zip", "{pets}", unpack=True),)

    def read(self, split):
        paths = sorted((self.root / split).rglob("*.png"))
        return Images(paths) if paths else None


PLUGIN = Pets()
'''
HOSTILE = '''
import json

from PIL import Image

from dataferry.plugins import DetectionPlugin, RemoteFile


class Hostile:
    """The first is as it should be, the second raises, the third has boxes that are no boxes, the fourth has
    no image, and the fifth ends the program."""

    def __len__(self):
        return 5

    def __getitem__(self, index):
        if index == 1:
            raise ZeroDivisionError("nothing there")
        if index == 4:
            raise SystemExit(3)
        wrong = [
            {{"bbox": [float("nan"), 0, 1, 1], "category_id": 3}},
            {{"bbox": [1, 2, 3, 4], "category_id": 9}},
        ]
        right = [{{"bbox": [10, 8, 20, 16], "category_id": 17, "iscrowd": 1}}]
        image = None if index == 3 else Image.new("RGB", (50, 40))
        return image, wrong if index == 2 else right


class Street(DetectionPlugin):
    name = "street"
    display_name = "Street"
    input_shape = (3, 40, 50)
    class_names = ("car", "person")
    category_ids = (3, 17)
    train_size = 4
    license = "CC0-1.0"
    files = (RemoteFile("street.zip", "{street}", unpack=True),)

    def read(self, split):
        if split == "val":
            raise KeyError("no such file")
        return Hostile() if split == "train" else None


PLUGIN = Street()
'''


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("samples") / "data"
    own = folder / "plugins"
    own.mkdir(parents=True)
    with FileServer({**pets().files, **street().files}) as files:
        for name in SHIPPED:
            fixture = fixture_of(name)
            assert fixture is not None
            (own / f"small_{name}.py").write_text(small_plugin(name, fixture, files), encoding="utf-8")
        (own / "pets.py").write_text(OWN.format(pets=files.url("pets.zip")), encoding="utf-8")
        (own / "street.py").write_text(HOSTILE.format(street=files.url("street.zip")), encoding="utf-8")
        with Server(folder, DATAFERRY_RETRIES="0") as server:
            yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


def download(client: Client, name: str) -> None:
    answer = client.post("/api/datasets/download-dataset", {"dataset_id": f"builtin:{name}"}, headers=WAIT)
    assert answer.status_code in (200, 500), answer.text


def page(client: Client, name: str, **params: Any) -> dict[str, Any]:
    answer = client.get(f"/api/datasets/builtin:{name}/samples", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def picture(client: Client, address: str) -> Image.Image:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_dataset_is_browsed(ada: Client, name: str) -> None:
    download(ada, f"small_{name}")
    plugin = builtin_datasets()[name]
    assert isinstance(plugin, DatasetPlugin)
    first = page(ada, f"small_{name}")
    assert first["task_type"] == plugin.task_type
    for split in first["splits"]:
        shown = page(ada, f"small_{name}", split=split["name"], limit=3, offset=1)
        assert shown["total"] == split["total"]
        assert [one["index"] for one in shown["samples"]] == list(range(split["total"]))[1:4]
    (sample, *_) = first["samples"]
    assert sample["problem"] is None
    if plugin.task_type == "text":
        assert set(plugin.fields) <= set(sample["row"])  # type: ignore[attr-defined]
        return
    assert picture(ada, sample["image"]).size == (sample["width"], sample["height"])
    assert max(picture(ada, sample["thumbnail"]).size) <= 192
    some = next(one for one in first["classes"] if one["count"])
    of_it = page(ada, f"small_{name}", **{"class": some["name"]})
    assert len(of_it["samples"]) == of_it["total"] == some["count"]
    for one in of_it["samples"]:
        labels = {one["label"]} if plugin.task_type == "classification" else _categories(one)
        assert some["name"] in labels


def _categories(sample: dict[str, Any]) -> set[str]:
    for box in sample["boxes"]:
        _, _, width, height = box["bbox"]
        assert width >= 0 <= height
    return {box["category"] for box in sample["boxes"]}


def test_samples_without_labels_of_their_own_are_read_for_a_class(ada: Client) -> None:
    download(ada, "pets")
    before = page(ada, "pets", split="test")
    assert [one["count"] for one in before["classes"]] == [None, None]
    dogs = page(ada, "pets", split="test", **{"class": "dog"})
    assert ([one["index"] for one in dogs["samples"]], dogs["total"]) == ([2, 3], 2)
    assert {one["label"] for one in dogs["samples"]} == {"dog"}
    assert [one["count"] for one in dogs["classes"]] == [2, 2]
    unknown = ada.get("/api/datasets/pets/samples", params={"class": "cow"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    assert "cat, dog" in unknown.json()["next_step"]
    assert ada.get("/api/datasets/pets/samples?split=all").status_code == 404


def test_a_picture_is_kept_by_the_browser_and_asked_for_again_without_its_bytes(ada: Client) -> None:
    download(ada, "pets")
    address = page(ada, "pets")["samples"][0]["thumbnail"]
    first = ada.get(address, headers={"Accept": "image/webp,*/*"})
    assert first.headers["Content-Type"] == "image/webp"
    assert first.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert first.headers["Vary"] == "Accept"
    assert ada.get(address).headers["Content-Type"] == "image/jpeg"
    again = ada.get(address, headers={"Accept": "image/webp", "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    access = ada.post("/api/datasets/builtin:pets/browser-access")
    assert address.startswith(access.json()["address"])
    ada.http.cookies.set("dataferry_files", access.cookies["dataferry_files"])
    assert ada.http.get(address, headers={"Authorization": ""}).status_code == 200
    beyond = ada.get("/api/datasets/builtin:pets/samples/train/6/image")
    assert (beyond.status_code, "no image 6 in train" in beyond.json()["detail"]) == (404, True)


def test_what_cannot_be_shown_says_why_and_keeps_no_other(ada: Client) -> None:
    download(ada, "street")
    shown = page(ada, "street")
    train, val = shown["splits"]
    assert (train["problem"], val["total"]) == (None, 0)
    assert "no such file" in val["problem"]
    first, raises, wrong, none, ends = shown["samples"]
    assert first["boxes"] == [
        {"bbox": [10, 8, 20, 16], "category_id": 17, "category": "person", "crowd": True, "outlines": []},
    ]
    assert "nothing there" in raises["problem"]
    assert [box["category"] for box in wrong["boxes"]] == ["Category 9"]
    assert none["problem"]
    assert "SystemExit" in ends["problem"]
    refused = ada.get("/api/datasets/street/samples?split=val")
    assert (refused.status_code, refused.json()["code"]) == (500, "plugin_failed")
    assert ada.get("/api/datasets/street/samples/train/1/image").json()["code"] == "plugin_failed"
    by_class = ada.get("/api/datasets/street/samples", params={"class": "car"})
    assert by_class.json()["code"] == "plugin_failed"
    assert page(ada, "pets")["total"] == 6


def test_a_damaged_image_and_a_dataset_that_goes(ada: Client) -> None:
    download(ada, "small_chest_xray_pneumonia")
    asked = "/api/datasets/small_chest_xray_pneumonia"
    row = ada.get(asked).json()
    assert page(ada, "small_chest_xray_pneumonia", split="train")["splits"]
    victim = next(Path(row["local_path"]).rglob("train/NORMAL/*"))
    content = victim.read_bytes()
    victim.unlink()
    shown = page(ada, "small_chest_xray_pneumonia", split="train")
    (lost,) = [one for one in shown["samples"] if one["problem"]]
    assert victim.name in lost["problem"]
    assert row["local_path"] not in lost["problem"]
    assert len([one for one in shown["samples"] if one["thumbnail"]]) == shown["total"] - 1
    victim.write_bytes(content[:100])
    address = f"{asked}/samples/train/{lost['index']}/thumbnail"
    assert ada.get(address).json()["code"] == "damaged_file"
    deletion = ada.http.delete(f"{asked}/data")
    assert deletion.status_code == 202, deletion.text
    ada.finished(deletion.json()["job_id"])
    assert page(ada, "small_chest_xray_pneumonia")["here"] is False  # from its source from now on


@pytest.mark.parametrize("name", ["mnist", "coco128"])
def test_the_code_that_reads_its_images_runs(server: Server, ada: Client, name: str) -> None:
    download(ada, f"small_{name}")
    offered = ada.get(f"/api/datasets/builtin:small_{name}/snippets").json()["snippets"]
    codes = {one["loader"]: one["code"] for one in offered}
    assert set(codes) == {"pillow", "torch"}  # torch is not installed here
    compile(codes["torch"], name, "exec")
    ran = subprocess.run(
        [sys.executable, "-c", f"{codes['pillow']}\nprint(image.size)"],
        env=server.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == ("(28, 28)\n" if name == "mnist" else "(64, 48)\n")


def test_a_table_has_splits_and_no_samples(ada: Client) -> None:
    download(ada, "iris")
    shown = page(ada, "iris")
    assert (shown["task_type"], shown["samples"], shown["total"]) == ("table", [], 0)
    assert [one["name"] for one in shown["splits"]] == ["train", "test"]
