"""Annotations over the API: two people on one image, stale changes, uploads, deletion and export.

Reported of others: whoever saves last overwrites the other (cvat-ai/cvat#191, naurril/SUSTechPOINTS#109), a
save that is sent again makes a second box or an error (cvat-ai/cvat#2157), boxes of a photo that a telephone
has turned lie elsewhere (HumanSignal/labelImg#376, wkentaro/labelme#1529).
"""

import io
import sqlite3
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from tests.fakes.content import Blob, InMemory, text
from tests.fakes.dataset import FakeDataset
from tests.support.hubs import Hubs
from tests.support.server import Client, Server
from tests.support.street import street
from tests.support.uploaded import consented, dicom, uploaded

WAIT = {"Prefer": "wait"}
HUB = "/api/datasets/download/huggingface"
PATH = "/api/datasets/huggingface:acme~street/annotations"
ADA, BOB = "ada@example.org", "bob@example.org"


def picture(turned: bool = False) -> bytes:
    """40 × 30 pixels as stored; upright 30 × 40 where it is ``turned``."""
    exif = Image.Exif()
    exif[0x0112] = 6 if turned else 1
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "gray").save(file, "JPEG", exif=exif)
    return file.getvalue()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    files = {"README.md": text("# Street\n"), "train/car/0.jpg": Blob(InMemory(picture()))}
    files |= {f"train/bus/{number}.jpg": Blob(InMemory(picture(turned=True))) for number in range(3)}
    hubs.hub.catalogue.add(
        FakeDataset("huggingface", "acme/street", "Street", "", "mit", lambda: files, bare=True)
    )
    folder = tmp_path_factory.mktemp("annotations") / "data"
    with Server(folder, DATAFERRY_MODEL="none", **hubs.settings) as server:
        server.client("admin@example.org")
        answer = server.client(ADA).post(HUB, {"dataset_id": "acme/street"}, headers=WAIT)
        assert answer.is_success, answer.text
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client(ADA)


@pytest.fixture(scope="module")
def bob(server: Server) -> Client:
    return server.client(BOB)


def new(image: int, label: str = "car", box: Any = (1, 2, 10, 12), **fields: Any) -> dict[str, Any]:
    kind = "label" if box is None else "box"
    known = {"id": f"annotation_{uuid4().hex}", "split": "train", "image": image}
    return {**known, "kind": kind, "label": label, "box": box, **fields}


def drawn(client: Client, wanted: dict[str, Any], path: str = PATH) -> dict[str, Any]:
    answer = client.post(path, wanted)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def listed(client: Client, image: int) -> dict[str, Any]:
    answer = client.get(PATH, params={"split": "train", "image": image})
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def zipped(client: Client, path: str, **query: str) -> dict[str, str]:
    answer = client.get(f"{path}/export", params=query)
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_two_people_on_one_image_lose_nothing(ada: Client, bob: Client) -> None:
    """Both begin it at the same moment, and each of them again and again."""
    wanted = [(client, new(0, f"{name} {n}")) for n in range(6) for name, client in (("a", ada), ("b", bob))]
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda one: drawn(*one), wanted))
    page = listed(bob, 0)
    assert page["total"] == 12
    assert {one["label"] for one in page["annotations"]} == {one["label"] for one in made}
    assert [one["annotations"] for one in page["people"]] == [6, 6]
    assert {one["email"]: one["mine"] for one in page["people"]} == {ADA: False, BOB: True}
    hers = made[0]
    refused = bob.http.put(f"{PATH}/{hers['id']}", json={"version": hers["version"], "label": "mine"})
    assert refused.status_code == 403
    gone = bob.http.delete(f"{PATH}/{hers['id']}", params={"version": hers["version"]})
    assert gone.status_code == 403


def test_what_is_stale_is_refused_with_what_is_there(ada: Client) -> None:
    wanted = new(1)
    first = drawn(ada, wanted)
    # The answer was lost, and it is sent again.
    assert drawn(ada, wanted) == first
    assert [one["id"] for one in listed(ada, 1)["annotations"]].count(first["id"]) == 1
    path = f"{PATH}/{first['id']}"
    body = {"version": first["version"], "label": "bus", "box": [2, 3, 10, 12]}
    second = ada.http.put(path, json=body).json()
    assert (second["label"], second["box"]) == ("bus", [2, 3, 10, 12])
    assert second["created_at"] == first["created_at"]
    assert ada.http.put(path, json=body).json() == second
    stale = ada.http.put(path, json={**body, "label": "tram"})
    assert (stale.status_code, stale.json()["current"]) == (409, second)
    stale = ada.http.delete(path, params={"version": first["version"]})
    assert (stale.status_code, stale.json()["current"]["version"]) == (409, second["version"])
    assert ada.http.delete(path, params={"version": second["version"]}).status_code == 204
    assert ada.http.delete(path, params={"version": second["version"]}).status_code == 404
    # An undo brings it back; what another window knew of it is stale all the same.
    again = drawn(ada, wanted)
    assert ada.http.put(path, json={**body, "label": "tram"}).status_code == 409
    assert ada.http.delete(path, params={"version": again["version"]}).status_code == 204


