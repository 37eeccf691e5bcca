"""Archives and names that mean ill, disks that are full or closed, clocks that jump."""

import gzip
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from dataferry.core.errors import (
    DataferryError,
    DiskFull,
    InvalidInput,
    OutsideStore,
    SourceRateLimited,
    StoreNotWritable,
    UnsafeArchive,
)
from dataferry.core.types import FileEntry, Http, Manifest, Progress
from dataferry.transfer import FetchResult, Limits, fetch
from dataferry.transfer.files.progress import ProgressMeter
from tests.fakes.files import FileServer
from tests.support.archives import RawMember, raw_zip, tar_link, tarred, zip_link, zipped
from tests.support.hubs import Hubs, make_hubs
from tests.support.mounts import small_disk
from tests.support.server import Client, Server
from tests.support.trees import disk_usage, same, tree

QUICK = Limits(connections=2, connect_timeout_s=2, stall_timeout_s=1)
HEART = "andrewmvd/heart-failure-clinical-data"


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as server:
        yield server


def run(manifest: Manifest, target: Path, limits: Limits = QUICK) -> FetchResult:
    return fetch(manifest, target, lambda _: None, threading.Event(), limits=limits)


def fails(manifest: Manifest, target: Path, limits: Limits = QUICK) -> DataferryError:
    """The error of a fetch that must fail, and leave nothing that looks whole."""
    with pytest.raises(DataferryError) as caught:
        run(manifest, target, limits)
    assert not target.exists()
    assert caught.value.next_step
    return caught.value


def archive(server: FileServer, body: bytes, name: str = "set.zip") -> Manifest:
    """A manifest of one archive, whose checksum is its publisher's."""
    server.files = {name: body}
    return server.manifest(unpack=True)


# -- archives that lead out ------------------------------------------------------------------------

LEADING_OUT = {
    "zip: up": zipped([("ok.csv", b"1"), ("../../escaped.txt", b"out")]),
    "zip: up, with backslashes": zipped([("..\\..\\escaped.txt", b"out")]),
    "zip: absolute": zipped([("/tmp/escaped.txt", b"out")]),
    "zip: a drive": zipped([("C:\\escaped.txt", b"out")]),
    "zip: a link, and a file through it": zipped([(zip_link("door"), b"/tmp"), ("door/escaped.txt", b"out")]),
    "zip: a link out": zipped([(zip_link("passwd"), b"../../../../../../etc/passwd")]),
    "tar: up": tarred([("ok.csv", b"1"), ("a/../../../escaped.txt", b"out")]),
    "tar: a link, and a file through it": tarred([tar_link("door", "/tmp"), ("door/escaped.txt", b"out")]),
    "tar: a hard link out": tarred([tar_link("passwd", "/etc/passwd", kind=b"1")]),
    "tar: a device": tarred([tar_link("null", "", kind=b"3")]),
}


@pytest.mark.parametrize("case", LEADING_OUT)
def test_no_archive_writes_outside_its_folder(server: FileServer, tmp_path: Path, case: str) -> None:
    name = "set.zip" if case.startswith("zip") else "set.tar"
    home = tmp_path / "a" / "b" / "c"
    error = fails(archive(server, LEADING_OUT[case], name), home / "set")
    assert isinstance(error, UnsafeArchive)
    assert not error.transient
    assert not [path for path in tmp_path.rglob("*") if "escaped" in path.name]
    assert not Path("/tmp/escaped.txt").exists()


@pytest.mark.parametrize("name", ["set.zip", "set.tar.gz"])
def test_a_bomb_is_defused_before_it_fills_the_disk(server: FileServer, tmp_path: Path, name: str) -> None:
    zeros = bytes(64 * 2**20)
    body = zipped([("zeros", zeros)]) if name == "set.zip" else gzip.compress(tarred([("zeros", zeros)]), 1)
    limits = Limits(unpack_ratio=100, unpack_floor_bytes=2**20)
    error = fails(archive(server, body, name), tmp_path / "set", limits)
    assert isinstance(error, UnsafeArchive)
    assert "bomb" in error.detail
    assert disk_usage(tmp_path) < 32 * 2**20


