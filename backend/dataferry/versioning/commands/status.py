"""What is here, and what a commit would do. Nothing runs."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from dataferry.core.errors import DataferryError
from dataferry.core.sizes import readable_count
from dataferry.versioning.hooks import installing
from dataferry.versioning.hooks.committing import plan_of
from dataferry.versioning.hooks.following import is_manual
from dataferry.versioning.hooks.trusting import is_trusted
from dataferry.versioning.model.lock_file import LockedDataset
from dataferry.versioning.repository import Repository, lock_path
from dataferry.versioning.tree.applied import applied_lock, changed_folders


def summary(repository: Repository) -> list[str]:
    """A line for each dataset that is here."""
    return [line for path in repository.tracked() for line in _datasets(repository, path)]


def status(repository: Repository) -> list[str]:
    """Lines for a reader. Errors are among them: what one file has wrong hides no other."""
    lines: list[str] = []
    paths = repository.tracked()
    if not paths:
        return ["Nothing is tracked here. Begin with: git datasets track index.py"]
    for path in paths:
        if repository.is_left_out(path):
            folder = str(PurePosixPath(path).parent)
            lines += [
                f"{path}: a sparse checkout leaves it out, and its data with it",
                f"  To bring it: git sparse-checkout {'disable' if folder == '.' else f'add {folder}'}",
            ]
            continue
        lines += _datasets(repository, path) or [f"{path}: not committed yet"]
        lines += [f"  {line}" for line in _about(repository, path)]
    if missing := installing.missing(repository):
        lines.append(f"The hooks {', '.join(missing)} are not installed. Run: git datasets init")
    return lines


def _datasets(repository: Repository, path: str) -> list[str]:
    try:
        lock = repository.lock(repository.read(lock_path(path)), path)
    except DataferryError:
        return []
    return [f"{path}: {_dataset_line(dataset)}" for dataset in (lock.datasets if lock else ())]


def _dataset_line(dataset: LockedDataset) -> str:
    fields = ", ".join(locked.field.name for locked in dataset.fields) or "no fields"
    rows = "1 row" if dataset.rows == 1 else f"{readable_count(dataset.rows)} rows"
    return f"{dataset.name}, {rows}: {fields}"


def _about(repository: Repository, path: str) -> Iterator[str]:
    text = repository.read(path)
    if text is None:
        yield f"{path} is gone from the working tree. To bring it back: git restore {path}"
        return
    try:
        changes, _ = plan_of(repository, path, text)
        yield from (f"A commit would do: {line}" for line in changes.lines())
        if changes.needs_code and not is_trusted(repository, path, text):
            yield f"Its functions are not trusted here. Read {path}, then: git datasets trust {path}"
    except DataferryError as error:
        yield f"{error.detail} {error.next_step}"
    if applied_lock(repository, path) != repository.read(lock_path(path)):
        yield "The folders are of another version. To bring them: git datasets restore"
        return
    for name, contents in changed_folders(repository, path):
        foreign, whole = contents.foreign, contents.whole
        if foreign:
            count = "1 file" if len(foreign) == 1 else f"{readable_count(len(foreign))} files"
            yield f"{name}/ has {count} of yours ({foreign[0]}), which git does not have."
        if not whole and is_manual(repository):
            yield f"{name}/ has only what was fetched. For all of it: git datasets fetch"
        elif not whole:
            yield f"{name}/ lacks files. To bring them back: git datasets restore"
