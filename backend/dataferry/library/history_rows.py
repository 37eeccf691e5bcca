"""The rows of the history of downloads. Functions take the session first."""

from collections.abc import Collection
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, func, or_
from sqlmodel import Session, col, select

from dataferry.accounts import rows as account_rows
from dataferry.core.inserts import insert_or_replace
from dataferry.core.job_types import JobView
from dataferry.core.paging import Position, SortKey, fetch
from dataferry.core.types import SourceName
from dataferry.library.models import Dataset, HistoryEntry

HistoryKind = Literal["download", "update", "delete", "cleanup"]
HistoryState = Literal["succeeded", "failed"]
#: Kinds of jobs that are written down.
KINDS = frozenset({"download", "update", "delete"})
_MAX_WORDS = 10


class HistoryQuery(BaseModel):
    """Which of a person's entries are wanted."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field("", max_length=200, description="Words that the title or the ref must contain")
    kind: HistoryKind | None = None
    state: HistoryState | None = None
    source: SourceName | None = None
    limit: int = Field(50, ge=1, le=500)
    offset: int = Field(0, ge=0, le=10**6, description="Older than `cursor`; new rows shift it")
    cursor: str | None = Field(None, max_length=8000, description="`next` of the page before")


def record(
    session: Session, job: JobView, user_ids: Collection[str], *, kind: HistoryKind | None = None
) -> None:
    """Write down for these people what became of a job; again where it ended before. Those who have no
    account, such as the automatic clean-up, have no history."""
    dataset = session.get(Dataset, job.dataset_id)
    for user_id in account_rows.emails(session, sorted(user_ids)):
        insert_or_replace(
            session,
            HistoryEntry(
                job_id=job.id,
                user_id=user_id,
                kind=kind or job.kind,
                state="failed" if job.state == "failed" else "succeeded",
                dataset_id=job.dataset_id,
                ref=job.ref,
                source=job.source,
                title=(dataset.title if dataset else "") or job.title,
                revision=job.revision,
                license=dataset.license if dataset else None,
                file_count=dataset.file_count if dataset else None,
                size=dataset.size if dataset else None,
            ),
        )


def page(
    session: Session, user_id: str, wanted: HistoryQuery, position: Position | None = None
) -> tuple[list[HistoryEntry], int, Position | None]:
    """A page of a person's entries, newest first; how many there are, as on the first page; and where the
    next page begins."""
    query = select(HistoryEntry).where(HistoryEntry.user_id == user_id)
    for name in ("kind", "state", "source"):
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(getattr(HistoryEntry, name) == value)
    for word in wanted.q.replace("\0", "").split()[:_MAX_WORDS]:
        named = (col(HistoryEntry.title), col(HistoryEntry.ref))
        query = query.where(or_(*(column.icontains(word, autoescape=True) for column in named)))
    if position is None:
        total = session.exec(select(func.count()).select_from(query.subquery())).one()
    else:
        total, *rest = position
        position = tuple(rest)
    keys = [SortKey(col(HistoryEntry.at), descending=True), SortKey(col(HistoryEntry.job_id))]
    found, last = fetch(session, query, keys, limit=wanted.limit, position=position, offset=wanted.offset)
    return [entry for (entry,) in found], total, None if last is None else (total, *last)


def clear(session: Session, user_id: str, job_id: str | None = None) -> int:
    """Delete a person's entries, by default all; how many."""
    gone = delete(HistoryEntry).where(col(HistoryEntry.user_id) == user_id)
    if job_id is not None:
        gone = gone.where(col(HistoryEntry.job_id) == job_id)
    return session.execute(gone).rowcount  # type: ignore[attr-defined,no-any-return]
