"""What is said of uploads: true things without a model, a model's findings with one, and nothing else."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import application
from tests.api.test_dataset_health import PETS, pets, smooth
from tests.fakes.files import FileServer
from tests.support.dataset_files import encoded, zipped
from tests.support.onnx_models import CHEST, VEHICLES, constant_detector, endless, mean_classifier
from tests.support.server import PASSWORD, Client, Server, until
from tests.support.street import street
from tests.support.uploaded import consented, dicom, upload, uploaded

BOX = [16.0, 16.0, 48.0, 48.0, 0.9, 1.0]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("analysis") / "data"
    own = folder / "plugins"
    own.mkdir(parents=True)
    model = mean_classifier([0.0, 2.0], **CHEST)
    with FileServer({"pets.zip": zipped(pets()), "chest.onnx": model}) as files:
        (own / "pets.py").write_text(PETS.format(pets=files.url("pets.zip")), encoding="utf-8")
        (folder / "models.toml").write_text(
            "".join(
                f'[[model]]\nname = "{name}"\ncategory = "xray"\nurl = "{files.url("chest.onnx")}"\n'
                f'sha256 = "{digest}"\nlicence = "CC0-1.0"\n'
                for name, digest in (("tiny-chest", sha256(model).hexdigest()), ("altered", "0" * 64))
            )
        )
        with Server(folder, DATAFERRY_RETRIES="0", DATAFERRY_MODEL="none") as server:
            server.client("admin@example.org")
            yield server


@pytest.fixture(scope="module")
def admin(server: Server) -> Client:
    return server.client("admin@example.org")


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return consented(server.client("ada@example.org"))


def ready(client: Client, category: str, upload_id: str, **query: Any) -> dict[str, Any]:
    """The results, by the first look's job."""
    path = f"/api/analyze/{category}/{upload_id}"
    begun = client.get(path, params=query)
    assert (begun.status_code, begun.json()["state"]) == (202, "computing"), begun.text
    client.finished(begun.json()["job"]["id"])
    answer = client.get(path, params=query)
    found: dict[str, Any] = answer.json()
    assert (answer.status_code, found["state"], found["current"]) == (200, "ready", True), answer.text
    return found


def put(server: Server, name: str, content: bytes | None) -> None:
    """A model in the server's folder, or none any more."""
    path = server.data_dir / "models" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


def test_without_a_model_there_is_no_score(server: Server, ada: Client) -> None:
    one = uploaded(ada, "xray", "chest.png", encoded(smooth(3).convert("L"), "PNG"))
    found = ready(ada, "xray", one["id"])
    assert (found["model"], found["models"], found["findings"]) == ("none", [], [])
    assert "confidence" not in str(found)
    assert "no model is set up" in found["notes"][0]
    assert [measure["name"] for measure in found["quality"]] == ["exposure", "contrast", "sharpness", "size"]
    assert found["quality"][3] == {
        "name": "size",
        "verdict": "poor",
        "says": "Too small to make out much: 160 × 120 pixels.",
    }
    assert (found["nearest"]["state"], found["nearest"]["key"]) == ("absent", "builtin:chest_xray_pneumonia")
    assert "Download it to compare" in found["nearest"]["next_step"]
    again = ada.get(f"/api/uploads/xray/{one['id']}/analysis")
    assert again.json() == found
    row = ada.get(f"/api/uploads/xray/{one['id']}").json()
    assert row["processing_status"] == "analyzed"
    assert row["analysis_results"]["of"]["sha256"] == one["sha256"] == found["of"]["sha256"]
    # What was found in a picture lies as encrypted as the picture.
    with closing(sqlite3.connect(server.data_dir / "dataferry.sqlite")) as database:
        [kept] = database.execute(
            "SELECT analysis_results FROM uploads WHERE id = ?", (one["id"],)
        ).fetchone()
    assert "fingerprint" not in kept
    masked = ada.post(f"/api/uploads/xray/{one['id']}/mask", {"rectangles": [[0, 0, 9, 9]]}).json()
    assert (masked["processing_status"], masked["analysis_results"]) == ("ready", None)
    assert ready(ada, "xray", one["id"])["of"]["sha256"] == masked["sha256"]


