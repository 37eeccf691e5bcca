"""Both hubs' snapshots, as they are and as they should not be, read through a build."""

import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from dataferry.core.errors import NotFound, Unreadable
from dataferry.core.settings import Settings
from dataferry.core.types import Credential, DatasetSummary, SourceName
from dataferry.sources.base import SearchFilters, SearchQuery
from dataferry.sources.catalog import build_sources
from dataferry.sources.index.build import build
from dataferry.sources.index.handle import IndexHandle
from dataferry.sources.index.manifest import IndexManifest, pointer_of
from tests.fakes.catalogue import seeded
from tests.support.catalogues import build_index
from tests.support.hubs import Hubs, make_hubs
from tests.support.meta_kaggle import dataset, tables, version, write_hub_stats, write_tables

PAGES: dict[SourceName, str] = {"kaggle": "https://kaggle.test/", "huggingface": "https://hub.test/"}
_ANYTHING = SearchFilters(sort="downloads")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "index"


def made(source: SourceName, snapshot: Path, target: Path) -> IndexManifest:
    return build({source: snapshot}, target, lambda _progress: None)


def found(target: Path, text: str, filters: SearchFilters = SearchFilters()) -> list[DatasetSummary]:
    hits = IndexHandle(target, PAGES).search(SearchQuery(text, filters, 20), list(PAGES))
    assert hits is not None
    return [one for summaries in hits.summaries.values() for one in summaries]


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


def test_a_hit_looks_as_the_hubs_own(hubs: Hubs, tmp_path: Path, target: Path) -> None:
    build_index(seeded(), tmp_path, target)
    settings = Settings(_env_file=None, kaggle_endpoint=hubs.kaggle.url, hf_endpoint=hubs.hub.url)
    pages: dict[SourceName, str] = {
        "kaggle": "https://www.kaggle.com/datasets/",
        "huggingface": f"{hubs.hub.url}/datasets/",
    }
    hits = IndexHandle(target, pages).search(SearchQuery("diabetes", SearchFilters(), 20), list(pages))
    assert hits is not None
    indexed = {hit.ref: hit for summaries in hits.summaries.values() for hit in summaries}
    sources, compared = build_sources(settings), 0
    for name in pages:
        for live in sources[name].search(SearchQuery("diabetes", SearchFilters(), 20), Credential(name)):
            # What may be an older one by the time of a download, and what a snapshot does not have.
            unknown = dict.fromkeys(("revision", "size_bytes", "formats", "modalities"))
            if name == "huggingface":  # a snapshot without cards' YAML has their names in the description
                assert live.description in indexed[live.ref].description
                unknown |= {"title": None, "description": None}
            compared_hits = [dict(hit) | unknown for hit in (indexed[live.ref], live)]
            assert compared_hits[0] == compared_hits[1]
            compared += 1
    assert compared > 3


def test_kaggles_current_version_is_taken_and_else_the_highest(tmp_path: Path, target: Path) -> None:
    rows = [
        version(Id=10, VersionNumber=1, Title="Old diabetes"),
        version(),
        version(Id=12, VersionNumber=3, Title="A draft"),
        version(Id=20, DatasetId=2, VersionNumber=9, Slug="second", Title="Ninth diabetes"),
        version(Id=21, DatasetId=2, VersionNumber=10, Slug="second", Title="Tenth diabetes"),
    ]
    datasets = [dataset(), dataset(Id=2, CurrentDatasetVersionId="", OwnerUserId="", OwnerOrganizationId=9)]
    snapshot = write_tables(tmp_path / "s", tables(DatasetVersions=rows, Datasets=datasets))
    manifest = made("kaggle", snapshot, target)
    hits = {hit.ref: hit for hit in found(target, "diabetes")}
    assert {ref: hit.title for ref, hit in hits.items()} == {
        "kaggle:ada/diabetes-study": "Diabetes study",
        "kaggle:windorg/second": "Tenth diabetes",
    }
    first = hits["kaggle:ada/diabetes-study"]
    assert first.description == "Glucose of 768 patients"
    assert (first.license, first.size_bytes, first.downloads, first.likes) == ("CC0-1.0", 1000, 100, 3)
    assert first.updated_at == datetime(2023, 2, 28, 13, 5, 9, tzinfo=UTC)
    assert (first.tags, first.task) == (("health", "classification"), "classification")
    assert first.url == "https://kaggle.test/ada/diabetes-study"
    assert manifest.sources["kaggle"].snapshot_at == first.updated_at
    assert {hit.ref for hit in found(target, "long text")} == set(hits), "Kaggle's long text is searched too"


