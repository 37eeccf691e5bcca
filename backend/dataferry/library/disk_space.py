"""Whether a download has room on the disk, told before it begins."""

import os
import shutil
from pathlib import Path

from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.library.views import Room
from dataferry.transfer import preflight
from dataferry.transfer.files.disk import allocated


def find_room(store: Store, size: int | None, row: Dataset | None, *, reserve: int, afresh: bool) -> Room:
    """The room for a dataset of ``size`` bytes, of which ``row`` may be here already or in part.

    ``reserve``: bytes that stay free. Errors: ``DiskFull``, ``StoreNotWritable``.
    """
    whole = row is not None and row.downloaded and Path(row.local_path or "").is_dir()
    needs = None if size is None else max(0, size - _taken(store, row))
    if whole and not afresh:
        needs = 0
    elif needs is not None:
        preflight(needs, store.root, reserve)
    return Room(needs_bytes=needs, free_bytes=shutil.disk_usage(store.root).free)


def _taken(store: Store, row: Dataset | None) -> int:
    """The disk that a download holds which was stopped, or is under way."""
    if row is None:
        return 0
    # Not rglob: a download under way moves its folders.
    walk = os.walk(store.partial(row.id))
    return sum(allocated(Path(folder, name)) for folder, _, names in walk for name in names)
