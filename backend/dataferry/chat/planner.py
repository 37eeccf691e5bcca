"""The planner: a deterministic model that calls the same tools, for when there is no other.

A step is either calls of tools or the text that ends the answer, decided by what the person asks for
(``intent``) and by the results of the calls so far in this answer. So it can also finish an answer that
a model began: what was found or started by then is not done again.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from dataferry.chat import planner_text
from dataferry.chat.acts import Intent
from dataferry.chat.answers import Answers
from dataferry.chat.conversation import Conversation
from dataferry.chat.events import AnswerEvent, ModelChosen, StepStarted, TextDelta, TextReserved
from dataferry.chat.intent import parse_intent, refs_to_cancel
from dataferry.chat.planner_text import Words
from dataferry.core.db import new_id
from dataferry.core.specs import SOURCES
from dataferry.core.types import SourceName, View
from dataferry.library.comparisons import MOST as MOST_COMPARED
from dataferry.tools.events import ToolDone, ToolFailed, ToolOutcome
from dataferry.tools.outputs import (
    CompareOutput,
    DetailsOutput,
    JobsOutput,
    LibraryOutput,
    ModelsOutput,
    PreviewOutput,
    QueryOutput,
    SearchOutput,
    StartOutput,
)
from dataferry.tools.prompts import Prompts
from dataferry.tools.toolbox import Call, Toolbox

NAME = "planner"
_MAX_STEPS = 4
#: Models that one answer shows at most.
MAX_MODELS = 20
_HUBS: tuple[SourceName, ...] = tuple(name for name, spec in SOURCES.items() if spec.hub)
#: Datasets that one message may ask details or the download of.
_MAX_DATASETS = 10

Step = list[Call] | Words
V = TypeVar("V", bound=View)


class Planner:
    async def answer(self, conversation: Conversation, toolbox: Toolbox) -> AsyncGenerator[AnswerEvent]:
        yield ModelChosen(NAME)
        # One step, so that what is said of the cards can stand above them.
        yield StepStarted()
        yield TextReserved()
        for _step in range(_MAX_STEPS):
            step = next_step(conversation, toolbox.outcomes, toolbox.prompts)
            if isinstance(step, Words):
                for line in step.above.splitlines(keepends=True):
                    yield TextDelta(line, reserved=True)
                if step.below:
                    yield TextDelta(step.below)
                return
            async for event in toolbox.run_all(step):
                yield event
        raise AssertionError("the planner's every second step ends the answer")


def next_step(conversation: Conversation, outcomes: Sequence[ToolOutcome], prompts: Prompts) -> Step:
    """The calls to make next, or the answer's text."""
    intent = parse_intent(conversation)
    say = Answers(prompts, intent.language)
    plan = _PLANS.get(intent.kind)
    return plan(say, intent, conversation, outcomes) if plan is not None else Words(say(intent.kind))


def _search(
    say: Answers, intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]
) -> Step:
    narrowed = {name: value for name, value in intent.filters.items() if name != "limit"}
    hubs = _hubs(intent.sources)
    found = _outputs(outcomes, SearchOutput)
    cards = {card.ref: card for output in found for card in output.downloadable_datasets}
    if not cards:
        # What a model searched for in vain need not be what the person asked.
        attempts = [_search_input(intent)]
        if narrowed and not _is_outage(found, hubs):
            attempts.append(_search_input(replace(intent, filters={})))
        for arguments in attempts:
            outcome = _outcome(outcomes, "search_datasets", arguments)
            if outcome is None:
                return [_call("search_datasets", arguments)]
            if isinstance(outcome, ToolFailed):
                return Words(say("not_searched"))
    unfiltered = _outcome(outcomes, "search_datasets", _search_input(replace(intent, filters={})))
    answer = planner_text.search_answer(
        say,
        found[-1],
        list(cards.values()),
        hubs,
        without_filters=bool(narrowed) and unfiltered is not None,
    )
    hint = "" if conversation.last_search else planner_text.first_hint(say, list(cards.values()))
    allowed = sum(card.licence.commercial == "allowed" for card in cards.values())
    caveat = say(intent.caveat, count=allowed) if intent.caveat and cards else ""
    return Words(f"{answer} {caveat}".strip(), hint)