def test_cells_with_quotes_lines_and_odd_bytes(tmp_path: Path, target: Path) -> None:
    odd = 'first line\r\nsecond, with "quotes"\n\n| a | table |\x00 ' + "x" * 500_000
    rows = [
        version(Subtitle=odd, Description=odd),
        version(Id=20, DatasetId=2, Slug="plain", Title='Say "diabetes", twice', Subtitle="", Description=""),
    ]
    datasets = [dataset(Id="1.0", OwnerUserId="7.0"), dataset(Id=2, CurrentDatasetVersionId="20.0")]
    snapshot = write_tables(tmp_path / "s", tables(DatasetVersions=rows, Datasets=datasets))
    users = snapshot / "Users.csv"
    users.write_bytes(b"\xef\xbb\xbf" + users.read_bytes())
    manifest = made("kaggle", snapshot, target)
    assert manifest.datasets == 2
    assert manifest.sources["kaggle"].left_out == {}
    one = next(hit for hit in found(target, "diabetes") if hit.id == "ada/diabetes-study")
    assert one.description.startswith('first line second, with "quotes" | a | table | xxx')


def test_tables_may_be_zipped(tmp_path: Path, target: Path) -> None:
    snapshot = write_tables(tmp_path / "s", tables())
    for name in ("DatasetVersions.csv", "Users.csv"):
        with zipfile.ZipFile(snapshot / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(snapshot / name, name)
        (snapshot / name).unlink()
    assert made("kaggle", snapshot, target).datasets == 1


def test_rows_that_make_no_sense_are_left_out_and_told(tmp_path: Path, target: Path) -> None:
    datasets = [dataset(Id=number) for number in range(1, 6)] + [dataset(Id="what?")]
    datasets[3]["OwnerUserId"] = 4040
    rows = [
        version(),
        *(version(Id=number, DatasetId=number, Slug=f"slug-{number}") for number in (3, 4)),
        version(Id=5, DatasetId=5, Slug="no / address"),
    ]
    rows += [version(Id=number, DatasetId=9000) for number in range(100, 400)]
    snapshot = write_tables(tmp_path / "s", tables(DatasetVersions=rows, Datasets=datasets))
    versions = snapshot / "DatasetVersions.csv"
    lines = versions.read_bytes().splitlines(keepends=True)
    lines[100:100] = [b"500,5,too few\r\n", b'1,2,"un"balanced",x\r\n']
    versions.write_bytes(b"".join(lines))
    manifest = made("kaggle", snapshot, target)
    assert manifest.datasets == 2
    left_out = dict(manifest.sources["kaggle"].left_out)
    assert left_out.pop("DatasetVersions.csv: a row that cannot be read") >= 2
    assert left_out == {
        "Datasets.csv: a row without the numbers it needs": 1,
        "a dataset without a version": 1,
        "a dataset without an owner": 1,
        "a name that is no address": 1,
    }


def test_columns_of_hub_stats_come_go_and_change(tmp_path: Path, target: Path) -> None:
    snapshot = write_hub_stats(
        tmp_path / "s",
        {
            "id": ["ada/sparse", "ada/diabetes", "ada/secret", "ada/closed", None],
            "tags": [None, '["license:mit", "language:de", "format:csv"]', "[]", None, None],
            "task_categories": [None, ["tabular-classification"], None, None, None],
            "description": [None, "\n\t\n\t\tDiabetes\n\n\tof people", "x", "x", "x"],
            "createdAt": [None, "2023-02-28T13:05:09.000Z", None, None, None],
            "downloads": [None, "12", "1", "many", None],
            "gated": [None, "manual", "False", None, None],
            "private": [None, False, True, None, None],
            "disabled": [None, False, False, True, None],
            "cardData": [None, '{"pretty_name": "Diabetes of people"}', None, None, None],
        },
    )
    manifest = made("huggingface", snapshot, target)
    assert manifest.sources["huggingface"].left_out == {
        "a private dataset": 1,
        "a dataset that the hub has closed": 1,
        "a row without an id": 1,
    }
    (hit,) = found(target, "diabetes")
    assert (hit.title, hit.license, hit.gated) == ("Diabetes of people", "MIT", True)
    assert (hit.task, hit.languages, hit.formats) == ("tabular-classification", ("de",), ("csv",))
    assert (hit.downloads, hit.updated_at) == (12, datetime(2023, 2, 28, 13, 5, 9, tzinfo=UTC))
    (sparse,) = found(target, "sparse")
    assert (sparse.title, sparse.description, sparse.updated_at) == ("sparse", "", None)


def _cut(name: str, share: float) -> Callable[[Path], None]:
    def cut(snapshot: Path) -> None:
        data = (snapshot / name).read_bytes()
        (snapshot / name).write_bytes(data[: int(len(data) * share)])

    return cut


def _write(name: str, text: str) -> Callable[[Path], None]:
    return lambda snapshot: (snapshot / name).write_text(text) and None


_BROKEN_TABLES: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut in a row": (_cut("DatasetTags.csv", 0.87), "DatasetTags.csv ends in the middle of a row"),
    "cut to a third": (_cut("DatasetVersions.csv", 0.3), "DatasetVersions.csv "),
    "cut in a quoted cell": (_cut("DatasetVersions.csv", 0.9), "DatasetVersions.csv ends in the middle"),
    "a web page": (_write("Users.csv", "\n<!DOCTYPE html><title>Sign in</title>"), "Users.csv is a web page"),
    "empty": (_write("Tags.csv", ""), "Tags.csv is empty"),
    "no rows": (_write("Datasets.csv", "Id,OwnerUserId\r\n"), "Datasets.csv has no rows"),
    "renamed": (
        _write("Datasets.csv", "DatasetId,Owner\r\n1,2\r\n"),
        "Datasets.csv lacks Id, OwnerUserId; it has",
    ),
    "not zipped": (_write("Tags.csv.zip", "PK no archive"), "Tags.csv.zip is cut off or damaged"),
}


