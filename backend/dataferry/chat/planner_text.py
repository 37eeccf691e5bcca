"""The planner's sentences: short Markdown.

What its tools return is shown as cards, so words only say what cards do not: a line above them, and below
them a dataset's own words. They stay true when they are read again later: "I started", not "it is being
downloaded".
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dataferry.chat.answers import Answers
from dataferry.chat.cards import best_by
from dataferry.chat.grammar import Message, asked_fact
from dataferry.core.job_types import JobView
from dataferry.core.sizes import readable_count
from dataferry.core.types import SOURCE_LABELS, SourceName
from dataferry.library.card_views import DatasetCard, OfferedDataset
from dataferry.library.comparison_views import Comparison
from dataferry.tools.formatting import format_size
from dataferry.tools.outputs import (
    DetailsOutput,
    JobsOutput,
    LibraryOutput,
    ModelsOutput,
    SearchOutput,
    StartOutput,
)

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
    say: Answers,
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
    if outage and not cards:
        return say("no_hub", query=escape_markdown(last.query))
    if not cards:
        return say("not_every_source" if failed else "nothing_found")
    lines = [say("without_limits")] if without_filters else []
    if last.nothing_about:
        lines.append(say("about_nothing", subject=escape_markdown(last.nothing_about)))
    if outage:
        lines.append(say("no_hub_built_in"))
    else:
        lines.append(say("not_every_source") if failed else _overview(say, cards))
    return " ".join(lines)


def _overview(say: Answers, cards: Sequence[DatasetCard]) -> str:
    """What several cards are together: "6 from Kaggle, 3 from HuggingFace; 2 without a stated licence." """
    if len(cards) == 1:
        return say("only_one")
    counts = Counter(card.source for card in cards)
    if len(counts) == 1:
        where = say("all_counts", source=_from(say, cards[0].source))
    else:
        where = ", ".join(f"{count} {_from(say, source)}" for source, count in counts.items())
    unlicensed = sum(not card.license for card in cards)
    return say("unlicensed", counts=where, count=unlicensed) if unlicensed else say("counts", counts=where)


#: The sentence about one licence, by whether its text allows commercial use; and the groups of several.
_LICENCE_SENTENCES = {
    "allowed": "open_licence",
    "conditions": "conditional_licence",
    "forbidden": "closed_licence",
    "unknown": "unread_licence",
    "not_mentioned": "unread_licence",
}
_LICENCE_GROUPS = ("allowed", "conditions", "forbidden", "unknown")


def _from(say: Answers, source: str) -> str:
    return say("built_in") if source == SOURCE_LABELS["builtin"] else say("from_source", source=source)


def first_hint(say: Answers, cards: Sequence[DatasetCard]) -> str:
    """What can be said of the first results of a chat."""
    return say("first_hint") if cards else ""


def card_line(say: Answers, card: DatasetCard) -> str:
    facts = [card.source, format_size(card.size_bytes)]
    if card.license:
        facts.append(escape_markdown(card.license, 60))
    if card.downloads:
        facts.append(say("downloads", count=card.downloads))
    if card.gated:
        facts.append(say("gated"))
    if card.local_status != "absent":
        facts.append(say("already_here") if card.local_status == "downloaded" else card.local_status)
    return f"**{escape_markdown(card.title)}** — {' · '.join(facts)}"


def details_answer(say: Answers, outputs: Sequence[DetailsOutput], question: str) -> Words:
    """The answer to a ``question`` about datasets whose cards are shown."""
    fact = question_answer([output.card for output in outputs], question, say)
    if fact:
        return Words(fact)
    quotes = [quote for output in outputs if (quote := _quote(output))]
    if quotes:
        return Words(say("publisher_says", count=len(outputs)), "\n\n".join(quotes))
    return Words(say("card_says", count=len(outputs)))


def comparison_answer(say: Answers, comparison: Comparison, question: str, compared_by: str | None) -> Words:
    """Which of the datasets is the first by a property, or what a ``question`` asks of each of them; the
    table below tells the rest."""
    cards = [one.card for one in comparison.datasets if one.card is not None]
    if compared_by == "most_rows":
        told = [one for one in comparison.datasets if one.card is not None and one.row_count is not None]
        most = max(told, key=lambda one: one.row_count or 0, default=None)
        if most is not None and most.card is not None and len(told) > 1:
            title = f"**{escape_markdown(most.card.title)}**"
            return Words(say("most_rows", title=title, rows=f"{most.row_count:,}"))
    elif compared_by is not None:
        best = best_by(compared_by, cards)
        if len(best) == 1:
            return Words(_superlative(say, best[0], compared_by))
    return Words(question_answer(cards, question, say) or say("compared"))


def _superlative(say: Answers, card: DatasetCard, name: str) -> str:
    return say(
        name,
        title=f"**{escape_markdown(card.title)}**",
        size=format_size(card.size_bytes),
        date=f"{card.updated_at:%Y-%m-%d}" if card.updated_at else "",
        licence=escape_markdown(card.license or "", 80),
        downloads=say("downloads", count=card.downloads),
    )


def question_answer(cards: Sequence[DatasetCard], question: str, say: Answers | None = None) -> str:
    """A sentence for each of the ``cards`` that answers a ``question`` about one fact; empty for others."""
    fact = asked_fact(Message.of(question))
    if fact is None:
        return ""
    spoken = say or Answers()
    if fact == "licence":
        return _licences(spoken, cards)
    sentence = _FACTS[fact]
    return " ".join(sentence(spoken, card, f"**{escape_markdown(card.title)}**") for card in cards)


def _licences(say: Answers, cards: Sequence[DatasetCard]) -> str:
    """What the licence of one card allows, or which of several may be used commercially."""
    if len(cards) == 1:
        card = cards[0]
        name = _LICENCE_SENTENCES[card.licence.commercial] if card.license else "no_licence"
        title, licence = f"**{escape_markdown(card.title)}**", escape_markdown(card.licence.name, 200)
        return f"{say(name, title=title, licence=licence)} {say('no_advice')}"
    groups: dict[str, list[str]] = {name: [] for name in _LICENCE_GROUPS}
    for card in cards:
        licence = escape_markdown(card.licence.name, 200) if card.license else "–"
        known = card.licence.commercial if card.licence.commercial in groups else "unknown"
        groups[known].append(f"**{escape_markdown(card.title)}** ({licence})")
    lines = [say(f"commercial_{name}", titles=", ".join(of)) for name, of in groups.items() if of]
    return "\n".join(f"- {line}" for line in lines) + f"\n\n{say('no_advice')}"


def _size_fact(say: Answers, card: DatasetCard, title: str) -> str:
    if card.size_bytes is None:
        return say("no_size", title=title)
    files = _file_count(say, card)
    size = format_size(card.size_bytes)
    return say("has_size_in_files" if files else "has_size", title=title, size=size, files=files)


def _files_fact(say: Answers, card: DatasetCard, title: str) -> str:
    files = _file_count(say, card)
    return say("has_files" if files else "no_files", title=title, files=files)


def _file_count(say: Answers, card: DatasetCard) -> str:
    if card.file_count is None:
        return ""
    if card.file_count == 1:
        return say("files", count=1)
    return say("files").replace("$count", readable_count(card.file_count, more=card.more_files))


def _date_fact(say: Answers, card: DatasetCard, title: str) -> str:
    if card.updated_at is None:
        return say("no_date", title=title)
    return say("has_date", title=title, date=f"{card.updated_at:%Y-%m-%d}")


def _terms_fact(say: Answers, card: DatasetCard, title: str) -> str:
    return say("is_gated" if card.gated else "is_open", title=title)


_FACTS: dict[str, Callable[[Answers, DatasetCard, str], str]] = {
    "terms": _terms_fact,
    "files": _files_fact,
    "size": _size_fact,
    "date": _date_fact,
}


def _quote(output: DetailsOutput) -> str:
    """A dataset's own words, where they say more than its card."""
    text = _first_paragraph(output.readme)
    said = " ".join(output.card.description.split())
    if not text or " ".join(text.split())[:80] in said:
        return ""
    return f"> {escape_markdown(text, _README_CHARACTERS)}"


