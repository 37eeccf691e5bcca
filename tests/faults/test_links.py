"""Links as the web has them: from the link to the file, through the source and the transfer.

Right is what curl, wget and a browser bring for the same link.
"""

import gzip
import os
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import pytest

from dataferry.core.errors import (
    ContentChanged,
    DataferryError,
    Forbidden,
    InvalidInput,
    NetworkFault,
    SourceUnreachable,
    TransferError,
)
from dataferry.core.settings import Settings
from dataferry.core.types import Checksum, Credential, DatasetRef, FileEntry, Http, Manifest
from dataferry.sources.url import UrlSource
from dataferry.transfer import Limits, fetch
from tests.support.links import Asked, LinkServer, Page

PIECE = 64 * 1024
LIMITS = Limits(connections=4, piece_bytes=PIECE, span_bytes=PIECE, connect_timeout_s=2, stall_timeout_s=2)
BIG = os.urandom(5 * PIECE + 123)
CSV = b"id,name\n" + b"1,Ada\n" * 500
RANGES = {"Accept-Ranges": "bytes"}


@pytest.fixture
def server() -> Iterator[LinkServer]:
    with LinkServer() as server:
        yield server


def bring(server: LinkServer, path: str, folder: Path, limits: Limits = LIMITS) -> dict[str, bytes]:
    """The files that a link brings."""
    source = UrlSource(Settings(_env_file=None, allow_private_urls=True, stall_timeout_s=2))
    manifest = source.manifest(DatasetRef.make("url", f"http://{server.host}{path}"), None, Credential("url"))
    return brought(manifest, folder, limits)


def brought(manifest: Manifest, folder: Path, limits: Limits = LIMITS) -> dict[str, bytes]:
    target = folder / "set"
    result = fetch(manifest, target, lambda _: None, threading.Event(), limits=limits)
    files = {str(p.relative_to(target)): p.read_bytes() for p in target.rglob("*") if p.is_file()}
    assert {file.path: file.sha256 for file in result.files} == {
        path: sha256(body).hexdigest() for path, body in files.items()
    }
    return files


def every_time(make: Callable[[int], Page]) -> Callable[[Asked], Page]:
    """Another answer each time."""
    return lambda asked: make(asked.number)


def days_ago(days: int) -> str:
    return format_datetime(datetime.now(UTC) - timedelta(days=days), usegmt=True)


# -- what HEAD says ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        Page(b""),  # novoda/download-manager#373
        Page(b"x" * 7),
        Page(b"", headers={"Content-Type": "text/html", "ETag": '"page"'}),
        Page(status=403),  # bezzad/Downloader#18
        Page(status=404),  # chawyehsu/hok#35
        Page(status=405),  # ncbi/ncbi-vdb#143
        Page(status=501),
        Page(status=302, headers={"Location": "/login"}),
        None,  # civitai/civitai#881: no answer at all
    ],
)
@pytest.mark.parametrize("body", [CSV, BIG])
def test_whatever_head_says_costs_nothing(
    server: LinkServer, tmp_path: Path, head: Page | None, body: bytes
) -> None:
    def answer(asked: Asked) -> Page:
        if asked.method == "HEAD":
            if head is None:
                threading.Event().wait(60)
            assert head is not None
            return head
        return Page(body, headers={**RANGES, "ETag": '"1"'})

    server.pages["/data.bin"] = answer
    server.pages["/login"] = Page(b"<html>", headers={"Content-Type": "text/html"})
    assert bring(server, "/data.bin", tmp_path) == {"data.bin": body}


def test_a_first_byte_that_takes_its_time(server: LinkServer, tmp_path: Path) -> None:
    """An archive that is made when it is asked for: the job waits as long as any download does."""

    def answer(asked: Asked) -> Page:
        threading.Event().wait(1.2)
        return Page(CSV)

    server.pages["/export.csv"] = answer
    assert bring(server, "/export.csv", tmp_path) == {"export.csv": CSV}


# -- answers that are not the same each time -----------------------------------------------------------


@pytest.mark.parametrize(
    "validators",
    [
        # 781flyingdutchman/background_downloader#541, lingochamp/FileDownloader#689
        lambda number: {"ETag": f'"{number}"'},
        lambda number: {"ETag": f'"{number % 2}"', "Last-Modified": days_ago(9)},
        lambda number: {"ETag": f'W/"{number}"'},
        lambda number: {"Last-Modified": days_ago(2 + number)},
        lambda number: {"Last-Modified": days_ago(0)},
        lambda number: {},
        lambda number: {"ETag": '"1"'} if number % 2 else {},
    ],
)
def test_a_validator_that_changes_is_no_new_version(
    server: LinkServer, tmp_path: Path, validators: Callable[[int], dict[str, str]]
) -> None:
    server.pages["/nodes.bin"] = every_time(lambda number: Page(BIG, headers=RANGES | validators(number)))
    assert bring(server, "/nodes.bin", tmp_path) == {"nodes.bin": BIG}


