"""Deleting data that nothing needs any more: what is needed is known by git."""

from collections.abc import Iterator
from pathlib import Path

from dataferry.core.errors import Conflict, InvalidInput
from dataferry.core.sizes import readable_bytes, readable_count
from dataferry.versioning.execute.memo import evict
from dataferry.versioning.hooks.transfers import locks_of, repository_id, staged_locks
from dataferry.versioning.model.lock_file import Lock
from dataferry.versioning.model.schema import FieldKind
from dataferry.versioning.remote.gc import prune, shrink
from dataferry.versioning.remote.remote_gc import collect
from dataferry.versioning.remote.remotes import remote_of
from dataferry.versioning.repository import LOCK_SUFFIX, Repository

_DAY_S = 86_400
#: git's settings: how many bytes of files stay in the cache (``20g``).
_LIMIT = "datasets.cache.limit"
#: How many bytes of results of transforms are remembered.
_MEMO_LIMIT = "datasets.memo.limit"
_MEMO_BYTES = 1 << 30
#: Results that were not used for so long are forgotten.
_MEMO_DAYS = 180


def collect_garbage(
    repository: Repository, *, older_than_days: float, remote: str | None = None, dry_run: bool = False
) -> list[str]:
    """What was deleted, in sentences. Errors: those of ``gc``, ``remote_gc`` and ``remotes``."""
    age_s = older_than_days * _DAY_S
    would = "would be deleted" if dry_run else "deleted"
    if remote is not None:
        if older_than_days < 1:
            raise InvalidInput(
                "What is younger than a day stays at a remote: somebody may be pushing it.",
                next_step="Give --older-than 1 or more.",
            )
        everything = _published(repository)
        with remote_of(repository.config, remote, top=repository.top) as place:
            collected = collect(
                place,
                repository.cache,
                _columns(locks_of(repository, ["--all", *everything])),
                older_than_s=age_s,
                repository=repository_id(repository),
                dry_run=dry_run,
            )
        size = readable_bytes(collected.bytes)
        listed = f"; {readable_count(collected.listed)} more at the next run" if collected.listed else ""
        return [f"{remote}: {readable_count(collected.deleted)} files {would}, {size}{listed}."]
    here = _columns(_locks_here(repository))
    reachable = _columns(locks_of(repository, ["--all", "--reflog", *_heads(repository)])) | here
    reachable |= _columns(staged_locks(repository))
    pruned = prune(
        repository.cache, reachable, older_than_s=age_s, dry_run=dry_run, linked=_folders(repository)
    )
    count = readable_count(pruned.objects + pruned.columns)
    return [
        f"{count} files {would}, {readable_bytes(pruned.bytes)}.",
        *_shrink(repository, here, dry_run),
        *_evict(repository, dry_run),
    ]


def _published(repository: Repository) -> list[str]:
    """What the branches and tags of ``origin`` are at now, all of which is here.

    Errors: ``Conflict`` where a part of the history is not: what it needs would be deleted.
    """
    if repository.git("rev-parse", "--is-shallow-repository") == "true":
        raise Conflict(
            "This clone has not the whole history: it does not know what the rest needs.",
            next_step="git fetch --unshallow, then again.",
        )
    if repository.config("remote.origin.url") is None:
        return []
    listed = repository.git("ls-remote", "--quiet", "--heads", "--tags", "origin").splitlines()
    commits = sorted({line.split("\t")[0] for line in listed if line.startswith(tuple("0123456789abcdef"))})
    if any(repository.ask_git("cat-file", "-e", commit) is None for commit in commits):
        raise Conflict(
            "origin has branches or tags that are not here, and nobody here knows what they need.",
            next_step="git fetch --tags origin '+refs/heads/*:refs/remotes/origin/*', then again.",
        )
    return commits


def _shrink(repository: Repository, keep: dict[str, FieldKind], dry_run: bool) -> Iterator[str]:
    """Keep the cache within its limit, where one is set."""
    limit = _size(repository, _LIMIT)
    if limit is None:
        return
    remotes = [remote_of(repository.config, name, top=repository.top) for name in _remotes(repository)]
    try:
        shrunk = shrink(repository.cache, limit, remotes, keep=keep, dry_run=dry_run)
    finally:
        for remote in remotes:
            remote.close()
    if shrunk.objects:
        count, size = readable_count(shrunk.objects), readable_bytes(shrunk.bytes)
        yield f"{count} files that a remote has {'would go' if dry_run else 'went'} for the limit, {size}."
    if shrunk.left > limit:
        yield f"{readable_bytes(shrunk.left)} are left: the working trees need them, or no remote has them."


def _evict(repository: Repository, dry_run: bool) -> Iterator[str]:
    """Keep the memo within its limit and its age."""
    limit = _size(repository, _MEMO_LIMIT)
    evicted = evict(
        repository.cache,
        unused_days=_MEMO_DAYS,
        limit_bytes=_MEMO_BYTES if limit is None else limit,
        dry_run=dry_run,
    )
    verb = "would be forgotten" if dry_run else "forgotten"
    if evicted.old:
        yield f"{readable_count(evicted.old)} results that were not used for {_MEMO_DAYS} days {verb}."
    if evicted.over:
        yield f"{readable_count(evicted.over)} results, the least recently used, {verb} for the limit."
    if evicted.left:
        count, size = readable_count(evicted.left), readable_bytes(evicted.bytes)
        yield f"{count} results of transforms are remembered, {size}."


def _size(repository: Repository, name: str) -> int | None:
    """A setting in bytes; None where it is not set. Errors: ``InvalidInput``."""
    size = repository.ask_git("config", "--type=int", "--get", name)
    if size is None and repository.config(name) is not None:
        raise InvalidInput(f"{name} is no size.", next_step=f"git config {name} 20g")
    return None if size is None else int(size)


def _remotes(repository: Repository) -> list[str]:
    found = repository.ask_git("config", "--name-only", "--get-regexp", r"^datasets\.remote\..*\.url$") or ""
    return [name.removeprefix("datasets.remote.").removesuffix(".url") for name in found.splitlines()]


def _heads(repository: Repository) -> list[str]:
    """What the working trees are at, with a branch or without."""
    listed = repository.git("worktree", "list", "--porcelain").splitlines()
    heads = (line.removeprefix("HEAD ") for line in listed if line.startswith("HEAD "))
    return [head for head in heads if head.strip("0")]


def _columns(locks: list[Lock]) -> dict[str, FieldKind]:
    return {digest: kind for lock in locks for digest, kind in lock.columns.items()}


def _locks_here(repository: Repository) -> list[Lock]:
    """Those whose folders stand in a working tree."""
    return [
        Lock.parse(path.read_text(encoding="utf-8", errors="surrogateescape"))
        for state in _states(repository)
        for path in (state / "applied").rglob(f"*.py{LOCK_SUFFIX}")
    ]


def _folders(repository: Repository) -> Iterator[Path]:
    """The folders of links that are parked, of all working trees."""
    for state in _states(repository):
        yield from (state / "parked").glob("*")


def _states(repository: Repository) -> list[Path]:
    folders = [repository.common_dir, *(repository.common_dir / "worktrees").glob("*")]
    return [folder / "datasets" for folder in folders]
