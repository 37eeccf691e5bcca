"""The jobs that delete datasets."""

from typing import Any

from sqlmodel import Session, col, select

from dataferry.jobs.service import Jobs
from dataferry.library import rows, view_rows
from dataferry.library.models import Dataset, DatasetPin

#: Who asks for the deletions of the automatic clean-up: no account, and so nobody's list has them.
CLEANUP = "cleanup"


def submit_deletion(
    session: Session, jobs: Jobs, row: Dataset, requester_id: str, *, unused_since_ms: int | None = None
) -> str:
    """The id of the job that deletes a dataset's files; ``wake`` it after the commit.

    ``unused_since_ms``: it is left as it is where somebody has used or pinned it since that time. What the
    clean-up deletes goes for everybody.
    """
    # A view that is asked for from now on belongs to the next download.
    params: dict[str, Any] = {"views": view_rows.paths(session, row.id)}
    if unused_since_ms is not None:
        params["unused_since_ms"] = unused_since_ms
    job_id, _created = jobs.submit(
        session,
        kind="delete",
        ref=rows.ref_of(row),
        title=row.title,
        dataset_id=row.id,
        params=params,
        requester_id=requester_id,
        single_flight_key=f"delete:{row.id}",
        revision=row.revision or None,
        file_path=row.local_path,
    )
    return job_id


def is_wanted_since(session: Session, dataset_id: str, unused_since_ms: int) -> bool:
    """Whether somebody has used the dataset, fetched it anew or pinned it, since then."""
    dataset = session.get_one(Dataset, dataset_id, populate_existing=True)
    used_ms = max(dataset.last_used_ms or 0, dataset.downloaded_at_ms or 0)
    pinned = select(DatasetPin.user_id).where(col(DatasetPin.dataset_id) == dataset_id)
    return used_ms > unused_since_ms or session.exec(pinned).first() is not None
