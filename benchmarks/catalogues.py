"""Made-up catalogues of both hubs in the formats of their snapshots: the same for the same seed.

Words are made of syllables and drawn as in a language: the n-th is drawn in proportion to 1/n. A title has 2
to 6 of them, a description about 28, and one in three datasets of Kaggle a longer text and a further version.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dataferry.core.types import SourceName

VOCABULARY, OWNERS_SHARE = 60_000, 0.3
_SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu bra cle dri flo gru ster tion ment"
_LICENSES = ("mit", "apache-2.0", "cc-by-4.0", "cc0-1.0", "cc-by-nc-4.0", "other", "odbl")
_KAGGLE_LICENSES = ("CC0: Public Domain", "Attribution 4.0 International (CC BY 4.0)", "Unknown", "MIT", "")
_TASKS = ("text-classification", "image-classification", "tabular-regression", "question-answering")
_FORMATS = ("csv", "parquet", "json", "imagefolder")
_LANGUAGES = ("en", "de", "fr", "zh", "es", "ja")
_BATCH = 20_000
_NEWEST = datetime(2026, 11, 1, tzinfo=UTC)


def words() -> list[str]:
    """Every word, the most frequent first."""
    source, syllables = np.random.default_rng(7), _SYLLABLES.split()
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        length = 2 + len(found) * 3 // VOCABULARY
        found["".join(syllables[n] for n in source.integers(0, len(syllables), length + 1))] = None
    return list(found)


@dataclass(frozen=True, slots=True)
class _Draw:
    """Draws of one generator; a batch of them is much faster than one at a time."""

    source: np.random.Generator
    words: Any
    shares: Any

    def texts(self, count: int, least: int, most: int) -> list[str]:
        lengths = self.source.integers(least, most + 1, count)
        drawn = self.words[self.source.choice(len(self.words), int(lengths.sum()), p=self.shares)]
        ends = np.cumsum(lengths)
        return [" ".join(drawn[end - length : end]) for end, length in zip(ends, lengths, strict=True)]

    def counts(self, count: int) -> list[int]:
        """Of downloads: most have few, some very many."""
        return [int(value) for value in self.source.lognormal(4, 2.2, count)]

    def times(self, count: int) -> list[datetime]:
        return [_NEWEST - timedelta(days=float(days)) for days in self.source.exponential(500, count)]


def _draw(seed: int) -> _Draw:
    shares = 1 / np.arange(1, VOCABULARY + 1)
    return _Draw(np.random.default_rng(seed), np.array(words(), dtype=object), shares / shares.sum())


def write(folder: Path, rows: int) -> dict[SourceName, Path]:
    """Snapshots of ``rows`` datasets, half of them at each hub; a folder for each hub."""
    paths: dict[SourceName, Path] = {"huggingface": folder / "hub-stats", "kaggle": folder / "meta-kaggle"}
    for path in paths.values():
        path.mkdir(parents=True, exist_ok=True)
    write_hub_stats(paths["huggingface"], rows // 2)
    write_meta_kaggle(paths["kaggle"], rows - rows // 2)
    return paths


def write_hub_stats(folder: Path, rows: int) -> None:
    draw = _draw(1)
    with pq.ParquetWriter(folder / "datasets.parquet", _HUB_SCHEMA, compression="zstd") as writer:
        for start in range(0, rows, _BATCH):
            count = min(_BATCH, rows - start)
            writer.write_table(pa.Table.from_pylist(list(_hub_rows(draw, start, count)), _HUB_SCHEMA))


_HUB_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "author", "sha", "description", "gated")),
        *((name, pa.timestamp("us")) for name in ("createdAt", "lastModified")),
        ("tags", pa.list_(pa.string())),
        *((name, pa.int64()) for name in ("downloads", "downloadsAllTime", "likes")),
        *((name, pa.bool_()) for name in ("private", "disabled")),
    ]
)


def _hub_rows(draw: _Draw, start: int, count: int) -> Iterator[dict[str, Any]]:
    names, abouts = draw.texts(count, 2, 4), draw.texts(count, 16, 40)
    kinds = draw.source.integers(0, 1 << 30, count)
    facts = zip(names, abouts, draw.counts(count), draw.times(count), kinds, strict=True)
    for number, (name, about, downloads, changed, kind) in enumerate(facts, start):
        owner = f"owner{int(kind) % 100_000}"
        yield {
            "id": f"{owner}/{name.replace(' ', '-')}-{number}",
            "author": owner,
            "sha": f"{number:040x}",
            "description": f"\n\t\n\t\t{name.title()}\n\t\n\n{about}",
            "gated": "auto" if kind % 50 == 0 else "False",
            "createdAt": changed.replace(tzinfo=None),
            "lastModified": changed.replace(tzinfo=None),
            "tags": _hub_tags(int(kind), about),
            "downloads": downloads,
            "downloadsAllTime": downloads * 10,
            "likes": downloads // 100,
            "private": False,
            "disabled": kind % 5000 == 0,
        }


def _hub_tags(kind: int, about: str) -> list[str]:
    tags = [f"format:{_FORMATS[kind % 4]}", "modality:text", "library:datasets", "region:us"]
    if kind % 3:
        tags.append(f"license:{_LICENSES[kind % 7]}")
    if kind % 2:
        tags += [f"task_categories:{_TASKS[kind % 4]}", f"language:{_LANGUAGES[kind % 6]}"]
    return [*tags, "size_categories:10K<n<100K", about.split()[-1]]


def write_meta_kaggle(folder: Path, rows: int) -> None:
    draw, owners, tags = _draw(2), max(int(rows * OWNERS_SHARE), 1), words()[:500]
    _table(folder, "Users.csv", ("Id", "UserName"), ((n, f"user{n}") for n in range(owners * 4)))
    _table(folder, "Organizations.csv", ("Id", "Slug"), ((n, f"org{n}") for n in range(1000)))
    _table(folder, "Tags.csv", ("Id", "Name"), enumerate(tags))
    given = draw.source.integers(0, len(tags), (rows, 3)).tolist()
    _table(
        folder,
        "DatasetTags.csv",
        ("Id", "DatasetId", "TagId"),
        ((n * 3 + place, n, tag) for n, three in enumerate(given) for place, tag in enumerate(three)),
    )
    _table(folder, "Datasets.csv", _DATASETS, _dataset_rows(draw, rows, owners))
    _table(folder, "DatasetVersions.csv", _VERSIONS, _version_rows(draw, rows))


_DATASETS = (
    *("Id", "CreatorUserId", "OwnerUserId", "OwnerOrganizationId", "CurrentDatasetVersionId", "Type"),
    *("CreationDate", "LastActivityDate", "TotalViews", "TotalDownloads", "TotalVotes", "TotalKernels"),
)
_VERSIONS = (
    *("Id", "DatasetId", "DatasourceVersionId", "CreatorUserId", "LicenseName", "CreationDate"),
    *("VersionNumber", "Title", "Slug", "Subtitle", "Description", "VersionNotes"),
    *("TotalCompressedBytes", "TotalUncompressedBytes"),
)


def _dataset_rows(draw: _Draw, rows: int, owners: int) -> Iterator[tuple[object, ...]]:
    for start in range(0, rows, _BATCH):
        count = min(_BATCH, rows - start)
        for n, downloads, changed in zip(
            range(start, start + count), draw.counts(count), draw.times(count), strict=True
        ):
            owner = ("", n % 1000) if n % 40 == 0 else (n % owners * 4, "")
            when = _kaggle_time(changed)
            yield (
                n,
                n,
                *owner,
                n * 10 + (n % 3 == 0),
                2,
                when,
                when,
                downloads * 5,
                downloads,
                downloads // 30,
                2,
            )


def _version_rows(draw: _Draw, rows: int) -> Iterator[tuple[object, ...]]:
    for start in range(0, rows, _BATCH):
        count = min(_BATCH, rows - start)
        titles, subtitles = draw.texts(count, 2, 6), draw.texts(count, 10, 24)
        texts, times = draw.texts(count, 30, 60), draw.times(count)
        facts = zip(titles, subtitles, texts, times, draw.counts(count), strict=True)
        for n, (title, subtitle, text, changed, size) in enumerate(facts, start):
            about = f'### Context\n\n"{text}"\n\n{subtitle}' if n % 3 == 0 else ""
            words = (title.title(), f"{title.replace(' ', '-')[:40]}-{n}", subtitle, about, "Initial release")
            for version in range(1 + (n % 3 == 0)):
                numbers = (n * 10 + version, n, n, 1, _KAGGLE_LICENSES[n % 5], _kaggle_time(changed))
                yield *numbers, version + 1, *words, size * 1000, size * 3000


def _table(folder: Path, name: str, columns: tuple[str, ...], rows: Any) -> None:
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _kaggle_time(moment: datetime) -> str:
    return f"{moment:%m/%d/%Y %H:%M:%S}"
