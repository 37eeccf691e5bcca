"""Disk and line, as the API shows them."""

from typing import Literal

from dataferry.core.types import SourceName, View


class OtherDisk(View):
    """A disk beside the one under the store."""

    path: str
    free_bytes: int
    total_bytes: int


class SourceStorage(View):
    """What is downloaded from one source. ``size_bytes``: of each by itself, though they share files."""

    source: SourceName
    dataset_count: int
    size_bytes: int


class StorageView(View):
    """The disk under the store. ``total_bytes`` is ``used_bytes`` and ``free_bytes``, as ``df`` counts."""

    path: str
    free_bytes: int
    total_bytes: int
    #: By whomever.
    used_bytes: int
    #: Of all that is downloaded; equal files count once.
    dataset_bytes: int
    #: Of downloads that are under way or were stopped.
    partial_bytes: int
    #: Kept free: a download that needs more than the rest is refused.
    reserve_bytes: int
    #: Where the database is on a disk of its own.
    database_disk: OtherDisk | None = None
    #: Of what the asker may see.
    sources: tuple[SourceStorage, ...] = ()


class SpeedLimitsView(View):
    """How fast all downloads of a process together may be, in bytes a second; None = no limit.

    ``night`` are hours with a limit of their own, ``22:00-06:00`` in the server's local time.
    """

    bytes_per_s: int | None
    night: str | None
    night_bytes_per_s: int | None
    #: What an admin has set comes before the settings.
    set_by: Literal["settings", "admin"]


class JobSpeedLimitView(View):
    """How fast one job may be, in bytes a second; None = it has no limit of its own."""

    job_id: str
    bytes_per_s: int | None
