"""One file's bytes at two places: a link where it can be, a copy where it cannot."""

import os
from pathlib import Path

import pytest

from dataferry.core.files.hardlinks import link_or_copy
from tests.support.mounts import small_disk

BYTES = bytes(range(256)) * 64


@pytest.fixture
def existing(tmp_path: Path) -> Path:
    return _file(tmp_path / "existing")


def _file(path: Path, mode: int = 0o444) -> Path:
    path.write_bytes(BYTES)
    path.chmod(mode)
    return path


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_the_bytes_are_at_both_places_and_neither_needs_the_other(existing: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    link_or_copy(existing, target)
    assert target.read_bytes() == BYTES
    assert _mode(target) == 0o444
    existing.unlink()
    assert target.read_bytes() == BYTES


def test_no_disk_is_taken_twice(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        existing = disk.folder / "existing"
        existing.write_bytes(bytes(700_000))
        existing.chmod(0o444)
        link_or_copy(existing, disk.folder / "target")
        assert (disk.folder / "target").stat().st_size == 700_000


def test_what_was_there_is_replaced_in_one_step(existing: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"older")
    with target.open("rb") as reader:
        link_or_copy(existing, target)
        assert reader.read() == b"older"
    assert target.read_bytes() == BYTES


def test_sharing_twice_leaves_no_other_name_behind(existing: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    link_or_copy(existing, target)
    link_or_copy(existing, target)
    link_or_copy(target, target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["existing", "target"]
    assert target.read_bytes() == BYTES


def test_a_file_that_can_be_written_is_copied_and_not_linked(tmp_path: Path) -> None:
    existing, target = _file(tmp_path / "existing", 0o644), tmp_path / "target"
    link_or_copy(existing, target)
    existing.write_bytes(b"changed by its owner")
    assert target.read_bytes() == BYTES
    assert _mode(target) == 0o444
    assert _mode(existing) == 0o644


def test_across_file_systems_the_bytes_are_copied(existing: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        target = disk.folder / "target"
        link_or_copy(existing, target)
        assert target.stat().st_dev != existing.stat().st_dev
        assert target.read_bytes() == BYTES
        assert _mode(target) == 0o444


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64k") as disk:
        existing, target = tmp_path / "large", disk.folder / "target"
        existing.write_bytes(bytes(200_000))
        target.write_bytes(b"older")
        with pytest.raises(OSError, match="space"):
            link_or_copy(existing, target)
        assert os.listdir(disk.folder) == ["target"]
        assert target.read_bytes() == b"older"


def test_a_file_that_has_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        link_or_copy(tmp_path / "gone", tmp_path / "target")
    assert not list(tmp_path.iterdir())


def test_a_symbolic_link_is_not_followed(existing: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(existing)
    with pytest.raises(OSError, match="symbolic"):
        link_or_copy(link, tmp_path / "target")
