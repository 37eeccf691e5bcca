"""Statistics and data health as the API shows them. Names and labels are untrusted."""

from datetime import datetime
from typing import Literal

from dataferry.core.job_types import JobView
from dataferry.core.types import View
from dataferry.explorer.statistics_views import Bar, ColumnStatistics

#: ``absent``: nobody has asked for it; ``computing``: a job does it; ``stopped``: its job was cancelled or
#: failed, and is not started again by looking.
ReportState = Literal["absent", "downloading", "computing", "stopped", "ready"]

FindingKind = Literal[
    "exact_duplicates",
    "near_duplicates",
    "split_leaks",
    "conflicting_labels",
    "unreadable",
    "blank",
    "odd_sizes",
    "odd_channels",
    "animated",
    "class_imbalance",
    "labels_without_files",
    "files_without_labels",
    "boxes_outside",
    "boxes_empty",
    "duplicate_rows",
    "shared_rows",
    "constant_columns",
    "id_columns",
]


class BytesOf(View):
    """Of which bytes something was computed: the dataset's revision and checksum, and when."""

    revision: str | None
    checksum: str | None
    made_at: datetime


class ChannelStatistics(View):
    """A channel's mean and standard deviation, 0 to 255, over ``sampled`` images: of each at most some 65,000
    pixels, evenly spaced."""

    name: str
    mean: float
    deviation: float
    sampled: int


class StatisticsGroup(View):
    """A split of images, their boxes, or a table: ``total`` of what it counts, and each property of them as a
    column of a table."""

    name: str
    of: Literal["images", "boxes", "rows"]
    total: int
    columns: tuple[ColumnStatistics, ...]
    classes: tuple[Bar, ...] = ()
    channels: tuple[ChannelStatistics, ...] = ()
    #: Images that could not be read, and are in no figure.
    unreadable: int = 0


class StoredDatasetStatistics(View):
    """As it is kept."""

    of: BytesOf
    groups: tuple[StatisticsGroup, ...]


class LikeSample(View):
    """An image of a dataset that looks like a picture. ``differing_bits``: of the 128 of their fingerprints;
    ``alike``: correlation of their small greys, 1 at most. Names and labels are untrusted."""

    split: str
    number: int
    name: str
    label: str | None
    differing_bits: int
    alike: float
    thumbnail: str
    image: str


class LikeSamples(View):
    """The nearest images of a dataset, of the ``compared`` ones that are measured by now. ``job`` measures
    the others. ``state`` as that of statistics. ``reason``: why there is nothing to compare with."""

    key: str
    title: str
    state: ReportState
    job: JobView | None = None
    reason: str | None = None
    next_step: str | None = None
    compared: int = 0
    samples: tuple[LikeSample, ...] = ()


class _Report(View):
    """``current``: its bytes are those that are here now. ``job``: what computes it, or what ended before it
    was done. ``reason``: why there is nothing to compute."""

    key: str
    state: ReportState
    current: bool = False
    of: BytesOf | None = None
    job: JobView | None = None
    reason: str | None = None


class DatasetStatistics(_Report):
    """What a dataset is made of, in figures."""

    groups: tuple[StatisticsGroup, ...] = ()


class Member(View):
    """One of a finding: an image (``split`` and ``number``), a file, or a place in a table. ``note``: what is
    the matter with it."""

    name: str
    split: str | None = None
    number: int | None = None
    label: str | None = None
    note: str | None = None


class FindingGroup(View):
    """What belongs together: copies of one picture, or one member alone."""

    members: tuple[Member, ...]
    #: There are more members than are listed.
    more: int = 0


class Finding(View):
    """One thing that was looked for and found. ``total``: of groups; ``members``: in them in all. ``says``:
    in one line, with the figures by which it was judged."""

    kind: FindingKind
    total: int
    members: int
    says: str


class StoredHealth(View):
    """As it is kept. ``checked``: what was looked for, in words, whether it was found or not; ``unchecked``:
    what could not be looked for, and why."""

    of: BytesOf
    findings: tuple[Finding, ...]
    checked: tuple[str, ...]
    unchecked: tuple[str, ...] = ()


class DatasetHealth(_Report):
    """What was found wrong with a dataset, and what was looked for. There is no score: what a finding means
    is for people to judge."""

    findings: tuple[Finding, ...] = ()
    checked: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()


class FindingPage(View):
    """A finding's groups from ``offset`` on."""

    finding: Finding
    offset: int
    groups: tuple[FindingGroup, ...]
