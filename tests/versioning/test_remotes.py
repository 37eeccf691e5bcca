"""S3 and SFTP, through their real drivers: what goes wrong there is told in plain words, or ridden out."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from dataferry.core.errors import (
    ConfigError,
    CredentialRejected,
    DataferryError,
    NotFound,
    SourceTimeout,
    SourceUnreachable,
)
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.lock_file import Lock
from dataferry.versioning.remote.fetching import fetch
from dataferry.versioning.remote.packs import SMALL_BYTES
from dataferry.versioning.remote.pushing import Pushed, push
from dataferry.versioning.remote.remotes import Remote, remote_of
from tests.fakes.s3 import S3, SECRET, s3_server
from tests.fakes.sftp import PASSWORD, Sftp, sftp_server
from tests.support.versioned import REMOTE, contents, dataset_of, made_files, settings

FILES = [*made_files(30), made_files(1, SMALL_BYTES + 5)[0]]


@pytest.fixture(scope="module")
def _server() -> Iterator[S3]:
    with s3_server() as server:
        yield server


@pytest.fixture
def s3(_server: S3) -> S3:
    """Without anything in its bucket, and without a fault."""
    faults = _server.faults
    faults.busy = faults.cut = 0
    faults.refused = lambda method, path: False
    faults.held.clear()
    httpx.post(f"{_server.address}/moto-api/reset").raise_for_status()
    httpx.put(f"{_server.address}/data").raise_for_status()
    faults.asked.clear()
    return _server


@pytest.fixture
def remote(s3: S3) -> Iterator[Remote]:
    with _remote(s3) as remote:
        yield remote


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "one")


@pytest.fixture
def other(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "two")


@pytest.fixture
def lock(cache: Cache) -> Lock:
    return dataset_of(cache, FILES)


def _remote(s3: S3, url: str = "s3://data/folder", **more: str) -> Remote:
    remote = remote_of(settings(url, endpoint=s3.address, **more).get, REMOTE)
    remote.pauses_s = (0.01, 0.01)
    return remote


def test_s3_takes_small_files_in_a_pack_and_gives_them_back(
    cache: Cache, other: Cache, lock: Lock, remote: Remote, s3: S3
) -> None:
    assert push(cache, [lock], remote).objects == len(FILES)
    # A pack, its index, the large file and two columns; the store's folders are not asked one by one.
    assert [method for method, _ in s3.faults.asked].count("PUT") == 5
    assert push(cache, [lock], remote) == Pushed()
    fetch(other, lock, remote)
    assert contents(other) == contents(cache)


def test_a_busy_store_and_cut_answers_are_ridden_out(
    cache: Cache, other: Cache, lock: Lock, remote: Remote, s3: S3
) -> None:
    s3.faults.busy = 2
    push(cache, [lock], remote)
    s3.faults.busy = s3.faults.cut = 2
    fetch(other, lock, remote)
    assert contents(other) == contents(cache)
    assert s3.faults.cut == 0


def test_no_column_is_there_before_its_objects(
    cache: Cache, other: Cache, lock: Lock, remote: Remote, s3: S3
) -> None:
    """Whatever the store fails at, the push fails; what it left misleads nobody, and the next one goes on."""
    for kind in ("packs", "indexes", "objects"):
        s3.faults.refused = lambda method, path, kind=kind: method == "PUT" and kind in path
        with pytest.raises(CredentialRejected):
            push(cache, [lock], remote)
        with pytest.raises(NotFound, match="columns are not at the remote"):
            fetch(other, lock, remote)
    s3.faults.refused = lambda method, path: False
    s3.faults.asked.clear()
    push(cache, [lock], remote)
    assert not any("/packs/" in path for method, path in s3.faults.asked if method == "PUT")
    fetch(other, lock, remote)
    assert contents(other) == contents(cache)


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (lambda method, path: True, "refuses access"),
        (lambda method, path: method == "PUT", "refuses access"),
        (lambda method, path: method == "GET" and path == "/data", "refuses access"),
    ],
    ids=["everything", "writing", "listing"],
)
def test_who_may_not_is_told(
    cache: Cache, lock: Lock, remote: Remote, s3: S3, refused: Callable[[str, str], bool], words: str
) -> None:
    s3.faults.refused = refused
    with pytest.raises(CredentialRejected, match=words) as caught:
        push(cache, [lock], remote)
    assert "the remote bucket (s3://data/folder)" in caught.value.detail
    assert "credentials" in caught.value.next_step


def test_a_bucket_that_is_not_there_is_told(cache: Cache, other: Cache, lock: Lock, s3: S3) -> None:
    with _remote(s3, "s3://datta/folder") as remote:
        with pytest.raises(NotFound, match="no bucket datta") as caught:
            push(cache, [lock], remote)
        with pytest.raises(NotFound, match="no bucket datta"):
            fetch(other, lock, remote)
    assert "git config datasets.remote.bucket.url" in caught.value.next_step


def test_no_credentials_and_a_profile_that_is_not_there_are_told(
    cache: Cache, lock: Lock, s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with _remote(s3) as remote, pytest.raises(DataferryError, match="no credentials") as caught:
        push(cache, [lock], remote)
    assert "aws configure" in caught.value.next_step
    with pytest.raises(DataferryError, match="profile"), _remote(s3, profile="nobody") as remote:
        push(cache, [lock], remote)


def test_a_store_that_does_not_answer_is_told_in_time(cache: Cache, lock: Lock, s3: S3) -> None:
    s3.faults.held.set()
    with _remote(s3, timeout="0.2") as remote:
        remote.pauses_s = ()
        with pytest.raises(SourceTimeout, match="does not answer in time"):
            push(cache, [lock], remote)


def test_a_store_that_is_down_is_told(cache: Cache, lock: Lock, s3: S3) -> None:
    with remote_of(settings("s3://data", endpoint="http://127.0.0.1:1").get, REMOTE) as remote:
        remote.pauses_s = ()
        with pytest.raises(SourceUnreachable, match="cannot be reached") as caught:
            push(cache, [lock], remote)
    assert SECRET not in f"{caught.value}{caught.value.next_step}"


@pytest.fixture
def sftp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sftp]:
    monkeypatch.setenv("HOME", str(tmp_path))
    with sftp_server(tmp_path / "sftp") as server:
        yield server


def test_sftp_keeps_and_gives_it_back(
    cache: Cache, other: Cache, lock: Lock, sftp: Sftp, tmp_path: Path
) -> None:
    with remote_of(settings(sftp.url(), knownhosts=str(sftp.known_hosts)).get, REMOTE) as remote:
        push(cache, [lock], remote)
        assert push(cache, [lock], remote) == Pushed()
        fetch(other, lock, remote, rows=(20, 31))
        assert len(contents(other)) == 11
        fetch(other, lock, remote)
        assert contents(other) == contents(cache)
    assert not list((tmp_path / "sftp" / "files" / "store" / "incoming").iterdir())


def test_sftp_with_a_wrong_password_or_an_unknown_key_is_refused(sftp: Sftp, tmp_path: Path) -> None:
    known = str(sftp.known_hosts)
    with pytest.raises(CredentialRejected, match="refuses access") as caught:
        remote_of(settings(sftp.url("wrong-one"), knownhosts=known).get, REMOTE)
    with pytest.raises(ConfigError, match="a key that is not known here") as unknown:
        remote_of(settings(sftp.url()).get, REMOTE)
    for error in (caught.value, unknown.value):
        assert PASSWORD not in f"{error}{error.next_step}"
        assert "wrong-one" not in f"{error}{error.next_step}"
