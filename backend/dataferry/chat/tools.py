"""What an agent can do: the same six tools for a model and for the planner.

They act as the signed-in person and with their rights only. Datasets come out of them and nowhere
else. A tool that costs or destroys asks the person's own last message, parsed without a model,
whether it wants that very dataset (ADR 0010); otherwise it says that it waits for a click.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dataferry.chat import tool_results
from dataferry.chat.conversation import Conversation
from dataferry.chat.events import ToolDone, ToolEvent, ToolFailed, ToolStarted
from dataferry.chat.intent import asked_refs, refs_to_cancel
from dataferry.chat.planner_text import size
from dataferry.chat.prompts import Prompts
from dataferry.chat.references import written_refs
from dataferry.chat.views import DetailsOutput, JobsOutput, LibraryOutput, SearchOutput, StartOutput
from dataferry.core.errors import DataferryError, GatedDataset
from dataferry.core.settings import Settings
from dataferry.core.types import DatasetRef, JobState, JobView, SourceName, View, Viewer
from dataferry.library.views import DatasetCard, DatasetPage, DownloadTicket, SearchAnswer
from dataferry.sources.base import SearchFilters, Sort

log = logging.getLogger(__name__)

#: Above every deadline inside; a tool that hangs must not hold an answer for ever.
_DEADLINE_S = 60.0
#: Tool calls in one answer. A model that wants more is lost.
_CALLS = 40
_README = 4_000


class LibraryFace(Protocol):
    """What the chat needs of the library."""

    async def search(
        self,
        viewer: Viewer,
        query: str,
        *,
        sources: Sequence[SourceName] | None = None,
        filters: SearchFilters | None = None,
        limit: int = 20,
        offset: int = 0,
    ) -> SearchAnswer: ...

    async def describe(self, viewer: Viewer, ref: DatasetRef, revision: str | None = None) -> DatasetCard: ...

    async def readme(self, viewer: Viewer, ref: DatasetRef, revision: str | None = None) -> str: ...

    async def refresh_cards(self, viewer: Viewer, cards: Sequence[DatasetCard]) -> list[DatasetCard]: ...

    async def request_download(
        self, viewer: Viewer, ref: DatasetRef, *, revision: str | None = None
    ) -> DownloadTicket: ...

    async def list(self, viewer: Viewer, *, page_size: int = 50, page_number: int = 1) -> DatasetPage: ...


class JobsFace(Protocol):
    """What the chat needs of the jobs."""

    async def list(
        self, viewer: Viewer, *, states: Sequence[JobState] | None = None, limit: int = 200
    ) -> list[JobView]: ...

    async def cancel(self, viewer: Viewer, job_id: str) -> JobView: ...


class ToolInput(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SearchInput(ToolInput):
    query: str = Field(min_length=1, max_length=200)
    sources: list[SourceName] | None = None
    license: str | None = Field(None, max_length=60)
    format: str | None = Field(None, max_length=60)
    task: str | None = Field(None, max_length=60)
    min_bytes: int | None = Field(None, ge=0)
    max_bytes: int | None = Field(None, ge=0)
    sort: Sort = "relevance"
    limit: int = Field(10, ge=1, le=20)
    offset: int = Field(0, ge=0, le=1000)


class DetailsInput(ToolInput):
    ref: str = Field(max_length=4096)
    revision: str | None = Field(None, max_length=200)


class StartInput(ToolInput):
    ref: str = Field(max_length=4096)
    revision: str | None = Field(None, max_length=200)


class StatusInput(ToolInput):
    ref: str | None = Field(None, max_length=4096)


class CancelInput(ToolInput):
    ref: str = Field(max_length=4096)


class LibraryInput(ToolInput):
    page: int = Field(1, ge=1, le=10_000)


TOOLS: dict[str, type[ToolInput]] = {
    "search_datasets": SearchInput,
    "dataset_details": DetailsInput,
    "start_download": StartInput,
    "download_status": StatusInput,
    "cancel_download": CancelInput,
    "list_library": LibraryInput,
}


@dataclass(frozen=True, slots=True)
class Call:
    """A wish of a model, or of the planner, to use a tool."""

    id: str
    name: str
    input: dict[str, Any]


class Toolbox:
    """The tools of one answer. ``outcomes`` are the calls that ended, oldest first."""

    def __init__(
        self,
        viewer: Viewer,
        conversation: Conversation,
        library: LibraryFace,
        jobs: JobsFace,
        settings: Settings,
        prompts: Prompts,
    ) -> None:
        self.prompts = prompts
        self.outcomes: list[ToolDone | ToolFailed] = []
        self._viewer = viewer
        self._conversation = conversation
        self._library = library
        self._jobs = jobs
        self._limit = settings.agent_download_limit_bytes
        self._started_bytes = 0
        self._calls = 0
        #: Refs as the person wrote them: a link's query is in theirs only, never in a model's.
        self._written = {str(ref): ref for ref in written_refs(conversation.last)}
        self._run: dict[str, Callable[[Any], Awaitable[View]]] = {
            "search_datasets": self._search,
            "dataset_details": self._details,
            "start_download": self._start,
            "download_status": self._status,
            "cancel_download": self._cancel,
            "list_library": self._list,
        }

    async def run(self, call: Call) -> AsyncIterator[ToolEvent]:
        """Run one call: its start, then its end. A failure is an event too, never an exception."""
        yield ToolStarted(call.id, call.name, call.input)
        ended = await self._end(call)
        self.outcomes.append(ended)
        yield ended

    async def run_all(self, calls: Sequence[Call]) -> AsyncIterator[ToolEvent]:
        """Run calls side by side; events as they come, the starts in order."""
        for call in calls:
            yield ToolStarted(call.id, call.name, call.input)
        running = [asyncio.ensure_future(self._end(call)) for call in calls]
        try:
            for ended in running:
                outcome = await ended
                self.outcomes.append(outcome)
                yield outcome
        finally:
            for ended in running:
                ended.cancel()

    async def _end(self, call: Call) -> ToolDone | ToolFailed:
        self._calls += 1
        try:
            if self._calls > _CALLS:
                return self._failed(call, f"Too many tool calls in one answer; {_CALLS} are the limit.")
            if call.name not in TOOLS:
                return self._failed(call, f"There is no tool named {call.name!r}.")
            given = TOOLS[call.name].model_validate(call.input)
            async with asyncio.timeout(_DEADLINE_S):
                output = await self._run[call.name](given)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "input"
            return self._failed(call, f"The arguments cannot be used: {where}: {first['msg']}.")
        except DataferryError as error:
            return self._failed(call, _sentence(error))
        except TimeoutError:
            return self._failed(call, "It took too long. Try again in a moment.")
        except Exception:
            log.exception("tool %s failed", call.name)
            return self._failed(call, "It failed for a reason of ours; the server's log says which.")
        return ToolDone(call.id, call.name, call.input, output, tool_results.output(self.prompts, output))

    def _failed(self, call: Call, error: str) -> ToolFailed:
        return ToolFailed(call.id, call.name, call.input, error, tool_results.failure(self.prompts, error))

    # -- the tools ----------------------------------------------------------------------------

    async def _search(self, given: SearchInput) -> SearchOutput:
        answer = await self._library.search(
            self._viewer,
            given.query,
            sources=given.sources,
            filters=SearchFilters(
                license=given.license,
                format=given.format,
                task=given.task,
                min_bytes=given.min_bytes,
                max_bytes=given.max_bytes,
                sort=given.sort,
            ),
            limit=given.limit,
            offset=given.offset,
        )
        return SearchOutput(
            query=answer.query,
            downloadable_datasets=answer.datasets,
            source_errors=answer.source_errors,
            more=answer.more,
            offset=answer.offset,
        )

    async def _details(self, given: DetailsInput) -> DetailsOutput:
        ref = self._ref(given.ref)
        card = await self._library.describe(self._viewer, ref, given.revision)
        try:
            readme = await self._library.readme(self._viewer, ref, given.revision)
        except DataferryError:
            # The card alone answers most questions.
            readme = ""
        return DetailsOutput(card=card, readme=readme[:_README])

    async def _start(self, given: StartInput) -> StartOutput:
        ref = self._ref(given.ref)
        card = await self._library.describe(self._viewer, ref, given.revision)
        reason = await self._waits_for_click(ref, card)
        if reason is not None:
            return StartOutput(card=card, reason=reason)
        # Counted before the wait: calls run side by side.
        self._started_bytes += card.size_bytes or 0
        try:
            ticket = await self._library.request_download(self._viewer, ref, revision=given.revision)
        except GatedDataset as error:
            # The card leads to its terms, and its button works once they are accepted.
            return StartOutput(card=card, reason=_sentence(error))
        card = (await self._library.refresh_cards(self._viewer, [card]))[0]
        return StartOutput(card=card, ticket=ticket)

    async def _waits_for_click(self, ref: DatasetRef, card: DatasetCard) -> str | None:
        if not await self._asked_for(ref, card):
            return "Your message does not ask for this very dataset, so it waits for your click."
        if card.size_bytes is None:
            return "Its size is not known, so it waits for your click."
        if self._started_bytes + card.size_bytes > self._limit:
            return (
                f"It is larger than {size(self._limit)}, so it waits for your click."
                if card.size_bytes > self._limit
                else f"Together they are larger than {size(self._limit)}, so it waits for your click."
            )
        return None

    async def _asked_for(self, ref: DatasetRef, card: DatasetCard) -> bool:
        asked = asked_refs(self._conversation)
        if str(ref) in asked or card.ref in asked:
            return True
        # A person may write an ownerless id, which the hub follows to the true one.
        for short in map(DatasetRef.parse, asked):
            if short.source == "huggingface" and not short.owner and short.name == ref.name:
                followed = await self._library.describe(self._viewer, short)
                return followed.ref == card.ref
        return False

    async def _status(self, given: StatusInput) -> JobsOutput:
        jobs = await self._jobs.list(self._viewer, limit=20)
        if given.ref is not None:
            ref = str(self._ref(given.ref))
            return JobsOutput(jobs=tuple(job for job in jobs if job.ref == ref)[:5])
        active = tuple(job for job in jobs if job.active)
        return JobsOutput(jobs=active or tuple(jobs[:3]))

    async def _cancel(self, given: CancelInput) -> JobsOutput:
        ref = str(self._ref(given.ref))
        active = [job for job in await self._jobs.list(self._viewer, limit=200) if job.active]
        wanted = [job for job in active if job.ref == ref]
        if not wanted:
            return JobsOutput(jobs=(), reason="No download of this dataset is running.")
        if ref not in refs_to_cancel(self._conversation, active):
            return JobsOutput(
                jobs=tuple(wanted),
                reason="Your message does not ask to cancel it, so it waits for your click.",
            )
        return JobsOutput(jobs=tuple([await self._jobs.cancel(self._viewer, job.id) for job in wanted]))

    async def _list(self, given: LibraryInput) -> LibraryOutput:
        page = await self._library.list(self._viewer, page_size=20, page_number=given.page)
        return LibraryOutput(datasets=page.datasets, total=page.total)

    def _ref(self, text: str) -> DatasetRef:
        ref = DatasetRef.parse(text.strip())
        return self._written.get(str(ref), ref)


def _sentence(error: DataferryError) -> str:
    """What happened, and the next act."""
    return " ".join(filter(None, (error.detail, error.next_step)))
