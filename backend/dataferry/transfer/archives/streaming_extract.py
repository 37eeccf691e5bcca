"""The archives of one fetch become their members, while they arrive where that is possible."""

import os
import queue
import threading
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import BinaryIO

from dataferry.core.errors import (
    Cancelled,
    ChecksumMismatch,
    InvalidInput,
    SourceProtocolError,
    UnsafeArchive,
)
from dataferry.core.files.safe_names import Claims, UnusablePath
from dataferry.core.types import FileEntry, Manifest
from dataferry.transfer.archives.archive_formats import (
    Format,
    format_of,
    is_named_archive,
    members_grade,
    unpack,
)
from dataferry.transfer.archives.extract import DamagedArchive, Tree
from dataferry.transfer.archives.growing_file import open_arriving
from dataferry.transfer.contract import FetchedFile, Limits
from dataferry.transfer.files.disk import disk_faults
from dataferry.transfer.files.part_file import Version
from dataferry.transfer.files.progress import INTERVAL_S, Meter
from dataferry.transfer.files.workdir import Partial

#: What ``stop`` waits for a member that is being written.
_FAREWELL_S = 2.0


@dataclass(slots=True)
class _Trial:
    """The members of an archive that is not verified yet."""

    version: Version
    tree: Tree
    claims: Claims
    format: Format | None = None
    #: How many members it has, as far as is known.
    expected: int = 0
    whole: bool = False

    def expect(self, count: int) -> None:
        self.expected += count


