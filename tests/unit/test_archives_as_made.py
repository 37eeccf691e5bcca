"""Archives as people and their programs make them: a sound one arrives whole, and what is not here is said.

What is right is what ``unzip``, ``tar`` and ``gzip`` do, where they agree.
"""

import bz2
import gzip
import io
import lzma
import os
import random
import shutil
import struct
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dataferry.core.errors import Cancelled, ChecksumMismatch, DataferryError, NotFound, UnsafeArchive
from dataferry.core.files.safe_names import ReservedPaths
from dataferry.core.types import Bytes, DatasetRef, FileEntry, Manifest, Progress
from dataferry.transfer import Limits, fetch
from dataferry.transfer.archives.archive_formats import format_of, unpack
from dataferry.transfer.archives.extract import ExtractionTree
from dataferry.transfer.archives.faults import CannotUnpack, DamagedArchive
from dataferry.transfer.files.write_gate import WriteGate
from tests.fakes.files import FileServer, checksum
from tests.support.archives import (
    RawMember,
    raw_zip,
    tar_header,
    tar_link,
    tarred,
    unicode_path,
    zip_link,
    zipped,
)
from tests.support.programs import unavailable
from tests.support.trees import tree

#: The same in every process.
NOISE = random.Random(9).randbytes(600_000)


def unpacked(
    folder: Path, name: str, body: bytes, *, promised: bool = True
) -> tuple[dict[str, bytes], str | None]:
    """The tree of an archive that was fetched, and what was said of it."""
    reports: list[Progress] = []
    promise = checksum(body, "sha256") if promised else None
    entry = FileEntry(name, Bytes(lambda: io.BytesIO(body)), size=len(body), checksum=promise, unpack=True)
    manifest = Manifest(DatasetRef("kaggle", "a/b"), "1", (entry,))
    result = fetch(manifest, folder / "set", reports.append, threading.Event())
    found = tree(folder / "set")
    assert {file.path: file.size for file in result.files} == {path: len(found[path]) for path in found}
    return found, reports[-1].note


def extraction(root: Path, gate: WriteGate, *, fold_case: bool = False) -> ExtractionTree:
    return ExtractionTree(
        root,
        ReservedPaths(fold_case=fold_case),
        Limits(),
        archive="a.zip",
        max_bytes=2**30,
        grade="transport",
        check_cancelled=lambda: None,
        on_member=lambda: None,
        gate=gate,
    )


# -- names in other code pages ----------------------------------------------------------------------

#: Code page, names, and what a person reads it is.
NAMES = [
    ("gbk", ["数据.csv"], "GBK"),
    ("gbk", ["北京.csv"], "GBK"),
    ("gbk", ["蝴蝶代码与烧录工具/STC-USB驱动安装说明.pdf"], "GBK"),  # ib/xarchiver#224
    ("gbk", ["尤里的陰謀v1.0/說明.txt"], "GBK"),  # kuba--/zip#233: the second byte of 謀 is a backslash
    ("cp932", ["新しいフォルダ/SJIS_835C_ソ.txt"], "Shift-JIS"),  # nih-at/libzip#212
    ("cp932", ["表.csv"], "Shift-JIS"),
    ("cp932", ["能/データ.csv"], "Shift-JIS"),
    ("cp932", ["よみ (read).txt", "使用曲なな.txt"], "Shift-JIS"),  # ianharmon/mojibake-fixer#2
    ("cp949", ["전자책.txt"], "Korean"),  # LibreCodeCoop/extract#56
    ("cp949", ["학습데이터/이미지.png"], "Korean"),
    ("big5", ["資料集/功能.csv"], "Big5"),
    ("cp866", ["Новая папка/Данные.csv"], "866"),
    ("cp866", ["ОТЧЁТ.TXT"], "866"),
    ("cp1251", ["отчёт за май.doc"], "1251"),
    ("cp437", ["Übersicht.csv", "täst.txt"], "437"),
    ("cp850", ["Informação.csv"], "850"),
    ("cp852", ["zażółć gęślą.csv"], "852"),
    ("cp1252", ["São Paulo/été.csv"], "1252"),
]


