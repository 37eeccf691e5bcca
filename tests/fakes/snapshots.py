"""Both hubs' catalogues as the hubs publish them, made of the fakes' own: see facts/search-and-tables.md.

``cfahlgren1/hub-stats`` is one Parquet file; ``kaggle/meta-kaggle`` many tables, of which the larger ones
are handed out zipped. A test that has changed a catalogue publishes it with ``refresh``.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from tests.fakes.content import Blob, binary, text
from tests.fakes.dataset import Catalogue, FakeDataset
from tests.fakes.made import Files

HUB_STATS = "cfahlgren1/hub-stats"
META_KAGGLE = "kaggle/meta-kaggle"
PARQUET = "datasets.parquet"
#: Of the tables, those that Kaggle's storage hands out as ``<name>.zip``.
ZIPPED = ("DatasetVersions.csv", "Users.csv")


def add_snapshots(catalogue: Catalogue) -> Catalogue:
    """Let both hubs publish what is in the catalogue, as it is when somebody first asks for the files."""
    catalogue.add(
        FakeDataset(
            "huggingface",
            HUB_STATS,
            title="Hub Stats",
            description="Daily statistics of the hub",
            license="apache-2.0",
            make=lambda: {PARQUET: hub_stats(catalogue.at("huggingface"))},
        )
    )
    catalogue.add(
        FakeDataset(
            "kaggle",
            META_KAGGLE,
            title="Meta Kaggle",
            description="Public activity on the site, daily",
            license="Apache 2.0",
            make=lambda: meta_kaggle(catalogue.at("kaggle")),
            zipped=ZIPPED,
            organization=True,
        )
    )
    return catalogue


def refresh(catalogue: Catalogue) -> None:
    """Publish both as the catalogue is now."""
    for hub, dataset_id in (("huggingface", HUB_STATS), ("kaggle", META_KAGGLE)):
        snapshot = catalogue.find(hub, dataset_id)  # type: ignore[arg-type]
        assert snapshot is not None
        snapshot.publish(snapshot.make)


def hub_stats(datasets: Iterable[FakeDataset], *, without: Sequence[str] = ()) -> Blob:
    """The Parquet file, without some of its columns."""
    # Imported here: a fake that nobody asks for it starts without.
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {
        **dict.fromkeys(("id", "author", "sha"), pa.string()),
        **dict.fromkeys(("createdAt", "lastModified"), pa.timestamp("us")),
        "tags": pa.list_(pa.string()),
        **dict.fromkeys(("downloads", "downloadsAllTime", "likes"), pa.int64()),
        "private": pa.bool_(),
        "gated": pa.string(),
        "disabled": pa.bool_(),
        "description": pa.string(),
    }
    rows = [_hub_row(dataset) for dataset in datasets if not dataset.private]
    schema = pa.schema([field for field in types.items() if field[0] not in without])
    written = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema), written)
    return binary(written.getvalue())


def _hub_row(dataset: FakeDataset) -> dict[str, Any]:
    return {
        "id": dataset.id,
        "author": dataset.owner,
        "sha": dataset.sha(len(dataset.versions)),
        "createdAt": dataset.versions[0].created.replace(tzinfo=None),
        "lastModified": dataset.latest.created.replace(tzinfo=None),
        "tags": [*dataset.tags, f"license:{dataset.license}", "region:us"],
        "downloads": dataset.downloads,
        "downloadsAllTime": dataset.downloads * 12,
        "likes": dataset.likes,
        "private": False,
        "gated": "manual" if dataset.gated else "False",
        "disabled": dataset.disabled,
        "description": f"\n\t\n\t\t{dataset.title}\n\t\n\n{dataset.description}",
    }


def meta_kaggle(datasets: Iterable[FakeDataset]) -> Files:
    """The tables, and one of those that a search has no use for."""
    public = [dataset for dataset in datasets if not dataset.private and dataset.id != META_KAGGLE]
    owners = {dataset.owner: _number(dataset.owner) for dataset in public}
    of_organizations = {dataset.owner for dataset in public if dataset.organization}
    tags = {tag: _number(tag) for dataset in public for tag in dataset.tags}
    return {
        "Datasets.csv": _table(_DATASETS, [_dataset_row(one, owners[one.owner]) for one in public]),
        "DatasetVersions.csv": _table(
            _VERSIONS, [_version_row(one, number) for one in public for number in range(len(one.versions))]
        ),
        "DatasetTags.csv": _table(
            ("Id", "DatasetId", "TagId"),
            [(index, one.number, tags[tag]) for one in public for index, tag in enumerate(one.tags)],
        ),
        "Tags.csv": _table(
            ("Id", "Name", "FullPath"), [(id, tag, f"subject > {tag}") for tag, id in tags.items()]
        ),
        "Users.csv": _table(
            ("Id", "UserName", "DisplayName"),
            [(id, name, name.title()) for name, id in owners.items() if name not in of_organizations],
        ),
        "Organizations.csv": _table(
            ("Id", "Name", "Slug"),
            [(id, name.title(), name) for name, id in owners.items() if name in of_organizations],
        ),
        "Kernels.csv": _table(("Id", "AuthorUserId"), [(number, 1) for number in range(50_000)]),
    }


_DATASETS = (
    *("Id", "CreatorUserId", "OwnerUserId", "OwnerOrganizationId", "CurrentDatasetVersionId", "Type"),
    *("CreationDate", "LastActivityDate", "TotalViews", "TotalDownloads", "TotalVotes", "TotalKernels"),
    "Medal",
)
_VERSIONS = (
    *("Id", "DatasetId", "DatasourceVersionId", "CreatorUserId", "LicenseName", "CreationDate"),
    *("VersionNumber", "Title", "Slug", "Subtitle", "Description", "VersionNotes"),
    *("TotalCompressedBytes", "TotalUncompressedBytes"),
)


def _dataset_row(dataset: FakeDataset, owner: int) -> tuple[object, ...]:
    user, organization = ("", owner) if dataset.organization else (owner, "")
    version = dataset.number * 100 + len(dataset.versions) - 1
    created, changed = _time(dataset.versions[0].created), _time(dataset.latest.created)
    counts = (dataset.downloads * 4, dataset.downloads, dataset.likes, 3, "")
    return dataset.number, owner, user, organization, version, 2, created, changed, *counts


def _version_row(dataset: FakeDataset, index: int) -> tuple[object, ...]:
    version = dataset.versions[index]
    numbers = (dataset.number * 100 + index, dataset.number, dataset.number, 1)
    slug, size = dataset.id.partition("/")[2], version.size
    words = (dataset.title, slug, dataset.description, dataset.readme, "Initial release")
    return *numbers, dataset.license, _time(version.created), index + 1, *words, size // 2, size


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Blob:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text(written.getvalue())


def _number(name: str) -> int:
    return int(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:6], 16)


def _time(moment: datetime) -> str:
    return f"{moment:%m/%d/%Y %H:%M:%S}"
