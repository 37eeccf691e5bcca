"""Push and fetch, on a folder: nothing is sent twice, nothing is lost, nothing damaged comes in."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dataferry.core.errors import (
    ChecksumMismatch,
    ConfigError,
    DamagedFile,
    DataferryError,
    InvalidInput,
    NotFound,
)
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.remote.fetching import Fetched, fetch
from dataferry.versioning.remote.packs import SMALL_BYTES
from dataferry.versioning.remote.partial_files import PART_BYTES
from dataferry.versioning.remote.pushing import Pushed, push
from dataferry.versioning.remote.remotes import Remote, remote_of
from tests.support.versioned import REMOTE, appended, contents, dataset_of, made_files, settings

FILES = [*made_files(40), made_files(1, SMALL_BYTES + 5)[0], *made_files(2, 40 << 10, seed=7)]


def _files_of(store: Path) -> set[str]:
    return {path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file()}


def _damage(path: Path, offset: int = 10) -> None:
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)


def _pack(store: Path) -> Path:
    (pack,) = (store / "packs").iterdir()
    return pack


def test_what_is_pushed_is_fetched_elsewhere(cache: Cache, other: Cache, remote: Remote, store: Path) -> None:
    lock = dataset_of(cache, FILES)
    told: list[tuple[str, int, int]] = []
    pushed = push(cache, [lock], remote, lambda *words: told.append(words))
    size = sum(map(len, FILES))
    assert pushed == Pushed(len(FILES), size, 2)
    assert told[-1] == ("push", size, size)
    assert len(list((store / "packs").iterdir())) == 1
    assert fetch(other, lock, remote) == Fetched(len(FILES), size, 2)
    assert contents(other) == contents(cache)
    assert fetch(other, lock, remote) == Fetched()


def test_a_second_push_sends_nothing_and_what_is_new_alone_is_sent(
    cache: Cache, other: Cache, remote: Remote, store: Path
) -> None:
    lock = dataset_of(cache, FILES)
    push(cache, [lock], remote)
    before = _files_of(store)
    assert push(cache, [lock], remote) == Pushed()
    assert _files_of(store) == before
    grown = appended(lock, dataset_of(cache, [*FILES[:3], b"new"]))
    assert push(cache, [lock, grown], remote) == Pushed(1, 3, 2)
    fetch(other, grown, remote)
    assert contents(other) == contents(cache)


def test_two_who_push_at_once_lose_nothing(tmp_path: Path, cache: Cache, other: Cache, store: Path) -> None:
    shared, mine, theirs = made_files(30), made_files(20, seed=1), made_files(20, seed=2)
    locks = [dataset_of(cache, shared + mine), dataset_of(other, theirs + shared)]
    with ThreadPoolExecutor(2) as people:
        remotes = [remote_of(settings(store).get, REMOTE) for _ in locks]
        list(people.map(push, [cache, other], [[lock] for lock in locks], remotes))
    third = Cache(tmp_path / "three")
    for lock in locks:
        fetch(third, lock, remotes[0])
    assert contents(third) == contents(cache) | contents(other)


def test_an_interrupted_push_goes_on(cache: Cache, other: Cache, remote: Remote, store: Path) -> None:
    """Whatever of the store's files a kill left there, the next push completes it."""
    lock = dataset_of(cache, FILES)
    push(cache, [lock], remote)
    whole = {name: (store / name).read_bytes() for name in _files_of(store)}
    order = sorted(
        whole, key=lambda name: ("packs", "indexes", "objects", "columns").index(name.split("/")[0])
    )
    for count in range(len(order)):
        for name in order[count:]:
            (store / name).unlink()
        (store / "incoming" / "half").write_bytes(b"half")
        push(cache, [lock], remote)
        assert {name: (store / name).read_bytes() for name in whole} == whole
    fetch(other, lock, remote)


def test_an_interrupted_fetch_goes_on(cache: Cache, other: Cache, remote: Remote, store: Path) -> None:
    """A large file arrives in parts; those that are here are not asked for again."""
    lock = dataset_of(cache, made_files(1, PART_BYTES + 5))
    push(cache, [lock], remote)
    (large,) = (path for path in (store / "objects").rglob("*") if path.is_file())
    data = large.read_bytes()
    digest = large.parent.name + large.name
    partial = other.folder / "partial" / digest
    partial.parent.mkdir(parents=True)
    partial.write_bytes(data[:PART_BYTES])
    partial.with_suffix(".parts").write_text("0\n")
    _damage(large, 5)  # of what is here already
    fetch(other, lock, remote)
    assert other.path("objects", digest).read_bytes() == data
    assert not list(partial.parent.iterdir())


