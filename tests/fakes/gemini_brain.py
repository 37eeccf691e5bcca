"""What the fake model says: scripted replies, a small brain for the demo, and two bad habits.

The brain understands people as the planner does (``chat.intent``); what it says of the results is its own,
as a model's would be.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dataferry.chat.acts import Intent
from dataferry.chat.conversation import Conversation
from dataferry.chat.intent import parse_intent
from dataferry.chat.planner_text import question_answer
from dataferry.library.card_views import DatasetCard
from dataferry.tools.formatting import format_size
from tests.fakes.gemini_memory import Body, cards_in, newest_results, remembered, told

INVENTED = "kaggle:made-up/diabetes-gold"


@dataclass(frozen=True)
class Reply:
    """One answer of the model: words, calls, or both (the words first)."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    #: A part marked as thinking, which is not for the person.
    thought: str = ""


def say(text: str) -> Reply:
    return Reply(text)


def call(name: str, **arguments: Any) -> Reply:
    return Reply(calls=((name, arguments),))


_WORDS = {
    "greeting": "Hello! Tell me what data you need, and I will look for it.",
    "thanks": "You are welcome. Tell me when you need more data.",
    "help": "I find datasets on Kaggle and HuggingFace and bring them to this machine: say what you need, for"
    " example “find diabetes datasets”, then “only CC0” or “download the second one”.",
    "declined": "All right, I leave it as it is.",
    "delete": "I do not delete anything from here; the Library has a Delete button for each dataset.",
    "order": "I can put the newest, the largest or the most downloaded first.",
    "vague": "What should the data be about?",
    "models": "What should the model do?",
}
#: What is asked of a dataset that is here: tool → words that are for it.
_REPORTS = {
    "dataset_health": r"\b(clean|duplicates?|leaks?|faults?)\b",
    "dataset_versions": r"\b(versions?|history)\b",
}
_WHICH = "Which one do you mean? Say, for example, “the second one”."
_LIMITS = {"license": "under {}", "format": "as {}", "task": "for {}"}
_ORDERS = {"updated": "newest first", "downloads": "most downloaded first", "size": "largest first"}


def brain(body: Body) -> Reply:
    """Enough of a model for a demo: the tool that is asked for, then a few words on what came back."""
    conversation = remembered(body)
    intent = parse_intent(conversation)
    results = newest_results(body)
    if results:
        return say(_comment(intent, conversation, results))
    return _act(intent, conversation)


def _act(intent: Intent, conversation: Conversation) -> Reply:
    refs = [str(ref) for ref in intent.references.refs[:5]]
    for tool, words in _REPORTS.items():
        if refs and re.search(words, conversation.last, re.IGNORECASE):
            return call(tool, ref=refs[0])
    match intent.kind:
        case "search":
            arguments = {"query": intent.query, **intent.filters}
            if intent.sources:
                arguments["sources"] = list(intent.sources)
            return Reply(_looking_for(intent), (("search_datasets", arguments),))
        case "models" if intent.query:
            arguments = {"query": intent.query, **intent.filters}
            return Reply(f"Looking for models: {intent.query}.", (("search_models", arguments),))
        case "more":
            last = conversation.last_search
            if last is None or not last.more:
                return say("That was all I have. Tell me what else you need.")
            offset = int(last.input.get("offset") or 0) + last.count
            return call("search_datasets", **(last.input | {"offset": offset}))
        case "details":
            return _on_each("dataset_details", refs)
        case "compare":
            return call("compare_datasets", refs=refs) if len(refs) > 1 else say(_WHICH)
        case "query":
            return call("query_table", ref=refs[0], question=intent.phrase)
        case "download":
            return _on_each("start_download", refs)
        case "cancel":
            started = conversation.focus
            return _on_each("cancel_download", refs or ([started.ref] if started else []))
        case "status":
            return call("download_status")
        case "library":
            return call("list_library")
        case kind:
            return say(_WORDS[kind])


def _on_each(tool: str, refs: Sequence[str]) -> Reply:
    return Reply(calls=tuple((tool, {"ref": ref}) for ref in refs)) if refs else say(_WHICH)


