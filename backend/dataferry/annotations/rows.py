"""Reading and changing the tables of annotations. Functions take the session first."""

from collections.abc import Collection, Iterator, Sequence
from hashlib import blake2b

from sqlalchemy import ColumnElement, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from dataferry.annotations.models import AnnotatedImage, Annotation
from dataferry.annotations.views import ImagePlace, Target
from dataferry.core.errors import NotFound
from dataferry.core.inserts import insert_missing

Row = tuple[Annotation, AnnotatedImage]
#: Rows that are in memory at a time.
BATCH = 1000


def place_of(image: AnnotatedImage) -> ImagePlace:
    return ImagePlace(image.split, image.name, image.number, image.width, image.height)


def image_row(session: Session, target: Target, place: ImagePlace) -> AnnotatedImage:
    """The row of an image, made where there is none. Errors: ``NotFound`` for a target that is gone."""
    told = "\0".join((target.dataset_id or "", target.upload_id or "", place.split, place.name))
    if target.upload_id is not None:
        told += f"\0{place.number}"
    image = AnnotatedImage(
        id=f"image_{blake2b(told.encode(), digest_size=12).hexdigest()}",
        dataset_id=target.dataset_id,
        upload_id=target.upload_id,
        split=place.split,
        name=place.name,
        number=place.number,
        width=place.width,
        height=place.height,
    )
    try:
        insert_missing(session, image)
    except IntegrityError as error:
        raise gone() from error
    return session.get_one(AnnotatedImage, image.id)


def gone() -> NotFound:
    return NotFound("What is annotated was deleted meanwhile.", next_step="Look at what else there is.")


def find(session: Session, target: Target, annotation_id: str, *, lock: bool = False) -> Row:
    """Errors: ``NotFound``, also for one of another target."""
    annotation = session.get(Annotation, annotation_id, with_for_update=lock, populate_existing=lock)
    image = session.get(AnnotatedImage, annotation.image_id) if annotation is not None else None
    if annotation is None or image is None or not _is_of(image, target):
        raise NotFound("There is no such annotation any more.", next_step="Load the image's again.")
    return annotation, image


def _is_of(image: AnnotatedImage, target: Target) -> bool:
    return (image.dataset_id, image.upload_id) == (target.dataset_id, target.upload_id)


def accepted(session: Session, image_id: str, user_id: str, finding_id: str) -> Annotation | None:
    """The annotation by which somebody has accepted a finding."""
    query = select(Annotation).where(
        Annotation.image_id == image_id, Annotation.user_id == user_id, Annotation.finding_id == finding_id
    )
    return session.exec(query).first()


def page(
    session: Session,
    target: Target,
    *,
    split: str | None = None,
    place: ImagePlace | None = None,
    authors: Collection[str] | None = None,
    limit: int,
    offset: int,
) -> tuple[list[Row], int]:
    """Annotations of a target in the order of their images, and how many there are. ``place``: of one image;
    ``authors``: ids of accounts."""
    wanted = [*_of(target)]
    if split is not None:
        wanted.append(col(AnnotatedImage.split) == split)
    if place is not None:
        wanted += [
            col(AnnotatedImage.split) == place.split,
            col(AnnotatedImage.name) == place.name,
        ]
        if target.upload_id is not None:
            wanted.append(col(AnnotatedImage.number) == place.number)
    if authors is not None:
        wanted.append(col(Annotation.user_id).in_(authors))
    same = col(AnnotatedImage.id) == Annotation.image_id
    by_image = (AnnotatedImage.split, col(AnnotatedImage.number), AnnotatedImage.id)
    query = (
        select(Annotation, AnnotatedImage)
        .join(AnnotatedImage, same)
        .where(*wanted)
        .order_by(*by_image, col(Annotation.created_at), Annotation.id)
    )
    counted = select(func.count()).select_from(Annotation).join(AnnotatedImage, same)
    return list(session.exec(query.limit(limit).offset(offset))), session.exec(counted.where(*wanted)).one()


def every(session: Session, target: Target, authors: Collection[str] | None = None) -> Iterator[Row]:
    """All of a target, in the same order."""
    offset = 0
    while found := page(session, target, authors=authors, limit=BATCH, offset=offset)[0]:
        yield from found
        offset += len(found)


def people(session: Session, target: Target) -> Sequence[tuple[str, int, int]]:
    """Who has annotated it: account, annotations, images; the busiest first."""
    count = func.count()
    query = (
        select(Annotation.user_id, count, func.count(func.distinct(Annotation.image_id)))
        .join(AnnotatedImage, col(AnnotatedImage.id) == Annotation.image_id)
        .where(*_of(target))
        .group_by(col(Annotation.user_id))
        .order_by(count.desc(), col(Annotation.user_id))
    )
    return [(user_id, int(made), int(images)) for user_id, made, images in session.exec(query)]


def labels(session: Session, target: Target) -> list[str]:
    """Those in use, as they are stored, the most used first."""
    query = (
        select(Annotation.label)
        .join(AnnotatedImage, col(AnnotatedImage.id) == Annotation.image_id)
        .where(*_of(target))
        .group_by(col(Annotation.label))
        .order_by(func.count().desc(), col(Annotation.label))
    )
    return list(session.exec(query.limit(BATCH)))


def _of(target: Target) -> list[ColumnElement[bool]]:
    if target.upload_id is not None:
        return [col(AnnotatedImage.upload_id) == target.upload_id]
    return [col(AnnotatedImage.dataset_id) == target.dataset_id]


def count_of_image(session: Session, image_id: str, user_id: str) -> int:
    query = select(func.count()).where(Annotation.image_id == image_id, Annotation.user_id == user_id)
    return session.exec(query).one()
