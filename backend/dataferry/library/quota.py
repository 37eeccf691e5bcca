"""How much may be here: in all, and of one person."""

from sqlmodel import Session, col

from dataferry.core.db import Database
from dataferry.core.errors import QuotaExceeded, RoomNeeded
from dataferry.core.settings import Settings
from dataferry.core.sizes import readable_bytes
from dataferry.core.types import Viewer
from dataferry.jobs.service import JobRun, Jobs
from dataferry.library import prunable, rights
from dataferry.library.deletion import CLEANUP, submit_deletion
from dataferry.library.models import Dataset
from dataferry.library.prunable import EVERYBODY
from dataferry.library.pruning import Choice, Limits, choose
from dataferry.library.rows import now_ms

#: So many of what would go are named.
_NAMED = 3


class Quotas:
    """Keeps downloads within ``DATAFERRY_QUOTA_BYTES`` and ``DATAFERRY_USER_QUOTA_BYTES``.

    The quota in all is the operator's: for it whatever nobody has used for the longest time may go, whoever
    asked for it. For a person's own only what is theirs alone goes. What is pinned never does.
    """

    def __init__(self, database: Database, settings: Settings, jobs: Jobs) -> None:
        self._database = database
        self._jobs = jobs
        self._total = settings.quota_bytes
        self._personal = settings.user_quota_bytes

    async def admit(self, viewer: Viewer, row: Dataset | None, size: int | None, *, make_room: bool) -> None:
        """Let a person's download of ``size`` bytes begin, of which ``row`` may be here already; None where
        the size is not known.

        With ``make_room`` what has to go for it does. Errors: ``RoomNeeded`` that names it, without;
        ``QuotaExceeded`` where not enough may go.
        """
        if self._total is None and self._personal is None:
            return
        # To choose among many files takes a while, and nobody else writes while one does.
        going = await self._database.run_read(self._going, viewer, row, size or 0, make_room)
        if not going:
            return
        for job_id in await self._database.run(self._delete, going):
            self._jobs.wake(job_id)

    def _going(
        self, session: Session, viewer: Viewer, row: Dataset | None, size: int, make_room: bool
    ) -> list[str]:
        """The ids of the datasets that go for it. Errors: as ``admit``."""
        if row is not None:
            row = session.get(Dataset, row.id)
        here = row is not None and row.downloaded
        mine = row is not None and viewer.user_id in rights.owners(session, row.id)
        going: set[str] = set()
        choices: list[tuple[Choice, str]] = []
        if self._total is not None and not here:
            coming = prunable.under_way(session, *([col(Dataset.id) != row.id] if row else []))
            coming += prunable.arriving(session)
            choice = choose(session, EVERYBODY, Limits(keep_bytes=self._total - size - coming))
            choices.append((choice, f"This server's quota of {readable_bytes(self._total)}"))
        if self._personal is not None and not (here and mine):
            own, adding = Viewer(viewer.user_id), prunable.arriving(session, viewer.user_id)
            choice = choose(session, own, Limits(keep_bytes=self._personal - size - adding))
            choices.append((choice, f"Your quota of {readable_bytes(self._personal)}"))
        for choice, whose in choices:
            _check(session, viewer, choice, whose, size, make_room)
            going |= {one.row.id for one in choice.chosen}
        return sorted(going)

    def _delete(self, session: Session, dataset_ids: list[str]) -> list[str]:
        """The ids of the jobs."""
        found = (session.get(Dataset, dataset_id) for dataset_id in dataset_ids)
        return [
            submit_deletion(session, self._jobs, row, CLEANUP, unused_since_ms=now_ms())
            for row in found
            if row is not None and row.downloaded
        ]

    def reserve(self, run: JobRun, needed_bytes: int) -> None:
        """Called once a download's job knows what it is still to write. Errors: ``QuotaExceeded`` where that
        was not known when it was asked for, and goes beyond the quota in all, or beyond that of each person
        who asked for it."""
        if (self._total is None and self._personal is None) or run.job.kind != "download":
            return
        dataset = self._database.read(lambda session: session.get(Dataset, run.job.dataset_id))
        if dataset is not None and dataset.downloaded:  # what is repaired counts already
            return
        if self._total is not None:
            left = self._total - self._database.read(prunable.staying_bytes)
            if needed_bytes > left:
                raise _too_large(needed_bytes, f"this server's quota of {readable_bytes(self._total)}", left)
        if self._personal is not None:
            used = [self._database.read(prunable.staying_bytes, person) for person in run.requesters]
            left = self._personal - min(used, default=0)
            if needed_bytes > left:
                raise _too_large(needed_bytes, f"your quota of {readable_bytes(self._personal)}", left)


def _too_large(needed_bytes: int, quota: str, left: int) -> QuotaExceeded:
    return QuotaExceeded(
        f"It needs {readable_bytes(needed_bytes)}, and of {quota} there is"
        f" {readable_bytes(max(0, left))} left."
    )


def _check(session: Session, viewer: Viewer, choice: Choice, whose: str, size: int, make_room: bool) -> None:
    """Errors: ``QuotaExceeded``, ``RoomNeeded``."""
    needs = f" This needs {readable_bytes(size)}." if size else ""
    if not choice.enough or choice.more:
        raise QuotaExceeded(
            f"{whose} is used up, and not enough may be removed for it: the rest is pinned, in use, or"
            f" others' as well.{needs}"
        )
    if choice.chosen and not make_room:
        raise RoomNeeded(f"{whose} is used up.{needs} First {_names(session, viewer, choice)}.")


def _names(session: Session, viewer: Viewer, choice: Choice) -> str:
    """``kaggle:a/b and 2 others would have to go (1.2 GB), unused for the longest time``. What the viewer may
    not see is counted only."""
    seen = [one.row.name for one in choice.chosen if rights.may_see(session, one.row, viewer)][:_NAMED]
    others = len(choice.chosen) - len(seen)
    counted = [f"{others} other dataset{'s' if others > 1 else ''}"] if others else []
    freed = readable_bytes(sum(one.freed_bytes for one in choice.chosen))
    return f"{', '.join([*seen, *counted])} would have to go, unused for the longest time: {freed}"