def started_answer(
    say: Answers, outputs: Sequence[StartOutput], failures: int, shown: Sequence[DatasetCard] = ()
) -> str:
    """What comes next, and whether the same data is here from elsewhere by a card that was ``shown``; which
    downloads began, and why others did not, stands above each card."""
    started = sum(output.ticket is not None for output in outputs)
    here = sum(output.ticket is None and _is_here(output.card) for output in outputs)
    waiting = len(outputs) - started - here
    counts = (("goes_on", started), ("press_open", here), ("press_download", waiting))
    sentences = [say("same_is_here", source=source) for source in _sources_here(outputs, shown)]
    sentences += [say(name, count=count) for name, count in counts if count]
    if failures:
        sentences.append(say("rest_not_started" if outputs else "nothing_started"))
    return " ".join(sentences)


def _sources_here(outputs: Sequence[StartOutput], shown: Sequence[DatasetCard]) -> list[str]:
    """Where what is here came from, that is the same data as something that was started."""
    started = {output.card.ref for output in outputs if output.ticket is not None}
    groups = [(card, *card.copies) for card in shown]
    return list(
        dict.fromkeys(
            offer.source
            for group in groups
            if started & {offer.ref for offer in group}
            for offer in group
            if offer.ref not in started and _is_here(offer)
        )
    )