@pytest.mark.parametrize(("code_page", "names", "label"), NAMES)
def test_zip_names_in_a_code_page_are_read_and_it_is_said(
    tmp_path: Path, code_page: str, names: list[str], label: str
) -> None:
    body = raw_zip(*(RawMember(name.encode(code_page), name.encode()) for name in names))
    found, note = unpacked(tmp_path, "a.zip", body)
    assert found == {name: name.encode() for name in names}
    assert note is not None
    assert "names that do not say their encoding were read as" in note
    assert label in note
    assert names[0] in note


@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
@pytest.mark.parametrize(
    ("code_page", "name"),
    [
        ("latin-1", "café/menü.csv"),
        ("gbk", "数据/训练集.csv"),
        ("cp932", "表/ソ.csv"),
        ("cp1251", "данные.csv"),
    ],
)
def test_tar_names_in_a_code_page_are_read_and_it_is_said(
    tmp_path: Path, code_page: str, name: str, kind: int
) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=kind, encoding="utf-8") as container:
        for each, link in ((name, ""), ("plain.csv", ""), ("other.csv", name)):
            raw = each.encode(code_page).decode("utf-8", "surrogateescape")
            member = tarfile.TarInfo(raw)
            if link:
                member.type = tarfile.SYMTYPE
                member.linkname = link.encode(code_page).decode("utf-8", "surrogateescape")
            else:
                member.size = 1
            container.addfile(member, io.BytesIO(b"1"))
    found, note = unpacked(tmp_path, "a.tar", buffer.getvalue())
    assert found == {name: b"1", "plain.csv": b"1", "other.csv": b"1"}
    assert note is not None
    assert "names that do not say their encoding were read as" in note


def test_declared_names_need_no_guess(tmp_path: Path) -> None:
    """UTF-8 by its flag, by Info-ZIP's field or by its bytes. The field counts only if it is of this name."""
    old = "男.txt".encode("gbk")
    members = [
        RawMember("ünï.csv".encode(), b"a", flags=0x800),
        RawMember("naïve.csv".encode(), b"b"),
        RawMember(old, b"c", extra=b"\x99\x99\1\0x" + unicode_path(old, "男.txt") + b"\0\0\0"),
        RawMember(b"renamed.csv", b"d", extra=unicode_path(b"other.csv", "wrong.csv")),
    ]
    found, note = unpacked(tmp_path, "a.zip", raw_zip(*members))
    assert found == {"ünï.csv": b"a", "naïve.csv": b"b", "男.txt": b"c", "renamed.csv": b"d"}
    assert note is None


def test_a_name_that_is_marked_as_utf_8_and_is_none(tmp_path: Path) -> None:
    """python/cpython#153428"""
    found, _ = unpacked(tmp_path, "a.zip", raw_zip(RawMember("café.csv".encode("cp437"), flags=0x800)))
    assert found == {"café.csv": b"1"}


@pytest.mark.parametrize("name", ["été/e\u0301te\u0301.csv", "ﬁle.csv", "A.csv"])
def test_names_of_other_normal_forms_stay_beside_each_other(tmp_path: Path, name: str) -> None:
    names = [name, "été/été.csv", "file.csv", "a.csv"]
    found, note = unpacked(tmp_path, "a.zip", zipped([(each, each.encode()) for each in names]))
    assert found == {each: each.encode() for each in names}
    assert note is None


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_become_equal_are_told_apart(tmp_path: Path, kind: str) -> None:
    members = [("a\n.csv", b"1"), ("a\r.csv", b"2")]
    body = zipped(members) if kind == "zip" else tarred(members)
    found, note = unpacked(tmp_path, f"a.{kind}", body)
    assert found == {"a_.csv": b"1", "a_ (2).csv": b"2"}
    assert (
        note == f"a.{kind}: names that this disk cannot hold side by side were changed: a_.csv → a_ (2).csv."
    )


def test_names_too_long_for_a_disk_are_shortened_and_said(tmp_path: Path) -> None:
    """``unzip`` truncates them too."""
    long = "データ" * 40
    found, note = unpacked(tmp_path, "a.zip", zipped([(f"{long}.csv", b"1"), (f"{long}表.csv", b"2")]))
    assert sorted(found.values()) == [b"1", b"2"]
    assert all(name.startswith("データ" * 20) and name.endswith(".csv") for name in found)
    assert "names that are too long for a disk were shortened" in (note or "")


