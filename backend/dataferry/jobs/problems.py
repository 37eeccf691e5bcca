"""Why a job waits or failed, as its row keeps it."""

from dataferry.core.errors import DataferryError
from dataferry.core.types import ProblemView, words_of
from dataferry.jobs.database_faults import is_disk_full


def problem_view(error: DataferryError) -> ProblemView:
    return ProblemView(**words_of(error), status=error.status)


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
    return problem_view(error) if isinstance(error, DataferryError) else database_away(error)


def database_away(error: BaseException) -> ProblemView:
    """``error``: one that ``database_faults.is_outage`` knows."""
    if is_disk_full(error):
        return ProblemView(
            code="disk_full",
            detail="Dataferry's own database cannot be written: its disk is full.",
            next_step="Free some space in the data folder: it goes on by itself.",
            status=507,
        )
    return ProblemView(
        code="database_away",
        detail="Dataferry's own database does not answer.",
        next_step="Nothing: it goes on by itself once the database is back.",
        status=503,
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
