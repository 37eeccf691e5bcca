"""How fast downloads were of late, as far as that tells how long the next one takes."""

from statistics import median

from sqlmodel import Session, col, select

from dataferry.core.types import Progress, SourceName
from dataferry.jobs.models import Job

#: The last downloads that count, and the size and time below which one tells nothing.
_JOBS, _MIN_BYTES, _MIN_SECONDS = 10, 8_000_000, 1.0


def measured_rate(session: Session, source: SourceName) -> float | None:
    """Bytes a second of the last downloads from a source, from their beginning to their end, whoever asked
    for them; None where none was large enough to tell.

    The median: files that were hardlinked here rather than fetched count as bytes too.
    """
    query = (
        select(Job)
        .where(Job.source == source, Job.state == "succeeded", col(Job.kind).in_(("download", "update")))
        .where(col(Job.used_s) >= _MIN_SECONDS)
        .order_by(col(Job.finished_at).desc())
        .limit(_JOBS)
    )
    done = [(Progress.model_validate(job.progress).bytes_done, job.used_s) for job in session.exec(query)]
    rates = [size / seconds for size, seconds in done if size >= _MIN_BYTES]
    return median(rates) if rates else None
