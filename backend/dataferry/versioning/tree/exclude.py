"""What git is told of the folders: to ignore them (``info/exclude``), and how locks are merged
(``info/attributes``). Both are not committed, and may have lines of the user."""

from pathlib import Path

from dataferry.versioning.model.lock_file import Lock
from dataferry.versioning.repository import LOCK_SUFFIX, Repository
from dataferry.versioning.tree.journal import write_whole
from dataferry.versioning.tree.layout import DATABASE, DATABASE_COMPANIONS, folders

#: Beside the working tree where the git folder is on another disk.
ASIDE = ".git-datasets"
_BEGIN = "# git datasets: these lines are kept up to date; write yours outside of them"
_END = "# git datasets: end"


def ignore_folders(repository: Repository) -> None:
    """Let git ignore what stands here beside index files, in all worktrees, and nothing else: a folder that
    leaves the dataset is the user's again."""
    patterns = {f"/{ASIDE}/"}
    for state in (repository.common_dir, *(repository.common_dir / "worktrees").glob("*")):
        for path in (state / "datasets" / "applied").rglob(f"*.py{LOCK_SUFFIX}"):
            patterns |= _patterns(path, state / "datasets" / "applied")
    _write_block(repository.common_dir / "info" / "exclude", sorted(patterns))


def merge_locks(repository: Repository) -> None:
    """Let git merge locks by ``merging``."""
    _write_block(repository.common_dir / "info" / "attributes", [f"*.py{LOCK_SUFFIX} merge=datasets"])


def _patterns(path: Path, root: Path) -> set[str]:
    parent = path.parent.relative_to(root).as_posix()
    beside = "/" if parent == "." else f"/{_escaped(parent)}/"
    names = [DATABASE, *(DATABASE + companion for companion in DATABASE_COMPANIONS)]
    lock = Lock.parse(path.read_text(encoding="utf-8", errors="surrogateescape"))
    return {beside + name for name in (*names, *(f"{folder}/" for folder in folders(lock)))}


def _escaped(path: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\*?[ " else letter for letter in path)


def _write_block(path: Path, lines: list[str]) -> None:
    text = path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""
    before, found, rest = text.partition(f"{_BEGIN}\n")
    after = rest.partition(f"{_END}\n")[2] if found else ""
    if before and not before.endswith("\n"):
        before += "\n"
    block = "\n".join([_BEGIN, *lines, _END, ""])
    if before + block + after != text:
        write_whole(path, before + block + after)
