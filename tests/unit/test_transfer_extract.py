"""Archives: what is unpacked, what is refused, and whose word the members stand on."""

import bz2
import gzip
import hashlib
import io
import lzma
import os
import stat
import struct
import tarfile
import threading
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dataferry.core.errors import (
    Cancelled,
    ChecksumMismatch,
    DiskFull,
    InvalidInput,
    NotFound,
    SourceProtocolError,
    UnsafeArchive,
)
from dataferry.core.types import Bytes, DatasetRef, FileEntry, Grade, Manifest, Progress
from dataferry.transfer import FetchResult, Limits, fetch
from tests.fakes.files import checksum

MEMBERS = {
    "train/a.csv": os.urandom(70_000),
    "train/b.csv": b"1,2\n" * 100,
    "readme.txt": b"",
    "ünï.txt": b"u",
}


def zipped(members: dict[str | zipfile.ZipInfo, bytes] | dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as container:
        for name, body in members.items():
            container.writestr(name, body)
    return buffer.getvalue()


def tarred(members: dict[str, bytes], *more: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as container:
        for name, body in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            container.addfile(member, io.BytesIO(body))
        for member in more:
            container.addfile(member)
    return buffer.getvalue()


def special(name: str, kind: bytes, leads_to: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, leads_to
    return member


def zip_link(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


def entry(path: str, body: bytes, *, promised: bool = False, unpack: bool = True) -> FileEntry:
    word = checksum(body, "sha256") if promised else None
    return FileEntry(path, Bytes(lambda: io.BytesIO(body)), size=len(body), checksum=word, unpack=unpack)


def run(target: Path, *entries: FileEntry, **options: object) -> tuple[FetchResult, list[Progress]]:
    reports: list[Progress] = []
    unpacked = options.pop("unpacked_bytes", None)
    manifest = Manifest(DatasetRef("kaggle", "a/b"), "1", entries, unpacked_bytes=unpacked)  # type: ignore[arg-type]
    result = fetch(manifest, target, reports.append, threading.Event(), **options)  # type: ignore[arg-type]
    return result, reports


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


PACKINGS: dict[str, tuple[Callable[[bytes], bytes], Grade]] = {
    "tar": (bytes, "recorded"),
    "tar.gz": (gzip.compress, "transport"),
    "tgz": (gzip.compress, "transport"),
    "tar.bz2": (bz2.compress, "transport"),
    "tar.xz": (lzma.compress, "transport"),
}


@pytest.mark.parametrize("promised", [True, False])
@pytest.mark.parametrize("suffix", ["zip", *PACKINGS])
def test_members_take_the_archives_place(tmp_path: Path, suffix: str, promised: bool) -> None:
    if suffix == "zip":
        body, grade = zipped(MEMBERS), "transport"
    else:
        pack, grade = PACKINGS[suffix]
        body = pack(tarred(MEMBERS))
    result, reports = run(tmp_path / "set", entry(f"set.{suffix}", body, promised=promised))
    assert tree(tmp_path / "set") == MEMBERS
    assert [(f.path, f.size, f.sha256) for f in result.files] == [
        (path, len(body), hashlib.sha256(body).hexdigest()) for path, body in sorted(MEMBERS.items())
    ]
    assert {f.grade for f in result.files} == {"publisher" if promised else grade}
    assert {p.stat().st_mode & 0o777 for p in (tmp_path / "set").rglob("*") if p.is_file()} == {0o444}
    assert [p.name for p in tmp_path.iterdir()] == ["set"], "the archive is gone"
    phases = list(dict.fromkeys(p.phase for p in reports))
    assert phases == ["fetching", "verifying", "unpacking", "finishing"]
    assert reports[-1].files_done == 4
    assert reports[-1].bytes_done == reports[-1].bytes_total == len(body)


def test_members_stay_in_the_archives_folder_beside_plain_files(tmp_path: Path) -> None:
    run(
        tmp_path / "set",
        entry("raw/one.zip", zipped({"a.csv": b"1"})),
        entry("raw/two.zip", zipped({"b.csv": b"2"})),
        entry("c.csv", b"3", unpack=False),
    )
    assert tree(tmp_path / "set") == {"raw/a.csv": b"1", "raw/b.csv": b"2", "c.csv": b"3"}


def test_an_archive_that_is_not_to_be_unpacked_stays(tmp_path: Path) -> None:
    body = zipped(MEMBERS)
    run(tmp_path / "set", entry("model.npz", body, unpack=False))
    assert tree(tmp_path / "set") == {"model.npz": body}


@pytest.mark.parametrize(
    ("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
def test_a_single_packed_file_is_unpacked_too(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    result, _ = run(tmp_path / "set", entry(f"deep/table.csv.{suffix}", pack(b"a,b\n1,2\n"), promised=True))
    assert tree(tmp_path / "set") == {"deep/table.csv": b"a,b\n1,2\n"}
    assert [(f.path, f.size, f.grade) for f in result.files] == [("deep/table.csv", 8, "publisher")]


def test_a_packed_file_whose_name_does_not_say_so_stays_as_it_is(tmp_path: Path) -> None:
    body = gzip.compress(b"a,b\n1,2\n")
    result, _ = run(tmp_path / "set", entry("deep/table", body))
    assert tree(tmp_path / "set") == {"deep/table": body}
    assert [(f.path, f.grade) for f in result.files] == [("deep/table", "recorded")]


def test_a_damaged_packed_file(tmp_path: Path) -> None:
    body = gzip.compress(os.urandom(1000))
    with pytest.raises(ChecksumMismatch):
        run(tmp_path / "set", entry("a.csv.gz", body[:-8] + bytes(8)))
    assert not (tmp_path / "set").exists()


def test_a_packed_bomb(tmp_path: Path) -> None:
    with pytest.raises(UnsafeArchive, match="bomb"):
        run(tmp_path / "set", entry("a.csv.gz", gzip.compress(bytes(1_000_000))), limits=SMALL)


def test_an_archive_can_be_kept_beside_its_members(tmp_path: Path) -> None:
    body = zipped({"x/a.csv": b"1"})
    result, _ = run(tmp_path / "set", entry("data/b.zip", body), keep_archives=True)
    assert tree(tmp_path / "set") == {"data/b.zip": body, "data/x/a.csv": b"1"}
    assert [f.path for f in result.files] == ["data/b.zip", "data/x/a.csv"]


# -- names -----------------------------------------------------------------------------------------


def with_raw_name(body: bytes, old: bytes, raw: bytes) -> bytes:
    """A zip whose member is named by these very bytes, without the flag for UTF-8."""
    assert len(old) == len(raw)
    return body.replace(old, raw)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("täst.txt".encode(), "täst.txt"),  # UTF-8 that does not say so
        ("täst_.txt".encode("cp437"), "täst_.txt"),  # the format's own code page
        (b"dir\\b.txt", "dir/b.txt"),  # Windows tools
    ],
)
def test_zip_names_in_other_encodings(tmp_path: Path, raw: bytes, name: str) -> None:
    plain = b"x" * len(raw)
    run(tmp_path / "set", entry("a.zip", with_raw_name(zipped({plain.decode(): b"1"}), plain, raw)))
    assert tree(tmp_path / "set") == {name: b"1"}


def test_tar_names_that_are_not_utf8(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", encoding="latin-1", format=tarfile.GNU_FORMAT) as container:
        member = tarfile.TarInfo("caf\xe9/men\xfc.csv")
        member.size = 1
        container.addfile(member, io.BytesIO(b"1"))
    run(tmp_path / "set", entry("a.tar", buffer.getvalue()))
    assert tree(tmp_path / "set") == {"café/menü.csv": b"1"}


def test_control_characters_become_harmless(tmp_path: Path) -> None:
    run(tmp_path / "set", entry("a.tar", tarred({"./dir/Icon\r": b"1"}, special("./", tarfile.DIRTYPE))))
    assert tree(tmp_path / "set") == {"dir/Icon_": b"1"}


# -- what is refused ------------------------------------------------------------------------------


EVIL_NAMES = [
    "../evil",
    "a/../../evil",
    "/etc/evil",
    "..\\evil",
    "C:\\evil",
    "a/..",
    "d/" * 600 + "x",
]


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_zip_slip(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsafeArchive):
        run(tmp_path / "set", entry("a.zip", zipped({"good.txt": b"1", name: b"evil"})))
    assert_nothing_escaped(tmp_path)


@pytest.mark.parametrize("name", [name for name in EVIL_NAMES if "\\" not in name])
def test_tar_slip(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsafeArchive):
        run(tmp_path / "set", entry("a.tar.gz", gzip.compress(tarred({"good.txt": b"1", name: b"evil"}))))
    assert_nothing_escaped(tmp_path)


def assert_nothing_escaped(folder: Path) -> None:
    assert not (folder / "set").exists()
    assert [p.name for p in folder.iterdir()] == [".incomplete"]
    assert not list(folder.rglob("*evil*"))
    assert not Path("/etc/evil").exists()


LINKS_OUT = ["../../etc/passwd", "..", "a/../../x"]
LINKS_NOWHERE = ["missing", "", "self", ".", "folder/missing", "empty"]


@pytest.mark.parametrize("leads_to", LINKS_OUT)
@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_tar_links_that_lead_out(tmp_path: Path, leads_to: str, kind: bytes) -> None:
    body = tarred({"folder/a": b"1"}, special("self", kind, leads_to))
    with pytest.raises(UnsafeArchive, match="leads out"):
        run(tmp_path / "set", entry("a.tar", body))


@pytest.mark.parametrize("leads_to", LINKS_OUT)
def test_zip_links_that_lead_out(tmp_path: Path, leads_to: str) -> None:
    body = zipped({"folder/a": b"1", zip_link("self"): leads_to.encode()})  # type: ignore[dict-item]
    with pytest.raises(UnsafeArchive, match="leads out"):
        run(tmp_path / "set", entry("a.zip", body))


def test_a_link_that_leads_out_through_another(tmp_path: Path) -> None:
    """Each stays inside as it is written; through the folder that the first leads to, the second does not."""
    body = tarred(
        {"a/b/c/d.csv": b"1", "x.csv": b"2"},
        special("a/short", tarfile.SYMTYPE, "../x.csv"),
        special("deep", tarfile.SYMTYPE, "a"),
        special("a/b/c/out", tarfile.SYMTYPE, "../../../deep/../../x.csv"),
    )
    with pytest.raises(UnsafeArchive, match="leads out"):
        run(tmp_path / "set", entry("a.tar", body))


@pytest.mark.parametrize("leads_to", LINKS_NOWHERE)
@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_tar_links_that_lead_nowhere_are_left_out(tmp_path: Path, leads_to: str, kind: bytes) -> None:
    """A deployed node_modules, an ImageNet subset: cpython#122736, pear/Archive_Tar#35."""
    body = tarred(
        {"folder/a": b"1"}, special("empty", tarfile.DIRTYPE), special("self", kind, leads_to or "missing")
    )
    _, reports = run(tmp_path / "set", entry("a.tar", body))
    assert tree(tmp_path / "set") == {"folder/a": b"1"}
    assert reports[-1].note == "a.tar: links that lead to no file of it were left out: self."


@pytest.mark.parametrize("leads_to", [link for link in LINKS_NOWHERE if link])
def test_zip_links_that_lead_nowhere_are_left_out(tmp_path: Path, leads_to: str) -> None:
    body = zipped({"folder/a": b"1", zip_link("self"): leads_to.encode()})  # type: ignore[dict-item]
    _, reports = run(tmp_path / "set", entry("a.zip", body))
    assert tree(tmp_path / "set") == {"folder/a": b"1"}
    assert reports[-1].note == "a.zip: links that lead to no file of it were left out: self."


def test_absolute_links_are_left_out(tmp_path: Path) -> None:
    """``mylink -> /usr/bin/env`` of cpython#122736."""
    body = tarred({"test/file1": b"1"}, special("test/mylink", tarfile.SYMTYPE, "/usr/bin/env"))
    _, reports = run(tmp_path / "set", entry("a.tar", body))
    assert tree(tmp_path / "set") == {"test/file1": b"1"}
    assert reports[-1].note == "a.tar: links to absolute paths were left out: test/mylink → /usr/bin/env."


def test_a_member_below_a_link(tmp_path: Path) -> None:
    body = tarred({}, special("d", tarfile.SYMTYPE, "/tmp"))[:512] + tarred({"d/evil": b"1"})
    with pytest.raises(UnsafeArchive):
        run(tmp_path / "set", entry("a.tar", body))


def test_links_inside_become_second_names(tmp_path: Path) -> None:
    body = tarred(
        {"v1/a.csv": b"1"},
        special("latest.csv", tarfile.SYMTYPE, "v1/b.csv"),
        special("v1/b.csv", tarfile.SYMTYPE, "a.csv"),
        special("v1/c.csv", tarfile.LNKTYPE, "v1/a.csv"),
    )
    result, _ = run(tmp_path / "set", entry("sub/a.tar", body))
    names = ["sub/latest.csv", "sub/v1/a.csv", "sub/v1/b.csv", "sub/v1/c.csv"]
    assert [file.path for file in result.files] == names
    assert len({file.sha256 for file in result.files}) == 1
    assert not any((tmp_path / "set" / name).is_symlink() for name in names)
    body = zipped({"a.csv": b"1", zip_link("b.csv"): b"a.csv"})  # type: ignore[dict-item]
    run(tmp_path / "zip", entry("a.zip", body))
    assert tree(tmp_path / "zip") == {"a.csv": b"1", "b.csv": b"1"}


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_are_left_out(tmp_path: Path, kind: bytes) -> None:
    _, reports = run(tmp_path / "set", entry("a.tar", tarred({"a": b"1"}, special("dev", kind))))
    assert tree(tmp_path / "set") == {"a": b"1"}
    assert reports[-1].note == "a.tar: what is neither a file nor a folder was left out: dev."


def test_devices_in_a_zip(tmp_path: Path) -> None:
    member = zipfile.ZipInfo("dev")
    member.external_attr = stat.S_IFCHR << 16
    _, reports = run(tmp_path / "set", entry("a.zip", zipped({member: b"", "a": b"1"})))  # type: ignore[dict-item]
    assert tree(tmp_path / "set") == {"a": b"1"}
    assert "neither a file nor a folder was left out: dev." in (reports[-1].note or "")


def test_devices_whose_names_lead_out(tmp_path: Path) -> None:
    with pytest.raises(UnsafeArchive, match="outside"):
        run(tmp_path / "set", entry("a.tar", tarred({"a": b"1"}, special("../dev", tarfile.CHRTYPE))))


@pytest.mark.parametrize("second", ["a", "a/b"])
def test_members_of_two_archives_that_collide(tmp_path: Path, second: str) -> None:
    with pytest.raises(UnsafeArchive):
        run(tmp_path / "set", entry("a.zip", zipped({"a": b"1"})), entry("b.zip", zipped({second: b"2"})))


def test_a_file_where_a_folder_must_be(tmp_path: Path) -> None:
    double = tarred({"a": b"1"})[:1024] + tarred({"a/b": b"2"})
    with pytest.raises(UnsafeArchive, match="below a file"):
        run(tmp_path / "set", entry("a.tar", double))


def test_a_member_that_collides_with_a_plain_file(tmp_path: Path) -> None:
    with pytest.raises(UnsafeArchive):
        run(tmp_path / "set", entry("a", b"plain", unpack=False), entry("b.zip", zipped({"a": b"1"})))
    with pytest.raises(InvalidInput):
        run(tmp_path / "set", entry("a.zip", zipped({"b": b"1"})), entry("b", gzip.compress(b"2")))


SMALL = Limits(unpack_floor_bytes=50_000, unpack_ratio=10, unpack_files=10)


@pytest.mark.parametrize("suffix", ["zip", "tar.gz", "tar.bz2", "tar.xz"])
def test_bombs(tmp_path: Path, suffix: str) -> None:
    members = {"zeros": bytes(3_000_000)}
    body = zipped(members) if suffix == "zip" else PACKINGS[suffix][0](tarred(members))
    with pytest.raises(UnsafeArchive, match="bomb"):
        run(tmp_path / "set", entry(f"a.{suffix}", body), limits=SMALL)
    assert sum(p.stat().st_size for p in tmp_path.rglob("zeros")) == 0


def test_a_bomb_behind_the_end(tmp_path: Path) -> None:
    body = gzip.compress(tarred({"a": b"1"}) + bytes(3_000_000))
    with pytest.raises(UnsafeArchive, match="bomb"):
        run(tmp_path / "set", entry("a.tar.gz", body), limits=SMALL)


def header(kind: bytes, size: int, name: str = "x") -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


def sparse_map(blocks: int) -> bytes:
    """A sparse file of old GNU tar whose map goes on for so many blocks."""
    first = bytearray(header(tarfile.GNUTYPE_SPARSE, 0))
    first[482] = 1  # its map goes on
    first[148:156] = b"%06o\0 " % (sum(first[:148]) + sum(first[156:]) + 8 * 32)
    return bytes(first) + (bytes(504) + b"\1" + bytes(7)) * blocks


MIB = 1 << 20


@pytest.mark.parametrize(
    "headers",
    [
        header(tarfile.GNUTYPE_LONGNAME, 64 * MIB) + b"x" * 64 * MIB,
        header(tarfile.GNUTYPE_LONGLINK, 64 * MIB) + b"x" * 64 * MIB,
        header(tarfile.XHDTYPE, 64 * MIB) + b"%d comment=" % (64 * MIB) + b"x" * (64 * MIB - 17) + b"\n",
        (header(tarfile.XHDTYPE, 512) + b"512 comment=" + b"x" * 499 + b"\n") * 1500,
        (header(tarfile.XGLTYPE, 16_384) + b"16384 comment=" + b"x" * 16_369 + b"\n" + header(b"0", 0)) * 20,
        (header(tarfile.GNUTYPE_LONGNAME, 512) + bytes(512)) * 1500,
        sparse_map(100_000),
    ],
    ids=["name", "link", "pax", "pax-chain", "pax-global", "name-chain", "sparse"],
)
def test_headers_that_ask_for_memory(tmp_path: Path, headers: bytes) -> None:
    body = gzip.compress(headers + tarred({"a": b"1"}), 1)
    tracemalloc.start()
    try:
        with pytest.raises(UnsafeArchive, match="header"):
            run(tmp_path / "set", entry("a.tar.gz", body))
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()


def test_long_names_and_records_as_programs_write_them(tmp_path: Path) -> None:
    name = "/".join(["folder" * 10] * 3) + "/" + "n" * 120
    for format in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        stream = io.BytesIO()
        records = {"SCHILY.xattr.user.note": "x" * 60_000}
        with tarfile.open(fileobj=stream, mode="w", format=format, pax_headers=records) as container:
            info = tarfile.TarInfo(name)
            info.size = 1
            info.pax_headers = records
            container.addfile(info, io.BytesIO(b"1"))
        run(tmp_path / str(format), entry("a.tar.gz", gzip.compress(stream.getvalue())))
        assert tree(tmp_path / str(format)) == {name: b"1"}


def test_an_xz_that_wants_a_dictionary_of_gigabytes_stays_packed(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 16 * MIB}]
    body = bytearray(lzma.compress(tarred({"a": b"1"}), filters=filters))
    # The block header's properties of LZMA2: 16 MiB is 24 there, 1.5 GiB 37; its CRC follows.
    at = body.index(bytes([0x21, 0x01, 24]), 12)
    length = (body[12] + 1) * 4
    body[at + 2] = 37
    body[12 + length - 4 : 12 + length] = struct.pack("<L", zlib.crc32(body[12 : 12 + length - 4]))
    run(tmp_path / "set", entry("a.tar.xz", bytes(body)))
    assert tree(tmp_path / "set") == {"a.tar.xz": bytes(body)}


def test_the_publishers_own_word_on_the_size_is_believed(tmp_path: Path) -> None:
    body = zipped({"zeros": bytes(3_000_000)})
    run(tmp_path / "set", entry("a.zip", body), limits=SMALL, unpacked_bytes=3_000_000)
    assert tree(tmp_path / "set") == {"zeros": bytes(3_000_000)}


@pytest.mark.parametrize("lie", [1000, 200_000])
def test_a_zip_that_lies_about_a_size(tmp_path: Path, lie: int) -> None:
    body = zipped({"zeros": bytes(100_000)})
    lying = body.replace(struct.pack("<L", 100_000), struct.pack("<L", lie))
    with pytest.raises(ChecksumMismatch, match="damaged"):
        run(tmp_path / "set", entry("a.zip", lying))


def test_members_that_overlap(tmp_path: Path) -> None:
    body = zipped({f"{n}": os.urandom(1000) for n in range(2)})
    with zipfile.ZipFile(io.BytesIO(body)) as container:
        second = container.infolist()[1].header_offset
    directory = body.index(b"PK\x01\x02")
    overlapping = body[:second] + body[directory:]
    end = bytearray(overlapping)
    end[-6:-2] = struct.pack("<L", second)  # where the directory begins now
    with pytest.raises(UnsafeArchive, match="overlap"):
        run(tmp_path / "set", entry("a.zip", bytes(end)))


def test_too_many_files(tmp_path: Path) -> None:
    for suffix, body in (
        ("zip", zipped({str(n): b"" for n in range(11)})),
        ("tar", tarred({str(n): b"" for n in range(11)})),
    ):
        with pytest.raises(UnsafeArchive, match="more than 10 files"):
            run(tmp_path / "set", entry(f"a.{suffix}", body), limits=SMALL)


def marked_as(body: bytes, *, flags: int = 0, method: int | None = None) -> bytes:
    """A zip of one member with other flags, or another method, than it has."""
    marked = bytearray(body)
    directory = body.index(b"PK\x01\x02")
    marked[6] |= flags
    marked[directory + 8] |= flags
    if method is not None:
        marked[8] = marked[directory + 10] = method
    return bytes(marked)


OBSTACLES = [
    (marked_as(zipped({"a": b"1"}), flags=1), "it is protected by a password"),
    (marked_as(zipped({"a": b"1"}), method=9), "it is packed with Deflate64"),
    (marked_as(zipped({"a": b"1"}), method=93), "it is packed with Zstandard"),
    (marked_as(zipped({"a": b"1"}), method=99), "it is protected by a password"),
    (marked_as(zipped({"a": b"1"}), method=77), "it is packed with method 77"),
    (b"Rar!\x1a\x07\x01\x00" + os.urandom(600), "it is a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c\x00\x04" + os.urandom(600), "it is a 7z archive"),
    (gzip.compress(b"a,b\n1,2\n"), "it is one file packed with gzip"),
    (b"PK\x07\x08" + zipped({"a": os.urandom(900)})[:600], "it is one part of a split zip"),
    (os.urandom(64) + b"\xff\0", "it is not the archive that its name says"),
]


@pytest.mark.parametrize("keep_archives", [False, True])
@pytest.mark.parametrize(("body", "reason"), OBSTACLES, ids=[reason for _, reason in OBSTACLES])
def test_what_cannot_be_unpacked_arrives_as_it_is(
    tmp_path: Path, body: bytes, reason: str, keep_archives: bool
) -> None:
    """Deflate64 (mlcommons/croissant#873, saulpw/unzip-http#13), Zstandard, passwords, RAR under ``.zip``."""
    result, reports = run(
        tmp_path / "set", entry("sub/a.zip", body, promised=True), keep_archives=keep_archives
    )
    assert tree(tmp_path / "set") == {"sub/a.zip": body}
    assert [(file.path, file.grade) for file in result.files] == [("sub/a.zip", "publisher")]
    assert result.files[0].sha256 == hashlib.sha256(body).hexdigest()
    assert reports[-1].note == f"sub/a.zip was not unpacked and is here itself: {reason}."


@pytest.mark.parametrize("body", [zipped({}), zipped({"folder/": b""})], ids=["empty", "a folder"])
def test_an_archive_without_files(tmp_path: Path, body: bytes) -> None:
    """Alone it is an error, beside others it stays as it is."""
    with pytest.raises(NotFound, match="no files"):
        run(tmp_path / "alone", entry("a.zip", body))
    run(tmp_path / "kept", entry("a.zip", body), keep_archives=True)
    assert tree(tmp_path / "kept") == {"a.zip": body}
    _, reports = run(tmp_path / "beside", entry("a.zip", body), entry("b.zip", zipped({"b": b"1"})))
    assert tree(tmp_path / "beside") == {"a.zip": body, "b": b"1"}
    assert reports[-1].note == "a.zip was not unpacked and is here itself: it holds no files."


def test_one_member_of_many_that_cannot_be_unpacked(tmp_path: Path) -> None:
    """The rest arrives, and the archive with it, so that nothing is missing."""
    body = marked_as(zipped({"a": b"1", "b": b"2"}), flags=1)
    _, reports = run(tmp_path / "set", entry("s.zip", body))
    assert tree(tmp_path / "set") == {"b": b"2", "s.zip": body}
    assert reports[-1].note == (
        "s.zip: members that cannot be unpacked here (protected by a password) were left out, "
        "and the archive is kept: a."
    )


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(zipped({"../evil": b"1", "a": b"2"}), id="leads out"),
        pytest.param(zipped({"d/" * 600 + "x": b"1"}), id="long path"),
        pytest.param(zipped({"a": b"1"})[:-30], id="damaged"),
        pytest.param(b"<html>Please sign in</html>", id="page"),
    ],
)
def test_archives_can_be_kept_whatever_they_are(tmp_path: Path, body: bytes) -> None:
    _, reports = run(tmp_path / "set", entry("a.zip", body), keep_archives=True)
    assert tree(tmp_path / "set") == {"a.zip": body}
    assert "was not unpacked and is here itself" in (reports[-1].note or "")


def test_an_archive_that_holds_a_file_of_its_own_name_is_kept_too(tmp_path: Path) -> None:
    body = zipped({"a.zip": b"1"})
    result, reports = run(tmp_path / "set", entry("a.zip", body), keep_archives=True)
    assert tree(tmp_path / "set") == {"a.zip": b"1", "a (2).zip": body}
    assert {file.path: file.size for file in result.files} == {"a.zip": 1, "a (2).zip": len(body)}
    assert reports[-1].note == "a.zip is kept as a (2).zip: a member has its name."


# -- damage ---------------------------------------------------------------------------------------


def broken(body: bytes, where: float = 0.5) -> bytes:
    at = int(len(body) * where)
    return body[:at] + bytes([body[at] ^ 0xFF]) + body[at + 1 :]


@pytest.mark.parametrize("suffix", ["zip", "tar.gz", "tar.bz2", "tar.xz"])
@pytest.mark.parametrize("how", [broken, lambda body: body[: len(body) * 2 // 3]])
def test_damage_is_found_and_the_archive_fetched_again(
    tmp_path: Path, suffix: str, how: Callable[[bytes], bytes]
) -> None:
    good = zipped(MEMBERS) if suffix == "zip" else PACKINGS[suffix][0](tarred(MEMBERS))
    bodies = [how(good), good]
    path = f"a.{suffix}"
    damaged = FileEntry(path, Bytes(lambda: io.BytesIO(bodies.pop(0))), unpack=True)
    # Cut short, a zip has no directory left and is not known for one.
    with pytest.raises((ChecksumMismatch, SourceProtocolError)):
        run(tmp_path / "set", damaged)
    assert not (tmp_path / "set").exists()
    run(tmp_path / "set", damaged)
    assert tree(tmp_path / "set") == MEMBERS


@pytest.mark.parametrize("size", [1300, 1536, 2000, 2048])
def test_a_bare_tar_cut_short(tmp_path: Path, size: int) -> None:
    body = tarred({"a": b"1" * 512, "b": b"2" * 512})[:size]
    with pytest.raises(ChecksumMismatch, match="damaged"):
        run(tmp_path / "set", entry("a.tar", body))


def test_a_broken_header_is_not_the_end(tmp_path: Path) -> None:
    body = bytearray(tarred({"a": b"1" * 512, "b": b"2"}))
    body[1024 + 3] ^= 1  # the name of the second member
    for path, whole in (("a.tar", bytes(body)), ("b.tar.gz", gzip.compress(body))):
        with pytest.raises(ChecksumMismatch, match="header is broken"):
            run(tmp_path / "set", entry(path, whole))


def test_a_damaged_last_byte_of_a_gzip(tmp_path: Path) -> None:
    body = gzip.compress(tarred({"a": b"1"}))
    with pytest.raises(ChecksumMismatch, match="damaged"):
        run(tmp_path / "set", entry("a.tar.gz", body[:-5] + bytes([body[-5] ^ 1]) + body[-4:]))


def test_damage_under_the_publishers_checksum_is_the_publishers(tmp_path: Path) -> None:
    with pytest.raises(UnsafeArchive, match="broken at its source") as caught:
        run(tmp_path / "set", entry("a.tar.gz", broken(gzip.compress(tarred(MEMBERS))), promised=True))
    assert not caught.value.transient


def test_a_page_under_an_archives_name(tmp_path: Path) -> None:
    with pytest.raises(SourceProtocolError, match="not the archive that its name says"):
        run(tmp_path / "set", entry("a.zip", b"<html>Please sign in</html>"))
    assert not (tmp_path / "set").exists()


# -- room and cancel ------------------------------------------------------------------------------


def test_room_for_the_members_is_checked_before_they_are_written(tmp_path: Path) -> None:
    archive = entry("a.zip", zipped({"a": b"1"}))
    with pytest.raises(DiskFull):
        run(tmp_path / "set", archive, unpacked_bytes=10**18)
    huge = tarfile.TarInfo("huge")
    huge.size = 10**17
    body = huge.tobuf() + bytes(1024)
    limits = replace(SMALL, unpack_floor_bytes=10**18)
    with pytest.raises(DiskFull, match=r"needs .* is free"):
        run(tmp_path / "set", entry("a.tar", body), limits=limits)


def test_cancel_while_unpacking(tmp_path: Path) -> None:
    cancel = threading.Event()

    def listen(progress: Progress) -> None:
        if progress.phase == "unpacking":
            cancel.set()

    manifest = Manifest(DatasetRef("kaggle", "a/b"), "1", (entry("a.zip", zipped(MEMBERS)),))
    with pytest.raises(Cancelled):
        fetch(manifest, tmp_path / "set", listen, cancel)
    assert not (tmp_path / "set").exists()
    opened: list[int] = []
    again = FileEntry("a.zip", Bytes(lambda: opened.append(1) or io.BytesIO(b"")), size=None, unpack=True)  # type: ignore[func-returns-value]
    fetch(replace(manifest, files=(again,)), tmp_path / "set", lambda _: None, threading.Event())
    assert tree(tmp_path / "set") == MEMBERS
    assert not opened, "the archive was whole"
