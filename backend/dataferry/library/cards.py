"""The views of a dataset: its card, its ticket, its row, and the code that loads it."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, cast

from dataferry.core.job_types import JobView
from dataferry.core.specs import JOB_KINDS, SOURCES
from dataferry.core.types import DatasetRef, DatasetSummary, Grade
from dataferry.library.card_views import CardCopy, DatasetCard, LocalStatus
from dataferry.library.check_views import Condition
from dataferry.library.models import Dataset
from dataferry.library.rows import is_outdated
from dataferry.library.views import DatasetView, DiskSpace, DownloadTicket
from dataferry.sources.folding import under

_ENDPOINTS = {
    "kaggle": "/api/datasets/download/kaggle",
    "huggingface": "/api/datasets/download/huggingface",
}
_NOT_HERE = ("absent", "failed", "cancelled")
#: How pandas reads a table whose file cannot be looked into, by the suffix of its name.
_READERS = {
    ".parquet": "pd.read_parquet({path!r})",
    ".feather": "pd.read_feather({path!r})",
    ".csv": "pd.read_csv({path!r})",
    ".tsv": 'pd.read_csv({path!r}, sep="\\t")',
    ".jsonl": "pd.read_json({path!r}, lines=True)",
    ".json": "pd.read_json({path!r})",
    ".xlsx": "pd.read_excel({path!r})",
}


#: What this machine and a viewer have of a dataset, if any: its row and the viewer's newest job, by ref.
States = Mapping[str, tuple[Dataset | None, JobView | None]]


def build_card(summary: DatasetSummary, states: States) -> DatasetCard:
    """A card with its copies; ``states`` has the refs of all of them."""
    copies = tuple(CardCopy(**_offer(copy, states), why_same=copy.why_same) for copy in summary.copies)
    return DatasetCard(**_offer(summary, states), copies=copies)


def _offer(summary: DatasetSummary, states: States) -> dict[str, Any]:
    """The fields of ``OfferedDataset``."""
    ref = DatasetRef.parse(summary.ref)
    endpoint = _ENDPOINTS.get(ref.source)
    dataset, job = states[str(ref)]
    return {
        "id": ref.id if endpoint else str(ref),
        "title": summary.title or ref.name or "Unknown",
        "source": ref.label,
        "url": summary.url,
        "downloads": summary.downloads,
        "ref": str(ref),
        "key": ref.key,
        "download_endpoint": endpoint or "/api/datasets/download-dataset",
        "description": summary.description,
        "size_bytes": summary.size_bytes,
        "file_count": summary.file_count,
        "more_files": summary.more_files,
        "row_count": summary.row_count,
        "column_count": summary.column_count,
        "row_range": summary.row_range,
        "license": summary.license,
        "license_link": summary.license_link,
        "gated": summary.gated or _asked_for_terms(job),
        "private": summary.private,
        "updated_at": summary.updated_at,
        "tags": summary.tags,
        "formats": summary.formats,
        "why": summary.why,
        **local_state(dataset, job),
    }


def refreshed(card: DatasetCard, states: States) -> DatasetCard:
    """A stored card with its state as of now, and those of its copies."""
    copies = tuple(copy.model_copy(update=local_state(*states[copy.ref])) for copy in card.copies)
    return card.model_copy(update={**local_state(*states[card.ref]), "copies": copies})


def local_first(summary: DatasetSummary, states: States) -> DatasetSummary:
    """The copy that is here, or on its way, with the others as its ``copies``."""

    def is_here(hit: DatasetSummary) -> bool:
        return local_state(*states[hit.ref])["local_status"] not in _NOT_HERE

    here = None if is_here(summary) else next(filter(is_here, summary.copies), None)
    return summary if here is None else under(summary, here)


def kept_summary(row: Dataset) -> DatasetSummary:
    """What the library keeps of what its source told."""
    ref = DatasetRef.make(row.source, row.source_id)
    return DatasetSummary(
        ref=str(ref),
        source=ref.source,
        id=ref.id,
        title=row.title,
        url=row.original_url,
        description=row.description,
        size_bytes=row.size,
        file_count=row.file_count,
        license=row.license,
        revision=row.revision or None,
        # Which of the two it is, gated or private, is not kept: the stricter one.
        private=row.visibility == "restricted",
    )


def _asked_for_terms(job: JobView | None) -> bool:
    """Whether terms kept a download from its files: Kaggle tells of them only then."""
    problem = job.problem if job is not None and job.state == "failed" else None
    if problem is None:
        return False
    return problem.code == "gated" or (problem.code == "source_not_configured" and problem.link is not None)


def local_state(dataset: Dataset | None, job: JobView | None) -> "dict[str, str | None]":
    """``local_status``, ``job_id``, ``file_path`` and ``dataset_id`` of a card.

    An active job wins over an older copy on disk, a copy over a failure.
    """
    status: LocalStatus = "absent"
    if job is not None and JOB_KINDS[job.kind].brings and job.active:
        status = job.state
    elif dataset is not None and dataset.downloaded:
        status = "downloaded"
    elif job is not None and JOB_KINDS[job.kind].brings and job.state in ("failed", "cancelled"):
        status = job.state
    path = dataset.local_path if dataset is not None and dataset.downloaded else None
    row_id = dataset.id if dataset is not None else job.dataset_id if job is not None else None
    return {
        "local_status": status,
        "job_id": job.id if job else None,
        "file_path": path,
        "dataset_id": row_id,
    }


def download_ticket(
    job: JobView, dataset_id: str, path: str = "", disk_space: DiskSpace | None = None
) -> DownloadTicket:
    """The answer to a request for a download, with its job's state. ``path``: where the requester finds it,
    by default the dataset's own folder. ``disk_space``: as it was when it was asked for."""
    ref = DatasetRef.parse(job.ref)
    path = path or job.file_path or ""
    folder = f" to {path}" if path else ""
    if job.state == "succeeded":
        message = f"{ref.label} dataset {dataset_id} was downloaded{folder}."
    elif job.problem is not None and not job.active:
        message = f"{ref.label} dataset {dataset_id} was not downloaded: {job.problem.detail}"
    elif job.state == "cancelled":
        message = f"The download of {ref.label} dataset {dataset_id} was cancelled."
    else:
        needs = f" ({disk_space.summary})" if disk_space is not None and disk_space.summary else ""
        message = f"{ref.label} dataset {dataset_id} is being downloaded{folder}{needs}."
    return DownloadTicket(
        success=job.state not in ("failed", "cancelled"),
        dataset_id=dataset_id,
        source=ref.label,
        message=message,
        file_path=path,
        job_id=job.id,
        status=job.state,
        ref=job.ref,
        key=job.key,
        problem=job.problem,
        disk_space=disk_space,
        library_id=job.dataset_id,
        size_bytes=job.size_bytes,
    )


