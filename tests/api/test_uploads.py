"""Images that people upload: taken in, checked, kept encrypted, shown, and gone when they are deleted."""

import io
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pydicom
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from starlette.testclient import TestClient

from tests.api.conftest import application
from tests.support.server import PASSWORD, Client, Server, until
from tests.support.uploaded import (
    PLANTED,
    consented,
    dicom,
    enormous_png,
    picture,
    planted_dicom,
    tiff_of_many_pages,
    upload,
    uploaded,
    with_gps,
)

MB = 1_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("uploads") / "data", DATAFERRY_MODEL="none") as server:
        server.client("admin@example.org")
        yield server


@pytest.fixture
def ada(server: Server) -> Client:
    return consented(server.client("ada@example.org"))


@pytest.fixture
def bob(server: Server) -> Client:
    return server.client("bob@example.org")


def kept(server: Server) -> set[str]:
    return {path.name for path in (server.data_dir / "uploads").iterdir()}


def test_consent_comes_before_a_medical_image(bob: Client) -> None:
    refused = upload(bob, "medical", ("a.dcm", dicom()))
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_needed")
    assert bob.post("/api/uploads/consent", {"version": "1999-01"}).status_code == 422
    consented(bob)
    first = uploaded(bob, "medical", "a.dcm", dicom())
    assert bob.http.delete("/api/uploads/consent").status_code == 422  # what is here must be decided
    left = bob.http.delete("/api/uploads/consent", params={"uploads": "delete"}).json()
    assert (left["given"], left["uploads"]) == (False, 0)
    assert bob.get(f"/api/uploads/medical/{first['id']}").status_code == 404
    assert upload(bob, "traffic", ("a.jpg", picture())).status_code == 201


def test_each_file_has_its_own_answer(server: Server, ada: Client) -> None:
    before = kept(server)
    answer = upload(
        ada,
        "medical",
        ("scan.dcm", dicom()),
        ("../../photo.png", picture("PNG")),
        ("script.jpg", b"\xff\xd8\xff\xe0<script>alert(1)</script>"),
        ("page.dcm", b"<html>"),
        ("pages.tif", tiff_of_many_pages()),
        ("huge.png", enormous_png()),
        ("empty.jpg", b""),
        path="/batch",
    )
    results = answer.json()["results"]
    assert answer.status_code == 201
    assert [one["status"] for one in results] == [201, 201, 400, 400, 400, 400, 400]
    assert results[1]["filename"] == "photo.png"
    assert "100 pages" in results[4]["problem"]["detail"]
    assert len(kept(server) - before) == 2
    assert upload(ada, "xray", ("a.exe", b"MZ")).status_code == 400
    other = ada.http.post("/api/upload/xray", files=[("other", ("a.jpg", picture()))])
    assert (other.status_code, other.json()["code"]) == (400, "bad_upload")
    many = upload(ada, "traffic", *[(f"{n}.jpg", b"x") for n in range(101)])
    assert (many.status_code, many.json()["code"]) == (413, "upload_too_large")


def test_a_file_that_is_too_large_is_cut_and_the_others_are_taken(server: Server, ada: Client) -> None:
    before = kept(server)
    answer = upload(ada, "traffic", ("big.jpg", bytes(50 * MB + 1)), ("small.jpg", picture()))
    assert [one["status"] for one in answer.json()["results"]] == [413, 201]
    assert upload(ada, "traffic", ("big.jpg", bytes(50 * MB + 1))).status_code == 413
    assert len(kept(server) - before) == 1


