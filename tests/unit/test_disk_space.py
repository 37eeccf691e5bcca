"""What a download needs of the disk, before it begins."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dataferry.core.errors import DiskFull
from dataferry.core.job_types import JobView
from dataferry.core.types import DatasetRef
from dataferry.library.cards import download_ticket
from dataferry.library.disk_space import check_disk_space
from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.library.views import DiskSpace
from tests.support.mounts import small_disk


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.prepare()
    return store


def row(*, downloaded: bool = False, local_path: str | None = None) -> Dataset:
    return Dataset(
        id="ds_1",
        source="kaggle",
        source_id="a/b",
        name="kaggle:a/b",
        title="B",
        updated_at_ms=0,
        downloaded=downloaded,
        local_path=local_path,
    )


def test_the_size_is_what_it_needs(store: Store) -> None:
    space = check_disk_space(store, 4_000_000, None, reserve_bytes=0, force=False)
    assert space.needed_bytes == 4_000_000
    assert 0 < space.free_bytes <= shutil.disk_usage(store.root).total


def test_an_unknown_size_is_not_guessed(store: Store) -> None:
    assert check_disk_space(store, None, None, reserve_bytes=10**18, force=False).needed_bytes is None


def test_too_little_disk_space_is_refused_with_the_reserve(store: Store) -> None:
    with pytest.raises(DiskFull):
        check_disk_space(store, 1, None, reserve_bytes=10**18, force=False)


def test_what_would_fit_without_a_download_under_way_may_wait_for_it(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        store = Store(disk.folder / "store")
        store.prepare()
        part = store.partial("ds_2") / "parts" / "big.bin"
        part.parent.mkdir(parents=True)
        part.write_bytes(bytes(10 * 2**20))

        def check(size: int, under_way: list[str]) -> DiskSpace:
            return check_disk_space(store, size, None, reserve_bytes=0, force=False, under_way=under_way)

        assert check(12 * 2**20, ["ds_2"]).free_bytes < 7 * 2**20
        for size, under_way in ((12 * 2**20, []), (20 * 2**20, ["ds_2"])):
            with pytest.raises(DiskFull):
                check(size, under_way)


def test_what_a_stopped_download_holds_is_not_needed_again(store: Store) -> None:
    held = store.partial("ds_1") / "parts" / "big.bin"
    held.parent.mkdir(parents=True)
    held.write_bytes(bytes(range(256)) * 4096)
    space = check_disk_space(store, 3 * 2**20, row(), reserve_bytes=0, force=False)
    assert space.needed_bytes is not None
    assert space.needed_bytes <= 2 * 2**20
    assert check_disk_space(store, 1000, row(), reserve_bytes=0, force=False).needed_bytes == 0


def test_what_is_here_needs_nothing_unless_it_is_fetched_afresh(store: Store, tmp_path: Path) -> None:
    here = row(downloaded=True, local_path=str(tmp_path))
    assert check_disk_space(store, 5000, here, reserve_bytes=10**18, force=False).needed_bytes == 0
    assert check_disk_space(store, 5000, here, reserve_bytes=0, force=True).needed_bytes == 5000
    lost = row(downloaded=True, local_path=str(tmp_path / "lost"))
    assert check_disk_space(store, 5000, lost, reserve_bytes=0, force=False).needed_bytes == 5000


@pytest.mark.parametrize(
    ("needed", "summary"), [(4_100_000_000, "needs 4.1 GB, 51 GB free"), (0, None), (None, None)]
)
def test_it_is_summarized_where_there_is_something_to_say(needed: int | None, summary: str | None) -> None:
    space = DiskSpace(needed_bytes=needed, free_bytes=51_000_000_000)
    assert space.summary == summary
    message = download_ticket(_job(), "a/b", "/store/b", space).message
    assert (
        message == f"Kaggle dataset a/b is being downloaded to /store/b{f' ({summary})' if summary else ''}."
    )


def _job() -> JobView:
    ref = DatasetRef.parse("kaggle:a/b")
    return JobView(
        id="job_1",
        kind="download",
        state="running",
        ref=str(ref),
        key=ref.key,
        source=ref.source,
        title="B",
        dataset_id="ds_1",
        created_at=datetime.now(UTC),
    )
