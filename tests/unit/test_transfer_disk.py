"""Free space, and disk errors."""

import errno
import os
import shutil
from io import BytesIO
from pathlib import Path

import pytest

from dataferry.core.errors import DiskFull, StoreNotWritable
from dataferry.core.types import Bytes, DatasetRef, FileEntry, Manifest
from dataferry.transfer import preflight
from dataferry.transfer.files.disk import disk_faults


def test_preflight_passes_where_there_is_room(tmp_path: Path) -> None:
    preflight(1000, tmp_path / "not" / "yet", min_free_bytes=1000)


def test_preflight_names_both_numbers_and_the_folder(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(DiskFull, match=r"needs [\d.]+ TB, and [\d.]+ [kMGT]B is free") as caught:
        preflight(free + 10**15, tmp_path / "not" / "yet")
    assert str(tmp_path) in caught.value.detail
    assert "1000 TB" in (caught.value.next_step or "")


def test_preflight_counts_the_reserve(tmp_path: Path) -> None:
    with pytest.raises(DiskFull):
        preflight(0, tmp_path, min_free_bytes=10**18)


def test_preflight_of_a_manifest_counts_what_archives_unpack_to(tmp_path: Path) -> None:
    def manifest(*, unpack: bool) -> Manifest:
        entry = FileEntry("a.zip", Bytes(BytesIO), size=10, unpack=unpack)
        return Manifest(DatasetRef("builtin", "x"), "1", (entry,), unpacked_bytes=10**18)

    preflight(manifest(unpack=False), tmp_path)
    with pytest.raises(DiskFull):
        preflight(manifest(unpack=True), tmp_path)


def test_preflight_names_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreNotWritable) as caught:
        preflight(1, tmp_path / "file" / "store")
    assert str(tmp_path / "file") in caught.value.detail
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EFBIG, DiskFull),
        (errno.EACCES, StoreNotWritable),
        (errno.EROFS, StoreNotWritable),
        (errno.EIO, StoreNotWritable),
    ],
)
def test_faults(tmp_path: Path, code: int, expected: type[Exception]) -> None:
    with pytest.raises(expected, match=str(tmp_path)), disk_faults(tmp_path):
        raise OSError(code, os.strerror(code))