@pytest.mark.parametrize("case", _BROKEN_TABLES)
def test_a_broken_table_of_kaggle_leaves_the_old_index(case: str, tmp_path: Path, target: Path) -> None:
    spoil, told = _BROKEN_TABLES[case]
    rows = [version(Id=n, DatasetId=n, Slug=f"diabetes-{n}", Description='a "b"\n' * 40) for n in range(50)]
    datasets = [dataset(Id=n, CurrentDatasetVersionId=n) for n in range(50)]
    snapshot = write_tables(tmp_path / "s", tables(DatasetVersions=rows, Datasets=datasets))
    before = made("kaggle", snapshot, target)
    spoil(snapshot)
    if (snapshot / "Tags.csv.zip").exists():
        (snapshot / "Tags.csv").unlink()
    _refused(lambda: made("kaggle", snapshot, target), told, before, target)


@pytest.mark.parametrize("case", ["cut", "a web page", "no rows", "no ids"])
def test_a_broken_hub_stats_leaves_the_old_index(case: str, tmp_path: Path, target: Path) -> None:
    columns = {"id": [f"ada/diabetes-{n}" for n in range(50)], "tags": [["license:mit"]] * 50}
    snapshot = write_hub_stats(tmp_path / "s", columns)
    before = made("huggingface", snapshot, target)
    told = {"cut": "cannot be read", "a web page": "not a Parquet file", "no rows": "has no rows"}
    if case == "cut":
        _cut("datasets.parquet", 0.8)(snapshot)
    elif case == "a web page":
        _write("datasets.parquet", "<html>Sign in</html>")(snapshot)
    elif case == "no rows":
        write_hub_stats(snapshot, {"id": pa.array([], pa.string())})
    else:
        write_hub_stats(snapshot, {"name": ["ada/diabetes"]})
    _refused(
        lambda: made("huggingface", snapshot, target),
        told.get(case, "datasets.parquet lacks id; it has name"),
        before,
        target,
    )


def test_a_missing_file_is_named(tmp_path: Path, target: Path) -> None:
    snapshot = write_tables(tmp_path / "s", tables())
    before = made("kaggle", snapshot, target)
    (snapshot / "Tags.csv").unlink()
    with pytest.raises(NotFound, match=r"has no file Tags\.csv"):
        made("kaggle", snapshot, target)
    assert found(target, "diabetes"), before


def test_a_hub_alone_keeps_the_others_index(tmp_path: Path, target: Path) -> None:
    made("kaggle", write_tables(tmp_path / "k", tables()), target)
    manifest = made("huggingface", write_hub_stats(tmp_path / "h", {"id": ["ada/diabetes"]}), target)
    assert set(manifest.sources) == {"kaggle", "huggingface"}
    assert [hit.ref for hit in found(target, "diabetes")] == [
        "kaggle:ada/diabetes-study",
        "huggingface:ada/diabetes",
    ]
    shutil.rmtree(target / manifest.sources["kaggle"].folder)
    again = made("huggingface", tmp_path / "h", target)
    assert set(again.sources) == {"huggingface"}, "what is gone is not kept"


def _refused(act: Callable[[], object], told: str, before: IndexManifest, target: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        act()
    assert told in refused.value.detail
    assert refused.value.next_step
    assert IndexManifest.model_validate_json(pointer_of(target).read_text()) == before
    left = {path.name for path in target.iterdir() if path.is_dir()}
    assert left == {part.folder for part in before.sources.values()}
    assert found(target, "diabetes", _ANYTHING)
