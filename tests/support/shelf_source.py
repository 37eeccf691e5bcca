"""A source with a shelf of datasets, for tests of the catalog."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from dataferry.core.errors import NotFound
from dataferry.core.types import Credential, DatasetRef, DatasetSummary, FileEntry, Http, Manifest, SourceName
from dataferry.sources.base import SearchQuery
from dataferry.sources.catalog import Catalog
from dataferry.sources.merged_search import SearchResult

NOBODY: dict[SourceName, Credential] = {}


@dataclass
class ShelfSource:
    """A source with a shelf of datasets, whose search can wait at a gate and fail."""

    name: SourceName
    shelf: list[DatasetSummary] = field(default_factory=list)
    error: Exception | None = None
    gate: threading.Event | None = None
    delay_s: float = 0.0
    begun: threading.Event = field(default_factory=threading.Event)
    asked: list[SearchQuery] = field(default_factory=list)
    described: list[str] = field(default_factory=list)
    threads: int = 6
    endpoint: str | None = None
    how_to_connect: str = "Set a token."

    def search(self, query: SearchQuery, credential: Credential) -> list[DatasetSummary]:
        self.asked.append(query)
        self.begun.set()
        self._trouble()
        return self.shelf[query.offset : query.offset + query.limit]

    def describe(self, ref: DatasetRef, revision: str | None, credential: Credential) -> DatasetSummary:
        self.described.append(str(ref))
        self._trouble()
        found = next((hit for hit in self.shelf if hit.ref == str(ref)), None)
        if found is None:
            raise NotFound(f"There is no {ref}.")
        return found.model_copy(update={"revision": revision or "r1", "size_bytes": 10})

    def manifest(self, ref: DatasetRef, revision: str | None, credential: Credential) -> Manifest:
        self._trouble()
        return Manifest(ref, revision or "r1", (FileEntry("a.csv", Http("http://127.0.0.1/a.csv"), 10),))

    def readme(self, ref: DatasetRef, revision: str | None, credential: Credential) -> str:
        self.described.append(f"readme {ref}")
        self._trouble()
        return f"# {ref}"

    def _trouble(self) -> None:
        if self.gate is not None:
            assert self.gate.wait(10)
        if self.delay_s:
            time.sleep(self.delay_s)
        if self.error is not None:
            raise self.error


def shelf(
    source: SourceName, count: int, subject: str = "diabetes", **fields: object
) -> list[DatasetSummary]:
    return [
        DatasetSummary.model_validate(
            {
                "ref": f"{source}:of-{source}/{subject}-{n:03}",
                "source": source,
                "id": f"of-{source}/{subject}-{n:03}",
                "title": f"{subject} {n}",
                "downloads": 1000 - n,
            }
            | fields
        )
        for n in range(count)
    ]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


Make = Callable[..., Catalog]


def refs(result: SearchResult) -> list[str]:
    return [summary.ref for summary in result.datasets]


def problems(result: SearchResult) -> dict[str, str]:
    return {problem.source: problem.code for problem in result.source_errors}
