"""The folders of runs in a working folder: each run writes into one of its own.

::

    <workdir>/lock                     see ``folder_lock``
    <workdir>/runs/<name of the run>/  see ``workdir``

A run goes on with what the one before it has left. Where that is over, its folder gets the new name. Where it
may still be at work, because it stands still or is cut off, no file that is written is shared: those that are
complete are linked, and the bytes of others are copied.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from dataferry.core.files.hardlinks import link_or_copy
from dataferry.core.files.no_links import is_regular

_JOURNAL = "journal.jsonl"
_FINISHED = "finished.json"
#: What lay in the working folder itself before runs had folders.
_FORMERLY = ("parts", "archives", "tree", "old", _FINISHED, _JOURNAL)
_COPY_BYTES = 2**24


def run_folder(root: Path, name: str) -> Path:
    """Where the run of that name works."""
    return root / "runs" / name


def open_run_folder(root: Path, name: str, *, shared: bool) -> Path:
    """The folder of a run, with what earlier ones have left in the working folder, whose lock is held.

    ``shared``: they may still be at work. Errors: ``OSError``.
    """
    folder = run_folder(root, name)
    if (root / "runs").is_symlink():
        (root / "runs").unlink()
    folder.parent.mkdir(exist_ok=True)
    others = sorted((path for path in folder.parent.iterdir() if path != folder), key=_begun_at)
    if not (folder / _JOURNAL).exists():
        _adopt_former(root, folder)
        if others and not (folder / _JOURNAL).exists():
            _adopt(others[-1], folder, shared=shared)
    for other in others:
        shutil.rmtree(other, ignore_errors=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _begun_at(folder: Path) -> int:
    try:
        return (folder / _JOURNAL).stat().st_mtime_ns
    except OSError:
        return 0


def _adopt_former(root: Path, folder: Path) -> None:
    if not (root / _JOURNAL).exists():
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in _FORMERLY:
        with suppress(FileNotFoundError):
            (root / name).rename(folder / name)


def _adopt(other: Path, folder: Path, *, shared: bool) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if not shared:
        other.rename(folder)
        return
    folder.mkdir(mode=0o700)
    # Read first, so that what they tell of is there, and written last, so that a kill leaves none of this.
    told = {name: _text(other / name) for name in (_FINISHED, _JOURNAL)}
    for name in ("archives", "tree"):
        for path in _files(other / name):
            new = folder / path.relative_to(other)
            new.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                link_or_copy(path, new, scratch=folder)
    for path in _files(other / "parts"):
        new = folder / path.relative_to(other)
        new.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            _copy_data(path, new)
    for name, text in told.items():
        if text is not None:
            (folder / name).write_bytes(text)


def _text(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if is_regular(path) else None
    except FileNotFoundError:
        return None


def _files(folder: Path) -> list[Path]:
    found = (Path(place, name) for place, _folders, names in os.walk(folder) for name in names)
    return [path for path in found if is_regular(path)]


def _copy_data(source: Path, target: Path) -> None:
    """Copy a part file, of which most may be a hole."""
    with source.open("rb", buffering=0) as old, target.open("xb", buffering=0) as new:
        size = os.fstat(old.fileno()).st_size
        new.truncate(size)
        at = 0
        while at < size:
            try:
                at = os.lseek(old.fileno(), at, os.SEEK_DATA)
                end = os.lseek(old.fileno(), at, os.SEEK_HOLE)
            except OSError:  # ENXIO: only a hole is left
                return
            while at < end:
                piece = os.pread(old.fileno(), min(_COPY_BYTES, end - at), at)
                if not piece:
                    return
                at += os.pwrite(new.fileno(), piece, at)
