"""A person's consent to how their medical images are kept: by version, asked before the first, revocable."""

from sqlalchemy import func
from sqlmodel import Session, col, select, update

from dataferry.core.db import new_id, now
from dataferry.core.errors import ConsentNeeded
from dataferry.core.types import Viewer
from dataferry.uploads.models import Upload, UploadConsent
from dataferry.uploads.views import MEDICAL, ConsentView

#: Changed with the text: who has agreed to another version is asked again.
VERSION = "2026-11"
TEXT = (
    "Only upload images that you have the right to use. If they show other people, you need their consent, or"
    " the images must be de-identified before.",
    "They are kept on this server alone, encrypted. Nothing of them is sent to another service or to a"
    " language model.",
    "You alone can open them. Each time that somebody does is written down; you and the admins of this server"
    " can read that.",
    "They are removed after the time that this page shows, or as soon as you delete them.",
    "De-identification removes personal fields from a DICOM file's header. Text that is burned into the"
    " picture it cannot find: look yourself, and mask it.",
    "This server is HIPAA-aware; it is no certified medical device. What it shows is not for diagnosis.",
    "You can take this consent back at any time, and then say whether your medical images are deleted.",
)


def needed_for(category: str) -> bool:
    return category in MEDICAL


def check(session: Session, user_id: str, category: str) -> None:
    """Errors: ``ConsentNeeded`` where the category needs it and it is not given, or was taken back."""
    if needed_for(category) and current(session, user_id) is None:
        raise ConsentNeeded("You have not agreed to how medical images are kept here, or took that back.")


def current(session: Session, user_id: str) -> UploadConsent | None:
    """The person's consent to this version; None where there is none."""
    query = select(UploadConsent).where(
        UploadConsent.user_id == user_id,
        UploadConsent.version == VERSION,
        col(UploadConsent.revoked_at).is_(None),
    )
    return session.exec(query).first()


def view(session: Session, viewer: Viewer) -> ConsentView:
    found = current(session, viewer.user_id)
    count = select(func.count()).where(Upload.user_id == viewer.user_id, col(Upload.category).in_(MEDICAL))
    return ConsentView(
        version=VERSION,
        text=TEXT,
        given=found is not None,
        given_at=found.given_at if found else None,
        uploads=session.exec(count).one(),
    )


def give(session: Session, viewer: Viewer) -> None:
    """Nothing where it is given already."""
    if current(session, viewer.user_id) is None:
        session.add(UploadConsent(id=new_id("consent"), user_id=viewer.user_id, version=VERSION))


def revoke(session: Session, user_id: str) -> None:
    """Of every version."""
    session.execute(
        update(UploadConsent)
        .where(col(UploadConsent.user_id) == user_id, col(UploadConsent.revoked_at).is_(None))
        .values(revoked_at=now())
    )