def test_a_path_too_long_for_a_disk_says_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(UnsafeArchive, match="too long") as caught:
        unpacked(tmp_path, "a.zip", zipped([("d/" * 600 + "x", b"1")]))
    assert "keep_archives" in caught.value.next_step


# -- the directory counts ------------------------------------------------------------------------------

LOCAL_NAMES = [
    b"sv/A.dll",
    b"AABLoc.resources.dll",
    b"SV\\aabloc.RESOURCES.dll",
    b"\xff\xfe",
    b"",
]


@pytest.mark.parametrize("local", LOCAL_NAMES)
def test_the_directorys_name_counts(tmp_path: Path, local: bytes) -> None:
    """log2timeline/plaso#943: ``sv\\A.dll`` in the directory, ``sv/…`` in the member."""
    body = raw_zip(RawMember(b"sv\\A.dll", local_name=local), RawMember(b"b.csv", b"2"))
    found, note = unpacked(tmp_path, "a.zip", body)
    assert found == {"sv/A.dll": b"1", "b.csv": b"2"}
    assert note is None


@pytest.mark.parametrize(
    "member",
    [
        pytest.param(RawMember(b"a.csv", b"1" * 500, descriptor=True), id="descriptor"),
        pytest.param(RawMember(b"a.csv", b"1" * 500, local_sizes=(7, 7)), id="other sizes"),
        pytest.param(
            RawMember(b"a.csv", b"1" * 500, local_sizes=(2**32 - 1, 2**32 - 1)), id="zip64 left out"
        ),
        pytest.param(RawMember(b"a.csv", b"1" * 500, method=0, descriptor=True), id="stored, descriptor"),
        pytest.param(RawMember(b"a.csv", b"1" * 500, host=0, mode=0o020644), id="rubbish for a mode"),
        pytest.param(RawMember(b"a.csv", b"1" * 500, extra=b"\x01\0\xff\xffab"), id="broken extra field"),
        pytest.param(RawMember(b"a.csv", b"1" * 500, method=12, packed=bz2.compress(b"1" * 500)), id="bzip2"),
        pytest.param(RawMember(b"a.csv", b"1" * 500, method=95, packed=lzma.compress(b"1" * 500)), id="xz"),
    ],
)
def test_members_as_programs_write_them(tmp_path: Path, member: RawMember) -> None:
    assert unpacked(tmp_path, "a.zip", raw_zip(member)) == ({"a.csv": b"1" * 500}, None)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_STORED])
def test_other_methods_of_zip(tmp_path: Path, method: int) -> None:
    buffer = io.BytesIO()
    content = os.urandom(60_000) + bytes(60_000)
    with zipfile.ZipFile(buffer, "w", method) as container:
        container.writestr("a.bin", content)
        container.writestr("empty", b"")
    assert unpacked(tmp_path, "a.zip", buffer.getvalue()) == ({"a.bin": content, "empty": b""}, None)


def test_zip64_of_a_stream(tmp_path: Path) -> None:
    """As a program writes it that does not know a size beforehand."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w") as container,
        container.open(zipfile.ZipInfo("a.csv"), "w", force_zip64=True) as member,
    ):
        member.write(b"a,b\n")
    body = buffer.getvalue()
    end = len(body) - 22
    wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, *struct.unpack("<2L", body[-10:-2]))
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    last = b"PK\5\6" + bytes(4) + b"\xff" * 12 + bytes(2)
    assert unpacked(tmp_path, "a.zip", body[:end] + wide + locator + last) == ({"a.csv": b"a,b\n"}, None)


@pytest.mark.parametrize("comment", [b"", "Größe PK\5\6".encode("latin-1"), b"x" * 65_535])
@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("before", [b"MZ\x90" + bytes(70_000), b"#!/bin/sh\nexec unzip $0\n"])
def test_a_self_extracting_zip(tmp_path: Path, before: bytes, moved: bool, comment: bytes) -> None:
    body = raw_zip(RawMember(b"a.csv"), before=before, moved=moved, comment=comment)
    assert unpacked(tmp_path, "a.zip", body) == ({"a.csv": b"1"}, None)


def test_members_that_share_a_few_bytes_are_no_bomb(tmp_path: Path) -> None:
    """Cisco-Talos/clamav#561, python/cpython#110016: two bytes of a member are the next one's first."""
    first = RawMember(b"a", b"1" * 98 + b"PK", method=0)
    body = raw_zip(first, RawMember(b"b", b"2"))
    second = body.index(b"PK\3\4", 10)
    shared = bytearray(body[: second - 2] + body[second:])
    directory = shared.index(b"PK\1\2")
    struct.pack_into("<L", shared, shared.rindex(b"PK\1\2") + 42, second - 2)
    struct.pack_into("<L", shared, len(shared) - 6, directory)
    assert unpacked(tmp_path, "a.zip", bytes(shared)) == ({"a": b"1" * 98 + b"PK", "b": b"2"}, None)


