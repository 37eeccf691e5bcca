"""The library as a list: searched, filtered, sorted, a page at a time."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, and_, case, func, literal_column
from sqlmodel import Session, col, select

from dataferry.core.paging import Column, Position, SortKey, fetch
from dataferry.core.types import Grade, SourceName, Viewer
from dataferry.library.models import Dataset, searchable
from dataferry.library.rights import visible_to
from dataferry.library.storage_views import SourceStorage

#: By names of the rows' fields, downward with a minus. The others are older: what they mean is down or up
#: by itself, unless ``descending`` says so.
_FIELDS = {
    "updated_at": "changed",
    "title": "name",
    "size_bytes": "size",
    "file_count": "files",
    "downloaded_at": "downloaded",
    "last_used_at": "used",
}
SortWord = Literal[
    "changed",
    "name",
    "source",
    "size",
    "files",
    "license",
    "downloaded",
    "used",
    "checksum",
    "state",
    "-source",
    "-license",
    "-checksum",
    "-state",
    "updated_at",
    "title",
    "size_bytes",
    "file_count",
    "downloaded_at",
    "last_used_at",
    "-updated_at",
    "-title",
    "-size_bytes",
    "-file_count",
    "-downloaded_at",
    "-last_used_at",
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
    registered: bool = Field(True, description="With the built-in datasets that nobody has asked for")
    grade: Grade | None = Field(None, description="Whose word the checksums are")
    sort: SortWord = Field("changed", description="By a field, downward with a minus: `-size_bytes`")
    descending: bool | None = Field(None, description="By default newest and largest first, names from A")
    page_size: int = Field(50, ge=1, le=200)
    page_number: int = Field(1, ge=1, le=1_000_000)
    limit: int | None = Field(None, ge=1, le=200, description="The same as `page_size`, and before it")
    cursor: str | None = Field(None, max_length=8000, description="`next` of the page before")

    @property
    def length(self) -> int:
        """How many rows a page has at most."""
        return self.limit or self.page_size


def page(
    session: Session, viewer: Viewer, wanted: LibraryQuery, position: Position | None = None
) -> tuple[list[Dataset], int, Position | None]:
    """A page of what is downloaded, under way, or failed lately and visible to the viewer; the total, as it
    was on the first page; and where the next page begins."""
    conditions = [col(Dataset.status) != "absent", *visible_to(viewer), *_matching(wanted)]
    query = select(Dataset).where(*conditions)
    if position is None:
        total = session.exec(select(func.count()).select_from(Dataset).where(*conditions)).one()
    else:  # Counting costs more than a page: it is done for the first one.
        total, *rest = position
        position = tuple(rest)
    keys = [*_order(wanted), SortKey(col(Dataset.id))]
    first = (wanted.page_number - 1) * wanted.length
    found, last = fetch(session, query, keys, limit=wanted.length, position=position, offset=first)
    return [dataset for (dataset,) in found], total, None if last is None else (total, *last)


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
    conditions = containing(wanted.q)
    if wanted.source is not None:
        conditions.append(col(Dataset.source) == wanted.source)
    if not wanted.registered:
        conditions.append(col(Dataset.status) != "registered")
    if wanted.grade is not None:
        conditions.append(and_(col(Dataset.downloaded), col(Dataset.grade) == wanted.grade))
    match wanted.state:
        case "here":
            conditions.append(col(Dataset.downloaded).is_(True))
        case "under_way":
            over = col(Dataset.status).in_(("failed", "registered"))
            conditions.append(and_(~col(Dataset.downloaded), ~over))
        case "failed":
            conditions.append(and_(~col(Dataset.downloaded), col(Dataset.status) == "failed"))
    return conditions


def containing(text: str) -> list[ColumnElement[bool]]:
    """Of rows with each word of a text in their title, ref or name."""
    words = searchable(text).split()[:_MAX_WORDS]
    return [col(Dataset.search_text).contains(word, autoescape=True) for word in words]


def _order(wanted: LibraryQuery) -> list[SortKey]:
    column: Column
    word = wanted.sort.removeprefix("-")
    name = _FIELDS.get(word, word)
    downward = wanted.sort != word
    if not downward and word not in _FIELDS:
        downward = name in ("changed", "size", "files", "downloaded", "used")
    if wanted.descending is not None:
        downward = wanted.descending
    if name == "changed":
        return [SortKey(col(Dataset.updated_at_ms), downward)]
    by_name = SortKey(func.lower(Dataset.title), downward and name == "name")
    if name == "name":
        return [by_name]
    match name:
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
    # What has no value comes last either way: the two databases do not agree on where.
    # Written out, not bound: a database finds its index of this expression by its text.
    missing = case((column.is_(None), literal_column("1")), else_=literal_column("0"))
    return [SortKey(missing), SortKey(column, downward), by_name]