def test_people_in_traffic_are_found_without_a_model(ada: Client) -> None:
    one = uploaded(ada, "traffic", "street.jpg", street([(200, 100, 200)]))
    found = ready(ada, "traffic", one["id"])
    [person] = found["findings"]
    assert (person["kind"], person["label"], person["confidence"]) == ("box", "pedestrian, classical", None)
    assert person["by"]["version"].startswith("OpenCV 4.")
    assert person["box"][0] < 200 < person["box"][0] + person["box"][2]
    assert found["model"] == "none"
    assert "Vehicles and signs were not looked for" in found["notes"][0]
    ada.http.delete(f"/api/uploads/traffic/{one['id']}")
    assert ada.get(f"/api/analyze/traffic/{one['id']}").status_code == 404


def test_a_model_is_brought_with_a_click_and_its_findings_have_its_name(
    server: Server, admin: Client, ada: Client
) -> None:
    one = uploaded(ada, "xray", "chest.png", encoded(smooth(4).convert("L"), "PNG"))
    before = ready(ada, "xray", one["id"])
    listed = ada.get("/api/analysis/models").json()
    assert [(each["name"], each["licence"], each["here"]) for each in listed["catalog"]] == [
        ("tiny-chest", "CC0-1.0", False),
        ("altered", "CC0-1.0", False),
    ]
    refused = ada.post("/api/analysis/models/tiny-chest/download")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert admin.post("/api/analysis/models/unknown/download").status_code == 404
    other_bytes = admin.post("/api/analysis/models/altered/download").json()
    assert admin.finished(other_bytes["id"])["problem"]["code"] == "checksum_mismatch"
    admin.finished(admin.post("/api/analysis/models/tiny-chest/download").json()["id"])
    assert admin.post("/api/analysis/models/tiny-chest/download").status_code == 409
    found = ready(ada, "xray", one["id"])  # the models are others: it is computed anew
    assert found["of"]["made_at"] > before["of"]["made_at"]
    assert found["model"] == "tiny chest 1.2"
    [finding] = found["findings"]
    assert finding["by"] == {"name": "tiny chest", "version": "1.2"}
    assert (finding["label"], finding["box"]) == ("PNEUMONIA", None)
    assert 0.5 < finding["confidence"] < 1
    [run] = found["models"]
    assert (run["prepared"], run["licence"]) == ("32 × 32 pixels, grey", "CC0-1.0")
    assert [score["label"] for score in run["scores"]] == ["PNEUMONIA", "NORMAL"]


def test_a_model_that_cannot_be_used_is_told_beside_what_the_others_found(
    server: Server, ada: Client
) -> None:
    put(server, "traffic/good.onnx", constant_detector({"out": ([1, 1, 6], BOX)}, **VEHICLES))
    put(server, "traffic/other.onnx", b"no model")
    one = uploaded(ada, "traffic", "street.jpg", street([]))
    found = ready(ada, "traffic", one["id"])
    assert found["model"] == "good 7"
    assert [(each["label"], each["box"]) for each in found["findings"]] == [
        ("bus", [160.0, 120.0, 320.0, 240.0])
    ]
    problems = {run["name"]: run["problem"] for run in found["models"]}
    assert problems["good"] is None
    assert "no ONNX model" in problems["other"]
    put(server, "traffic/other.onnx", None)


def test_looking_starts_no_job_again_that_was_cancelled(server: Server, ada: Client) -> None:
    """A cancel ends the model, which would have taken its two minutes."""
    put(server, "medical/hangs.onnx", endless(**{**CHEST, "labels": ["one"]}))
    one = uploaded(ada, "medical", "scan.dcm", dicom())
    path = f"/api/analyze/medical/{one['id']}"
    job = ada.get(path).json()["job"]["id"]
    until(lambda: "hangs" in (ada.job(job)["progress"]["note"] or ""), "the model runs")
    ada.post(f"/api/jobs/{job}/cancel")
    until(lambda: ada.get(path).json()["state"] == "stopped", "the job is cancelled")
    looked = ada.get(path)
    assert (looked.status_code, looked.json()["job"]["state"]) == (200, "cancelled")
    put(server, "medical/hangs.onnx", None)
    again = ada.post(f"/api/uploads/medical/{one['id']}/analysis")
    assert again.status_code == 202
    ada.finished(again.json()["id"])
    assert ada.get(path).json()["state"] == "ready"
    events = ada.get(f"/api/uploads/medical/{one['id']}/events").json()["events"]
    assert "viewed" in {event["action"] for event in events}


