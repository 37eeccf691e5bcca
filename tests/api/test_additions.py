"""Datasets that people add themselves: sent in pieces, whole or not there, and theirs."""

import hashlib
import io
import socket
import tarfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import dataferry
from dataferry.client.adding import PIECE_BYTES, Sending, send
from dataferry.client.client import opened
from dataferry.client.folder import read_folder
from dataferry.core.settings import Settings
from tests.support.adding import added, announce, begin, finished, piece
from tests.support.adding import send as post
from tests.support.server import Client, Server, until
from tests.support.uploaded import consented, picture, upload, uploaded

TREE = {
    "cat/1.txt": b"meow",
    "cat/2.txt": b"purr",
    "dog/1.txt": b"woof",
    "empty.txt": b"",
    "t.csv": b"a,b\n1,2\n",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("additions") / "data", DATAFERRY_MODEL="none") as server:
        server.client("admin@example.org")
        yield server


@pytest.fixture
def ada(server: Server) -> Client:
    return server.client("ada@example.org")


@pytest.fixture
def bob(server: Server) -> Client:
    return server.client("bob@example.org")


def test_a_folder_is_a_dataset_of_its_owner(server: Server, ada: Client, bob: Client) -> None:
    dataset = added(ada, "Café leaves", TREE, license="CC-BY-4.0")
    assert (dataset["ref"], dataset["title"], dataset["license"]) == (
        "upload:ada/cafe-leaves",
        "Café leaves",
        "CC-BY-4.0",
    )
    assert (dataset["visibility"], dataset["file_count"], dataset["grade"]) == ("restricted", 5, "recorded")
    receipt = ada.get("/api/datasets/upload:ada~cafe-leaves/receipt").json()
    assert {one["path"]: one["sha256"] for one in receipt["files"]} == {
        path: hashlib.sha256(data).hexdigest() for path, data in TREE.items()
    }
    tree = Path(dataset["local_path"])
    assert {str(one.relative_to(tree)): one.read_bytes() for one in tree.rglob("*") if one.is_file()} == TREE
    assert bob.get("/api/datasets/upload:ada~cafe-leaves").status_code == 404
    assert (
        bob.post("/api/datasets/download-dataset", {"dataset_id": "upload:ada/cafe-leaves"}).status_code
        == 404
    )
    shared = ada.post("/api/datasets/upload:ada~cafe-leaves/sharing", {"emails": ["bob@example.org"]})
    assert shared.status_code == 200
    assert bob.get("/api/datasets/upload:ada~cafe-leaves/receipt").status_code == 200
    assert not list((server.data_dir / "downloads" / ".additions").iterdir()), "what it was made of is gone"
    again = ada.post("/api/additions", {"name": "cafe LEAVES", "file_count": 1, "size": 1})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_what_has_arrived_is_not_sent_again(server: Server, ada: Client) -> None:
    """A line that drops in the middle of a file, a server that is killed, a page that asks what is here."""
    large = bytes(range(256)) * 8192
    files = {"large.bin": large, "small.txt": b"small"}
    addition = begin(ada, "Resumed", files)
    assert post(ada, addition, piece("small.txt", b"small")).json()["files_here"] == 1
    send_half(server, ada, addition, piece("large.bin", large), 700_000)

    def offset() -> int:
        arrived = announce(ada, addition, files).json()["arrived"]
        return next((one["offset"] for one in arrived if one["path"] == "large.bin"), 0)

    until(lambda: offset() > 500_000, "a part of it is kept")
    missing = ada.post(f"/api/additions/{addition}/finish")
    assert missing.status_code == 409
    assert "1 of 2 files" in missing.json()["detail"]
    server.kill()
    server.start()
    ada = server.client("ada@example.org")
    at = offset()
    wrong = post(ada, addition, piece("large.bin", large[at + 1 :], at + 1))
    assert (wrong.status_code, wrong.json()["code"]) == (409, "wrong_offset")
    assert post(ada, addition, piece("large.bin", large[at:], at)).json()["bytes_here"] == len(large) + 5
    # An answer may be lost on its way: what is here is taken once more, and is not written again.
    assert post(ada, addition, piece("small.txt", b"small")).status_code == 200
    dataset = finished(ada, addition)
    assert (Path(dataset["local_path"]) / "large.bin").read_bytes() == large


