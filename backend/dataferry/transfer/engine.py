"""The order of a fetch: what is there, what is missing, bytes, archives, and the one rename."""

import os
import threading
from collections.abc import Callable, Container
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dataferry.core.errors import (
    Cancelled,
    ChecksumMismatch,
    Conflict,
    DiskFull,
    InvalidInput,
    OutsideStore,
)
from dataferry.core.files.safe_names import Claims, UnusablePath, check_path
from dataferry.core.types import FileEntry, Manifest, Progress
from dataferry.transfer.archives.streaming_extract import Unpacking
from dataferry.transfer.contract import FetchedFile, FetchResult, Limits, Reuse
from dataferry.transfer.download_session import Bringing
from dataferry.transfer.files.disk import (
    allocated,
    disk_faults,
    exchange,
    preflight,
    sync_file_system,
    sync_folder,
    unpacked_peak,
)
from dataferry.transfer.files.progress import Meter
from dataferry.transfer.files.reuse import reuse_files
from dataferry.transfer.files.workdir import Partial
from dataferry.transfer.limits.governor import Governor, Member


def fetch(
    manifest: Manifest,
    target: Path,
    progress: Callable[[Progress], None],
    cancel: threading.Event,
    *,
    partial: Path | None = None,
    limits: Limits = Limits(),
    replace: bool = False,
    member: Member | None = None,
    reuse: Reuse | None = None,
    keep_archives: bool = False,
) -> FetchResult:
    """Bring the files of a manifest to ``target``, all of them verified, or nothing.

    Blocks. Works in ``partial`` (by default ``.incomplete/<name>`` beside the target, and always on
    its file system), which only one fetch uses at a time and in which what has come outlasts a failure,
    a cancel or a kill. ``target`` appears with one rename; with ``replace`` an existing one
    is kept until then. Files are read-only. ``progress`` is called from this thread, about ten times
    a second at most; ``cancel`` is obeyed within a second. ``member`` is a share of what all fetches of
    the process may use; ``reuse`` knows files of given bytes that are here already, which are linked and
    not fetched; ``keep_archives`` leaves an archive beside its members.

    Errors: the ``TransferError`` family, ``SourceRateLimited`` (with ``retry_after``),
    ``GatedDataset``, ``CredentialRejected``, ``Forbidden``, ``NotFound``, ``PrivateAddress``,
    ``DiskFull``, ``StoreNotWritable``, ``Conflict`` (a target that exists, a fetch at work),
    ``OutsideStore`` and ``InvalidInput`` for paths; ``Cancelled``.
    """
    _check_paths(manifest)
    target = target.absolute()
    root = partial or target.parent / ".incomplete" / target.name
    with Partial.locked(root, manifest) as work:
        files = work.finished(target)
        if files is None:
            with member or Governor().join("", "") as share:
                order = _Order(manifest, target, limits, replace, reuse, keep_archives)
                files = _Fetch(order, work, progress, cancel, share).run()
        work.remove()
    if partial is None:
        with suppress(OSError):  # another fetch works beside it
            root.parent.rmdir()
    return FetchResult(files)


def _check_paths(manifest: Manifest) -> None:
    for entry in manifest.files:
        try:
            check_path(entry.path)
        except UnusablePath as error:
            kind = OutsideStore if error.outside else InvalidInput
            raise kind(f"The source lists a file that cannot be stored: {error}.") from error


@dataclass(frozen=True, slots=True)
class _Order:
    """What a caller of ``fetch`` asks for."""

    manifest: Manifest
    target: Path
    limits: Limits
    replace: bool
    reuse: Reuse | None
    keep_archives: bool


