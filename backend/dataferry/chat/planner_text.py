"""The planner's sentences: short Markdown."""

import re
from collections import Counter
from collections.abc import Sequence

from dataferry.core.sizes import readable_count
from dataferry.core.types import SOURCE_LABELS, JobView, SourceProblem
from dataferry.library.views import DatasetCard
from dataferry.tools.formatting import format_job_state, format_size
from dataferry.tools.outputs import DetailsOutput, JobsOutput, LibraryOutput, StartOutput

_MAX_LISTED = 5
_README_CHARACTERS = 500


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
    query: str,
    cards: Sequence[DatasetCard],
    problems: Sequence[SourceProblem],
    *,
    more: bool = False,
    further: bool = False,
    without_filters: bool = False,
) -> str:
    """``further``: a later page. ``without_filters``: nothing fitted the filters, so these do not."""
    paragraphs = []
    if not cards:
        nothing = "There are no further datasets" if further else "I found no dataset"
        paragraphs.append(f"{nothing} for “{escape_markdown(query)}”. Try fewer or other words.")
    else:
        counts = Counter(card.source for card in cards)
        where = " · ".join(f"{source} {count}" for source, count in counts.items())
        head = "Nothing fits all of that. Without the filters there" if without_filters else "There"
        verb = "is" if len(cards) == 1 else "are"
        more_of = "further " if further else ""
        paragraphs.append(
            f"{head} {verb} **{_count(len(cards), more_of + 'dataset')}**"
            f" for “{escape_markdown(query)}” ({where}):"
        )
        paragraphs.append(
            "\n".join(f"{n}. {card_line(card)}" for n, card in enumerate(cards[:_MAX_LISTED], 1))
        )
        if len(cards) > _MAX_LISTED:
            paragraphs.append(f"{len(cards) - _MAX_LISTED} more are in the list below.")
    paragraphs += problem_lines(problems)
    if cards:
        ways = ["“download the first one”", "“tell me about the first one”"]
        if more:
            ways.append("“show more”")
        paragraphs.append(f"Press Download on a card, or say {', '.join(ways[:-1])} or {ways[-1]}.")
    return "\n\n".join(paragraphs)


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


def problem_lines(problems: Sequence[SourceProblem]) -> list[str]:
    """What each source that failed said, with the next act."""
    return [
        f"{SOURCE_LABELS[problem.source]} did not answer: {escape_markdown(problem.detail, 300)}"
        + (f" {escape_markdown(problem.next_step, 300)}" if problem.next_step else "")
        for problem in problems
    ]


def details_answer(outputs: Sequence[DetailsOutput]) -> str:
    return "\n\n".join(map(_details, outputs))


def _details(output: DetailsOutput) -> str:
    card = output.card
    rows = [
        ("Source", f"{card.source}, `{card.ref.replace('`', '')}`"),
        ("Size", format_size(card.size_bytes)),
    ]
    if card.file_count is not None:
        rows.append(("Files", readable_count(card.file_count, more=card.more_files)))
    rows.append(("Licence", escape_markdown(card.license, 80) if card.license else "not stated"))
    if card.formats:
        rows.append(("Formats", escape_markdown(", ".join(card.formats))))
    if card.downloads:
        rows.append(("Downloads", f"{card.downloads:,}"))
    if card.updated_at is not None:
        rows.append(("Updated", f"{card.updated_at:%Y-%m-%d}"))
    lines = [f"**{escape_markdown(card.title)}**", "\n".join(f"- {name}: {value}" for name, value in rows)]
    text = _first_paragraph(output.readme) or card.description
    if text:
        lines.append(f"> {escape_markdown(text, _README_CHARACTERS)}")
    if card.gated:
        lines.append("It is gated: accept its terms at its source first, then download it.")
    if card.local_status == "downloaded":
        lines.append(f"It is on this machine: `{(card.file_path or '').replace('`', '')}`.")
    else:
        lines.append("Say “download it”, or press Download.")
    return "\n\n".join(lines)


def started_answer(outputs: Sequence[StartOutput], failures: Sequence[str]) -> str:
    started = [output.card for output in outputs if output.ticket is not None]
    waiting = [output for output in outputs if output.ticket is None]
    paragraphs = []
    if started:
        names = _join(
            [f"**{escape_markdown(card.title)}** ({format_size(card.size_bytes)})" for card in started]
        )
        verb = "is" if len(started) == 1 else "are"
        paragraphs.append(
            f"{names} {verb} being downloaded. It goes on when you leave this page; the card shows how far"
            " it is, and each file is verified before it counts as done."
        )
    paragraphs += [
        f"**{escape_markdown(output.card.title)}**: {escape_markdown(output.reason or '', 400)}"
        for output in waiting
    ]
    paragraphs += [escape_markdown(failure, 400) for failure in failures]
    return "\n\n".join(paragraphs)


def jobs_answer(output: JobsOutput) -> str:
    if not output.jobs:
        return "Nothing is being downloaded, and nothing was lately."
    lines = []
    for job in output.jobs:
        line = f"- **{escape_markdown(job.title)}** ({job.ref.partition(':')[0]}): {format_job_state(job)}"
        if job.problem is not None and job.state in ("failed", "waiting"):
            line += f". {escape_markdown(job.problem.detail, 300)}"
            line += f" {escape_markdown(job.problem.next_step, 300)}" if job.problem.next_step else ""
        elif job.state == "succeeded" and job.file_path:
            line += f", in `{job.file_path.replace('`', '')}`"
        lines.append(line)
    active = sum(job.active for job in output.jobs)
    head = (
        f"{_count(active, 'download')} under way:" if active else "Nothing is being downloaded now. Lately:"
    )
    return head + "\n\n" + "\n".join(lines)


def cancelled_answer(jobs: Sequence[JobView], failures: Sequence[str]) -> str:
    names = _join([f"**{escape_markdown(job.title)}**" for job in jobs])
    lines = [f"Cancelled: {names}. Others who asked for the same dataset still get it."] if jobs else []
    return "\n\n".join([*lines, *(escape_markdown(failure, 400) for failure in failures)])


def which_job(jobs: Sequence[JobView]) -> str:
    if not jobs:
        return "Nothing is being downloaded, so there is nothing to cancel."
    lines = "\n".join(f"- **{escape_markdown(job.title)}**: {format_job_state(job)}" for job in jobs)
    return f"Which one shall I cancel?\n\n{lines}\n\nSay its name, or “cancel all”."


def library_answer(output: LibraryOutput) -> str:
    here = [dataset for dataset in output.datasets if dataset.downloaded]
    other = [dataset for dataset in output.datasets if not dataset.downloaded]
    if not output.datasets:
        return "Your library is empty. Tell me what data you need, and I will look for it."
    paragraphs = []
    if here:
        lines = "\n".join(
            f"- **{escape_markdown(dataset.title)}** ({dataset.source}, {format_size(dataset.size)}): "
            f"`{(dataset.local_path or '').replace('`', '')}`"
            for dataset in here
        )
        paragraphs.append(f"{_count(len(here), 'dataset')} on this machine:\n\n{lines}")
    if other:
        lines = "\n".join(f"- **{escape_markdown(dataset.title)}**: {dataset.status}" for dataset in other)
        paragraphs.append(f"Not (yet) here:\n\n{lines}")
    if output.total > len(output.datasets):
        paragraphs.append(f"There are {output.total:,} in all; the Library page lists them.")
    return "\n\n".join(paragraphs)


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
