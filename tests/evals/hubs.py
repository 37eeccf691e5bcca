"""Fake hubs that hold the catalogue of the development set."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.evals import score
from tests.fakes.catalogue import ada
from tests.fakes.content import generated
from tests.fakes.dataset import Catalogue, FakeDataset, single
from tests.fakes.hub import HubFake
from tests.fakes.kaggle import KaggleFake
from tests.support.hubs import Hubs


@dataclass
class NamedDataset(FakeDataset):
    """HuggingFace's search reads an id and nothing else: every word of the search must stand in it."""

    def matches(self, search: str) -> bool:
        return all(word in self.id.lower() for word in search.lower().split())


def make_hubs(name: str = "catalogue.jsonl") -> Hubs:
    catalogue = make_catalogue(name)
    return Hubs(KaggleFake(catalogue), HubFake(catalogue))


def make_catalogue(name: str = "catalogue.jsonl") -> Catalogue:
    return Catalogue([_dataset(row) for row in score.load(name)], [ada()])


def _dataset(row: Mapping[str, Any]) -> FakeDataset:
    kind = NamedDataset if row["source"] == "huggingface" else FakeDataset
    path = (row["files"] or ["data.bin"])[0]
    size = row["size_bytes"] or 0
    tags = [*row["tags"]]
    if row["source"] == "huggingface":
        tags += [f"task_categories:{row['task']}"] if row["task"] else []
        tags += [f"modality:{row['modality']}"] if row["modality"] else []
        tags += [f"format:{name}" for name in row["formats"]]
    return kind(
        row["source"],
        row["id"],
        row["title"],
        row["description"],
        row["license"] or "unknown",
        single(path, lambda: generated(size, 0)),
        tags=tuple(tags),
        downloads=row["downloads"],
        likes=row["likes"],
        updated=datetime.fromisoformat(row["updated_at"]).replace(tzinfo=UTC),
        readme=row["description"],
    )
