"""The agent's model when there is no other: deterministic, and it asks for the same tools.

A step is either calls of tools or the words that end the answer, decided by what the person asked
(``intent``) and what the tools have said so far in this answer. So it can also finish an answer that
a model began: what was found or started by then is not done again.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from dataferry.chat import planner_text
from dataferry.chat.conversation import Conversation
from dataferry.chat.events import AnswerEvent, ModelChosen, StepStarted, TextDelta
from dataferry.chat.intent import Intent, read, refs_to_cancel
from dataferry.core.db import new_id
from dataferry.core.types import View
from dataferry.tools.events import ToolDone, ToolFailed, ToolOutcome
from dataferry.tools.outputs import DetailsOutput, JobsOutput, LibraryOutput, SearchOutput, StartOutput
from dataferry.tools.prompts import Prompts
from dataferry.tools.toolbox import Call, Toolbox

NAME = "planner"
_STEPS = 4
#: Details and downloads by one message, at most.
_AT_ONCE = 10

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


def next_step(conversation: Conversation, outcomes: Sequence[ToolOutcome], prompts: Prompts) -> Step:
    """The calls to make next, or the answer's words."""
    intent = read(conversation)
    plan = _PLANS.get(intent.kind)
    if plan is not None:
        return plan(intent, conversation, outcomes)
    return prompts.text(f"planner/{intent.kind}")


def _search(intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]) -> Step:
    narrowed = {name: value for name, value in intent.filters.items() if name != "limit"}
    found = _done(outcomes, SearchOutput)
    cards = {card.ref: card for output in found for card in output.downloadable_datasets}
    if not cards:
        # What a model searched for in vain need not be what the person asked.
        attempts = [_search_input(intent)]
        if narrowed:
            attempts.append(_search_input(replace(intent, filters={})))
        for given in attempts:
            outcome = _outcome(outcomes, "search_datasets", given)
            if outcome is None:
                return [_call("search_datasets", given)]
            if isinstance(outcome, ToolFailed):
                return planner_text.plain(outcome.error, 400)
    last = found[-1]
    unfiltered = _outcome(outcomes, "search_datasets", _search_input(replace(intent, filters={})))
    answer = planner_text.search_answer(
        last.query,
        list(cards.values()),
        last.source_errors,
        more=last.more,
        further=last.offset > 0,
        without_filters=bool(narrowed) and unfiltered is not None,
    )
    return f"{answer}\n\n{intent.caveat}".strip()


def _more(intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]) -> Step:
    last = conversation.last_search
    if last is None:
        return "More of what? Tell me what data you are looking for."
    query = str(last.input["query"])
    if not last.more:
        return f"That was all for “{planner_text.plain(query)}”. Try other words."
    given = last.input | {"offset": int(last.input.get("offset") or 0) + last.count}
    outcome = _outcome(outcomes, "search_datasets", given)
    if outcome is None:
        return [_call("search_datasets", given)]
    if isinstance(outcome, ToolFailed):
        return planner_text.plain(outcome.error, 400)
    page = cast(SearchOutput, outcome.output)
    return planner_text.search_answer(
        query, page.downloadable_datasets, page.source_errors, more=page.more, further=True
    )


def _details(intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]) -> Step:
    if intent.pointed.unclear == "which_source":
        return _look_at_both(intent, outcomes)
    unclear = _ask_back(intent, conversation, "tell you about")
    if unclear is not None:
        return unclear
    missing = _not_yet(outcomes, "dataset_details", intent)
    if missing:
        return missing
    failures = [planner_text.plain(failure, 400) for failure in _failures(outcomes, "dataset_details")]
    return "\n\n".join([planner_text.details_answer(_done(outcomes, DetailsOutput)), *failures]).strip()


def _download(intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]) -> Step:
    if intent.pointed.unclear == "which_source":
        return _look_at_both(intent, outcomes)
    unclear = _ask_back(intent, conversation, "download")
    if unclear is not None:
        return unclear
    missing = _not_yet(outcomes, "start_download", intent)
    if missing:
        return missing
    return planner_text.started_answer(_done(outcomes, StartOutput), _failures(outcomes, "start_download"))


