"""The planner's sentences: short Markdown.

What its tools return is shown as cards, so words only say what cards do not: a line above them, and below
them a dataset's own words. They stay true when they are read again later: "I started", not "it is being
downloaded".
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dataferry.chat import lexicon
from dataferry.core.sizes import readable_count
from dataferry.core.types import SOURCE_LABELS, JobView, SourceName, SourceProblem
from dataferry.library.views import DatasetCard
from dataferry.tools.formatting import format_size
from dataferry.tools.outputs import DetailsOutput, JobsOutput, LibraryOutput, SearchOutput, StartOutput

_MAX_LISTED = 5
_README_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Words:
    """An answer in words: the line above its cards, and what stands below them."""

    above: str
    below: str = ""


_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>~])")
#: What Markdown readers turn into links by themselves; a code span stops them.
_AUTOLINKED = re.compile(r"((?:https?://|www\.)[^\s`]+|[^\s`]+@[^\s`]+\.[^\s`]+)", re.IGNORECASE)


def escape_markdown(text: str, length: int = 160) -> str:
    """A stranger's text on one line that Markdown shows as it is: no link, image, tag or emphasis."""
    text = " ".join(text.split())
    if len(text) > length:
        text = text[:length].rstrip() + "…"
    pieces = _AUTOLINKED.split(text)
    text = "".join(
        f"`{piece}`" if index % 2 else _MARKDOWN_SPECIAL.sub(r"\\\1", piece)
        for index, piece in enumerate(pieces)
    )
    return re.sub(r"^(?=[#+=-])", r"\\", text)


def search_answer(
    last: SearchOutput,
    cards: Sequence[DatasetCard],
    hubs: Sequence[SourceName],
    *,
    without_filters: bool = False,
) -> str:
    """The line above the ``cards`` of a search. ``hubs``: those that were asked. ``without_filters``: nothing
    fitted the filters, so these do not."""
    failed = failed_sources(last.source_errors)
    query = escape_markdown(last.query)
    if set(hubs) and set(hubs) <= {problem.source for problem in last.source_errors}:
        rest = f"Elsewhere there is **{_count(len(cards), 'dataset')}** for “{query}”." if cards else ""
        return f"{failed}. {rest or 'Nothing could be searched; ask again once that is settled.'}"
    if not cards and failed:
        return f"{failed}. The other sources have nothing for “{query}”."
    if not cards:
        nothing = "There are no further datasets" if last.offset else "I found no dataset"
        return f"{nothing} for “{query}”. Try fewer or other words."
    counts = Counter(card.source for card in cards)
    where = ", ".join(f"{source} {count}" for source, count in counts.items())
    what = _count(len(cards), "further dataset" if last.offset else "dataset")
    line = f"**{what}** for “{query}”: {where}."
    if without_filters:
        line = f"Nothing fits all of that. Without the filters: {line}"
    return f"{line} {failed}." if failed else line


#: How it is told that a source failed; what exactly it said stands beside it, once.
_FAILURES: dict[str, str] = {
    "source_unreachable": "cannot be reached",
    "source_timeout": "did not answer in time",
    "source_rate_limited": "asks us to wait",
    "source_not_configured": "wants a key",
    "credential_rejected": "refuses the key",
}


def failed_sources(problems: Sequence[SourceProblem]) -> str:
    """ "Kaggle and HuggingFace cannot be reached"; empty where none failed."""
    groups: dict[str, list[str]] = {}
    for problem in problems:
        how = _FAILURES.get(problem.code, "could not be searched")
        groups.setdefault(how, []).append(SOURCE_LABELS[problem.source])
    return "; ".join(f"{_join(labels)} {_plural(how, len(labels))}" for how, labels in groups.items())


def _plural(verb: str, count: int) -> str:
    """A verb of ``_FAILURES`` for ``count`` sources."""
    return re.sub(r"^(ask|want|refuse)s\b", r"\1", verb) if count > 1 else verb


