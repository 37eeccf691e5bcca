"""A fetch from beginning to end: restore, reuse, preflight, download, extract, and one rename."""

import os
import shutil
import threading
from collections.abc import Callable, Container
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dataferry.core.errors import (
    Cancelled,
    ChecksumMismatch,
    Conflict,
    DataferryError,
    DiskFull,
    InvalidInput,
    OutsideStore,
)
from dataferry.core.files.durable import exchange, sync_file_system, sync_folder
from dataferry.core.files.safe_names import ReservedPaths, UnusablePath, check_path
from dataferry.core.types import FileEntry, Manifest, Progress
from dataferry.transfer.archives.streaming_extract import StreamingExtraction
from dataferry.transfer.contract import Accept, FetchedFile, FetchResult, FolderUser, Limits, Reuse
from dataferry.transfer.files.disk import allocated, disk_faults, preflight, unpacked_peak
from dataferry.transfer.files.journal import JournalState
from dataferry.transfer.files.progress import ProgressMeter
from dataferry.transfer.files.reuse import reuse_files
from dataferry.transfer.files.workdir import Workdir
from dataferry.transfer.limits.governor import Governor, Member
from dataferry.transfer.scheduler import ConnectionScheduler


def fetch(
    manifest: Manifest,
    target: Path,
    progress: Callable[[Progress], None],
    cancel: threading.Event,
    *,
    workdir: Path | None = None,
    limits: Limits = Limits(),
    replace: bool = False,
    member: Member | None = None,
    reuse: Reuse | None = None,
    keep_archives: bool = False,
    reserve: Callable[[int], None] | None = None,
    accept: Accept | None = None,
    user: FolderUser | None = None,
    confirm: Callable[[], None] | None = None,
) -> FetchResult:
    """Download the files of a manifest to ``target``, all of them verified, or nothing.

    Blocks. Works in the folder ``workdir`` (by default ``.incomplete/<name>`` beside the target, and always
    on its file system), which only one fetch uses at a time and which keeps what has arrived after a failure,
    a cancel or a kill. A ``workdir`` of the caller's stays after a success too, so that a repeated fetch
    returns at once: the caller gives it to ``discard_workdir`` once the result is recorded. ``target``
    appears with one rename; with ``replace`` an existing one is kept until then. Files are read-only.
    ``progress`` is called from this thread, about ten times a second at most; ``cancel`` is obeyed within a
    second. ``member`` is this fetch's share of what all fetches of the process may use; ``reuse`` finds files
    on this machine by checksum, which are linked instead of downloaded; ``keep_archives`` leaves an archive
    beside its members; ``reserve`` is called with the bytes of disk that are still needed before the first is
    fetched, and raises where there is no room for them; ``accept`` is called with the verified files before
    they take their place, and raises to refuse them: they are deleted, and the target stays as it is.
    ``user`` is the run that it works for, which has a folder of its own in ``workdir`` and goes on with what
    earlier ones have left there; ``confirm`` is called just before the rename, and raises to prevent it.

    Errors: the ``TransferError`` family, ``SourceRateLimited`` (with ``retry_after``),
    ``GatedDataset``, ``CredentialRejected``, ``Forbidden``, ``NotFound``, ``PrivateAddress``,
    ``DiskFull``, ``StoreNotWritable``, ``Conflict`` (a target that exists), ``FolderBusy``
    (another fetch in the same folder), ``OutsideStore`` and ``InvalidInput`` for paths; ``Cancelled``; what
    ``accept`` and ``confirm`` raise.
    """
    _check_paths(manifest)
    target = target.absolute()
    root = workdir or target.parent / ".incomplete" / target.name
    with Workdir.locked(root, manifest, user) as locked:
        files = locked.read_finished(target)
        if files is not None:
            _report_finished(files, locked.note, progress)
            result = FetchResult(files, target.stat().st_ino)
        else:
            with member or Governor().join("") as share:
                options = _FetchOptions(
                    manifest, target, limits, replace, reuse, keep_archives, reserve, accept, confirm
                )
                result = _Fetch(options, locked, progress, cancel, share).run()
        if workdir is None:
            locked.remove()
    if workdir is None:
        with suppress(OSError):  # another fetch works beside it
            root.parent.rmdir()
    return result


