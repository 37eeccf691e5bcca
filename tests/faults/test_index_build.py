"""A build that ends before its time: whatever ends it, the index that was there stays."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dataferry.core.errors import Cancelled, DataferryError, DiskFull
from dataferry.core.types import SourceName
from dataferry.sources.base import SearchFilters, SearchQuery
from dataferry.sources.index.build import build, sweep
from dataferry.sources.index.handle import IndexHandle
from dataferry.sources.index.process import build_in_process
from tests.support.meta_kaggle import dataset, tables, version, write_tables

_DATASETS = 1500
Snapshots = dict[SourceName, Path]


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> Snapshots:
    """Large enough for a second of work."""
    numbers = range(_DATASETS)
    rows = [version(Id=n, DatasetId=n, Slug=f"diabetes-{n}", Description=f"study {n} " * 60) for n in numbers]
    datasets = [dataset(Id=n, CurrentDatasetVersionId=n) for n in numbers]
    folder = tmp_path_factory.mktemp("snapshot")
    return {"kaggle": write_tables(folder, tables(DatasetVersions=rows, Datasets=datasets))}


@pytest.fixture
def target(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of one dataset."""
    old = write_tables(tmp_path_factory.mktemp("old"), tables())
    build({"kaggle": old}, tmp_path / "index", lambda _progress: None)
    return tmp_path / "index"


def _found(target: Path) -> int:
    hits = IndexHandle(target, {}).search(SearchQuery("diabetes", SearchFilters(), 100), ("kaggle",))
    assert hits is not None
    return len(hits.summaries["kaggle"])


def _start(snapshots: Snapshots, target: Path, **options: object) -> "subprocess.Popen[str]":
    """The process that ``build_in_process`` starts, with its request."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "dataferry.sources.index"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )
    assert process.stdin is not None
    request = {"snapshots": {name: str(path) for name, path in snapshots.items()}, "target": str(target)}
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    return process


def test_killed_at_any_point(snapshots: Snapshots, target: Path) -> None:
    """With the seed printed: each point is a moment of an own build, of which one takes ``whole_s``."""
    began = time.monotonic()
    build_in_process(snapshots, target.parent / "measured", lambda _progress: None, threading.Event())
    whole_s, seed = time.monotonic() - began, random.randrange(1 << 16)
    print(f"seed {seed}")
    source = random.Random(seed)
    for _ in range(3):
        process = _start(snapshots, target)
        with process:
            time.sleep(source.uniform(0.3, 1.0) * whole_s)  # the moment is what is drawn
            process.kill()
        assert _found(target) in (1, 100), "the old index, or all of the new one"
    build(snapshots, target, lambda _progress: None)
    assert _found(target) == 100
    assert len([path for path in target.iterdir() if path.is_dir()]) == 1, "what was cut off is deleted"


def test_cancelled(snapshots: Snapshots, target: Path) -> None:
    cancel = threading.Event()
    cancel_soon = threading.Timer(0.5, cancel.set)
    cancel_soon.start()
    with pytest.raises(Cancelled):
        build_in_process(snapshots, target, lambda _progress: None, cancel)
    cancel_soon.join()
    assert _found(target) == 1


def test_it_ends_with_the_process_that_waits_for_it(snapshots: Snapshots, target: Path) -> None:
    process = _start(snapshots, target)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    assert process.wait(timeout=30) == 1
    process.stdout.close()
    assert _found(target) == 1


def test_killed_by_the_system(snapshots: Snapshots, target: Path) -> None:
    pids: list[int] = []

    def kill_children() -> None:
        for path in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
            for pid in map(int, path.read_text().split()):
                if b"dataferry.sources.index" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)
                    pids.append(pid)

    killer = threading.Timer(0.5, kill_children)
    killer.start()
    with pytest.raises(DataferryError, match=r"ended \(signal 9\)") as ended:
        build_in_process(snapshots, target, lambda _progress: None, threading.Event())
    killer.join()
    assert pids
    assert "memory" in ended.value.next_step
    assert _found(target) == 1


def _limited_to(size: int) -> Callable[[], None]:
    import resource

    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("size", [500, 3_000, 10_000])
def test_the_disk_fills_up(snapshots: Snapshots, target: Path, size: int) -> None:
    """No file grows beyond ``size``: at the beginning, in a writer's thread, at the end."""
    process = _start(snapshots, target, preexec_fn=_limited_to(size))
    assert process.stdout is not None
    with process:
        answer = json.loads(list(process.stdout)[-1])
    assert answer["problem"]["code"] == DiskFull.code, answer
    assert "stays in use" in answer["problem"]["detail"]
    assert _found(target) == 1
    assert len([path for path in target.iterdir() if path.is_dir()]) == 1
    sweep(target)
    assert _found(target) == 1


def test_progress_is_told(snapshots: Snapshots, target: Path) -> None:
    told: list[tuple[str, int]] = []
    manifest = build_in_process(
        snapshots, target, lambda progress: told.append((progress.phase, progress.rows)), threading.Event()
    )
    assert told[-1] == ("finishing", _DATASETS)
    assert ("reading", 1000) in told
    assert manifest.datasets == _DATASETS
