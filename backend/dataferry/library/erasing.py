"""A person's part in the library, when their account is erased.

What came from them alone goes: private datasets and links that nobody else asked for, with versions, and what
they added themselves, of whose id their name is a part. Another dataset that they share goes to whom they
shared it with first, by name; where that is everybody, to the admin who has been here longest. Datasets of
the hubs that all may see hold nothing of anybody: they stay.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, delete, func, select, update

from dataferry.accounts import rows as account_rows
from dataferry.core.db import Database
from dataferry.core.personal_data import ErasureRun, Exported, Holding, Person, PersonalData, Rows, of_rows
from dataferry.jobs.service import Jobs
from dataferry.library import file_rows, rights, share_rows
from dataferry.library.additions.models import DataOwner
from dataferry.library.models import (
    Dataset,
    DatasetAccess,
    DatasetCheck,
    DatasetFile,
    DatasetPin,
    DatasetShare,
    HistoryEntry,
    JobSpeedLimit,
    ViewFolder,
)
from dataferry.library.paths import Store
from dataferry.library.removal import Removal
from dataferry.library.share_rows import EVERYBODY
from dataferry.library.versions.jobs import VersionJobs
from dataferry.library.views import DatasetFileView
from dataferry.transfer import hold_workdir

#: What anybody may fetch, and what is made here: nothing of a person is in it while all may see it.
_PUBLIC_SOURCES = ("kaggle", "huggingface", "builtin")
_READ = 1 << 20


@dataclass(frozen=True, slots=True)
class _Fates:
    """What becomes of the datasets that a person has a part in. ``heirs``: dataset id → whose it is then."""

    gone: tuple[str, ...]
    heirs: dict[str, str]


class LibraryErasure:
    """Erases and exports what a person has in the library. Everything blocks."""

    def __init__(self, database: Database, store: Store, jobs: Jobs, removal: Removal) -> None:
        self._database = database
        self._store = store
        self._jobs = jobs
        self._removal = removal
        self._versions = VersionJobs(database, store)
        self._rows = of_rows(
            database,
            "library",
            Rows(DatasetPin.user_id, "pinned datasets"),  # type: ignore[arg-type]
            Rows(DatasetShare.user_id, "datasets that others share with you"),  # type: ignore[arg-type]
            Rows(DatasetShare.shared_by, "shares of datasets"),  # type: ignore[arg-type]
            Rows(ViewFolder.user_id, "folders with a dataset's files"),  # type: ignore[arg-type]
            Rows(HistoryEntry.user_id, "entries of the history"),  # type: ignore[arg-type]
            Rows(JobSpeedLimit.user_id, "speed limits of jobs"),  # type: ignore[arg-type]
            # Last: until then it says which datasets are still to be looked at.
            Rows(DatasetAccess.user_id, "notes of which datasets you have"),  # type: ignore[arg-type]
        )
        self.personal_data = PersonalData(
            "library", self._rows.columns, self.erase, self.export, self.holdings
        )

    def erase(self, person: Person, run: ErasureRun) -> None:
        """Errors: ``FolderBusy`` while somebody is at work on a dataset that is to go."""
        fates = self._database.read(_fates, person.id)
        for dataset_id, heir in fates.heirs.items():
            run.write(lambda session, of=dataset_id, to=heir: _hand_over(session, of, person.id, to))  # type: ignore[misc]
        for dataset_id in fates.gone:
            self._remove(run, dataset_id)
        for dataset_id in self._database.read(_with_views, person.id):
            self._removal.remove_views_of(run, dataset_id, [person.id])
        self._rows.erase(person, run)

    def _remove(self, run: ErasureRun, dataset_id: str) -> None:
        with hold_workdir(self._store.partial(dataset_id), run):
            if self._database.read(self._jobs.active_kinds, dataset_id):
                return  # somebody has asked for it just now: it is theirs
            self._removal.remove(run, dataset_id)
            dataset = self._database.read(lambda session: session.get_one(Dataset, dataset_id))
            self._versions.discard(dataset, run.write)
            run.write(lambda session: _forget(session, dataset_id))

    # -- what is told and taken along ------------------------------------------------------------------

    def holdings(self, session: Session, person: Person) -> Sequence[Holding]:
        fates = _fates(session, person.id)
        # What they added themselves is counted by its own part.
        private = select(func.count(), func.coalesce(func.sum(Dataset.size), 0)).where(
            col(Dataset.id).in_(fates.gone), Dataset.downloaded, Dataset.source != "upload"
        )
        count, size = session.exec(private).one()
        found = [Holding("private datasets", count, int(size or 0))]
        emails = account_rows.emails(session, sorted(set(fates.heirs.values())))
        for heir in sorted(set(fates.heirs.values())):
            count = sum(one == heir for one in fates.heirs.values())
            stays = f"You share them: they become those of {emails.get(heir, 'another person')}."
            found.append(Holding("shared datasets", count, stays=stays))
        public = session.exec(select(func.count()).where(*_owned(person.id), _is_public())).one()
        if public:
            stays = "They are public: they stay for everybody, without your name."
            found.append(Holding("datasets of the hubs", public, stays=stays))
        others = session.exec(select(Dataset.id).where(*_owned(person.id), ~_is_public())).all()
        theirs = [one for one in others if one not in fates.heirs and one not in fates.gone]
        if theirs:
            found.append(
                Holding("datasets that others have too", len(theirs), stays="They stay for the others.")
            )
        return [*found, *self._rows.holdings(session, person)]

    def export(self, person: Person) -> Iterator[Exported]:
        """What is known of each dataset, and the files of those that came from this person."""
        yield from self._rows.export(person)
        known = select(Dataset).join(DatasetAccess).where(DatasetAccess.user_id == person.id)
        for dataset in self._database.read(lambda session: session.exec(known).all()):
            folder = f"datasets/{dataset.id}"
            hidden = {"encrypted_url", "local_path", "generation", "newest_generation"}
            yield Exported(f"{folder}/about.json", dataset.model_dump(mode="json", exclude=hidden))
            if dataset.downloaded and dataset.source not in _PUBLIC_SOURCES:
                yield from self._files(dataset, f"{folder}/files")

    def _files(self, dataset: Dataset, folder: str) -> Iterator[Exported]:
        tree, after = Path(dataset.local_path or ""), None
        while page := self._page(dataset.id, after):
            after = page[-1].path
            for file in page:
                path = self._store.file(tree, file.path, file.size)
                if path is not None:
                    yield Exported(f"{folder}/{file.path}", _pieces(path))

    def _page(self, dataset_id: str, after: str | None) -> Sequence[DatasetFileView]:
        return self._database.read(
            lambda session: file_rows.page(session, dataset_id, after=after, limit=500)
        )


# -- whose is it ------------------------------------------------------------------------------------------


def _is_public() -> ColumnElement[bool]:
    return and_(col(Dataset.visibility) == "public", col(Dataset.source).in_(_PUBLIC_SOURCES))


def _owned(user_id: str) -> list[ColumnElement[bool]]:
    mine = select(DatasetAccess.dataset_id).where(DatasetAccess.user_id == user_id, DatasetAccess.owner)
    return [col(Dataset.downloaded).is_(True), col(Dataset.id).in_(mine)]


def _fates(session: Session, user_id: str) -> _Fates:
    """Of what is no public dataset of a hub, and of what never came."""
    known = select(DatasetAccess.dataset_id).where(DatasetAccess.user_id == user_id)
    query = select(Dataset).where(
        col(Dataset.id).in_(known), or_(~_is_public(), col(Dataset.downloaded).is_(False))
    )
    added = session.exec(select(DataOwner.name).where(DataOwner.user_id == user_id)).first()
    gone, heirs = [], {}
    for dataset in session.exec(query.order_by(col(Dataset.id))):
        accesses = session.exec(select(DatasetAccess).where(DatasetAccess.dataset_id == dataset.id)).all()
        others = [one for one in accesses if one.user_id != user_id]
        if added is not None and dataset.source == "upload" and dataset.source_id.startswith(f"{added}/"):
            gone.append(dataset.id)
            continue
        mine = any(one.owner for one in accesses if one.user_id == user_id)
        if any(one.owner for one in others) or (others and not mine) or dataset.source == "builtin":
            continue
        heir = _heir(session, dataset.id, user_id) if dataset.downloaded else None
        if heir is not None:
            heirs[dataset.id] = heir
        else:
            gone.append(dataset.id)
    return _Fates(tuple(gone), heirs)


def _heir(session: Session, dataset_id: str, user_id: str) -> str | None:
    """Whose a dataset is to be: of those whom it is shared with by name the first who can sign in; of one
    that is shared with everybody the admin who has been here longest. None where it is shared with nobody."""
    shared_with = [one.user_id for one in share_rows.of(session, dataset_id)]
    if not shared_with:
        return None
    enabled = account_rows.emails(session, shared_with, enabled=True)
    named = [one for one in shared_with if one in enabled and one != user_id]
    if named:
        return named[0]
    if EVERYBODY not in shared_with:
        return None
    admins = [one for one in account_rows.all_users(session) if one.admin and not one.disabled]
    return next((one.id for one in admins if one.id != user_id), None)


def _hand_over(session: Session, dataset_id: str, user_id: str, heir: str) -> None:
    """It is another's from now on. A secret in the link that it came from was the first person's own."""
    rights.record_access(session, dataset_id, heir)
    rights.own(session, dataset_id, [heir])
    share_rows.drop(session, dataset_id, [heir])
    session.exec(
        update(DatasetShare)
        .where(col(DatasetShare.dataset_id) == dataset_id, col(DatasetShare.shared_by) == user_id)
        .values(shared_by=heir)
    )
    session.exec(update(Dataset).where(col(Dataset.id) == dataset_id).values(encrypted_url=None))


def _with_views(session: Session, user_id: str) -> list[str]:
    query = select(ViewFolder.dataset_id).where(ViewFolder.user_id == user_id)
    return list(session.exec(query.distinct()))


def _forget(session: Session, dataset_id: str) -> None:
    """Every row of a dataset whose files are gone."""
    for table in (DatasetFile, DatasetCheck, ViewFolder, DatasetPin, DatasetShare, DatasetAccess):
        session.exec(delete(table).where(col(table.dataset_id) == dataset_id))
    session.exec(delete(Dataset).where(col(Dataset.id) == dataset_id))


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_READ):
            yield piece
