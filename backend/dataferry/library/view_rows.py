"""The rows of views: who wants a dataset's files hardlinked into which folder. Functions take the session
first."""

from collections.abc import Collection
from pathlib import Path

from sqlmodel import Session, col, select

from dataferry.core.inserts import insert_missing
from dataferry.library.models import Dataset, ViewFolder


def add(session: Session, dataset_id: str, user_id: str, path: str) -> None:
    """Have the dataset hardlinked into ``path`` as well, once it is downloaded."""
    insert_missing(session, ViewFolder(dataset_id=dataset_id, user_id=user_id, path=path))


def of(session: Session, dataset_id: str) -> list[ViewFolder]:
    """All views of a dataset, by their paths."""
    query = select(ViewFolder).where(ViewFolder.dataset_id == dataset_id)
    return list(session.exec(query.order_by(ViewFolder.path, ViewFolder.user_id)))


def paths(session: Session, dataset_id: str) -> list[str]:
    """The folders of a dataset's views, each once."""
    return sorted({view.path for view in of(session, dataset_id)})


def only_of(session: Session, dataset_id: str, users: Collection[str]) -> list[str]:
    """The folders that these people want, and nobody else does."""
    others = {view.path for view in of(session, dataset_id) if view.user_id not in users}
    return [path for path in paths(session, dataset_id) if path not in others]


def drop(
    session: Session,
    dataset_id: str,
    views: Collection[str] | None = None,
    users: Collection[str] | None = None,
) -> None:
    """Forget the views with these paths, of these people; by default all. The folders stay as they are."""
    for view in of(session, dataset_id):
        if (views is None or view.path in views) and (users is None or view.user_id in users):
            session.delete(view)


def move(session: Session, dataset_id: str, to: str) -> None:
    """Make the views of one dataset those of another."""
    for view in of(session, dataset_id):
        add(session, to, view.user_id, view.path)
        session.delete(view)


def overlapping(session: Session, dataset_id: str) -> list[tuple[Path, Path]]:
    """Pairs of tree and view of other datasets whose views share a folder with this one's."""
    mine = [Path(path) for path in paths(session, dataset_id)]
    if not mine:
        return []
    query = (
        select(Dataset.local_path, ViewFolder.path)
        .join(ViewFolder, col(ViewFolder.dataset_id) == Dataset.id)
        .where(Dataset.downloaded, Dataset.id != dataset_id)
        .distinct()
    )
    return [
        (Path(tree), Path(path))
        for tree, path in session.exec(query)
        if tree and any(Path(path).is_relative_to(own) or own.is_relative_to(path) for own in mine)
    ]
