"""Updates of an index that is there, from time to time."""

import logging
from datetime import datetime, timedelta

from dataferry.core.db import Database, now
from dataferry.core.job_types import JobView
from dataferry.core.periodic import Periodic
from dataferry.core.settings import Settings
from dataferry.jobs.service import Jobs
from dataferry.library.search_index.building import INDEX_ID
from dataferry.library.search_index.records import read_record
from dataferry.library.search_index.service import SearchIndex
from dataferry.library.speed_limits import SpeedLimits
from dataferry.sources.index.manifest import IndexUnusable, read_manifest

log = logging.getLogger(__name__)

#: A server that has just started has other things to do, and one that was started for a command ends soon. Of
#: the time between two updates, the share; and the most.
_QUIET_SHARE, _QUIET_S = 0.1, 600.0
#: After an update that has failed, the next one is not tried before.
_AFTER_FAILURE = timedelta(hours=24)
#: Who asks where it is not known who did before: no account, and so without a key of their own.
_NOBODY = "schedule"


class UpdateSchedule:
    """Has the index updated every ``index_update_h`` hours, and one that cannot be used any more built again,
    on behalf of those who built it. Where the server has hours of a speed of their own, only in these."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        jobs: Jobs,
        index: SearchIndex,
        speed_limits: SpeedLimits,
    ) -> None:
        self._database = database
        self._folder = settings.index_folder
        self._every = timedelta(hours=settings.index_update_h)
        self._jobs = jobs
        self._index = index
        self._speed_limits = speed_limits
        pause_s = min(_QUIET_S, _QUIET_SHARE * self._every.total_seconds())
        self._looks = Periodic("index-schedule", pause_s, self._look)

    def start(self) -> None:
        """Called once this process runs jobs."""
        if self._every:
            self._looks.start()

    def stop(self) -> None:
        self._looks.stop()

    def _look(self) -> None:
        try:
            if self._is_due(now()) and self._speed_limits.is_night(datetime.now().time()):
                self._update()
        except Exception:  # the database or the disk is away: the next look is soon
            log.warning("the search index is not updated now", exc_info=True)

    def _is_due(self, at: datetime) -> bool:
        try:
            usable = True
            if read_manifest(self._folder) is None:
                return False  # nobody has built one, or it was removed
        except IndexUnusable:
            usable = False
        job = self._database.read(self._jobs.newest, INDEX_ID)
        checked_at = read_record(self._folder).checked_at if usable else None
        return is_due(at, self._every, checked_at, job, usable=usable)

    def _update(self) -> None:
        requesters = read_record(self._folder).requested_by or (_NOBODY,)
        job_id = self._database.call(self._index.submit, requesters[0])
        log.info("the search index is updated, as every %s", self._every)
        self._jobs.wake(job_id)


def is_due(
    at: datetime, every: timedelta, checked_at: datetime | None, job: JobView | None, *, usable: bool
) -> bool:
    """Whether an index that is there is to be updated. ``job``: the newest that built it; ``checked_at``:
    when the hubs were last asked for fresher snapshots. One that is not ``usable`` is built again."""
    if job is not None:
        vain = job.state != "succeeded" or not usable
        if job.active or (vain and at - (job.finished_at or at) < min(every, _AFTER_FAILURE)):
            return False
    return not usable or checked_at is None or at - checked_at >= every
