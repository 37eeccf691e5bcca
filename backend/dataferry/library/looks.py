"""A look at a dataset's files whenever somebody looks at the dataset: sizes, times and inodes, no bytes.

A look costs no more than some thousand calls of the system: of a dataset with more files each look takes the
next ones, and where a folder holds many more than the dataset's, what is foreign is left to a verification.
What it finds changed is compared by its bytes where these are few, else it is said to be unsure until it is
verified.

What a disk tells can change without a byte: inodes are new after some file systems are mounted, and all of
them after a restored copy. So another inode alone says something only where those of other files have stayed.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from dataferry.core.db import Database
from dataferry.core.errors import DatabaseAway
from dataferry.core.files.no_links import NoLinks
from dataferry.jobs.service import Jobs
from dataferry.library import check_rows, file_state
from dataferry.library.check_views import Tally
from dataferry.library.file_state import Found, Recorded
from dataferry.library.models import Dataset
from dataferry.library.paths import Store

#: Files of one look.
LOOK_FILES = 2000
#: Bytes that one look reads of files that were written to.
LOOK_BYTES = 16 << 20
#: Seconds that a finding waits for others who write.
_WAIT_S = 0.2
#: Seconds for which one waits for another's look, which takes as long only on a slow disk.
_PATIENCE_S = 2.0
#: At most this share of the time is spent with looks at one dataset.
_SHARE = 0.1


@dataclass(slots=True)
class _Finding:
    """What one look found. ``verified``: files whose bytes are right, beside what was recorded of them."""

    tally: Tally = field(default_factory=Tally)
    verified: list[tuple[str, Found]] = field(default_factory=list)
    read_bytes: int = 0


@dataclass(slots=True)
class _Place:
    """Where the next look at a dataset begins, and when it may. ``busy`` while there is one. It counts for
    the files of one ``generation``: what a download has brought since is looked at at once."""

    busy: threading.Lock = field(default_factory=threading.Lock)
    generation: int | None = None
    after: str | None = None
    not_before: float = 0.0


class Looks:
    """Looks at datasets. Everything blocks, and reads only."""

    def __init__(self, database: Database, store: Store, jobs: Jobs) -> None:
        self._database = database
        self._store = store
        self._jobs = jobs
        self._places: dict[str, _Place] = {}

    def look(self, dataset: Dataset) -> None:
        """Compare files of a dataset that is here with what was recorded, and keep what is found. Nothing
        while a job is at work on it or while its disk is away. Who asks while somebody else looks waits for
        what that one finds."""
        place = self._places.setdefault(dataset.id, _Place())
        if not dataset.downloaded or dataset.local_path is None:
            return
        if not place.busy.acquire(timeout=_PATIENCE_S):
            return
        try:
            if place.generation != dataset.generation:
                place.generation, place.after, place.not_before = dataset.generation, None, 0.0
            if time.monotonic() >= place.not_before:
                self._look(dataset, Path(dataset.local_path), place)
        finally:
            place.busy.release()

    def _look(self, dataset: Dataset, tree: Path, place: _Place) -> None:
        began = time.monotonic()
        if self._database.read(self._jobs.active_kinds, dataset.id) or not self._store.is_there(tree):
            return
        files = self._database.read(check_rows.recorded, dataset.id, after=place.after, limit=LOOK_FILES + 1)
        whole = place.after is None and len(files) <= LOOK_FILES
        finding = self._compare(tree, files[:LOOK_FILES])
        if whole:
            _find_foreign(tree, {file.path for file in files}, finding.tally)
        if finding.tally.faults and not self._store.is_there(tree):  # its disk has gone meanwhile
            return
        self._keep(dataset, finding, whole=whole)
        place.after = files[LOOK_FILES - 1].path if len(files) > LOOK_FILES else None
        ended = time.monotonic()
        place.not_before = ended + (ended - began) / _SHARE

    def _compare(self, tree: Path, files: Sequence[Recorded]) -> _Finding:
        finding, links = _Finding(), NoLinks(self._store.root)
        found = [(file, file_state.find(tree, file.path, links)) for file in files]
        renumbered = all(file.inode != one.inode for file, one in found if isinstance(one, Found))
        for file, one in found:
            if not isinstance(one, Found):
                finding.tally.add(file.path, one)
            elif one.size != file.size:
                finding.tally.add(file.path, "changed")
            elif file.mtime_ns is None or (one.mtime_ns, one.inode) == (file.mtime_ns, file.inode):
                continue
            elif finding.read_bytes + file.size <= LOOK_BYTES:
                self._read(tree, file, one, finding)
            elif one.mtime_ns != file.mtime_ns or not renumbered:
                finding.tally.add(file.path, "touched")
        return finding

    def _read(self, tree: Path, file: Recorded, found: Found, finding: _Finding) -> None:
        """Say of a file that was written to whether its bytes are others."""
        finding.read_bytes += file.size
        read = file_state.hashed(tree / file.path, file.size, None, lambda _count: None)
        if read is None:
            finding.tally.add(file.path, "unreadable")
        elif read[0] != file.sha256:
            finding.tally.add(file.path, "changed")
        else:
            finding.verified.append((file.path, found))

    def _keep(self, dataset: Dataset, finding: _Finding, *, whole: bool) -> None:
        if self._database.read(self._jobs.active_kinds, dataset.id):  # one has begun meanwhile
            return
        if finding.verified:
            self._record(check_rows.record_stats, dataset.id, dataset.generation, finding.verified)
        tally = finding.tally
        before = self._database.read(check_rows.stored, dataset.id)
        # Bytes that a disk has lost show in no look, and what others found is not gone for this part.
        by_bytes = before is not None and before.depth == "full" and before.condition == "damaged"
        if by_bytes or not (whole or tally.faults):
            return
        report = check_rows.report_of(dataset, "look", tally)
        if before is None:
            is_news = bool(tally.faults) or dataset.condition is not None
        else:
            is_news = (before.counts, before.faults) != (report.counts, report.faults)
            is_news = is_news and (bool(tally.faults) or before.depth == "look")
        if is_news:
            self._record(check_rows.store, dataset.id, dataset.generation, report)

    def _record(self, function: Callable[..., None], *args: Any) -> None:
        """Write it down, or leave it to the next look: a reader waits for nobody who writes."""
        with (
            suppress(DatabaseAway),
            self._database.unit_of_work(deadline=time.monotonic() + _WAIT_S) as session,
        ):
            function(session, *args)


def _find_foreign(tree: Path, known: set[str], tally: Tally) -> None:
    """Say of every path that is not known that it is none of the dataset's; of none where there are many."""
    paths = list(islice(file_state.walk(tree), 2 * LOOK_FILES + 1))
    if len(paths) <= 2 * LOOK_FILES:
        for path in paths:
            if path not in known:
                tally.add(path, "foreign")
