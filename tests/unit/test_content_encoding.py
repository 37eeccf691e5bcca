"""What servers pack on the way though they were asked not to: undone where the bytes bear it out.

Right is what ``curl --compressed`` and browsers write, and for a packed file's own name what ``curl`` writes.
"""

import bz2
import gzip
import lzma
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import brotli
import pytest

from dataferry.core.errors import NetworkFault, TransferError, UnsafeArchive
from dataferry.core.types import Http
from dataferry.transfer.http.client import open_http
from dataferry.transfer.http.content_encoding import DecodedBody, names_coding
from dataferry.transfer.http.http1 import Headers
from tests.support.links import LinkServer, Page

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CSV = b"".join(b"%d,%s\n" % (number, os.urandom(8).hex().encode()) for number in range(20_000))


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "raw deflate": raw_deflate,
    "br": lambda body: brotli.compress(body, quality=1),
    "zstd": zstd.compress,
    "bzip2": bz2.compress,
    "xz": lambda body: lzma.compress(body, preset=0),
}

ALL = ["gzip", "deflate", "br", "zstd", "x-bzip2", "xz"]


@pytest.fixture(scope="module")
def server() -> Iterator[LinkServer]:
    with LinkServer() as server:
        yield server


@contextmanager
def body_of(
    server: LinkServer, body: bytes, coding: str, path: str = "data.csv", kind: str = ""
) -> Iterator[DecodedBody]:
    headers = {"Content-Encoding": coding} | ({"Content-Type": kind} if kind else {})
    server.pages[f"/{path}"] = Page(body, headers=headers)
    with open_http(Http(f"http://{server.host}/{path}")) as response:
        yield DecodedBody(response, path, ratio=250, floor=1 << 20)


def read(body: DecodedBody, size: int = 50_000) -> bytes:
    buffer, pieces = memoryview(bytearray(size)), []
    while count := body.readinto(buffer):
        pieces.append(bytes(buffer[:count]))
    return b"".join(pieces)


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("deflate", "deflate"),
        ("deflate", "raw deflate"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("x-bzip2", "bzip2"),
        ("xz", "xz"),
        # google/neuroglancer#795
        ("aws-chunked,gzip", "gzip"),
        ("aws-chunked, zstd", "zstd"),
        ("utf-8, gzip", "gzip"),
    ],
)
def test_what_was_packed_is_unpacked(server: LinkServer, coding: str, packed: str) -> None:
    with body_of(server, PACK[packed](CSV), coding) as body:
        assert body.encoded
        assert body.head.startswith(CSV[:100])
        assert read(body) == CSV


@pytest.mark.parametrize("size", [1, 7, 4096, 300_000])
def test_buffers_of_any_size_are_filled(server: LinkServer, size: int) -> None:
    short = CSV[:5000]
    for name, coding in (("br", "br"), ("gzip", "gzip"), ("zstd", "zstd")):
        with body_of(server, PACK[name](short), coding) as body:
            assert read(body, size) == short


def test_deflate_without_its_two_bytes(server: LinkServer) -> None:
    """sindresorhus/decompress-response#24, aria2/aria2#1436, request/request#2197."""
    body = bytes.fromhex("ab564a2d2a4ace4f4955b232d001b173 8bd395ac94f2b3956a01")
    with body_of(server, body, "deflate") as unpacked:
        assert read(unpacked) == b'{"errcode":0,"errmsg":"ok"}'


def test_several_codings_are_undone_in_turn(server: LinkServer) -> None:
    with body_of(server, brotli.compress(gzip.compress(CSV)), "gzip, br") as body:
        assert read(body) == CSV
    with body_of(server, gzip.compress(gzip.compress(CSV)), "gzip,gzip") as body:
        assert read(body) == CSV
    with (
        pytest.raises(TransferError, match="cannot be unpacked"),
        body_of(server, gzip.compress(CSV), ",".join(["gzip"] * 9)),
    ):
        pass


@pytest.mark.parametrize(
    "coding",
    [
        "",  # brendanhay/amazonka#681
        "identity",
        "aws-chunked",
        "utf-8",  # dondai44423/donsetch#290
        "UTF8",
        "iso-8859-1",
        "text/csv",
        "binary",
        "none",
        "amz-1.0",
    ],
)
def test_what_packs_nothing(server: LinkServer, coding: str) -> None:
    assert not names_coding(Headers([("Content-Encoding", coding)]), "data.csv")
    with body_of(server, CSV, coding) as body:
        assert not body.encoded
        assert read(body) == CSV