def send_half(server: Server, client: Client, addition: str, body: bytes, count: int) -> None:
    """So many bytes of a request, and then the line is gone."""
    host = urlsplit(server.address)
    with socket.create_connection((host.hostname, host.port)) as line:
        head = (
            f"POST /api/additions/{addition}/data HTTP/1.1\r\nHost: {host.netloc}\r\n"
            f"Authorization: {client.http.headers['Authorization']}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        line.sendall(head.encode() + body[:count])


def test_a_changed_file_is_sent_anew(ada: Client) -> None:
    addition = begin(ada, "Changed", {"a.txt": b"one"})
    post(ada, addition, piece("a.txt", b"one"))
    page = {"files": [{"path": "a.txt", "size": 3, "stamp": "5"}], "first": True}
    arrived = ada.post(f"/api/additions/{addition}/files", page).json()["arrived"]
    assert arrived == [{"path": "a.txt", "offset": 3, "complete": True}]  # nobody had told its time before
    page["files"][0]["stamp"] = "6"  # type: ignore[index]
    assert ada.post(f"/api/additions/{addition}/files", page).json()["arrived"] == []
    post(ada, addition, piece("a.txt", b"two"))
    assert (Path(finished(ada, addition)["local_path"]) / "a.txt").read_bytes() == b"two"


def test_a_path_that_no_dataset_can_have_is_refused(ada: Client) -> None:
    addition = ada.post("/api/additions", {"name": "Bad paths", "file_count": 1, "size": 1}).json()["id"]
    for path in ("../up", "/etc/passwd", "C:\\x", "a//b", "a\nb", "x" * 300, "a/./b", "a/", "nul\0"):
        refused = announce(ada, addition, {path: b"1"})
        assert refused.status_code == 422, path
    half = '{"files": [{"path": "\\ud800", "size": 1}]}'
    assert ada.http.post(f"/api/additions/{addition}/files", content=half).status_code == 422
    more = announce(ada, addition, {"a": b"1", "b": b"1"})
    assert (more.status_code, more.json()["code"]) == (409, "conflict")
    assert ada.http.delete(f"/api/additions/{addition}").status_code == 204


def test_names_that_are_unusual_are_kept_as_they_are(ada: Client) -> None:
    files = {
        "e\u0301.txt": b"decomposed",
        "\u00e9.txt": b"composed",
        "A.txt": b"upper",
        "a.txt": b"lower",
        "aux.con": b"windows",
        "x" * 251 + ".txt": b"long",
        "trailing dot./x": b"dot",
    }
    tree = Path(added(ada, "Названия", files)["local_path"])
    assert {str(one.relative_to(tree)): one.read_bytes() for one in tree.rglob("*") if one.is_file()} == files
    collides = begin(ada, "Collides", {"a": b"1", "a/b": b"2"})
    post(ada, collides, piece("a", b"1") + piece("a/b", b"2"))
    assert ada.post(f"/api/additions/{collides}/finish").status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        b"no json\n",
        b'{"path": "other", "length": 1}\nx',
        b'{"path": "a", "length": 9}\n123456789',
        b"{" * 40_000,
    ],
)
def test_what_is_no_piece_of_an_announced_file_is_refused(ada: Client, body: bytes) -> None:
    addition = begin(ada, f"Odd {len(body)}", {"a": b"1"})
    assert post(ada, addition, body).status_code in (400, 413)
    assert ada.http.delete(f"/api/additions/{addition}").status_code == 204