def first_hint(cards: Sequence[DatasetCard]) -> str:
    """What can be said of the first results of a chat."""
    return "You can say “only CC0”, “newest first” or “download the first one”." if cards else ""


def card_line(card: DatasetCard) -> str:
    facts = [card.source, format_size(card.size_bytes)]
    if card.license:
        facts.append(escape_markdown(card.license, 60))
    if card.downloads:
        facts.append(_count(card.downloads, "download"))
    if card.gated:
        facts.append("gated")
    if card.local_status != "absent":
        facts.append("already here" if card.local_status == "downloaded" else card.local_status)
    return f"**{escape_markdown(card.title)}** — {' · '.join(facts)}"


def details_answer(outputs: Sequence[DetailsOutput], question: str) -> Words:
    """The answer to a ``question`` about datasets whose cards are shown."""
    fact = question_answer([output.card for output in outputs], question)
    if fact:
        return Words(fact)
    quotes = [quote for output in outputs if (quote := _quote(output))]
    several = len(outputs) > 1
    if quotes:
        whose = "What their publishers say" if several else "What its publisher says"
        return Words(f"{whose} stands below.", "\n\n".join(quotes))
    return Words("Their cards say all I know." if several else "Its card says all I know.")


def question_answer(cards: Sequence[DatasetCard], question: str) -> str:
    """A sentence for each of the ``cards`` that answers a ``question`` about one fact; empty for others."""
    return " ".join(fact for card in cards if (fact := _fact(card, question)))


def _fact(card: DatasetCard, question: str) -> str:
    """A sentence that answers ``question``; empty where it asks for no single fact."""
    title = f"**{escape_markdown(card.title)}**"
    for pattern, sentence in _FACTS:
        if pattern.search(question):
            return sentence(card, title)
    return ""


def _license_fact(card: DatasetCard, title: str) -> str:
    if not card.license:
        return f"The source of {title} states no licence; ask its publisher before you use it."
    closed = re.search(r"\bnc\b|non-?commercial", card.license, re.IGNORECASE)
    limit = ", which does not allow commercial use" if closed else ""
    return f"{title} has the licence {escape_markdown(card.license, 80)}{limit}."


def _size_fact(card: DatasetCard, title: str) -> str:
    if card.size_bytes is None:
        return f"The source of {title} does not tell its size."
    files = _file_count(card)
    return f"{title} has {format_size(card.size_bytes)}{f' in {files}' if files else ''}."


def _files_fact(card: DatasetCard, title: str) -> str:
    files = _file_count(card)
    return f"{title} has {files}." if files else f"The source of {title} does not tell how many files it has."


def _file_count(card: DatasetCard) -> str:
    if card.file_count is None:
        return ""
    count = readable_count(card.file_count, more=card.more_files)
    return f"{count} file" if card.file_count == 1 else f"{count} files"


def _date_fact(card: DatasetCard, title: str) -> str:
    if card.updated_at is None:
        return f"The source of {title} does not tell when it was last updated."
    return f"{title} was last updated on {card.updated_at:%Y-%m-%d}."


def _terms_fact(card: DatasetCard, title: str) -> str:
    if card.gated:
        return f"{title} is gated: its terms are to be accepted at its source before it can be downloaded."
    return f"{title} is open: there are no terms to accept."


_FACTS: tuple[tuple[re.Pattern[str], Callable[[DatasetCard, str], str]], ...] = (
    (lexicon.ABOUT_TERMS, _terms_fact),
    (lexicon.ABOUT_LICENSE, _license_fact),
    (lexicon.ABOUT_FILES, _files_fact),
    (lexicon.ABOUT_SIZE, _size_fact),
    (lexicon.ABOUT_DATE, _date_fact),
)


def _quote(output: DetailsOutput) -> str:
    """A dataset's own words, where they say more than its card."""
    text = _first_paragraph(output.readme)
    said = " ".join(output.card.description.split())
    if not text or " ".join(text.split())[:80] in said:
        return ""
    return f"> {escape_markdown(text, _README_CHARACTERS)}"


