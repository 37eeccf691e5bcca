"""What the tools need of the library and of the jobs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from dataferry.core.job_types import JobState, JobView
from dataferry.core.model_cards import ModelSearchAnswer
from dataferry.core.paging import Position
from dataferry.core.types import DatasetRef, SourceName, Viewer
from dataferry.explorer.health.views import DatasetHealth
from dataferry.explorer.sql_views import AskableTables, TableAnswer
from dataferry.library.card_views import DatasetCard, SearchAnswer
from dataferry.library.comparison_views import Comparison
from dataferry.library.preview_views import Preview
from dataferry.library.verdict_views import Verdict
from dataferry.library.versions.views import VersionComparison, VersionPage
from dataferry.library.views import DatasetPage, DownloadTicket
from dataferry.sources.base import SearchFilters
from dataferry.sources.model_plan import ModelFilters

#: Takes what a search has so far, and the sources that have not answered.
ReportSearch = Callable[[SearchAnswer, Sequence[SourceName]], Awaitable[None]]


class LibraryService(Protocol):
    """What the tools need of the library."""

    async def search(
        self,
        viewer: Viewer,
        query: str,
        *,
        sources: Sequence[SourceName] | None = None,
        filters: SearchFilters | None = None,
        limit: int = 20,
        offset: int = 0,
        report: ReportSearch | None = None,
    ) -> SearchAnswer: ...

    async def search_models(
        self, viewer: Viewer, query: str, *, filters: ModelFilters = ModelFilters(), limit: int = 20
    ) -> ModelSearchAnswer: ...

    async def describe(self, viewer: Viewer, ref: DatasetRef, revision: str | None = None) -> DatasetCard: ...

    async def verdict(self, viewer: Viewer, ref: DatasetRef, revision: str | None = None) -> Verdict: ...
    async def compare(self, viewer: Viewer, refs: Sequence[str]) -> Comparison: ...

    async def preview(
        self,
        viewer: Viewer,
        key_or_alias: str,
        revision: str | None = None,
        *,
        path: str | None = None,
        row_count: int = 20,
        cell_chars: int = 1_000,
    ) -> Preview: ...

    async def local_card(self, viewer: Viewer, ref: DatasetRef) -> DatasetCard | None: ...

    async def readme(self, viewer: Viewer, ref: DatasetRef, revision: str | None = None) -> str: ...

    async def refresh_cards(self, viewer: Viewer, cards: Sequence[DatasetCard]) -> list[DatasetCard]: ...

    async def request_download(
        self, viewer: Viewer, ref: DatasetRef, *, revision: str | None = None
    ) -> DownloadTicket: ...

    async def list(self, viewer: Viewer, *, page_size: int = 50, page_number: int = 1) -> DatasetPage: ...


class AskingService(Protocol):
    """What the tools need of the tables that are here."""

    async def prepare(
        self, viewer: Viewer, key_or_alias: str, revision: str | None = None, *, wait_s: float
    ) -> bool: ...

    async def askable(
        self, viewer: Viewer, key_or_alias: str, table: str | None = None, revision: str | None = None
    ) -> AskableTables: ...

    async def ask(
        self,
        viewer: Viewer,
        key_or_alias: str,
        table: str | None,
        question: str,
        revision: str | None = None,
        *,
        limit: int = 1_000,
    ) -> TableAnswer: ...


class HealthService(Protocol):
    """What the tools need of the reports on what is here."""

    async def report(self, viewer: Viewer, key: str, revision: str | None = None) -> DatasetHealth: ...


class VersionsService(Protocol):
    """What the tools need of the versions of what is here."""

    async def page(
        self, viewer: Viewer, key_or_alias: str, position: Position | None, limit: int
    ) -> tuple[VersionPage, Position | None]: ...

    async def compare(
        self, viewer: Viewer, key_or_alias: str, older: str, newer: str, *, limit: int = 50
    ) -> tuple[VersionComparison, Position | None]: ...


@dataclass(frozen=True, slots=True)
class LocalServices:
    """What the tools can tell of datasets that are here, beside the library's list."""

    asking: AskingService
    health: HealthService
    versions: VersionsService


class JobsService(Protocol):
    """What the tools need of the jobs."""

    async def list(
        self, viewer: Viewer, *, states: Sequence[JobState] | None = None, limit: int = 200
    ) -> list[JobView]: ...

    async def cancel(self, viewer: Viewer, job_id: str) -> JobView: ...


async def told_jobs(jobs: JobsService, viewer: Viewer, limit: int) -> list[JobView]:
    """Of the viewer's last jobs those of datasets: nothing of a person's uploads is told to a model, not even
    that there are any."""
    return [job for job in await jobs.list(viewer, limit=limit) if job.kind != "analysis"]
