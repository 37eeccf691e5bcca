"""The planner: a deterministic model that calls the same tools, for when there is no other.

A step is either calls of tools or the text that ends the answer, decided by what the person asks for
(``intent``) and by the results of the calls so far in this answer. So it can also finish an answer that
a model began: what was found or started by then is not done again.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from dataferry.chat import planner_text
from dataferry.chat.conversation import Conversation
from dataferry.chat.events import AnswerEvent, ModelChosen, StepStarted, TextDelta
from dataferry.chat.intent import Intent, parse_intent, refs_to_cancel
from dataferry.core.db import new_id
from dataferry.core.types import View
from dataferry.tools.events import ToolDone, ToolFailed, ToolOutcome
from dataferry.tools.outputs import DetailsOutput, JobsOutput, LibraryOutput, SearchOutput, StartOutput
from dataferry.tools.prompts import Prompts
from dataferry.tools.toolbox import Call, Toolbox

NAME = "planner"
_MAX_STEPS = 4
#: Datasets that one message may ask details or the download of.
_MAX_DATASETS = 10

Step = list[Call] | str
V = TypeVar("V", bound=View)


class Planner:
    async def answer(self, conversation: Conversation, toolbox: Toolbox) -> AsyncGenerator[AnswerEvent]:
        yield ModelChosen(NAME)
        for _step in range(_MAX_STEPS):
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
    """The calls to make next, or the answer's text."""
    intent = parse_intent(conversation)
    plan = _PLANS.get(intent.kind)
    if plan is not None:
        return plan(intent, conversation, outcomes)
    return prompts.text(f"planner/{intent.kind}")


def _search(intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]) -> Step:
    narrowed = {name: value for name, value in intent.filters.items() if name != "limit"}
    found = _outputs(outcomes, SearchOutput)
    cards = {card.ref: card for output in found for card in output.downloadable_datasets}
    if not cards:
        # What a model searched for in vain need not be what the person asked.
        attempts = [_search_input(intent)]
        if narrowed:
            attempts.append(_search_input(replace(intent, filters={})))
        for arguments in attempts:
            outcome = _outcome(outcomes, "search_datasets", arguments)
            if outcome is None:
                return [_call("search_datasets", arguments)]
            if isinstance(outcome, ToolFailed):
                return planner_text.escape_markdown(outcome.error, 400)
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
        return f"That was all for “{planner_text.escape_markdown(query)}”. Try other words."
    arguments = last.input | {"offset": int(last.input.get("offset") or 0) + last.count}
    outcome = _outcome(outcomes, "search_datasets", arguments)
    if outcome is None:
        return [_call("search_datasets", arguments)]
    if isinstance(outcome, ToolFailed):
        return planner_text.escape_markdown(outcome.error, 400)
    page = cast(SearchOutput, outcome.output)
    return planner_text.search_answer(
        query, page.downloadable_datasets, page.source_errors, more=page.more, further=True
    )


def _details(intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]) -> Step:
    if intent.references.unresolved == "which_source":
        return _details_at_both_hubs(intent, outcomes)
    question = _clarifying_question(intent, conversation, "tell you about")
    if question is not None:
        return question
    missing = _remaining_calls(outcomes, "dataset_details", intent)
    if missing:
        return missing
    failures = [
        planner_text.escape_markdown(failure, 400) for failure in _errors(outcomes, "dataset_details")
    ]
    return "\n\n".join([planner_text.details_answer(_outputs(outcomes, DetailsOutput)), *failures]).strip()


def _download(intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]) -> Step:
    if intent.references.unresolved == "which_source":
        return _details_at_both_hubs(intent, outcomes)
    question = _clarifying_question(intent, conversation, "download")
    if question is not None:
        return question
    missing = _remaining_calls(outcomes, "start_download", intent)
    if missing:
        return missing
    return planner_text.started_answer(_outputs(outcomes, StartOutput), _errors(outcomes, "start_download"))


def _remaining_calls(outcomes: Sequence[ToolOutcome], tool: str, intent: Intent) -> list[Call]:
    """The calls of ``tool`` that are still to be made for the datasets that the person refers to."""
    made = {outcome.input.get("ref") for outcome in outcomes if outcome.name == tool}
    refs = [str(ref) for ref in intent.references.refs[:_MAX_DATASETS]]
    return [_call(tool, {"ref": ref}) for ref in refs if ref not in made]