@pytest.mark.parametrize(
    ("path", "coding", "packed", "kind"),
    [
        ("data.csv.gz", "gzip", "gzip", ""),
        ("DATA.CSV.GZ", "x-gzip", "gzip", ""),
        ("set.tgz", "gzip", "gzip", ""),  # transmission/transmission#753
        ("cfitsio-4.1.0.tar.gz", "x-gzip", "gzip", "application/x-tar"),  # flathub…/external-data-checker#279
        ("data.csv.bz2", "x-bzip2", "bzip2", ""),
        ("data.csv.xz", "xz", "xz", ""),
        ("data.csv.zst", "zstd", "zstd", ""),
        ("data.csv.br", "br", "br", ""),
        ("download", "x-gzip", "gzip", "application/x-gzip"),  # bazelbuild/bazel#11686
        ("data.tar.gz", "aws-chunked, gzip", "gzip", ""),
    ],
)
def test_a_file_that_is_packed_itself_stays(
    server: LinkServer, path: str, coding: str, packed: str, kind: str
) -> None:
    whole = PACK[packed](CSV)
    with body_of(server, whole, coding, path, kind) as body:
        assert not body.encoded
        assert read(body) == whole


def test_a_packed_file_that_is_packed_once_more_loses_one_layer(server: LinkServer) -> None:
    whole = gzip.compress(CSV)
    with body_of(server, gzip.compress(whole), "gzip", "data.csv.gz") as body:
        assert read(body) == whole
    with body_of(server, brotli.compress(whole), "br", "data.csv.gz") as body:
        assert read(body) == whole
    with body_of(server, gzip.compress(whole), "gzip, gzip", "data.csv.gz") as body:
        assert read(body) == whole


@pytest.mark.parametrize("coding", ALL)
@pytest.mark.parametrize(
    "content", [CSV, b"id,name\n1,Ada\n", b'{"a": [1, 2]}', b"PK\x03\x04" + bytes(300), b""]
)
def test_bytes_that_were_not_packed_at_all_stay(server: LinkServer, coding: str, content: bytes) -> None:
    with body_of(server, content, coding) as body:
        assert not body.encoded
        assert read(body) == content


def test_text_that_is_a_short_packed_file_by_chance_stays(server: LinkServer) -> None:
    """Raw deflate has nothing to be known by: its beginning and end may stand in any text."""
    text = raw_deflate(b"a") + b",b,c\n1,2,3\n" * 100
    with body_of(server, text, "deflate") as body:
        assert read(body) == text


def test_a_coding_that_nobody_knows_is_told(server: LinkServer) -> None:
    for coding in ("sdch", "exi", "compress"):
        with (
            pytest.raises(TransferError, match=rf"data\.csv packed as '{coding}'") as told,
            body_of(server, CSV, coding),
        ):
            pass
        assert not told.value.transient
        assert told.value.next_step
    with body_of(server, b"\x1f\x9d" + CSV, "compress", "data.csv.Z") as body:
        assert read(body) == b"\x1f\x9d" + CSV


def test_members_in_a_row_are_one_file_and_what_follows_is_none(server: LinkServer) -> None:
    for name in ("gzip", "zstd", "x-bzip2"):
        pack = PACK[name.removeprefix("x-")]
        with body_of(server, pack(CSV) + pack(b"more\n"), name) as body:
            assert read(body) == CSV + b"more\n"
        with body_of(server, pack(CSV) + bytes(2000), name) as body:
            assert read(body) == CSV


@pytest.mark.parametrize("coding", ALL)
def test_an_end_that_is_missing_or_damaged_is_no_end(server: LinkServer, coding: str) -> None:
    packed = PACK[coding.removeprefix("x-")](CSV)
    half = len(packed) // 2
    with body_of(server, packed[:half], coding) as body, pytest.raises(NetworkFault, match="early"):
        read(body)
    if coding in ("br", "zstd"):
        return  # neither carries a checksum unless it is asked for
    damaged = packed[:half] + bytes(64) + packed[half + 64 :]
    with body_of(server, damaged, coding) as body, pytest.raises(TransferError, match="damaged") as told:
        read(body)
    assert not told.value.transient


@pytest.mark.parametrize("codings", [*ALL, "gzip, gzip"])
def test_a_bomb_is_stopped(server: LinkServer, codings: str) -> None:
    bomb = bytes(8 << 20)
    for coding in codings.split(", "):
        bomb = PACK[coding.removeprefix("x-")](bomb)
    with body_of(server, bomb, codings) as body, pytest.raises(UnsafeArchive, match="bomb"):
        read(body, 1 << 20)