def test_boxes_count_in_pixels_of_the_upright_image(ada: Client) -> None:
    page = listed(ada, 2)
    turned = page["image"]
    assert turned == {"width": 30, "height": 40}
    assert drawn(ada, new(2, box=[0, 0, 30, 40]))["box"] == [0, 0, 30, 40]
    wide = ada.post(PATH, new(2, box=[0, 0, 40, 30]))
    assert (wide.status_code, "from 0 to 40, and the image from 0 to 30" in wide.text) == (422, True)
    assert ada.post(PATH, new(99)).status_code == 404


def test_agreement_and_export_of_one_or_all(ada: Client, bob: Client) -> None:
    for client, box in ((ada, [5, 5, 10, 10]), (bob, [5, 5, 10, 8])):
        drawn(client, new(3, "tram", box))
        drawn(client, new(3, "night", None))
    query = {"a": ADA, "b": BOB}
    found = ada.get(f"{PATH}/agreement", params={**query, "iou": "0.75"}).json()
    image = next(one for one in found["images"] if one["image"] == 3)
    assert (image["matched"], image["only_a"], image["only_b"]) == (1, 0, 0)
    assert (found["image_labels"]["compared"], found["image_labels"]["kappa"]) == (1, None)
    assert "one and the same label" in found["image_labels"]["undefined"]
    assert ada.get(f"{PATH}/agreement", params={"a": ADA, "b": ADA}).status_code == 422
    assert ada.get(f"{PATH}/agreement", params={"a": ADA, "b": "nobody@example.org"}).status_code == 404
    mine = zipped(ada, PATH, format="kitti", author=ADA)
    [trams] = [line for name in mine for line in mine[name].splitlines() if line.startswith("tram ")]
    assert trams.split()[4:8] == ["5.00", "5.00", "15.00", "15.00"]
    everybody = zipped(ada, PATH, format="yolo")
    assert "names:\n  0: bus\n  1: car\n" in everybody["data.yaml"]
    assert everybody["image_labels.csv"].count("night") == 2


def test_annotations_outlive_the_files_and_are_there_again(ada: Client) -> None:
    before = zipped(ada, PATH, format="coco")
    deletion = ada.http.delete("/api/datasets/huggingface:acme~street/data")
    ada.finished(deletion.json()["job_id"])
    assert zipped(ada, PATH, format="coco").keys() == before.keys()
    assert ada.post(PATH, new(0)).status_code == 404
    assert ada.post(HUB, {"dataset_id": "acme/street"}, headers=WAIT).is_success
    assert listed(ada, 3)["total"] == 4


def test_an_uploads_annotations_are_its_owners_sealed_and_gone_with_it(server: Server, bob: Client) -> None:
    owner = consented(server.client("owner@example.org"))
    upload = uploaded(owner, "medical", "a.dcm", dicom())
    path = f"/api/uploads/medical/{upload['id']}/annotations"
    wanted = {**new(0, "Zweistein nodule"), "frame": 0}
    del wanted["split"], wanted["image"]
    made = drawn(owner, wanted, path)
    assert owner.get(path).json()["annotations"] == [made]
    for other in (bob, server.client("admin@example.org")):
        assert other.get(path).status_code == 404
        assert other.post(path, wanted).status_code == 404
    assert "Zweistein_nodule" in zipped(owner, path, format="kitti")["all/label_2/000000.txt"]
    assert owner.get(path, params={"frame": 1}).status_code == 404
    with closing(sqlite3.connect(server.data_dir / "dataferry.sqlite")) as database:
        of_uploads = "SELECT id FROM annotated_images WHERE upload_id NOT NULL"
        rows = f"SELECT label FROM annotations WHERE image_id IN ({of_uploads})"
        [(label,)] = database.execute(rows).fetchall()
        assert "Zweistein" not in label
        assert owner.http.delete(f"/api/uploads/medical/{upload['id']}").status_code == 204
        assert database.execute(rows).fetchall() == []


def test_a_finding_is_accepted_as_its_model_said_it(ada: Client) -> None:
    upload = uploaded(ada, "traffic", "street.jpg", street([(200, 100, 200)]))
    base = f"/api/uploads/traffic/{upload['id']}"
    started = ada.get(f"{base}/analysis").json()
    ada.finished(started["job"]["id"])
    [person] = ada.get(f"{base}/analysis").json()["findings"]
    wanted = {**new(0, person["label"], person["box"]), "finding": person["id"]}
    del wanted["split"], wanted["image"]
    made = drawn(ada, wanted, f"{base}/annotations")
    by = person["by"]
    assert made["origin"] == {
        "kind": "finding",
        "finding": person["id"],
        "model": by["name"],
        "model_version": by["version"],
        "confidence": person["confidence"],
    }
    # In another window it was accepted too: that is one annotation.
    again = drawn(ada, {**wanted, "id": f"annotation_{uuid4().hex}"}, f"{base}/annotations")
    assert again["id"] == made["id"]
    unknown = ada.post(f"{base}/annotations", {**wanted, "id": f"annotation_{uuid4().hex}", "finding": "x"})
    assert unknown.status_code == 404
