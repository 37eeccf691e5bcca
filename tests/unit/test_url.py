"""Direct links, against a real server on this machine."""

import gzip
import logging
from collections.abc import Iterator

import pytest

from dataferry.core.errors import (
    DataferryError,
    Forbidden,
    InvalidInput,
    NotFound,
    PrivateAddress,
    SourceRateLimited,
    SourceUnreachable,
)
from dataferry.core.settings import Settings
from dataferry.core.types import Credential, DatasetRef, DatasetSummary, Http
from dataferry.sources.base import SearchFilters, SearchQuery
from dataferry.sources.url import UrlSource
from tests.support.links import LinkServer, Page

ANYONE = Credential("url")


@pytest.fixture
def server() -> Iterator[LinkServer]:
    with LinkServer() as server:
        yield server


@pytest.fixture
def source() -> UrlSource:
    return UrlSource(Settings(allow_private_urls=True))


def ref(server: LinkServer, path: str) -> DatasetRef:
    return DatasetRef.make("url", f"http://{server.host}{path}")


def describe(source: UrlSource, server: LinkServer, path: str) -> DatasetSummary:
    return source.describe(ref(server, path), None, ANYONE)


def test_a_file_is_described_by_its_first_bytes(server: LinkServer, source: UrlSource) -> None:
    server.pages["/a/table.csv"] = Page(
        headers={"ETag": '"v1"', "Last-Modified": "Tue, 03 Mar 2026 10:00:00 GMT", "Content-Type": "text/csv"}
    )
    summary = describe(source, server, "/a/table.csv")
    assert summary.title == "table.csv"
    assert (summary.size_bytes, summary.file_count, summary.formats) == (1234, 1, ("csv",))
    assert summary.updated_at is not None
    assert summary.updated_at.isoformat() == "2026-03-03T10:00:00+00:00"
    assert summary.url == f"http://{server.host}/a/table.csv"
    assert "over http, so nothing protects" in summary.description
    assert server.asked == [("GET", "/a/table.csv")]


def test_the_manifest_is_one_file_without_a_checksum(server: LinkServer, source: UrlSource) -> None:
    server.pages["/table.csv"] = Page(headers={"ETag": '"v1"'})
    manifest = source.manifest(ref(server, "/table.csv"), None, ANYONE)
    (entry,) = manifest.files
    assert (entry.path, entry.size, entry.checksum, entry.unpack) == ("table.csv", 1234, None, False)
    assert isinstance(entry.origin, Http)
    assert entry.origin.url == f"http://{server.host}/table.csv"
    assert manifest.revision == describe(source, server, "/table.csv").revision


@pytest.mark.parametrize(
    ("name", "archive"),
    [
        ("a.zip", True),
        ("A.ZIP", True),
        ("a.tar.gz", True),
        ("a.tgz", True),
        ("a.gz", False),
        ("a.csv", False),
    ],
)
def test_archives_are_unpacked(server: LinkServer, source: UrlSource, name: str, archive: bool) -> None:
    server.pages[f"/{name}"] = Page()
    assert source.manifest(ref(server, f"/{name}"), None, ANYONE).files[0].unpack is archive


@pytest.mark.parametrize("refused", [400, 403, 405, 406, 412, 416, 500, 501])
def test_a_server_that_refuses_ranges_is_asked_for_the_whole(
    server: LinkServer, source: UrlSource, refused: int
) -> None:
    server.pages["/signed.zip"] = lambda asked: Page(status=refused if "Range" in asked.headers else 200)
    assert describe(source, server, "/signed.zip?sig=abc").size_bytes == 1234


