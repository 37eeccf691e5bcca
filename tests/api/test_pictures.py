"""Pictures of a dataset that is here, and what is laid over them."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.fakes.files import FileServer
from tests.support.dataset_files import encoded, zipped
from tests.support.hubs import Hubs
from tests.support.server import Server

XRAYS = "paultimothymooney/chest-xray-pneumonia"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("pictures") / "data", **hubs.settings) as server:
        yield server


def test_one_that_is_gone_keeps_the_others_from_nobody(server: Server) -> None:
    ada = server.client()
    got = ada.post("/api/datasets/download/kaggle", {"dataset_id": XRAYS}, headers={"Prefer": "wait"}).json()
    address = f"/api/datasets/{got['key']}/preview/images"
    found = ada.get(address).json()
    assert (len(found["images"]), found["image_count"], found["partial"]) == (12, 24, False)
    folders = {image["path"].rpartition("/")[0] for image in found["images"]}
    assert len(folders) == 4
    gone = Path(got["file_path"]) / found["images"][0]["path"]
    gone.unlink()
    others = ada.get(address).json()
    assert [image["path"] for image in others["images"]] == [one["path"] for one in found["images"][1:]]
    [note] = others["notes"]
    assert "is not on the disk" in note


def test_masks_are_laid_over_their_image_and_a_bad_one_keeps_no_other(server: Server) -> None:
    """microsoft/vscode#121873, atom/image-view#42: names with #, % and ? are not shown."""
    names = ["a #1?.png", "100%.png"]
    masks = [{"size": [40, 60], "counts": [400, 1000, 1000]}, {"size": [40, 60], "counts": "not one"}]
    told = {
        "images": [{"id": number, "file_name": name} for number, name in enumerate(names)],
        "annotations": [
            {"image_id": number, "category_id": 1, "segmentation": mask, "bbox": [10, 0, 25, 40]}
            for number, mask in enumerate(masks)
        ],
        "categories": [{"id": 1, "name": "cat"}],
    }
    pictures = {f"train/{name}": encoded(Image.new("RGB", (60, 40)), "PNG") for name in names}
    with FileServer({"cats.zip": zipped({"train.json": json.dumps(told).encode(), **pictures})}) as files:
        ada = server.client()
        asked = {"dataset_id": files.url("cats.zip")}
        job = ada.finished(ada.post("/api/datasets/download-dataset", asked).json()["job_id"])
    good, bad = ada.get(f"/api/datasets/{job['key']}/samples").json()["samples"]
    assert [one["name"] for one in (good, bad)] == ["train/a #1?.png", "train/100%.png"]
    drawn = ada.get(good["mask"])
    assert drawn.headers["Content-Type"] == "image/png"
    alpha = np.asarray(Image.open(io.BytesIO(drawn.content)))[..., 3]
    assert (alpha > 0).sum() == 1000
    assert (alpha[:, 10:35] > 0).all()
    again = ada.get(good["mask"], headers={"If-None-Match": drawn.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    refused = ada.get(bad["mask"]).json()
    assert (refused["code"], "mask of object 1" in refused["detail"]) == ("damaged_file", True)
    assert [ada.get(one["image"]).status_code for one in (bad, good)] == [200, 200]
