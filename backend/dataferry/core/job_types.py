"""What a job is to everybody: its kinds, states, priorities, and its view."""

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import computed_field

from dataferry.core.problems import ProblemView
from dataferry.core.specs import JOB_KINDS
from dataferry.core.types import Progress, SourceName
from dataferry.core.vocabulary import AboutDataset

if TYPE_CHECKING:
    JobKind = str
    DatasetJobKind = str
else:
    JobKind = Literal[tuple(JOB_KINDS)]
    DatasetJobKind = Literal[tuple(kind.name for kind in JOB_KINDS.values() if kind.of_dataset)]
JobState = Literal["queued", "running", "verifying", "succeeded", "waiting", "paused", "cancelled", "failed"]
JOB_STATE_MEANINGS: dict[JobState, str] = {
    "queued": "It begins when a place is free, or when another job of its dataset has ended.",
    "running": "Bytes arrive, rows are read, or files are deleted: `progress` tells how far it is.",
    "verifying": "Every byte is here; checksums are compared and archives unpacked.",
    "succeeded": "Every byte is verified and in `file_path`; of a deletion, the files are gone; of an"
    " index, it is in use.",
    "waiting": "It goes on by itself at `waiting_until`; `problem` tells what it waits for.",
    "paused": "Somebody paused it: it goes on when it is resumed, and what arrived is kept.",
    "cancelled": "Everybody who had asked for it has left it.",
    "failed": "`problem` tells why and what mends it; a retry keeps what has arrived.",
}
JobPriority = Literal["high", "normal", "low"]
"""Which queued job starts first, and how much of a scarce line a running one gets."""
#: The order in which a queue takes them.
PRIORITY_RANKS: dict[JobPriority, int] = {"high": 1, "normal": 2, "low": 3}
#: Their shares of one person's connections and bandwidth, where these are contended.
PRIORITY_SHARES: dict[JobPriority, float] = {"high": 9.0, "normal": 3.0, "low": 1.0}
ACTIVE_STATES: frozenset[JobState] = frozenset({"queued", "running", "verifying", "waiting", "paused"})
FINAL_STATES: frozenset[JobState] = frozenset({"succeeded", "cancelled", "failed"})


class JobView(AboutDataset):
    """A job as API, socket, CLI and page see it. Times are UTC."""

    id: str
    kind: JobKind
    state: JobState
    source: SourceName
    title: str
    dataset_id: str
    revision: str | None = None
    attempt: int = 1
    priority: JobPriority = "normal"
    progress: Progress = Progress()
    #: Why it waits or failed, or what stopped it (``user``, ``timeout``).
    problem: ProblemView | None = None
    #: A waiting job's next attempt.
    waiting_until: datetime | None = None
    file_path: str | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    #: The viewer has taken it off their list of downloads. Nothing of it is deleted.
    dismissed: bool = False

    @computed_field  # type: ignore[prop-decorator]
    @property
    def active(self) -> bool:
        """It has not reached a final state: succeeded, cancelled or failed."""
        return self.state in ACTIVE_STATES

    @computed_field  # type: ignore[prop-decorator]
    @property
    def library_id(self) -> str:
        """The id of the dataset's row in the library."""
        return self.dataset_id

    @computed_field  # type: ignore[prop-decorator]
    @property
    def path(self) -> str | None:
        """The folder that the dataset's files are in, or are to be in."""
        return self.file_path

    @computed_field  # type: ignore[prop-decorator]
    @property
    def size_bytes(self) -> int | None:
        """What it has to fetch, in bytes; None while that is not known."""
        return self.progress.bytes_total
