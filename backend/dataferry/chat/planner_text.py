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
from dataferry.core.job_types import JobView
from dataferry.core.sizes import readable_count
from dataferry.core.types import SOURCE_LABELS, SourceName
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
    """What is to be said of a search beside its ``cards``, how many they are, and what its sources said.

    ``hubs``: those that were asked. ``without_filters``: nothing fitted the filters, so these do not.
    """
    failed = {problem.source for problem in last.source_errors}
    outage = bool(hubs) and failed.issuperset(hubs)
    missing = "Not every source answered, so there may be more."
    if outage and not cards:
        query = escape_markdown(last.query)
        return f"No hub could be searched for “{query}”. Ask again once that is mended."
    if not cards:
        return missing if failed else "Fewer words, or other ones, may find more."
    lines = ["Nothing fits all of that; these are without the limits."] if without_filters else []
    if outage:
        lines.append("No hub could be searched; these are built in.")
    else:
        lines.append(missing if failed else _overview(cards))
    return " ".join(lines)


def _overview(cards: Sequence[DatasetCard]) -> str:
    """What several cards are together: "6 from Kaggle, 3 from HuggingFace; 2 without a stated licence." """
    if len(cards) == 1:
        return "Only one fits."
    counts = Counter(card.source for card in cards)
    if len(counts) == 1:
        where = f"All {_from(cards[0].source)}"
    else:
        where = ", ".join(f"{count} {_from(source)}" for source, count in counts.items())
    unlicensed = sum(not card.license for card in cards)
    return f"{where}; {unlicensed} without a stated licence." if unlicensed else f"{where}."


def _from(source: str) -> str:
    return "built in" if source == SOURCE_LABELS["builtin"] else f"from {source}"


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
    """What comes next; which downloads began, and why others did not, stands above each card."""
    started = sum(output.ticket is not None for output in outputs)
    here = sum(output.ticket is None and _is_here(output.card) for output in outputs)
    waiting = len(outputs) - started - here
    sentences = []
    if started:
        what = "The download goes" if started == 1 else "The downloads go"
        sentences.append(f"{what} on when you leave this page.")
    if here:
        sentences.append(f"Press Open on {_cards(here)} for what is here.")
    if waiting:
        sentences.append(f"Press Download on {_cards(waiting)} to start {'it' if waiting == 1 else 'them'}.")
    if failures:
        sentences.append("Nothing was started." if not outputs else "The rest was not started.")
    return " ".join(sentences)


def _cards(count: int) -> str:
    return "its card" if count == 1 else "their cards"


def _is_here(card: DatasetCard) -> bool:
    return card.local_status == "downloaded"


def jobs_answer(output: JobsOutput) -> str:
    """The line above the downloads, which show by themselves how they stand."""
    active = sum(job.active for job in output.jobs)
    if active:
        return f"{_count(active, 'download')} {'was' if active == 1 else 'were'} under way when you asked."
    if output.jobs:
        return "Nothing was under way when you asked. The latest:"
    return "Nothing is being downloaded, and nothing was lately."


def cancelled_answer(cancelled: int) -> str:
    """What comes of a cancel; what was cancelled, or why not, stands beside it."""
    return "Others who asked for the same dataset still get it." if cancelled else "Nothing was cancelled."


def which_job(jobs: Sequence[JobView]) -> str:
    """Ask back for one of the downloads that are shown."""
    if not jobs:
        return "Nothing is being downloaded, so there is nothing to cancel."
    return "Which one shall I cancel? Say its name, or “cancel all”."


def library_answer(output: LibraryOutput) -> str:
    """What is to be said of the datasets of the library beside how many they are."""
    if not output.datasets:
        return "Your library is empty. Tell me what data you need, and I will look for it."
    here = [dataset for dataset in output.datasets if dataset.downloaded]
    if output.total > len(output.datasets):
        return "These are the newest; the Library page has all."
    if not here:
        return "None of them was complete when you asked."
    size = format_size(sum(dataset.size or 0 for dataset in here))
    partial = len(output.datasets) - len(here)
    begun = f" {partial} {'was' if partial == 1 else 'were'} not complete when you asked." if partial else ""
    return f"{'It takes' if len(here) == 1 else 'They take'} {size} on this machine.{begun}"


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
