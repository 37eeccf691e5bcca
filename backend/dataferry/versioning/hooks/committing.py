"""What a commit does, in two phases.

Before the commit exists (``before_commit``) the functions of the index file run, which fills the cache, and
the new lock is staged (``staging``). The folders stay as they are, for the commit may come to nothing. Once
it exists they follow (``following``).
"""

import contextlib
from collections.abc import Callable

from dataferry.core.errors import Conflict, DataferryError, Forbidden
from dataferry.versioning.declare.index_file import read_index
from dataferry.versioning.declare.local_modules import LocalModules, Read, read_here
from dataferry.versioning.execute.planning import Plan, plan
from dataferry.versioning.hooks.module_texts import check_modules, modules_of
from dataferry.versioning.hooks.staging import conclude, stage
from dataferry.versioning.hooks.trusting import is_trusted, trust_if_own
from dataferry.versioning.model.lock_file import Lock
from dataferry.versioning.repository import Repository, lock_path
from dataferry.versioning.tree.journal import write_whole
from dataferry.versioning.tree.layout import check_paths

Say = Callable[[str], None]
#: Combinations of index files and locks that are remembered as belonging together.
_SETTLED = 500


def before_commit(repository: Repository, process: int, say: Say) -> None:
    """Make and stage the locks that belong to the index files as they are staged.

    Errors: ``DataferryError``, with which nothing is staged and nothing has changed but the cache.
    """
    conclude(repository, ignore=process)
    renamed = _renamed(repository)
    paths = sorted({*repository.tracked(), *renamed})
    check_paths(path for path in paths if path not in renamed.values())
    new: dict[str, str | None] = {}
    unsettled = False
    for path in paths:
        try:
            text = _new_lock(repository, path, renamed.get(path, path))
        except DataferryError as error:
            if repository.blob("", path) != repository.blob("HEAD", path):
                raise
            # It was committed like this, and this commit is about something else.
            say(f"{error.detail} {error.next_step}")
            unsettled = True
            continue
        if text != repository.show("", lock_path(path)) or text != repository.read(lock_path(path)):
            new[path] = text
    if new:
        stage(repository, new, process)
    if not unsettled:
        settle(repository)


def _renamed(repository: Repository) -> dict[str, str]:
    """The index files that this commit moves (``git mv``), each with its path so far."""
    gone = [
        path
        for path in repository.tracked()
        if repository.blob("", path) is None and repository.blob("HEAD", lock_path(path)) is not None
    ]
    if not gone:
        return {}
    listed = repository.git("diff", "--cached", "-M", "--diff-filter=R", "--name-status", "-z", "HEAD")
    parts = listed.split("\0")
    moves = dict(zip(parts[2::3], parts[1::3], strict=False))
    return {new: old for new, old in moves.items() if old in gone}


def _new_lock(repository: Repository, path: str, was: str) -> str | None:
    """The text of the lock that belongs to a staged index file, which HEAD has at ``was``; None where there
    is no such file."""
    text = repository.show("", path)
    if text is None:
        return None
    changes, base = plan_of(repository, path, text, was, read=modules_of(repository, ""))
    if changes.needs_code and not is_trusted(repository, path, text):
        raise Forbidden(
            f"{path} comes from somebody else, and this commit would run its functions.",
            next_step=f"Read it, then: git datasets trust {path}",
        )
    if changes.needs_code:
        check_modules(repository, path, text)
    lock = _run(repository, changes, text, path, base)
    trust_if_own(repository, path, text)
    return str(lock)


def _run(repository: Repository, changes: Plan, text: str, path: str, base: Lock | None) -> Lock:
    # Of all that hooks do only this needs it.
    from dataferry.versioning.console import of_rows
    from dataferry.versioning.execute.execution import execute

    jobs = repository.ask_git("config", "--type=int", "--get", "datasets.jobs")
    sandbox = repository.ask_git("config", "--type=bool", "--get", "datasets.sandbox") == "true"
    return execute(
        changes,
        text,
        path,
        base,
        repository.cache,
        cwd=(repository.top / path).parent,
        report=of_rows().report,
        jobs=int(jobs) if jobs else None,
        sandbox=sandbox,
    )


