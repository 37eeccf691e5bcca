"""What every hook and command begins or ends with: the folders follow the locks in the working tree."""

import errno
from collections.abc import Callable, Iterable

from dataferry.core.errors import DataferryError, DiskFull
from dataferry.versioning.hooks import installing
from dataferry.versioning.hooks.staging import conclude
from dataferry.versioning.hooks.transfers import fetch_lock
from dataferry.versioning.repository import Repository, lock_path
from dataferry.versioning.tree.working_tree import Brought, bring, exclusive, heal

Say = Callable[[str], None]
#: git's setting: files are fetched when they are asked for, and not with a checkout.
MANUAL = "datasets.fetch"


def follow(
    repository: Repository, say: Say, *, anew: bool = False, paths: Iterable[str] | None = None
) -> bool:
    """Bring all folders to their locks; whether all could be. What could not is told, with what mends it, and
    stays as it was."""
    with exclusive(repository):
        healed = heal(repository)
    if not conclude(repository):
        return True  # a commit is under way: its folders follow once it exists
    done = True
    for path in repository.tracked() if paths is None else paths:
        try:
            applied = bring_here(repository, path, say, anew=anew or path == healed)
        except (DataferryError, OSError) as error:
            done = False
            detail, next_step = told(error)
            say(f"{lock_path(path)}: {detail} What stands beside it is as before. {next_step}")
        else:
            for note in applied.notes:
                say(note)
    installing.repair(repository)
    return done


def bring_here(repository: Repository, path: str, say: Say, *, anew: bool = False) -> Brought:
    """Errors: those of ``bring``."""
    manual = is_manual(repository)
    # Of columns dataset.sqlite is made, so they come in any case.
    fields = () if manual else None
    return bring(
        repository,
        path,
        fetch=lambda lock: fetch_lock(repository, lock, say, fields=fields),
        partial=manual,
        anew=anew,
    )


def is_manual(repository: Repository) -> bool:
    return repository.config(MANUAL) == "manual"


def told(error: Exception) -> tuple[str, str]:
    """What happened, and what mends it."""
    if _is_full(error):
        error = DiskFull("The disk is full.", next_step="Free some space, then: git datasets restore")
    if isinstance(error, DataferryError):
        return error.detail, error.next_step
    return f"{error}.", "Mend that, then: git datasets restore"


def _is_full(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
