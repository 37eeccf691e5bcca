"""Reading and changing the tables of uploads."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, delete, select, update

from dataferry.core.errors import NotFound
from dataferry.core.types import Viewer
from dataferry.uploads.models import Upload, UploadConsent, UploadEvent, UploadImage
from dataferry.uploads.views import MEDICAL, UploadAction

#: Who did something, in place of one whose account is erased.
_ERASED = "erased"


def own(session: Session, viewer: Viewer, category: str, upload_id: str, *, whole: bool = True) -> Upload:
    """The viewer's own upload. Another's, an admin's view of it too, is not there. Errors: ``NotFound``."""
    row = session.get(Upload, upload_id)
    unknown = row is None or row.user_id != viewer.user_id or row.category != category
    if row is None or unknown or (row.processing_status == "pending") == whole:
        raise NotFound("There is no such upload.", next_step="See what you have under Uploads.")
    return row


def image(session: Session, upload_id: str) -> UploadImage:
    found = session.get(UploadImage, upload_id)
    assert found is not None, "an upload that is whole has its picture"
    return found


def page(
    session: Session, user_id: str, category: str | None, limit: int, offset: int
) -> tuple[list[tuple[Upload, UploadImage]], int]:
    """Those that are whole, newest first, and how many there are."""
    mine = [Upload.user_id == user_id, Upload.processing_status != "pending"]
    if category is not None:
        mine.append(Upload.category == category)
    query = (
        select(Upload, UploadImage)
        .join(UploadImage, col(UploadImage.id) == Upload.id)
        .where(*mine)
        .order_by(col(Upload.created_at).desc(), col(Upload.position), col(Upload.id))
        .limit(limit)
        .offset(offset)
    )
    total = session.exec(select(func.count()).select_from(Upload).where(*mine)).one()
    return list(session.exec(query)), total


def sequence(session: Session, user_id: str, sequence_id: str) -> list[tuple[Upload, UploadImage]]:
    """Its images, in order. Errors: ``NotFound``."""
    query = (
        select(Upload, UploadImage)
        .join(UploadImage, col(UploadImage.id) == Upload.id)
        .where(Upload.user_id == user_id, Upload.sequence_id == sequence_id)
        .order_by(col(Upload.position))
    )
    found = list(session.exec(query))
    if not found:
        raise NotFound("There is no such sequence.", next_step="See what you have under Uploads.")
    return found


def ids_of(session: Session, user_id: str, categories: Collection[str]) -> list[str]:
    query = select(Upload.id).where(Upload.user_id == user_id, col(Upload.category).in_(categories))
    return list(session.exec(query))


def all_ids_of(session: Session, user_id: str) -> list[str]:
    return list(session.exec(select(Upload.id).where(Upload.user_id == user_id)))


def own_events(session: Session, user_id: str, after: int, limit: int) -> list[UploadEvent]:
    """A page of what was done with a person's uploads, oldest first. ``after``: the id of the one before."""
    query = select(UploadEvent).where(UploadEvent.user_id == user_id, col(UploadEvent.id) > after)
    return list(session.exec(query.order_by(col(UploadEvent.id)).limit(limit)))


def known(session: Session, ids: list[str]) -> set[str]:
    """Those of the ids that have a row."""
    found: set[str] = set()
    for start in range(0, len(ids), 500):
        found |= set(session.exec(select(Upload.id).where(col(Upload.id).in_(ids[start : start + 500]))))
    return found


def expired(session: Session, at: datetime, pending_before: datetime) -> list[str]:
    """Those past their time, and those whose reception has ended without an end."""
    stale = (col(Upload.processing_status) == "pending") & (col(Upload.created_at) < pending_before)
    return list(session.exec(select(Upload.id).where((col(Upload.expires_at) <= at) | stale)))


def remove(session: Session, ids: Sequence[str], action: UploadAction, actor_id: str) -> int:
    """Delete the rows of uploads, and write down that it was done; how many. Their files are the caller's to
    remove, after the commit."""
    removed = 0
    for upload_id in ids:
        row = session.get(Upload, upload_id)
        if row is None:
            continue
        if row.processing_status != "pending":
            note(session, row, action, actor_id)
        session.execute(delete(UploadImage).where(col(UploadImage.id) == upload_id))
        session.delete(row)
        session.flush()
        removed += 1
    return removed


def erase(session: Session, user_id: str) -> list[str]:
    """Delete all rows that are a person's; the ids of their uploads, whose files are the caller's to
    remove."""
    ids = all_ids_of(session, user_id)
    session.execute(
        delete(UploadImage).where(col(UploadImage.id).in_(select(Upload.id).where(Upload.user_id == user_id)))
    )
    for table in (Upload, UploadConsent, UploadEvent):
        session.execute(delete(table).where(col(table.user_id) == user_id))
    # What they did as an admin with what is another's: that it was done is kept for its owner.
    session.execute(update(UploadEvent).where(col(UploadEvent.actor_id) == user_id).values(actor_id=_ERASED))
    return ids


def note(session: Session, upload: Upload, action: UploadAction, actor_id: str) -> None:
    """Write down what was done with an upload."""
    session.add(
        UploadEvent(
            upload_id=upload.id,
            user_id=upload.user_id,
            actor_id=actor_id,
            category=upload.category,
            action=action,
            size=upload.file_size or 0,
        )
    )


def was_viewed(session: Session, upload_id: str, actor_id: str, since: datetime) -> bool:
    """Whether that they opened it is written down already, at that time or later."""
    query = select(UploadEvent.id).where(
        UploadEvent.upload_id == upload_id,
        UploadEvent.actor_id == actor_id,
        UploadEvent.action == "viewed",
        col(UploadEvent.at) >= since,
    )
    return session.exec(query.limit(1)).first() is not None


def events(session: Session, viewer: Viewer, upload_id: str | None, limit: int) -> list[UploadEvent]:
    """Those of the viewer's uploads; for an admin those of every medical one too. Newest first."""
    mine = col(UploadEvent.user_id) == viewer.user_id
    seen = mine | col(UploadEvent.category).in_(MEDICAL) if viewer.admin else mine
    query = select(UploadEvent).where(seen).order_by(col(UploadEvent.id).desc()).limit(limit)
    if upload_id is not None:
        query = query.where(UploadEvent.upload_id == upload_id)
    return list(session.exec(query))
