"""Restricted datasets that people share with each other, and take back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from dataferry.accounts.service import Accounts
from dataferry.core.db import Database
from dataferry.core.errors import Conflict, Forbidden
from dataferry.core.specs import SOURCES
from dataferry.core.types import View, Viewer
from dataferry.library import rights, rows, share_rows
from dataferry.library.access import Access
from dataferry.library.models import Dataset, DatasetShare
from dataferry.library.share_rows import EVERYBODY


class Share(View):
    """``email``: whom it is shared with; None for everybody. ``shared_by``: the sharer's address, None where
    the account is gone."""

    email: str | None
    shared_by: str | None
    shared_at: datetime


class SharingView(View):
    """Who sees a dataset beside those who have access of their own.

    ``shares``: for its owners and admins; others are told of what they have it by. ``terms``: what its source
    may say against sharing it, in words; ``link`` leads to its page there.
    """

    visibility: Literal["public", "restricted"]
    may_share: bool
    shares: tuple[Share, ...] = ()
    terms: str | None = None
    link: str | None = None


class Sharing:
    """Shares datasets for the viewer. What they may not see answers ``NotFound``."""

    def __init__(self, database: Database, access: Access, accounts: Accounts) -> None:
        self._database = database
        self._access = access
        self._accounts = accounts

    async def view(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> SharingView:
        """Errors: ``NotFound`` until it is here."""
        await self._access.renew(viewer)

        def read(session: Session) -> tuple[Dataset, bool, list[DatasetShare]]:
            row = rows.downloaded(session, viewer, key_or_alias, revision)
            may_share = _may_share(session, row, viewer)
            found = share_rows.of(session, row.id)
            mine = (viewer.user_id, EVERYBODY)
            return row, may_share, [one for one in found if may_share or one.user_id in mine]

        row, may_share, found = await self._database.run_read(read)
        people = {user for one in found for user in (one.user_id, one.shared_by)} - {EVERYBODY}
        emails = await self._accounts.emails(sorted(people))
        restricted = row.visibility == "restricted"
        return SharingView(
            visibility="restricted" if restricted else "public",
            may_share=restricted and may_share,
            shares=tuple(
                Share(
                    email=emails.get(one.user_id),
                    shared_by=emails.get(one.shared_by),
                    shared_at=one.shared_at,
                )
                for one in found
                if one.user_id == EVERYBODY or one.user_id in emails
            ),
            terms=_terms(row) if restricted else None,
            link=row.original_url or None,
        )

    async def share(
        self,
        viewer: Viewer,
        key_or_alias: str,
        revision: str | None = None,
        *,
        emails: Sequence[str] = (),
        everybody: bool = False,
    ) -> SharingView:
        """Let these people see the dataset, or everybody who has an account here.

        Errors: ``NotFound``, also for an address that nobody has; ``Forbidden`` for whoever has no access of
        their own; ``Conflict`` for a public one.
        """
        await self._access.renew(viewer)
        people = await self._accounts.people(emails)

        def write(session: Session) -> None:
            row = self._shareable(session, viewer, key_or_alias, revision)
            for user_id in [*people, *([EVERYBODY] if everybody else [])]:
                if user_id != viewer.user_id:
                    share_rows.add(session, row.id, user_id, viewer.user_id)

        await self._database.run(write)
        return await self.view(viewer, key_or_alias, revision)

    async def unshare(
        self, viewer: Viewer, key_or_alias: str, revision: str | None = None, *, email: str | None = None
    ) -> SharingView:
        """Take it back from one of them, by default from all. Errors: as ``share``."""
        await self._access.renew(viewer)
        people = None if email is None else await self._accounts.people([email])

        def write(session: Session) -> None:
            row = self._shareable(session, viewer, key_or_alias, revision)
            share_rows.drop(session, row.id, people)

        await self._database.run(write)
        return await self.view(viewer, key_or_alias, revision)

    def _shareable(
        self, session: Session, viewer: Viewer, key_or_alias: str, revision: str | None
    ) -> Dataset:
        row = rows.downloaded(session, viewer, key_or_alias, revision)
        if row.visibility != "restricted":
            raise Conflict(
                "Everybody on this server sees this dataset already.",
                next_step="Only gated and private datasets need to be shared.",
            )
        if not _may_share(session, row, viewer):
            raise Forbidden(
                "Only those who downloaded a dataset with access of their own, and admins, may share it.",
                next_step="Ask one of them, or an admin.",
            )
        return row


def _may_share(session: Session, row: Dataset, viewer: Viewer) -> bool:
    if viewer.admin:
        return True
    return viewer.user_id in rights.owners(session, row.id) and rights.in_own_right(session, row, viewer)


def _terms(row: Dataset) -> str:
    """What speaks against it, where its source has terms that people accept one by one."""
    source = SOURCES[row.source]
    if source.hub:
        return (
            f"{source.label} gives this dataset only to people who accepted its terms there, or were let in"
            " by its owner. Those terms may forbid passing it on to anybody who has not. Where they do, let"
            " each person get access of their own, and do not share it here."
        )
    return "Those you share it with can read its files. The link that it came from stays hidden."
