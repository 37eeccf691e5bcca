"""Small tables of Meta Kaggle and hub-stats, cell by cell, for tests of what is odd in them."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Tables = dict[str, list[dict[str, object]]]

_VERSION = {
    "Id": 11,
    "DatasetId": 1,
    "VersionNumber": 2,
    "Title": "Diabetes study",
    "Slug": "diabetes-study",
    "Subtitle": "Glucose of 768 patients",
    "Description": "A long text",
    "LicenseName": "CC0: Public Domain",
    "CreationDate": "02/28/2023 13:05:09",
    "TotalCompressedBytes": 500,
    "TotalUncompressedBytes": 1000,
}
_DATASET = {
    "Id": 1,
    "OwnerUserId": 7,
    "OwnerOrganizationId": "",
    "CurrentDatasetVersionId": 11,
    "LastActivityDate": "03/01/2023 00:00:00",
    "TotalDownloads": 100,
    "TotalVotes": 3,
}


def version(**cells: object) -> dict[str, object]:
    return _VERSION | cells


def dataset(**cells: object) -> dict[str, object]:
    return _DATASET | cells


def tables(**changed: list[dict[str, object]]) -> Tables:
    """All six, with one dataset, but for the ``changed`` ones by their names without ``.csv``."""
    made: Tables = {
        "Datasets": [dataset()],
        "DatasetVersions": [version()],
        "DatasetTags": [{"DatasetId": 1, "TagId": 5}, {"DatasetId": 1, "TagId": 6}],
        "Tags": [{"Id": 5, "Name": "health"}, {"Id": 6, "Name": "classification"}],
        "Users": [{"Id": 7, "UserName": "ada"}],
        "Organizations": [{"Id": 9, "Slug": "windorg"}],
    }
    return made | changed


def write_tables(folder: Path, found: Mapping[str, Sequence[Mapping[str, object]]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in found.items():
        (folder / f"{name}.csv").write_text(as_csv(rows), encoding="utf-8", newline="")
    return folder


def as_csv(rows: Sequence[Mapping[str, object]]) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def write_hub_stats(folder: Path, columns: Mapping[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(dict(columns)), folder / "datasets.parquet")
    return folder
