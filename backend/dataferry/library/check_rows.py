"""The rows of checks: what files are recorded as, and what was found of them. Each function takes the session
first."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy
from sqlalchemy import delete, update
from sqlmodel import Session, col

from dataferry.core.db import now
from dataferry.library import file_rows, rows
from dataferry.library.check_views import CheckReport, FaultCounts, Tally
from dataferry.library.file_state import Found, Recorded
from dataferry.library.models import Dataset, DatasetCheck, DatasetFile


def recorded(session: Session, dataset_id: str, *, after: str | None, limit: int) -> list[Recorded]:
    """The next files behind the path ``after``, by path in the database's own order."""
    columns = [col(getattr(DatasetFile, name)) for name in ("path", "size", "sha256", "mtime_ns", "inode")]
    query = sqlalchemy.select(*columns).where(file_rows.seen(dataset_id))
    if after is not None:
        query = query.where(col(DatasetFile.path) > after)
    return [Recorded(*row) for row in session.execute(query.order_by(DatasetFile.path).limit(limit))]


def known_paths(session: Session, dataset_id: str, paths: Sequence[str]) -> set[str]:
    """Those of ``paths`` that are files of the dataset."""
    storable = [path for path in paths if file_rows.storable(path)]
    return set(file_rows.sizes(session, dataset_id, storable))


def record_stats(
    session: Session, dataset_id: str, generation: int, found: Sequence[tuple[str, Found]]
) -> None:
    """Files whose bytes are verified, as the disk has them now."""
    for path, file in found:
        session.exec(
            update(DatasetFile)
            .where(
                col(DatasetFile.dataset_id) == dataset_id,
                col(DatasetFile.generation) == generation,
                col(DatasetFile.path) == path,
            )
            .values(mtime_ns=file.mtime_ns, inode=file.inode)
        )


def stored(session: Session, dataset_id: str) -> CheckReport | None:
    """What the last check found, where it was worth telling."""
    row = session.get(DatasetCheck, dataset_id)
    return None if row is None else CheckReport.model_validate(row.report)


def untouched(dataset: Dataset) -> CheckReport:
    """The report of a dataset that nothing is wrong with: as it was verified last."""
    report = report_of(dataset, "full" if dataset.verified_at_ms else "download", Tally())
    at_ms = dataset.verified_at_ms or dataset.downloaded_at_ms or dataset.updated_at_ms
    return report.model_copy(update={"checked_at": datetime.fromtimestamp(at_ms / 1000, UTC)})


def report_of(
    dataset: Dataset, depth: Literal["download", "look", "full"], tally: Tally, **source: Any
) -> CheckReport:
    """A report as of now. ``source``: its fields about the source."""
    ref, count = rows.ref_of(dataset), dataset.file_count or 0
    return CheckReport(
        ref=str(ref),
        key=ref.key,
        dataset_id=dataset.id,
        revision=dataset.revision or None,
        depth=depth,
        condition=tally.counts.condition,
        checked_at=now(),
        file_count=count,
        whole_count=max(0, count - tally.whole_less),
        counts=tally.counts,
        faults=tuple(tally.faults),
        more_faults=tally.numbers.total() > len(tally.faults),
        **source,
    )


def store(session: Session, dataset_id: str, generation: int, report: CheckReport) -> None:
    """Keep a report, and let the dataset's row follow it. Nothing where the files are others by now."""
    dataset = session.get_one(Dataset, dataset_id, with_for_update=True, populate_existing=True)
    if not dataset.downloaded or dataset.generation != generation:
        return
    forget(session, dataset_id)
    if report.depth == "full" or report.counts != FaultCounts():
        session.add(DatasetCheck(dataset_id=dataset_id, report=report.model_dump(mode="json")))
    if report.depth == "full":
        dataset.verified_at_ms = int(report.checked_at.timestamp() * 1000)
    before = dataset.condition
    dataset.condition = None if report.condition == "whole" else report.condition
    if report.condition == "damaged":
        dataset.error = f"{report.line} {report.next_step}"
    elif before == "damaged":
        dataset.error = None
    dataset.status = rows.kept_status(dataset)
    session.add(dataset)


def forget(session: Session, dataset_id: str) -> None:
    """Whatever was found is not of these files any more."""
    session.exec(delete(DatasetCheck).where(col(DatasetCheck.dataset_id) == dataset_id))
