"""Whether a download fits on the disk, checked before it begins."""

import os
import shutil
from pathlib import Path

from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.library.views import DiskSpace
from dataferry.transfer import preflight
from dataferry.transfer.files.disk import allocated


def check_disk_space(
    store: Store, size: int | None, row: Dataset | None, *, reserve_bytes: int, force: bool
) -> DiskSpace:
    """The disk space for a dataset of ``size`` bytes, of which ``row`` may be here already or in part.

    ``reserve_bytes`` stay free. ``force``: it is fetched again though it is here. Errors: ``DiskFull``,
    ``StoreNotWritable``.
    """
    here = row is not None and row.downloaded and Path(row.local_path or "").is_dir()
    needed = None if size is None else max(0, size - _allocated_bytes(store, row))
    if here and not force:
        needed = 0
    elif needed is not None:
        preflight(needed, store.root, reserve_bytes)
    return DiskSpace(needed_bytes=needed, free_bytes=shutil.disk_usage(store.root).free)


def _allocated_bytes(store: Store, row: Dataset | None) -> int:
    """The disk that a download holds which was stopped, or is under way."""
    if row is None:
        return 0
    # Not rglob: a download under way moves its folders.
    walk = os.walk(store.partial(row.id))
    return sum(allocated(Path(folder, name)) for folder, _, names in walk for name in names)