def test_more_files_are_another_revision_and_the_old_one_stays(ada: Client) -> None:
    first = added(ada, "Grows", {"a.txt": b"1", "b.txt": b"2"})
    second = added(ada, "", {"b.txt": b"3", "c.txt": b"4"}, to=first["key"], mode="add")
    third = added(ada, "", {"z.txt": b"9"}, to=first["key"], mode="replace")
    assert len({one["revision"] for one in (first, second, third)}) == 3

    def content(dataset: dict[str, str]) -> dict[str, bytes]:
        tree = Path(dataset["local_path"])
        return {one.name: one.read_bytes() for one in tree.iterdir()}

    assert content(first) == {"a.txt": b"1", "b.txt": b"2"}
    assert content(second) == {"a.txt": b"1", "b.txt": b"3", "c.txt": b"4"}
    assert content(third) == {"z.txt": b"9"}
    assert ada.get(f"/api/datasets/{first['key']}").json()["revision"] == third["revision"]
    same = (Path(one["local_path"]) / "a.txt" for one in (first, second))
    assert len({one.stat().st_ino for one in same}) == 1, "what stays the same takes no more room"


def test_archives_are_unpacked_where_that_is_asked(ada: Client) -> None:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        member = tarfile.TarInfo("in/a.txt")
        member.size = 2
        archive.addfile(member, io.BytesIO(b"hi"))
    files = {"data.tar.gz": held.getvalue(), "beside.txt": b"x"}
    tree = Path(added(ada, "Unpacked", files, unpack=True)["local_path"])
    assert {one.name for one in tree.rglob("*") if one.is_file()} == {"a.txt", "beside.txt"}
    assert (Path(added(ada, "Packed", files)["local_path"]) / "data.tar.gz").is_file()


def test_what_has_no_room_is_refused_before_it_begins(ada: Client, tmp_path: Path) -> None:
    huge = ada.post("/api/additions", {"name": "Huge", "file_count": 1, "size": 10**15})
    assert (huge.status_code, huge.json()["code"]) == (507, "disk_full")
    assert "The files need 1000 TB" in huge.json()["detail"]
    with Server(tmp_path / "data", DATAFERRY_USER_QUOTA_BYTES="1000") as small:
        eve = small.client("eve@example.org")
        begin(eve, "Half", {"a": b"1" * 600})
        over = eve.post("/api/additions", {"name": "More", "file_count": 1, "size": 500})
        assert over.json()["code"] == "quota_exceeded", over.text


def test_no_clean_up_takes_what_a_person_has_added(ada: Client) -> None:
    added(ada, "Mine", {"a.txt": b"1"})
    plan = ada.get("/api/cleanup/plan").json()
    assert plan["datasets"] == []
    assert plan["irreplaceable_count"] >= 1


def test_a_deleted_dataset_can_be_added_again(ada: Client) -> None:
    first = added(ada, "Again", {"a.txt": b"1"})
    gone = ada.http.delete(f"/api/datasets/{first['key']}/data")
    assert gone.is_success
    until(lambda: not ada.get(f"/api/datasets/{first['key']}").json()["downloaded"], "it is deleted")
    assert added(ada, "Again", {"a.txt": b"1"})["downloaded"]


def test_what_one_adds_is_nobody_elses(server: Server, ada: Client, bob: Client) -> None:
    addition = begin(ada, "Mine alone", {"a.txt": b"1"})
    for other in (bob, server.client("admin@example.org")):
        assert other.get("/api/additions").json() == []
        assert other.get(f"/api/additions/{addition}").status_code == 404
        assert announce(other, addition, {"a.txt": b"1"}).status_code == 404
        assert post(other, addition, piece("a.txt", b"2")).status_code == 404
        assert other.post(f"/api/additions/{addition}/finish").status_code == 404
        assert other.http.delete(f"/api/additions/{addition}").status_code == 404
    post(ada, addition, piece("a.txt", b"1"))
    dataset = finished(ada, addition)
    taken = bob.post("/api/additions", {"to": dataset["ref"], "mode": "add", "file_count": 1, "size": 1})
    assert taken.status_code == 404
    public = added(ada, "For all", {"a.txt": b"1"}, visibility="public")
    assert bob.get(f"/api/datasets/{public['key']}").json()["visibility"] == "public"
    taken = bob.post("/api/additions", {"to": public["ref"], "mode": "add", "file_count": 1, "size": 1})
    assert taken.status_code == 403


