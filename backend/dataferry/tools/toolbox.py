"""What an agent can do: the same tools for every model, and for the planner.

They act as the signed-in person and with their rights only. Datasets come out of them and nowhere
else. A tool that costs or destroys asks for the person's own consent to act on that very dataset
(ADR 0010); without it, it says that it waits for a click.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from dataferry.core.errors import DataferryError, GatedDataset, InvalidInput
from dataferry.core.settings import Settings
from dataferry.core.types import DatasetRef, SourceName, View, Viewer
from dataferry.library.card_views import DatasetCard, SearchAnswer
from dataferry.sources.base import SearchFilters
from dataferry.sources.model_plan import ModelFilters
from dataferry.tools import results
from dataferry.tools.consent import Consent
from dataferry.tools.events import (
    ToolDone,
    ToolEvent,
    ToolFailed,
    ToolOutcome,
    ToolProgressed,
    ToolStarted,
)
from dataferry.tools.first_rows import first_rows
from dataferry.tools.formatting import format_size
from dataferry.tools.inputs import (
    TOOLS,
    CancelInput,
    CompareInput,
    DetailsInput,
    LibraryInput,
    ModelsInput,
    PreviewInput,
    SearchInput,
    StartInput,
    StatusInput,
)
from dataferry.tools.local_reports import dataset_health, dataset_versions
from dataferry.tools.outputs import (
    CompareOutput,
    DetailsOutput,
    JobsOutput,
    LibraryOutput,
    ModelsOutput,
    PreviewOutput,
    SearchOutput,
    StartOutput,
    search_output,
    views_of,
)
from dataferry.tools.prompts import Prompts
from dataferry.tools.services import JobsService, LibraryService, LocalServices, told_jobs
from dataferry.tools.started_bytes import StartedBytes
from dataferry.tools.table_queries import query_table

log = logging.getLogger(__name__)

#: Above every deadline inside; a tool that hangs must not hold an answer for ever.
_DEADLINE_S = 60.0
#: Tool calls in one answer. A model that wants more is in a loop.
_MAX_CALLS = 40
_README_CHARACTERS = 4_000
_ALREADY_HERE = "It is in the library already."

#: Takes what a tool has so far.
Report = Callable[[View], None]


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call that a model, or the planner, asks for."""

    id: str
    name: str
    input: dict[str, Any]

    @property
    def started(self) -> ToolStarted:
        return ToolStarted(self.id, self.name, self.input)


