"""``git push`` and clones, with the data on an S3 server, and in a folder."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.fakes.s3 import KEY, SECRET, s3_server
from tests.support.git_repositories import GitFolder
from tests.support.index_files import check_agrees, more

_BOTH = 'return files(b"image"), files(b"mask")'
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture
def upstream(versioned: GitFolder, tmp_path: Path) -> GitFolder:
    """``versioned`` pushes to it; nothing is there yet."""
    folder = tmp_path / "upstream.git"
    versioned.git("init", "-q", "--bare", str(folder))
    versioned.git("remote", "add", "origin", str(folder))
    return GitFolder(folder, versioned.home)


def _set_store(repo: GitFolder, settings: Mapping[str, str]) -> None:
    repo.environment |= _CREDENTIALS
    for key, value in settings.items():
        repo.git("config", f"datasets.remote.bucket.{key}", value)


def _clone(upstream: GitFolder, settings: Mapping[str, str], folder: Path) -> GitFolder:
    upstream.git("clone", "-q", str(upstream.folder), str(folder))
    clone = GitFolder(folder, upstream.home)
    _set_store(clone, settings)
    clone.git("datasets", "init")
    return clone


def test_a_branch_moves_once_its_data_is_there(
    versioned: GitFolder, upstream: GitFolder, tmp_path: Path
) -> None:
    _set_store(versioned, {"url": "s3://data/pictures", "endpoint": "http://127.0.0.1:1", "timeout": "1"})
    said = versioned.fails("push", "-q", "origin", "main")
    assert "cannot be reached" in said
    assert SECRET not in said
    assert upstream.git("for-each-ref") == ""
    with s3_server() as s3:
        httpx.put(f"{s3.address}/data").raise_for_status()
        store = {"url": "s3://data/pictures", "endpoint": s3.address}
        _set_store(versioned, store)
        versioned.git("push", "-q", "origin", "main")
        clone = _clone(upstream, store, tmp_path / "clone")
        check_agrees(clone)
        assert clone.contents("mask") == versioned.contents("mask")
        clone.git("reset", "-q", "--hard", "HEAD~2")
        check_agrees(clone)
        assert len(clone.contents("image")) == 3


def test_two_who_push_at_once_lose_nothing(versioned: GitFolder, upstream: GitFolder, tmp_path: Path) -> None:
    store = {"url": str(tmp_path / "store")}
    _set_store(versioned, store)
    versioned.git("push", "-q", "origin", "main")
    people = [versioned, _clone(upstream, store, tmp_path / "clone")]
    people[1].git("datasets", "trust")
    for number, person in enumerate(people):
        person.git("checkout", "-q", "-b", f"branch{number}")
        brings = f'return files(b"mask of {number}")'
        person.append(more(f"more{number}", 3 + number).replace(_BOTH, brings))
        person.git("commit", "-qm", f"more {number}", "index.py")
    with ThreadPoolExecutor() as together:
        list(together.map(lambda person: person.git("push", "-q", "origin", "HEAD"), people))
    third = _clone(upstream, store, tmp_path / "third")
    for number, person in enumerate(people):
        third.git("checkout", "-q", f"branch{number}")
        check_agrees(third)
        assert third.contents("mask") == person.contents("mask")
        assert len(third.names("mask")) == 6 + number


def test_at_a_remote_only_what_no_branch_anywhere_needs_is_deleted(
    versioned: GitFolder, upstream: GitFolder, tmp_path: Path
) -> None:
    store = {"url": str(tmp_path / "store")}
    _set_store(versioned, store)
    versioned.git("push", "-q", "origin", "main", "--tags")
    shallow = GitFolder(tmp_path / "shallow", upstream.home)
    upstream.git("clone", "-q", "--depth=1", f"file://{upstream.folder}", str(shallow.folder))
    _set_store(shallow, store)
    assert "has not the whole history" in shallow.fails("datasets", "gc", "--remote", "bucket")
    clone = _clone(upstream, store, tmp_path / "clone")
    versioned.git("push", "-q", "origin", "main~1:refs/heads/other")
    versioned.git("checkout", "-q", "-b", "new")
    versioned.git("commit", "-q", "--allow-empty", "-m", "new")
    versioned.git("push", "-q", "origin", "new")
    assert "origin has branches or tags that are not here" in clone.fails(
        "datasets", "gc", "--remote", "bucket"
    )
    assert "a day" in versioned.fails("datasets", "gc", "--remote", "bucket", "--older-than", "0")
    assert "0 files deleted" in versioned.git("datasets", "gc", "--remote", "bucket")