def test_a_part_of_the_fields_and_rows(cache: Cache, other: Cache, remote: Remote) -> None:
    images, masks = made_files(10), made_files(10, seed=3)
    first = dataset_of(cache, images)
    grown = appended(first, dataset_of(cache, masks))
    push(cache, [grown], remote)
    assert fetch(other, grown, remote, fields=[], rows=None).columns == 3
    assert contents(other) == set()
    assert fetch(other, grown, remote, fields=["image"], rows=(8, 13)).objects == 5
    wanted = {cache.keep_bytes(data)[0] for data in (*images[8:], *masks[:3])}
    assert contents(other) == wanted
    with pytest.raises(InvalidInput, match="no field picture"):
        fetch(other, grown, remote, fields=["picture"])


def test_a_damaged_pack_is_told_and_the_rest_comes(
    cache: Cache, other: Cache, remote: Remote, store: Path
) -> None:
    lock = dataset_of(cache, FILES)
    push(cache, [lock], remote)
    _damage(_pack(store))
    with pytest.raises(ChecksumMismatch, match="1 of 43 files") as caught:
        fetch(other, lock, remote)
    assert "push --repair" in caught.value.next_step
    assert len(contents(other)) == len(FILES) - 1
    assert push(cache, [lock], remote, repair=True).objects == 1
    assert fetch(other, lock, remote).objects == 1


def test_what_is_cut_or_gone_at_the_remote_is_pushed_again(
    cache: Cache, other: Cache, remote: Remote, store: Path
) -> None:
    lock = dataset_of(cache, FILES)
    push(cache, [lock], remote)
    _pack(store).write_bytes(_pack(store).read_bytes()[:-1])
    (large,) = (path for path in (store / "objects").rglob("*") if path.is_file())
    large.unlink()
    with pytest.raises(NotFound, match="files are not at the remote bucket"):
        fetch(other, lock, remote)
    push(cache, [lock], remote)
    fetch(other, lock, remote)
    assert contents(other) == contents(cache)


def test_a_damaged_column_does_not_come_in(cache: Cache, other: Cache, remote: Remote, store: Path) -> None:
    lock = dataset_of(cache, FILES)
    push(cache, [lock], remote)
    for path in (store / "columns").rglob("*"):
        if path.is_file():
            _damage(path, 4)
    with pytest.raises(ChecksumMismatch, match="column"):
        fetch(other, lock, remote)
    assert not list(other.digests("columns"))
    push(cache, [lock], remote, repair=True)
    fetch(other, lock, remote)


def test_what_is_nowhere_is_not_pushed_and_no_column_is_sent(
    cache: Cache, remote: Remote, store: Path
) -> None:
    lock = dataset_of(cache, FILES)
    cache.path("objects", cache.keep_bytes(FILES[3])[0]).unlink()
    with pytest.raises(NotFound, match="1 of the dataset's files are neither here nor at the remote bucket"):
        push(cache, [lock], remote)
    assert not (store / "columns").exists()


def test_a_damaged_object_is_not_sent(cache: Cache, remote: Remote, store: Path) -> None:
    lock = dataset_of(cache, FILES)
    _damage(cache.path("objects", cache.keep_bytes(FILES[3])[0]))
    with pytest.raises(DamagedFile, match="in the cache is damaged"):
        push(cache, [lock], remote)
    assert not (store / "columns").exists()


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({}, "The remote bucket has no address here"),
        (settings("ftp://example.org/data"), "no address of a kind that is known"),
        (settings("s3://"), "no address of a kind"),
        (settings("s3://data", connections="many"), "datasets.remote.bucket.connections is 'many'"),
    ],
)
def test_a_remote_that_is_not_set_right_is_told(configuration: dict[str, str], words: str) -> None:
    with pytest.raises(DataferryError, match=words) as caught:
        remote_of(configuration.get, REMOTE)
    assert "git config datasets.remote.bucket" in caught.value.next_step


def test_a_driver_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs.core", None)
    with pytest.raises(ConfigError, match="What speaks gs:// is not installed") as caught:
        remote_of(settings("gs://data").get, REMOTE)
    assert "pip install 'dataferry[gcs]'" in caught.value.next_step


def test_a_disk_that_is_not_there_is_not_made(tmp_path: Path, cache: Cache, other: Cache) -> None:
    """A folder of an unplugged disk would else be made on this one."""
    remote = remote_of(settings(tmp_path / "disk" / "store").get, REMOTE)
    lock = dataset_of(cache, FILES)
    with pytest.raises(NotFound, match=r"no folder .*disk: the remote bucket"):
        push(cache, [lock], remote)
    with pytest.raises(NotFound, match=r"no folder .*disk: the remote bucket"):
        fetch(other, lock, remote)
    assert not (tmp_path / "disk").exists()


def test_a_password_in_an_address_is_in_no_message() -> None:
    with pytest.raises(ConfigError) as caught:
        remote_of(settings("ftp://ada:secret@example.org/data?token=secret").get, REMOTE)
    assert "secret" not in f"{caught.value}{caught.value.next_step}"
