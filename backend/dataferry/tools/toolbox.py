"""What an agent can do: the same six tools for every model, and for the planner.

They act as the signed-in person and with their rights only. Datasets come out of them and nowhere
else. A tool that costs or destroys asks for the person's own consent to act on that very dataset
(ADR 0010); without it, it says that it waits for a click.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from dataferry.core.errors import DataferryError, GatedDataset
from dataferry.core.settings import Settings
from dataferry.core.types import DatasetRef, View, Viewer
from dataferry.library.views import DatasetCard
from dataferry.sources.base import SearchFilters
from dataferry.tools import results
from dataferry.tools.consent import Consent
from dataferry.tools.events import ToolDone, ToolEvent, ToolFailed, ToolOutcome, ToolStarted
from dataferry.tools.formatting import format_size
from dataferry.tools.inputs import (
    TOOLS,
    CancelInput,
    DetailsInput,
    LibraryInput,
    SearchInput,
    StartInput,
    StatusInput,
)
from dataferry.tools.outputs import DetailsOutput, JobsOutput, LibraryOutput, SearchOutput, StartOutput
from dataferry.tools.prompts import Prompts
from dataferry.tools.services import JobsService, LibraryService

log = logging.getLogger(__name__)

#: Above every deadline inside; a tool that hangs must not hold an answer for ever.
_DEADLINE_S = 60.0
#: Tool calls in one answer. A model that wants more is in a loop.
_MAX_CALLS = 40
_README_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call that a model, or the planner, asks for."""

    id: str
    name: str
    input: dict[str, Any]


class Toolbox:
    """The tools of one answer. ``outcomes`` are the calls that ended, oldest first."""

    def __init__(
        self,
        viewer: Viewer,
        consent: Consent,
        library: LibraryService,
        jobs: JobsService,
        settings: Settings,
        prompts: Prompts,
    ) -> None:
        self.prompts = prompts
        self.outcomes: list[ToolOutcome] = []
        self._viewer = viewer
        self._consent = consent
        self._library = library
        self._jobs = jobs
        self._limit = settings.agent_download_limit_bytes
        self._started_bytes = 0
        self._calls = 0
        #: Refs as the person wrote them: a URL's query is in theirs only, never in a model's.
        self._written = {str(ref): ref for ref in consent.written_refs()}
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

    async def _end(self, call: Call) -> ToolOutcome:
        self._calls += 1
        try:
            if self._calls > _MAX_CALLS:
                return self._failed(call, f"Too many tool calls in one answer; {_MAX_CALLS} are the limit.")
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
        return ToolDone(call.id, call.name, call.input, output, results.output_text(self.prompts, output))

    def _failed(self, call: Call, error: str) -> ToolFailed:
        return ToolFailed(call.id, call.name, call.input, error, results.error_text(self.prompts, error))

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
        return DetailsOutput(card=card, readme=readme[:_README_CHARACTERS])

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
                f"It is larger than {format_size(self._limit)}, so it waits for your click."
                if card.size_bytes > self._limit
                else f"Together they are larger than {format_size(self._limit)}, so it waits for your click."
            )
        return None

    async def _asked_for(self, ref: DatasetRef, card: DatasetCard) -> bool:
        asked = self._consent.refs_to_download()
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
        if ref not in self._consent.refs_to_cancel(active):
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
