"""What of a repository is pushed and fetched, remote by remote.

The remotes themselves are imported when one is used, for hooks start often.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from dataferry.core.errors import InvalidInput, NotFound
from dataferry.core.sizes import readable_bytes
from dataferry.versioning.console import of_bytes
from dataferry.versioning.model.lock_file import Lock, is_newer
from dataferry.versioning.repository import LOCK_SUFFIX, Repository, is_ours

Say = Callable[[str], None]


def fetch_lock(
    repository: Repository,
    lock: Lock,
    say: Say,
    *,
    fields: Sequence[str] | None = None,
    rows: tuple[int, int] | None = None,
) -> None:
    """Bring what a lock's datasets need and the cache has not. Errors: ``NotFound`` for a dataset without a
    remote, and those of ``fetching``."""
    from dataferry.versioning.remote.fetching import fetch
    from dataferry.versioning.remote.remotes import remote_of

    for name in dict.fromkeys(dataset.remote for dataset in lock.datasets):
        part = Lock(tuple(dataset for dataset in lock.datasets if dataset.remote == name))
        if name is None:
            _check_here(repository, part)
            continue
        with remote_of(repository.config, name, top=repository.top) as remote:
            fetch(repository.cache, part, remote, of_bytes().report, fields=fields, rows=rows)


def fetch_all(repository: Repository, say: Say) -> None:
    """Bring the data of every version of all branches and tags."""
    for lock in locks_of(repository, ["--all"]):
        fetch_lock(repository, lock, say)


def _check_here(repository: Repository, lock: Lock) -> None:
    for dataset in lock.datasets:
        if any(not repository.cache.has("columns", digest) for digest in dataset.columns):
            raise NotFound(
                f"The data of {dataset.name} is not here, and it names no remote to fetch it from.",
                next_step='Ask who committed it to write @dataset(remote="NAME") and push.',
            )


def push_locks(
    repository: Repository,
    locks: Iterable[Lock],
    say: Say,
    *,
    url: str | None = None,
    repair: bool = False,
) -> None:
    """Bring what these locks need to their remotes. ``url``: where git pushes to. Errors: those of
    ``remotes`` and ``pushing``."""
    from dataferry.versioning.remote.pushing import push
    from dataferry.versioning.remote.remotes import remote_of

    found = list(locks)
    names = dict.fromkeys(dataset.remote for lock in found for dataset in lock.datasets if dataset.groups)
    for name in names:
        if name is None:
            without = {d.name for lock in found for d in lock.datasets if d.remote is None and d.groups}
            say(f"{', '.join(sorted(without))}: no remote is named, so the data stays here.")
            continue
        with remote_of(repository.config, name, top=repository.top) as remote:
            pushed = push(
                repository.cache,
                found,
                remote,
                of_bytes().report,
                repository=repository_id(repository, url),
                repair=repair,
            )
        if pushed.objects or pushed.columns:
            say(f"{name}: {pushed.objects:,} files pushed, {readable_bytes(pushed.bytes)}.")


def pushed_locks(repository: Repository, remote: str, lines: Iterable[str]) -> list[Lock]:
    """The locks of the commits that git is about to push, as it tells a ``pre-push`` hook: a line for each
    ref, ``LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID``."""
    new, there = [], []
    for line in filter(str.strip, lines):
        _local, local_id, _remote, remote_id = line.split()
        if local_id.strip("0"):
            new.append(local_id)
        if remote_id.strip("0") and repository.ask_git("cat-file", "-e", remote_id) is not None:
            there.append(remote_id)
    if not new:
        return []
    known = [f"--remotes={remote}"] if remote in repository.git("remote").splitlines() else []
    locks = locks_of(repository, [*new, "--not", *there, *known])
    # What an earlier push without hooks has left out is brought with the next one.
    for commit in new:
        locks += _locks_at(repository, commit)
    return locks


def locks_of(repository: Repository, revisions: Sequence[str]) -> list[Lock]:
    """Every lock that the commits of these revisions (as of ``git log``) have brought; damaged ones are left
    out."""
    if not repository.has_commits:
        return []
    log = ["log", "--format=", "--raw", "--no-abbrev", "--no-renames", "-m", "--root", "-z"]
    listed = repository.git(*log, *revisions, "--", f"*.py{LOCK_SUFFIX}")
    blobs = [entry.split()[3] for entry in listed.split("\0") if entry.lstrip().startswith(":")]
    return _parsed(repository, (blob for blob in blobs if blob.strip("0")))


def staged_locks(repository: Repository) -> list[Lock]:
    """Those in git's index."""
    listed = repository.git("ls-files", "-s", "--", f"*.py{LOCK_SUFFIX}").splitlines()
    return _parsed(repository, (line.split()[1] for line in listed))


def repository_id(repository: Repository, url: str | None = None) -> str:
    """A name that is the same in all clones, and another in forks: made of the first commit and of where git
    pushes to, by default ``origin``."""
    roots = (repository.ask_git("rev-list", "--max-parents=0", "--all") or "").split()
    where = url or repository.config("remote.origin.url") or str(repository.common_dir)
    return sha256(f"{min(roots, default='')} {_place(repository, where)}".encode()).hexdigest()[:16]


def _place(repository: Repository, url: str) -> str:
    """The same for ``git@host:path.git``, ``https://host/path`` and so on."""
    host, colon, path = url.partition("://")[2].partition("/") if "://" in url else url.partition(":")
    if not colon or "/" in host:
        return os.path.realpath(repository.top / url)
    return f"{host.rpartition('@')[2].partition(':')[0]}/{path.strip('/').removesuffix('.git')}"


def _locks_at(repository: Repository, commit: str) -> list[Lock]:
    listed = repository.git("ls-tree", "-r", "-z", commit).split("\0")
    entries = (entry.split("\t", 1) for entry in listed if entry.endswith(f".py{LOCK_SUFFIX}"))
    return _parsed(repository, (about.split()[2] for about, _name in entries))


def _parsed(repository: Repository, blobs: Iterable[str]) -> list[Lock]:
    found = []
    for blob in dict.fromkeys(blobs):
        text = repository.git("cat-file", "blob", blob)
        try:
            found += [Lock.parse(text)] if is_ours(text) else []
        except InvalidInput:
            if is_newer(text):
                raise  # nobody here knows what it needs
    return found
