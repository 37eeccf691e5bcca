"""Writes and renames that survive a power cut."""

import os
from pathlib import Path
from typing import Any

import pytest

from dataferry.core.files.durable import exchange, sync_file_system, sync_folder, write_all, write_all_at


def test_a_chunk_is_written_whole_though_one_write_takes_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, pwrite = os.write, os.pwrite

    def short_write(descriptor: int, chunk: Any) -> int:
        return write(descriptor, chunk[:3])

    def short_pwrite(descriptor: int, chunk: Any, offset: int) -> int:
        return pwrite(descriptor, chunk[:3], offset)

    monkeypatch.setattr(os, "write", short_write)
    monkeypatch.setattr(os, "pwrite", short_pwrite)
    with (tmp_path / "file").open("w+b", buffering=0) as file:
        write_all(file.fileno(), b"0123456789")
        write_all_at(file.fileno(), memoryview(b"abcdefg"), 2)
    assert (tmp_path / "file").read_bytes() == b"01abcdefg9"


def test_exchange_swaps_in_one_step(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    (one / "a").write_text("")
    if exchange(one, other):
        assert [path.name for path in other.iterdir()] == ["a"]
        assert not list(one.iterdir())
    with pytest.raises(FileNotFoundError):
        exchange(one, tmp_path / "missing")


def test_sync_says_what_is_missing(tmp_path: Path) -> None:
    for sync in (sync_file_system, sync_folder):
        sync(tmp_path)
        with pytest.raises(FileNotFoundError):
            sync(tmp_path / "missing")
