"""What the fake model says: scripted replies, a small brain for the demo, and two bad habits."""

import re
from dataclasses import dataclass
from typing import Any

INVENTED = "kaggle:made-up/diabetes-gold"

Body = dict[str, Any]


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


_FILLER = (
    " a about an and any are can data dataset datasets find for from give hello hey hi i in is it list look"
    " looking me my need of on or please search set sets show some that the there to want we with you "
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth")


def brain(body: Body) -> Reply:
    """Enough of a model for a demo: one tool for what was asked, then a few words on what came back."""
    newest = body["contents"][-1]
    results = [part["functionResponse"] for part in newest["parts"] if "functionResponse" in part]
    if results:
        return say(_report(results))
    text = "".join(part.get("text", "") for part in newest["parts"]).strip()
    low = text.lower()
    ref = _pointed(low, body)
    if re.match(r"^(hi|hello|hey|thanks|thank you)\b[\s!.]*$", low):
        return say("Hello! Tell me what data you need, and I will look for it.")
    if re.search(r"\b(download|fetch|cancel|stop)\b", low):
        tool = "start_download" if re.search(r"\b(download|fetch)\b", low) else "cancel_download"
        return (
            call(tool, ref=ref) if ref else say("Which one do you mean? Say, for example, “the second one”.")
        )
    if re.search(r"\b(how far|progress|status|done)\b", low):
        return call("download_status")
    if re.search(r"\b(do i have|my library|my datasets)\b", low):
        return call("list_library")
    if re.search(r"\b(tell me about|details|what is in|licen[cs]e)\b", low) and ref:
        return call("dataset_details", ref=ref)
    words = [word for word in re.findall(r"[\w'-]+", text) if f" {word.lower()} " not in _FILLER]
    if not words:
        return say("What should the data be about?")
    return call("search_datasets", query=" ".join(words[:8]))


def _pointed(text: str, body: Body) -> str | None:
    """The ref that the words mean: written out, by its place in the last search, or the last one alone."""
    written = re.search(r"\b(?:kaggle|huggingface|builtin|url):\S+", text)
    if written:
        return written.group().rstrip(".,!?")
    listed: list[str] = []
    alone = None
    for content in body["contents"]:
        for part in content["parts"]:
            if "functionResponse" in part:
                refs = re.findall(r"ref: (\S+)", str(part["functionResponse"]["response"]))
                searched = part["functionResponse"]["name"] == "search_datasets"
                listed = refs if searched else listed
                alone = refs[0] if len(refs) == 1 else None if searched else alone
    for place, ordinal in enumerate(_ORDINALS):
        if ordinal in text:
            return listed[place] if place < len(listed) else None
    return alone if re.search(r"\b(it|this|that)\b", text) else None


def _report(results: list[Body]) -> str:
    """A few honest sentences on tool results."""
    text = " ".join(str(result["response"].get("output", result["response"])) for result in results)
    name = results[-1]["name"]
    titles = re.findall(r"«([^»]+)» \| size: ([^|]+?) \|", text)
    if name == "search_datasets":
        if not titles:
            return "I found nothing that fits. Other words may help."
        best = " and ".join(f"**{title}** ({size})" for title, size in titles[:2])
        return (
            f"I found {len(titles)} datasets. {best} look like the best fit"
            f"{'s' if len(titles) > 1 else ''} for what you describe. The cards show size and licence;"
            " press Download on the one you want, or ask me for details."
        )
    if name == "start_download":
        if "Nothing was started" in text:
            return "That one waits for you: press Download on its card."
        return "The download has started; its card shows how far it is."
    if name == "dataset_details" and titles:
        return f"**{titles[0][0]}** is {titles[0][1]}. Its card has the licence and the Download button."
    if name == "download_status":
        return "Here is how your downloads stand: " + (
            " ".join(re.findall(r"\| (\w+, [^|]+?) \|", text)) or "none."
        )
    if name == "cancel_download":
        return "Done as far as I could: the card shows the state."
    if name == "list_library":
        count = len(re.findall("ref: ", text))
        return f"Your library has {count} dataset{'' if count == 1 else 's'}."
    return "The tool did not work; the message says why."


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