def models_answer(say: Answers, output: ModelsOutput) -> str:
    """The line above the cards of models."""
    if output.models:
        return say("models_found", count=len(output.models))
    return say("no_hub" if output.source_errors else "no_models", query=escape_markdown(output.query))


def _is_here(card: OfferedDataset) -> bool:
    return card.local_status == "downloaded"


def jobs_answer(say: Answers, output: JobsOutput) -> str:
    """The line above the downloads, which show by themselves how they stand."""
    active = sum(job.active for job in output.jobs)
    if active:
        return say("under_way", count=active)
    return say("latest" if output.jobs else "no_downloads")


def cancelled_answer(say: Answers, cancelled: int) -> str:
    """What comes of a cancel; what was cancelled, or why not, stands beside it."""
    return say("others_get_it" if cancelled else "nothing_cancelled")


def which_job(say: Answers, jobs: Sequence[JobView]) -> str:
    """Ask back for one of the downloads that are shown."""
    return say("which_job" if jobs else "nothing_to_cancel")


def library_answer(say: Answers, output: LibraryOutput) -> str:
    """What is to be said of the datasets of the library beside how many they are."""
    if not output.datasets:
        return say("empty_library")
    here = [dataset for dataset in output.datasets if dataset.downloaded]
    if output.total > len(output.datasets):
        return say("newest_of_library")
    if not here:
        return say("none_complete")
    size = format_size(sum(dataset.size or 0 for dataset in here))
    partial = len(output.datasets) - len(here)
    sentences = [say("takes", count=len(here), size=size), say("partial", count=partial) if partial else ""]
    return " ".join(filter(None, sentences))


def which_dataset(say: Answers, shown: Sequence[DatasetCard], act: str) -> str:
    """Ask back for one of the cards. ``act``: ``details`` or ``download``."""
    lines = "\n".join(f"{n}. {card_line(say, card)}" for n, card in enumerate(shown[:_MAX_LISTED], 1))
    return f"{say(f'which_{act}')}\n\n{lines}\n\n{say('say_which')}"


def _first_paragraph(readme: str) -> str:
    """The first words of a readme that are neither its header nor a heading."""
    body = re.sub(r"\A---\n.*?\n---\n", "", readme, flags=re.DOTALL)
    for paragraph in re.split(r"\n\s*\n", body):
        words = re.sub(r"<[^>]*>|!\[[^\]]*\]\([^)]*\)|^#+ .*$", " ", paragraph, flags=re.MULTILINE).strip()
        if len(words) > 40:
            return words
    return ""
