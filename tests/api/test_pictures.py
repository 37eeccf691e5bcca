"""Pictures of a dataset that is here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

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
