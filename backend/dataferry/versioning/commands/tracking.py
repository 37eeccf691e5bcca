"""The commands that change what is tracked, trusted and here."""

from collections.abc import Callable, Sequence
from pathlib import Path

from dataferry.core.errors import Conflict, InvalidInput, NotFound
from dataferry.versioning.declare.index_file import read_index
from dataferry.versioning.hooks import installing, trusting
from dataferry.versioning.hooks.following import MANUAL, follow
from dataferry.versioning.hooks.transfers import fetch_lock
from dataferry.versioning.repository import TRACKED, Repository, is_ours, lock_path
from dataferry.versioning.tree.layout import check_paths

Say = Callable[[str], None]


def track(repository: Repository, given: str) -> list[str]:
    """Track an index file: what was done. It is read, not run. Errors: ``NotFound``, ``InvalidInput``,
    ``Conflict``."""
    path = repository.index_path(given)
    text = repository.read(path)
    if text is None:
        raise NotFound(f"There is no file {given}.", next_step="Write it first: git datasets --help")
    if not path.endswith(".py"):
        raise InvalidInput(
            f"{given} is no Python file.", next_step="Name the file that has the @dataset class."
        )
    index = read_index(text, path, folder=(repository.top / path).parent)
    check_paths({*repository.tracked(), path})
    lock = repository.read(lock_path(path))
    if lock is not None and not is_ours(lock):
        raise Conflict(
            f"{lock_path(path)} is another program's (uv's, of a script?).",
            next_step=f"Give {path} another name.",
        )
    _check_folders(repository, path, [f.name for c in index.classes for f in c.columns if f.kind == "file"])
    installing.install(repository)
    if path not in repository.config_all(TRACKED):
        repository.git("config", "--local", "--add", TRACKED, path)
    # Whoever tracks a file has written it, or means to run it.
    trusting.trust(repository, path, text)
    repository.git("add", "--force", "--", path)
    names = ", ".join(declared.name for declared in index.classes)
    return [f"{path} is tracked ({names}). Next: git commit {path}"]


def _check_folders(repository: Repository, path: str, names: Sequence[str]) -> None:
    parent = Path(path).parent
    for name in names:
        folder = (parent / name).as_posix()
        if repository.git("ls-files", "--", f":(top,literal){folder}"):
            raise Conflict(
                f"git has files in {folder}/, which would be the folder of the field {name}.",
                next_step="Rename the field, or move these files.",
            )


def trust(repository: Repository, files: Sequence[str]) -> list[str]:
    """Trust index files as they are in the working tree, and as HEAD has them."""
    paths = [repository.index_path(file) for file in files] or repository.tracked()
    if not paths:
        raise NotFound("Nothing is tracked here.", next_step="git datasets track FILE")
    found = []
    for path in paths:
        texts = [text for text in (repository.read(path), repository.show("HEAD", path)) if text is not None]
        if not texts:
            raise NotFound(f"There is no file {path}.")
        for text in texts:
            trusting.trust(repository, path, text)
        found.append(f"{path} is trusted: commits may run its functions.")
    return found


def restore(repository: Repository, revision: str | None, files: Sequence[str], say: Say) -> bool:
    """Make folders whole again; with a revision, bring its index file, lock and data here."""
    if revision is not None and not _is_revision(repository, revision):
        files, revision = [revision, *files], None
    paths = [repository.index_path(file) for file in files] or repository.tracked()
    unknown = [path for path in paths if path not in repository.tracked()]
    if unknown:
        raise NotFound(
            f"{unknown[0]} is neither a revision nor a file that is tracked.",
            next_step="git datasets log lists revisions, git datasets status files.",
        )
    if revision is not None:
        for path in paths:
            found = [name for name in (path, lock_path(path)) if repository.blob(revision, name) is not None]
            if not found:
                raise NotFound(
                    f"{revision} has no {path}.", next_step="git datasets log lists those that have."
                )
            repository.git("checkout", "--quiet", revision, "--", *found)
    done = follow(repository, say, anew=True, paths=paths)
    if done:
        for path in paths:
            if revision is None:
                say(f"{path}: folders and dataset.sqlite are whole.")
            else:
                say(f"{path} is as in {revision}, with its data. To keep it: git commit {path}")
    return done


def _is_revision(repository: Repository, name: str) -> bool:
    return repository.ask_git("rev-parse", "--verify", "--quiet", name + "^{commit}") is not None


def fetch(repository: Repository, fields: list[str] | None, rows: tuple[int, int] | None, say: Say) -> bool:
    """Fetch what the locks in the working tree need; of a part of it the rest stays away until it is asked
    for."""
    part = fields is not None or rows is not None
    if part:
        repository.git("config", "--local", MANUAL, "manual")
    for path in repository.tracked():
        lock = repository.lock(repository.read(lock_path(path)), path)
        if lock is not None:
            fetch_lock(repository, lock, say, fields=fields, rows=rows)
    if not part and repository.config(MANUAL):
        repository.git("config", "--local", "--unset-all", MANUAL)
    return follow(repository, say, anew=True)
