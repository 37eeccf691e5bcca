"""Why a job waits or failed, as its row keeps it."""

from dataferry.core import database_faults
from dataferry.core.errors import Conflict, DatabaseAway, DatabaseFull, DataferryError
from dataferry.core.job_types import JobView
from dataferry.core.problems import ProblemView, words_of


def problem_view(error: DataferryError) -> ProblemView:
    return ProblemView(**words_of(error), status=error.status)


def held_by(job: JobView) -> Conflict:
    """What is answered for a dataset that a job holds: which one, and since when."""
    since = job.started_at or job.created_at
    return Conflict(
        f"Job {job.id} ({job.kind}) has been working on this dataset since {since:%Y-%m-%d %H:%M} UTC.",
        next_step="Wait for it, or cancel it first.",
        screen="/downloads",
    )


def timed_out(limit_s: float) -> ProblemView:
    hours = limit_s / 3600
    limit = f"{hours:g} hours" if hours >= 1 else f"{limit_s:g} seconds"
    return ProblemView(
        code="timeout",
        detail=f"It was stopped because it had run for {limit}, the limit for a job.",
        next_step="Start it again: it goes on from there. An admin can raise the limit.",
        setting="DATAFERRY_JOB_TIMEOUT_S",
        status=504,
    )


def of_transient(error: BaseException) -> ProblemView:
    """``error``: one of our own, or of the database."""
    if isinstance(error, DatabaseAway) or not isinstance(error, DataferryError):
        return database_away(error)
    return problem_view(error)


def database_away(error: BaseException) -> ProblemView:
    """``error``: one that ``database_faults.is_outage`` knows."""
    told = database_faults.away(error)
    if isinstance(told, DatabaseFull):
        return ProblemView(
            code="disk_full",
            detail=told.detail,
            next_step="Free some space in the data folder: it goes on by itself.",
            status=507,
        )
    return ProblemView(
        code=told.code,
        detail=told.detail,
        next_step="Nothing: it goes on by itself once the database is back.",
        status=told.status,
    )


def internal_error(job_id: str) -> ProblemView:
    return ProblemView(
        code="internal",
        detail="A fault in Dataferry itself stopped it.",
        next_step=f"Try again. The server's log says more under {job_id}.",
    )


def worker_crashed(crashes: int) -> ProblemView:
    return ProblemView(
        code="internal",
        detail=f"Its worker died {crashes} times while it ran.",
        next_step="Look into the server's log and memory before you start it again.",
    )
