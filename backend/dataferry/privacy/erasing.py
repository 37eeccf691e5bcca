"""The job that erases a person. It may be killed at any line, and then begins anew: what is gone stays so."""

import logging
from pathlib import Path

from sqlmodel import Session

from dataferry.accounts import erasure_rows
from dataferry.accounts.models import Erasure, User
from dataferry.core.db import Database
from dataferry.core.errors import Cancelled
from dataferry.core.personal_data import Person, PersonalDataRegister
from dataferry.core.types import DatasetRef
from dataferry.jobs.service import JobRun, Jobs
from dataferry.library.personal_data import JobsOfPersons
from dataferry.privacy.scrubbing import scrub_databases, scrub_logs

log = logging.getLogger(__name__)

KIND = "erase"
#: Who asks for these jobs: no account, so that nobody's list has them.
SERVER = "erasure"
#: What such a job has in place of a dataset: no word of it tells whom it is about.
_REF = DatasetRef("builtin", "erasure")
_TITLE = "Erasure of an account"


class ErasureHandler:
    """The account is locked before the job begins, so that nothing new comes from it."""

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        register: PersonalDataRegister,
        jobs_of_persons: JobsOfPersons,
        data_dir: Path,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._register = register
        self._jobs_of_persons = jobs_of_persons
        self._data_dir = data_dir
        jobs.register(KIND, self.erase)
        jobs.on_start(self.resume)

    def submit(self, session: Session, erasure_id: str) -> str:
        """Ask for the job, inside the caller's transaction; its id."""
        job_id, _created = self._jobs.submit(
            session,
            kind=KIND,
            ref=_REF,
            title=_TITLE,
            dataset_id=erasure_id,
            params={},
            requester_id=SERVER,
            single_flight_key=f"{KIND}:{erasure_id}",
        )
        return job_id

    def resume(self) -> None:
        """Called before the first job: an erasure whose job has failed begins again. Blocks."""
        for erasure_id in self._database.read(erasure_rows.unfinished):
            self._database.call(self.submit, erasure_id)

    def erase(self, run: JobRun) -> None:
        """Errors: ``FolderBusy``, ``DatabaseAway`` and ``OSError`` for what is tried again later;
        ``Cancelled``."""
        erasure = self._database.read(lambda session: session.get_one(Erasure, run.job.dataset_id))
        if erasure.user_id is not None:
            self._erase_rows(run, erasure.id, erasure.user_id)
        if erasure.finished_at is None:
            scrub_databases(self._database, self._jobs)
            run.write(lambda session: erasure_rows.finish(session, erasure.id))
            log.info("an account is erased")

    def _erase_rows(self, run: JobRun, erasure_id: str, user_id: str) -> None:
        user = self._database.read(lambda session: session.get(User, user_id))
        person = Person(user_id, user.email if user is not None else "")
        self._jobs_of_persons.end(person, run)
        proof = self._database.read(self._proof, person)
        self._erase_parts(run, person)
        if user is not None:
            scrub_logs(self._data_dir, [person.email, person.id])
            run.write(lambda session: erasure_rows.close_account(session, erasure_id, proof))
        # Once more, for what a request that began before the account was locked has written meanwhile.
        self._erase_parts(run, person)
        run.write(lambda session: erasure_rows.forget_user(session, erasure_id))

    def _erase_parts(self, run: JobRun, person: Person) -> None:
        for part in self._register.parts:
            if run.cancel.is_set():
                raise Cancelled
            part.erase(person, run)

    def _proof(self, session: Session, person: Person) -> dict[str, object]:
        """What each part must keep to show that it was lawful, without a name."""
        found: dict[str, object] = {}
        for part in self._register.parts:
            if part.proof is not None:
                found |= part.proof(session, person)
        return found
