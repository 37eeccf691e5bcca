"""Installing the hooks of a repository, beside whatever hooks are there.

Where the hooks' folder is the git folder's own, ours go into it; one that was there is renamed to
``NAME.before-datasets`` and runs first. Any other (``.husky/_``, ``.githooks``, one for all repositories)
is left as it is: husky's hooks find their script by the name that they were called by, and others belong to
git. Ours then stand in ``.git/datasets/hooks``, git is told of that folder, and each runs the one of the
other folder first.
"""

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from dataferry.versioning.repository import Repository
from dataferry.versioning.tree.exclude import merge_locks

HOOKS = (
    *("pre-commit", "pre-merge-commit", "post-commit"),
    *("post-index-change", "post-checkout", "post-merge", "post-rewrite"),
    "pre-push",
)
BEFORE = ".before-datasets"
_MARK = "# Made by `git datasets init`."
_HOOKS_PATH = "core.hooksPath"
#: The folder of hooks that was git's before ours was.
_BEFORE_PATH = "datasets.hooksPathBefore"
_DRIVER = "merge.datasets.driver"


@dataclass(frozen=True)
class _Place:
    """``folder``: where ours stand. ``before``: the folder of the others, where that is another one."""

    folder: Path
    before: Path | None


def install(repository: Repository) -> None:
    """Install what is not installed. Errors: ``OSError``, ``Conflict`` of git."""
    place = _place(repository)
    place.folder.mkdir(parents=True, exist_ok=True)
    names = set(HOOKS)
    if place.before is not None:
        # All hooks of the other folder have to be passed on.
        names |= {
            path.name for path in place.before.glob("[!._]*") if os.access(path, os.X_OK) and path.is_file()
        }
        if repository.config(_HOOKS_PATH) != str(place.folder):
            repository.git("config", "--local", _BEFORE_PATH, str(place.before))
            repository.git("config", "--local", _HOOKS_PATH, str(place.folder))
    for name in sorted(names):
        _install(place, name)
    if repository.config(_DRIVER) != (driver := _driver()):
        repository.git("config", "--local", "merge.datasets.name", "locks of git datasets")
        repository.git("config", "--local", _DRIVER, driver)
    merge_locks(repository)


def repair(repository: Repository) -> None:
    """Install again what another program has written over: ``git lfs update --force`` does."""
    if missing(repository):
        install(repository)


def missing(repository: Repository) -> list[str]:
    """The hooks that git would not run; empty where all are installed."""
    folder = _folder(repository)
    return [name for name in HOOKS if not _is_installed(folder, name)]


def _install(place: _Place, name: str) -> None:
    path = place.folder / name
    if place.before is None:
        if os.path.lexists(path) and not _is_installed(place.folder, name):
            path.rename(path.with_name(name + BEFORE))
        before = '"${0%/*}/"' + shlex.quote(name + BEFORE)
    else:
        before = shlex.quote(str(place.before / name))
    if _legacy(place.folder, name):
        return
    template = Path(__file__).with_name("hook.sh").read_text(encoding="utf-8")
    text = template.replace("@HOOK@", shlex.quote(name)).replace("@BEFORE@", before)
    text = text.replace("@COMMAND@", shlex.quote(_command()))
    if not path.exists() or path.read_text(encoding="utf-8", errors="replace") != text:
        temporary = path.with_name(f".{name}.new")
        temporary.write_text(text, encoding="utf-8")
        temporary.chmod(0o755)
        temporary.replace(path)


def _place(repository: Repository) -> _Place:
    folder = _folder(repository)
    own = repository.common_dir / "datasets" / "hooks"
    before = repository.config(_BEFORE_PATH)
    if folder == own:
        return _Place(own, Path(before) if before else None)
    return _Place(folder, None) if folder.is_relative_to(repository.common_dir) else _Place(own, folder)


def _folder(repository: Repository) -> Path:
    """Where git looks for hooks."""
    return Path(os.path.normpath(repository.top / repository.git("rev-parse", "--git-path", "hooks")))


def _is_installed(folder: Path, name: str) -> bool:
    return _has_mark(folder / name) or _legacy(folder, name)


def _legacy(folder: Path, name: str) -> bool:
    """Whether the framework pre-commit was installed over ours, which it then runs itself."""
    hook = folder / name
    try:
        return (
            "legacy" not in hook.name
            and b"pre-commit" in hook.read_bytes()
            and _has_mark(folder / f"{name}.legacy")
        )
    except OSError:
        return False


def _has_mark(path: Path) -> bool:
    try:
        return _MARK in path.read_text(encoding="utf-8", errors="replace") and os.access(path, os.X_OK)
    except OSError:
        return False


def _command() -> str:
    """This command, for programs that do not have it on their search path (editors, desktop clients)."""
    here = Path(sys.executable).with_name("git-datasets")
    return str(here) if here.exists() else shutil.which("git-datasets") or "git-datasets"


def _driver() -> str:
    command = shlex.quote(_command())
    return f"if [ -x {command} ]; then {command} _merge %O %A %B %P; else git merge-file %A %O %B; fi"