def test_members_that_overlap_are_a_bomb(server: FileServer, tmp_path: Path) -> None:
    """David Fifield's zip bomb: many entries of the directory share the bytes of one member."""
    one = zipped([("a", os.urandom(10_000)), ("b", os.urandom(10_000))])
    at = one.rindex(b"PK\x01\x02")
    overlapping = one[: at + 42] + bytes(4) + one[at + 46 :]  # the second member begins where the first does
    error = fails(archive(server, overlapping), tmp_path / "set")
    assert isinstance(error, UnsafeArchive)


def test_an_archive_inside_an_archive_stays_one(server: FileServer, tmp_path: Path) -> None:
    inner = zipped([("../escaped.txt", b"out")])
    run(archive(server, zipped([("inner.zip", inner), ("deep/er/inner.zip", inner)])), tmp_path / "set")
    same(tmp_path / "set", {"inner.zip": inner, "deep/er/inner.zip": inner})


# -- names ------------------------------------------------------------------------------------------

COLLISIONS = {
    "a file where a folder must be": [("a", b"1"), ("a/b.csv", b"2")],
    "a folder where a file must be": [("a/b.csv", b"2"), ("a", b"1")],
}


@pytest.mark.parametrize("case", COLLISIONS)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_no_member_overwrites_another(server: FileServer, tmp_path: Path, case: str, kind: str) -> None:
    members = COLLISIONS[case]
    body = zipped(members) if kind == "zip" else tarred(members)
    assert isinstance(fails(archive(server, body, f"set.{kind}"), tmp_path / "set"), UnsafeArchive)


@pytest.mark.parametrize("second", ["a.csv", "./a.csv", ".//a.csv"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_member_twice_has_its_last_content(
    server: FileServer, tmp_path: Path, kind: str, second: str
) -> None:
    members = [("a.csv", b"1"), ("b.csv", b"3"), (second, b"2")]
    body = zipped(members) if kind == "zip" else tarred(members)
    run(archive(server, body, f"set.{kind}"), tmp_path / "set")
    same(tmp_path / "set", {"a.csv": b"2", "b.csv": b"3"})


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_of_300_bytes_are_shortened(server: FileServer, tmp_path: Path, kind: str) -> None:
    """As ``unzip`` does; two that become one get a number."""
    members = [("x" * 300 + ".csv", b"1"), ("x" * 301 + ".csv", b"2"), ("ä" * 200, b"3")]
    body = zipped(members) if kind == "zip" else tarred(members)
    run(archive(server, body, f"set.{kind}"), tmp_path / "set")
    found = tree(tmp_path / "set")
    assert sorted(found.values()) == [b"1", b"2", b"3"]
    assert all(len(name.encode()) <= 255 for name in found)
    assert sum(name.endswith(".csv") for name in found) == 2


def test_names_that_are_not_utf_8_become_text(server: FileServer, tmp_path: Path) -> None:
    run(archive(server, raw_zip(RawMember(b"caf\x82"))), tmp_path / "set")
    assert tree(tmp_path / "set") == {"café": b"1"}, "code page 437, as the format has it"


@pytest.mark.parametrize("name", ["CON", "aux.txt", "NUL.tar", "dots...", "space ", "a:b", "q?", "A.csv"])
def test_names_that_another_system_could_not_have_are_kept(
    server: FileServer, tmp_path: Path, name: str
) -> None:
    """On Linux they are names like any other; ``a.csv`` beside ``A.csv`` too."""
    members = [(name, b"1"), ("a.csv", b"2")]
    run(archive(server, zipped(members)), tmp_path / "set")
    same(tmp_path / "set", dict(members))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("../escaped.txt", OutsideStore),
        ("/tmp/escaped.txt", OutsideStore),
        ("C:\\escaped.txt", OutsideStore),
        ("a/./b", InvalidInput),
        ("a//b", InvalidInput),
        ("", InvalidInput),
        ("x" * 300, InvalidInput),
        ("a\0b", InvalidInput),
        ("a\nb", InvalidInput),
        ("\ud800", InvalidInput),
        ("/".join(["d" * 200] * 8), InvalidInput),
    ],
)
def test_what_a_source_lists_stays_inside(
    server: FileServer, tmp_path: Path, path: str, kind: type[DataferryError]
) -> None:
    server.files = {"a.bin": b"1"}
    entry = FileEntry(path, Http(server.url("a.bin")))
    manifest = server.manifest("a.bin")
    error = fails(Manifest(manifest.ref, "1", (entry,)), tmp_path / "home" / "set")
    assert type(error) is kind
    assert error.detail.encode(), "it can be shown"
    assert server.requests == []