def _not_yet(outcomes: Sequence[ToolOutcome], tool: str, intent: Intent) -> list[Call]:
    """The calls of ``tool`` that are still to be made for what the person points at."""
    made = {outcome.input.get("ref") for outcome in outcomes if outcome.name == tool}
    refs = [str(ref) for ref in intent.pointed.refs[:_AT_ONCE]]
    return [_call(tool, {"ref": ref}) for ref in refs if ref not in made]


def _look_at_both(intent: Intent, outcomes: Sequence[ToolOutcome]) -> Step:
    """An id that both hubs may have: show those that exist, and let the person choose."""
    if not outcomes:
        return [
            _call("dataset_details", {"ref": f"{source}:{dataset_id}"})
            for dataset_id in intent.pointed.bare_ids[: _AT_ONCE // 2]
            for source in ("huggingface", "kaggle")
        ]
    found = _done(outcomes, DetailsOutput)
    if found:
        text = planner_text.details_answer(found)
        chosen = "` or `download ".join(output.card.ref.replace("`", "") for output in found)
        return f"{text}\n\nTo be sure of the source, press Download or say `download {chosen}`."
    return "\n\n".join(planner_text.plain(failure, 400) for failure in _failures(outcomes, "dataset_details"))


def _status(intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]) -> Step:
    found = _done(outcomes, JobsOutput)
    if found:
        return planner_text.jobs_answer(found[-1])
    return _failure(outcomes) or [_call("download_status", {})]


def _cancel(intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]) -> Step:
    cancelled = [
        output for outcome, output in _with_outcome(outcomes, JobsOutput) if outcome.name == "cancel_download"
    ]
    failures = _failures(outcomes, "cancel_download")
    if cancelled or failures:
        jobs = [job for output in cancelled if output.reason is None for job in output.jobs]
        reasons = [output.reason for output in cancelled if output.reason is not None]
        return planner_text.cancelled_answer(jobs, [*reasons, *failures])
    known = _done(outcomes, JobsOutput)
    if not known:
        return _failure(outcomes) or [_call("download_status", {})]
    active = [job for job in known[-1].jobs if job.active]
    refs = refs_to_cancel(conversation, active)
    if not refs:
        return planner_text.which_job(active)
    return [_call("cancel_download", {"ref": ref}) for ref in refs]


def _library(intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]) -> Step:
    found = _done(outcomes, LibraryOutput)
    if found:
        return planner_text.library_answer(found[-1])
    return _failure(outcomes) or [_call("list_library", {})]


_PLANS: dict[str, Callable[[Intent, Conversation, Sequence[ToolOutcome]], Step]] = {
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
        return planner_text.out_of_range(len(shown))
    if shown:
        return planner_text.which_dataset(shown, verb)
    return f"Which dataset shall I {verb}? Tell me what you are looking for, or give its id or link."


def _search_input(intent: Intent) -> dict[str, Any]:
    given: dict[str, Any] = {"query": intent.query[:200]}
    if intent.sources:
        given["sources"] = list(intent.sources)
    return given | intent.filters


def _call(name: str, given: dict[str, Any]) -> Call:
    return Call(new_id("call"), name, given)


def _outcome(outcomes: Sequence[ToolOutcome], name: str, given: dict[str, Any]) -> ToolOutcome | None:
    """How this very call ended, if it was made."""
    same = (outcome for outcome in outcomes if outcome.name == name and outcome.input == given)
    return next(same, None)


def _with_outcome(outcomes: Sequence[ToolOutcome], kind: type[V]) -> list[tuple[ToolDone, V]]:
    return [
        (outcome, outcome.output)
        for outcome in outcomes
        if isinstance(outcome, ToolDone) and isinstance(outcome.output, kind)
    ]


def _done(outcomes: Sequence[ToolOutcome], kind: type[V]) -> list[V]:
    return [output for _outcome, output in _with_outcome(outcomes, kind)]


def _failures(outcomes: Sequence[ToolOutcome], name: str) -> list[str]:
    return [outcome.error for outcome in outcomes if isinstance(outcome, ToolFailed) and outcome.name == name]


def _failure(outcomes: Sequence[ToolOutcome]) -> str | None:
    failures = [outcome.error for outcome in outcomes if isinstance(outcome, ToolFailed)]
    return planner_text.plain(failures[-1], 400) if failures else None
