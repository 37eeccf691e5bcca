"""Files in a folder on another disk: copied, verified, and nothing half."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from dataferry.cli.local_copy import place
from dataferry.core.errors import ChecksumMismatch, Conflict, DiskFull, NotFound
from tests.support.mounts import small_disk

BIG = bytes(range(256)) * 8192


def receipt(tree: Path, **files: bytes) -> dict[str, Any]:
    """Of a download of these files, whose names have a dot in place of each underscore."""
    listed = []
    for name, content in files.items():
        path = tree / name.replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o444)
        listed.append({"path": path.name, "size": len(content), "sha256": sha256(content).hexdigest()})
    return {"local_path": str(tree), "files": listed}


def test_another_disk_has_verified_copies(tmp_path: Path) -> None:
    """An error of links between disks once ended such a download (Lightning-AI/litgpt#780)."""
    told = receipt(tmp_path / "store", a_csv=b"a,b\n", b_bin=BIG)
    with small_disk(tmp_path / "disk") as disk:
        mine = disk.folder / "deep" / "mine"
        assert place(told, mine, force=False) == 2
        assert (mine / "b.bin").read_bytes() == BIG
        (mine / "a.csv").unlink()
        assert place(told, mine, force=False) == 1
        (tmp_path / "store" / "a.csv").chmod(0o644)
        (tmp_path / "store" / "a.csv").write_bytes(b"a,c\n")
        (mine / "a.csv").unlink()
        with pytest.raises(ChecksumMismatch):
            place(told, mine, force=False)
        assert [path.name for path in mine.iterdir()] == ["b.bin"]


def test_a_full_disk_is_told_and_leaves_nothing_half(tmp_path: Path) -> None:
    """A download that ended with a stack trace (xai-org/grok-1#263)."""
    told = receipt(tmp_path / "store", a_bin=BIG, b_bin=BIG[::-1])
    with small_disk(tmp_path / "disk", "3m") as disk:
        mine = disk.folder / "mine"
        with pytest.raises(DiskFull, match="Nothing was written"):
            place(told, mine, force=False)
        assert not list(mine.iterdir())
        # It fits as far as is known, and does not: somebody else wrote meanwhile.
        for file in told["files"]:
            file["size"] = 10
        with pytest.raises(DiskFull, match="1 of 2 files are there, whole"):
            place(told, mine, force=False)
        assert [path.name for path in mine.iterdir()] == ["a.bin"]
        assert (mine / "a.bin").read_bytes() == BIG


def test_what_is_in_the_way_is_named_first(tmp_path: Path) -> None:
    told = receipt(tmp_path / "store", a_csv=b"a,b\n", b_csv=b"c,d\n")
    mine = tmp_path / "mine"
    (mine / "a.csv").mkdir(parents=True)
    with pytest.raises(Conflict, match="is a folder"):
        place(told, mine, force=True)
    (mine / "a.csv").rmdir()
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text("mine")
    (mine / "a.csv").symlink_to(elsewhere)
    with pytest.raises(Conflict, match="Other files"):
        place(told, mine, force=False)
    assert place(told, mine, force=True) == 2
    assert elsewhere.read_text() == "mine"
    with pytest.raises(NotFound, match="not on this machine"):
        place(told | {"local_path": str(tmp_path / "gone")}, mine, force=False)
