"""The jobs that a person asked for, when their account is erased or exported."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, delete, select

from dataferry.core.db import Database
from dataferry.core.errors import Cancelled, NotFound
from dataferry.core.personal_data import (
    ErasureRun,
    Exported,
    Holding,
    JsonRows,
    Person,
    PersonalData,
)
from dataferry.jobs import erasing
from dataferry.jobs.service import Jobs
from dataferry.library.models import (
    Dataset,
    DiskReservation,
    JobSpeedLimit,
)

#: Jobs in one transaction.
_BATCH = 200
#: How often it is looked whether a run has ended.
_LOOK_S = 0.1


class JobsOfPersons:
    """The jobs that people asked for."""

    def __init__(self, database: Database, jobs: Jobs) -> None:
        self._database = database
        self._jobs = jobs
        self.personal_data = PersonalData(
            "jobs", frozenset({"job_requesters.user_id"}), self.erase, self.export, self._holdings
        )

    def end(self, person: Person, run: ErasureRun) -> None:
        """Take a person off every job that goes on, and wait for those to end that nobody else wants.

        Blocks. Errors: ``Cancelled``.
        """
        for job_id in self._database.read(erasing.wanted_by, person.id):
            try:
                self._jobs.leave(person.id, job_id)
            except NotFound:  # it has just gone
                continue
        while self._database.read(erasing.still_ending, person.id):
            if run.cancel.wait(_LOOK_S):
                raise Cancelled

    def erase(self, person: Person, run: ErasureRun) -> None:
        """Those that nobody else asked for go, with what the queue knows of them; but the one that brought a
        dataset that stays is still needed to update it, and is nobody's then."""
        while True:
            gone, taken_off = run.write(lambda session: self._forget(session, person))
            self._jobs.forget(gone)
            if not taken_off:
                return

    def _forget(self, session: Session, person: Person) -> tuple[list[str], int]:
        keep = set(session.exec(select(Dataset.download_job_id).where(Dataset.downloaded)))
        gone, taken_off = erasing.forget(session, person.id, _BATCH, {one for one in keep if one})
        for table in (JobSpeedLimit, DiskReservation):
            session.exec(delete(table).where(col(table.job_id).in_(gone)))
        return gone, taken_off

    def export(self, person: Person) -> Iterator[Exported]:
        yield Exported("jobs/jobs.json", JsonRows(self._read(person)))

    def _read(self, person: Person) -> Iterator[Mapping[str, Any]]:
        offset = 0
        while found := self._database.read(erasing.page, person.id, _BATCH, offset):
            offset += len(found)
            for job, requester in found:
                events = self._database.read(erasing.events, job.id)
                said = job.model_dump(mode="json", exclude={"owner", "single_flight_key"})
                wishes = requester.model_dump(mode="json", exclude={"user_id", "job_id"})
                yield {**said, "yours": wishes, "events": events}

    def _holdings(self, session: Session, person: Person) -> Sequence[Holding]:
        return [Holding("jobs", erasing.count(session, person.id))]
