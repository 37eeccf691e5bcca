"""A library and jobs in memory that behave as the tools' protocols say, and questions to a chat."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dataferry.chat.generation import Timing
from dataferry.chat.service import ChatService
from dataferry.chat.stream import Chunk
from dataferry.chat.views import MessageView
from dataferry.core.errors import DataferryError, InvalidInput, NotFound
from dataferry.core.job_types import JobState, JobView
from dataferry.core.model_cards import ModelCard, ModelSearchAnswer
from dataferry.core.problems import SourceProblem
from dataferry.core.types import (
    SOURCE_NAMES,
    DatasetRef,
    Progress,
    SourceName,
    Viewer,
)
from dataferry.library.card_views import DatasetCard, SearchAnswer
from dataferry.library.comparison_facts import Findings, comparison
from dataferry.library.comparison_views import Comparison
from dataferry.library.licence_views import licence_verdict
from dataferry.library.preview_views import Preview, PreviewColumn
from dataferry.library.verdict_views import GateVerdict, RoomVerdict, Verdict
from dataferry.library.views import DatasetPage, DatasetView, DownloadTicket
from dataferry.sources.base import SearchFilters
from dataferry.sources.model_plan import ModelFilters
from dataferry.tools.services import ReportSearch

TIME = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ANNA = Viewer("usr_anna")
BEN = Viewer("usr_ben")

#: Of a chat service whose intervals a test can wait for.
QUICK = Timing(
    write_interval_s=0.02, heartbeat_interval_s=0.05, keep_alive_interval_s=0.05, poll_interval_s=0.02
)


def card(ref: str, title: str, size_bytes: int | None = 24_000, **fields: Any) -> DatasetCard:
    parsed = DatasetRef.parse(ref)
    plain = parsed.source in ("kaggle", "huggingface")
    values: dict[str, Any] = {
        "id": parsed.id if plain else ref,
        "title": title,
        "source": parsed.label,
        "url": f"https://hub.test/{parsed.id}",
        "downloads": 100,
        "ref": ref,
        "key": parsed.key,
        "download_endpoint": f"/api/datasets/download/{parsed.source}",
        "size_bytes": size_bytes,
        "license": "CC0-1.0",
    }
    return DatasetCard(**(values | fields))


PIMA = card(
    "kaggle:uciml/pima-indians-diabetes-database",
    "Pima Indians Diabetes Database",
    description="Diabetes diagnoses of 768 patients.",
    downloads=812_341,
    formats=("csv",),
)
HOSPITALS = card(
    "huggingface:hospitals/diabetes-130-us",
    "Diabetes 130-US Hospitals",
    19_160_000,
    description="Ten years of diabetes care.",
    license="CC-BY-4.0",
    formats=("parquet",),
)
RETINA = card("kaggle:sovit/diabetic-retinopathy", "Diabetic Retinopathy", 1_500_000_000, gated=True)
IMDB = card("huggingface:stanfordnlp/imdb", "IMDB movie reviews", 84_000_000)
IRIS = card("builtin:iris", "Iris flowers", 4_600)
LINK = card("url:https://files.test/a.zip", "a.zip", None)
CATALOG = (PIMA, HOSPITALS, RETINA, IMDB, IRIS, LINK)


class MemoryLibrary:
    """Search by words, describe by ref, downloads that stay queued until ``jobs`` says otherwise."""

    def __init__(self, *cards: DatasetCard) -> None:
        self.cards = {found.ref: found for found in cards or CATALOG}
        self.readmes: dict[str, str] = {}
        #: Known here, but to no source any more.
        self.gone: dict[str, DatasetCard] = {}
        self.problems: tuple[SourceProblem, ...] = ()
        self.failure: DataferryError | None = None
        #: What a search of models finds.
        self.models: tuple[ModelCard, ...] = ()
        self.searches: list[tuple[str, tuple[SourceName, ...] | None, SearchFilters, int, int]] = []
        self.requested: list[tuple[str, DatasetRef]] = []
        self.described: list[DatasetRef] = []
        self.jobs = MemoryJobs()
        #: A search waits for it.
        self.gate = asyncio.Event()
        self.gate.set()
        #: A search reports that it waits for these, and then waits for the gate.
        self.waiting_for: tuple[SourceName, ...] = ()

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
    ) -> SearchAnswer:
        filters = filters or SearchFilters()
        self.searches.append((query, tuple(sources) if sources else None, filters, limit, offset))
        if self.waiting_for and report is not None:
            answered = [name for name in SOURCE_NAMES if name not in self.waiting_for]
            await report(await self._find(viewer, query, answered, filters, limit, offset), self.waiting_for)
        await self.gate.wait()
        return await self._find(viewer, query, sources, filters, limit, offset)

    async def _find(
        self,
        viewer: Viewer,
        query: str,
        sources: Sequence[SourceName] | None,
        filters: SearchFilters,
        limit: int,
        offset: int,
    ) -> SearchAnswer:
        if self.failure is not None:
            raise self.failure
        if not query.strip():
            raise InvalidInput("The search is empty.")
        words = query.lower().split()

        def fits(found: DatasetCard) -> bool:
            text = f"{found.title} {found.description} {found.id}".lower()
            source = DatasetRef.parse(found.ref).source
            return (
                source != "url"
                and any(word.rstrip("s") in text for word in words)
                and (not sources or source in sources)
                and (filters.max_bytes is None or (found.size_bytes or 0) <= filters.max_bytes)
                and (filters.format is None or filters.format in found.formats)
            )

        hits = [found for found in self.cards.values() if fits(found)]
        page = hits[offset : offset + limit]
        return SearchAnswer(
            query=query,
            datasets=tuple(await self.refresh_cards(viewer, page)),
            source_errors=self.problems,
            more=len(hits) > offset + limit,
            offset=offset,
        )

    async def search_models(
        self, viewer: Viewer, query: str, *, filters: ModelFilters = ModelFilters(), limit: int = 20
    ) -> ModelSearchAnswer:
        if self.failure is not None:
            raise self.failure
        return ModelSearchAnswer(
            query=query,
            models=self.models[:limit],
            url="https://hub.test/models",
            source_errors=self.problems,
        )

    async def compare(self, viewer: Viewer, refs: Sequence[str]) -> Comparison:
        return comparison([Findings(ref, self.cards.get(ref)) for ref in refs])

    async def describe(self, viewer: Viewer, ref: DatasetRef, revision: str | None = None) -> DatasetCard:
        self.described.append(ref)
        found = self.cards.get(str(ref))
        if found is None and ref.source == "huggingface" and not ref.owner:
            found = next((one for one in self.cards.values() if one.id.endswith(f"/{ref.name}")), None)
        if found is None and ref.source == "url":
            found = card(str(ref), ref.name, 1_000)
        if found is None:
            raise NotFound(f"{ref.label} has no dataset {ref.id}.", next_step="Check its id.")
        return (await self.refresh_cards(viewer, [found]))[0]

    async def preview(
        self,
        viewer: Viewer,
        key_or_alias: str,
        revision: str | None = None,
        *,
        path: str | None = None,
        row_count: int = 20,
        cell_chars: int = 1_000,
    ) -> Preview:
        await self.describe(viewer, DatasetRef.from_key(key_or_alias), revision)
        names = [f"c{number}" for number in range(50)]
        return Preview(
            path=path or "train.csv",
            columns=tuple(PreviewColumn(name=name, dtype="number", numeric=True) for name in names),
            rows=tuple(tuple(str(row) for _ in names) for row in range(row_count)),
            column_count=len(names),
            row_count=None,
            about_row_count=1_200,
            snippet="",
            partial=True,
        )

    async def local_card(self, viewer: Viewer, ref: DatasetRef) -> DatasetCard | None:
        known = self.cards.get(str(ref)) or self.gone.get(str(ref))
        card = (await self.refresh_cards(viewer, [known]))[0] if known else None
        return card if card is not None and card.local_status == "downloaded" else None

    async def verdict(self, viewer: Viewer, ref: DatasetRef, revision: str | None = None) -> Verdict:
        found = await self.describe(viewer, ref, revision)
        room = RoomVerdict(
            download_bytes=found.size_bytes,
            needed_bytes=found.size_bytes,
            peak_bytes=None,
            free_bytes=10**12,
            fits=True,
            words="It fits.",
        )
        gate = GateVerdict(state="terms" if found.gated else "open", words="Terms, or none.")
        return Verdict(licence=licence_verdict(found.license, found.url), gate=gate, room=room)

    async def readme(self, viewer: Viewer, ref: DatasetRef, revision: str | None = None) -> str:
        return self.readmes.get(str(ref), "")

    async def refresh_cards(self, viewer: Viewer, cards: Sequence[DatasetCard]) -> list[DatasetCard]:
        def now(found: DatasetCard) -> DatasetCard:
            job = self.jobs.newest(viewer, found.ref)
            if job is None:
                return found
            return found.model_copy(
                update={
                    "local_status": "downloaded" if job.state == "succeeded" else job.state,
                    "job_id": job.id,
                }
            )

        return [now(found) for found in cards]

    async def request_download(
        self, viewer: Viewer, ref: DatasetRef, *, revision: str | None = None
    ) -> DownloadTicket:
        found = await self.describe(viewer, ref, revision)
        self.requested.append((viewer.user_id, ref))
        job = self.jobs.newest(viewer, found.ref)
        if job is None or job.state != "succeeded":
            job = self.jobs.add(viewer, found.ref, found.title)
        return DownloadTicket(
            success=True,
            dataset_id=found.id,
            source=found.source,
            message=f"{found.title} is being downloaded.",
            file_path=f"/store/{found.key}",
            job_id=job.id,
            status=job.state,
            ref=found.ref,
            key=found.key,
            library_id=job.dataset_id,
        )

    async def list(self, viewer: Viewer, *, page_size: int = 50, page_number: int = 1) -> DatasetPage:
        done = [job for job in self.jobs.of(viewer) if job.state == "succeeded"]
        rows = tuple(_row(self.cards[job.ref], job) for job in done)
        first = (page_number - 1) * page_size
        return DatasetPage(
            datasets=rows[first : first + page_size],
            page_number=page_number,
            page_size=page_size,
            total=len(rows),
        )


class MemoryJobs:
    def __init__(self) -> None:
        self._jobs: dict[str, tuple[str, JobView]] = {}

    def add(self, viewer: Viewer, ref: str, title: str, state: JobState = "queued", **fields: Any) -> JobView:
        parsed = DatasetRef.parse(ref)
        job = JobView(
            id=f"job_{len(self._jobs) + 1}",
            kind="download",
            state=state,
            ref=ref,
            key=parsed.key,
            source=parsed.source,
            title=title,
            dataset_id=f"ds_{parsed.name}",
            created_at=TIME,
            **fields,
        )
        self._jobs[job.id] = (viewer.user_id, job)
        return job

    def move(self, job_id: str, state: JobState, progress: Progress | None = None, **fields: Any) -> None:
        user, job = self._jobs[job_id]
        changes = {"state": state, **({"progress": progress} if progress else {}), **fields}
        self._jobs[job_id] = (user, job.model_copy(update=changes))

    def of(self, viewer: Viewer) -> list[JobView]:
        return [job for user, job in reversed(self._jobs.values()) if user == viewer.user_id]

    def newest(self, viewer: Viewer, ref: str) -> JobView | None:
        return next((job for job in self.of(viewer) if job.ref == ref), None)

    async def list(
        self, viewer: Viewer, *, states: Sequence[JobState] | None = None, limit: int = 200
    ) -> list[JobView]:
        return [job for job in self.of(viewer) if states is None or job.state in states][:limit]

    async def cancel(self, viewer: Viewer, job_id: str) -> JobView:
        user, job = self._jobs.get(job_id, ("", None))
        if job is None or user != viewer.user_id:
            raise NotFound("There is no such job.")
        self.move(job_id, "cancelled")
        return self._jobs[job_id][1]


def _row(found: DatasetCard, job: JobView) -> DatasetView:
    parsed = DatasetRef.parse(found.ref)
    return DatasetView(
        id=job.dataset_id,
        name=found.ref,
        ref=found.ref,
        key=found.key,
        title=found.title,
        description=found.description,
        source=parsed.source,
        source_type=parsed.source,
        source_url=found.url,
        original_url=found.url,
        revision="1",
        local_path=f"/store/{found.key}",
        license=found.license,
        updated_at_ms=0,
        downloaded_at_ms=0,
        size=found.size_bytes,
        file_count=1,
        checksum=None,
        status="downloaded",
        error=None,
        download_progress=100.0,
        downloaded=True,
        download_job_id=job.id,
    )


async def ask(
    chats: ChatService, text: str, chat_id: str | None = None, viewer: Viewer = ANNA
) -> MessageView:
    """Ask in a chat, by default a new one, and wait for the answer."""
    chat_id = chat_id or (await chats.create(viewer)).id
    answer = await chats.send(viewer, chat_id, text)
    await chats.wait_for_answer(chat_id, answer)
    return await chats.message(viewer, chat_id, answer)


async def collected(chats: ChatService, chat_id: str, answer: str) -> list[Chunk]:
    """The whole stream of an answer, without what keeps it alive."""
    return [chunk async for chunk in chats.follow(chat_id, answer) if chunk is not None]
