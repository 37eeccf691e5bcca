"""What is kept of datasets to look at them quickly: lists, reports, tables and pictures."""

from collections.abc import Callable, Collection, Sequence

from sqlmodel import Session, col, select

from dataferry.core.db import Database
from dataferry.core.personal_data import ErasureRun, Exported, Holding, Person, PersonalData
from dataferry.explorer.local_images import ImageLists
from dataferry.imaging.cache import DiskCache
from dataferry.library.models import Dataset
from dataferry.library.paths import Store


def explorer_data(
    database: Database, store: Store, drawn: DiskCache, sweeps: Sequence[Callable[[], None]]
) -> PersonalData:
    """Nothing here says whose it is: what is of no dataset that is here goes, and of pictures and of lists of
    what lies elsewhere all, since they are made again. ``sweeps`` remove what no dataset has any more. It is
    to be erased after the library, and no export needs it."""
    lists = ImageLists(store)

    def erase(_person: Person, _run: ErasureRun) -> None:
        for sweep in sweeps:
            sweep()
        lists.sweep(lambda ids: database.read(_known, ids))
        drawn.clear()

    def export(_person: Person) -> Sequence[Exported]:
        return ()

    def holdings(_session: Session, _person: Person) -> Sequence[Holding]:
        return ()

    return PersonalData("explorer", frozenset(), erase, export, holdings)


def _known(session: Session, ids: Collection[str]) -> set[str]:
    return set(session.exec(select(Dataset.id).where(col(Dataset.id).in_(ids), col(Dataset.downloaded))))
