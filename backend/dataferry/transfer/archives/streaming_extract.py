"""Extraction of the archives of one fetch, during their download where that is possible."""

import os
import queue
import threading
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, replace
from posixpath import splitext
from typing import BinaryIO

from dataferry.core.errors import (
    Cancelled,
    DamagedFile,
    InvalidInput,
    NotFound,
    SourceProtocolError,
    UnsafeArchive,
)
from dataferry.core.files.safe_names import PathInUse, ReservedPaths
from dataferry.core.types import FileEntry, Manifest
from dataferry.transfer.archives.archive_formats import (
    Format,
    format_of,
    is_named_archive,
    is_page,
    members_grade,
    unpack,
)
from dataferry.transfer.archives.extract import ExtractionTree
from dataferry.transfer.archives.faults import CannotUnpack, DamagedArchive, EmptyArchive
from dataferry.transfer.archives.growing_file import open_growing_file
from dataferry.transfer.archives.notes import shown
from dataferry.transfer.contract import FetchedFile, Limits
from dataferry.transfer.files.disk import disk_faults
from dataferry.transfer.files.part_file import PartFile
from dataferry.transfer.files.progress import REPORT_INTERVAL_S, ProgressMeter
from dataferry.transfer.files.workdir import Workdir
from dataferry.transfer.files.write_gate import WriteGate

#: How long ``stop`` waits for the thread to take back what it has written.
_JOIN_TIMEOUT_S = 2.0


#: How many other names are tried for an archive that is kept beside a member of its name.
_MAX_NAMES = 1000


@dataclass(slots=True)
class _EarlyExtraction:
    """The members of an archive that is not verified yet. They count once it is."""

    part_file: PartFile
    tree: ExtractionTree
    reserved: ReservedPaths
    format: Format | None = None
    #: The number of members, as far as it is known.
    expected: int = 0
    extracted: bool = False

    def expect(self, count: int) -> None:
        self.expected += count


class _EarlyProgress:
    """Reports the members of early extractions to the progress meter, each once."""

    def __init__(self, meter: ProgressMeter) -> None:
        self._meter = meter
        self._files = self._expected = 0

    def report(self, extractions: list[_EarlyExtraction]) -> None:
        files = sum(len(early.tree.files) for early in extractions)
        expected = sum(early.expected for early in extractions)
        if files < self._files or expected < self._expected:  # one was rolled back
            self._meter.enter_phase("unpacking")
            self._files = self._expected = 0
        if expected > self._expected:
            self._meter.expect_files(expected - self._expected)
        for _ in range(files - self._files):
            self._meter.file_completed()
        self._files, self._expected = files, expected
        self._meter.report_if_due()


