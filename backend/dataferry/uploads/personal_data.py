"""What is kept of a person's uploads."""

from collections.abc import Iterator, Sequence

from sqlmodel import Session, col, func, select

from dataferry.core.personal_data import ErasureRun, Exported, Holding, Person, PersonalData
from dataferry.uploads import rows
from dataferry.uploads.exports import UploadExports
from dataferry.uploads.models import Upload, UploadConsent, UploadEvent
from dataferry.uploads.storage import UploadStorage


def uploads_data(exports: UploadExports, storage: UploadStorage) -> PersonalData:
    """Uploads with their files, also those that are still arriving, consents, and what was done with them."""

    def erase(person: Person, run: ErasureRun) -> None:
        # Files first: a row that is left says which they are, a file that is left does not say whose it is.
        for upload_id in run.write(lambda session: rows.all_ids_of(session, person.id)):
            storage.remove(upload_id)
        for upload_id in run.write(lambda session: rows.erase(session, person.id)):
            storage.remove(upload_id)

    def export(person: Person) -> Iterator[Exported]:
        return exports.entries(person.id)

    return PersonalData(
        "uploads",
        frozenset(
            {"uploads.user_id", "upload_consents.user_id", "upload_events.user_id", "upload_events.actor_id"}
        ),
        erase,
        export,
        _holdings,
        proof=_consents,
    )


def _holdings(session: Session, person: Person) -> Sequence[Holding]:
    size = func.coalesce(func.sum(Upload.file_size), 0)
    count, total = session.exec(select(func.count(), size).where(Upload.user_id == person.id)).one()
    found = [Holding("uploads", count, int(total or 0))]
    for table, what in ((UploadConsent, "consents"), (UploadEvent, "notes of what was done with uploads")):
        query = select(func.count()).where(col(table.user_id) == person.id)
        found.append(Holding(what, session.exec(query).one()))
    return found


def _consents(session: Session, person: Person) -> dict[str, object]:
    """That they had agreed to what was done with their images, and until when."""
    query = select(UploadConsent).where(UploadConsent.user_id == person.id)
    consents = [
        {"version": one.version, "given_at": one.given_at.isoformat(), "revoked_at": _iso(one)}
        for one in session.exec(query.order_by(col(UploadConsent.given_at)))
    ]
    return {"consents": consents} if consents else {}


def _iso(consent: UploadConsent) -> str | None:
    return None if consent.revoked_at is None else consent.revoked_at.isoformat()
