"""The versions of a dataset: the commits that have changed its lock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dataferry.core.errors import DataferryError
from dataferry.core.sizes import readable_count
from dataferry.versioning.model.lock_file import Lock, LockedDataset
from dataferry.versioning.repository import Repository, lock_path

_SEPARATOR = "\x1f"


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
    if repository.ask_git("rev-parse", "--verify", "--quiet", revision) is None:
        return
    layout = _SEPARATOR.join(("%H", "%cI", "%an", "%s"))
    limit = [] if number is None else [f"--max-count={number}"]
    log = repository.git("log", f"--format={layout}", *limit, revision, "--", lock_path(index_path))
    for line in log.splitlines():
        commit, when, author, subject = line.split(_SEPARATOR, 3)
        lock = lock_at(repository, commit, index_path)
        yield Version(
            commit, when, author, subject, index_path, lock, lock_at(repository, f"{commit}^", index_path)
        )


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