def test_macs_own_zip(tmp_path: Path) -> None:
    members = [("data/a.csv", b"1"), ("__MACOSX/data/._a.csv", b"\0\5\x16\7"), ("data/.DS_Store", b"\0")]
    assert unpacked(tmp_path, "a.zip", zipped(members)) == (dict(members), None)


def test_a_macs_zip_of_more_than_4_gib(tmp_path: Path) -> None:
    """Its offsets and its count have no room for more: activityhistory/jupyter_on_github#1 (a dataset),
    thejoshwolfe/yauzl#69. What lies between is a hole of the file."""
    first, far = raw_zip(RawMember(b"a.csv", b"1")), raw_zip(RawMember(b"b.csv", b"2"))
    cut = first.index(b"PK\1\2")
    directory = bytearray(first[cut:-22] + far[cut:-22])
    shift = 2**32 + 1
    struct.pack_into("<L", directory, directory.rindex(b"PK\1\2") + 42, shift % 2**32)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2, 2, len(directory), (shift + cut) % 2**32, 0)
    path = tmp_path / "a.zip"
    with path.open("wb") as out:
        out.write(first[:cut])
        out.seek(shift)
        out.write(far[:cut] + directory + end)
    extracted = extraction(tmp_path / "set", WriteGate())
    with path.open("rb") as stream:
        assert format_of(stream, "a.zip") == "zip"
        unpack(stream, "zip", extracted, lambda _: None)
    assert tree(tmp_path / "set") == {"a.csv": b"1", "b.csv": b"2"}
    assert extracted.notes.sentences == ()


# -- a member twice ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("again", ["a.csv", "./a.csv", ".//a.csv"])
def test_the_last_of_several_counts_and_is_said(tmp_path: Path, kind: str, again: str) -> None:
    members = [("a.csv", b"old"), ("d/b.csv", b"2"), (again, b"new")]
    body = zipped(members) if kind == "zip" else tarred(members)
    found, note = unpacked(tmp_path, f"a.{kind}", body)
    assert found == {"a.csv": b"new", "d/b.csv": b"2"}
    assert note == f"a.{kind}: members that are there more than once have their last content: a.csv."


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_equal_twins_are_not_worth_a_word(tmp_path: Path, kind: str) -> None:
    members = [("a.csv", b"1"), ("./a.csv", b"1"), ("d//b.csv", b"2"), ("d/b.csv", b"2")]
    body = zipped(members) if kind == "zip" else tarred(members)
    assert unpacked(tmp_path, f"a.{kind}", body) == ({"a.csv": b"1", "d/b.csv": b"2"}, None)


def test_updates_that_were_appended_to_a_tar(tmp_path: Path) -> None:
    """``tar -r``: a file anew, one that became a folder, a link to the old content, ``tar cf x a a``."""
    members = [
        ("a", b"old"),
        tar_link("kept", "a", tarfile.LNKTYPE),
        tar_link("a", "a", tarfile.LNKTYPE),
        ("b", b"file"),
        ("a", b"new"),
        tar_link("b/", "", tarfile.DIRTYPE),
        ("b/c", b"2"),
    ]
    found, note = unpacked(tmp_path, "a.tar", tarred(members))
    assert found == {"a": b"new", "kept": b"old", "b/c": b"2"}
    assert note == "a.tar: members that are there more than once have their last content: a, b."


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_empty_file_that_marks_a_folder(tmp_path: Path, kind: str) -> None:
    """As object stores list folders: Velocidex/velociraptor#3327, aboutcode-org/scancode-toolkit#558."""
    members = [("d", b""), ("d/a", b"1"), ("e/b", b"2"), ("e", b"")]
    body = zipped(members) if kind == "zip" else tarred(members)
    assert unpacked(tmp_path, f"a.{kind}", body) == ({"d/a": b"1", "e/b": b"2"}, None)


