"""The versions of a dataset: the commits that have changed its lock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dataferry.core.errors import DataferryError
from dataferry.core.sizes import readable_count
from dataferry.versioning.model.lock_file import Lock, LockedDataset
from dataferry.versioning.repository import Repository, lock_path

_SEPARATOR = "\x1f"
_END = "\x1e"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as git's log tells it. ``when``: in ISO form, with its time zone."""

    revision: str
    when: str
    author: str
    subject: str
    body: str


def commits(
    repository: Repository, index_path: str, revision: str = "HEAD", number: int | None = None
) -> list[Commit]:
    """The commits that have changed an index file's data, newest first: no more than one command of git,
    however many there are."""
    if repository.ask_git("rev-parse", "--verify", "--quiet", revision) is None:
        return []
    layout = _SEPARATOR.join(("%H", "%cI", "%an", "%s", "%b")) + _END
    limit = [] if number is None else [f"--max-count={number}"]
    log = repository.git("log", f"--format={layout}", *limit, revision, "--", lock_path(index_path))
    entries = (entry.strip("\n") for entry in log.split(_END))
    return [Commit(*entry.split(_SEPARATOR, 4)) for entry in entries if entry]


@dataclass(frozen=True, slots=True)
class Version:
    """A commit that has changed the lock of ``index_path``. ``when``: in ISO form, with its time zone.
    ``lock`` and ``before``: after and before it; None where there is none, or none that can be read."""

    revision: str
    when: str
    author: str
    subject: str
    index_path: str
    lock: Lock | None
    before: Lock | None


def versions(
    repository: Repository, index_path: str, revision: str = "HEAD", number: int | None = None
) -> Iterator[Version]:
    """The versions of an index file's data, newest first."""
    for commit in commits(repository, index_path, revision, number):
        lock = lock_at(repository, commit.revision, index_path)
        before = lock_at(repository, f"{commit.revision}^", index_path)
        yield Version(commit.revision, commit.when, commit.author, commit.subject, index_path, lock, before)


def lock_at(repository: Repository, revision: str, index_path: str) -> Lock | None:
    """The lock in a revision; None where there is none, or it cannot be read."""
    try:
        return repository.lock(repository.show(revision, lock_path(index_path)), index_path)
    except DataferryError:
        return None


def log(repository: Repository, files: Sequence[str], number: int) -> list[str]:
    """Two lines for each version, newest first in each file."""
    paths = [repository.index_path(file) for file in files] or repository.tracked()
    return [
        line
        for path in paths
        for version in versions(repository, path, number=number)
        for line in _lines(version)
    ]


def _lines(version: Version) -> Iterator[str]:
    yield f"{version.revision[:10]} {version.when[:10]} {version.author}: {version.subject}"
    if version.lock is None:
        yield f"    {version.index_path}: no data any more"
        return
    for dataset in version.lock.datasets:
        before = version.before.dataset(dataset.name) if version.before else None
        yield f"    {version.index_path}: {dataset.name}, {_summary(dataset, before)}"


def _summary(dataset: LockedDataset, before: LockedDataset | None) -> str:
    rows = f"{readable_count(dataset.rows)} rows"
    change = dataset.rows - (before.rows if before else 0)
    if change:
        rows += f" ({'+' if change > 0 else '−'}{readable_count(abs(change))})"
    now = [locked.field.name for locked in dataset.fields]
    was = [locked.field.name for locked in before.fields] if before else []
    new = [f"+{name}" for name in now if name not in was]
    return "; ".join(filter(None, [rows, " ".join(new + [f"−{name}" for name in was if name not in now])]))