def test_a_program_goes_on_where_it_was_interrupted(server: Server, ada: Client, tmp_path: Path) -> None:
    place = tmp_path / "Scans of 2026"
    for name in ("cat/1.csv", "cat/._1.csv", ".DS_Store", "dog/.git/config", "large.bin"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"a,b\n1,2\n" if name != "large.bin" else bytes(2 * PIECE_BYTES + 9))
    (place / "hollow").mkdir()
    (place / "link").symlink_to("cat")
    folder = read_folder(place)
    assert [file.path for file in folder.files] == ["cat/1.csv", "large.bin"]
    assert (len(folder.left_out), folder.links, folder.empty) == (3, ["link"], ["hollow"])
    token = str(ada.post("/api/auth/tokens", {"name": "cli", "scope": "download"}).json()["token"])
    settings = Settings(_env_file=None, server=server.address, token=token)
    begun: list[Sending] = []

    def interrupt(done: int, total: int | None) -> None:
        if done > PIECE_BYTES:
            raise KeyboardInterrupt

    with opened(settings, tell=lambda _: None) as client:
        with pytest.raises(KeyboardInterrupt):
            send(client, folder, {"name": "Scans"}, begun.append, interrupt)
        ticket = send(client, folder, {"name": "Scans"}, begun.append, lambda *_: None)
        assert list(client.follow(ticket["job_id"]))[-1].state == "succeeded"
    assert begun[0].here == 0
    assert begun[1].here >= PIECE_BYTES
    mine = dataferry.connect(server.address, token, cache=tmp_path / "cache").load("upload:ada/scans")
    assert mine["1"].to_pandas().shape == (1, 2)


def test_xrays_become_a_dataset_of_the_same_classes(server: Server, ada: Client, bob: Client) -> None:
    consented(ada)
    first, second = (uploaded(ada, "xray", f"{n}.png", picture("PNG", (64 + n, 48))) for n in range(2))
    body = {"images": [{"id": first["id"], "class_name": "PNEUMONIA"}, {"id": second["id"]}]}
    ticket = ada.post("/api/uploads/xray/dataset", body)
    assert ticket.status_code == 202, ticket.text
    assert ada.finished(ticket.json()["job_id"])["state"] == "succeeded"
    dataset = ada.get("/api/datasets/upload:ada~chest-x-rays").json()
    assert dataset["visibility"] == "restricted"
    tree = Path(dataset["local_path"])
    assert {path.parent.name for path in tree.rglob("*.webp")} == {"PNEUMONIA", "unlabelled"}
    samples = ada.get("/api/datasets/upload:ada~chest-x-rays/samples").json()
    assert {one["label"] for one in samples["samples"]} == {"PNEUMONIA", "unlabelled"}
    assert bob.get("/api/datasets/upload:ada~chest-x-rays").status_code == 404
    consented(bob)
    assert bob.post("/api/uploads/xray/dataset", body).status_code == 404


def test_no_clean_up_takes_what_nobody_could_download_again(ada: Client) -> None:
    mine = added(ada, "Kept", {"a.txt": b"kept"})
    plan = ada.get("/api/cleanup/plan", params={"unused_days": 0})
    assert plan.status_code == 200, plan.text
    assert mine["ref"] not in plan.text


def test_uploads_have_quotas(tmp_path: Path) -> None:
    quota = {"DATAFERRY_USER_UPLOAD_QUOTA_BYTES": "20000"}
    with Server(tmp_path / "data", DATAFERRY_MODEL="none", **quota) as small:
        eve = small.client("eve@example.org")
        uploaded(eve, "traffic", "a.png", picture("PNG"))
        partial = eve.post("/api/upload/traffic/partial", {"filename": "b.png", "size": 20_000})
        assert (partial.status_code, partial.json()["code"]) == (507, "quota_exceeded")
        large = upload(eve, "traffic", ("c.bmp", b"x" * 30_000), ("d.png", picture("PNG"))).json()
        assert [one["status"] for one in large["results"]] == [507, 201]