def dataset_view(
    row: Dataset,
    job: JobView | None,
    *,
    deletable: bool = False,
    pinned: bool = False,
    pinned_by_me: bool = False,
    shared: bool = False,
) -> DatasetView:
    """A row of the library, with the live state of the viewer's own job while it is active.

    ``deletable``: the viewer has the right to delete it. ``pinned``: by anybody.
    """
    ref = DatasetRef.make(row.source, row.source_id)
    live = job if job is not None and job.active and JOB_KINDS[job.kind].brings else None
    status, error, job_id = row.status, row.error, row.download_job_id
    if hides_state(row) and job is None and not deletable:
        status, error, job_id = row.idle_status, None, None
    progress, given = row.download_progress, SOURCES[row.source].given
    if live is not None:
        total = live.progress.bytes_total
        # 100 % only after verification, which ends with the job.
        progress = min(99.9, 100 * live.progress.bytes_done / total) if total else 0.0
    return DatasetView(
        id=row.id,
        name=row.name,
        ref=str(ref),
        key=ref.key,
        title=row.title,
        description=row.description,
        source=ref.source,
        source_type=ref.source,
        source_url=row.original_url,
        original_url=row.original_url,
        revision=row.revision or None,
        local_path=row.local_path,
        license=row.license,
        updated_at_ms=row.updated_at_ms,
        downloaded_at_ms=row.downloaded_at_ms,
        size=row.size,
        file_count=row.file_count,
        more_files=not row.downloaded and row.file_count == SOURCES[ref.source].counts_files_to is not None,
        checksum=row.checksum,
        grade=cast(Grade | None, row.grade) if row.downloaded else None,
        status=live.state if live else status,
        error=None if live else error,
        condition=cast(Condition, row.condition or "whole") if row.downloaded else None,
        verified_at_ms=row.verified_at_ms,
        download_progress=round(progress, 1),
        downloaded=row.downloaded,
        download_job_id=live.id if live else job_id,
        last_used_ms=max(filter(None, (row.last_used_ms, row.downloaded_at_ms)), default=None),
        pinned=pinned,
        pinned_by_me=pinned_by_me,
        visibility="restricted" if row.visibility == "restricted" else "public",
        shared=shared,
        may_share=deletable and row.downloaded and row.visibility == "restricted",
        selected=bool(row.selection),
        may_delete=deletable and live is None and (row.downloaded or row.status == "failed"),
        may_retry=_may_retry(row, job),
        # A selection's update would bring everything; what is built in comes with this program.
        outdated=row.downloaded and is_outdated(row),
        may_verify=row.downloaded and live is None,
        # What people have given nobody else has.
        may_repair=row.downloaded and live is None and row.condition == "damaged" and not given,
        may_update=row.downloaded
        and live is None
        and not (row.selection or given or row.source == "builtin"),
    )


def hides_state(row: Dataset) -> bool:
    """Whether all know that a dataset exists, and only those who asked for it what has become of that."""
    return row.source == "builtin" and not row.downloaded and row.status != "absent"


def _may_retry(row: Dataset, job: JobView | None) -> bool:
    """The viewer's own job is the one that failed: others' cannot be started again for them."""
    if job is None or row.downloaded or row.status != "failed":
        return False
    return JOB_KINDS[job.kind].brings and job.state == "failed" and job.id == row.download_job_id


def loader_snippet(ref: DatasetRef, local_path: str, tables: Sequence[str]) -> str:
    """Code that loads the dataset, by the names of its files: pandas for its main table, the HuggingFace
    library for its own layout, else the path. ``tables``: paths of its tables, the main one first; two of
    them suffice."""
    if ref.source == "huggingface" and len(tables) != 1:
        return f'from datasets import load_dataset\n\ndataset = load_dataset("{local_path}")'
    reader = _READERS.get(PurePosixPath(tables[0]).suffix.lower()) if tables else None
    if reader is not None:
        return f"import pandas as pd\n\ntable = {reader.format(path=f'{local_path}/{tables[0]}')}"
    return f'from pathlib import Path\n\nfiles = sorted(Path("{local_path}").rglob("*"))'
