"""The receipt of a download, its checksum and its grade."""

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256

from sqlmodel import Session, col, select

from dataferry.core.sizes import readable_bytes
from dataferry.core.types import GRADE_WORDS, DatasetRef, Grade
from dataferry.jobs.models import Job
from dataferry.library.models import Dataset, DatasetFile
from dataferry.library.views import DatasetFileView, Receipt

_STRENGTH: tuple[Grade, ...] = ("publisher", "transport", "recorded")


def tree_checksum(files: Iterable[tuple[str, str]]) -> str:
    """SHA-256 over the lines ``<sha256>  <path>\\n``, sorted by path, as ``sha256sum`` writes them.

    ``files``: pairs of path and sha256.
    """
    lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(files))
    return sha256(lines.encode()).hexdigest()


def weakest(grades: Iterable[Grade]) -> Grade:
    """A dataset's grade is that of its weakest file."""
    return max(grades, key=_STRENGTH.index, default="recorded")


def download_note(session: Session, dataset_id: str) -> str | None:
    """What the job that brought a dataset's files had to say of them. A later one that found them complete
    has fetched nothing."""
    query = select(Job.progress).where(Job.dataset_id == dataset_id, Job.state == "succeeded")
    for progress in session.exec(query.order_by(col(Job.finished_at).desc())):
        if progress.get("phase") == "finishing":
            note: str | None = progress.get("note")
            return note
    return None


def receipt(
    dataset: Dataset, files: Iterable[DatasetFile], requested_by: tuple[str, ...], note: str | None = None
) -> Receipt:
    """What arrived, in fields and in one line. ``note``: what its download had to say of it."""
    ref = DatasetRef.parse(f"{dataset.source}:{dataset.source_id}")
    views = tuple(
        DatasetFileView.model_validate(file.model_dump(exclude={"dataset_id", "published_hash"}))
        for file in sorted(files, key=lambda file: file.path)
    )
    downloaded_at = datetime.fromtimestamp((dataset.downloaded_at_ms or 0) / 1000, UTC)
    grade = weakest(view.grade for view in views)
    size = sum(view.size for view in views)
    checksum = tree_checksum((view.path, view.sha256) for view in views)
    count = f"{len(views)} file{'s' if len(views) != 1 else ''}"
    line = (
        f"{ref}@{dataset.revision[:12]} · {count} · {readable_bytes(size)} · sha256:{checksum[:16]}"
        f" ({GRADE_WORDS[grade]})"
        f" · {dataset.license or 'no licence stated'} · {downloaded_at:%Y-%m-%d}"
        + (f" · {', '.join(requested_by)}" if requested_by else "")
    )
    return Receipt(
        ref=str(ref),
        revision=dataset.revision,
        source=ref.label,
        title=dataset.title,
        license=dataset.license,
        original_url=dataset.original_url,
        local_path=dataset.local_path or "",
        size=size,
        file_count=len(views),
        checksum=checksum,
        grade=grade,
        downloaded_at=downloaded_at,
        requested_by=requested_by,
        files=views,
        note=note,
        line=line,
    )
