"""The library as a list: searched, filtered, sorted, a page at a time."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, and_, case, func, or_
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from dataferry.core.types import Grade, SourceName, Viewer
from dataferry.library.models import Dataset
from dataferry.library.rights import visible_to
from dataferry.library.views import SourceStorage

SortKey = Literal[
    "changed", "name", "source", "size", "files", "license", "downloaded", "used", "checksum", "state"
]
#: ``here``: its files are; ``under_way``: they are to come; ``failed``: they did not.
Condition = Literal["here", "under_way", "failed"]

#: Words of a search; more are left out.
_MAX_WORDS = 10


class LibraryQuery(BaseModel):
    """What of the library is wanted, in which order. Pages count from 1."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field("", max_length=200, description="Words that the name or the id must contain")
    source: SourceName | None = None
    state: Condition | None = None
    grade: Grade | None = Field(None, description="Whose word the checksums are")
    sort: SortKey = "changed"
    descending: bool | None = Field(None, description="By default newest and largest first, names from A")
    page_size: int = Field(50, ge=1, le=200)
    page_number: int = Field(1, ge=1, le=1_000_000)


def page(session: Session, viewer: Viewer, wanted: LibraryQuery) -> tuple[list[Dataset], int]:
    """A page of what is downloaded, under way, or failed lately and visible to the viewer; and the total."""
    query = select(Dataset).where(Dataset.status != "absent", *visible_to(viewer), *_matching(wanted))
    total = session.exec(select(func.count()).select_from(query.subquery())).one()
    ordered = query.order_by(*_order(wanted), Dataset.id)
    first = (wanted.page_number - 1) * wanted.page_size
    return list(session.exec(ordered.offset(first).limit(wanted.page_size))), total


def by_source(session: Session, viewer: Viewer) -> tuple[SourceStorage, ...]:
    """What is here of each source, the largest first."""
    query = (
        select(Dataset.source, func.count(), func.coalesce(func.sum(Dataset.size), 0))
        .where(col(Dataset.downloaded), *visible_to(viewer))
        .group_by(col(Dataset.source))
    )
    found = [
        SourceStorage(source=source, dataset_count=count, size_bytes=int(size or 0))
        for source, count, size in session.exec(query)
    ]
    return tuple(sorted(found, key=lambda one: -one.size_bytes))


def _matching(wanted: LibraryQuery) -> list[ColumnElement[bool]]:
    conditions = [_contains(word) for word in wanted.q.replace("\0", "").split()[:_MAX_WORDS]]
    if wanted.source is not None:
        conditions.append(col(Dataset.source) == wanted.source)
    if wanted.grade is not None:
        conditions.append(and_(col(Dataset.downloaded), col(Dataset.grade) == wanted.grade))
    match wanted.state:
        case "here":
            conditions.append(col(Dataset.downloaded).is_(True))
        case "under_way":
            conditions.append(and_(~col(Dataset.downloaded), col(Dataset.status) != "failed"))
        case "failed":
            conditions.append(and_(~col(Dataset.downloaded), col(Dataset.status) == "failed"))
    return conditions


def _contains(word: str) -> ColumnElement[bool]:
    """The name or the id has the word, whatever its case: SQLite knows that of ASCII only."""
    written = {word, word.lower(), word.upper(), word.capitalize()}
    named = (func.coalesce(column, "") for column in (Dataset.title, Dataset.name))
    return or_(*(column.icontains(form, autoescape=True) for column in named for form in written))


def _order(wanted: LibraryQuery) -> list[ColumnElement[Any]]:
    column: ColumnElement[Any] | Mapped[Any]
    if wanted.sort == "changed":
        column, downward = col(Dataset.updated_at_ms), wanted.descending is not False
        return [column.desc() if downward else column.asc()]
    downward_by_default = wanted.sort in ("size", "files", "downloaded", "used")
    match wanted.sort:
        case "name":
            column = func.lower(Dataset.title)
        case "source":
            column = col(Dataset.source)
        case "size":
            column = col(Dataset.size)
        case "files":
            column = col(Dataset.file_count)
        case "license":
            column = func.lower(Dataset.license)
        case "downloaded":
            column = col(Dataset.downloaded_at_ms)
        case "used":
            column = func.coalesce(Dataset.last_used_ms, Dataset.downloaded_at_ms)
        case "checksum":
            column = case({"publisher": 0, "transport": 1, "recorded": 2}, value=col(Dataset.grade))
        case "state":
            column = case((col(Dataset.downloaded), 2), (col(Dataset.status) == "failed", 0), else_=1)
    downward = downward_by_default if wanted.descending is None else wanted.descending
    # What has no value comes last either way: the two databases do not agree on where.
    missing = case((column.is_(None), 1), else_=0)
    by_name: ColumnElement[Any] = func.lower(Dataset.title)
    return [missing, column.desc() if downward else column.asc(), by_name]