def plan_of(
    repository: Repository, path: str, text: str, was: str | None = None, *, read: Read = read_here
) -> tuple[Plan, Lock | None]:
    """What a commit of an index file would do, and the lock that it begins with. ``was``: its path in HEAD,
    if it is another one; ``read``: where its modules are read from, if not from the disk.

    That is the one of HEAD; in a merge and the like the one that is staged; and a staged one that belongs to
    the file already, as after ``git checkout REVISION -- index.py index.py.lock``.
    """
    folder = (repository.top / path).parent
    index = read_index(text, path, folder=folder, read=read)
    staged = _valid(repository.show("", lock_path(path)))
    if staged is not None and repository.is_merging:
        return plan(index, staged, name=path), staged
    committed = _committed(repository, was or path)
    if staged is not None and staged != committed:
        with contextlib.suppress(DataferryError):
            changes = plan(index, staged, name=path)
            if changes.is_empty:
                return changes, staged
    return plan(index, committed, name=path), committed


def _committed(repository: Repository, path: str) -> Lock | None:
    """The lock of HEAD; the last that was whole, if somebody has committed a damaged one."""
    text = repository.show("HEAD", lock_path(path))
    if text is None or (lock := _valid(text)) is not None:
        return lock if text is not None else None
    for revision in (repository.ask_git("rev-list", "-n", "50", "HEAD", "--", lock_path(path)) or "").split():
        if (lock := _valid(repository.show(revision, lock_path(path)))) is not None:
            return lock
    return None


def _valid(text: str | None) -> Lock | None:
    with contextlib.suppress(DataferryError):
        return Lock.parse(text) if text is not None else None
    return None


def before_merge_commit(repository: Repository) -> None:
    """Errors: ``Conflict`` where the merged index file needs another lock than the merged one: git makes a
    merge's tree before it asks."""
    for path in repository.tracked():
        text = repository.show("", path)
        staged = repository.show("", lock_path(path))
        if text is None or staged is None:
            continue
        changes, _base = plan_of(repository, path, text, read=modules_of(repository, ""))
        if not changes.is_empty:
            raise Conflict(
                f"The merged {path} needs what is not there yet: {' '.join(changes.lines())}",
                next_step="Run: git commit --no-edit, which makes it and concludes the merge.",
            )
    settle(repository)


def stale_locks(repository: Repository) -> list[str]:
    """A sentence for each lock of HEAD that does not belong to its index file: the commit was made where no
    code may run (rebase, cherry-pick, revert) or without hooks (``--no-verify``)."""
    if not repository.has_commits:
        return []
    found = []
    for path in repository.tracked():
        text = repository.show("HEAD", path)
        if text is None:
            continue
        try:
            lock = repository.lock(repository.show("HEAD", lock_path(path)), path)
            folder = (repository.top / path).parent
            index = read_index(text, path, folder=folder, read=modules_of(repository, "HEAD"))
            changes = plan(index, lock, name=path)
        except DataferryError as error:
            found.append(f"{lock_path(path)} is stale. {error.detail} {error.next_step}")
            continue
        if lock is None or not changes.is_empty:
            trust = (
                "" if is_trusted(repository, path, text) else f"read {path}, then git datasets trust; then "
            )
            found.append(
                f"{lock_path(path)} is stale. {' '.join(changes.lines())} "
                f"To bring it up to date: {trust}git commit --amend --no-edit"
            )
    if not found:
        settle(repository, "HEAD")
    return found


def settle(repository: Repository, revision: str | None = None) -> None:
    """Remember that the index files and locks that are staged, or of a revision, belong together."""
    _note_modules(repository)
    key = repository.settled_key(revision)
    path = repository.common_dir / "datasets" / "settled"
    lines = path.read_text().split() if path.exists() else []
    if key not in lines:
        write_whole(path, "".join(f"{line}\n" for line in [*lines, key][-_SETTLED:]))


def _note_modules(repository: Repository) -> None:
    """Which modules beside index files are part of what these do."""
    found = set(repository.modules())
    read = modules_of(repository, "")
    for path in repository.tracked():
        folder = (repository.top / path).parent
        for text, modules in ((repository.read(path), read_here), (repository.show("", path), read)):
            with contextlib.suppress(SyntaxError, ValueError):
                names = LocalModules(folder, modules).texts(text) if text is not None else {}
                found |= {(folder / name).relative_to(repository.top).as_posix() for name in names}
    if found != set(repository.modules()):
        write_whole(
            repository.common_dir / "datasets" / "modules", "".join(f"{name}\n" for name in sorted(found))
        )