def _is_outage(found: Sequence[SearchOutput], hubs: Sequence[SourceName]) -> bool:
    """No hub that was asked has answered."""
    failed = {problem.source for output in found[-1:] for problem in output.source_errors}
    return bool(hubs) and failed.issuperset(hubs)


def _more(say: Answers, intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]) -> Step:
    models = conversation.last_models
    if models is not None and models.get("limit") != MAX_MODELS:
        wish = Intent("models", str(models["query"]), filters=models | {"limit": MAX_MODELS})
        return _models(say, wish, conversation, outcomes)
    last = conversation.last_search
    if last is None or models is not None:
        return Words(say("more_of_what"))
    query = str(last.input["query"])
    if not last.more:
        return Words(say("all_shown", query=planner_text.escape_markdown(query)))
    arguments = last.input | {"offset": int(last.input.get("offset") or 0) + last.count}
    outcome = _outcome(outcomes, "search_datasets", arguments)
    if outcome is None:
        return [_call("search_datasets", arguments)]
    if isinstance(outcome, ToolFailed):
        return Words(say("not_searched"))
    page = cast(SearchOutput, outcome.output)
    hubs = _hubs(last.input.get("sources") or ())
    return Words(planner_text.search_answer(say, page, page.downloadable_datasets, hubs))


def _models(
    say: Answers, intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]
) -> Step:
    if not intent.query:
        return Words(say("models"))
    found = _outputs(outcomes, ModelsOutput)
    if found:
        return Words(planner_text.models_answer(say, found[-1]))
    if _failures(outcomes, "search_models"):
        return Words(say("not_searched"))
    return [_call("search_models", {"query": intent.query[:200]} | intent.filters)]


def _details(
    say: Answers, intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]
) -> Step:
    if intent.references.unresolved == "which_source":
        return _details_at_both_hubs(say, intent, outcomes)
    question = _clarifying_question(say, intent, conversation, "details")
    if question is not None:
        return question
    missing = _remaining_calls(outcomes, "dataset_details", intent)
    if intent.rows:
        missing += _remaining_calls(outcomes, "preview_dataset", intent)
    if missing:
        return missing
    found = _outputs(outcomes, DetailsOutput)
    rows = _outputs(outcomes, PreviewOutput)
    if found and rows:
        return Words(say("first_rows", count=len(rows)))
    return planner_text.details_answer(say, found, conversation.last) if found else Words(say("not_found"))


def _compare(
    say: Answers, intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]
) -> Step:
    if intent.references.unresolved == "which_source":
        return _details_at_both_hubs(say, intent, outcomes)
    question = _clarifying_question(say, intent, conversation, "details")
    if question is not None:
        return question
    found = _outputs(outcomes, CompareOutput)
    if found:
        return planner_text.comparison_answer(
            say, found[-1].comparison, conversation.last, intent.compared_by
        )
    if _failures(outcomes, "compare_datasets"):
        return Words(say("not_found"))
    refs = [str(ref) for ref in intent.references.refs[:MOST_COMPARED]]
    return [_call("compare_datasets", {"refs": refs})]


def _query(say: Answers, intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]) -> Step:
    found = _outputs(outcomes, QueryOutput)
    if found and found[-1].answer is not None:
        return Words(planner_text.escape_markdown(found[-1].answer.why))
    if _failures(outcomes, "query_table"):
        return Words("")
    arguments = {"ref": str(intent.references.refs[0]), "question": intent.phrase[:2_000]}
    return [_call("query_table", arguments)]


def _download(
    say: Answers, intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]
) -> Step:
    if intent.references.unresolved == "which_source":
        return _details_at_both_hubs(say, intent, outcomes)
    question = _clarifying_question(say, intent, conversation, "download")
    if question is not None:
        return question
    missing = _remaining_calls(outcomes, "start_download", intent)
    if missing:
        return missing
    failures = _failures(outcomes, "start_download")
    outputs = _outputs(outcomes, StartOutput)
    return Words("", planner_text.started_answer(say, outputs, failures, conversation.shown))


