"""Bringing the folders and ``dataset.sqlite`` beside an index file to the lock that lies in the working tree.

Everything that is missing is fetched and built aside first. Then the change is written down (``journal``) and
done by renames. A user's own files in our folders stay where they are, in the new folder or in one of theirs.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dataferry.versioning.model.lock_file import Lock
from dataferry.versioning.repository import Repository, lock_path
from dataferry.versioning.tree.applied import PARTIAL, Applied, Record, aside_of
from dataferry.versioning.tree.exclude import ignore_folders
from dataferry.versioning.tree.journal import Journal, Move, free_name, remove, write_whole
from dataferry.versioning.tree.layout import DATABASE, DATABASE_COMPANIONS, FieldFolder, database_key, folders

#: Versions of a folder, and of databases, that are kept for coming back.
_PARKED = 8
#: Folders that are built at once.
_AT_ONCE = 4
Fetch = Callable[[Lock], None]


@dataclass(frozen=True)
class Brought:
    """What ``bring`` did. ``notes``: what the user is told."""

    changed: bool
    notes: tuple[str, ...] = ()


def bring(
    repository: Repository, index_path: str, *, fetch: Fetch, partial: bool = False, anew: bool = False
) -> Brought:
    """Bring what stands beside an index file to its lock in the working tree, all or nothing. ``fetch``
    brings what the cache lacks; with ``partial`` it is not called for files. With ``anew`` folders are
    looked through, and made again where something is missing.

    Errors: ``InvalidInput`` for a damaged lock, ``OSError``, and those of ``fetch``; nothing is changed then.
    """
    with exclusive(repository), repository.cache.adding():
        anew = heal(repository) == index_path or anew
        text = repository.read(lock_path(index_path))
        applied = Applied(repository, index_path, partial=partial)
        if text == applied.lock and not anew and applied.is_there:
            return Brought(changed=False)
        change = _Change(applied, repository.lock(text, index_path), anew)
        try:
            change.prepare(fetch)
            journal = change.journal(text)
            journal.write(_journal_path(repository))
        except BaseException:
            shutil.rmtree(applied.making, ignore_errors=True)
            raise
        notes = _finish(repository, journal)
        if change.built:
            _tidy(repository)
        return Brought(changed=True, notes=(*change.notes, *notes))


def heal(repository: Repository) -> str | None:
    """Do the rest of what a killed command has begun: of which index file."""
    journal = Journal.read(_journal_path(repository))
    if journal is None:
        return None
    _finish(repository, journal)
    return journal.index_path


@contextmanager
def exclusive(repository: Repository) -> Iterator[None]:
    """One command at a time changes folders, in all worktrees of a repository."""
    path = repository.common_dir / "datasets" / "working-tree.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class _Change:
    """From what stands beside an index file to what its lock says."""

    def __init__(self, applied: Applied, lock: Lock | None, anew: bool) -> None:
        self.applied, self.lock, self.anew = applied, lock, anew
        self.wanted = folders(lock)
        self.keys = {name: applied.builder.name(folder) for name, folder in self.wanted.items()}
        self.notes: list[str] = []
        self.built = False
        self.staying = {name for name in self.wanted if self._stays(name)}

    def _stays(self, name: str) -> bool:
        here = self.applied.record.folders.get(name)
        if here is None or here[0] != self.keys[name] or not (self.applied.folder / name).is_dir():
            return False
        return not self.anew or (not self.applied.builder.partial and self.applied.look(name).whole)

    # -- aside ------------------------------------------------------------------------------------------

    def prepare(self, fetch: Fetch) -> None:
        """Make everything that is not here yet, where nobody sees it."""
        shutil.rmtree(self.applied.making, ignore_errors=True)
        if self.lock is None:
            return
        needed = {
            name: folder
            for name, folder in self.wanted.items()
            if name not in self.staying and not self._parked(name).is_dir()
        }
        cache, builder = self.applied.repository.cache, self.applied.builder
        if any(not cache.has("columns", digest) for digest in self.lock.columns) or (
            not builder.partial and builder.missing(self.wanted if self.anew else needed)
        ):
            fetch(self.lock)
        self._build_all(needed)
        self._copy_database(self.lock)

    def _parked(self, name: str) -> Path:
        return self.applied.parked / self.keys[name]

    def _build_all(self, needed: Mapping[str, FieldFolder]) -> None:
        """The system makes links of one folder one after another, and those of several at once."""
        if not needed:
            return
        from concurrent.futures import ThreadPoolExecutor  # of all that hooks do only this needs it

        with ThreadPoolExecutor(min(_AT_ONCE, len(needed))) as pool:
            for built in [pool.submit(self._build, *item) for item in needed.items()]:
                built.result()

    def _build(self, name: str, folder: FieldFolder) -> None:
        target = self.applied.making / name
        target.mkdir(parents=True)
        if not self.applied.builder.build(folder, target):
            self.keys[name] += PARTIAL
            shutil.rmtree(self._parked(name), ignore_errors=True)
        self.applied.parked.mkdir(parents=True, exist_ok=True)
        target.rename(self._parked(name))
        self.built = True

    def _copy_database(self, lock: Lock) -> None:
        """A copy is put beside the index file, for whoever reads it may write to it."""
        cache = self.applied.repository.cache
        pristine = cache.folder / "databases" / f"{database_key(lock)}.sqlite"
        if not pristine.exists():
            from dataferry.versioning.tree.database import write_database

            with cache.scratch() as scratch:
                write_database(lock, cache, scratch / DATABASE)
                pristine.parent.mkdir(parents=True, exist_ok=True)
                (scratch / DATABASE).rename(pristine)
        self.applied.making.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(pristine, self._database)

    @property
    def _database(self) -> Path:
        return self.applied.making / DATABASE

    # -- the change -------------------------------------------------------------------------------------

    def journal(self, text: str | None) -> Journal:
        """What is to be renamed, in this order: what leaves, then what comes."""
        leave: list[Move] = []
        come: list[Move] = []
        record: dict[str, tuple[str, int | None]] = {}
        for name in sorted({*self.wanted, *self.applied.record.folders}):
            if name in self.staying:
                record[name] = self.applied.record.folders[name]
                continue
            self._leave(name, leave)
            if name in self.wanted:
                source = self._parked(name)
                come.append(Move.of(source, self.applied.folder / name))
                changed = source.stat().st_mtime_ns if self.applied.builder.links else None
                record[name] = (self.keys[name], changed)
        self._leave_database(leave)
        database = None
        if self.lock is not None:
            come.append(Move.of(self._database, self.applied.folder / DATABASE))
            database = _size_and_time(self._database)
        content = Record(record, database).content()
        return Journal(self.applied.index_path, text, content, (*leave, *come))

    def _leave(self, name: str, moves: list[Move]) -> None:
        path = self.applied.folder / name
        if path.is_dir() and not path.is_symlink():
            moves.append(Move.of(path, self.applied.leaving / name))
        elif os.path.lexists(path) and name in self.wanted:
            self._keep(path, moves)

    def _keep(self, path: Path, moves: list[Move]) -> None:
        kept = free_name(path)
        moves.append(Move.of(path, kept))
        self.notes.append(f"{path.name} of yours is {kept.name} now.")

    def _leave_database(self, moves: list[Move]) -> None:
        """A ``dataset.sqlite`` that is not as we wrote it is the user's."""
        path = self.applied.folder / DATABASE
        if not os.path.lexists(path):
            return
        if _size_and_time(path) == self.applied.record.database:
            moves.append(Move.of(path, self.applied.leaving / DATABASE))
            return
        self._keep(path, moves)
        kept = moves[-1].target
        for companion in DATABASE_COMPANIONS:
            beside = path.with_name(DATABASE + companion)
            if beside.exists():
                moves.append(Move.of(beside, Path(kept + companion)))