def _details_at_both_hubs(intent: Intent, outcomes: Sequence[ToolOutcome]) -> Step:
    """An id that both hubs may have: show those that exist, and let the person choose."""
    if not outcomes:
        return [
            _call("dataset_details", {"ref": f"{source}:{dataset_id}"})
            for dataset_id in intent.references.bare_ids[: _MAX_DATASETS // 2]
            for source in ("huggingface", "kaggle")
        ]
    found = _outputs(outcomes, DetailsOutput)
    if found:
        text = planner_text.details_answer(found)
        chosen = "` or `download ".join(output.card.ref.replace("`", "") for output in found)
        return f"{text}\n\nTo be sure of the source, press Download or say `download {chosen}`."
    return "\n\n".join(
        planner_text.escape_markdown(failure, 400) for failure in _errors(outcomes, "dataset_details")
    )


def _status(intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]) -> Step:
    found = _outputs(outcomes, JobsOutput)
    if found:
        return planner_text.jobs_answer(found[-1])
    return _last_error(outcomes) or [_call("download_status", {})]


def _cancel(intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]) -> Step:
    cancelled = [
        output
        for outcome, output in _outputs_with_outcome(outcomes, JobsOutput)
        if outcome.name == "cancel_download"
    ]
    failures = _errors(outcomes, "cancel_download")
    if cancelled or failures:
        jobs = [job for output in cancelled if output.reason is None for job in output.jobs]
        reasons = [output.reason for output in cancelled if output.reason is not None]
        return planner_text.cancelled_answer(jobs, [*reasons, *failures])
    known = _outputs(outcomes, JobsOutput)
    if not known:
        return _last_error(outcomes) or [_call("download_status", {})]
    active = [job for job in known[-1].jobs if job.active]
    refs = refs_to_cancel(conversation, active)
    if not refs:
        return planner_text.which_job(active)
    return [_call("cancel_download", {"ref": ref}) for ref in refs]


def _library(intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]) -> Step:
    found = _outputs(outcomes, LibraryOutput)
    if found:
        return planner_text.library_answer(found[-1])
    return _last_error(outcomes) or [_call("list_library", {})]


_PLANS: dict[str, Callable[[Intent, Conversation, Sequence[ToolOutcome]], Step]] = {
    "search": _search,
    "more": _more,
    "details": _details,
    "download": _download,
    "status": _status,
    "cancel": _cancel,
    "library": _library,
}


def _clarifying_question(intent: Intent, conversation: Conversation, verb: str) -> str | None:
    """The question to ask when the words refer to nothing that is known."""
    shown = conversation.shown
    if intent.references.refs:
        return None
    if intent.references.unresolved == "out_of_range":
        return planner_text.out_of_range(len(shown))
    if shown:
        return planner_text.which_dataset(shown, verb)
    return f"Which dataset shall I {verb}? Tell me what you are looking for, or give its id or link."


def _search_input(intent: Intent) -> dict[str, Any]:
    arguments: dict[str, Any] = {"query": intent.query[:200]}
    if intent.sources:
        arguments["sources"] = list(intent.sources)
    return arguments | intent.filters


def _call(name: str, arguments: dict[str, Any]) -> Call:
    return Call(new_id("call"), name, arguments)


def _outcome(outcomes: Sequence[ToolOutcome], name: str, arguments: dict[str, Any]) -> ToolOutcome | None:
    """How this very call ended, if it was made."""
    same = (outcome for outcome in outcomes if outcome.name == name and outcome.input == arguments)
    return next(same, None)


def _outputs_with_outcome(outcomes: Sequence[ToolOutcome], kind: type[V]) -> list[tuple[ToolDone, V]]:
    return [
        (outcome, outcome.output)
        for outcome in outcomes
        if isinstance(outcome, ToolDone) and isinstance(outcome.output, kind)
    ]


def _outputs(outcomes: Sequence[ToolOutcome], kind: type[V]) -> list[V]:
    return [output for _outcome, output in _outputs_with_outcome(outcomes, kind)]


def _errors(outcomes: Sequence[ToolOutcome], name: str) -> list[str]:
    return [outcome.error for outcome in outcomes if isinstance(outcome, ToolFailed) and outcome.name == name]


def _last_error(outcomes: Sequence[ToolOutcome]) -> str | None:
    failures = [outcome.error for outcome in outcomes if isinstance(outcome, ToolFailed)]
    return planner_text.escape_markdown(failures[-1], 400) if failures else None
