"""Both hubs' catalogues as files on disk, as a download leaves them, and an index of them."""

from collections.abc import Mapping
from pathlib import Path

from dataferry.core.types import SourceName
from dataferry.sources.index.build import build
from dataferry.sources.index.manifest import IndexManifest
from tests.fakes.content import Blob
from tests.fakes.dataset import Catalogue
from tests.fakes.snapshots import PARQUET, hub_stats, meta_kaggle


def write_snapshots(catalogue: Catalogue, folder: Path) -> dict[SourceName, Path]:
    """A folder for each hub, below ``folder``, with the tables that it publishes of the catalogue."""
    kaggle = {
        name: blob for name, blob in meta_kaggle(catalogue.at("kaggle")).items() if name != "Kernels.csv"
    }
    return {
        "kaggle": write_files(kaggle, folder / "meta-kaggle"),
        "huggingface": write_files({PARQUET: hub_stats(catalogue.at("huggingface"))}, folder / "hub-stats"),
    }


def write_files(files: Mapping[str, Blob], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, blob in files.items():
        (folder / name).write_bytes(b"".join(blob.blocks()))
    return folder


def build_index(catalogue: Catalogue, snapshots: Path, target: Path) -> IndexManifest:
    """Build the index of the catalogue in the folder ``target``, in this process."""
    return build(write_snapshots(catalogue, snapshots), target, lambda _progress: None)
