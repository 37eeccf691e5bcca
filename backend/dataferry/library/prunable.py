"""Which datasets may go to make room, in which order, and what that frees. Every function takes the session
first and only reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from dataferry.core.job_types import ACTIVE_STATES
from dataferry.core.specs import OWN_SOURCES
from dataferry.core.types import Viewer
from dataferry.jobs.models import Job
from dataferry.library.additions.models import Addition
from dataferry.library.last_use import NOTED_EVERY_S
from dataferry.library.models import Dataset, DatasetAccess, DatasetFile, DatasetPin
from dataferry.library.rights import visible_to
from dataferry.library.rows import now_ms

#: Whoever reads files notes it every minute: what was noted so lately is being read.
BEING_READ_MS = 1000 * (NOTED_EVERY_S + 30)

#: Rows that are read at a time.
_PAGE = 500

#: Of everybody's datasets.
EVERYBODY = Viewer("", admin=True)

#: When files were last read, or came.
_LAST_USE: ColumnElement[int] = case(
    (
        func.coalesce(Dataset.last_used_ms, 0) > func.coalesce(Dataset.downloaded_at_ms, 0),
        col(Dataset.last_used_ms),
    ),
    else_=func.coalesce(Dataset.downloaded_at_ms, 0),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A dataset that may go. ``last_use_ms`` since the epoch; ``freed_bytes`` once those before it are gone;
    ``going``: its deletion is under way."""

    row: Dataset
    last_use_ms: int
    freed_bytes: int
    going: bool


def candidates(session: Session, of: Viewer, *, unused_since_ms: int | None = None) -> Iterator[Candidate]:
    """What may go, least recently used first: of an admin everybody's, else what is theirs alone.

    What is pinned, being downloaded or being read is left out, and what nobody could download again.
    ``unused_since_ms``: only what nobody has used since. Those whose deletion is under way come before all
    others.
    """
    going = _leaving()
    free = and_(*_of(of), ~_irreplaceable(), ~_pinned(), _unread(), ~_at_work())
    rank = case((going, 0), else_=1)
    query = select(Dataset, _LAST_USE, rank).where(Dataset.downloaded, or_(free, and_(*_of(of), going)))
    order: tuple[Any, ...] = (rank, _LAST_USE, col(Dataset.id))
    after: tuple[Any, ...] | None = None
    while True:
        page = query.order_by(*order).limit(_PAGE)
        if after is not None:
            page = page.where(tuple_(*order) > tuple_(*after))
        found = session.exec(page).all()
        for row, last_use, place in found:
            if place and unused_since_ms is not None and last_use > unused_since_ms:
                return
            after = (place, last_use, row.id)
            yield Candidate(row, last_use, _freed(session, row, query, order, after), not place)
        if len(found) < _PAGE:
            return


def kept_counts(session: Session, of: Viewer) -> tuple[int, int, int]:
    """How many datasets that are here nobody could download again, how many others are pinned, and how many
    of the rest are being downloaded or read."""
    here = select(func.count()).select_from(Dataset).where(Dataset.downloaded, *_of(of))
    irreplaceable = session.exec(here.where(_irreplaceable())).one()
    here = here.where(~_irreplaceable())
    pinned = session.exec(here.where(_pinned())).one()
    busy = session.exec(here.where(~_pinned(), or_(~_unread(), _at_work()))).one()
    return irreplaceable, pinned, busy


def usage(session: Session, user_id: str) -> int:
    """Bytes of what is a person's, with what they have under way; equal files count once."""
    mine = _owned_by(user_id)
    return here_bytes(session, mine) + under_way(session, mine)


def here_bytes(session: Session, *conditions: ColumnElement[bool]) -> int:
    """Bytes of what is here; equal files count once. What a deletion has taken away counts no longer, though
    its files' rows go later."""
    files = (
        select(DatasetFile.sha256, DatasetFile.size)
        .join(
            Dataset,
            and_(
                col(Dataset.id) == DatasetFile.dataset_id, col(Dataset.generation) == DatasetFile.generation
            ),
        )
        .where(Dataset.downloaded, *conditions)
        .distinct()
        .subquery()
    )
    return int(session.exec(select(func.sum(files.c.size))).one() or 0)


def staying_bytes(session: Session, owner_id: str | None = None) -> int:
    """Bytes of what is here and is not being deleted, by default of everybody's."""
    return here_bytes(session, ~_leaving(), *([_owned_by(owner_id)] if owner_id else []))


def under_way(session: Session, *conditions: ColumnElement[bool]) -> int:
    """Bytes of what is to come and not here yet, as far as the sizes are known."""
    query = select(func.sum(Dataset.size)).where(~col(Dataset.downloaded), _at_work(), *conditions)
    return int(session.exec(query).one() or 0)


def arriving(session: Session, user_id: str | None = None) -> int:
    """Bytes of what people are adding themselves, or one of them, as announced."""
    query = select(func.sum(Addition.size)).where(col(Addition.job_id).is_(None))
    if user_id is not None:
        query = query.where(Addition.user_id == user_id)
    return int(session.exec(query).one() or 0)


def _freed(session: Session, row: Dataset, goes: Any, order: tuple[Any, ...], place: tuple[Any, ...]) -> int:
    """Bytes of the row's files that nothing has which stays, or goes later."""
    other = aliased(DatasetFile)
    goes_before = goes.with_only_columns(col(Dataset.id)).where(
        col(Dataset.id) == col(other.dataset_id), tuple_(*order) < tuple_(*place)
    )
    held = exists().where(
        col(other.sha256) == col(DatasetFile.sha256),
        col(other.dataset_id) != row.id,
        ~goes_before.exists(),
    )
    own = select(DatasetFile.sha256, DatasetFile.size).where(
        DatasetFile.dataset_id == row.id, DatasetFile.generation == row.generation, ~held
    )
    return int(session.exec(select(func.sum(own.distinct().subquery().c.size))).one() or 0)


def _of(viewer: Viewer) -> list[ColumnElement[bool]]:
    """Theirs to remove, so that the files go with it."""
    if viewer.admin:
        return []
    owner = select(DatasetAccess.dataset_id).where(
        DatasetAccess.dataset_id == Dataset.id, DatasetAccess.owner
    )
    return [
        owner.where(DatasetAccess.user_id == viewer.user_id).exists(),
        ~owner.where(DatasetAccess.user_id != viewer.user_id).exists(),
        *visible_to(viewer),
    ]


def _owned_by(user_id: str) -> ColumnElement[bool]:
    mine = select(DatasetAccess.dataset_id).where(DatasetAccess.user_id == user_id, DatasetAccess.owner)
    return col(Dataset.id).in_(mine)


def _irreplaceable() -> ColumnElement[bool]:
    """What people have given themselves, and what has versions: no source has it."""
    given = [name for name, spec in OWN_SOURCES.items() if spec.given]
    return or_(col(Dataset.versioned), col(Dataset.source).in_(given))


def _pinned() -> ColumnElement[bool]:
    return select(DatasetPin.user_id).where(DatasetPin.dataset_id == Dataset.id).exists()


def _unread() -> ColumnElement[bool]:
    return func.coalesce(Dataset.last_used_ms, 0) < now_ms() - BEING_READ_MS


def _at_work(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    jobs = select(Job.id).where(Job.dataset_id == Dataset.id, col(Job.state).in_(ACTIVE_STATES))
    return jobs.where(*conditions).exists()


def _leaving() -> ColumnElement[bool]:
    return _at_work(col(Job.kind) == "delete")