def _looking_for(intent: Intent) -> str:
    """The line above the cards."""
    filters = intent.filters
    limits = [words.format(filters[name].upper()) for name, words in _LIMITS.items() if name in filters]
    if "max_bytes" in filters:
        limits.append(f"up to {format_size(filters['max_bytes'])}")
    if "min_bytes" in filters:
        limits.append(f"from {format_size(filters['min_bytes'])}")
    where = " and ".join({"kaggle": "Kaggle", "huggingface": "HuggingFace"}.get(s, s) for s in intent.sources)
    order = f", {_ORDERS[filters['sort']]}" if filters.get("sort") in _ORDERS else ""
    words = [f"Looking for {intent.query}", f"on {where}" if where else "", *limits]
    return f"{' '.join(filter(None, words))}{order}."


def _comment(intent: Intent, conversation: Conversation, results: Sequence[Body]) -> str:
    """A few honest words on what the tools returned, and what their cards do not say."""
    text = "\n".join(map(told, results))
    if "The tool did not work" in text:
        return "That did not work. Try it again in a moment, or name another one."
    cards = cards_in(text)
    match results[-1]["name"]:
        case "search_datasets":
            return _on_results(text, cards)
        case "search_models":
            if "- model «" in text or "1. model «" in text:
                return say("The first one fits best; each is fetched from its own page.")
            return say("I found no model for that. Shall I look for data instead?")
        case "dataset_details":
            fact = question_answer(cards, conversation.last)
            return fact or "Its card has what is known of it; say “download it” to have it here."
        case "query_table":
            return "The rows and the SQL stand above."
        case "dataset_health" | "dataset_versions":
            return "Its own screen has each of them."
        case "compare_datasets":
            return say("≠ marks where they differ.")
        case "start_download":
            return _on_start(text, cards)
        case "download_status":
            return "That is how your downloads stand." if "- ref: " in text else "Nothing is under way."
        case "cancel_download":
            return "I cancelled it." if "cancelled" in text else "I did not cancel anything."
        case _:
            found = re.search(r"in the library: (\d+)", text)
            if found and int(found[1]):
                return "Open one to look into it."
            return "Your library is empty. Tell me what you need."


def _on_results(text: str, cards: Sequence[DatasetCard]) -> str:
    broken = re.findall(r"(?:^|failed: )(\w+): «", text, re.MULTILINE)
    if not cards:
        if broken:
            if len(set(broken)) > 1:
                return "No hub could be searched just now. Try again in a moment."
            return "Not every source answered, so there may be more. Try again in a moment."
        return "I found nothing that fits. Other words may help."
    first, *others = cards
    words = f"**{first.title}** fits best"
    known = [card for card in others if card.size_bytes]
    smallest = min(known, key=lambda card: card.size_bytes or 0, default=None)
    if smallest is not None and first.size_bytes and (smallest.size_bytes or 0) < first.size_bytes:
        words += f"; **{smallest.title}** is the smallest"
    free = [card for card in cards if card.license is None]
    if free:
        words += f". Mind that {len(free)} of them state no licence"
    return f"{words}." + (" Not every source answered, so there may be more." if broken else "")


def _on_start(text: str, cards: Sequence[DatasetCard]) -> str:
    if "in the library already" in text:
        return "Press Open on its card to look into it."
    if "Nothing was started" in text:
        return "That one waits for you: press Download on its card."
    return f"You can leave this page meanwhile; {'it goes' if len(cards) == 1 else 'they go'} on."


def invent(body: Body) -> Reply:
    newest = body["contents"][-1]
    if any("functionResponse" in part for part in newest["parts"]):
        return say(
            f"The best one is **Diabetes Gold**: `{INVENTED}`. Also see"
            " https://www.kaggle.com/datasets/made-up/diabetes-gold and huggingface:made-up/diabetes-silver."
        )
    return Reply(calls=(("dataset_details", {"ref": INVENTED}), ("start_download", {"ref": INVENTED})))


def order_in_readme(body: Body) -> str | None:
    """A ref that some text in the newest tool result orders to be downloaded."""
    newest = body["contents"][-1]
    text = " ".join(str(part.get("functionResponse", "")) for part in newest["parts"])
    order = re.search(r"start_download[^\w]{1,20}(?:ref[=:\s\"']*)?((?:kaggle|huggingface):[\w./-]+)", text)
    return order.group(1) if order else None