def started_answer(outputs: Sequence[StartOutput], failures: int) -> str:
    started = [output.card for output in outputs if output.ticket is not None]
    here = [output.card for output in outputs if output.ticket is None and _is_here(output.card)]
    waiting = [output.card for output in outputs if output.ticket is None and not _is_here(output.card)]
    sentences = []
    if started:
        names = [f"{_name(card)} ({format_size(card.size_bytes)})" for card in started]
        it = "It goes" if len(started) == 1 else "They go"
        sentences.append(f"I started the download of {_join(names)}. {it} on when you leave this page.")
    if here:
        verb = "was" if len(here) == 1 else "were"
        sentences.append(f"{_join([_name(card) for card in here])} {verb} here already: press Open.")
    if waiting:
        verb = "waits" if len(waiting) == 1 else "wait"
        sentences.append(f"{_join([_name(card) for card in waiting])} {verb} for your click on Download.")
    if failures:
        sentences.append("Nothing was started." if not outputs else "The rest was not started.")
    return " ".join(sentences)


def _is_here(card: DatasetCard) -> bool:
    return card.local_status == "downloaded"


def _name(card: DatasetCard) -> str:
    return f"**{escape_markdown(card.title)}**"


def jobs_answer(output: JobsOutput) -> str:
    """The line above the downloads, which show by themselves how they stand."""
    active = sum(job.active for job in output.jobs)
    if active:
        return f"{_count(active, 'download')} {'was' if active == 1 else 'were'} under way when you asked."
    if output.jobs:
        return "Nothing was under way when you asked. The latest:"
    return "Nothing is being downloaded, and nothing was lately."


def cancelled_answer(jobs: Sequence[JobView], failures: int) -> str:
    names = _join([f"**{escape_markdown(job.title)}**" for job in jobs])
    lines = [f"I cancelled {names}. Others who asked for the same dataset still get it."] if jobs else []
    return " ".join([*lines, *(["Nothing was cancelled."] if failures and not jobs else [])])


def which_job(jobs: Sequence[JobView]) -> str:
    """Ask back for one of the downloads that are shown."""
    if not jobs:
        return "Nothing is being downloaded, so there is nothing to cancel."
    return "Which one shall I cancel? Say its name, or “cancel all”."


def library_answer(output: LibraryOutput) -> str:
    """The line above the datasets of the library."""
    if not output.datasets:
        return "Your library is empty. Tell me what data you need, and I will look for it."
    here = [dataset for dataset in output.datasets if dataset.downloaded]
    listed = len(output.datasets)
    if output.total > listed:
        return f"Your library has **{output.total:,} datasets**; these are the newest."
    partial = listed - len(here)
    if not here:
        return f"No dataset was complete when you asked; {partial} {'was' if partial == 1 else 'were'} begun."
    size = format_size(sum(dataset.size or 0 for dataset in here))
    begun = f" {partial} more {'was' if partial == 1 else 'were'} begun." if partial else ""
    return f"**{_count(len(here), 'dataset')}** on this machine, {size} in all.{begun}"


def which_dataset(shown: Sequence[DatasetCard], verb: str) -> str:
    """Ask back for one of the cards."""
    lines = "\n".join(f"{n}. {card_line(card)}" for n, card in enumerate(shown[:_MAX_LISTED], 1))
    return f"Which one shall I {verb}?\n\n{lines}\n\nSay, for example, “the second one”, or its name."


def out_of_range(count: int) -> str:
    return f"The last list has {_count(count, 'dataset')}. Which of them do you mean?"


def _first_paragraph(readme: str) -> str:
    """The first words of a readme that are neither its header nor a heading."""
    body = re.sub(r"\A---\n.*?\n---\n", "", readme, flags=re.DOTALL)
    for paragraph in re.split(r"\n\s*\n", body):
        words = re.sub(r"<[^>]*>|!\[[^\]]*\]\([^)]*\)|^#+ .*$", " ", paragraph, flags=re.MULTILINE).strip()
        if len(words) > 40:
            return words
    return ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _join(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" and {names[-1]}" if names else ""
