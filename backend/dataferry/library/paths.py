"""Where datasets lie on disk. The root may lie behind a symbolic link; one below it is never followed.

::

    <store>/<source>/<owner|_>/<name>/<revision[:12]>[+<selection>]/   a dataset
    <store>/<download_path>/                                          a hardlinked view of one
    <store>/.incomplete/<dataset id>/                                 a download under way
    <store>/.additions/<addition id>/                                 a person's files on their way
    <store>/.versions/<source>/<owner|_>/<name>/<all|selection>/      the versions of one
    <store>/.trash/<random>/                                          being deleted
"""

import logging
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from threading import Thread

from dataferry.core.errors import Cancelled, Conflict, InvalidInput, OutsideStore, StoreNotWritable
from dataferry.core.files.no_links import NoLinks, is_regular
from dataferry.core.types import SOURCE_NAMES, DatasetRef

log = logging.getLogger(__name__)

Inodes = frozenset[tuple[int, int]]

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Store:
    """The root folder. All paths that leave it are absolute; all that enter are checked."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def prepare(self) -> None:
        """Make the store, prove that it can be written, and finish deletions that were cut short.

        Errors: ``StoreNotWritable`` naming the folder.
        """
        probe = self.root / f".write-{secrets.token_hex(4)}"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise StoreNotWritable(
                f"The downloads folder {self.root} cannot be written: {error.strerror}.",
                next_step="Give it to this user, or choose another folder for downloads.",
                setting="DOWNLOAD_PATH",
            ) from error
        for name in (".trash", ".incomplete", ".additions"):
            _remove_link(self.root / name)
        with suppress(FileNotFoundError):
            _remove_in_thread(list((self.root / ".trash").iterdir()))

    def target(self, ref: DatasetRef, revision: str, selection: str = "") -> Path:
        """The dataset's own folder."""
        if ref.source == "url":
            host = re.sub(r"^https?://", "", ref.id).partition("/")[0]
            name = _segment(ref.name.partition("#")[0] or "file")
            owner, name = _segment(host), f"{name}-{sha256(ref.id.encode()).hexdigest()[:8]}"
        else:
            owner, name = ref.owner or "_", ref.name
        leaf = _segment(revision)[:12] + (f"+{selection}" if selection else "")
        return self.root / ref.source / owner / name / leaf

    def partial(self, dataset_id: str) -> Path:
        return self.root / ".incomplete" / dataset_id

    def versions(self, ref: DatasetRef, selection: str = "") -> Path:
        """The git repository of a dataset's versions, of whatever revisions they are."""
        below = self.target(ref, "_").parent.relative_to(self.root)
        return self.root / ".versions" / below / (selection or "all")

    def addition(self, addition_id: str) -> Path:
        return self.root / ".additions" / addition_id

    def additions(self) -> list[Path]:
        """The folders of what people are adding."""
        return self._folders_in(".additions")

    def partials(self) -> list[Path]:
        """The working folders of downloads."""
        return self._folders_in(".incomplete")

    def _folders_in(self, name: str) -> list[Path]:
        folder = self.root / name
        try:
            found = sorted(folder.iterdir()) if not folder.is_symlink() else []
        except FileNotFoundError:
            return []
        return [path for path in found if path.is_dir() and not path.is_symlink()]

    def scratch(self) -> Path:
        """A folder for temporary names; it is emptied at start."""
        folder = self.root / ".trash"
        _remove_link(folder)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def is_there(self, tree: Path) -> bool:
        """Whether a dataset's folder can be looked for: it is there, or others are. Else the disk may not be
        mounted, and what is missing is not known to be gone."""
        if tree.exists() or not tree.is_relative_to(self.root):
            return True
        return any((self.root / name).is_dir() for name in SOURCE_NAMES)

    def check(self, path: Path) -> None:
        """Errors: ``Conflict`` for a place in the store that a symbolic link leads to."""
        NoLinks(self.root).check(path)

    def view(self, download_path: str) -> Path:
        """The folder that a request's ``download_path`` names, relative to the store or absolute.

        Errors: ``OutsideStore`` for anything outside it or in a place that the store itself uses.
        """
        refused = OutsideStore(
            f"{download_path[:200]!r} is not a folder that downloads may use.",
            next_step=f"Name a folder inside {self.root}.",
        )
        if not download_path.strip() or "\0" in download_path:
            raise refused
        root = self.root.resolve()
        wanted = Path(download_path)
        if download_path.startswith("~"):
            if wanted.parts[0] != "~":
                raise refused  # whether there is a user of that name is nobody's business
            wanted = wanted.expanduser()
        try:
            # resolve() follows links, so that a link inside the store cannot lead out of it.
            path = (root / wanted).resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise refused from error
        if not path.is_relative_to(root) or path == root:
            raise refused
        first = path.relative_to(root).parts[0]
        if first.startswith(".") or first in SOURCE_NAMES:
            raise refused
        return path

    def try_view(self, view: Path) -> None:
        """Check that the folder can be made and written, and leave nothing behind.

        Errors: ``InvalidInput`` naming what is in the way; ``Conflict`` for a symbolic link.
        """
        self.check(view)
        made = [folder for folder in (view, *view.parents) if not os.path.lexists(folder)]
        probe = view / f".write-{secrets.token_hex(4)}"
        try:
            view.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            reason = (
                "is a file" if isinstance(error, FileExistsError) else f"cannot be used: {error.strerror}"
            )
            raise InvalidInput(
                f"The folder {str(view)[:200]} {reason}.",
                next_step="Choose another folder as download_path.",
            ) from error
        finally:
            for folder in made:
                _remove_if_empty(folder)

    def file(self, tree: Path, path: str, size: int) -> Path | None:
        """The file ``path`` of a dataset's folder, if it is a regular file of ``size`` bytes in it.

        None too for a path that leads out of the folder, or through a symbolic link.
        """
        file = tree / path
        if ".." in Path(path).parts or not file.is_relative_to(tree) or not tree.is_relative_to(self.root):
            return None
        try:
            # The store may lie behind a symbolic link, what is in it may not.
            inside = file.resolve(strict=True) == self.root.resolve() / file.relative_to(self.root)
            status = file.stat()
        except (OSError, ValueError):
            return None
        return file if inside and stat.S_ISREG(status.st_mode) and status.st_size == size else None

    def make_view(self, tree: Path, view: Path, *, previous: Inodes = frozenset()) -> None:
        """Hardlink every file of ``tree`` below ``view``; hardlinks to the right file stay.

        ``previous``: the files that the tree had before it was downloaded again; hardlinks to them are
        replaced. Errors: ``Conflict`` if any other file, or a symbolic link, stands in the way.
        """
        links = NoLinks(self.root)
        links.check(view)
        for source in self._files(tree):
            hardlink = view / source.relative_to(tree)
            links.check(hardlink.parent)
            found = _inode(hardlink)
            if found is not None and found == _inode(source):
                continue
            if found in previous:
                hardlink.unlink()
            try:
                _link(source, hardlink)
            except (FileExistsError, NotADirectoryError) as error:
                raise Conflict(
                    f"{hardlink} is another file already.",
                    next_step="Choose an empty folder as download_path.",
                ) from error

    def inodes(self, tree: Path) -> Inodes:
        """Device and inode of each file of a tree: they identify it as long as one hardlink to it is left."""
        return frozenset(filter(None, map(_inode, self._files(tree))))

    def remove_view(self, tree: Path, view: Path) -> None:
        """Remove the hardlinks that ``make_view`` made, and no other file. Errors: ``Conflict`` for a view
        that a symbolic link leads to."""
        links = NoLinks(self.root)
        links.check(view)
        for source in self._files(tree):
            hardlink = view / source.relative_to(tree)
            found = _inode(hardlink)
            if found is not None and found == _inode(source) and links.is_file(hardlink):
                hardlink.unlink()
        for folder, _, _ in os.walk(view, topdown=False):
            _remove_if_empty(Path(folder))

    def discard(self, path: Path) -> None:
        """Delete a tree: out of sight with one rename, then byte by byte. Missing is fine."""
        trash = self._set_aside(path)
        if trash is not None:
            _remove(trash)

    @contextmanager
    def set_aside(self, path: Path) -> Iterator[None]:
        """Take a tree out of sight inside the block, and delete it at its end; if that is ``Cancelled`` it
        comes back, unless another is in its place by then. Missing is fine."""
        trash = self._set_aside(path)
        try:
            yield
        except Cancelled:
            if trash is not None and not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                trash.rename(path)
            raise
        finally:
            if trash is not None and trash.exists():
                _remove(trash)

    def discard_soon(self, path: Path) -> None:
        """The same for one who cannot wait: it returns after the rename. What the process leaves undone, the
        next ``prepare`` does."""
        trash = self._set_aside(path)
        if trash is not None:
            _remove_in_thread([trash])

    def _files(self, tree: Path) -> Iterator[Path]:
        """Every file of a tree, one after the other: there may be half a million."""
        if NoLinks(self.root).first_link(tree) is not None:
            return
        for folder, folders, names in os.walk(tree):
            folders.sort()
            for name in sorted(names):
                path = Path(folder, name)
                if is_regular(path):
                    yield path

    def _set_aside(self, path: Path) -> Path | None:
        """Rename a tree into the trash; None where there is none, or another is quicker. What a symbolic link
        leads to is none of ours."""
        below = path.is_relative_to(self.root)  # else it is of a former root
        if below and NoLinks(self.root).first_link(path.parent) is not None:
            log.warning("%s is reached by a symbolic link, and left alone", path)
            return None
        trash = self.scratch() / secrets.token_hex(8)
        try:
            path.rename(trash)
        except FileNotFoundError:
            return None
        parent = path.parent
        while parent != self.root and _remove_if_empty(parent):
            parent = parent.parent
        return trash


def _link(source: Path, hardlink: Path) -> None:
    while True:
        hardlink.parent.mkdir(parents=True, exist_ok=True)
        try:
            return os.link(source, hardlink)
        except FileNotFoundError:
            # Another deletion took the folder, which was empty still; without the source there is no end.
            source.stat()


def _remove_in_thread(paths: Iterable[Path]) -> None:
    """Delete files and trees without making anybody wait: there may be half a million files."""

    def remove() -> None:
        for path in paths:
            _remove(path)

    Thread(target=remove, name="trash", daemon=True).start()


def _remove(path: Path) -> None:
    """Delete a file, a tree or a link, and not what a link leads to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _remove_link(folder: Path) -> None:
    """Where one of the store's own folders is a symbolic link, remove the link: what is in such a folder is
    deleted sooner or later, and must be ours."""
    if folder.is_symlink():
        log.warning("%s is a symbolic link to %s; the link is removed", folder, os.readlink(folder))
        folder.unlink(missing_ok=True)


def _inode(path: Path) -> tuple[int, int] | None:
    """Device and inode of what is at a path, be it a link; None for nothing."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _segment(text: str) -> str:
    return _UNSAFE.sub("_", text).lstrip(".")[:80] or "_"


def _remove_if_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True
