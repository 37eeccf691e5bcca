"""The receipt of a download, its checksum and its grade."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from typing import cast

from sqlmodel import Session, col, select

from dataferry.core.sizes import readable_bytes
from dataferry.core.types import GRADE_WORDS, DatasetRef, Grade
from dataferry.jobs.models import Job
from dataferry.library.models import Dataset
from dataferry.library.views import DatasetFileView, Receipt

_STRENGTH: tuple[Grade, ...] = ("publisher", "transport", "recorded")


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


def receipt(dataset: Dataset, requested_by: tuple[str, ...], note: str | None = None) -> Receipt:
    """What arrived, in fields and in one line, without the list of its files. ``note``: what its download had
    to say of it."""
    ref = DatasetRef.parse(f"{dataset.source}:{dataset.source_id}")
    downloaded_at = datetime.fromtimestamp((dataset.downloaded_at_ms or 0) / 1000, UTC)
    grade, checksum = cast(Grade, dataset.grade or "recorded"), dataset.checksum or ""
    size, file_count = dataset.size or 0, dataset.file_count or 0
    count = f"{file_count} file{'s' if file_count != 1 else ''}"
    line = (
        f"{ref}@{dataset.revision[:12]} · {count} · {readable_bytes(size)} · sha256:{checksum[:16]}"
        f" ({GRADE_WORDS[grade]})"
        f" · {dataset.license or 'no licence stated'} · {downloaded_at:%Y-%m-%d}"
        + (f" · {', '.join(requested_by)}" if requested_by else "")
    )
    return Receipt(
        ref=str(ref),
        key=ref.key,
        dataset_id=dataset.id,
        revision=dataset.revision,
        source=ref.source,
        title=dataset.title,
        license=dataset.license,
        original_url=dataset.original_url,
        local_path=dataset.local_path or "",
        size=size,
        file_count=file_count,
        checksum=checksum,
        grade=grade,
        downloaded_at=downloaded_at,
        requested_by=requested_by,
        files=(),
        note=note,
        line=line,
    )


async def receipt_json(
    receipt: Receipt, pages: AsyncIterator[Sequence[DatasetFileView]] | None
) -> AsyncIterator[str]:
    """The receipt with its files as JSON, a piece for each page of files: there may be half a million, and
    none where ``pages`` is None.

    Errors: ``RuntimeError`` where the files are not those that the receipt counts, since the dataset was
    downloaded again meanwhile.
    """
    if pages is None:
        yield receipt.model_dump_json()
        return
    head = receipt.model_dump_json(exclude={"files"})
    yield f'{head[:-1]},"files":['
    count = 0
    async for page in pages:
        yield ("," if count else "") + ",".join(file.model_dump_json() for file in page)
        count += len(page)
    if count != receipt.file_count:
        raise RuntimeError(f"the receipt of {receipt.ref} changed while it was sent")
    yield "]}"