class _Fetch:
    """One call of ``fetch``."""

    def __init__(
        self,
        order: _Order,
        work: Partial,
        progress: Callable[[Progress], None],
        cancel: threading.Event,
        member: Member,
    ) -> None:
        self._order = order
        self._manifest = order.manifest
        self._target = order.target
        self._limits = order.limits
        self._replace = order.replace
        self._work = work
        self._progress = progress
        self._cancel = cancel
        self._member = member
        self._claims = Claims(folded=work.folds_case)

    def run(self) -> tuple[FetchedFile, ...]:
        self._check_target()
        self._claim_paths()
        left = self._work.restore(self._proceed)
        whole = dict(left.whole)
        missing = [entry for entry in self._manifest.files if entry.path not in whole]
        meter = Meter(
            self._progress,
            sizes=[entry.size for entry in missing],
            there=sum(file.size for file in whole.values()),
            files_there=len(whole),
        )
        meter.add(sum(stop - start for part in left.begun.values() for start, stop in part.held))
        meter.tell()
        if self._order.reuse is not None:
            whole |= reuse_files(missing, self._order.reuse, self._work, meter, self._proceed)
            missing = [entry for entry in missing if entry.path not in whole]
        preflight(self._room_for(missing, left.begun), self._work.root, self._limits.min_free_bytes)
        unpacking = Unpacking(
            self._manifest,
            self._work,
            self._claims,
            self._limits,
            meter,
            keep_archives=self._order.keep_archives,
        )
        try:
            bringing = Bringing(
                self._manifest.ref, self._work, meter, self._member, self._limits, unpacking.follow
            )
            whole |= bringing.run(missing, left.begun, self._proceed)
            meter.enter("verifying")
            self._check_sizes(whole)
            members = unpacking.finish(whole, self._proceed)
        except DiskFull:
            preflight(self._room_left(), self._work.root)  # says the sum
            raise
        finally:
            unpacking.stop()
        meter.enter("finishing")
        plain = {entry.path: whole[entry.path] for entry in self._manifest.files if not entry.unpack}
        files = tuple(file for _, file in sorted((plain | members).items()))
        self._move(files)
        return files

    def _proceed(self) -> None:
        if self._cancel.is_set():
            raise Cancelled

    def _check_target(self) -> None:
        """Errors: what would stop the rename at the end, said before the first byte."""
        with disk_faults(self._target.parent):
            self._target.parent.mkdir(parents=True, exist_ok=True)
            apart = self._target.parent.stat().st_dev != self._work.root.stat().st_dev
        if not os.access(self._target.parent, os.W_OK | os.X_OK):
            preflight(0, self._target.parent)
        if apart:
            raise InvalidInput(f"{self._work.root} and {self._target} lie on different file systems.")
        if not self._replace and os.path.lexists(self._target):
            raise Conflict(f"{self._target} exists already.", next_step="Delete it, or fetch with replace.")

    def _claim_paths(self) -> None:
        """Errors: ``InvalidInput`` if two files of the manifest want one place."""
        archives = Claims()
        for entry in self._manifest.files:
            try:
                (archives if entry.unpack else self._claims).add(entry.path)
            except UnusablePath as error:
                raise InvalidInput(f"The source lists files that collide: {error}.") from error

    def _room_for(self, missing: list[FileEntry], begun: Container[str]) -> int:
        """Bytes of disk that are still needed: what is under way has its room already."""
        needed = unpacked_peak(self._manifest)
        for entry in missing:
            taken = allocated(self._work.part(entry)) if entry.path in begun else 0
            needed += max(0, (entry.size or 0) - taken)
        return needed

    def _room_left(self) -> int:
        """The same in the middle of the work."""
        homes = {entry.path: self._work.home(entry) for entry in self._manifest.files}
        missing = [entry for entry in self._manifest.files if not homes[entry.path].exists()]
        plain = set(homes.values())
        members = [path for path in self._work.tree.rglob("*") if path.is_file() and path not in plain]
        unpacked = min(sum(path.stat().st_size for path in members), unpacked_peak(self._manifest))
        return self._room_for(missing, homes) - unpacked

    def _check_sizes(self, whole: dict[str, FetchedFile]) -> None:
        """Every file is still where it landed. Its bytes were hashed on the way."""
        with disk_faults(self._work.root):
            for entry in self._manifest.files:
                self._proceed()
                if self._work.size_of(entry) != whole[entry.path].size:
                    raise ChecksumMismatch(f"{entry.path} changed on this disk after it was verified.")

    def _move(self, files: tuple[FetchedFile, ...]) -> None:
        """The tree becomes the target."""
        tree, target = self._work.tree, self._target
        with disk_faults(target.parent):
            sync_file_system(tree)
            self._proceed()
            self._work.finish(files)
            if not os.path.lexists(target):
                tree.rename(target)
            elif not self._replace:
                raise Conflict(f"{target} exists already.", next_step="Delete it, or fetch with replace.")
            elif not exchange(tree, target):
                target.rename(self._work.root / "old")
                tree.rename(target)
            sync_folder(target.parent)