class _Told:
    """What the meter has heard of trials."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._files = self._expected = 0

    def tell(self, trials: list[_Trial]) -> None:
        files = sum(len(trial.tree.files) for trial in trials)
        expected = sum(trial.expected for trial in trials)
        if files < self._files or expected < self._expected:  # one was taken back
            self._meter.enter("unpacking")
            self._files = self._expected = 0
        if expected > self._expected:
            self._meter.expect_files(expected - self._expected)
        for _ in range(files - self._files):
            self._meter.landed()
        self._files, self._expected = files, expected
        self._meter.tick()


class Unpacking:
    """``follow`` begins with an archive whose bytes are arriving; ``finish`` gives the files of all.

    What was unpacked early counts once the archive is whole and verified. If anything went wrong on the
    way, it is taken back, and the archive is unpacked when it is whole: only verified bytes are judged.
    """

    def __init__(
        self,
        manifest: Manifest,
        work: Partial,
        claims: Claims,
        limits: Limits,
        meter: Meter,
        *,
        keep_archives: bool,
    ) -> None:
        self._manifest = manifest
        self._work = work
        self._claims = claims
        self._limits = limits
        self._meter = meter
        self._keep = keep_archives
        self._starting = threading.Lock()
        self._stopping = False
        self._trials: dict[str, _Trial] = {}
        self._taken_back: list[Tree] = []
        self._waiting: queue.SimpleQueue[tuple[FileEntry, Version] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    # -- while archives arrive -------------------------------------------------------------------

    def follow(self, entry: FileEntry, version: Version) -> None:
        """An archive's first bytes are here. Any thread; returns at once."""
        with self._starting:
            if self._thread is None and not self._stopping:
                self._thread = threading.Thread(
                    target=copy_context().run, args=(self._run,), name="transfer-unpack", daemon=True
                )
                self._thread.start()
        self._waiting.put((entry, version))

    def stop(self) -> None:
        """Nothing is written any more."""
        self._stopping = True
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join(_FAREWELL_S)

    def _run(self) -> None:
        while (work := self._waiting.get()) is not None:
            entry, version = work
            if entry.path in self._trials:
                self._take_back(entry.path)
            self._try(entry, version)

    def _try(self, entry: FileEntry, version: Version) -> None:
        claims = self._claims.trial()
        tree = self._tree(entry, version.size, claims, self._go_on, landed=lambda: None)
        trial = self._trials[entry.path] = _Trial(version, tree, claims)
        try:
            with disk_faults(self._work.root):
                stream = open_arriving(version)
            with stream:
                trial.format = format_of(stream, entry.path)
                if trial.format is not None:
                    unpack(stream, trial.format, tree, trial.expect)
                    trial.whole = True
        except Exception:  # what is wrong with it is told once it is whole
            self._take_back(entry.path)

    def _take_back(self, path: str) -> None:
        tree = self._trials.pop(path).tree
        tree.wipe()
        self._taken_back.append(tree)

    def _go_on(self) -> None:
        if self._stopping:
            raise Cancelled

    # -- once they are whole -----------------------------------------------------------------------

    def finish(self, whole: dict[str, FetchedFile], proceed: Callable[[], None]) -> dict[str, FetchedFile]:
        """The members of all archives, by path. ``proceed`` raises to stop.

        Errors: ``UnsafeArchive``, ``ChecksumMismatch``, ``SourceProtocolError``, ``InvalidInput``,
        ``DiskFull``, ``StoreNotWritable``.
        """
        archives = [entry for entry in self._manifest.files if entry.unpack]
        if not archives:
            return {}
        self._meter.enter("unpacking")
        self._waiting.put(None)
        told = _Told(self._meter)
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(INTERVAL_S)
            proceed()
            told.tell(list(self._trials.values()))
        self._judge_trials()
        told.tell(list(self._trials.values()))
        files: dict[str, FetchedFile] = {}
        for entry in archives:
            files |= self._members(entry, whole[entry.path], proceed)
            if self._keep:
                files |= self._kept(entry, whole[entry.path])
        return files

    def _judge_trials(self) -> None:
        """Those of verified bytes count, before anything else claims a place."""
        for path, trial in list(self._trials.items()):
            if trial.whole and trial.version.verified:
                trial.claims.keep()
            else:
                self._take_back(path)
        for tree in self._taken_back:
            tree.prune()

    def _members(
        self, entry: FileEntry, file: FetchedFile, proceed: Callable[[], None]
    ) -> dict[str, FetchedFile]:
        trial = self._trials.pop(entry.path, None)
        if trial is not None and trial.format is not None:
            grade = members_grade(trial.format, file.grade)
            return {path: replace(member, grade=grade) for path, member in trial.tree.files.items()}
        try:
            with disk_faults(self._work.root):
                stream = self._work.home(entry).open("rb")
            with stream:
                return self._unpack(entry, file, stream, proceed)
        except DamagedArchive as error:
            raise self._damage(entry, file, error) from error

    def _unpack(
        self, entry: FileEntry, file: FetchedFile, stream: BinaryIO, proceed: Callable[[], None]
    ) -> dict[str, FetchedFile]:
        format = format_of(stream, entry.path)
        if format is None:
            return self._as_it_is(entry, file)

        def go_on() -> None:
            proceed()
            self._meter.tick()

        tree = self._tree(entry, file.size, self._claims, go_on, self._meter.landed)
        unpack(stream, format, tree, self._meter.expect_files)
        grade = members_grade(format, file.grade)
        return {path: replace(member, grade=grade) for path, member in tree.files.items()}

    def _tree(
        self,
        entry: FileEntry,
        size: int,
        claims: Claims,
        proceed: Callable[[], None],
        landed: Callable[[], None],
    ) -> Tree:
        told = self._manifest.unpacked_bytes or 0
        return Tree(
            self._work.tree,
            claims,
            self._limits,
            archive=entry.path,
            budget=max(self._limits.unpack_floor_bytes, size * self._limits.unpack_ratio, 2 * told),
            grade="transport",
            proceed=proceed,
            landed=landed,
        )

    def _as_it_is(self, entry: FileEntry, file: FetchedFile) -> dict[str, FetchedFile]:
        """What is no archive stays as it is; but under an archive's name it is an error."""
        if is_named_archive(entry.path):
            self._work.forget(entry)
            raise SourceProtocolError(
                f"{entry.path} is not the archive that its name says.",
                next_step="The source may have sent a page in its place: look at the link in a browser.",
            )
        return {} if self._keep else self._kept(entry, file)

    def _kept(self, entry: FileEntry, file: FetchedFile) -> dict[str, FetchedFile]:
        """The archive itself among the files."""
        try:
            self._claims.add(entry.path)
        except UnusablePath as error:
            raise InvalidInput(f"The source lists files that collide: {error}.") from error
        place = self._work.tree / entry.path
        with disk_faults(self._work.root):
            place.parent.mkdir(parents=True, exist_ok=True)
            # A second name, so that a run that is cut short here still finds the first.
            os.link(self._work.home(entry), place)
        return {entry.path: file}

    def _damage(self, entry: FileEntry, file: FetchedFile, error: DamagedArchive) -> Exception:
        """Damage under a verified checksum is the publisher's own; any other may be the line's."""
        what = f"{entry.path} is damaged ({error})"
        if file.grade == "publisher":
            return UnsafeArchive(
                f"{what}. Its checksum is the publisher's, so it is broken at its source.",
                next_step="Tell its publisher, or choose another revision.",
            )
        self._work.forget(entry)
        return ChecksumMismatch(f"{what}.", next_step="Try again: it is fetched anew.")