def test_uploading_and_analysing_in_one_call(ada: Client) -> None:
    answer = upload(
        ada, "xray", ("one.png", encoded(smooth(1), "PNG")), ("no.png", b"no picture"), path="/analyze"
    )
    assert answer.status_code == 201, answer.text
    assert [one["status"] for one in answer.json()["results"]] == [201, 400]
    [started] = answer.json()["analyses"]
    ada.finished(started["job"]["id"])
    assert ada.get(started["results"]).json()["state"] == "ready"
    assert upload(ada, "xray", ("no.png", b"no picture"), path="/analyze").status_code == 400


def test_an_upload_is_shown_beside_what_is_most_like_it(ada: Client) -> None:
    one = uploaded(ada, "traffic", "mine.jpg", encoded(smooth(2).resize((100, 75)), quality=70))
    path = f"/api/analyze/traffic/{one['id']}"
    ready(ada, "traffic", one["id"])
    assert ada.get(path, params={"dataset": "pets"}).status_code == 404  # not here
    brought = ada.get("/api/datasets/pets/statistics").json()["job"]
    ada.finished(brought["id"])
    begun = ada.get(path, params={"dataset": "pets"}).json()["nearest"]
    ada.finished(begun["job"]["id"])
    found = ada.get(path, params={"dataset": "pets"}).json()["nearest"]
    assert (found["state"], found["compared"], len(found["samples"])) == ("ready", 14, 6)
    nearest = found["samples"][:2]
    assert {one["name"].rpartition("/")[2] for one in nearest} == {"2.jpg", "smaller_cat_2.jpg"}
    assert {one["label"] for one in nearest} == {"cat"}
    assert nearest[0]["differing_bits"] < 8 < found["samples"][2]["differing_bits"]
    assert ada.get(nearest[0]["thumbnail"]).status_code == 200


def test_another_persons_analysis_is_not_there(server: Server, admin: Client, ada: Client) -> None:
    one = uploaded(ada, "traffic", "street.jpg", street([]))
    for stranger in (admin, server.client("bob@example.org")):
        for path in (f"/api/analyze/traffic/{one['id']}", f"/api/uploads/traffic/{one['id']}/analysis"):
            assert stranger.get(path).status_code == 404
        assert stranger.post(f"/api/uploads/traffic/{one['id']}/analysis").status_code == 404
    assert ada.get(f"/api/analyze/xray/{one['id']}").status_code == 404
    assert ada.get("/api/analyze/xray/unknown").status_code == 404


def test_looking_wakes_no_analysis_that_rests(tmp_path: Path) -> None:
    with application(tmp_path / "data") as app:
        client = TestClient(app, base_url="http://localhost:8000")
        given = {"email": "ada@example.org", "password": PASSWORD}
        assert client.post("/api/auth/register", json=given).status_code < 300
        form = {"username": given["email"], "password": PASSWORD}
        token = client.post("/api/auth/token", data=form).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        app.state.services.uploads.storage.prepare()
        sent = client.post("/api/upload/traffic", files=[("files", ("a.jpg", street([])))])
        path = f"/api/analyze/traffic/{sent.json()['results'][0]['upload']['id']}"
        job = client.get(path).json()["job"]["id"]
        assert client.post(f"/api/jobs/{job}/pause").json()["state"] == "paused"
        looked = client.get(path)
        assert (looked.status_code, looked.json()["state"]) == (202, "computing")
        assert (looked.json()["job"]["id"], looked.json()["job"]["state"]) == (job, "paused")
