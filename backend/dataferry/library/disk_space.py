"""The disk: whether a download fits on it, checked before it begins, and what takes it."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from dataferry.core.errors import DiskFull
from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.library.storage_views import OtherDisk, StorageView
from dataferry.library.views import DiskSpace
from dataferry.transfer import preflight
from dataferry.transfer.files.disk import allocated


def check_disk_space(
    store: Store,
    size: int | None,
    row: Dataset | None,
    *,
    reserve_bytes: int,
    force: bool,
    under_way: Sequence[str] = (),
) -> DiskSpace:
    """The disk space for a dataset of ``size`` bytes, of which ``row`` may be here already or in part.

    ``reserve_bytes`` stay free. ``force``: it is fetched again though it is here. ``under_way``: datasets
    that are being downloaded, for which it could wait. Errors: ``DiskFull`` where it would not fit without
    them either; ``StoreNotWritable``.
    """
    here = row is not None and row.downloaded and Path(row.local_path or "").is_dir()
    arrived = 0 if row is None else partial_bytes(store, row.id)
    needed = None if size is None else max(0, size - arrived)
    if here and not force:
        needed = 0
    elif needed is not None:
        try:
            preflight(needed, store.root, reserve_bytes)
        except DiskFull:
            if needed + reserve_bytes > free_bytes(store) + partial_bytes(store, *under_way):
                raise
    return DiskSpace(needed_bytes=needed, free_bytes=free_bytes(store))


def free_bytes(store: Store) -> int:
    """The free disk under the store."""
    return shutil.disk_usage(store.root).free


def partial_bytes(store: Store, *dataset_ids: str) -> int:
    """The disk that downloads hold which were stopped, or are under way. Blocks."""
    return sum(_allocated_below(store.partial(dataset_id)) for dataset_id in dataset_ids)


def disks(store: Store, data_folder: Path, dataset_bytes: int, *, reserve_bytes: int) -> StorageView:
    """The disk under the store, and the one of the database where that is another. Blocks.

    ``dataset_bytes``: of all that is downloaded. What is under way, or was stopped, is measured.
    """
    usage = shutil.disk_usage(store.root)
    return StorageView(
        path=str(store.root),
        free_bytes=usage.free,
        # Some of a disk is for its administrator alone: as `df` does, it is counted to neither side.
        total_bytes=usage.used + usage.free,
        used_bytes=usage.used,
        dataset_bytes=dataset_bytes,
        partial_bytes=sum(map(_allocated_below, store.partials())),
        reserve_bytes=reserve_bytes,
        database_disk=_other_disk(data_folder, store.root),
    )


def _other_disk(folder: Path, known: Path) -> OtherDisk | None:
    """The disk of ``folder``, unless ``known`` is on it too."""
    try:
        if folder.stat().st_dev == known.stat().st_dev:
            return None
        usage = shutil.disk_usage(folder)
    except OSError:  # the database is elsewhere, and there is no such folder
        return None
    return OtherDisk(path=str(folder), free_bytes=usage.free, total_bytes=usage.used + usage.free)


def _allocated_below(folder: Path) -> int:
    # Not rglob: a download under way moves its folders.
    return sum(allocated(Path(parent, name)) for parent, _, names in os.walk(folder) for name in names)
