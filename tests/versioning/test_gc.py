"""Deleting from the cache and at a remote: what is needed stays, whoever works meanwhile."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from dataferry.core.errors import Conflict, InvalidInput
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.lock_file import Lock
from dataferry.versioning.model.schema import FieldKind
from dataferry.versioning.remote.fetching import fetch
from dataferry.versioning.remote.gc import Pruned, objects_of, prune, shrink
from dataferry.versioning.remote.packs import SMALL_BYTES
from dataferry.versioning.remote.pushing import push
from dataferry.versioning.remote.remote_gc import Collected, collect
from dataferry.versioning.remote.remote_marks import announce
from dataferry.versioning.remote.remotes import Remote
from tests.support.versioned import contents, dataset_of, made_files

DAY_S = 24 * 3600.0


@pytest.fixture
def old(cache: Cache) -> Lock:
    """With a file of its own, a large one, and some that ``new`` has too."""
    return dataset_of(cache, [*made_files(5), *made_files(1, SMALL_BYTES, seed=1), *made_files(5, seed=2)])


@pytest.fixture
def new(cache: Cache) -> Lock:
    return dataset_of(cache, [*made_files(5, seed=2), *made_files(3, seed=3)])


def _digests(cache: Cache, lock: Lock) -> set[str]:
    """The objects that a lock needs."""
    return objects_of(cache, lock.columns)


def test_what_no_commit_needs_goes_once_it_is_old(cache: Cache, old: Lock, new: Lock) -> None:
    assert prune(cache, new.columns, older_than_s=DAY_S) == Pruned()
    everything, needed = contents(cache), _digests(cache, new)
    would = prune(cache, new.columns, older_than_s=0, dry_run=True)
    assert (would.objects, would.columns) == (6, 2)
    assert contents(cache) == everything
    assert prune(cache, new.columns, older_than_s=0) == would
    assert contents(cache) == needed


def test_what_is_made_anew_is_not_old(cache: Cache, old: Lock) -> None:
    """A commit under way needs it, though no commit that there is does."""
    digest = next(iter(_digests(cache, old)))
    path = cache.path("objects", digest)
    data = path.read_bytes()
    for again in (lambda: cache.keep_bytes(data), lambda: cache.place(path, "objects", digest)):
        os.utime(path, (0, 0))
        again()
        assert path.stat().st_mtime > 0


def test_nothing_goes_while_a_commit_a_push_or_a_fetch_is_at_work(cache: Cache, old: Lock) -> None:
    with cache.adding(), cache.adding(), pytest.raises(Conflict, match="is at work"):
        prune(cache, {}, older_than_s=0)
    assert contents(cache)


def test_what_a_parked_folder_links_to_stays(cache: Cache, old: Lock, tmp_path: Path) -> None:
    parked = tmp_path / "parked"
    parked.mkdir()
    kept = sorted(_digests(cache, old))[:3]
    for number, digest in enumerate(kept):
        path = cache.path("objects", digest)
        (parked / f"{number:07}.png").symlink_to(os.path.relpath(path, parked))
    (parked / "own.png").write_bytes(b"a user's own")
    prune(cache, {}, older_than_s=0, linked=[parked, tmp_path / "gone"])
    assert contents(cache) == set(kept)


def test_a_damaged_column_keeps_everything(cache: Cache, old: Lock, new: Lock) -> None:
    """Nobody knows what it needs."""
    path = cache.path("columns", new.datasets[0].groups[0].columns["image"].sha256)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-3])
    everything = contents(cache)
    with pytest.raises(InvalidInput, match="damaged"):
        prune(cache, new.columns, older_than_s=0)
    assert contents(cache) == everything


def test_a_full_cache_loses_only_what_a_remote_has_the_oldest_first(
    cache: Cache, remote: Remote, old: Lock, new: Lock
) -> None:
    push(cache, [old], remote)
    pushed, kept = _digests(cache, old), _digests(cache, new)
    order = sorted(pushed - kept)
    for number, digest in enumerate(order):
        os.utime(cache.path("objects", digest), (number, number))
    size = sum(stat.st_size for _, stat in cache.digests("objects"))
    one = cache.path("objects", order[0]).stat().st_size
    assert shrink(cache, size - 1, [remote], keep=new.columns).objects == 1
    assert contents(cache) == (pushed | kept) - {order[0]}
    assert shrink(cache, size - one, [remote], keep=new.columns).objects == 0
    shrunk = shrink(cache, 0, [remote], keep=new.columns)
    assert contents(cache) == kept
    assert shrunk.left == sum(stat.st_size for _, stat in cache.digests("objects"))
    assert shrink(cache, 0, [], keep={}).objects == 0  # no remote has them


def _collect(remote: Remote, cache: Cache, reachable: Mapping[str, FieldKind], **options: bool) -> Collected:
    return collect(remote, cache, reachable, older_than_s=0, **options)


def test_a_remote_loses_what_is_not_needed_with_the_second_run(
    cache: Cache, other: Cache, remote: Remote, store: Path, old: Lock, new: Lock
) -> None:
    push(cache, [old], remote)
    push(cache, [new], remote)
    before = {path for path in store.rglob("*") if path.is_file()}
    assert _collect(remote, other, new.columns, dry_run=True).deleted == 0
    # The old pack stays, for what it has of the new one's.
    assert _collect(remote, other, new.columns).listed == 2 + 1
    assert before <= set(store.rglob("*"))
    assert collect(remote, other, new.columns, older_than_s=DAY_S) == Collected()
    assert _collect(remote, other, new.columns).deleted == 3
    fetch(other, new, remote)
    assert contents(other) == _digests(cache, new)
    push(cache, [old], remote)
    fetch(other, old, remote)


def test_who_pushes_what_is_listed_sends_it_again(
    cache: Cache, other: Cache, remote: Remote, old: Lock
) -> None:
    push(cache, [old], remote)
    _collect(remote, other, {})
    assert push(cache, [old], remote).objects == 11
    _collect(remote, other, {})  # whoever collects has not seen the branch yet
    fetch(other, old, remote)
    assert contents(other) == contents(cache)


def test_a_push_in_progress_notices_that_what_it_relied_on_is_listed(
    cache: Cache, other: Cache, tmp_path: Path, remote: Remote, old: Lock, new: Lock
) -> None:
    push(cache, [old], remote)
    third = Cache(tmp_path / "three")
    times = iter(range(1))

    def meanwhile(what: str, done: int, total: int) -> None:
        for _ in times:
            _collect(remote, third, {})

    push(cache, [old, new], remote, meanwhile)
    _collect(remote, third, {})
    fetch(other, old, remote)
    fetch(other, new, remote)
    assert contents(other) == contents(cache)


def test_a_push_that_began_when_it_was_listed_notices_that_it_is_deleted(
    cache: Cache, other: Cache, tmp_path: Path, remote: Remote, old: Lock
) -> None:
    push(cache, [old], remote)
    _collect(remote, other, {})
    third = Cache(tmp_path / "three")
    times = iter(range(1))

    def meanwhile(what: str, done: int, total: int) -> None:
        """Packs are sent again; what is sent from now on is deleted as old, were it not for its time."""
        for _ in times:
            _collect(remote, third, {})

    push(cache, [old], remote, meanwhile)
    fetch(other, old, remote)
    assert contents(other) == contents(cache)


def test_a_push_of_what_is_being_deleted_is_refused(cache: Cache, remote: Remote, old: Lock) -> None:
    push(cache, [old], remote)
    column = old.datasets[0].groups[0].columns["image"].sha256
    announce(remote, "x", [f"columns/{column[:2]}/{column[2:]}"])
    with pytest.raises(Conflict, match="is being deleted") as caught:
        push(cache, [old], remote)
    assert "gc --remote" in caught.value.next_step
    _collect(remote, cache, old.columns)  # the announcement was left by one that was killed
    push(cache, [old], remote)


def test_a_remote_of_several_repositories_is_left_alone(cache: Cache, remote: Remote, old: Lock) -> None:
    push(cache, [old], remote, repository="a" * 40)
    assert collect(remote, cache, old.columns, older_than_s=0, repository="a" * 40) == Collected()
    push(cache, [old], remote, repository="b" * 40)
    with pytest.raises(Conflict, match="1 other repositories push to the remote bucket"):
        collect(remote, cache, {}, older_than_s=0, repository="a" * 40)