@pytest.mark.parametrize("growing", [0, 1000, 3 * PIECE])
@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize(
    "validators",
    [
        lambda number: {"ETag": f'"{number}"'},
        lambda number: {"ETag": f'W/"{number}"'},
        lambda number: {"ETag": 'W/"1"', "Last-Modified": days_ago(0)},
        lambda number: {"Last-Modified": days_ago(0)},
        lambda number: {"Last-Modified": days_ago(1 + number)},
        lambda number: {},
    ],
)
def test_the_bytes_of_one_answer_are_taken(
    server: LinkServer,
    tmp_path: Path,
    validators: Callable[[int], dict[str, str]],
    ranges: bool,
    growing: int,
) -> None:
    """An export that is made anew for each request, with other bytes and another length."""
    made = [bytes([number]) * (len(BIG) + growing * number) for number in range(20)]
    server.pages["/export.csv"] = every_time(
        lambda number: Page(
            made[number], headers=validators(number) | (RANGES if ranges else {}), ranges=ranges
        )
    )
    assert bring(server, "/export.csv", tmp_path)["export.csv"] in made
    assert len(server.requests) <= 3 * LIMITS.connections


@pytest.mark.parametrize("step", [-2 * PIECE, 500, 3 * PIECE])
def test_one_validator_for_answers_of_several_lengths(server: LinkServer, tmp_path: Path, step: int) -> None:
    made = [bytes([number]) * (len(BIG) + step * (number % 2)) for number in range(20)]
    server.pages["/a.bin"] = every_time(lambda number: Page(made[number], headers=RANGES | {"ETag": '"1"'}))
    assert bring(server, "/a.bin", tmp_path)["a.bin"] in made


def test_a_small_export_of_another_length_each_time(server: LinkServer, tmp_path: Path) -> None:
    made = [CSV + b"2,Bob\n" * number for number in range(5)]
    server.pages["/export"] = every_time(
        lambda number: Page(made[number], headers={"Content-Disposition": "attachment; filename=now.csv"})
    )
    assert bring(server, "/export", tmp_path)["now.csv"] in made


def test_a_file_that_keeps_its_validator_comes_in_ranges(server: LinkServer, tmp_path: Path) -> None:
    for headers in ({"ETag": '"1"'}, {"Last-Modified": days_ago(3)}):
        server.requests.clear()
        server.pages["/big.bin"] = Page(BIG, headers=RANGES | headers)
        assert bring(server, "/big.bin", tmp_path / next(iter(headers))) == {"big.bin": BIG}
        spans = [asked.headers["Range"] for asked in server.requests]
        assert len(spans) == len(set(spans)) >= 5, "each range once, and no look at the whole"


@pytest.mark.parametrize("status", [400, 403, 406, 500, 501])
@pytest.mark.parametrize("body", [CSV, BIG])
def test_a_server_that_refuses_any_range(
    server: LinkServer, tmp_path: Path, body: bytes, status: int
) -> None:
    """curl and wget ask for none, and have the file."""
    server.pages["/data.bin"] = lambda asked: Page(status=status) if "Range" in asked.headers else Page(body)
    assert bring(server, "/data.bin", tmp_path, replace(LIMITS, refusal_backoff_s=0.01)) == {"data.bin": body}
    assert len(server.requests) < 15


@pytest.mark.parametrize("body", [CSV, BIG])
def test_a_host_that_still_counts_a_closed_connection(
    server: LinkServer, tmp_path: Path, body: bytes
) -> None:
    """The look at a link is over, and its host refuses the next request for a moment (aria2/aria2#577)."""
    refused: list[int] = []

    def answer(asked: Asked) -> Page:
        if asked.number > 0 and len(refused) < 2:
            refused.append(asked.number)
            return Page(status=403)
        return Page(body, headers={**RANGES, "ETag": '"1"'})

    server.pages["/data.bin"] = answer
    assert bring(server, "/data.bin", tmp_path, replace(LIMITS, refusal_backoff_s=0.01)) == {"data.bin": body}
    assert len(refused) == 2


def test_a_link_that_is_refused_stays_refused(server: LinkServer, tmp_path: Path) -> None:
    server.pages["/data.bin"] = lambda asked: Page(status=403) if asked.number > 0 else Page(CSV)
    with pytest.raises(Forbidden):
        bring(server, "/data.bin", tmp_path, replace(LIMITS, refusal_backoff_s=0.01))
    assert len(server.requests) <= 4