def test_sizes(server: LinkServer, source: UrlSource) -> None:
    server.pages["/whole.bin"] = Page(ranges=False)
    server.pages["/empty.csv"] = Page(body=b"")
    server.pages["/packed.csv"] = Page(gzip.compress(b"a,b\n" * 99), headers={"Content-Encoding": "gzip"})
    assert describe(source, server, "/whole.bin").size_bytes == 1234
    assert describe(source, server, "/empty.csv").size_bytes == 0
    assert describe(source, server, "/packed.csv").size_bytes is None


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"Content-Disposition": 'attachment; filename="real name.csv"'}, "real name.csv"),
        ({"Content-Disposition": "attachment; filename*=UTF-8''na%C3%AFve.csv"}, "naïve.csv"),
        ({"Content-Disposition": 'attachment; filename="../../etc/passwd"'}, "passwd"),
        ({"Content-Disposition": 'attachment; filename="..\\\\up.csv"'}, "up.csv"),
        ({"Content-Disposition": 'attachment; filename=".."'}, "get"),
        ({"Content-Disposition": f'attachment; filename="{"n" * 300}.csv"'}, "n" * 146 + ".csv"),
        ({"Content-Type": "application/zip"}, "get.zip"),
        ({"Content-Type": "text/csv; charset=utf-8"}, "get.csv"),
        ({}, "get"),
    ],
)
def test_names(server: LinkServer, source: UrlSource, headers: dict[str, str], name: str) -> None:
    server.pages["/files/get"] = Page(headers=headers)
    assert source.manifest(ref(server, "/files/get"), None, ANYONE).files[0].path == name


def test_a_name_of_the_place_that_a_redirect_leads_to(server: LinkServer, source: UrlSource) -> None:
    server.pages["/download"] = Page(
        status=302, headers={"Location": "/store/r%C3%A9sum%C3%A9.tar.gz?sig=s3cret"}
    )
    server.pages["/store/r%C3%A9sum%C3%A9.tar.gz"] = Page()
    server.pages["/"] = Page()
    assert describe(source, server, "/download").title == "résumé.tar.gz"
    assert describe(source, server, "/").title == "download"


def test_revisions_tell_versions_apart(server: LinkServer, source: UrlSource) -> None:
    def revision(**headers: str) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        server.pages["/a.csv"] = Page(headers=named)
        found = describe(source, server, "/a.csv").revision
        assert found is not None
        assert len(found) == 40
        return found

    assert revision(ETag='"1"', Last_Modified="x") == revision(ETag='"1"', Last_Modified="y")
    assert revision(ETag='"1"') != revision(ETag='"2"')
    assert revision(ETag='W/"1"', Last_Modified="x") == revision(ETag='W/"2"', Last_Modified="x")
    assert revision(Last_Modified="x") != revision(Last_Modified="y")
    assert revision() == revision()


def test_a_revision_that_is_gone(server: LinkServer, source: UrlSource) -> None:
    server.pages["/a.csv"] = Page(headers={"ETag": '"1"'})
    old = describe(source, server, "/a.csv").revision
    assert source.manifest(ref(server, "/a.csv"), old, ANYONE).revision == old
    server.pages["/a.csv"] = Page(headers={"ETag": '"2"'})
    with pytest.raises(NotFound, match="not the one it was"):
        source.manifest(ref(server, "/a.csv"), old, ANYONE)


@pytest.mark.parametrize(
    ("page", "error", "words"),
    [
        (Page(status=404), NotFound, "no file at that link"),
        (Page(status=410), NotFound, "no file at that link"),
        (Page(status=403), Forbidden, "refuses the link"),
        (Page(status=429, headers={"Retry-After": "87"}), SourceRateLimited, "no more requests"),
        (Page(status=503), SourceUnreachable, "fails at the moment"),
        (Page(status=400), DataferryError, "does not give the file"),
        (
            Page(b"<!DOCTYPE html><p>Sign in", headers={"Content-Type": "text/html; charset=utf-8"}),
            InvalidInput,
            "a web page, not a file",
        ),
    ],
)
def test_what_is_no_file(
    server: LinkServer,
    source: UrlSource,
    page: Page,
    error: type[DataferryError],
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, "urllib3")  # as configure_logging does
    server.pages["/x"] = page
    link = f"http://someone:pa55word@{server.host}/x?token=s3cret"
    with pytest.raises(error, match=words) as refusal:
        source.describe(DatasetRef.make("url", link), None, ANYONE)
    assert refusal.value.next_step
    if isinstance(refusal.value, SourceRateLimited):
        assert refusal.value.retry_after == 87
    for text in (refusal.value.detail, refusal.value.next_step, repr(refusal.value), caplog.text):
        assert "s3cret" not in text
        assert "pa55word" not in text