class Toolbox:
    """The tools of one answer. ``outcomes`` are how its calls ended, in the order in which they did."""

    def __init__(
        self,
        viewer: Viewer,
        consent: Consent,
        library: LibraryService,
        jobs: JobsService,
        settings: Settings,
        prompts: Prompts,
        started: StartedBytes | None = None,
        local: LocalServices | None = None,
    ) -> None:
        self.prompts = prompts
        self.outcomes: list[ToolOutcome] = []
        self._viewer = viewer
        self._consent = consent
        self._library = library
        self._jobs = jobs
        self._download_limit_bytes = settings.agent_download_limit_bytes
        self._started = started or StartedBytes()
        self._calls = 0
        #: Refs as the person wrote them: a URL's query is in theirs only, never in a model's.
        self._written = {str(ref): ref for ref in consent.written_refs()}
        self._handlers: dict[str, Callable[[Any, Report], Awaitable[View]]] = {
            "search_datasets": self._search,
            "search_models": _at_once(self._search_models),
            "dataset_details": _at_once(self._details),
            "preview_dataset": _at_once(self._preview),
            "query_table": _at_once(lambda asked: query_table(local, viewer, self._ref(asked.ref), asked)),
            "dataset_health": _at_once(
                lambda asked: dataset_health(local, viewer, self._ref(asked.ref), asked)
            ),
            "dataset_versions": _at_once(
                lambda asked: dataset_versions(local, viewer, self._ref(asked.ref), asked)
            ),
            "compare_datasets": _at_once(self._compare),
            "start_download": _at_once(self._start),
            "download_status": _at_once(self._status),
            "cancel_download": _at_once(self._cancel),
            "list_library": _at_once(self._list),
        }

    async def run(self, call: Call, report: Callable[[ToolEvent], None] = lambda _event: None) -> ToolOutcome:
        """Run one call, whose start (``call.started``) and outcome the caller reports. A failure is an
        outcome too, never an exception."""
        outcome = await self._outcome(call, report)
        self.outcomes.append(outcome)
        return outcome

    async def run_all(self, calls: Sequence[Call]) -> AsyncIterator[ToolEvent]:
        """Run calls in parallel; their starts, then their outcomes, both in the order of the calls, with
        what they have so far in between."""
        for call in calls:
            yield call.started
        progress: asyncio.Queue[ToolEvent] = asyncio.Queue()
        tasks = [asyncio.ensure_future(self._outcome(call, progress.put_nowait)) for call in calls]
        try:
            for task in tasks:
                async for event in _until_done(task, progress):
                    yield event
                outcome = await task
                self.outcomes.append(outcome)
                yield outcome
        finally:
            for task in tasks:
                task.cancel()

    async def _outcome(self, call: Call, report: Callable[[ToolEvent], None]) -> ToolOutcome:
        self._calls += 1
        try:
            if self._calls > _MAX_CALLS:
                return self._failed(call, f"Too many tool calls in one answer; {_MAX_CALLS} are the limit.")
            if call.name not in TOOLS:
                return self._failed(call, f"There is no tool named {call.name!r}.")
            arguments = TOOLS[call.name].model_validate(call.input)
            async with asyncio.timeout(_DEADLINE_S):
                output = await self._handlers[call.name](
                    arguments, lambda so_far: report(ToolProgressed(call.id, so_far))
                )
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "input"
            what = first["msg"].removeprefix("Value error, ")
            return self._failed(call, f"The arguments cannot be used: {where}: {what}.")
        except DataferryError as error:
            return self._failed(call, _sentences(error))
        except TimeoutError:
            return self._failed(call, "It took too long. Try again in a moment.")
        except Exception:
            log.exception("tool %s failed", call.name)
            return self._failed(call, "It failed for a reason of ours; the server's log says which.")
        return ToolDone(call.id, call.name, call.input, output, results.output_text(self.prompts, output))

    def _failed(self, call: Call, error: str) -> ToolFailed:
        return ToolFailed(call.id, call.name, call.input, error, results.error_text(self.prompts, error))

    # -- the tools ----------------------------------------------------------------------------

    async def _search(self, arguments: SearchInput, report: Report) -> SearchOutput:
        async def report_answer(answer: SearchAnswer, waiting_for: Sequence[SourceName]) -> None:
            report(search_output(answer, waiting_for))

        answer = await self._library.search(
            self._viewer,
            arguments.query,
            sources=arguments.sources,
            filters=SearchFilters(
                license=arguments.license,
                commercial=arguments.commercial,
                format=arguments.format,
                task=arguments.task,
                language=arguments.language,
                modality=arguments.modality,
                updated_after=arguments.updated_after,
                gated=arguments.gated,
                min_bytes=arguments.min_bytes,
                max_bytes=arguments.max_bytes,
                sort=arguments.sort,
            ),
            limit=arguments.limit,
            offset=arguments.offset,
            report=report_answer,
        )
        return search_output(answer)

    async def _search_models(self, arguments: ModelsInput) -> ModelsOutput:
        answer = await self._library.search_models(
            self._viewer,
            arguments.query,
            filters=ModelFilters(
                task=arguments.task,
                language=arguments.language,
                license=arguments.license,
                sort=arguments.sort,
            ),
            limit=arguments.limit,
        )
        return ModelsOutput(
            query=answer.query, models=answer.models, url=answer.url, source_errors=answer.source_errors
        )

    async def _details(self, arguments: DetailsInput) -> DetailsOutput:
        ref = await self._known_ref(arguments.ref, arguments.revision)
        card, _answered = await self._describe(ref, arguments.revision)
        try:
            readme = await self._library.readme(self._viewer, ref, arguments.revision)
        except DataferryError:
            # The card alone answers most questions.
            readme = ""
        try:
            verdict = await self._library.verdict(self._viewer, ref, arguments.revision)
        except DataferryError:
            verdict = None
        return DetailsOutput(card=card, readme=readme[:_README_CHARACTERS], verdict=verdict)

    async def _compare(self, arguments: CompareInput) -> CompareOutput:
        refs = [await self._known_ref(text, None) for text in arguments.refs]
        return CompareOutput(comparison=await self._library.compare(self._viewer, list(map(str, refs))))

    async def _preview(self, arguments: PreviewInput) -> PreviewOutput:
        ref = await self._known_ref(arguments.ref, arguments.revision)
        return await first_rows(self._library, self._viewer, ref, arguments)

    async def _start(self, arguments: StartInput) -> StartOutput:
        ref = await self._known_ref(arguments.ref, arguments.revision)
        card, answered = await self._describe(ref, arguments.revision)
        reason = await self._reason_to_wait(ref, card)
        if reason is not None or not answered:
            whole = await self._library.local_card(self._viewer, DatasetRef.parse(card.ref))
            here = whole is not None and card.local_status == "downloaded"
            return StartOutput(card=card, reason=_ALREADY_HERE if here else reason)
        # Counted before the wait: calls run side by side.
        self._started.add(card.size_bytes or 0)
        try:
            ticket = await self._library.request_download(self._viewer, ref, revision=arguments.revision)
        except GatedDataset as error:
            # The card leads to its terms, and its button works once they are accepted.
            return StartOutput(card=card, reason=_sentences(error))
        card = (await self._library.refresh_cards(self._viewer, [card]))[0]
        if ticket.status == "succeeded":
            return StartOutput(card=card, reason=_ALREADY_HERE)
        return StartOutput(card=card, ticket=ticket)

    async def _describe(self, ref: DatasetRef, revision: str | None) -> tuple[DatasetCard, bool]:
        """A dataset's card, and whether its source gave it: what is here can be told of without it."""
        try:
            return await self._library.describe(self._viewer, ref, revision), True
        except DataferryError:
            card = await self._library.local_card(self._viewer, ref) if revision is None else None
            if card is None:
                raise
            return card, False

    async def _reason_to_wait(self, ref: DatasetRef, card: DatasetCard) -> str | None:
        if not await self._is_consented(ref, card):
            return "Your message does not ask for this very dataset, so it waits for your click."
        too_large = (
            card.size_bytes is None or self._started.total + card.size_bytes > self._download_limit_bytes
        )
        if not too_large or self._consent.allows_any_size(card.ref):
            return None
        if card.size_bytes is None:
            return "Its size is not known, so it waits for your click."
        subject = "It is" if card.size_bytes > self._download_limit_bytes else "Together they are"
        limit = format_size(self._download_limit_bytes)
        return f"{subject} larger than {limit}, so it waits for your click."

    async def _is_consented(self, ref: DatasetRef, card: DatasetCard) -> bool:
        consented = self._consent.refs_to_download()
        if str(ref) in consented or card.ref in consented:
            return True
        return await self._is_short_for(map(DatasetRef.parse, consented), ref.name, card.ref)

    async def _is_short_for(self, written: Iterable[DatasetRef], name: str, ref: str) -> bool:
        """Whether a person wrote the ownerless id that the hub follows to ``ref``."""
        for short in written:
            if short.source == "huggingface" and not short.owner and short.name == name:
                followed = await self._library.describe(self._viewer, short)
                return followed.ref == ref
        return False

    async def _status(self, arguments: StatusInput) -> JobsOutput:
        jobs = await told_jobs(self._jobs, self._viewer, 20)
        if arguments.ref is not None:
            ref = str(self._ref(arguments.ref))
            return JobsOutput(jobs=tuple(job for job in jobs if job.ref == ref)[:5])
        active = tuple(job for job in jobs if job.active)
        return JobsOutput(jobs=active or tuple(jobs[:3]))

    async def _cancel(self, arguments: CancelInput) -> JobsOutput:
        ref = str(self._ref(arguments.ref))
        active = [job for job in await told_jobs(self._jobs, self._viewer, 200) if job.active]
        wanted = [job for job in active if job.ref == ref]
        if not wanted:
            return JobsOutput(jobs=(), reason="No download of this dataset is running.")
        if ref not in self._consent.refs_to_cancel(active):
            return JobsOutput(
                jobs=tuple(wanted),
                reason="Your message does not ask to cancel it, so it waits for your click.",
            )
        return JobsOutput(jobs=tuple([await self._jobs.cancel(self._viewer, job.id) for job in wanted]))

    async def _list(self, arguments: LibraryInput) -> LibraryOutput:
        page = await self._library.list(self._viewer, page_size=20, page_number=arguments.page)
        return LibraryOutput(datasets=page.datasets, total=page.total)

    async def _known_ref(self, text: str, revision: str | None) -> DatasetRef:
        """A ref that a source may be asked for. Errors: ``InvalidInput`` for one, or for a ``revision``, that
        only the model has named: it may be made of what was said here, and lead to anybody's server."""
        ref = self._ref(text)
        if self._consent.is_model(ref) or any(ref.id == model for model in self._found_models()):
            raise InvalidInput(
                f"{ref.id} is a model, not a dataset: nothing here downloads it.",
                next_step="Open its page, or search for datasets of the same kind.",
            )
        if revision is not None and not self._consent.wrote(revision):
            raise InvalidInput(
                "The person has not named this revision in this chat.",
                next_step="Leave it out for the newest, or ask the person which one they want.",
            )
        done = (outcome for outcome in self.outcomes if isinstance(outcome, ToolDone))
        returned = (view.ref for outcome in done for view in views_of(outcome.output))
        if self._consent.knows(ref) or str(ref) in returned:
            return ref
        if await self._is_short_for(self._written.values(), ref.name, str(ref)):
            return ref
        raise InvalidInput(
            "Neither the person nor a tool has named this dataset in this chat.",
            next_step="Search for it first, or ask the person for its link.",
        )

    def _found_models(self) -> Iterator[str]:
        """The ids of the models that this answer has found."""
        for outcome in self.outcomes:
            if isinstance(outcome, ToolDone) and isinstance(outcome.output, ModelsOutput):
                yield from (model.id for model in outcome.output.models)

    def _ref(self, text: str) -> DatasetRef:
        ref = DatasetRef.parse(text.strip())
        return self._written.get(str(ref), ref)


def _at_once(handler: Callable[[Any], Awaitable[View]]) -> Callable[[Any, Report], Awaitable[View]]:
    """A tool that has nothing to show before its end."""
    return lambda arguments, _report: handler(arguments)


async def _until_done(
    task: "asyncio.Future[ToolOutcome]", progress: asyncio.Queue[ToolEvent]
) -> AsyncIterator[ToolEvent]:
    """What comes while ``task`` runs."""
    while True:
        while not progress.empty():
            yield progress.get_nowait()
        if task.done():
            return
        coming = asyncio.ensure_future(progress.get())
        both: set[asyncio.Future[Any]] = {task, coming}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                yield coming.result()
        finally:
            coming.cancel()


def _sentences(error: DataferryError) -> str:
    """What happened, and the next step."""
    return " ".join(filter(None, (error.detail, error.next_step)))
