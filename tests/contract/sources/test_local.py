"""What every source promises, on those that need no hub."""

import io
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from dataferry.core.errors import NotFound
from dataferry.core.settings import Settings
from dataferry.core.types import Credential, DatasetRef
from dataferry.sources.base import SearchFilters, SearchQuery, Source
from dataferry.sources.builtin import BuiltinSource
from dataferry.sources.url import UrlSource
from dataferry.transfer import fetch
from tests.support.links import LinkServer, Page


@dataclass
class Case:
    """A source, a dataset that it has and one that it has not."""

    source: Source
    there: DatasetRef
    missing: DatasetRef
    members: list[str]

    @property
    def anyone(self) -> Credential:
        return Credential(self.source.name)


@pytest.fixture(params=["builtin", "url", "url archive"])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    if request.param == "builtin":
        refs = (DatasetRef.make("builtin", name) for name in ("iris", "nothing"))
        yield Case(BuiltinSource(), *refs, ["README.md", "test.csv", "train.csv"])
        return
    with LinkServer() as server:
        name, body = ("a.zip", archive()) if request.param == "url archive" else ("a.csv", b"a,b\n1,2\n")
        server.pages[f"/{name}"] = Page(body, headers={"ETag": '"1"'})
        refs = (DatasetRef.make("url", f"http://{server.host}/{file}?sig=1") for file in (name, "b.csv"))
        members = ["inside/one.csv", "two.csv"] if name == "a.zip" else [name]
        yield Case(UrlSource(Settings(allow_private_urls=True)), *refs, members)


def archive() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        made.writestr("inside/one.csv", "a\n1\n")
        made.writestr("two.csv", "b\n2\n")
    return content.getvalue()


def test_search_gives_references_that_can_be_sent_back(case: Case) -> None:
    for hit in case.source.search(SearchQuery("classification", SearchFilters(), 3), case.anyone):
        assert hit.source == case.source.name
        assert str(DatasetRef.make(hit.source, hit.id)) == hit.ref
        described = case.source.describe(DatasetRef.parse(hit.ref), None, case.anyone)
        assert (described.ref, described.title) == (hit.ref, hit.title)


def test_search_keeps_to_limit_and_offset(case: Case) -> None:
    def page(limit: int, offset: int) -> list[str]:
        query = SearchQuery("classification", SearchFilters(), limit, offset)
        return [hit.ref for hit in case.source.search(query, case.anyone)]

    everything = page(50, 0)
    assert page(1, 0) + page(50, 1) == everything
    assert page(50, len(everything)) == []


def test_describe_fixes_an_immutable_revision(case: Case) -> None:
    summary = case.source.describe(case.there, None, case.anyone)
    assert summary.ref == str(case.there)
    assert summary.title
    assert summary.revision
    again = case.source.describe(case.there, summary.revision, case.anyone)
    assert again == summary


def test_the_manifest_agrees_with_the_description(case: Case) -> None:
    summary = case.source.describe(case.there, None, case.anyone)
    manifest = case.source.manifest(case.there, summary.revision, case.anyone)
    assert manifest.revision == case.source.manifest(case.there, None, case.anyone).revision
    assert (manifest.ref, manifest.revision) == (case.there, summary.revision)
    assert manifest.total_bytes == summary.size_bytes
    paths = [PurePosixPath(entry.path) for entry in manifest.files]
    assert len(set(paths)) == len(paths) > 0
    assert not any(path.is_absolute() or ".." in path.parts for path in paths)


@pytest.mark.parametrize("method", ["describe", "manifest"])
def test_an_unknown_dataset_or_revision(case: Case, method: str) -> None:
    for ref, revision in ((case.missing, None), (case.there, "f" * 40)):
        with pytest.raises(NotFound) as missing:
            getattr(case.source, method)(ref, revision, case.anyone)
        assert missing.value.next_step


def test_what_the_manifest_promises_arrives(case: Case, tmp_path: Path) -> None:
    manifest = case.source.manifest(case.there, None, case.anyone)
    fetched = fetch(manifest, tmp_path / "there", lambda progress: None, threading.Event()).files
    assert sorted(file.path for file in fetched) == sorted(case.members)
    for file in fetched:
        assert (tmp_path / "there" / file.path).stat().st_size == file.size
        assert (file.grade == "publisher") == (case.source.name == "builtin")


def test_readme_is_text(case: Case) -> None:
    readme = case.source.readme(case.there, None, case.anyone)
    assert isinstance(readme, str)
    assert bool(readme) == (case.source.name == "builtin")
