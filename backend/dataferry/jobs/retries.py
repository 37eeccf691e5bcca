"""When a job whose run has ended with a fault is tried again, and when it is given up.

==================  ==============================  ===========================  ======================
the run ended with  costs an attempt                the next try                 given up
==================  ==============================  ===========================  ======================
a transient fault   unless the run had got on       after ``retry_delay_s``      after ``retries``
a source's limit    no                              when it says, then ever      after ``patience_s``
                                                    later, ``limit_delay_s``
                                                    at most                      without getting on
a wait for this     no                              after a second, then ever    after ``patience_s``
machine: a folder,                                  later, ``retry_delay_s``
room on its disk,                                   at most                      without getting on
the database
==================  ==============================  ===========================  ======================

A run has got on when it had more bytes than any before it: what is fetched again and again is no progress.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from sqlmodel import Session

from dataferry.core import database_faults
from dataferry.core.db import now
from dataferry.core.errors import DatabaseAway, DataferryError, FolderBusy, RoomReserved, SourceRateLimited
from dataferry.core.problems import ProblemView
from dataferry.core.settings import Settings
from dataferry.core.types import DatasetRef, Progress
from dataferry.jobs import problems, rows
from dataferry.jobs.models import Job

#: A wait for a folder or for the database begins with this.
_SHORT_WAIT_S = 1.0
#: Jobs that wait for one limit do not all come back at one moment.
_JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Standing:
    """What a row tells of the runs so far. ``got_on``: the last one had more bytes than any before."""

    source: str
    attempt: int
    stalled_since: datetime | None
    got_on: bool

    @classmethod
    def of(cls, job: Job, progress: Progress) -> Self:
        source = DatasetRef.parse(job.ref).label
        return cls(source, job.attempt, job.stalled_since, _brought(progress) > job.most_bytes)


@dataclass(frozen=True, slots=True)
class NextTry:
    """``attempt`` and ``stalled_since`` are the row's from now on; ``note`` says more than the problem."""

    delay_s: float
    attempt: int
    stalled_since: datetime
    problem: ProblemView
    note: str | None = None


def is_transient(error: BaseException) -> bool:
    """Worth another try with nothing changed."""
    return database_faults.is_outage(error) or (isinstance(error, DataferryError) and error.transient)


def next_try(settings: Settings, error: BaseException, standing: Standing, at: datetime) -> NextTry | None:
    """The next try after a transient error that ended a run at the time ``at``; None where the job is given
    up."""
    stalled_since = at if standing.got_on or standing.stalled_since is None else standing.stalled_since
    stalled_s = max(0.0, (at - stalled_since).total_seconds())
    attempt = 1 if standing.got_on else standing.attempt
    problem = problems.of_transient(error)
    asked_s = error.retry_after if isinstance(error, DataferryError) else None
    busy = isinstance(error, FolderBusy | RoomReserved)
    if busy or isinstance(error, DatabaseAway) or not isinstance(error, DataferryError):
        asked_s = asked_s if busy else None
        delay_s = _longer_and_longer(asked_s or _SHORT_WAIT_S, stalled_s, settings.retry_delay_s)
        patient = stalled_s < settings.patience_s
        return NextTry(delay_s, attempt, stalled_since, problem) if patient else None
    if settings.retries == 0:
        return None
    asked_s = settings.retry_delay_s if asked_s is None else min(asked_s, settings.patience_s)
    if isinstance(error, SourceRateLimited):
        delay_s = _longer_and_longer(asked_s, stalled_s, settings.limit_delay_s)
        note = _limit_note(standing.source, stalled_s)
        patient = stalled_s < settings.patience_s
        return NextTry(delay_s, attempt, stalled_since, problem, note) if patient else None
    spent = standing.attempt > settings.retries and not standing.got_on
    return None if spent else NextTry(asked_s, attempt + 1, stalled_since, problem)


def record_wait(
    session: Session, job: Job, planned: NextTry, *, in_slot: bool, metrics: Mapping[str, Any]
) -> None:
    """Let a locked row wait for its next try; one that gives its slot back gets a new generation."""
    progress = {**metrics["progress"], "note": planned.note}
    rows.change(
        session,
        job,
        "waiting",
        owner=None,
        problem=planned.problem.model_dump(),
        waiting_until=now() + timedelta(seconds=planned.delay_s),
        attempt=planned.attempt,
        stalled_since=planned.stalled_since,
        most_bytes=max(job.most_bytes, _brought(Progress.model_validate(progress))),
        generation=job.generation + (not in_slot),
        **{**metrics, "progress": progress},
    )


def _brought(progress: Progress) -> int:
    """Bytes that a run had at its end. Until it knows the files it shows what the one before had."""
    return 0 if progress.phase == "resolving" else progress.bytes_done


def _longer_and_longer(asked_s: float, stalled_s: float, longest_s: float) -> float:
    """As long as was asked for; once that has proved too short, as long again as it has taken already."""
    if stalled_s <= 0:
        return asked_s
    spread = random.uniform(1.0 - _JITTER, 1.0)  # noqa: S311
    return max(asked_s, min(longest_s, stalled_s) * spread)


def _limit_note(source: str, stalled_s: float) -> str:
    if stalled_s <= 0:
        return f"{source} allows no more for now. It goes on by itself, with what has arrived."
    waited = timedelta(seconds=round(stalled_s))
    return (
        f"{source} has allowed nothing more for {waited}, whatever time it named. It is asked less and less"
        " often, and goes on by itself."
    )