def test_ranges_that_are_promised_and_not_given(server: LinkServer, tmp_path: Path) -> None:
    """GopeedLab/gopeed#1458."""
    server.pages["/a.pdf"] = Page(BIG, headers=RANGES | {"ETag": '"1"'}, ranges=False)
    assert bring(server, "/a.pdf", tmp_path) == {"a.pdf": BIG}


def test_a_size_that_is_that_of_packed_bytes(server: LinkServer, tmp_path: Path) -> None:
    """fsspec/filesystem_spec#1319, tatuylonen/wiktextract#55: 298 bytes are told, the file has 1,123."""
    body = b'{"@type": "neuroglancer_multiscale_volume"}' * 26
    server.pages["/info"] = Page(gzip.compress(body), headers={"Content-Encoding": "gzip"})
    assert bring(server, "/info", tmp_path) == {"info": body}


def test_a_file_that_is_still_being_made(server: LinkServer, tmp_path: Path) -> None:
    """ckan/ckanext-xloader#39, fontsource/fontsource#1145: 202 until it is."""
    told = {"Content-Type": "application/json", "Retry-After": "3"}
    server.pages["/a.csv"] = Page(b'{"status": "Processing"}', 202, told)
    with pytest.raises(SourceUnreachable, match="still preparing") as waits:
        bring(server, "/a.csv", tmp_path)
    assert waits.value.retry_after == 3
    with pytest.raises(NetworkFault, match="still preparing") as waits_too:
        brought(promised(server, "a.csv", CSV), tmp_path)
    assert waits_too.value.retry_after == 3


# -- cookies ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [CSV, BIG])
def test_a_file_that_is_given_for_a_cookie_only(server: LinkServer, tmp_path: Path, body: bytes) -> None:
    """Every range of it walks the way anew: without its cookie the last address gives nothing."""

    def answer(asked: Asked) -> Page:
        if "session=" in asked.headers.get("Cookie", ""):
            return Page(body, headers=RANGES | {"ETag": '"1"'})
        return Page(status=403)

    server.pages["/data.bin"] = answer
    server.pages["/start"] = Page(b"", 302, {"Location": "/data.bin", "Set-Cookie": "session=1; Path=/"})
    assert bring(server, "/start", tmp_path) == {"data.bin": body}
    assert all("Cookie" in asked.headers for asked in server.requests if asked.path == "/data.bin")


# -- pages in place of files -----------------------------------------------------------------------------

LOGIN = b"<!DOCTYPE html><html><title>Sign in</title></html>"


@pytest.mark.parametrize(
    "body", [CSV, gzip.compress(CSV, mtime=0), b'{"a": [1, 2]}', b"<TICKER>,<DATE>\nA,1\n"]
)
def test_a_file_that_is_called_a_page_arrives(server: LinkServer, tmp_path: Path, body: bytes) -> None:
    server.pages["/data.bin"] = Page(body, headers={"Content-Type": "text/html; charset=UTF-8"})
    assert bring(server, "/data.bin", tmp_path) == {"data.bin": body}


@pytest.mark.parametrize("name", ["report.html", "feed.xml", "plot.svg"])
def test_a_page_that_is_wanted_arrives(server: LinkServer, tmp_path: Path, name: str) -> None:
    body = {"html": LOGIN, "xml": b"<?xml version='1.0'?><a/>", "svg": b"<svg></svg>"}[name[-4:].strip(".")]
    server.pages[f"/{name}"] = Page(body, headers={"Content-Type": "text/html"})
    assert bring(server, f"/{name}", tmp_path) == {name: body}


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/octet-stream", "text/csv"])
@pytest.mark.parametrize("name", ["data.csv", "data.parquet", "download"])
def test_a_login_page_is_no_file(server: LinkServer, tmp_path: Path, name: str, kind: str) -> None:
    """ea4k/klog#1141, WikiWatershed/monitor-my-watershed#713."""
    server.pages[f"/{name}"] = Page(LOGIN, headers={"Content-Type": kind})
    with pytest.raises(InvalidInput, match="web page") as told:
        bring(server, f"/{name}", tmp_path)
    assert "sign in" in told.value.next_step


def test_a_redirect_to_a_login_page_is_no_file(server: LinkServer, tmp_path: Path) -> None:
    server.pages["/login.html"] = Page(LOGIN, headers={"Content-Type": "text/html"})
    for path in ("/data.csv", "/download"):
        server.pages[path] = Page(b"", 302, {"Location": "/login.html"})
        with pytest.raises(InvalidInput, match="web page"):
            bring(server, path, tmp_path)