def test_half_a_request_leaves_nothing(server: Server, ada: Client) -> None:
    """Starlette takes a body that ends early for one that is whole."""
    before = kept(server)
    body = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n' + picture()
    for end in (b"", b"\r\n--b\r\nContent-Disposition: form-data; name"):
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = ada.http.post("/api/upload/traffic", content=body + end, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_upload"), answer.text
    assert kept(server) == before


def test_memory_stays_flat(server: Server, ada: Client) -> None:
    """Several files of 40 MB at a time; what stands behind a JPEG's end is of no harm."""

    def memory() -> int:
        status = Path(f"/proc/{server.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) // 1024

    content = picture() + bytes(40 * MB)
    before, peak = memory(), 0
    over = threading.Event()
    answers: list[int] = []

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.02):
            peak = max(peak, memory())

    watcher = threading.Thread(target=watch)
    watcher.start()

    def send() -> None:
        files = [("files", (f"{n}.jpg", io.BytesIO(content))) for n in range(3)]
        answers.append(ada.http.post("/api/upload/traffic", files=files, timeout=100).status_code)

    senders = [threading.Thread(target=send) for _ in range(2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    over.set()
    watcher.join()
    assert answers == [201, 201]
    assert peak - before < 150


def test_a_line_that_drops_loses_no_file(server: Server, ada: Client) -> None:
    content = picture(size=(900, 700), quality=100) + bytes(300_000)
    path = "/api/upload/traffic/partial"
    begun = ada.post(path, {"filename": "long.jpg", "size": len(content)}).json()
    token = ada.http.headers["Authorization"]
    address = urlsplit(server.address)
    with socket.create_connection((address.hostname, address.port)) as line:
        head = f"PATCH {path}/{begun['id']} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\n"
        line.sendall(f"{head}Upload-Offset: 0\r\nContent-Length: {len(content)}\r\n\r\n".encode())
        line.sendall(content[:200_000])

    def offset() -> int:
        return int(ada.get(f"{path}/{begun['id']}").json()["offset"])

    until(lambda: offset() == 3 * 65_536, "what came is kept")
    wrong = ada.http.patch(f"{path}/{begun['id']}", content=b"x", headers={"Upload-Offset": "7"})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "wrong_offset")
    at = offset()
    rest = ada.http.patch(f"{path}/{begun['id']}", content=content[at:], headers={"Upload-Offset": str(at)})
    done = rest.json()
    assert (done["file_size"], done["processing_status"]) == (len(content), "ready")
    assert ada.get(f"/api/uploads/traffic/{done['id']}/file").content == content
    too_large = ada.post(path, {"filename": "a.jpg", "size": 50 * MB + 1})
    assert too_large.status_code == 413


def test_a_consent_that_is_taken_back_stops_what_arrives(server: Server) -> None:
    eve = consented(server.client("eve@example.org"))
    before = kept(server)
    path = "/api/upload/medical/partial"
    begun = eve.post(path, {"filename": "a.dcm", "size": 500_000}).json()
    piece = eve.http.patch(f"{path}/{begun['id']}", content=bytes(200_000), headers={"Upload-Offset": "0"})
    assert piece.json()["offset"] == 3 * 65_536

    def body() -> Iterator[bytes]:
        yield bytes(100_000)
        assert eve.http.delete("/api/uploads/consent", params={"uploads": "delete"}).is_success
        yield bytes(500_000 - 3 * 65_536 - 100_000)

    headers = {"Upload-Offset": str(3 * 65_536)}
    stopped = eve.http.patch(f"{path}/{begun['id']}", content=body(), headers=headers)
    assert stopped.status_code in (403, 404), stopped.text
    until(lambda: kept(server) == before, "nothing of it is left")


def test_another_persons_upload_is_not_there(server: Server, ada: Client, bob: Client) -> None:
    mine = uploaded(ada, "medical", "a.dcm", dicom())
    admin = server.client("admin@example.org")
    path = f"/api/uploads/medical/{mine['id']}"
    begun = ada.post("/api/upload/traffic/partial", {"filename": "a.jpg", "size": 9}).json()
    partial = f"/api/upload/traffic/partial/{begun['id']}"
    frames = upload(ada, "traffic", ("1.jpg", picture()), path="/sequence").json()["sequence"]
    for other in (bob, consented(admin)):
        for tail in ("", "/image", "/file", "/tags"):
            assert other.get(path + tail).status_code == 404, tail
        assert other.http.delete(path).status_code == 404
        assert other.post(f"{path}/mask", {"rectangles": []}).status_code == 404
        assert other.post(f"{path}/deidentify").status_code == 404
        assert other.get(partial).status_code == 404
        assert other.http.patch(partial, content=b"x", headers={"Upload-Offset": "0"}).status_code == 404
        assert other.get(f"/api/uploads/traffic/sequences/{frames['id']}/export").status_code == 404
    assert ada.get(f"/api/uploads/xray/{mine['id']}").status_code == 404
    listed = [one["id"] for one in ada.get("/api/uploads?category=medical").json()["uploads"]]
    assert mine["id"] in listed
    seen = ada.get(f"{path}/events").json()["events"]
    assert {(one["action"], one["by"]) for one in seen} == {("received", "owner")}
    assert [
        one for one in admin.get("/api/uploads/events").json()["events"] if one["upload_id"] == mine["id"]
    ]
    assert bob.get(f"{path}/events").json()["events"] == []


def test_it_lies_encrypted_and_changed_bytes_are_told(server: Server, ada: Client) -> None:
    mine = uploaded(ada, "medical", f"{PLANTED}.dcm", planted_dicom())
    file = server.data_dir / "uploads" / f"{mine['id']}.sealed"
    assert PLANTED.encode() not in file.read_bytes()
    with closing(sqlite3.connect(server.data_dir / "dataferry.sqlite")) as database:
        assert PLANTED not in "".join(database.iterdump())
    stored = bytearray(file.read_bytes())
    stored[1000] ^= 1
    file.write_bytes(stored)
    changed = ada.get(f"/api/uploads/medical/{mine['id']}/image")
    assert (changed.status_code, changed.json()["code"]) == (500, "seal_broken")
    assert ada.http.delete(f"/api/uploads/medical/{mine['id']}").status_code == 204
    assert not file.exists()


def test_only_a_picture_that_is_made_anew_is_shown(ada: Client) -> None:
    mine = uploaded(ada, "traffic", "street.jpg", with_gps() + b"<script>")
    assert mine["details"]["gps"] == {"latitude": 52.52, "longitude": 13.41}
    assert (mine["width"], mine["height"]) == (48, 64)  # EXIF turns it
    shown = ada.get(f"/api/uploads/traffic/{mine['id']}/image", params={"edge": 32})
    with Image.open(io.BytesIO(shown.content)) as image:
        assert (image.format, image.size, dict(image.getexif())) == ("WEBP", (24, 32), {})
    assert b"<script>" not in shown.content
    assert (shown.headers["X-Content-Type-Options"], shown.headers["Cache-Control"]) == (
        "nosniff",
        "private, no-store",
    )
    damaged = uploaded(ada, "traffic", "b.jpg", picture(exif=b"Exif\0\0MM\0*\0\0\xff\xff"))
    assert damaged["details"]["exif_orientation"] == 1
    saved = ada.get(f"/api/uploads/traffic/{mine['id']}/file")
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert saved.headers["Content-Type"] == "application/octet-stream"


def test_whoever_opens_a_medical_picture_is_written_down_once_for_each_look(ada: Client) -> None:
    """The pixels alone are a look, too; a viewer asks for them again with each window."""
    mine = uploaded(ada, "medical", "scan.dcm", dicom())
    for center in (40, 60, 80):
        shown = ada.get(f"/api/uploads/medical/{mine['id']}/image", params={"center": center, "width": 100})
        assert shown.status_code == 200
    told = ada.get(f"/api/uploads/medical/{mine['id']}/events").json()["events"]
    assert [one["action"] for one in told] == ["viewed", "received"]


def test_a_dicom_file_loses_what_names_a_person(ada: Client) -> None:
    mine = uploaded(ada, "medical", "a.dcm", planted_dicom())
    path = f"/api/uploads/medical/{mine['id']}"
    tags = ada.get(f"{path}/tags").json()["tags"]
    marked = {one["name"] for one in tags if one["personal"]}
    assert {"Patient's Name", "Operators' Name", "Institution Name"} <= marked
    clean = ada.post(f"{path}/deidentify").json()
    assert clean["processing_status"] == "ready"
    assert {"Patient's Name", "Operators' Name"} <= {one["name"] for one in clean["details"]["removed"]}
    content = ada.get(f"{path}/file").content
    assert PLANTED.encode() not in content
    left = pydicom.dcmread(io.BytesIO(content))
    assert (left.PatientIdentityRemoved, left.pixel_array.shape) == ("YES", (128, 128))
    assert left.file_meta.MediaStorageSOPInstanceUID == left.SOPInstanceUID
    again = uploaded(ada, "medical", "a.dcm", planted_dicom(), deidentify=True)
    other = ada.get(f"/api/uploads/medical/{again['id']}/file").content
    assert pydicom.dcmread(io.BytesIO(other)).StudyInstanceUID == left.StudyInstanceUID


def test_text_in_pixels_is_never_said_to_be_gone(ada: Client) -> None:
    mine = uploaded(ada, "medical", "a.dcm", planted_dicom("US"), deidentify=True)
    path = f"/api/uploads/medical/{mine['id']}"
    assert mine["processing_status"] == "quarantined"
    assert "ultrasound" in mine["details"]["burned_in"][0]
    assert ada.get(f"{path}/file").status_code == 409
    masked = ada.post(f"{path}/mask", {"rectangles": [[10, 20, 30, 40]]}).json()
    assert (masked["processing_status"], masked["details"]["masked"]) == ("ready", 1)
    assert masked["details"]["burned_in"]  # it may still be there
    pixels = pydicom.dcmread(io.BytesIO(ada.get(f"{path}/file").content)).pixel_array
    assert len(set(pixels[20:60, 10:40].flat)) == 1
    assert len(set(pixels[:20].flat)) > 1


def test_what_is_no_dicom_file_tells_its_own_metadata(ada: Client) -> None:
    one = uploaded(ada, "traffic", "street.jpg", with_gps())
    tags = {tag["name"]: tag for tag in ada.get(f"/api/uploads/traffic/{one['id']}/tags").json()["tags"]}
    assert tags["DateTimeOriginal"]["value"] == "2026:11:30 12:00:00"
    assert tags["Orientation"]["personal"] is False
    assert (tags["GPSLatitudeRef"]["value"], tags["GPSLatitudeRef"]["personal"]) == ("N", True)
    titled = PngInfo()
    titled.add_text("Author", "Zweistein")
    other = uploaded(ada, "traffic", "street.png", picture("PNG", pnginfo=titled))
    [text] = ada.get(f"/api/uploads/traffic/{other['id']}/tags").json()["tags"]
    assert (text["name"], text["value"], text["personal"]) == ("Author", "Zweistein", True)


def test_a_window_of_grey_values(ada: Client) -> None:
    mine = uploaded(ada, "medical", "a.dcm", dicom())

    def brightness(**window: float) -> float:
        shown = ada.get(f"/api/uploads/medical/{mine['id']}/image", params=window)
        with Image.open(io.BytesIO(shown.content)) as image:
            grey = image.convert("L")
            return sum(grey.get_flattened_data()) / (grey.width * grey.height)

    assert brightness(center=3000, width=100) < 5
    assert brightness(center=-3000, width=100) > 250
    before = brightness()
    assert 5 < before < 250
    assert ada.get(f"/api/uploads/medical/{mine['id']}/image", params={"frame": 7}).status_code == 400
    turned = pydicom.dcmread(io.BytesIO(dicom()))
    turned.PhotometricInterpretation = "MONOCHROME1"
    negative = io.BytesIO()
    turned.save_as(negative)
    mine = uploaded(ada, "medical", "a.dcm", negative.getvalue())
    assert abs(255 - before - brightness()) < 2
    assert brightness(center=3000, width=100) > 250


def test_a_doubt_about_an_xray_is_said(ada: Client) -> None:
    mine = uploaded(ada, "xray", "a.png", picture("PNG", (300, 40)))
    assert not mine["details"]["plausibility"]["likely"]
    assert len(mine["details"]["plausibility"]["doubts"]) == 2
    assert uploaded(ada, "xray", "b.png", picture("PNG", (300, 300)))["details"]["plausibility"]["likely"]


def test_a_sequence_keeps_its_order_and_tells_its_gaps(ada: Client) -> None:
    names = ["f_0010.jpg", "f_0005.jpg", "f_0025.jpg", "f_0100.jpg"]
    answer = upload(ada, "traffic", *[(name, with_gps()) for name in names], path="/sequence").json()
    sequence = answer["sequence"]
    assert [one["upload"]["position"] for one in answer["results"]] == [0, 1, 2, 3]
    assert sequence["gaps"] == ["15–20", "30–95"]
    assert "not that of their numbers" in sequence["notes"][0]
    exported = ada.get(f"/api/uploads/traffic/sequences/{sequence['id']}/export")
    members = zip_members(exported.content)
    frames = [name for name in members if name.endswith(".png")]
    assert frames[3].endswith("_drive_0001_sync/image_02/data/0000000003.png")
    times = next(content for name, content in members.items() if name.endswith("timestamps.txt"))
    assert times.splitlines()[0] == b"2026-11-30 12:00:00.000000000"
    with Image.open(io.BytesIO(members[frames[0]])) as image:
        assert not image.getexif().get_ifd(0x8825)


def zip_members(content: bytes) -> dict[str, bytes]:
    from zipfile import ZipFile

    with ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_all_of_a_persons_uploads_leave_and_nothing_is_left(server: Server) -> None:
    dora = consented(server.client("dora@example.org"))
    name = f"{PLANTED} Dora.dcm"
    mine = uploaded(dora, "medical", name, planted_dicom())
    dora.get(f"/api/uploads/medical/{mine['id']}/tags")
    dora.get(f"/api/uploads/medical/{mine['id']}/image")
    dora.post(f"/api/uploads/medical/{mine['id']}/mask", {"rectangles": []})
    members = zip_members(dora.get("/api/uploads/export").content)
    assert members[f"uploads/medical/{mine['id']}/{name}"] == planted_dicom()
    kept_of = {"consents.json", "events.json", f"medical/{mine['id']}/about.json"}
    assert {f"uploads/{name}" for name in kept_of} <= set(members)
    assert dora.http.delete("/api/uploads").status_code == 422  # it must be meant
    erased = dora.http.delete("/api/uploads", params={"everything": "yes"}).json()
    assert erased == {"uploads": 1, "log_emptied": True}
    assert dora.get("/api/uploads/consent").json()["given"] is False
    canaries = [mine["id"].encode(), mine["sha256"].encode(), PLANTED.encode()]
    for path in server.data_dir.rglob("*"):
        if path.is_file() and path.suffix != ".sealed":
            content = path.read_bytes()
            assert not [canary for canary in canaries if canary in content], path
    assert mine["id"] not in "".join(kept(server))
    assert not [word for word in (PLANTED, mine["id"]) if word in server.log]


def test_what_is_past_its_time_goes_and_this_is_seen(server: Server) -> None:
    carl = server.client("carl@example.org")
    mine: dict[str, Any] = uploaded(carl, "traffic", "a.jpg", picture())
    assert mine["expires_at"] is not None
    server.kill()
    with closing(sqlite3.connect(server.data_dir / "dataferry.sqlite")) as database, database:
        long_ago = "2020-01-01 00:00:00.000000"
        database.execute("UPDATE uploads SET expires_at = ? WHERE id = ?", (long_ago, mine["id"]))
    orphan = server.data_dir / "uploads" / "upload_unknown.sealed"
    orphan.write_bytes(b"left by a crash")
    server.start()
    until(lambda: carl.get(f"/api/uploads/traffic/{mine['id']}").status_code == 404, "it is removed")
    assert mine["id"] not in "".join(kept(server))
    assert not orphan.exists()
    view = carl.get("/api/uploads/retention").json()
    assert (view["days"], view["removed"], view["removed_bytes"]) == (90, 1, mine["file_size"])


def test_a_disk_without_room_is_told(tmp_path: Path) -> None:
    """The room that is to stay free counts, as for downloads; nothing of the file is left."""
    with application(tmp_path / "data", min_free_bytes=1 << 60) as app:
        client = TestClient(app, base_url="http://localhost:8000")
        given = {"email": "ada@example.org", "password": PASSWORD}
        assert client.post("/api/auth/register", json=given).status_code < 300
        form = {"username": given["email"], "password": PASSWORD}
        token = client.post("/api/auth/token", data=form).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        files = {"files": ("scene.jpg", picture())}
        whole = client.post("/api/upload/traffic", files=files)
        piece = client.post("/api/upload/traffic/partial", json={"filename": "scene.jpg", "size": 1000})
        for answer in (whole, piece):
            assert (answer.status_code, answer.json()["code"]) == (507, "disk_full"), answer.text
        assert client.get("/api/uploads").json()["total"] == 0
    assert not list((tmp_path / "data" / "uploads").glob("*"))
