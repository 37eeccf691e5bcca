"""What is not here is downloaded for whoever asks the mirror for it: by a job like any other, one for all.

A client is kept waiting for a little and then told to come back: huggingface_hub asks again for what it looks
up (``HEAD``) and lists, as long as it is told to wait, five times. What it does not ask again for, it asks
only after one of these.
"""

from collections.abc import Hashable
from dataclasses import dataclass

from dataferry.accounts.credentials import CredentialResolver
from dataferry.core.db import now
from dataferry.core.errors import Conflict, DataferryError, Forbidden, NotFound
from dataferry.core.job_types import JobView
from dataferry.core.settings import Settings
from dataferry.core.sizes import readable_bytes
from dataferry.core.specs import SOURCES
from dataferry.core.types import DatasetRef, DatasetSummary, Viewer
from dataferry.jobs.service import Jobs
from dataferry.library.access import Access
from dataferry.library.downloads import Downloads
from dataferry.mirror.answers import Refusal
from dataferry.sources.base import Contents
from dataferry.sources.cache import TtlCache
from dataferry.sources.catalog import Catalog

#: How long a client stays away, in seconds: a part of what is left to do, so that it does not come much too
#: late. It comes back five times.
_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 1.0, 3600.0
_PART_OF_WHAT_IS_LEFT = 1 / 3
#: For so long nothing new is tried of what has just failed: a client's own retries are seconds apart.
_REST_S = 30.0


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks. ``may_pull``: their token has the scope for downloads."""

    viewer: Viewer
    may_pull: bool


class Pulls:
    """Looks for datasets where they come from, and has them downloaded."""

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        credentials: CredentialResolver,
        access: Access,
        downloads: Downloads,
        jobs: Jobs,
    ) -> None:
        self._limit = settings.mirror_pull_bytes
        self._patience_s = settings.mirror_wait_s
        self._job_timeout_s = settings.job_timeout_s
        self._catalog = catalog
        self._credentials = credentials
        self._access = access
        self._downloads = downloads
        self._jobs = jobs
        self._failures = TtlCache[DataferryError](_REST_S, 1024)

    async def describe(self, asker: Asker, ref: DatasetRef, revision: str | None) -> DatasetSummary:
        """What the source says of a dataset that is not here, or not by this name, or not this revision.

        Errors: ``NotFound`` where it is not to be asked, ``GatedDataset``, and those of the source.
        """
        # A link may be its giver's secret.
        if not SOURCES[ref.source].has_revisions:
            raise NotFound(f"{ref} is not in this library.", next_step="Download it there first.")
        if not self._limit:
            raise NotFound(
                f"{ref} is not in this library, and this mirror fetches nothing by itself.",
                next_step="Download it there first.",
            )
        credential = await self._credentials.find(ref.source, asker.viewer.user_id)
        summary = await self._catalog.describe(ref, revision, credential)
        if summary.gated or summary.private:
            await self._access.confirm(asker.viewer, DatasetRef.parse(summary.ref), summary.revision)
        return summary

    def check_scope(self, asker: Asker, ref: DatasetRef) -> None:
        """Errors: ``NotFound`` for who may not have downloaded what is not here."""
        if not asker.may_pull:
            raise NotFound(
                f"{ref} is not in this library, and your token may not download it.",
                next_step="Make one of the scope download under Settings, Tokens.",
            )

    async def contents(
        self,
        asker: Asker,
        ref: DatasetRef,
        revision: str | None,
        timeout: float,  # noqa: ASYNC109 -- the catalog keeps it, and goes on
    ) -> Contents:
        """The files of a revision, as its source lists them. Errors: those of the source."""
        credential = await self._credentials.find(ref.source, asker.viewer.user_id)
        return await self._catalog.contents(ref, revision, credential, timeout=timeout)

    async def bring(
        self, asker: Asker, summary: DatasetSummary, revision: str | None, *, wait: bool = False
    ) -> None:
        """Have a revision downloaded, by the job that is at it or a new one. ``wait``: until it has ended.

        Errors: ``Refusal`` (503) while it goes on, ``Forbidden`` where it is too large, and why the job has
        failed.
        """
        ref = DatasetRef.parse(summary.ref)
        self._check_size(summary)
        question = (asker.viewer.user_id, str(ref), revision)
        known = self._failures.get(question)
        if known is not None:
            raise known
        ticket = await self._downloads.request(asker.viewer, ref, revision=revision)
        patience_s = self._job_timeout_s if wait else self._patience_s
        job = await self._jobs.wait(asker.viewer, ticket.job_id, patience_s)
        if job.active:
            raise Refusal(
                503, f"{summary.title} is being downloaded ({_progress(job)}).", retry_after=_wait_s(job)
            )
        if job.state != "succeeded":
            raise self._remembered(question, _failure(job))

    def _check_size(self, summary: DatasetSummary) -> None:
        if summary.size_bytes is not None and summary.size_bytes > self._limit:
            raise Forbidden(
                f"{summary.title} has {readable_bytes(summary.size_bytes)}, more than the"
                f" {readable_bytes(self._limit)} that this mirror fetches by itself.",
                next_step="Download it, or the files that you need of it, in Dataferry first.",
            )

    def _remembered(self, question: Hashable, failure: DataferryError) -> DataferryError:
        self._failures.put(question, failure)
        return failure


def _failure(job: JobView) -> DataferryError:
    if job.state == "cancelled":
        return Conflict("The download was cancelled.", next_step="Start it again in Dataferry.")
    return job.problem.restore() if job.problem else DataferryError("The download failed.")


def _progress(job: JobView) -> str:
    total = job.progress.bytes_total
    if job.problem is not None:
        return f"{job.state}: {job.problem.detail}"
    if not total:
        return job.state
    return f"{job.state}, {100 * job.progress.bytes_done // total} %"


def _wait_s(job: JobView) -> float:
    """When to ask again."""
    left_s = job.progress.eta_s
    # Where that is not known, as long again as it has taken already.
    taken_s = (now() - job.created_at).total_seconds()
    wait_s = taken_s if left_s is None else left_s * _PART_OF_WHAT_IS_LEFT
    return min(max(wait_s, _SHORTEST_WAIT_S), _LONGEST_WAIT_S)
