"""Statistics and data health over the API: faults that are planted in a small dataset are found, each by its
name, and nothing else is."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from dataferry.library import rights
from dataferry.library.models import Dataset
from tests.api.conftest import application
from tests.fakes.files import FileServer
from tests.support.dataset_files import encoded, zipped
from tests.support.server import PASSWORD, Client, Server

PETS = """
from dataferry.plugins import ClassificationPlugin, RemoteFile


class Pets(ClassificationPlugin):
    name = "pets"
    aliases = ("beasts",)
    display_name = "Pets"
    input_shape = (3, 48, 64)
    class_names = ("cat", "dog")
    train_size, test_size = 13, 2
    license = "CC0-1.0"
    files = (RemoteFile("pets.zip", "{pets}", unpack=True),)

    def read(self, split):
        from dataferry.plugins.readers.folders import ImageFolders

        return None if split == "val" else ImageFolders(self.root / split, self.class_names)


PLUGIN = Pets()
"""


def smooth(seed: int) -> Image.Image:
    """A picture with large shapes, which survives JPEG and a change of size."""
    shapes = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return Image.fromarray(shapes).resize((160, 120), Image.Resampling.BICUBIC)


def pets() -> dict[str, bytes]:
    cats = {f"train/cat/{number}.jpg": encoded(smooth(number), quality=92) for number in range(4)}
    turned = Image.Exif()
    turned[0x0112] = 6
    sideways = encoded(smooth(1).transpose(Image.Transpose.ROTATE_90), exif=turned.tobytes(), quality=92)
    frames = [smooth(40), smooth(41)]
    deep = np.linspace(0, 65535, 120 * 160).astype(np.uint16).reshape(120, 160)
    return cats | {
        "train/cat/blank_black.png": encoded(Image.new("RGB", (160, 120)), "PNG"),
        "train/cat/blank_white.png": encoded(Image.new("RGB", (160, 120), "white"), "PNG"),
        "train/cat/deep.png": encoded(Image.fromarray(deep), "PNG"),
        "train/cat/moving.gif": encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "train/cat/tiny.png": encoded(smooth(50).resize((12, 9)), "PNG"),
        "train/cat/cut.jpg": cats["train/cat/3.jpg"][:400],
        "train/cat/.hidden.jpg": cats["train/cat/3.jpg"],
        "train/dog/same_as_cat_0.jpg": cats["train/cat/0.jpg"],
        "train/dog/sideways_cat_1.jpg": sideways,
        "train/dog/4.jpg": encoded(smooth(4)),
        "test/cat/smaller_cat_2.jpg": encoded(smooth(2).resize((80, 60)), quality=80),
        "test/dog/5.jpg": encoded(smooth(5)),
        "readme_pictures/9.png": encoded(smooth(9), "PNG"),
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("health") / "data"
    own = folder / "plugins"
    own.mkdir(parents=True)
    with FileServer({"pets.zip": zipped(pets())}) as files:
        (own / "pets.py").write_text(PETS.format(pets=files.url("pets.zip")), encoding="utf-8")
        with Server(folder, DATAFERRY_RETRIES="0") as server:
            yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    client = server.client()
    # By its short name, as Tiny-ImageNet and the chest X-rays are asked for.
    assert client.get("/api/datasets/beasts/statistics?start=false").status_code == 404
    begun = client.get("/api/datasets/beasts/statistics")
    assert (begun.status_code, begun.json()["state"]) == (202, "downloading"), begun.text
    client.finished(begun.json()["job"]["id"])
    looked = client.get("/api/datasets/beasts/statistics?start=false")
    assert (looked.status_code, looked.json()["state"], looked.json()["job"]) == (200, "absent", None)
    return client


def ready(client: Client, path: str) -> dict[str, Any]:
    begun = client.get(path)
    assert begun.status_code == 202, begun.text
    assert begun.json()["state"] == "computing"
    client.finished(begun.json()["job"]["id"])
    answer = client.get(path)
    found: dict[str, Any] = answer.json()
    assert (answer.status_code, found["state"], found["current"]) == (200, "ready", True), answer.text
    return found


def names(client: Client, kind: str, dataset: str = "pets") -> list[list[str]]:
    page = client.get(f"/api/datasets/{dataset}/health/{kind}").json()
    return [[member["name"].rpartition("/")[2] for member in group["members"]] for group in page["groups"]]


def test_images_in_figures(ada: Client) -> None:
    found = ready(ada, "/api/datasets/beasts/statistics")
    groups = {group["name"]: group for group in found["groups"]}
    train = groups["train"]
    assert (train["total"], train["unreadable"], groups["test"]["total"]) == (13, 1, 2)
    assert train["classes"] == [{"value": "cat", "count": 10}, {"value": "dog", "count": 3}]
    columns = {one["name"]: one for one in train["columns"]}
    assert (columns["Width"]["min"], columns["Width"]["max"], columns["Width"]["rows"]) == ("12", "160", 12)
    assert sum(one["count"] for one in columns["Height"]["histogram"]) == 12
    assert {one["value"]: one["count"] for one in columns["Format"]["top"]} == {"JPEG": 7, "PNG": 4, "GIF": 1}
    assert {one["name"]: one["sampled"] for one in train["channels"]} == {
        "grey": 1,
        **dict.fromkeys(("red", "green", "blue"), 11),
    }
    assert found["of"]["checksum"] == ada.get("/api/datasets/pets").json()["checksum"]


def test_what_is_wrong_is_found_and_what_is_not_is_not(ada: Client) -> None:
    report = ready(ada, "/api/datasets/pets/health")
    found = {one["kind"]: one for one in report["findings"]}
    assert names(ada, "exact_duplicates") == [["0.jpg", "same_as_cat_0.jpg"]]
    near = names(ada, "near_duplicates")
    assert sorted(map(sorted, near)) == [["1.jpg", "sideways_cat_1.jpg"], ["2.jpg", "smaller_cat_2.jpg"]]
    assert [sorted(group) for group in names(ada, "split_leaks")] == [["2.jpg", "smaller_cat_2.jpg"]]
    assert len(names(ada, "conflicting_labels")) == 2
    assert names(ada, "unreadable") == [["cut.jpg"]]
    assert sorted(names(ada, "blank")) == [["blank_black.png"], ["blank_white.png"]]
    assert names(ada, "animated") == [["moving.gif"]]
    assert names(ada, "odd_sizes") == [["tiny.png"]]
    assert sorted(names(ada, "files_without_labels")) == [[".hidden.jpg"], ["9.png"]]
    assert {"class_imbalance", "boxes_outside", "labels_without_files"}.isdisjoint(found)
    assert found["blank"]["says"] == "2 pictures have one colour all over."
    assert found["unreadable"]["says"] == "1 image cannot be read."
    assert found["animated"]["says"] == "1 image has several frames."
    assert any("10" in one or "tenth" in one for one in report["checked"])
    assert "score" not in str(report)
    none = ada.get("/api/datasets/pets/health/class_imbalance")
    assert (none.status_code, none.json()["code"]) == (404, "not_found")
    assert ada.get("/api/datasets/pets/health/nonsense").status_code == 422


def test_a_finding_is_exported(ada: Client) -> None:
    address = "/api/datasets/pets/health/near_duplicates/export"
    table = ada.get(address)
    assert table.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["group"] for row in rows] == ["1", "1", "2", "2"]
    assert {row["split"] for row in rows} == {"train", "test"}
    whole = ada.get(address, params={"format": "json"}).json()
    assert [len(group["members"]) for group in whole["groups"]] == [2, 2]


def test_looking_does_not_start_again_what_was_cancelled(ada: Client, server: Server) -> None:
    """Other bytes are told of, and are looked at anew."""
    row = ada.get("/api/datasets/pets").json()
    victim = next(Path(row["local_path"]).rglob("train/dog/4.jpg"))
    victim.chmod(0o644)
    victim.write_bytes(b"changed")
    ada.finished(ada.post("/api/datasets/pets/verify").json()["id"])
    told = ada.get("/api/datasets/pets/health").json()
    assert told["state"] == "ready"
    assert "changed" in told["reason"]
    again = ada.post("/api/datasets/pets/health").json()
    ada.finished(again["id"])
    assert sorted(names(ada, "unreadable")) == [["4.jpg"], ["cut.jpg"]]
    ada.post("/api/datasets/download-dataset", {"dataset_id": "builtin:digits"}, headers={"Prefer": "wait"})
    job = ada.get("/api/datasets/digits/health").json()["job"]
    ada.post(f"/api/jobs/{job['id']}/cancel")
    if ada.job(job["id"])["state"] == "cancelled":  # it may have been done before
        stopped = ada.get("/api/datasets/digits/health")
        assert (stopped.status_code, stopped.json()["state"]) == (200, "stopped")


def test_a_table_is_looked_at_as_rows(ada: Client) -> None:
    ada.post("/api/datasets/download-dataset", {"dataset_id": "builtin:iris"}, headers={"Prefer": "wait"})
    statistics = ready(ada, "/api/datasets/iris/statistics")
    assert sum(group["total"] for group in statistics["groups"]) == 150
    assert {group["of"] for group in statistics["groups"]} == {"rows"}
    report = ready(ada, "/api/datasets/iris/health")
    kinds = {one["kind"] for one in report["findings"]}
    assert kinds & {"duplicate_rows", "shared_rows"}
    for kind in kinds & {"duplicate_rows", "shared_rows"}:
        [group, *_] = ada.get(f"/api/datasets/iris/health/{kind}").json()["groups"]
        assert len(group["members"]) == 2
    assert "constant_columns" not in kinds
    assert len(report["checked"]) == 4


def test_looking_wakes_no_job_that_rests(tmp_path: Path) -> None:
    """The page looks every moment: who has paused the computation finds it paused."""
    with application(tmp_path / "data") as app:
        client = TestClient(app, base_url="http://localhost:8000")
        given = {"email": "ada@example.org", "password": PASSWORD}
        assert client.post("/api/auth/register", json=given).status_code < 300
        form = {"username": given["email"], "password": PASSWORD}
        token = client.post("/api/auth/token", data=form).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        me = client.get("/api/auth/me").json()["id"]
        with app.state.services.database.unit_of_work() as session:
            dataset = Dataset(id="ds_1", source="builtin", source_id="iris", name="iris", updated_at_ms=0)
            dataset.revision, dataset.downloaded, dataset.status = "1", True, "downloaded"
            dataset.local_path = str(tmp_path)
            session.add(dataset)
            session.flush()
            rights.record_access(session, "ds_1", me)
        path = "/api/datasets/builtin:iris/health"
        job = client.get(path).json()["job"]["id"]
        assert client.post(f"/api/jobs/{job}/pause").json()["state"] == "paused"
        looked = client.get(path).json()
        assert (looked["state"], looked["job"]["id"], looked["job"]["state"]) == ("computing", job, "paused")
        assert client.get(f"/api/jobs/{job}").json()["state"] == "paused"