def _remaining_calls(outcomes: Sequence[ToolOutcome], tool: str, intent: Intent) -> list[Call]:
    """The calls of ``tool`` that are still to be made for the datasets that the person refers to."""
    made = {outcome.input.get("ref") for outcome in outcomes if outcome.name == tool}
    refs = [str(ref) for ref in intent.references.refs[:_MAX_DATASETS]]
    return [_call(tool, {"ref": ref}) for ref in refs if ref not in made]


def _details_at_both_hubs(say: Answers, intent: Intent, outcomes: Sequence[ToolOutcome]) -> Step:
    """An id that both hubs may have: show those that exist, and let the person choose."""
    if not outcomes:
        return [
            _call("dataset_details", {"ref": f"{source}:{dataset_id}"})
            for dataset_id in intent.references.bare_ids[: _MAX_DATASETS // 2]
            for source in ("huggingface", "kaggle")
        ]
    found = _outputs(outcomes, DetailsOutput)
    if not found:
        return Words(say("not_found"))
    commands = [f"`download {output.card.ref.replace('`', '')}`" for output in found]
    return Words(say("sure_of_source", commands=f" {say('or')} ".join(commands)))


def _status(
    say: Answers, intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]
) -> Step:
    found = _outputs(outcomes, JobsOutput)
    if found:
        return Words(planner_text.jobs_answer(say, found[-1]))
    return (
        Words(say("not_known")) if _failures(outcomes, "download_status") else [_call("download_status", {})]
    )


def _cancel(
    say: Answers, intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]
) -> Step:
    cancelled = [
        output
        for outcome, output in _outputs_with_outcome(outcomes, JobsOutput)
        if outcome.name == "cancel_download"
    ]
    if cancelled or _failures(outcomes, "cancel_download"):
        jobs = sum(len(output.jobs) for output in cancelled if output.reason is None)
        return Words("", planner_text.cancelled_answer(say, jobs))
    known = _outputs(outcomes, JobsOutput)
    if not known:
        return (
            Words(say("not_known"))
            if _failures(outcomes, "download_status")
            else [_call("download_status", {})]
        )
    active = [job for job in known[-1].jobs if job.active]
    refs = refs_to_cancel(conversation, active)
    if not refs:
        return Words(planner_text.which_job(say, active))
    return [_call("cancel_download", {"ref": ref}) for ref in refs]


def _library(
    say: Answers, intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]
) -> Step:
    found = _outputs(outcomes, LibraryOutput)
    if found:
        return Words("", planner_text.library_answer(say, found[-1]))
    return Words(say("not_known")) if _failures(outcomes, "list_library") else [_call("list_library", {})]


def _which(say: Answers, intent: Intent, conversation: Conversation, outcomes: Sequence[ToolOutcome]) -> Step:
    return Words(planner_text.which_dataset(say, conversation.shown, "details"))


_PLANS: dict[str, Callable[[Answers, Intent, Conversation, Sequence[ToolOutcome]], Step]] = {
    "search": _search,
    "models": _models,
    "more": _more,
    "details": _details,
    "compare": _compare,
    "query": _query,
    "download": _download,
    "status": _status,
    "cancel": _cancel,
    "library": _library,
    "which": _which,
}


def _clarifying_question(say: Answers, intent: Intent, conversation: Conversation, act: str) -> Words | None:
    """The question to ask when the words refer to nothing that is known."""
    shown = conversation.shown
    if intent.references.refs:
        return None
    if act == "download" and conversation.last_models is not None and not shown:
        return Words(say("model_page"))
    if intent.references.unresolved == "out_of_range":
        return Words(say("out_of_range", count=len(shown)))
    return Words(planner_text.which_dataset(say, shown, act) if shown else say(f"what_{act}"))


def _hubs(sources: Sequence[SourceName]) -> tuple[SourceName, ...]:
    """The hubs among the sources that are asked; no source named asks all."""
    return tuple(name for name in _HUBS if not sources or name in sources)


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


def _failures(outcomes: Sequence[ToolOutcome], name: str) -> int:
    return sum(isinstance(outcome, ToolFailed) and outcome.name == name for outcome in outcomes)