# -- the same through the product's routes ----------------------------------------------------------


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(scope="module")
def ada(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Client]:
    with Server(tmp_path_factory.mktemp("server") / "data", **hubs.settings) as server:  # type: ignore[arg-type]
        yield server.client()


@pytest.mark.parametrize(
    ("fault", "code"),
    [("zip_slip", "unsafe_archive"), ("zip_bomb", "unsafe_archive"), ("non_utf8_names", None)],
)
def test_kaggles_archives(hubs: Hubs, ada: Client, fault: str, code: str | None) -> None:
    hubs.kaggle.fault(fault, dataset=HEART, **({"bytes": 400_000_000} if fault == "zip_bomb" else {}))
    body = {"source": "kaggle", "dataset_id": HEART, "force_download": True}
    job = ada.finished(ada.post("/api/datasets/download-dataset", body).json()["job_id"])
    hubs.heal()
    if code is None:
        assert job["state"] == "succeeded"
        assert tree(Path(job["file_path"])) == {"données/mesures_été.csv": b"valeur\n1\n"}
        return
    assert (job["state"], job["problem"]["code"]) == ("failed", code)
    assert job["problem"]["next_step"]
    assert not Path(job["file_path"]).exists()


def test_what_is_not_in_the_folder_is_said_on_the_card_and_on_the_receipt(
    server: FileServer, ada: Client
) -> None:
    """Also after the download is asked for once more and nothing is fetched; to whom chooses files, too."""
    locked = raw_zip(RawMember(b"train.csv", flags=1))
    server.files = {"set.zip": locked}
    body = {"source": "url", "dataset_id": server.url("set.zip")}
    note = "set.zip was not unpacked and is here itself: it is protected by a password."
    for extra in ({}, {}, {"files": ["train.csv"]}):
        job = ada.finished(ada.post("/api/datasets/download-dataset", body | extra).json()["job_id"])
        assert job["state"] == "succeeded"
        assert tree(Path(job["file_path"])) == {"set.zip": locked}
        if job["progress"]["phase"] == "finishing":
            assert job["progress"]["note"] == note
        assert ada.get(f"/api/datasets/{job['key']}/receipt").json()["note"] == note


@pytest.mark.parametrize("keep_archives", [False, True])
def test_damage_inside_an_archive_is_one_attempt(
    server: FileServer, ada: Client, keep_archives: bool
) -> None:
    server.files = {"set.zip": raw_zip(RawMember(b"a.csv", b"1" * 9, method=0, packed=b"2" * 9))}
    body = {"source": "url", "dataset_id": server.url("set.zip"), "keep_archives": keep_archives}
    job = ada.finished(ada.post("/api/datasets/download-dataset", body).json()["job_id"])
    assert [request.method for request in server.requests].count("GET") <= 3, (
        "the bytes, and a look each for the card and the job"
    )
    assert job["attempt"] == 1
    if keep_archives:
        assert job["state"] == "succeeded"
        assert tree(Path(job["file_path"])) == server.files
    else:
        assert (job["state"], job["problem"]["code"]) == ("failed", "damaged_file")
        assert "keep_archives" in job["problem"]["next_step"]


def test_a_hub_that_lists_a_path_outside(hubs: Hubs, ada: Client) -> None:
    hubs.hub.fault("zip_slip")
    body = {"source": "huggingface", "dataset_id": "stanfordnlp/imdb"}
    job = ada.finished(ada.post("/api/datasets/download-dataset", body).json()["job_id"])
    hubs.heal()
    assert (job["state"], job["problem"]["code"]) == ("failed", "outside_store")


# -- disks ------------------------------------------------------------------------------------------


def test_a_store_that_cannot_be_written(server: FileServer, tmp_path: Path) -> None:
    server.files = {"a.bin": b"1"}
    with small_disk(tmp_path / "disk") as disk:
        disk.remount("ro")
        error = fails(server.manifest(), disk.folder / "set")
        assert isinstance(error, StoreNotWritable)
        assert str(disk.folder) in error.detail
        disk.remount("rw")
        run(server.manifest(), disk.folder / "set")
        same(disk.folder / "set", server.files)


