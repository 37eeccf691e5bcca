"""What each hub publishes of its whole catalogue, and where it lies once it is downloaded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dataferry.core.errors import NotFound
from dataferry.core.types import DatasetRef, SourceName


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A catalogue as a dataset of its hub.

    ``ref`` is what to download, and ``files`` are all that is needed of it; a hub may hand out each as it is
    or as ``<name>.zip``. ``attribution`` is to be shown before the build, beside the licence that the hub
    states for ``ref`` (``Catalog.describe``).
    """

    source: SourceName
    ref: DatasetRef
    files: tuple[str, ...]
    attribution: str
    url: str


SNAPSHOTS: Mapping[SourceName, Snapshot] = {
    "huggingface": Snapshot(
        "huggingface",
        DatasetRef("huggingface", "cfahlgren1/hub-stats"),
        ("datasets.parquet",),
        "HuggingFace's catalogue: hub-stats, published daily by cfahlgren1.",
        "https://huggingface.co/datasets/cfahlgren1/hub-stats",
    ),
    "kaggle": Snapshot(
        "kaggle",
        DatasetRef("kaggle", "kaggle/meta-kaggle"),
        (
            "Datasets.csv",
            "DatasetVersions.csv",
            "DatasetTags.csv",
            "Tags.csv",
            "Users.csv",
            "Organizations.csv",
        ),
        "Kaggle's catalogue: Meta Kaggle, published daily by Kaggle.",
        "https://www.kaggle.com/datasets/kaggle/meta-kaggle",
    ),
}


def locate(source: SourceName, folder: Path) -> dict[str, Path]:
    """The files of a downloaded snapshot by their names in ``Snapshot.files``.

    Errors: ``NotFound`` naming the first that is there neither as it is nor zipped.
    """
    return {name: _find(source, folder, name) for name in SNAPSHOTS[source].files}


def _find(source: SourceName, folder: Path, name: str) -> Path:
    for path in _candidates(folder, name):
        if path.is_file():
            return path
    raise NotFound(
        f"The snapshot of {SNAPSHOTS[source].ref.label}'s catalogue has no file {name}.",
        next_step="Download it again.",
    )


def _candidates(folder: Path, name: str) -> Iterator[Path]:
    yield folder / name
    yield folder / f"{name}.zip"
    # A tree that was unpacked from archives has each file in a folder of the archive's name.
    yield folder / name / name
    yield folder / name.partition(".")[0] / name
