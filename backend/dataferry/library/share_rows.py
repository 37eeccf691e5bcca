"""The rows of shares: who may see a restricted dataset because somebody let them. Functions take the session
first."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_
from sqlmodel import Session, col, delete, select

from dataferry.core.inserts import insert_missing
from dataferry.core.types import Viewer
from dataferry.library.models import Dataset, DatasetAccess, DatasetShare

#: In place of a person.
EVERYBODY = "*"


def shared_with(viewer: Viewer) -> ColumnElement[bool]:
    """Whether the row's files are here and shared with them."""
    query = select(DatasetShare.dataset_id).where(
        DatasetShare.dataset_id == Dataset.id,
        col(DatasetShare.user_id).in_((viewer.user_id, EVERYBODY)),
        Dataset.downloaded,
    )
    return query.exists()


def given_by_holder(viewer: Viewer) -> ColumnElement[bool]:
    """Whether the one whose access a row of ``DatasetAccess`` is shares the dataset with the viewer."""
    return and_(
        col(DatasetShare.dataset_id) == DatasetAccess.dataset_id,
        col(DatasetShare.shared_by) == DatasetAccess.user_id,
        col(DatasetShare.user_id).in_((viewer.user_id, EVERYBODY)),
    )


def of(session: Session, dataset_id: str) -> Sequence[DatasetShare]:
    query = select(DatasetShare).where(DatasetShare.dataset_id == dataset_id)
    return session.exec(query.order_by(col(DatasetShare.shared_at), DatasetShare.user_id)).all()


def shared(session: Session, dataset_ids: Collection[str]) -> set[str]:
    """Which of these datasets are shared with anybody."""
    query = select(DatasetShare.dataset_id).where(col(DatasetShare.dataset_id).in_(dataset_ids))
    return set(session.exec(query.distinct()))


def add(session: Session, dataset_id: str, user_id: str, shared_by: str) -> None:
    insert_missing(session, DatasetShare(dataset_id=dataset_id, user_id=user_id, shared_by=shared_by))


def drop(session: Session, dataset_id: str, user_ids: Collection[str] | None = None) -> None:
    """Take it back from these people, by default from all."""
    gone = delete(DatasetShare).where(col(DatasetShare.dataset_id) == dataset_id)
    if user_ids is not None:
        gone = gone.where(col(DatasetShare.user_id).in_(user_ids))
    session.exec(gone)


def drop_by(session: Session, dataset_id: str, sharers: Collection[str] | None) -> None:
    """What these people have shared is shared no longer; by default what anybody has."""
    gone = delete(DatasetShare).where(col(DatasetShare.dataset_id) == dataset_id)
    if sharers is not None:
        gone = gone.where(col(DatasetShare.shared_by).in_(sharers))
    session.exec(gone)


def hand_on(session: Session, dataset_id: str, to: str, sharers: Collection[str]) -> None:
    """What these people have shared of one dataset they share of another, such as its newer revision."""
    for share in of(session, dataset_id):
        if share.shared_by in sharers:
            add(session, to, share.user_id, share.shared_by)