@pytest.mark.parametrize("size", [1, 2 * PIECE, 8 * PIECE])
def test_a_page_that_comes_later_is_no_file_either(server: LinkServer, tmp_path: Path, size: int) -> None:
    """The link was looked at while its session lasted."""
    server.pages["/data.csv"] = every_time(
        lambda number: Page(
            CSV * 300 if number == 0 else LOGIN + bytes(size), headers=RANGES | {"ETag": '"1"'}
        )
    )
    with pytest.raises(TransferError, match="a web page in place") as told:
        bring(server, "/data.csv", tmp_path)
    assert not told.value.transient
    assert not (tmp_path / "set").exists()


def test_what_a_hub_promises_is_not_judged_by_its_first_bytes(server: LinkServer, tmp_path: Path) -> None:
    server.pages["/pages.csv"] = Page(LOGIN, headers={"Content-Type": "text/html"})
    assert brought(promised(server, "pages.csv", LOGIN), tmp_path) == {"pages.csv": LOGIN}


# -- packed on the way -----------------------------------------------------------------------------------


def promised(server: LinkServer, path: str, body: bytes, **entry: Any) -> Manifest:
    checksum = Checksum("sha256", sha256(body).hexdigest(), "publisher")
    file = FileEntry(path, Http(f"http://{server.host}/{path}"), **{"checksum": checksum, **entry})
    return Manifest(DatasetRef.make("url", f"http://{server.host}/set"), "1", (file,))


@pytest.mark.parametrize("body", [CSV, BIG])
@pytest.mark.parametrize("ranges", [True, False])
def test_a_file_packed_on_the_way_is_unpacked(
    server: LinkServer, tmp_path: Path, body: bytes, ranges: bool
) -> None:
    packed = Page(
        gzip.compress(body), headers=RANGES | {"Content-Encoding": "gzip", "ETag": '"1"'}, ranges=ranges
    )
    server.pages["/data.bin"] = packed
    assert bring(server, "/data.bin", tmp_path) == {"data.bin": body}


@pytest.mark.parametrize("body", [CSV, BIG])
def test_a_file_packed_by_some_answers_only(server: LinkServer, tmp_path: Path, body: bytes) -> None:
    plain = Page(body, headers=RANGES | {"ETag": '"1"'})
    packed = Page(gzip.compress(body), headers=RANGES | {"Content-Encoding": "gzip", "ETag": '"1"'})
    for first, second in ((plain, packed), (packed, plain)):
        server.requests.clear()
        server.pages["/data.bin"] = every_time(lambda number: (first, second)[number % 2])  # noqa: B023
        assert bring(server, "/data.bin", tmp_path / str(first is plain)) == {"data.bin": body}


@pytest.mark.parametrize("body", [CSV, BIG])
@pytest.mark.parametrize("sized", [True, False])
@pytest.mark.parametrize("of", ["the file", "what is sent"])
def test_a_promised_hash_decides_what_the_file_is(
    server: LinkServer, tmp_path: Path, body: bytes, sized: bool, of: str
) -> None:
    """rclone/rclone#9337, googleapis/nodejs-storage#709: some hashes are of what is stored packed."""
    packed = gzip.compress(body)
    file = body if of == "the file" else packed
    server.pages["/data.bin"] = Page(packed, headers=RANGES | {"Content-Encoding": "gzip", "ETag": '"1"'})
    size = {"size": len(file)} if sized else {}
    assert brought(promised(server, "data.bin", file, **size), tmp_path) == {"data.bin": file}


def test_a_promised_size_that_neither_has_is_a_change(server: LinkServer, tmp_path: Path) -> None:
    server.pages["/data.bin"] = Page(gzip.compress(BIG), headers={"Content-Encoding": "gzip"})
    with pytest.raises(DataferryError) as told:
        brought(promised(server, "data.bin", BIG, size=100, checksum=None), tmp_path)
    assert isinstance(told.value, ContentChanged)


def test_googles_hash_of_what_it_unpacks_is_not_the_files(server: LinkServer, tmp_path: Path) -> None:
    """googleapis/nodejs-storage#709: stored packed, served unpacked, with the hash of the packed."""
    stored = gzip.compress(CSV)
    hashed = "md5=" + b64encode(md5(stored, usedforsecurity=False).digest()).decode()
    headers = {"x-goog-hash": hashed, "x-goog-stored-content-encoding": "gzip"}
    server.pages["/a.csv"] = Page(CSV, headers=headers)
    assert bring(server, "/a.csv", tmp_path / "unpacked") == {"a.csv": CSV}
    server.pages["/b.csv"] = Page(stored, headers=headers | {"Content-Encoding": "gzip"})
    assert bring(server, "/b.csv", tmp_path / "packed") == {"b.csv": CSV}
