"""``dataferry lock`` on one machine, ``dataferry sync`` on another: the same bytes, or what differs."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import preloaded
from tests.support.hubs import Hubs, make_hubs
from tests.support.server import Server, until


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[tuple[Server, Server]]:
    folder = tmp_path_factory.mktemp("lock")
    with (
        Server(folder / "a" / "data", **hubs.settings) as one,
        Server(folder / "b" / "data", **hubs.settings) as two,
    ):
        yield one, two


def run(server: Server, folder: Path, *arguments: str, code: int = 0) -> tuple[list[str], str]:
    """The lines of stdout, and stderr."""
    done = preloaded.run(arguments, env=server.environment, cwd=folder)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout.splitlines(), done.stderr


def contents(folder: str) -> dict[str, bytes]:
    files = [path for path in Path(folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_same_bytes_arrive_elsewhere(machines: tuple[Server, Server], tmp_path: Path) -> None:
    """Of three sources, one of them a part of a dataset; a second lock changes nothing."""
    here, there = machines
    run(here, tmp_path, "lock", "builtin:iris", "kaggle:uciml/iris")
    run(here, tmp_path, "lock", "huggingface:stanfordnlp/imdb", "--files", "*test*")
    lock = tmp_path / "datasets.lock"
    written = lock.read_text()
    run(here, tmp_path, "lock")
    assert lock.read_text() == written
    about = {one["ref"]: one for one in map(json.loads, written.splitlines()[1:]) if "revision" in one}
    assert list(about) == ["builtin:iris", "huggingface:stanfordnlp/imdb", "kaggle:uciml/iris"]
    assert about["builtin:iris"]["rows"] == 150
    assert about["huggingface:stanfordnlp/imdb"]["selected"]
    first, _ = run(here, tmp_path, "sync", "--frozen")
    second, told = run(there, tmp_path, "sync", "--frozen")
    assert set(first).isdisjoint(second)
    assert [contents(folder) for folder in first] == [contents(folder) for folder in second]
    assert all("test" in path for path in contents(second[1]))
    assert "The 3 datasets of datasets.lock are here." in told
    assert lock.read_text() == written


def test_what_differs_is_named_with_its_line(machines: tuple[Server, Server], tmp_path: Path) -> None:
    here, _ = machines
    run(here, tmp_path, "lock", "builtin:wine")
    lock = tmp_path / "datasets.lock"
    lines = lock.read_text().splitlines()
    number = next(n for n, line in enumerate(lines) if "test.csv" in line)
    digest = json.loads(lines[number])["sha256"]
    lock.write_text(lock.read_text().replace(digest, "0" * 64))
    edited = lock.read_text()
    _, told = run(here, tmp_path, "sync", "--frozen", code=6)
    assert f"datasets.lock:{number + 1}: builtin:wine test.csv has the SHA-256 {digest[:16]}…" in told
    assert "Correct the line if it was edited" in told
    assert lock.read_text() == edited
    # Without --frozen the file takes what there is.
    run(here, tmp_path, "sync")
    assert lock.read_text().splitlines()[1:] == lines[1:]


def test_a_recorded_version_is_named_and_brought_back(
    machines: tuple[Server, Server], tmp_path: Path
) -> None:
    """Where the bytes of a revision are others by now, the lock says which version has those that were."""
    here, _ = machines
    run(here, tmp_path, "download", "builtin:digits")
    run(here, tmp_path, "versions", "record", "builtin:digits", "--message", "As it came")
    run(here, tmp_path, "lock", "builtin:digits")
    lock = tmp_path / "datasets.lock"
    version = json.loads(lock.read_text().splitlines()[1])["version"]
    listed, _ = run(here, tmp_path, "versions", "ls", "builtin:digits", "--json")
    assert version == json.loads("\n".join(listed))["versions"][0]["id"]
    digest = json.loads(lock.read_text().splitlines()[2])["sha256"]
    lock.write_text(lock.read_text().replace(digest, "0" * 64))
    _, told = run(here, tmp_path, "sync", "--frozen", code=6)
    assert f"dataferry versions restore builtin:digits {version[:10]}" in told


def test_what_is_damaged_here_comes_again(machines: tuple[Server, Server], tmp_path: Path) -> None:
    """The library's records alone would say that it is there."""
    here, _ = machines
    run(here, tmp_path, "lock", "builtin:breast_cancer")
    (folder,), _ = run(here, tmp_path, "sync", "--frozen")
    whole = contents(folder)
    test, train = Path(folder, "test.csv"), Path(folder, "train.csv")
    test.chmod(0o644)
    test.write_bytes(test.read_bytes().replace(b"1", b"2", 1))
    train.parent.chmod(0o755)
    train.unlink()

    def found() -> bool:  # a second look right after the first is left out
        _, told = run(here, tmp_path, "sync", "--frozen")
        return "1 file is missing, 1 is changed, of 3. What is damaged comes again." in told

    until(found, "the damage is found")
    assert contents(folder) == whole


def test_a_byte_that_no_look_shows_comes_again(machines: tuple[Server, Server], tmp_path: Path) -> None:
    """Of the same size, at the same time, in the same inode; what else lies there is told of."""
    here, _ = machines
    run(here, tmp_path, "lock", "builtin:diabetes")
    (folder,), _ = run(here, tmp_path, "sync")
    whole = contents(folder)
    train = Path(folder, "train.csv")
    before = train.stat()
    train.chmod(0o644)
    with train.open("r+b") as file:
        file.seek(-2, os.SEEK_END)
        file.write(b"#")
    os.utime(train, ns=(before.st_atime_ns, before.st_mtime_ns))
    train.parent.chmod(0o755)
    Path(folder, "notes.txt").write_text("mine")
    assert contents(folder) != whole
    _, told = run(here, tmp_path, "sync", "--frozen")
    assert "1 file is changed, 1 is not the dataset's, of 3. What is damaged comes again." in told
    assert contents(folder).items() >= whole.items()


def test_a_revision_that_is_gone(machines: tuple[Server, Server], tmp_path: Path) -> None:
    here, _ = machines
    run(here, tmp_path, "lock", "builtin:digits")
    lock = tmp_path / "datasets.lock"
    written = lock.read_text()
    revision = json.loads(written.splitlines()[1])["revision"]
    lock.write_text(written.replace(revision, "f" * 64))
    _, told = run(here, tmp_path, "sync", "--frozen", code=6)
    assert "datasets.lock:2: This version of Dataferry carries another revision of builtin:digits" in told
    run(here, tmp_path, "sync")
    assert lock.read_text() == written


def test_without_a_lock_file_or_with_another_format(machines: tuple[Server, Server], tmp_path: Path) -> None:
    here, _ = machines
    _, told = run(here, tmp_path, "sync", code=3)
    assert told.startswith("dataferry: There is no datasets.lock here. `dataferry lock REF` writes it")
    (tmp_path / "datasets.lock").write_text('{"datasets.lock": 7}\n')
    for command in ("sync", "lock"):
        _, told = run(here, tmp_path, command, code=2)
        assert "datasets.lock:1: it is of format 7" in told
