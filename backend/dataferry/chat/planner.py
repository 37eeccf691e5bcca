"""The agent's model when there is no other: deterministic, and it asks for the same tools.

A step is either calls of tools or the words that end the answer, decided by what the person asked
(``intent``) and what the tools have said so far in this answer. So it can also finish an answer that
a model began: what was found or started by then is not done again.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, TypeVar

from dataferry.chat import wording
from dataferry.chat.conversation import Conversation
from dataferry.chat.events import AnswerEvent, ModelChosen, StepStarted, TextDelta, ToolDone, ToolFailed
from dataferry.chat.intent import Intent, read, refs_to_cancel
from dataferry.chat.prompts import Prompts
from dataferry.chat.tools import Call, Toolbox
from dataferry.chat.views import DetailsOutput, JobsOutput, LibraryOutput, SearchOutput, StartOutput
from dataferry.core.db import new_id
from dataferry.core.types import View

NAME = "planner"
_STEPS = 4
#: Details and downloads by one message, at most.
_AT_ONCE = 10

Outcome = ToolDone | ToolFailed
Step = list[Call] | str
V = TypeVar("V", bound=View)


class Planner:
    async def answer(self, conversation: Conversation, toolbox: Toolbox) -> AsyncGenerator[AnswerEvent]:
        yield ModelChosen(NAME)
        for _step in range(_STEPS):
            step = next_step(conversation, toolbox.outcomes, toolbox.prompts)
            yield StepStarted()
            if isinstance(step, str):
                for line in step.splitlines(keepends=True):
                    yield TextDelta(line)
                return
            async for event in toolbox.run_all(step):
                yield event
        raise AssertionError("the planner's every second step ends the answer")


def next_step(conversation: Conversation, outcomes: Sequence[Outcome], prompts: Prompts) -> Step:
    """The calls to make next, or the answer's words."""
    intent = read(conversation)
    plan = _PLANS.get(intent.kind)
    if plan is not None:
        return plan(intent, conversation, outcomes)
    return prompts.text(f"planner/{intent.kind}")


def _search(intent: Intent, conversation: Conversation, outcomes: Sequence[Outcome]) -> Step:
    found = _done(outcomes, SearchOutput)
    failures = _failures(outcomes, "search_datasets")
    if not found and failures:
        return wording.plain(failures[0], 400)
    narrowed = {name: value for name, value in intent.filters.items() if name != "limit"}
    if not found:
        return [_call("search_datasets", _search_input(intent.query, intent))]
    cards = {card.ref: card for output in found for card in output.downloadable_datasets}
    if not cards and len(found) == 1 and narrowed and not failures:
        return [
            _call("search_datasets", _search_input(intent.query, Intent("search", sources=intent.sources)))
        ]
    last = found[-1]
    return wording.search_answer(
        last.query,
        list(cards.values()),
        last.source_errors,
        more=last.more,
        further=last.offset > 0,
        without_filters=len(found) == 2 and bool(narrowed) and not found[0].downloadable_datasets,
    )


def _more(intent: Intent, conversation: Conversation, outcomes: Sequence[Outcome]) -> Step:
    last = conversation.last_search
    if last is None:
        return "More of what? Tell me what data you are looking for."
    if _done(outcomes, SearchOutput) or _failures(outcomes, "search_datasets"):
        return _search(Intent("search", str(last.input["query"])), conversation, outcomes)
    if not last.more:
        return f"That was all for “{wording.plain(str(last.input['query']))}”. Try other words."
    offset = int(last.input.get("offset") or 0) + last.count
    return [_call("search_datasets", last.input | {"offset": offset})]


def _details(intent: Intent, conversation: Conversation, outcomes: Sequence[Outcome]) -> Step:
    found = _done(outcomes, DetailsOutput)
    failures = _failures(outcomes, "dataset_details")
    if found:
        return wording.details_answer(found)
    if failures:
        return "\n\n".join(wording.plain(failure, 400) for failure in failures)
    if intent.pointed.unclear == "which_source":
        return _look_at_both(intent, outcomes)
    unclear = _ask_back(intent, conversation, "tell you about")
    if unclear is not None:
        return unclear
    return [_call("dataset_details", {"ref": str(ref)}) for ref in intent.pointed.refs[:_AT_ONCE]]


