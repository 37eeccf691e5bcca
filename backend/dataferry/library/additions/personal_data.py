"""What is kept of the datasets that a person has added. They are theirs, shared or not, and go with them."""

from collections.abc import Iterator, Sequence

from sqlmodel import Session, col, select

from dataferry.core.db import Database
from dataferry.core.personal_data import ErasureRun, Exported, Holding, JsonRows, Person, PersonalData, Rows
from dataferry.library.additions import requests
from dataferry.library.additions.models import Addition, DataOwner
from dataferry.library.models import Dataset
from dataferry.library.paths import Store

_ADDITIONS = Rows(Addition.user_id, "datasets on their way")  # type: ignore[arg-type]
_NAMES = Rows(DataOwner.user_id, "names of own datasets")  # type: ignore[arg-type]


def additions_data(database: Database, store: Store) -> PersonalData:
    """What is on its way, and the name that stands in what they added. The datasets themselves are erased
    with the library, before it."""

    def erase(person: Person, run: ErasureRun) -> None:
        for row in database.read(requests.of_user, person.id):
            store.discard(store.addition(row.id))
        run.write(lambda session: _forget(session, person))

    def export(person: Person) -> Iterator[Exported]:
        yield Exported("own_data/additions.json", JsonRows(_ADDITIONS.read(database, person)))
        found = database.read(_datasets, person)
        shown = {
            "source_id",
            "revision",
            "title",
            "license",
            "visibility",
            "file_count",
            "size",
            "local_path",
        }
        rows = [row.model_dump(mode="json", include=shown) for row in found]
        yield Exported("own_data/datasets.json", rows)

    return PersonalData("own data", frozenset({_ADDITIONS.column, _NAMES.column}), erase, export, _holdings)


def _datasets(session: Session, person: Person) -> list[Dataset]:
    """Every revision of theirs that is here."""
    name = session.exec(select(DataOwner.name).where(DataOwner.user_id == person.id)).first()
    if name is None:
        return []
    query = select(Dataset).where(Dataset.source == "upload", col(Dataset.source_id).startswith(f"{name}/"))
    return list(session.exec(query.where(Dataset.downloaded).order_by(col(Dataset.id))))


def _forget(session: Session, person: Person) -> None:
    for rows in (_ADDITIONS, _NAMES):
        rows.delete(session, person)


def _holdings(session: Session, person: Person) -> Sequence[Holding]:
    found = _datasets(session, person)
    return [
        Holding("datasets that you added", len(found), sum(row.size or 0 for row in found)),
        Holding(_ADDITIONS.what, _ADDITIONS.count(session, person)),
    ]
