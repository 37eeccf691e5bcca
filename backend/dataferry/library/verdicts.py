"""The verdict before a download, from what a source tells and what this machine has."""

import math
from collections.abc import Iterator

from sqlmodel import Session

from dataferry.accounts.credentials import CredentialResolver
from dataferry.core.db import Database
from dataferry.core.errors import NotFound, SourceError
from dataferry.core.settings import Settings
from dataferry.core.sizes import readable_bytes, readable_duration
from dataferry.core.specs import SOURCES
from dataferry.core.threads import in_thread
from dataferry.core.types import Credential, DatasetRef, DatasetSummary, Viewer
from dataferry.jobs.service import Jobs
from dataferry.library import rights, rows
from dataferry.library.cards import kept_summary
from dataferry.library.disk_space import free_bytes
from dataferry.library.licence_views import licence_verdict
from dataferry.library.paths import Store
from dataferry.library.private_urls import PrivateUrls
from dataferry.library.verdict_views import GateVerdict, RoomVerdict, TableFacts, Verdict
from dataferry.library.views import DownloadPlan
from dataferry.sources.catalog import Catalog


class Verdicts:
    """Looks at a dataset where it comes from; where that cannot be asked, at what the library keeps of it."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        store: Store,
        catalog: Catalog,
        jobs: Jobs,
        credentials: CredentialResolver,
        private_urls: PrivateUrls,
    ) -> None:
        self._database = database
        self._store = store
        self._catalog = catalog
        self._jobs = jobs
        self._credentials = credentials
        self._private_urls = private_urls
        self._min_free_bytes = settings.min_free_bytes

    async def find(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> Verdict:
        """Of a dataset that a key, a ref or an alias names. Errors: as ``describe``."""
        ref = await self._database.run_read(rows.resolve_name, key_or_alias)
        return await self.describe(viewer, ref, revision)

    async def describe(self, viewer: Viewer, ref: DatasetRef, revision: str | None = None) -> Verdict:
        """By one description of the dataset. Errors: those of ``Source.describe``, for what is not here."""
        ref = await self._database.run_read(self._private_urls.restore, ref, viewer)
        credential = await self._credentials.find(ref.source, viewer.user_id)
        summary = await self._described(viewer, ref, credential, asked=revision, kept=revision)
        free = await in_thread("disk", free_bytes, self._store)
        size = summary.size_bytes
        room = RoomVerdict(
            download_bytes=size,
            needed_bytes=size,
            peak_bytes=None,
            free_bytes=free,
            fits=None if size is None else size + self._min_free_bytes <= free,
            words="",
        )
        return await self._verdict(summary, credential, room)

    async def of_plan(
        self, viewer: Viewer, plan: DownloadPlan, asked: DatasetRef | None = None
    ) -> Verdict | None:
        """What the plan of a download comes to; None where its source will not describe it. ``asked``: what
        was planned, where a link's secret is known from the request alone.

        Whoever could plan a download has accepted its terms.
        """
        ref = asked if asked is not None and asked.url else DatasetRef.parse(plan.ref)
        revision = plan.revision if SOURCES[ref.source].has_revisions else None
        try:
            ref = await self._database.run_read(self._private_urls.restore, ref, viewer)
            credential = await self._credentials.find(ref.source, viewer.user_id)
            summary = await self._described(viewer, ref, credential, asked=None, kept=revision)
        except (SourceError, NotFound):
            return None
        disk = plan.disk_space
        known = disk.needed_bytes is not None
        room = RoomVerdict(
            download_bytes=plan.fetch_bytes,
            needed_bytes=disk.needed_bytes,
            peak_bytes=disk.peak_bytes,
            free_bytes=disk.free_bytes,
            fits=plan.fits if known else None,
            words="",
        )
        verdict = await self._verdict(summary, credential, room)
        if verdict.gate.state == "open" or plan.origin == "library":
            return verdict
        accepted = GateVerdict(state="open", words="The files can be had: nothing is left to accept.")
        return verdict.model_copy(update={"gate": accepted})

    async def _verdict(self, summary: DatasetSummary, credential: Credential, room: RoomVerdict) -> Verdict:
        rate = await self._database.run_read(self._jobs.measured_rate, summary.source)
        if rate and room.download_bytes:
            seconds = math.ceil(room.download_bytes / rate)
            room = room.model_copy(update={"rate_bps": int(rate), "seconds": seconds})
        return Verdict(
            licence=licence_verdict(summary.license, summary.license_link or summary.url or None),
            gate=gate_verdict(summary, credential),
            room=room.model_copy(update={"words": ". ".join(_room_words(room, summary)) + "."}),
            table=table_facts(summary),
        )

    async def _described(
        self, viewer: Viewer, ref: DatasetRef, credential: Credential, *, asked: str | None, kept: str | None
    ) -> DatasetSummary:
        """What the source tells of the revision ``asked``; where it cannot be asked, what the library keeps
        of the revision ``kept``. Errors: those of ``Source.describe``."""
        try:
            return await self._catalog.describe(ref, asked, credential)
        except SourceError:
            summary = await self._database.run_read(self._kept, viewer, ref, kept)
            if summary is None:
                raise
            return summary

    def _kept(
        self, session: Session, viewer: Viewer, ref: DatasetRef, revision: str | None
    ) -> DatasetSummary | None:
        """What the library keeps of it, where the viewer may see that."""
        found = (row for row in rows.find(session, ref) if row.revision.startswith(revision or ""))
        row = next((row for row in found if rights.may_see(session, row, viewer)), None)
        return kept_summary(row) if row is not None else None


def gate_verdict(summary: DatasetSummary, credential: Credential) -> GateVerdict:
    """``credential``: what the source would be shown."""
    spec = SOURCES[summary.source]
    if not summary.gated:
        if not spec.hides_terms:
            return GateVerdict(state="open", words="Nothing is to be accepted first.")
        return GateVerdict(
            state="not_told",
            words=f"{spec.label} tells of terms to accept, or of a phone number to verify, only when the"
            " files are asked for.",
            url=summary.url or None,
            account=_account(credential),
        )
    by_hand = summary.decided_by_owner
    owner = ", and its owner decides who gets it" if by_hand else ""
    words = f"Its terms must be accepted first{owner}."
    return GateVerdict(
        state="by_hand" if by_hand else "terms",
        words=words,
        url=summary.url or None,
        account=_account(credential),
    )


def _account(credential: Credential) -> str:
    """Whose account the source would see."""
    label = SOURCES[credential.source].label
    match credential.origin:
        case "user":
            name = f" ({credential.username})" if credential.username else ""
            return f"your own account at {label}{name}, by the key under Settings"
        case "server":
            return f"this server's account at {label}, which all of its users share"
        case _:
            return f"none yet: add a key of yours for {label} under Settings"


def table_facts(summary: DatasetSummary) -> TableFacts | None:
    """None where the source tells nothing of rows or columns."""
    rows, columns, row_range = summary.row_count, summary.column_count, summary.row_range
    told = [f"{rows:,} row{'' if rows == 1 else 's'}" if rows is not None else row_range]
    if columns is not None:
        told.append(f"{columns:,} column{'' if columns == 1 else 's'}")
    words = ", ".join(filter(None, told))
    return TableFacts(rows=rows, columns=columns, row_range=row_range, words=words) if words else None


def _room_words(room: RoomVerdict, summary: DatasetSummary) -> Iterator[str]:
    free = f"{readable_bytes(room.free_bytes)} free"
    if room.download_bytes == 0:
        yield f"Nothing to download, {free}"
        return
    if room.download_bytes is None and room.needed_bytes is None:
        yield f"Its size is not known before it is asked for, {free}"
        return
    size = room.download_bytes if room.download_bytes is not None else room.needed_bytes
    said = f"{readable_bytes(size or 0)} to download"
    if room.peak_bytes is not None and room.peak_bytes != room.download_bytes:
        said += f", {readable_bytes(room.peak_bytes)} of the disk while it is unpacked"
        said += f" and {readable_bytes(room.needed_bytes or 0)} afterwards"
    elif room.peak_bytes is None and SOURCES[summary.source].bundles:
        said += ", and its archive beside that while it is unpacked"
    fits = {True: "it fits", False: "it does not fit", None: None}[room.fits]
    yield f"{said}; {free}" + (f": {fits}" if fits else "")
    if room.seconds is not None and room.rate_bps:
        rate = f"{readable_bytes(room.rate_bps)}/s"
        label = SOURCES[summary.source].label
        yield f"About {readable_duration(room.seconds)} at {rate}, as the last downloads from {label} had"
