"""Room is made: least recently used first, what is pinned stays, and nothing goes that somebody needs now."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlmodel import Session

from dataferry.core.db import Database
from dataferry.core.errors import DataferryError
from dataferry.core.types import Viewer
from dataferry.core.vocabulary import time_of
from dataferry.jobs.problems import problem_view
from dataferry.jobs.service import Jobs
from dataferry.library import prunable, rights, rows
from dataferry.library.access import Access
from dataferry.library.deletion import submit_deletion
from dataferry.library.models import Dataset
from dataferry.library.prunable import Candidate
from dataferry.library.pruning_views import Prunable, Pruned, PrunePlan
from dataferry.library.rows import now_ms
from dataferry.library.views import SeveralDeletion

#: Datasets that one run removes at most.
MOST = 1000


@dataclass(frozen=True, slots=True)
class Limits:
    """What goes: what was not used for ``unused_s`` seconds, and of that as much as leaves ``keep_bytes``.
    With neither, all that may go."""

    unused_s: float | None = None
    keep_bytes: int | None = None

    @property
    def unused_since_ms(self) -> int | None:
        return None if self.unused_s is None else now_ms() - int(1000 * self.unused_s)


@dataclass(frozen=True, slots=True)
class Choice:
    """The datasets that go. ``freed_bytes`` of all together, with those whose deletion is under way."""

    chosen: tuple[Candidate, ...]
    freed_bytes: int
    used_bytes: int
    more: bool
    enough: bool


class Pruning:
    """Removes what nobody uses, of the viewer's own datasets; an admin of everybody's."""

    def __init__(self, database: Database, jobs: Jobs, access: Access) -> None:
        self._database = database
        self._jobs = jobs
        self._access = access

    async def plan(self, viewer: Viewer, limits: Limits) -> PrunePlan:
        """What would go now. Nothing is changed."""
        await self._access.renew(viewer)
        return await self._database.run_read(plan, viewer, limits)

    async def prune(self, viewer: Viewer, limits: Limits, only: Collection[str] | None = None) -> Pruned:
        """Start the deletions of what the plan has, of ``only`` these ids of it where they are given: what
        was shown to a person may go, and what is chosen since may not."""
        found = await self.plan(viewer, limits)
        going = [one for one in found.datasets if only is None or one.id in only]
        results = [await self._remove(viewer, one) for one in going]
        freed = sum(one.freed_bytes for one in going)
        values = found.model_dump(exclude={"datasets", "freed_bytes"})
        return Pruned(**values, datasets=tuple(going), freed_bytes=freed, results=tuple(results))

    async def _remove(self, viewer: Viewer, one: Prunable) -> SeveralDeletion:
        result = SeveralDeletion(key=one.key, revision=one.revision)
        try:
            job_id = await self._database.run(self._submit, viewer, one.id)
        except DataferryError as error:
            return result.model_copy(update={"problem": problem_view(error)})
        self._jobs.wake(job_id)
        return result.model_copy(update={"job_id": job_id})

    def _submit(self, session: Session, viewer: Viewer, dataset_id: str) -> str:
        row = rows.visible(session, viewer, dataset_id)
        return submit_deletion(session, self._jobs, row, viewer.user_id, unused_since_ms=now_ms())


def plan(session: Session, viewer: Viewer, limits: Limits) -> PrunePlan:
    """What would go of the viewer's own datasets, of everybody's for an admin."""
    return plan_view(session, choose(session, viewer, limits), viewer, viewer)


def choose(session: Session, of: Viewer, limits: Limits) -> Choice:
    """What goes of these datasets: of an admin everybody's."""
    used = prunable.here_bytes(session) if of.admin else prunable.usage(session, of.user_id)
    excess = None if limits.keep_bytes is None else used - limits.keep_bytes
    found = prunable.candidates(session, of, unused_since_ms=limits.unused_since_ms)
    chosen, freed, more = _until(found, excess)
    return Choice(tuple(chosen), freed, used, more, excess is None or freed >= excess)


def _until(found: Iterable[Candidate], excess: int | None) -> tuple[list[Candidate], int, bool]:
    """As many as free ``excess`` bytes, by default all; the bytes; and whether some are left for another
    run."""
    chosen: list[Candidate] = []
    freed = 0
    for one in found:
        if not one.going and excess is not None and freed >= excess:
            break
        if len(chosen) >= MOST:
            return chosen, freed, True
        freed += one.freed_bytes
        if not one.going:
            chosen.append(one)
    return chosen, freed, False


def plan_view(session: Session, choice: Choice, of: Viewer, viewer: Viewer) -> PrunePlan:
    """A choice among the datasets ``of`` somebody as the viewer may know it."""
    seen = [one for one in choice.chosen if rights.may_see(session, one.row, viewer)]
    irreplaceable, pinned, busy = prunable.kept_counts(session, of)
    return PrunePlan(
        datasets=tuple(prunable_view(one) for one in seen),
        freed_bytes=sum(one.freed_bytes for one in choice.chosen),
        hidden_count=len(choice.chosen) - len(seen),
        more=choice.more,
        used_bytes=choice.used_bytes,
        enough=choice.enough,
        irreplaceable_count=irreplaceable,
        pinned_count=pinned,
        busy_count=busy,
    )


def prunable_view(one: Candidate) -> Prunable:
    row: Dataset = one.row
    ref = rows.ref_of(row)
    return Prunable(
        id=row.id,
        ref=str(ref),
        key=ref.key,
        title=row.title,
        revision=row.revision or None,
        size_bytes=row.size or 0,
        freed_bytes=one.freed_bytes,
        last_used_at=time_of(one.last_use_ms or None),
    )