def test_an_empty_file_in_a_code_page_that_marks_a_folder(tmp_path: Path) -> None:
    names = [name.encode("gbk").decode("utf-8", "surrogateescape") for name in ("数据/训练.csv", "数据")]
    found, _ = unpacked(tmp_path, "a.tar", tarred([(names[0], b"1"), (names[1], b"")]))
    assert found == {"数据/训练.csv": b"1"}


# -- links --------------------------------------------------------------------------------------------


def test_a_link_to_a_folder_becomes_second_names(tmp_path: Path) -> None:
    body = tarred(
        [
            ("common/x.csv", b"x"),
            ("v1/a.csv", b"a"),
            tar_link("v1/sub", "../common"),
            tar_link("latest", "v1/"),
            tar_link("newest", "latest"),
            tar_link("first.csv", "latest/sub/x.csv"),
            tar_link("v1/loop", "."),
        ]
    )
    found, note = unpacked(tmp_path, "s.tar", body)
    files = {"a.csv": b"a", "sub/x.csv": b"x"}
    expected = {
        f"{folder}/{name}": content
        for folder in ("v1", "latest", "newest")
        for name, content in files.items()
    }
    assert found == expected | {"common/x.csv": b"x", "first.csv": b"x"}
    assert note == "s.tar: links that lead to no file of it were left out: v1/loop."
    assert (tmp_path / "set/latest/a.csv").samefile(tmp_path / "set/v1/a.csv")


def test_links_to_folders_cannot_multiply_without_end(tmp_path: Path) -> None:
    """Each level names the one below twice."""
    links = [
        tar_link(f"d{level}/{name}", f"../d{level - 1}") for level in range(1, 40) for name in ("a", "b")
    ]
    manifest = tarred([("d0/x", b"1"), *links])
    entry = FileEntry("a.tar", Bytes(lambda: io.BytesIO(manifest)), unpack=True)
    with pytest.raises(UnsafeArchive, match="more than 500 files"):
        fetch(
            Manifest(DatasetRef("kaggle", "a/b"), "1", (entry,)),
            tmp_path / "set",
            lambda _: None,
            threading.Event(),
            limits=Limits(unpack_files=500),
        )
    assert not (tmp_path / "set").exists()


def test_a_zips_link_to_a_folder(tmp_path: Path) -> None:
    body = zipped([("v1/a.csv", b"a"), (zip_link("latest"), b"v1")])
    assert unpacked(tmp_path, "a.zip", body) == ({"v1/a.csv": b"a", "latest/a.csv": b"a"}, None)


# -- joined, padded, and what stands behind the end ----------------------------------------------------

