"""Who sees a dataset, whose it is, and who may remove it: one rule for every way that leads to it.

Functions take the session first.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, select

from dataferry.core.db import now
from dataferry.core.inserts import insert_missing
from dataferry.core.specs import OWN_SOURCES
from dataferry.core.types import Viewer
from dataferry.library import share_rows
from dataferry.library.models import Dataset, DatasetAccess

#: How long a person's own access to a restricted dataset stands before it is checked again.
ACCESS_VALID = timedelta(hours=24)
#: Sources whose datasets people bring themselves: nobody else knows who may have them.
GIVEN_BY_PEOPLE = ("url", *(name for name, spec in OWN_SOURCES.items() if spec.given))
#: In place of the time of a check: the source has said no.
_REFUSED = datetime(1970, 1, 1, tzinfo=UTC)


# -- seeing ----------------------------------------------------------------------------------------


def permitted_to(viewer: Viewer) -> list[ColumnElement[bool]]:
    """Of rows whose files the viewer may have: those of ``in_own_right``, and what is shared with them.
    Admins may have all."""
    if viewer.admin:
        return []
    return [or_(_in_own_right(viewer), share_rows.shared_with(viewer))]


def _in_own_right(viewer: Viewer) -> ColumnElement[bool]:
    """Public rows, restricted ones that their own access was checked for lately, and private URLs and files
    that they gave."""
    confirmed = known_to(viewer, DatasetAccess.checked_at > now() - ACCESS_VALID)
    own = and_(col(Dataset.source).in_(GIVEN_BY_PEOPLE), known_to(viewer))
    return or_(col(Dataset.visibility) == "public", confirmed, own)


def visible_to(viewer: Viewer) -> list[ColumnElement[bool]]:
    """Of rows that the viewer sees. What is not here is seen by those who asked for it only: that somebody
    else wants a dataset, or wanted it, is theirs to tell. Of built-in ones all know that they exist, and a
    view tells no more (``hides_state``)."""
    if viewer.admin:
        return []
    exists = and_(col(Dataset.source) == "builtin", col(Dataset.selection) == "")
    return [*permitted_to(viewer), or_(col(Dataset.downloaded), exists, known_to(viewer))]


def in_own_right(session: Session, dataset: Dataset, viewer: Viewer) -> bool:
    """Whether they may have it without anybody's sharing it: so that they may ask for it themselves, and
    pass it on."""
    return viewer.admin or _holds(session, dataset, [_in_own_right(viewer)])


def may_see(session: Session, dataset: Dataset, viewer: Viewer) -> bool:
    return _holds(session, dataset, visible_to(viewer))


def known_to(viewer: Viewer, *conditions: ColumnElement[bool] | bool) -> ColumnElement[bool]:
    """Whether they know of the row. Asked of each row that is looked at: a list of all that a person knows
    would be made for every page."""
    query = select(DatasetAccess.dataset_id).where(
        DatasetAccess.dataset_id == Dataset.id, DatasetAccess.user_id == viewer.user_id, *conditions
    )
    return query.exists()


def _holds(session: Session, dataset: Dataset, conditions: Sequence[ColumnElement[bool]]) -> bool:
    return session.exec(select(Dataset.id).where(Dataset.id == dataset.id, *conditions)).first() is not None


# -- access and ownership --------------------------------------------------------------------------


def record_access(session: Session, dataset_id: str, user_id: str, valid: timedelta = ACCESS_VALID) -> None:
    """The person may see the dataset for the time ``valid``."""
    insert_missing(session, DatasetAccess(dataset_id=dataset_id, user_id=user_id))
    access = session.get_one(DatasetAccess, (dataset_id, user_id))
    access.checked_at = now() - ACCESS_VALID + valid
    session.add(access)
    session.flush()


def prolong_access(session: Session, dataset_id: str, user_id: str, valid: timedelta) -> None:
    """What their source granted before stands for the time ``valid``; what it refused stays refused."""
    access = session.get(DatasetAccess, (dataset_id, user_id))
    if access is not None and access.checked_at > _REFUSED:
        record_access(session, dataset_id, user_id, valid)


def refuse_access(session: Session, dataset_id: str, user_id: str) -> None:
    """Their source has said no: they may have the dataset no longer, nor let others have it."""
    access = session.get(DatasetAccess, (dataset_id, user_id))
    if access is not None:
        access.checked_at = _REFUSED
        session.add(access)
    share_rows.drop_by(session, dataset_id, [user_id])
    session.flush()


def own(session: Session, dataset_id: str, user_ids: Collection[str]) -> None:
    """Each of them has asked for the dataset: it is theirs too, until they delete it."""
    for access in _accesses(session, dataset_id, user_ids):
        access.owner = True
        session.add(access)


def give_up(session: Session, dataset_id: str, user_ids: Collection[str] | None = None) -> list[str]:
    """It is theirs no longer, by default nobody's; they may see it as before. Returns those whose it still
    is."""
    for access in _accesses(session, dataset_id, user_ids):
        access.owner = False
        session.add(access)
    share_rows.drop_by(session, dataset_id, user_ids)
    session.flush()
    return owners(session, dataset_id)


def owners(session: Session, dataset_id: str) -> list[str]:
    query = select(DatasetAccess.user_id).where(DatasetAccess.dataset_id == dataset_id, DatasetAccess.owner)
    return sorted(session.exec(query))


def owned_by(session: Session, viewer: Viewer, dataset_ids: Sequence[str]) -> set[str]:
    """Which of these datasets are the viewer's."""
    query = select(DatasetAccess.dataset_id).where(
        DatasetAccess.user_id == viewer.user_id,
        DatasetAccess.owner,
        col(DatasetAccess.dataset_id).in_(dataset_ids),
    )
    return set(session.exec(query))


def removed_by(session: Session, viewer: Viewer, dataset_ids: Sequence[str]) -> set[str]:
    """Those of these datasets whose files the viewer's deletion would remove: an admin's removes them for
    all, another's when they are its last owner."""
    if viewer.admin:
        return set(dataset_ids)
    others = select(DatasetAccess.dataset_id).where(
        DatasetAccess.user_id != viewer.user_id,
        DatasetAccess.owner,
        col(DatasetAccess.dataset_id).in_(dataset_ids),
    )
    return set(dataset_ids) - set(session.exec(others).all())


def move(session: Session, dataset_id: str, to: Dataset) -> None:
    """What persons have of a row that becomes one with another. Access to a restricted one is for its
    source to confirm."""
    for access in _accesses(session, dataset_id):
        if to.visibility == "public":
            record_access(session, to.id, access.user_id)
            if access.owner:
                own(session, to.id, [access.user_id])
        session.delete(access)


def _accesses(
    session: Session, dataset_id: str, user_ids: Collection[str] | None = None
) -> Sequence[DatasetAccess]:
    query = select(DatasetAccess).where(DatasetAccess.dataset_id == dataset_id)
    if user_ids is not None:
        query = query.where(col(DatasetAccess.user_id).in_(user_ids))
    return session.exec(query).all()