def test_a_page_that_is_sent_as_an_attachment_is_a_file(server: LinkServer, source: UrlSource) -> None:
    disposition = 'attachment; filename="report.html"'
    server.pages["/r"] = Page(headers={"Content-Type": "text/html", "Content-Disposition": disposition})
    assert describe(source, server, "/r").title == "report.html"


@pytest.mark.parametrize(
    ("link", "advice"),
    [
        ("https://www.kaggle.com/datasets/uciml/iris", "kaggle:uciml/iris"),
        ("https://kaggle.com/datasets/uciml/iris/data?select=Iris.csv", "kaggle:uciml/iris"),
        ("https://huggingface.co/datasets/stanfordnlp/imdb", "huggingface:stanfordnlp/imdb"),
        ("https://huggingface.co/datasets/stanfordnlp/imdb/tree/main", "huggingface:stanfordnlp/imdb"),
        ("https://huggingface.co/datasets/imdb/viewer", "huggingface:imdb"),
    ],
)
def test_a_hub_page_is_answered_with_its_reference(source: UrlSource, link: str, advice: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        source.describe(DatasetRef.make("url", link), None, ANYONE)
    assert refusal.value.next_step == f"Ask for {advice}."


def test_private_addresses_are_refused(server: LinkServer) -> None:
    server.pages["/a.csv"] = Page()
    guarded = UrlSource(Settings(allow_private_urls=False))
    for link in (f"http://{server.host}/a.csv", f"http://localhost:{server.host.partition(':')[2]}/a.csv"):
        with pytest.raises(PrivateAddress) as refusal:
            guarded.describe(DatasetRef.make("url", link), None, ANYONE)
        assert refusal.value.next_step
    assert server.asked == []


@pytest.mark.parametrize("path", ["a.csv", "a.csv?sig=1"])
def test_which_private_names_exist_is_not_told(path: str) -> None:
    """A name that leads to a private address and one that leads nowhere are refused in the same words, before
    anything is asked for."""
    guarded = UrlSource(Settings(allow_private_urls=False))
    refusals = []
    for host in ("localhost", "no-such-name", "no-such-name.internal", "no-such-name.invalid", "127.0.0.1"):
        with pytest.raises(PrivateAddress) as refusal:
            guarded.describe(DatasetRef.make("url", f"http://{host}:9/{path}"), None, ANYONE)
        refusals.append((refusal.value.detail.replace(host, "…"), refusal.value.next_step))
    assert len(set(refusals)) == 1


def test_nobody_there(server: LinkServer, source: UrlSource) -> None:
    host = server.host
    server.close()
    with pytest.raises(SourceUnreachable):
        source.describe(DatasetRef.make("url", f"http://{host}/a.csv"), None, ANYONE)


def test_a_ref_whose_secret_part_is_stored_elsewhere(source: UrlSource) -> None:
    shown = DatasetRef.make("url", "https://example.org/a.zip?sig=s3cret").id
    with pytest.raises(InvalidInput, match="secret part"):
        source.describe(DatasetRef.make("url", shown), None, ANYONE)


def test_the_secret_reaches_the_server_and_nobody_else(server: LinkServer, source: UrlSource) -> None:
    server.pages["/a.zip"] = Page()
    asked = ref(server, "/a.zip?sig=s3cret")
    summary = source.describe(asked, None, ANYONE)
    manifest = source.manifest(asked, None, ANYONE)
    assert server.asked[0] == ("GET", "/a.zip?sig=s3cret")
    assert "s3cret" not in summary.model_dump_json()
    assert "s3cret" not in repr(manifest)


def test_there_is_nothing_to_search_or_read(source: UrlSource) -> None:
    assert source.search(SearchQuery("csv", SearchFilters(), 20), ANYONE) == []
    assert source.readme(DatasetRef.make("url", "https://example.org/a.csv"), None, ANYONE) == ""
