"""The files that the benchmark's server offers."""

import base64
import hashlib
import json
import os
import random
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.transfer.measuring import Wanted

MIB = 2**20
#: A commit at the stub of HuggingFace's hub.
COMMIT = "a" * 40


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is moved. Sizes in bytes."""

    large: int
    files: int
    archive: int
    #: The quota workload: files, and requests in each window of so many seconds.
    quota_files: int
    quota: int
    window_s: float
    runs: int


FULL = Scale(2**31, 5000, 2**30, quota_files=1500, quota=520, window_s=20.0, runs=5)
QUICK = Scale(2**28, 500, 2**27, quota_files=300, quota=130, window_s=4.0, runs=1)
SMALL_BYTES = 20 * 1024


@dataclass(frozen=True, slots=True)
class Large:
    """One file of random bytes."""

    file: Wanted
    md5_base64: str


def make_large(site: Path, size: int) -> Large:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    path = site / "large" / "large.bin"
    path.parent.mkdir()
    with path.open("wb") as file:
        for _ in range(size // MIB):
            block = os.urandom(MIB)
            file.write(block)
            sha256.update(block)
            md5.update(block)
    wanted = Wanted(path.name, size, sha256.hexdigest())
    _describe(site, "large", [wanted])
    return Large(wanted, base64.b64encode(md5.digest()).decode())


def make_small(site: Path, count: int) -> list[Wanted]:
    """Files of 20 KiB of random bytes, 500 to a folder."""
    wanted = []
    for number in range(count):
        path = f"d{number // 500:02}/f{number:05}.bin"
        content = os.urandom(SMALL_BYTES)
        target = site / "small" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        wanted.append(Wanted(path, SMALL_BYTES, hashlib.sha256(content).hexdigest()))
    _describe(site, "small", wanted)
    return wanted


@dataclass(frozen=True, slots=True)
class Archive:
    file: Wanted
    members: list[Wanted]


def make_archive(site: Path, size: int) -> Archive:
    """A deflated zip of 2,000 members: three of four do not shrink, as pictures, every fourth is a table."""
    path = site / "archive" / "archive.zip"
    path.parent.mkdir()
    picture, table = size * 10 // 16384, size // 2048
    numbers = random.Random(1)
    rows = "".join(
        f"{i},{numbers.random():.5f},{numbers.randrange(100)},ok\n" for i in range(200_000)
    ).encode()
    members = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(2000):
            if number % 4:
                name, content = f"pictures/{number:05}.jpg", os.urandom(picture)
            else:
                start = numbers.randrange(len(rows) - table)
                name, content = f"tables/{number:05}.csv", rows[start : start + table]
            archive.writestr(name, content)
            members.append(Wanted(name, len(content), hashlib.sha256(content).hexdigest()))
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Archive(Wanted(path.name, path.stat().st_size, digest), members)


def _describe(site: Path, name: str, files: list[Wanted]) -> None:
    """What HuggingFace's hub answers about a dataset, as ``hf download`` asks for it."""
    described: dict[str, Any] = {
        "_id": "1",
        "id": f"ada/{name}",
        "author": "ada",
        "sha": COMMIT,
        "private": False,
        "gated": False,
        "disabled": False,
        "tags": [],
        "downloads": 1,
        "likes": 0,
        "lastModified": "2026-01-01T00:00:00.000Z",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "siblings": [{"rfilename": file.path} for file in files],
    }
    tree = [{"type": "file", "oid": "b" * 40, "size": file.size, "path": file.path} for file in files]
    hub = site / "hub"
    hub.mkdir(exist_ok=True)
    (hub / f"{name}.json").write_text(json.dumps(described))
    (hub / f"{name}.tree.json").write_text(json.dumps(tree))