PACK: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("padding", [b"", bytes(4), bytes(700_000)])
def test_joined_streams_are_read_to_the_end(tmp_path: Path, kind: str, padding: bytes) -> None:
    """``cat``, ``pigz``, ``xz`` with padding: pauldmccarthy/indexed_gzip#69, log2timeline/dfvfs#570."""
    pack = PACK[kind]
    body = padding.join([pack(b"a,b\n"), pack(b""), pack(b"1,2\n"), b""])
    assert unpacked(tmp_path, f"t.csv.{kind}", body) == ({"t.csv": b"a,b\n1,2\n"}, None)


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("rubbish", [b"\0\0rubbish", b"ab", NOISE], ids=["zeros before", "two", "much"])
def test_rubbish_behind_a_stream_is_said_and_costs_nothing(tmp_path: Path, kind: str, rubbish: bytes) -> None:
    """python/cpython#68489, pmqs/IO-Compress#62, libarchive/libarchive#643."""
    found, note = unpacked(tmp_path, f"t.csv.{kind}", PACK[kind](b"1,2\n") + rubbish)
    assert found == {"t.csv": b"1,2\n"}
    count = len(rubbish.lstrip(b"\0"))
    assert note == f"t.csv.{kind}: {count} bytes behind its end are no archive and were left out."


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_joined_tars_are_read_to_the_end(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """systemd/systemd#16930: GNU tar reads the first alone."""
    one, two = tarred([("a", b"1"), ("c", b"old")]), tarred([("b", b"2"), ("c", b"new")])
    found, note = unpacked(tmp_path, "a.tar", pack(one) + pack(bytes(512) + two))
    assert found == {"a": b"1", "b": b"2", "c": b"new"}
    assert note == "a.tar: members that are there more than once have their last content: c."


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("rubbish", [b"rubbish", b"r" * 512, NOISE], ids=["short", "block", "much"])
def test_rubbish_behind_a_tar_is_said(tmp_path: Path, pack: Callable[[bytes], bytes], rubbish: bytes) -> None:
    found, note = unpacked(tmp_path, "a.tar", pack(tarred([("a", b"1")]) + rubbish))
    assert found == {"a": b"1"}
    assert note == f"a.tar: {len(rubbish)} bytes behind its end are no archive and were left out."


def test_joined_zips_are_read_to_the_end(tmp_path: Path) -> None:
    one, two = zipped([("a", b"1"), ("c", b"old")]), zipped([("b", b"2"), ("c", b"new")])
    found, note = unpacked(tmp_path, "a.zip", one + two)
    assert found == {"a": b"1", "b": b"2", "c": b"new"}
    assert note == "a.zip: members that are there more than once have their last content: c."


@pytest.mark.parametrize("size", [9, 200_000])
def test_rubbish_behind_a_zip_is_said(tmp_path: Path, size: int) -> None:
    """A web page's footer, say. Zeros are padding."""
    body = zipped([("a", b"1")])
    assert unpacked(tmp_path / "1", "a.zip", body + bytes(size)) == ({"a": b"1"}, None)
    found, note = unpacked(tmp_path / "2", "a.zip", body + b"r" * size)
    assert found == {"a": b"1"}
    assert note == f"a.zip: {size} bytes behind its end are no archive and were left out."


# -- what the name says, and what it is ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.tar", gzip.compress(tarred([("a", b"1")]))),
        ("a.tar.gz", tarred([("a", b"1")])),
        ("a.tgz", lzma.compress(tarred([("a", b"1")]))),
        ("a.zip", bz2.compress(tarred([("a", b"1")]))),
        ("a.tar.gz", zipped([("a", b"1")])),
        ("a.gz", zipped([("a", b"1")])),
    ],
    ids=["gz as tar", "tar as gz", "xz as gz", "bz2 as zip", "zip as tar", "zip as gz"],
)
def test_an_archive_under_anothers_name(tmp_path: Path, name: str, body: bytes) -> None:
    assert unpacked(tmp_path, name, body) == ({"a": b"1"}, None)


@pytest.mark.parametrize(
    "body",
    [bytes(10_240), gzip.compress(bytes(10_240)), tarred([]), tarred([tar_link("d/", "", tarfile.DIRTYPE)])],
    ids=["zeros", "packed zeros", "end alone", "a folder"],
)
def test_a_tar_without_files(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(NotFound, match=r"There are no files: a\.tar holds none\."):
        unpacked(tmp_path, "a.tar", body)


# -- what tar programs write -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"mode": b"0006755\0"},
        {"mtime": b"\xff" * 12},  # a second before 1970, in base 256
        {"mtime": b"00000000-01\0"},
        {"uid": b"rubbish\0", "gid": b"        "},  # libarchive/libarchive#832
        {"devmajor": b"\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe", "devminor": b"none\0\0\0\0"},
    ],
)
def test_headers_of_old_programs(tmp_path: Path, fields: dict[str, bytes]) -> None:
    body = tar_header(b"a.csv", 4, **fields) + b"1,2\n".ljust(512, b"\0") + tarred([("b.csv", b"2")])
    assert unpacked(tmp_path, "a.tar", body) == ({"a.csv": b"1,2\n", "b.csv": b"2"}, None)
    assert (tmp_path / "set/a.csv").stat().st_mode & 0o7777 == 0o444


@pytest.mark.parametrize("label", [b"V", b"A"])
def test_members_that_are_no_files(tmp_path: Path, label: bytes) -> None:
    """GNU's volume label, Solaris' access rights."""
    body = tarred([tar_link("label", "", label), ("a", b"1")])
    assert unpacked(tmp_path, "a.tar", body) == ({"a": b"1"}, None)