def _finish(repository: Repository, journal: Journal) -> list[str]:
    """All that a journal says; again, if need be. What the user is told."""
    applied = Applied(repository, journal.index_path)
    for move in journal.moves:
        move.do(applied.leaving)
    notes: list[str] = []
    if applied.leaving.is_dir():
        for path in sorted(applied.leaving.iterdir()):
            notes += _give_back(applied, path) if path.is_dir() else []
        shutil.rmtree(applied.leaving)
    if journal.lock is None:
        remove(applied.record_file)
        remove(applied.lock_file)
    else:
        write_whole(applied.record_file, json.dumps(journal.record))
        write_whole(applied.lock_file, journal.lock)
    ignore_folders(repository)
    shutil.rmtree(applied.making, ignore_errors=True)
    remove(_journal_path(repository))
    return notes


def _give_back(applied: Applied, left: Path) -> list[str]:
    """Put the user's own files in a folder that is left back to where they were, and park the rest, if it is
    whole. It is looked at now, when nobody can put anything into it any more."""
    name, _, again = left.name.partition(".")
    contents = applied.look(name, left)
    target = applied.folder / name
    notes = []
    for child in contents.foreign:
        target.mkdir(exist_ok=True)
        place = free_name(target / child) if os.path.lexists(target / child) else target / child
        (left / child).rename(place)
        if place.name != child:
            notes.append(f"{name}/{child} of yours is {name}/{place.name} now.")
    if contents.foreign:
        notes.insert(0, f"{name}/: {_counted(contents.foreign)} of yours stay there.")
    key = applied.record.folders.get(name, (PARTIAL, None))[0]
    if contents.whole and not again and not key.endswith(PARTIAL) and not (applied.parked / key).exists():
        applied.parked.mkdir(parents=True, exist_ok=True)
        left.rename(applied.parked / key)
    return notes


def _counted(names: tuple[str, ...]) -> str:
    return f"{names[0]} and {len(names) - 1:,} more" if len(names) > 1 else names[0]


def _size_and_time(path: Path) -> tuple[int, int]:
    about = os.lstat(path)
    return about.st_size, about.st_mtime_ns


def _tidy(repository: Repository) -> None:
    """Remove the versions of folders and databases that were not here for the longest time."""
    groups: dict[str, list[Path]] = {}
    for path in (aside_of(repository) / "parked").iterdir():
        groups.setdefault(path.name.partition("@")[0], []).append(path)
    groups["databases/"] = list((repository.cache.folder / "databases").iterdir())
    for paths in groups.values():
        paths.sort(key=lambda path: path.lstat().st_ctime_ns, reverse=True)
        for path in paths[_PARKED:]:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else remove(path)


def _journal_path(repository: Repository) -> Path:
    return repository.state / "journal.json"
