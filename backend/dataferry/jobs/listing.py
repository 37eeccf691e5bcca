"""A person's jobs as a list: filtered, sorted, a page at a time."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, or_
from sqlmodel import Session, col

from dataferry.core.job_types import JobKind, JobState
from dataferry.core.paging import Column, Position, SortKey, fetch
from dataferry.core.types import SourceName
from dataferry.jobs import rows
from dataferry.jobs.models import Job, JobRequester

JobSort = Literal[
    "created_at", "-created_at", "title", "-title", "source", "-source", "kind", "-kind", "state", "-state"
]


class JobQuery(BaseModel):
    """Which of a person's jobs are wanted, in which order."""

    model_config = ConfigDict(extra="forbid")

    state: list[JobState] | None = None
    dismissed: bool | None = Field(None, description="By default both: on the list and off it")
    source: SourceName | None = None
    kind: JobKind | None = None
    q: str = Field("", max_length=200, description="Words that the title or the ref must contain")
    sort: JobSort | None = Field(None, description="By default those to end first, then what ended last")
    limit: int = Field(200, ge=1, le=500)
    offset: int = Field(0, ge=0, le=10**6, description="Older than `cursor`; new rows shift it")
    cursor: str | None = Field(None, max_length=8000, description="From the `Link` header of the page before")


def page(
    session: Session, user_id: str, wanted: JobQuery, position: Position | None = None
) -> tuple[list[tuple[Job, JobRequester]], Position | None]:
    """A page of what a person asked for, and where the next one begins."""
    query = rows.requests(user_id, states=wanted.state, dismissed=wanted.dismissed)
    if wanted.source is not None:
        query = query.where(Job.source == wanted.source)
    if wanted.kind is not None:
        query = query.where(Job.kind == wanted.kind)
    for word in wanted.q.replace("\0", "").split()[:10]:
        named = (col(Job.title), col(Job.ref))
        query = query.where(or_(*(column.icontains(word, autoescape=True) for column in named)))
    found, last = fetch(
        session, query, _keys(wanted.sort), limit=wanted.limit, position=position, offset=wanted.offset
    )
    return [(job, requester) for job, requester in found], last


def _keys(sort: JobSort | None) -> list[SortKey]:
    if sort is None:
        place = (col(JobRequester.active), col(JobRequester.listed_at), col(JobRequester.job_id))
        return [SortKey(column, descending=True) for column in place]
    newest = [SortKey(col(Job.created_at), descending=True), SortKey(col(Job.id), descending=True)]
    descending = sort.startswith("-")
    columns: dict[str, Column] = {
        "title": func.lower(Job.title),
        "source": col(Job.source),
        "kind": col(Job.kind),
        "state": col(Job.state),
    }
    column = columns.get(sort.removeprefix("-"))
    if column is None:
        return [SortKey(key.column, descending) for key in newest]
    return [SortKey(column, descending), *newest]