@pytest.mark.parametrize("options", [["gnu"], ["pax", "-S"], ["v7"], ["oldgnu", "-S"]], ids="-".join)
def test_what_gnu_tar_makes(tmp_path: Path, options: list[str]) -> None:
    if shutil.which("tar") is None:
        unavailable("wants GNU tar: apt install tar")
    source = tmp_path / "source"
    (source / "d").mkdir(parents=True)
    long = "n" * (60 if "v7" in options[0] else 200)
    (source / "d" / long).write_bytes(b"long")
    with (source / "sparse").open("wb") as file:
        file.truncate(1 << 20)
        file.seek(1 << 19)
        file.write(b"middle")
    (source / "hard").hardlink_to(source / "sparse")
    (source / "soft").symlink_to("d")
    if "v7" not in options:  # which knows neither
        os.utime(source / "hard", (-5, -5))
        os.mkfifo(source / "pipe")
    subprocess.run(
        ["tar", "-H", *options, "-b1", "-cf", str(tmp_path / "a.tar"), "-C", str(source), "."],
        check=True,
        capture_output=True,
    )
    found, note = unpacked(tmp_path, "a.tar", (tmp_path / "a.tar").read_bytes())
    sparse = bytes(1 << 19) + b"middle" + bytes((1 << 19) - 6)
    assert found == {f"d/{long}": b"long", f"soft/{long}": b"long", "sparse": sparse, "hard": sparse}
    pipe = "a.tar: what is neither a file nor a folder was left out: ./pipe."
    assert note == (None if "v7" in options else pipe)


@pytest.mark.parametrize("program", ["zip -r", "zip -r -fd", "zip -r -0 -y", "zip -r -s 64k"])
def test_what_info_zip_makes(tmp_path: Path, program: str) -> None:
    if shutil.which("zip") is None:
        unavailable("wants Info-ZIP: apt install zip")
    source = tmp_path / "source"
    (source / "ü").mkdir(parents=True)
    (source / "ü" / "a.bin").write_bytes(noise := os.urandom(100_000))
    (source / "b.csv").write_bytes(b"1,2\n" * 1000)
    (source / "link").symlink_to("b.csv")
    subprocess.run([*program.split(), "../a.zip", "."], cwd=source, check=True, capture_output=True)
    body = (tmp_path / "a.zip").read_bytes()
    found, note = unpacked(tmp_path, "a.zip", body)
    if "-s" in program:
        assert found == {"a.zip": body}
        assert note == "a.zip was not unpacked and is here itself: it is one part of a split zip."
    else:
        table = b"1,2\n" * 1000
        assert found == {"ü/a.bin": noise, "b.csv": table, "link": table}
        assert note is None


# -- what no program makes --------------------------------------------------------------------------------

SEEDS = {
    "a.zip": raw_zip(RawMember("数据.csv".encode("gbk")), RawMember(b"b", mode=0o120777)),
    "b.zip": zipped([("a", b"1"), ("b/c", b"2")]) * 2,
    "c.tar": tarred([("a/b", b"1"), tar_link("l", "a/b"), tar_link("d", "a"), ("é" * 90, b"2")]),
    "d.csv.gz": gzip.compress(b"abc", mtime=0) * 2,
}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(SEEDS)),
    changes=st.lists(st.tuples(st.floats(0, 0.99), st.binary(min_size=1, max_size=8)), max_size=3),
    kept=st.floats(0.2, 1),
)
@example("b.zip", [(0.9755, b"\xff\xff\xff\x7f")], 1.0)
def test_whatever_is_broken_is_told_by_its_kind(
    tmp_path_factory: pytest.TempPathFactory, name: str, changes: list[tuple[float, bytes]], kept: float
) -> None:
    body = bytearray(SEEDS[name])
    for place, content in changes:
        at = int(place * len(body))
        body[at : at + len(content)] = content
    body = body[: int(len(body) * kept)]
    folder = tmp_path_factory.mktemp("any")
    extracted = extraction(folder, WriteGate())
    stream = io.BytesIO(bytes(body))
    with suppress(CannotUnpack, DamagedArchive, DataferryError):
        if (format := format_of(stream, name)) is not None:
            unpack(stream, format, extracted, lambda _: None)
            assert tree(folder).keys() == extracted.files.keys()
    assert not any(path.is_symlink() for path in folder.rglob("*"))


# -- while it arrives, and when it stops ---------------------------------------------------------------