def _report_finished(
    files: tuple[FetchedFile, ...], note: str | None, progress: Callable[[Progress], None]
) -> None:
    """What a run would have reported last that was killed before it could return."""
    size, count = sum(file.size for file in files), len(files)
    progress(
        Progress(
            phase="finishing",
            bytes_done=size,
            bytes_total=size,
            files_done=count,
            files_total=count,
            note=note,
        )
    )


def _check_paths(manifest: Manifest) -> None:
    for entry in manifest.files:
        try:
            check_path(entry.path)
        except UnusablePath as error:
            kind = OutsideStore if error.outside else InvalidInput
            raise kind(f"The source lists a file that cannot be stored: {error}.") from error


@dataclass(frozen=True, slots=True)
class _FetchOptions:
    """The arguments of a call of ``fetch``."""

    manifest: Manifest
    target: Path
    limits: Limits
    replace: bool
    reuse: Reuse | None
    keep_archives: bool
    reserve: Callable[[int], None] | None
    accept: Accept | None
    confirm: Callable[[], None] | None


class _Fetch:
    """One call of ``fetch``."""

    def __init__(
        self,
        options: _FetchOptions,
        workdir: Workdir,
        progress: Callable[[Progress], None],
        cancel: threading.Event,
        member: Member,
    ) -> None:
        self._options = options
        self._manifest = options.manifest
        self._target = options.target
        self._limits = options.limits
        self._workdir = workdir
        self._progress = progress
        self._cancel = cancel
        self._member = member
        self._reserved = ReservedPaths(fold_case=workdir.folds_case)

    def run(self) -> FetchResult:
        self._check_target()
        self._reserve_paths()
        state = self._workdir.restore(self._check_cancelled)
        completed = dict(state.completed)
        missing = [entry for entry in self._manifest.files if entry.path not in completed]
        meter = self._meter(missing, state)
        if self._options.reuse is not None:
            completed |= reuse_files(
                missing, self._options.reuse, self._workdir, meter, self._check_cancelled
            )
            missing = [entry for entry in missing if entry.path not in completed]
        needed_bytes = self._needed_bytes(missing, state.parts)
        if self._options.reserve is not None:
            self._options.reserve(needed_bytes)
        else:
            preflight(needed_bytes, self._workdir.root, self._limits.min_free_bytes)
        extraction = StreamingExtraction(
            self._manifest,
            self._workdir,
            self._reserved,
            self._limits,
            meter,
            keep_archives=self._options.keep_archives,
        )
        try:
            completed |= self._download(missing, state, meter, extraction)
            meter.enter_phase("verifying")
            self._check_sizes(completed)
            members = extraction.finish(completed, self._check_cancelled)
        except DiskFull:
            preflight(self._needed_bytes_now(), self._workdir.root)  # its error names the sum
            raise
        finally:
            extraction.stop()
        meter.note(self._workdir.note)  # of what happened on the way, what lasts
        meter.enter_phase("finishing")
        plain = {entry.path: completed[entry.path] for entry in self._manifest.files if not entry.unpack}
        files = tuple(file for _, file in sorted((plain | members).items()))
        return FetchResult(files, self._move_into_place(files))

    def _check_cancelled(self) -> None:
        if self._cancel.is_set():
            raise Cancelled

    def _check_target(self) -> None:
        """Errors: whatever would prevent the rename at the end, before the first byte."""
        with disk_faults(self._target.parent):
            self._target.parent.mkdir(parents=True, exist_ok=True)
            other_disk = self._target.parent.stat().st_dev != self._workdir.root.stat().st_dev
        if not os.access(self._target.parent, os.W_OK | os.X_OK):
            preflight(0, self._target.parent)
        if other_disk:
            raise InvalidInput(f"{self._workdir.root} and {self._target} lie on different file systems.")
        if not self._options.replace and os.path.lexists(self._target):
            raise Conflict(f"{self._target} exists already.", next_step="Delete it, or fetch with replace.")

    def _reserve_paths(self) -> None:
        """Errors: ``InvalidInput`` if two files of the manifest have one path."""
        archives = ReservedPaths()
        for entry in self._manifest.files:
            try:
                (archives if entry.unpack else self._reserved).add(entry.path)
            except UnusablePath as error:
                raise InvalidInput(f"The source lists files that collide: {error}.") from error

    def _meter(self, missing: list[FileEntry], state: JournalState) -> ProgressMeter:
        """Begins with what an earlier run has left, and reports it."""
        meter = ProgressMeter(
            self._progress,
            sizes=[entry.promised_size for entry in missing],
            present_bytes=sum(file.size for file in state.completed.values()),
            present_files=len(state.completed),
        )
        meter.add(sum(stop - start for part in state.parts.values() for start, stop in part.held))
        meter.report()
        return meter

    def _download(
        self,
        missing: list[FileEntry],
        state: JournalState,
        meter: ProgressMeter,
        extraction: StreamingExtraction,
    ) -> dict[str, FetchedFile]:
        scheduler = ConnectionScheduler(
            missing,
            state.parts,
            ref=self._manifest.ref,
            workdir=self._workdir,
            meter=meter,
            member=self._member,
            limits=self._limits,
            extraction=extraction,
        )
        return scheduler.run(self._check_cancelled)

    def _needed_bytes(self, missing: list[FileEntry], parts: Container[str]) -> int:
        """Bytes of disk that are still needed: a part file's blocks are allocated already."""
        needed = unpacked_peak(self._manifest)
        for entry in missing:
            taken = allocated(self._workdir.part_path(entry)) if entry.path in parts else 0
            needed += max(0, (entry.size or 0) - taken)
        return needed

    def _needed_bytes_now(self) -> int:
        """The same in the middle of a download or an extraction."""
        paths = {entry.path: self._workdir.completed_path(entry) for entry in self._manifest.files}
        missing = [entry for entry in self._manifest.files if not paths[entry.path].exists()]
        plain = set(paths.values())
        members = [path for path in self._workdir.tree.rglob("*") if path.is_file() and path not in plain]
        unpacked = min(sum(path.stat().st_size for path in members), unpacked_peak(self._manifest))
        return self._needed_bytes(missing, paths) - unpacked

    def _check_sizes(self, completed: dict[str, FetchedFile]) -> None:
        """Every file is still in its place. Its bytes were hashed as they arrived."""
        with disk_faults(self._workdir.root):
            for entry in self._manifest.files:
                self._check_cancelled()
                if self._workdir.size_of(entry) != completed[entry.path].size:
                    raise ChecksumMismatch(f"{entry.path} changed on this disk after it was verified.")

    def _move_into_place(self, files: tuple[FetchedFile, ...]) -> int:
        """The tree becomes the target. Its inode."""
        tree, target = self._workdir.tree, self._target
        with disk_faults(target.parent):
            sync_file_system(tree)
            self._check_cancelled()
            self._ask_to_accept(files)
            inode = self._workdir.write_finished(files)
            if self._options.confirm is not None:
                self._options.confirm()
            if not os.path.lexists(target):
                tree.rename(target)
            elif not self._options.replace:
                raise Conflict(f"{target} exists already.", next_step="Delete it, or fetch with replace.")
            elif not exchange(tree, target):
                target.rename(self._workdir.root / "old")
                tree.rename(target)
            sync_folder(target.parent)
        return inode

    def _ask_to_accept(self, files: tuple[FetchedFile, ...]) -> None:
        """Errors: what ``accept`` raises; the next fetch then begins anew."""
        if self._options.accept is None:
            return
        try:
            self._options.accept(files)
        except DataferryError:
            shutil.rmtree(self._workdir.tree)
            for entry in self._manifest.files:
                self._workdir.discard(entry)
            raise
