"""What is told of the search index. Times are UTC."""

from datetime import datetime
from typing import Literal

from dataferry.core.job_types import JobView
from dataferry.core.problems import ProblemWords
from dataferry.core.types import SourceLabel, SourceName, View

IndexState = Literal["absent", "building", "ready", "outdated", "broken"]
INDEX_STATE_MEANINGS: dict[IndexState, str] = {
    "absent": "There is none: searches go to the hubs.",
    "building": "The first one is being built.",
    "ready": "It is searched; `job` tells whether it is being updated.",
    "outdated": "Another version of the program built it: it is not searched until it is built again.",
    "broken": "Its files are damaged: it is not searched until it is built again.",
}


class IndexSourceView(View):
    """One hub's part of the index, or what it would be. ``datasets``: None where it is not in it."""

    source: SourceName
    label: SourceLabel
    #: The dataset in which the hub publishes its catalogue.
    snapshot: str
    url: str
    attribution: str
    datasets: int | None = None
    size_bytes: int | None = None
    built_at: datetime | None = None
    #: When the newest of its datasets was changed: what was changed later is found at the hub alone.
    snapshot_at: datetime | None = None
    #: Rows of the snapshot that are not in the index, by the reason.
    left_out: dict[str, int]
    #: Why the last update left it as it was, and what mends it.
    problem: ProblemWords | None = None


class IndexCost(View):
    """What one hub says of its snapshot now. ``download_bytes``: None where it does not tell."""

    source: SourceName
    download_bytes: int | None = None
    #: Of the disk while it is built, the download included; estimated.
    peak_bytes: int | None = None
    license: str | None = None
    #: Why it cannot be had, and what mends that.
    problem: ProblemWords | None = None


class IndexView(View):
    """The index of both hubs' catalogues."""

    state: IndexState
    #: Why it cannot be used.
    problem: str | None = None
    sources: tuple[IndexSourceView, ...]
    datasets: int
    size_bytes: int
    #: How fresh it is: the older of the hubs' snapshots.
    snapshot_at: datetime | None = None
    #: When the hubs were last asked for fresher snapshots.
    checked_at: datetime | None = None
    #: Hours between the updates that the server makes by itself; 0 where it makes none.
    update_h: float
    #: What builds or updates it; where nothing does, the last job if it failed.
    job: JobView | None = None
    #: The viewer asked for that job: it is among theirs, to be paused and cancelled.
    job_mine: bool = False
    #: Where it was asked for.
    costs: tuple[IndexCost, ...] | None = None
    #: The viewer may build, update and remove it.
    may_change: bool