def _download(intent: Intent, conversation: Conversation, outcomes: Sequence[Outcome]) -> Step:
    started = _done(outcomes, StartOutput)
    failures = _failures(outcomes, "start_download")
    if started or failures:
        return wording.started_answer(started, failures)
    if intent.pointed.unclear == "which_source":
        return _look_at_both(intent, outcomes)
    unclear = _ask_back(intent, conversation, "download")
    if unclear is not None:
        return unclear
    return [_call("start_download", {"ref": str(ref)}) for ref in intent.pointed.refs[:_AT_ONCE]]


def _look_at_both(intent: Intent, outcomes: Sequence[Outcome]) -> Step:
    """An id that both hubs may have: show those that exist, and let the person choose."""
    if not outcomes:
        return [
            _call("dataset_details", {"ref": f"{source}:{dataset_id}"})
            for dataset_id in intent.pointed.bare_ids[: _AT_ONCE // 2]
            for source in ("huggingface", "kaggle")
        ]
    found = _done(outcomes, DetailsOutput)
    if found:
        text = wording.details_answer(found)
        chosen = "` or `download ".join(output.card.ref.replace("`", "") for output in found)
        return f"{text}\n\nTo be sure of the source, press Download or say `download {chosen}`."
    return "\n\n".join(wording.plain(failure, 400) for failure in _failures(outcomes, "dataset_details"))


def _status(intent: Intent, conversation: Conversation, outcomes: Sequence[Outcome]) -> Step:
    found = _done(outcomes, JobsOutput)
    if found:
        return wording.jobs_answer(found[-1])
    return _failure(outcomes) or [_call("download_status", {})]


def _cancel(intent: Intent, conversation: Conversation, outcomes: Sequence[Outcome]) -> Step:
    cancelled = [
        output for outcome, output in _with_outcome(outcomes, JobsOutput) if outcome.name == "cancel_download"
    ]
    failures = _failures(outcomes, "cancel_download")
    if cancelled or failures:
        jobs = [job for output in cancelled if output.reason is None for job in output.jobs]
        reasons = [output.reason for output in cancelled if output.reason is not None]
        return wording.cancelled_answer(jobs, [*reasons, *failures])
    known = _done(outcomes, JobsOutput)
    if not known:
        return _failure(outcomes) or [_call("download_status", {})]
    active = [job for job in known[-1].jobs if job.active]
    refs = refs_to_cancel(conversation, active)
    if not refs:
        return wording.which_job(active)
    return [_call("cancel_download", {"ref": ref}) for ref in refs]


def _library(intent: Intent, conversation: Conversation, outcomes: Sequence[Outcome]) -> Step:
    found = _done(outcomes, LibraryOutput)
    if found:
        return wording.library_answer(found[-1])
    return _failure(outcomes) or [_call("list_library", {})]


_PLANS: dict[str, Callable[[Intent, Conversation, Sequence[Outcome]], Step]] = {
    "search": _search,
    "more": _more,
    "details": _details,
    "download": _download,
    "status": _status,
    "cancel": _cancel,
    "library": _library,
}


def _ask_back(intent: Intent, conversation: Conversation, verb: str) -> str | None:
    """The question to ask when the words point at nothing that is known."""
    shown = conversation.shown
    if intent.pointed.refs:
        return None
    if intent.pointed.unclear == "out_of_range":
        return wording.out_of_range(len(shown))
    if shown:
        return wording.which_dataset(shown, verb)
    return f"Which dataset shall I {verb}? Tell me what you are looking for, or give its id or link."


def _search_input(query: str, intent: Intent) -> dict[str, Any]:
    given: dict[str, Any] = {"query": query[:200]}
    if intent.sources:
        given["sources"] = list(intent.sources)
    return given | intent.filters


def _call(name: str, given: dict[str, Any]) -> Call:
    return Call(new_id("call"), name, given)


def _with_outcome(outcomes: Sequence[Outcome], kind: type[V]) -> list[tuple[ToolDone, V]]:
    return [
        (outcome, outcome.output)
        for outcome in outcomes
        if isinstance(outcome, ToolDone) and isinstance(outcome.output, kind)
    ]


def _done(outcomes: Sequence[Outcome], kind: type[V]) -> list[V]:
    return [output for _outcome, output in _with_outcome(outcomes, kind)]


def _failures(outcomes: Sequence[Outcome], name: str) -> list[str]:
    return [outcome.error for outcome in outcomes if isinstance(outcome, ToolFailed) and outcome.name == name]


def _failure(outcomes: Sequence[Outcome]) -> str | None:
    failures = [outcome.error for outcome in outcomes if isinstance(outcome, ToolFailed)]
    return wording.plain(failures[-1], 400) if failures else None
