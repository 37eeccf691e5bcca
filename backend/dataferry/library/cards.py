"""Cards from search hits, and the code that loads what arrived."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from dataferry.core.types import DatasetRef, DatasetSummary, JobView
from dataferry.library.models import Dataset
from dataferry.library.views import DatasetCard, LocalStatus

_ENDPOINTS = {
    "kaggle": "/api/datasets/download/kaggle",
    "huggingface": "/api/datasets/download/huggingface",
}
_READERS = {
    ".parquet": "pd.read_parquet({path!r})",
    ".csv": "pd.read_csv({path!r})",
    ".tsv": 'pd.read_csv({path!r}, sep="\\t")',
    ".jsonl": "pd.read_json({path!r}, lines=True)",
    ".json": "pd.read_json({path!r})",
    ".xlsx": "pd.read_excel({path!r})",
}


def build_card(summary: DatasetSummary, dataset: Dataset | None, job: JobView | None) -> DatasetCard:
    """A card; ``dataset`` and ``job`` are what this machine and this viewer have of it, if any."""
    ref = DatasetRef.parse(summary.ref)
    endpoint = _ENDPOINTS.get(ref.source)
    return DatasetCard(
        id=ref.id if endpoint else str(ref),
        title=summary.title or ref.name or "Unknown",
        source=ref.label,
        url=summary.url,
        downloads=summary.downloads,
        ref=str(ref),
        key=ref.key,
        download_endpoint=endpoint or "/api/datasets/download-dataset",
        description=summary.description,
        size_bytes=summary.size_bytes,
        file_count=summary.file_count,
        license=summary.license,
        gated=summary.gated,
        updated_at=summary.updated_at,
        tags=summary.tags,
        formats=summary.formats,
        why=summary.why,
        **local_state(dataset, job),
    )


def local_state(dataset: Dataset | None, job: JobView | None) -> "dict[str, str | None]":
    """``local_status``, ``job_id`` and ``file_path`` of a card.

    An active job wins over an older copy on disk, a copy over a failure.
    """
    status: LocalStatus = "absent"
    if job is not None and job.kind != "delete" and job.active:
        status = job.state
    elif dataset is not None and dataset.downloaded:
        status = "downloaded"
    elif job is not None and job.kind != "delete" and job.state in ("failed", "cancelled"):
        status = job.state
    path = dataset.local_path if dataset is not None and dataset.downloaded else None
    return {"local_status": status, "job_id": job.id if job else None, "file_path": path}


def loader_snippet(ref: DatasetRef, local_path: str, files: Mapping[str, int] | Iterable[str]) -> str:
    """Code that loads the dataset: pandas for its largest table, the HuggingFace library for its
    own layout, else the path. ``files``: paths, with sizes where they are known."""
    sizes = dict(files) if isinstance(files, Mapping) else dict.fromkeys(files, 0)
    tables = [path for path in sizes if PurePosixPath(path).suffix.lower() in _READERS]
    if ref.source == "huggingface" and len(tables) != 1:
        return f'from datasets import load_dataset\n\ndataset = load_dataset("{local_path}")'
    if tables:
        # A training table rather than a larger test table; then the largest.
        table = max(tables, key=lambda path: ("train" in path.lower(), sizes[path]))
        reader = _READERS[PurePosixPath(table).suffix.lower()].format(path=f"{local_path}/{table}")
        return f"import pandas as pd\n\ntable = {reader}"
    return f'from pathlib import Path\n\nfiles = sorted(Path("{local_path}").rglob("*"))'
