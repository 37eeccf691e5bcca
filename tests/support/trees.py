"""What lies in a folder, and what a fake hub would put there."""

from collections.abc import Mapping
from pathlib import Path

from tests.fakes.dataset import FakeDataset
from tests.fakes.hub import repository


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path there."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def expected(dataset: FakeDataset) -> dict[str, bytes]:
    """The files that a download of a fake hub's dataset must bring."""
    version = dataset.latest
    files = repository(dataset, version) if dataset.hub == "huggingface" else version.files
    return {path: blob.read(0, blob.size) for path, blob in files.items()}


def same(folder: Path, files: Mapping[str, bytes]) -> None:
    """Fails unless the folder holds these files, byte for byte, and no other. The message names the
    files and not their bytes."""
    found = tree(folder)
    assert found.keys() == files.keys(), f"{sorted(found)} are not {sorted(files)}"
    wrong = [path for path in files if found[path] != files[path]]
    assert not wrong, f"these have other bytes: {wrong}"


def disk_usage(folder: Path) -> int:
    """Bytes of disk that a folder's files take, each counted once however many names it has."""
    blocks = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            status = path.stat()
            blocks[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sum(blocks.values())
