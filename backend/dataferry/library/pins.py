"""Datasets that persons want kept: neither a clean-up nor a prune takes them. A deletion that somebody asks
for by name is another matter.

Functions take the session first.
"""

from collections.abc import Collection

from sqlmodel import Session, col, delete, select

from dataferry.core.db import Database
from dataferry.core.inserts import insert_missing
from dataferry.core.types import Viewer
from dataferry.library import rights, rows
from dataferry.library.access import Access
from dataferry.library.models import DatasetPin


class Pins:
    """Sets and takes away pins of the viewer. What they may not see answers ``NotFound``."""

    def __init__(self, database: Database, access: Access) -> None:
        self._database = database
        self._access = access

    async def pin(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> None:
        """Keep a dataset for the viewer. Errors: ``NotFound`` until it is here."""
        await self._access.renew(viewer)

        def write(session: Session) -> None:
            add(session, rows.downloaded(session, viewer, key_or_alias, revision).id, viewer.user_id)

        await self._database.run(write)

    async def unpin(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> None:
        """End the viewer's pin, an admin's call everybody's. Errors: ``NotFound``."""
        await self._access.renew(viewer)

        def write(session: Session) -> None:
            row = rows.visible(session, viewer, key_or_alias, revision)
            drop(session, row.id, None if viewer.admin else [viewer.user_id])

        await self._database.run(write)


def add(session: Session, dataset_id: str, user_id: str) -> None:
    insert_missing(session, DatasetPin(dataset_id=dataset_id, user_id=user_id))


def drop(session: Session, dataset_id: str, user_ids: Collection[str] | None = None) -> None:
    """End the pins of these people, by default of all."""
    pins = delete(DatasetPin).where(col(DatasetPin.dataset_id) == dataset_id)
    if user_ids is not None:
        pins = pins.where(col(DatasetPin.user_id).in_(user_ids))
    session.exec(pins)


def hand_on(session: Session, dataset_id: str, to: str, user_ids: Collection[str]) -> None:
    """The pins of those who replace a dataset by another one become pins of that one; where nobody else has
    asked for it, so that it goes, everybody's do."""
    stays = not set(rights.owners(session, dataset_id)) <= set(user_ids)
    for pin in session.exec(select(DatasetPin).where(DatasetPin.dataset_id == dataset_id)).all():
        if not stays or pin.user_id in user_ids:
            add(session, to, pin.user_id)
            session.delete(pin)


def of(session: Session, dataset_ids: Collection[str]) -> dict[str, set[str]]:
    """Who has pinned each of these datasets; those that nobody has are left out."""
    found: dict[str, set[str]] = {}
    for pin in session.exec(select(DatasetPin).where(col(DatasetPin.dataset_id).in_(dataset_ids))):
        found.setdefault(pin.dataset_id, set()).add(pin.user_id)
    return found
