"""What would be removed to make room, as the API shows it."""

from datetime import datetime

from dataferry.core.types import View
from dataferry.library.views import SeveralDeletion


class Prunable(View):
    """A dataset that would go. ``freed_bytes``: what goes with it once those before it are gone; files that
    it shares with what stays free nothing. ``last_used_at``: when its files were last read, or came."""

    id: str
    ref: str
    key: str
    title: str
    revision: str | None
    size_bytes: int
    freed_bytes: int
    last_used_at: datetime | None


class PrunePlan(View):
    """What would be removed, least recently used first, and what that frees together.

    ``datasets``: those that the viewer may see, ``hidden_count``: others. ``more``: beyond those of one run
    there are more. ``used_bytes``: what is there now of what was counted; ``enough``: what was asked for is
    reached. Of what may not go: ``irreplaceable_count`` nobody could download again, for they have versions
    or are people's own data; of the others ``pinned_count`` are pinned, ``busy_count`` are being downloaded
    or read.
    """

    datasets: tuple[Prunable, ...] = ()
    freed_bytes: int = 0
    hidden_count: int = 0
    more: bool = False
    used_bytes: int = 0
    enough: bool = True
    irreplaceable_count: int = 0
    pinned_count: int = 0
    busy_count: int = 0


class Pruned(PrunePlan):
    """What became of the plan: a job for each that goes, or the problem why not."""

    results: tuple[SeveralDeletion, ...] = ()


class CleanupView(View):
    """The automatic clean-up. ``unused_days``, ``quota_bytes`` and ``user_quota_bytes``: as an operator has
    set them, None where there is no limit. ``my_used_bytes``: of what is the viewer's. ``last_run_at``: None
    before its first run. ``plan``: what it would remove now."""

    unused_days: float | None
    quota_bytes: int | None
    user_quota_bytes: int | None
    used_bytes: int
    my_used_bytes: int
    last_run_at: datetime | None
    plan: PrunePlan