class StreamingExtraction:
    """``follow`` starts to extract an archive during its download; ``finish`` returns the files of all.

    Members that were extracted early count once the archive is complete and verified. If anything goes wrong
    before, they are rolled back, and the archive is extracted when it is complete: errors are only reported
    of verified bytes.
    """

    def __init__(
        self,
        manifest: Manifest,
        workdir: Workdir,
        reserved: ReservedPaths,
        limits: Limits,
        meter: ProgressMeter,
        *,
        keep_archives: bool,
    ) -> None:
        self._manifest = manifest
        self._workdir = workdir
        self._reserved = reserved
        self._limits = limits
        self._meter = meter
        self._keep_archives = keep_archives
        #: What a person should know of how the archives were unpacked; complete once ``finish`` has returned.
        self.notes: list[str] = []
        self._gate = WriteGate()
        self._start_lock = threading.Lock()
        self._stopping = False
        self._early: dict[str, _EarlyExtraction] = {}
        self._rolled_back: list[ExtractionTree] = []
        self._archives: queue.SimpleQueue[tuple[FileEntry, PartFile] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    # -- during the download ---------------------------------------------------------------------

    def follow(self, entry: FileEntry, part_file: PartFile) -> None:
        """Called by a download when an archive's first bytes arrive, from any thread. Returns at once."""
        with self._start_lock:
            if self._thread is None and not self._stopping:
                self._thread = threading.Thread(
                    target=copy_context().run, args=(self._run,), name="transfer-unpack", daemon=True
                )
                self._thread.start()
        self._archives.put((entry, part_file))

    def stop(self) -> None:
        """Nothing is written once this returns: what the thread may still be at ends at the gate."""
        self._stopping = True
        self._archives.put(None)
        if self._thread is not None:
            self._thread.join(_JOIN_TIMEOUT_S)
        self._gate.close()

    def _run(self) -> None:
        while (next_archive := self._archives.get()) is not None:
            entry, part_file = next_archive
            if entry.path in self._early:
                self._roll_back(entry.path)
            self._extract_early(entry, part_file)

    def _extract_early(self, entry: FileEntry, part_file: PartFile) -> None:
        reserved = self._reserved.nested()
        tree = self._extraction_tree(
            entry, part_file.size, reserved, self._check_stopped, on_member=lambda: None
        )
        early = self._early[entry.path] = _EarlyExtraction(part_file, tree, reserved)
        try:
            with disk_faults(self._workdir.root):
                stream = open_growing_file(part_file)
            with stream:
                early.format = format_of(stream, entry.path)
                if early.format is not None:
                    unpack(stream, early.format, tree, early.expect)
                    early.extracted = True
        except Exception:  # what is wrong with it is reported once it is complete
            self._roll_back(entry.path)

    def _roll_back(self, path: str) -> None:
        tree = self._early.pop(path).tree
        tree.remove_written()
        self._rolled_back.append(tree)

    def _check_stopped(self) -> None:
        if self._stopping:
            raise Cancelled

    # -- after the download ------------------------------------------------------------------------

    def finish(
        self, completed: dict[str, FetchedFile], check_cancelled: Callable[[], None]
    ) -> dict[str, FetchedFile]:
        """The members of all archives, by path. ``check_cancelled`` raises to stop.

        Errors: ``NotFound`` for an archive without files, ``UnsafeArchive``, ``ChecksumMismatch``,
        ``SourceProtocolError``, ``InvalidInput``, ``DiskFull``, ``StoreNotWritable``.
        """
        archives = [entry for entry in self._manifest.files if entry.unpack]
        if not archives:
            return {}
        self._meter.enter_phase("unpacking")
        self._archives.put(None)
        progress = _EarlyProgress(self._meter)
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(REPORT_INTERVAL_S)
            check_cancelled()
            progress.report(list(self._early.values()))
        self._commit_verified()
        progress.report(list(self._early.values()))
        files: dict[str, FetchedFile] = {}
        for entry in archives:
            files |= self._members_of(entry, completed[entry.path], check_cancelled)
        if self.notes:
            self._workdir.note = " ".join(self.notes)
        return files

    def _commit_verified(self) -> None:
        """Keep the members of verified archives, before anything else reserves a path."""
        for path, early in list(self._early.items()):
            if early.extracted and early.part_file.verified:
                early.reserved.commit()
            else:
                self._roll_back(path)
        for tree in self._rolled_back:
            tree.remove_empty_folders()

    def _members_of(
        self, entry: FileEntry, file: FetchedFile, check_cancelled: Callable[[], None]
    ) -> dict[str, FetchedFile]:
        """An archive's members, and the archive itself where it is to be kept."""
        early = self._early.pop(entry.path, None)
        if early is not None and early.format is not None:
            return self._result(entry, file, early.format, early.tree)
        try:
            with disk_faults(self._workdir.root):
                stream = self._workdir.completed_path(entry).open("rb")
            with stream:
                return self._extract(entry, file, stream, check_cancelled)
        except EmptyArchive as error:
            if len(self._manifest.files) == 1 and not self._keep_archives:
                self._workdir.discard(entry)
                raise NotFound(
                    f"There are no files: {entry.path} holds none.",
                    next_step="Choose another dataset, or ask for the archive itself with keep_archives.",
                ) from error
            return self._keep_unopened(entry, file, str(error))
        except CannotUnpack as error:
            return self._keep_unopened(entry, file, str(error))
        except DamagedArchive as error:
            if self._keep_archives:
                return self._keep_unopened(entry, file, f"it is damaged ({error})")
            raise self._damage_error(entry, file, error) from error
        except UnsafeArchive as error:
            if self._keep_archives:
                return self._keep_unopened(entry, file, error.detail)
            raise

    def _extract(
        self, entry: FileEntry, file: FetchedFile, stream: BinaryIO, check_cancelled: Callable[[], None]
    ) -> dict[str, FetchedFile]:
        format = format_of(stream, entry.path)
        if format is None:
            return self._not_an_archive(entry, file, stream)

        def check_and_report() -> None:
            check_cancelled()
            self._meter.report_if_due()

        reserved = self._reserved.nested()
        tree = self._extraction_tree(entry, file.size, reserved, check_and_report, self._meter.file_completed)
        try:
            unpack(stream, format, tree, self._meter.expect_files)
        except (CannotUnpack, DamagedArchive, UnsafeArchive):
            tree.remove_written()
            tree.remove_empty_folders()
            raise
        reserved.commit()
        return self._result(entry, file, format, tree)

    def _result(
        self, entry: FileEntry, file: FetchedFile, format: Format, tree: ExtractionTree
    ) -> dict[str, FetchedFile]:
        self.notes += tree.notes.sentences
        grade = members_grade(format, file.grade)
        members = {path: replace(member, grade=grade) for path, member in tree.files.items()}
        if self._keep_archives or tree.incomplete:
            members |= self._keep_archive(entry, file)
        return members

    def _extraction_tree(
        self,
        entry: FileEntry,
        size: int,
        reserved: ReservedPaths,
        check_cancelled: Callable[[], None],
        on_member: Callable[[], None],
    ) -> ExtractionTree:
        declared_bytes = self._manifest.unpacked_bytes or 0
        return ExtractionTree(
            self._workdir.tree,
            reserved,
            self._limits,
            archive=entry.path,
            max_bytes=max(
                self._limits.unpack_floor_bytes, size * self._limits.unpack_ratio, 2 * declared_bytes
            ),
            grade="transport",
            check_cancelled=check_cancelled,
            on_member=on_member,
            gate=self._gate,
        )

    def _not_an_archive(
        self, entry: FileEntry, file: FetchedFile, stream: BinaryIO
    ) -> dict[str, FetchedFile]:
        """A file that is no archive stays as it is. A text under an archive's name is an error, unless it is
        what its source publishes, or was asked for."""
        if not is_named_archive(entry.path):
            return self._keep_archive(entry, file, beside=False)
        if not is_page(stream) or file.grade != "recorded" or self._keep_archives:
            return self._keep_unopened(entry, file, "it is not the archive that its name says")
        self._workdir.discard(entry)
        raise SourceProtocolError(
            f"{entry.path} is not the archive that its name says.",
            next_step="The source may have sent a page in its place: look at the link in a browser.",
        )

    def _keep_unopened(self, entry: FileEntry, file: FetchedFile, reason: str) -> dict[str, FetchedFile]:
        self.notes.append(f"{shown(entry.path)} was not unpacked and is here itself: {reason.rstrip('.')}.")
        return self._keep_archive(entry, file)

    def _keep_archive(
        self, entry: FileEntry, file: FetchedFile, *, beside: bool = True
    ) -> dict[str, FetchedFile]:
        """Put the archive itself among the files, ``beside`` a member of its own name if there is one."""
        path, number = entry.path, 1
        while True:
            try:
                self._reserved.add(path)
                break
            except PathInUse as error:
                number += 1
                if not beside or number > _MAX_NAMES:
                    raise InvalidInput(f"The source lists files that collide: {error}.") from error
                stem, suffix = splitext(entry.path)
                path = f"{stem} ({number}){suffix}"
        if path != entry.path:
            self.notes.append(f"{shown(entry.path)} is kept as {shown(path)}: a member has its name.")
        place = self._workdir.tree / path
        with disk_faults(self._workdir.root):
            place.parent.mkdir(parents=True, exist_ok=True)
            # A second name, so that a run that is killed here still finds the first.
            os.link(self._workdir.completed_path(entry), place)
        return {path: replace(file, path=path)}

    def _damage_error(self, entry: FileEntry, file: FetchedFile, error: DamagedArchive) -> Exception:
        """Damage of bytes that arrived whole is the file's own: fetched again at once, it would be the same.
        Where nothing has vouched for them, the next try that a person asks for fetches them anew."""
        what = f"{entry.path} is damaged ({error})"
        if file.grade != "recorded":
            whose = "the publisher's" if file.grade == "publisher" else "right"
            return UnsafeArchive(
                f"{what}. Its checksum is {whose}, so it is broken at its source.",
                next_step="Ask for the archive itself with keep_archives, or tell its publisher.",
            )
        self._workdir.discard(entry)
        return DamagedFile(
            f"{what}. It arrived whole, so that it is most likely broken at its source.",
            next_step="Ask for the archive itself with keep_archives, or try later: it is fetched anew.",
        )
