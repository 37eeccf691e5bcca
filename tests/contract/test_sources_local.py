"""What every source promises, on those that need no hub."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import pytest

from dataferry.core.errors import NotFound
from dataferry.core.settings import Settings
from dataferry.core.types import Credential, DatasetRef
from dataferry.sources.base import SearchFilters, SearchQuery, Source
from dataferry.sources.builtin import BuiltinSource
from dataferry.sources.url import UrlSource
from tests.support.links import LinkServer, Page


@dataclass
class Case:
    """A source, a dataset that it has and one that it has not."""

    source: Source
    there: DatasetRef
    missing: DatasetRef

    @property
    def anyone(self) -> Credential:
        return Credential(self.source.name)


@pytest.fixture(params=["builtin", "url", "url archive"])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    if request.param == "builtin":
        refs = (DatasetRef.make("builtin", name) for name in ("iris", "nothing"))
        yield Case(BuiltinSource(), *refs)
        return
    with LinkServer() as server:
        name = "a.zip" if request.param == "url archive" else "a.csv"
        server.pages[f"/{name}"] = Page(headers={"ETag": '"1"'})
        refs = (DatasetRef.make("url", f"http://{server.host}/{file}?sig=1") for file in (name, "b.csv"))
        yield Case(UrlSource(Settings(allow_private_urls=True)), *refs)


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


def test_readme_is_text(case: Case) -> None:
    readme = case.source.readme(case.there, None, case.anyone)
    assert isinstance(readme, str)
    assert bool(readme) == (case.source.name == "builtin")