def test_a_disk_that_fills_up_on_the_way(server: FileServer, tmp_path: Path) -> None:
    """Neither of two files tells its size beforehand; each would fit alone."""
    server.files = {"first.bin": b"c" * 5000} | {name: os.urandom(9_000_000) for name in ("a.bin", "b.bin")}
    one_by_one = replace(QUICK, connections=1)
    with small_disk(tmp_path / "disk") as disk:
        for name in ("a.bin", "b.bin"):
            server.fault(name, "no_length")
        error = fails(server.manifest(sized=False), disk.folder / "set", one_by_one)
        assert isinstance(error, DiskFull)
        assert str(disk.folder) in error.detail
        disk.remount("size=64m")
        run(server.manifest(sized=False), disk.folder / "set")
        same(disk.folder / "set", server.files)
        assert server.asked("first.bin") == 1, "what was whole is kept"
        assert [path.name for path in disk.folder.iterdir()] == ["set"]


def test_a_disk_that_others_fill_meanwhile_says_what_is_missing(server: FileServer, tmp_path: Path) -> None:
    server.files = {name: os.urandom(5_000_000) for name in ("a.bin", "b.bin")}
    with small_disk(tmp_path / "disk") as disk:

        def report(progress: Progress) -> None:
            if progress.files_done == 1 and not (disk.folder / "others").exists():
                (disk.folder / "others").write_bytes(bytes(9_000_000))
                server.heal("b.bin")

        server.fault("b.bin", "stall", after=100_000)
        with pytest.raises(DiskFull) as caught:
            fetch(server.manifest(), disk.folder / "set", report, threading.Event(), limits=QUICK)
        missing = re.fullmatch(r"Free ([\d.]+) MB there\.", caught.value.next_step)
        assert missing, caught.value.next_step
        assert 1.5 < float(missing[1]) < 5, "what is missing, not what is needed"
        (disk.folder / "others").unlink()
        asked = server.asked("a.bin")
        run(server.manifest(), disk.folder / "set")
        same(disk.folder / "set", server.files)
        assert server.asked("a.bin") == asked


def test_a_disk_with_room_for_bytes_but_not_for_files(server: FileServer, tmp_path: Path) -> None:
    server.files = {f"{n:03}.csv": b"x" for n in range(80)}
    with small_disk(tmp_path / "disk") as disk:
        disk.remount("nr_inodes=40")
        assert isinstance(fails(server.manifest(), disk.folder / "set"), DiskFull)
        disk.remount("nr_inodes=400")
        run(server.manifest(), disk.folder / "set")
        same(disk.folder / "set", server.files)


def test_an_archive_that_has_no_room_beside_its_members(server: FileServer, tmp_path: Path) -> None:
    members = [(f"{n}.bin", os.urandom(2_000_000)) for n in range(5)]
    manifest = archive(server, zipped(members))
    with small_disk(tmp_path / "disk") as disk:
        assert isinstance(fails(manifest, disk.folder / "set"), DiskFull)
        disk.remount("size=64m")
        run(manifest, disk.folder / "set")
        same(disk.folder / "set", dict(members))


# -- clocks -----------------------------------------------------------------------------------------


def test_a_retry_after_that_is_past_is_asked_again_but_not_for_ever(
    server: FileServer, tmp_path: Path
) -> None:
    server.files = {"a.bin": b"1"}
    past = {"Retry-After": format_datetime(datetime.now(UTC) - timedelta(days=9), usegmt=True)}
    server.fault("a.bin", "status", status=429, headers=past)
    error = fails(server.manifest(), tmp_path / "set")
    assert isinstance(error, SourceRateLimited)
    assert server.asked("a.bin") < 10
    server.heal("a.bin")
    run(server.manifest(), tmp_path / "set")
    same(tmp_path / "set", server.files)


def test_rate_and_time_left_are_measured_on_the_meters_own_clock() -> None:
    now = [1000.0]
    reports: list[Progress] = []
    meter = ProgressMeter(reports.append, sizes=[1000], clock=lambda: now[0])
    meter.report()
    for _ in range(2):
        now[0] += 1
        meter.add(100)
        meter.report()
    assert reports[-1].rate_bps == pytest.approx(100)
    assert reports[-1].eta_s == pytest.approx(8)
