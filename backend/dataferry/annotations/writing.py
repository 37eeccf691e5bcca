"""Changes of the rows of annotations. Functions take the session first."""

from dataclasses import dataclass
from typing import cast

from sqlmodel import Session

from dataferry.accounts.security import Secrets
from dataferry.annotations import rows
from dataferry.annotations.checks import checked_box
from dataferry.annotations.models import AnnotatedImage, Annotation
from dataferry.annotations.views import AnnotationKind, Box, ImagePlace, NewAnnotation, Target
from dataferry.core.db import new_id, now
from dataferry.core.errors import Conflict, Forbidden, InvalidInput

#: Of one person in one image.
MAX_PER_IMAGE = 1000


@dataclass(frozen=True, slots=True)
class Written:
    """``row``: what is there now. ``stale``: it is not what was wanted, and was left as it is."""

    row: rows.Row
    stale: bool = False


class Labels:
    """How the labels of a target are stored: those of an upload encrypted."""

    def __init__(self, secrets: Secrets, target: Target) -> None:
        self._secrets = secrets if target.upload_id is not None else None

    def stored(self, label: str) -> str:
        return label if self._secrets is None else self._secrets.encrypt(label)

    def opened(self, stored: str) -> str:
        return stored if self._secrets is None else self._secrets.decrypt(stored)


def create(
    session: Session, user_id: str, target: Target, place: ImagePlace, new: NewAnnotation, labels: Labels
) -> Written:
    """The same one sent again, and the same finding, is the one that is there. Errors: ``NotFound``,
    ``InvalidInput``, ``Conflict``."""
    image = rows.image_row(session, target, place)
    known = session.get(Annotation, new.id)
    if known is not None:
        return _repeated(user_id, known, image)
    if new.finding is not None:
        again = rows.accepted(session, image.id, user_id, new.finding.id)
        if again is not None:
            return Written((again, image))
    if rows.count_of_image(session, image.id, user_id) >= MAX_PER_IMAGE:
        raise InvalidInput(
            f"You have given this image {MAX_PER_IMAGE} annotations already.",
            next_step="Delete some first.",
        )
    annotation = Annotation(
        id=new.id,
        image_id=image.id,
        user_id=user_id,
        version=new_id("v"),
        kind=new.kind,
        label=labels.stored(new.label),
        finding_id=new.finding.id if new.finding else None,
        model=new.finding.model if new.finding else None,
        model_version=new.finding.model_version if new.finding else None,
        confidence=new.finding.confidence if new.finding else None,
    )
    _put(annotation, checked_box(new.box, place, new.kind))
    annotation.changed_at = annotation.created_at
    session.add(annotation)
    session.flush()
    return Written((annotation, image))


def _repeated(user_id: str, known: Annotation, image: AnnotatedImage) -> Written:
    """What was sent before, and whose answer was lost, is there already."""
    if known.user_id != user_id or known.image_id != image.id:
        raise Conflict("There is another annotation with this id.", next_step="Choose a new id.")
    return Written((known, image))


def change(
    session: Session,
    user_id: str,
    target: Target,
    annotation_id: str,
    version: str,
    box: Box | None,
    label: str,
    labels: Labels,
) -> Written:
    """Of a stale ``version`` nothing is written, unless it would be what is there. Errors: ``NotFound``,
    ``Forbidden``, ``InvalidInput``."""
    annotation, image = own(session, user_id, target, annotation_id)
    checked = checked_box(box, rows.place_of(image), cast(AnnotationKind, annotation.kind))
    if (box_of(annotation), labels.opened(annotation.label)) == (checked, label):
        return Written((annotation, image))
    if annotation.version != version:
        return Written((annotation, image), stale=True)
    annotation.label, annotation.version, annotation.changed_at = labels.stored(label), new_id("v"), now()
    _put(annotation, checked)
    session.add(annotation)
    session.flush()
    return Written((annotation, image))


def delete(
    session: Session, user_id: str, target: Target, annotation_id: str, version: str
) -> Written | None:
    """None: it is gone. Errors: ``NotFound``, ``Forbidden``."""
    annotation, image = own(session, user_id, target, annotation_id)
    if annotation.version != version:
        return Written((annotation, image), stale=True)
    session.delete(annotation)
    session.flush()
    return None


def own(session: Session, user_id: str, target: Target, annotation_id: str) -> rows.Row:
    """Errors: ``NotFound``; ``Forbidden`` for another's."""
    annotation, image = rows.find(session, target, annotation_id, lock=True)
    if annotation.user_id != user_id:
        raise Forbidden(
            "Annotations are changed by their author alone.",
            next_step="Draw one of your own; both are kept.",
        )
    return annotation, image


def _put(annotation: Annotation, box: Box | None) -> None:
    annotation.x, annotation.y, annotation.width, annotation.height = box or (None, None, None, None)


def box_of(annotation: Annotation) -> Box | None:
    """None of a label."""
    edges = annotation.x, annotation.y, annotation.width, annotation.height
    if any(edge is None for edge in edges):
        return None
    return tuple(float(edge) for edge in edges if edge is not None)  # type: ignore[return-value]
