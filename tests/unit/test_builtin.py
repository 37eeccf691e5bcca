"""The built-in source: found by words, resolved to pinned bytes."""

from dataclasses import replace
from hashlib import sha256

import pytest

from dataferry.core.errors import NotFound
from dataferry.core.types import Bytes, Checksum, Credential, DatasetRef, Http
from dataferry.plugins import Plugin, RemoteFile, builtin_datasets
from dataferry.sources.base import SearchFilters, SearchQuery
from dataferry.sources.builtin import BuiltinSource

ANYONE = Credential("builtin")
SOURCE = BuiltinSource()


def found(text: str, *, limit: int = 20, offset: int = 0) -> list[str]:
    hits = SOURCE.search(SearchQuery(text, SearchFilters(), limit, offset), ANYONE)
    return [hit.id for hit in hits]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("diabetes", ["diabetes"]),
        ("Breast Cancer", ["breast_cancer"]),
        ("iris flower", ["iris"]),
        ("handwritten digit", ["digits", "mnist"]),
        ("tumors", ["breast_cancer"]),
        ("tabular regression", ["diabetes"]),
        ("medical", ["breast_cancer", "chest_xray_pneumonia", "diabetes"]),
        ("house price regression", []),
        ("sentiment classification", []),
        ("cancer", ["breast_cancer"]),
        ("???", []),
    ],
)
def test_search_by_words(text: str, names: list[str]) -> None:
    assert found(text) == names


def test_pages() -> None:
    everything = found("classification")
    assert len(everything) == 9
    assert found("classification", limit=4) + found("classification", limit=5, offset=4) == everything
    assert found("classification", offset=9) == []


@pytest.mark.parametrize("name", [n for n, p in builtin_datasets().items() if isinstance(p, Plugin)])
def test_manifest_gives_the_pinned_bytes(name: str) -> None:
    ref = DatasetRef.make("builtin", name)
    summary = SOURCE.describe(ref, None, ANYONE)
    manifest = SOURCE.manifest(ref, summary.revision, ANYONE)
    assert manifest.revision == summary.revision
    assert manifest.total_bytes == summary.size_bytes
    assert len(manifest.files) == summary.file_count
    for entry in manifest.files:
        assert isinstance(entry.origin, Bytes)
        with entry.origin.open() as stream:
            content = stream.read()
        assert entry.checksum is not None
        assert entry.checksum.grade == "publisher"
        assert (len(content), sha256(content).hexdigest()) == (entry.size, entry.checksum.value)


def test_a_remote_file_is_fetched_from_its_url() -> None:
    remote = RemoteFile("all.parquet", "https://host.test/all.parquet", 7, "ab" * 32)
    iris = builtin_datasets()["iris"]
    assert isinstance(iris, Plugin)
    iris = replace(iris, files=(remote,))
    source = BuiltinSource({"iris": iris})
    ref = DatasetRef.make("builtin", "iris")
    (entry,) = source.manifest(ref, None, ANYONE).files
    assert isinstance(entry.origin, Http)
    assert (entry.origin.url, entry.size) == (remote.url, 7)
    assert entry.checksum == Checksum("sha256", "ab" * 32, "publisher")
    assert source.describe(ref, None, ANYONE).formats == ("parquet",)
    assert source.readme(ref, None, ANYONE) == ""


def test_readme() -> None:
    assert "sepal" in SOURCE.readme(DatasetRef.make("builtin", "iris"), None, ANYONE)


@pytest.mark.parametrize(("name", "revision"), [("nothing", None), ("iris", "0" * 64)])
def test_what_is_not_there(name: str, revision: str | None) -> None:
    for method in (SOURCE.describe, SOURCE.manifest, SOURCE.readme):
        with pytest.raises(NotFound) as missing:
            method(DatasetRef.make("builtin", name), revision, ANYONE)
        assert missing.value.next_step
