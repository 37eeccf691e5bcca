"""What is kept of a person's annotations."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlmodel import Session, col, select

from dataferry.accounts.security import Secrets
from dataferry.annotations.models import AnnotatedImage, Annotation
from dataferry.annotations.rows import BATCH
from dataferry.core.db import Database
from dataferry.core.personal_data import Exported, JsonRows, Person, PersonalData, Rows, of_rows


def annotation_data(database: Database, secrets: Secrets) -> PersonalData:
    """Boxes and labels that a person has drawn. An export has those of uploads in clear."""
    rows = of_rows(database, "annotations", Rows(Annotation.user_id, "annotations"))  # type: ignore[arg-type]

    def export(person: Person) -> Iterator[Exported]:
        yield Exported("annotations/annotations.json", JsonRows(_read(database, secrets, person)))

    return replace(rows, export=export)


def _read(database: Database, secrets: Secrets, person: Person) -> Iterator[Mapping[str, Any]]:
    query = (
        select(Annotation, AnnotatedImage)
        .join(AnnotatedImage, col(AnnotatedImage.id) == Annotation.image_id)
        .where(Annotation.user_id == person.id)
        .order_by(col(Annotation.created_at), Annotation.id)
    )

    def batch(session: Session, offset: int) -> list[tuple[Annotation, AnnotatedImage]]:
        return list(session.exec(query.limit(BATCH).offset(offset)))

    offset = 0
    while found := database.read(batch, offset):
        offset += len(found)
        for annotation, image in found:
            said = annotation.model_dump(mode="json", exclude={"user_id", "image_id", "version"})
            if image.upload_id is not None:
                said["label"] = secrets.decrypt(annotation.label)
            yield {**said, "image": image.model_dump(mode="json", exclude={"id"})}
