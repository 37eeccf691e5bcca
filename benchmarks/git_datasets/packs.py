"""Small objects to and from a store with some milliseconds an answer: packs beside one request an object."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.columns import StoredFile, write_column
from dataferry.versioning.model.lock_file import Column, Lock, LockedDataset, LockedField, RowGroup
from dataferry.versioning.model.schema import Field
from dataferry.versioning.remote.fetching import fetch
from dataferry.versioning.remote.pushing import push
from dataferry.versioning.remote.remotes import Remote, remote_of

#: At once, in both ways: what ``fsspec`` takes for one object a request.
_AT_ONCE = 64


def packs_and_requests(folder: Path, files: int, latency_s: float) -> dict[str, tuple[float, float]]:
    """Seconds of a push and a fetch: of one request an object, and of packs."""
    cache = Cache(folder / "cache")
    stored = [StoredFile(*_kept(cache, number), size=_SIZE) for number in range(files)]
    columns = {"image": Column(write_column(cache, stored), files * _SIZE)}
    fields = (LockedField(Field("image", "file", ("png",))),)
    lock = Lock((LockedDataset("Pictures", "store", fields, (RowGroup("made", "1", files, columns),)),))
    with _store(latency_s) as address:
        single = _requests(address, cache, stored, folder / "single")
        settings = {"url": "s3://data/packs", "endpoint": address}
        with remote_of(lambda key: settings.get(key.rpartition(".")[2]), "store") as remote:
            packed = _packs(cache, lock, remote, folder / "packed")
    return {name: (single[at], packed[at]) for at, name in enumerate(("push", "fetch"))}


_SIZE = 3000


def _kept(cache: Cache, number: int) -> tuple[str, str]:
    digest, _ = cache.keep_bytes(number.to_bytes(8) + os.urandom(_SIZE - 8))
    return digest, "png"


def _packs(cache: Cache, lock: Lock, remote: Remote, folder: Path) -> tuple[float, float]:
    other = Cache(folder)
    return _seconds(lambda: push(cache, [lock], remote)), _seconds(lambda: fetch(other, lock, remote))


def _requests(address: str, cache: Cache, stored: list[StoredFile], folder: Path) -> tuple[float, float]:
    import s3fs

    config = {"max_pool_connections": _AT_ONCE}
    files = s3fs.S3FileSystem(endpoint_url=address, config_kwargs=config, skip_instance_cache=True)
    folder.mkdir()
    here = [str(cache.path("objects", file.sha256)) for file in stored]
    there = [f"data/single/{file.sha256}" for file in stored]
    back = [str(folder / file.sha256) for file in stored]
    pushed = _seconds(lambda: files.put(here, there, batch_size=_AT_ONCE))
    fetched = _seconds(lambda: files.get(there, back, batch_size=_AT_ONCE))
    assert len(list(folder.iterdir())) == len(stored)
    files.close_session(files.loop, files._s3)
    return pushed, fetched


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


@contextmanager
def _store(latency_s: float) -> Iterator[str]:
    credentials = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ |= credentials
    command = [sys.executable, "-m", "benchmarks.git_datasets.store", str(latency_s)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate()
