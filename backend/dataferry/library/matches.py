"""What of the library fits a search."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from dataferry.core.types import DatasetSummary, SourceName, Viewer
from dataferry.library import rights
from dataferry.library.cards import kept_summary
from dataferry.library.models import Dataset
from dataferry.sources.base import SearchFilters
from dataferry.sources.filters import doubts
from dataferry.sources.language import search_text
from dataferry.sources.ranking import rank
from dataferry.sources.relevance import is_about, subject_stems, text_fields
from dataferry.sources.vocabulary import meanings_of

#: So many datasets that are here stand before all others.
MAX_FIRST = 5
#: Rows that are looked at closely, and words that may lead to them.
_MAX_ROWS, _MAX_WORDS = 200, 24


def find_matches(
    session: Session,
    viewer: Viewer,
    query: str,
    filters: SearchFilters,
    sources: Sequence[SourceName] | None,
) -> list[DatasetSummary]:
    """What is downloaded, seen by the viewer, about the subject of ``query`` and sure to pass ``filters``,
    best first. Errors: those of ``search_text``."""
    text = search_text(query)
    fragments = list(dict.fromkeys(_fragments(text)))[:_MAX_WORDS]
    if not fragments:
        return []
    wanted = [
        col(Dataset.downloaded),
        *rights.visible_to(viewer),
        or_(*(_has(fragment) for fragment in fragments)),
    ]
    if sources:
        wanted.append(col(Dataset.source).in_(sources))
    newest = col(Dataset.downloaded_at_ms).desc()
    here = [
        kept_summary(row)
        for row in session.exec(select(Dataset).where(*wanted).order_by(newest).limit(_MAX_ROWS))
    ]
    fitting = [one for one in here if doubts(one, filters) == () and is_about(text, text_fields(one))]
    found: dict[SourceName, list[DatasetSummary]] = {}
    for summary in fitting:
        found.setdefault(summary.source, []).append(summary)
    return [
        summary.model_copy(update={"why": f"in the library · {summary.why}"})
        for summary in rank(found, text, filters)[:MAX_FIRST]
    ]


def _fragments(text: str) -> Iterator[str]:
    """The beginnings of the words that a row about the subject has; a stem's last letter is not always one of
    the word's."""
    subject = subject_stems(text)
    for word, meant in meanings_of(text).items():
        for stem in meant if word in subject else ():
            yield stem[: max(4, len(stem) - 1)]


def _has(fragment: str) -> ColumnElement[bool]:
    return or_(
        *(
            column.icontains(fragment, autoescape=True)
            for column in (
                col(Dataset.title),
                col(Dataset.name),
                col(Dataset.source_id),
                col(Dataset.description),
            )
        )
    )
