"""KITTI's recordings over the API, on small drives in its true form; the scanner lost a revolution."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from tests.fakes.files import FileServer
from tests.plugin_fixtures import fixture_of
from tests.support.plugins import small_plugin
from tests.support.server import Client, Server

RAW = "/api/datasets/builtin:small_kitti_raw"
OBJECT = "/api/datasets/builtin:small_kitti"
DRIVE = "2011_09_26_drive_0005_sync"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("sequences") / "data"
    own = folder / "plugins"
    own.mkdir(parents=True)
    with FileServer({}) as files:
        for name in ("kitti", "kitti_raw"):
            fixture = fixture_of(name)
            assert fixture is not None
            (own / f"small_{name}.py").write_text(small_plugin(name, fixture, files), encoding="utf-8")
        with Server(folder, DATAFERRY_RETRIES="0") as server:
            yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    client = server.client()
    asked = client.get(f"{RAW}/sequence/{DRIVE}")
    assert (asked.status_code, asked.json()["sequence"]["here"]) == (202, False), asked.text
    assert asked.json()["job"]["kind"] == "download"
    client.finished(asked.json()["job"]["id"])
    return client


def test_all_of_kitti_is_listed_and_nothing_starts(ada: Client) -> None:
    before = len(ada.get("/api/jobs").json())
    listed = ada.get("/api/datasets/kitti/sequences").json()["sequences"]
    assert {(one["layout"], one["here"]) for one in listed} == {("raw", False), ("object", False)}
    assert DRIVE in [one["id"] for one in listed]
    assert ada.get(f"/api/images/kitti/{DRIVE}/0000000000").status_code == 404
    assert len(ada.get("/api/jobs").json()) == before


def test_one_that_is_not_here_is_brought_for_who_may_download(ada: Client) -> None:
    reads = ada.post("/api/auth/tokens", {"name": "reads", "scope": "read"}).json()["token"]
    header = {"Authorization": f"Bearer {reads}"}
    asked = f"{OBJECT}/frames/training"
    assert ada.http.get(asked, headers=header).status_code == 404
    begun = ada.get(asked)
    assert (begun.status_code, begun.json()["frames"]) == (202, [])
    ada.finished(begun.json()["job"]["id"])
    page = ada.get(asked).json()
    assert (page["total"], page["job"]) == (4, None)
    assert [len(one["objects"]) for one in page["frames"]] == [0, 1, 2, 3]
    seen = page["frames"][1]["objects"][0]
    assert (seen["category"], seen["corners"]) == ("Pedestrian", None)  # no calibration was downloaded
    assert seen["cameras"]["image_02"]["bbox"] == [10.5, 5, 20, 12]


def test_a_drive_with_its_calibration_and_its_way(ada: Client) -> None:
    told = ada.get(f"{RAW}/sequence/{DRIVE}").json()
    assert told["frames"] == [f"{number:010d}" for number in range(3)]
    assert told["missing"] == {"velodyne": ["0000000001"]}
    assert told["calibration"]["P_rect_02"][0] == 100
    assert told["sequence"]["cameras"] == ["image_00", "image_01", "image_02", "image_03"]
    assert [one["latitude"] for one in told["track"]] == [49.015] * 3
    assert told["problems"] == []


def test_a_frame_is_what_its_files_name(ada: Client) -> None:
    """The scan behind a lost one is not taken for it."""
    lost, after = ada.get(f"{RAW}/frames/{DRIVE}?offset=1").json()["frames"]
    assert (lost["id"], lost["points"], lost["from_above"]) == ("0000000001", None, None)
    refused = ada.get(f"{RAW}/frames/{DRIVE}/0000000001/points")
    assert (refused.status_code, "has no scan" in refused.json()["detail"]) == (404, True)
    for wrong in ("1", "0000000003", "..%2F..", "0000000001.png"):
        assert ada.get(f"{RAW}/frames/{DRIVE}/{wrong}/image").status_code == 404, wrong
    points = ada.get(after["points"])
    whole = np.frombuffer(points.content, "<i2").reshape(-1, 4)
    assert whole.tolist() == [[0, 0, 0, 0]]  # four points of one cube
    above = Image.open(io.BytesIO(ada.get(after["from_above"]).content))
    assert (above.format, above.size) == ("PNG", (800, 800))
    for camera, image in after["cameras"].items():
        answer = ada.get(image["address"])
        assert answer.headers["Content-Type"] == "image/png", camera
        assert Image.open(io.BytesIO(answer.content)).size == (image["width"], image["height"]) == (124, 37)


def test_objects_stand_in_the_image_and_in_space(ada: Client) -> None:
    """The car is 3.5 m long, its middle 15 m ahead and 2 m to the left."""
    frame = ada.get(f"{RAW}/frames/{DRIVE}?offset=1&limit=1").json()["frames"][0]
    [car] = frame["objects"]
    corners = np.array(car["corners"])
    assert corners.min(0).tolist() == [13.25, 1.2, -1]
    assert corners.max(0).tolist() == [16.75, 2.8, 0.5]
    assert (car["category"], car["track"], set(car["cameras"])) == ("Car", 0, {"image_02"})
    seen = car["cameras"]["image_02"]
    left, top, width, height = seen["bbox"]
    assert left < 62 - 100 * 2 / 15 < left + width < 62
    assert top < 18 < top + height
    assert len(seen["edges"]) == 12
    assert (frame["position"]["lat"], frame["position"]["numsats"]) == (49.015, 8)


def test_what_has_no_recordings_says_so(ada: Client) -> None:
    unknown = ada.get(f"{RAW}/sequence/2011_09_26_drive_9999_sync")
    assert (unknown.status_code, DRIVE[:10] in unknown.json()["next_step"]) == (404, True)
    ada.post("/api/datasets/download-dataset", {"dataset_id": "builtin:iris"}, headers={"Prefer": "wait"})
    assert ada.get("/api/datasets/iris/sequences").json() == {"sequences": []}
    assert ada.get("/api/datasets/iris/sequence/training").status_code == 404