def test_a_slow_member_writes_nothing_once_the_gate_is_closed(tmp_path: Path) -> None:
    """It is unpacked while the fetch ends; another fetch may be at work in the folder by now."""
    gate = WriteGate()
    extracted = extraction(tmp_path, gate)
    began, go_on = threading.Event(), threading.Event()
    chunks = [b"before", b"after"]
    ended: list[BaseException] = []

    def slow(_: int) -> bytes:
        if len(chunks) == 1:
            began.set()
            go_on.wait(10)
        return chunks.pop(0) if chunks else b""

    def write() -> None:
        try:
            extracted.write("slow.bin", None, slow)
        except Cancelled as error:
            ended.append(error)
            extracted.remove_written()

    thread = threading.Thread(target=write)
    thread.start()
    assert began.wait(10)
    assert gate.close()
    go_on.set()
    thread.join(10)
    assert ended
    assert tree(tmp_path) == {"slow.bin": b"before"}, "neither written nor deleted"
    with pytest.raises(Cancelled):
        extracted.write("more.bin", 1, lambda _: b"1")
    assert tree(tmp_path) == {"slow.bin": b"before"}


def test_names_that_a_disk_takes_for_one_are_told_apart(tmp_path: Path) -> None:
    """``A.csv`` beside ``a.csv``, and one name in two normal forms, on a Mac."""
    extracted = extraction(tmp_path, WriteGate(), fold_case=True)
    names = ["A.csv", "a.csv", "é.csv", "e\u0301.csv"]
    paths = [extracted.reserve_path(name, 1) for name in names]
    assert paths == ["A.csv", "a (2).csv", "é.csv", "e\u0301 (2).csv"]
    assert extracted.reserve_path("a.csv", 1) == "a (2).csv", "the same member once more"
    assert "cannot hold side by side" in extracted.notes.sentences[0]


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_odd_archives_are_unpacked_while_they_arrive(tmp_path: Path, kind: str) -> None:
    """What is there early is what is there in the end."""
    names = [f"数据/{number}.bin" for number in range(6)]
    if kind == "zip":
        members = [
            RawMember(name.encode("gbk"), NOISE[number:], local_name=b"x")
            for number, name in enumerate(names)
        ]
        body = raw_zip(*members) + b"rubbish"
    else:
        raw = [
            (name.encode("gbk").decode("utf-8", "surrogateescape"), NOISE[n:]) for n, name in enumerate(names)
        ]
        body = gzip.compress(tarred(raw), 1) + gzip.compress(tarred([("0.csv", b"0")]) + b"rubbish", 1)
    reports: list[Progress] = []
    quick = Limits(connections=2, piece_bytes=2**18, span_bytes=2**19)
    with FileServer({f"a.{kind}": body}) as server:
        fetch(server.manifest(unpack=True), tmp_path / "set", reports.append, threading.Event(), limits=quick)
        assert server.served[f"a.{kind}"] < len(body) + 2**19
    expected = {name: NOISE[number:] for number, name in enumerate(names)}
    assert tree(tmp_path / "set") == expected | ({} if kind == "zip" else {"0.csv": b"0"})
    note = reports[-1].note or ""
    assert "GBK" in note
    assert "7 bytes behind its end" in note


# -- a fault of the file is none of the line -----------------------------------------------------------------

DAMAGED = {
    "other content": raw_zip(RawMember(b"a.csv", b"1" * 9, method=0, packed=b"2" * 9)),
    "cut directory": zipped([("a", b"1"), ("b", b"2")]).replace(b"PK\1\2", b"PK\1\3"),
    "cut gzip": gzip.compress(tarred([("a", NOISE[:3000])]))[:-400],
}


@pytest.mark.parametrize("case", DAMAGED)
@pytest.mark.parametrize("promised", ["sha256", None])
def test_damage_of_the_file_is_fetched_once(tmp_path: Path, case: str, promised: str | None) -> None:
    name = "a.tar.gz" if "gzip" in case else "a.zip"
    with FileServer({name: DAMAGED[case]}) as server:
        manifest = server.manifest(promised=promised, unpack=True)  # type: ignore[arg-type]
        with pytest.raises((UnsafeArchive, ChecksumMismatch), match="damaged") as caught:
            fetch(manifest, tmp_path / "set", lambda _: None, threading.Event())
        assert server.asked(name) == 1
    assert not caught.value.transient, "no further attempt"
    assert "keep_archives" in caught.value.next_step
