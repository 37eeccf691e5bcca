"""Room on the store's disk, reserved for the downloads that are under way in any process on the database."""

from dataclasses import dataclass
from functools import partial

from sqlalchemy import func
from sqlmodel import Session, col, select

from dataferry.core.db import Reads
from dataferry.core.errors import RoomReserved
from dataferry.core.inserts import insert_or_replace
from dataferry.core.job_types import ACTIVE_STATES
from dataferry.core.sizes import readable_bytes
from dataferry.jobs.models import Job
from dataferry.jobs.service import JobRun
from dataferry.library.disk_space import free_bytes, partial_bytes
from dataferry.library.models import DiskReservation
from dataferry.library.paths import Store
from dataferry.transfer import preflight

#: A paused job may rest for weeks: it reserves anew when it goes on.
_HOLDING = ACTIVE_STATES - {"paused"}
#: Of the lock under which reservations are made where several processes share a database.
_LOCK = "dataferry disk room"


@dataclass(frozen=True, slots=True)
class _Held:
    """What other downloads have on the disk, and what of the free space they are still to take."""

    taken_bytes: int
    reserved_bytes: int
    downloads: int


class DiskRoom:
    """Who may still take how much of the disk. Blocks: for worker threads."""

    def __init__(self, database: Reads, store: Store, min_free_bytes: int) -> None:
        self._database = database
        self._store = store
        self._min_free_bytes = min_free_bytes

    def reserve(self, run: JobRun, needed_bytes: int) -> None:
        """Reserve room for what a job is still to write. It stays the job's until that has ended, whatever
        becomes of this process; asked again, it is measured anew.

        Errors: ``RoomReserved`` where it waits for other downloads; ``DiskFull`` where it would not fit
        without them either; ``StoreNotWritable``; ``Cancelled``.
        """
        dataset_id, wanted = run.job.dataset_id, needed_bytes + self._min_free_bytes
        while True:
            others = self._database.read(_others, run.id)
            held = self._measure(others)
            free = free_bytes(self._store)
            if wanted > free + held.taken_bytes:
                preflight(needed_bytes, self._store.root, self._min_free_bytes)  # its error names the sums
            elif wanted > free - held.reserved_bytes:
                run.write(lambda session: release(session, run.id))
                raise _taken(wanted, free, held)
            else:
                peak = needed_bytes + partial_bytes(self._store, dataset_id)
                mine = DiskReservation(job_id=run.id, dataset_id=dataset_id, peak_bytes=peak)
                if run.write(partial(_record, mine, others)):
                    return

    def _measure(self, others: list[DiskReservation]) -> _Held:
        # Before the free space is looked at: what is written in between counts twice, and never not at all.
        taken = [partial_bytes(self._store, other.dataset_id) for other in others]
        reserved = sum(max(0, other.peak_bytes - now) for other, now in zip(others, taken, strict=True))
        return _Held(sum(taken), reserved, len(others))


def _record(mine: DiskReservation, others: list[DiskReservation], session: Session) -> bool:
    """False where others have reserved something, or need less, since ``others`` were read."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite lets one write at a time
        session.exec(select(func.pg_advisory_xact_lock(func.hashtextextended(_LOCK, 0)))).one()
    if [one.model_dump() for one in _others(session, mine.job_id)] != [one.model_dump() for one in others]:
        return False
    insert_or_replace(session, mine)
    return True


def release(session: Session, job_id: str) -> None:
    """Give a job's room to others."""
    row = session.get(DiskReservation, job_id)
    if row is not None:
        session.delete(row)


def datasets_under_way(session: Session) -> list[str]:
    """The datasets whose downloads have reserved room."""
    return [one.dataset_id for one in _others(session, "")]


def _others(session: Session, job_id: str) -> list[DiskReservation]:
    query = (
        select(DiskReservation)
        .join(Job, col(Job.id) == col(DiskReservation.job_id))
        .where(DiskReservation.job_id != job_id, col(Job.state).in_(_HOLDING))
        .order_by(col(DiskReservation.job_id))
    )
    return list(session.exec(query.execution_options(populate_existing=True)))


def _taken(wanted: int, free: int, held: _Held) -> RoomReserved:
    several = held.downloads > 1
    who = f"{held.downloads} other downloads" if several else "another download"
    return RoomReserved(
        f"It needs {readable_bytes(wanted)}, and of the {readable_bytes(free)} that are free {who}"
        f" {'need' if several else 'needs'} {readable_bytes(held.reserved_bytes)}. It waits until that has"
        " ended, or until something is deleted.",
    )
