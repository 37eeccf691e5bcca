"""Annotations: drawn, changed by their authors alone, compared, and exported."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from sqlmodel import Session

from dataferry.accounts.security import Secrets
from dataferry.accounts.service import Accounts
from dataferry.annotations import rows, writing
from dataferry.annotations.agreement import Given, agreement
from dataferry.annotations.checks import checked_label
from dataferry.annotations.formats import ExportedBox, ExportedImage, files_of
from dataferry.annotations.models import AnnotatedImage, Annotation
from dataferry.annotations.views import (
    AgreementView,
    AnnotatedSize,
    AnnotationFormat,
    AnnotationKind,
    AnnotationOrigin,
    AnnotationPage,
    AnnotationView,
    Annotator,
    Box,
    ImagePlace,
    NewAnnotation,
    Target,
)
from dataferry.annotations.writing import Labels, Written, box_of
from dataferry.core.db import Database
from dataferry.core.errors import InvalidInput
from dataferry.core.types import Viewer
from dataferry.library import rows as library_rows
from dataferry.library.access import Access
from dataferry.library.exported_zip import zip_of


class Annotations:
    """Whoever calls has found the target by the viewer's right to it. Any who may see it see all of its
    annotations; each is changed by its author alone, an admin's too."""

    def __init__(self, database: Database, access: Access, accounts: Accounts, secrets: Secrets) -> None:
        self._database, self._access, self._accounts, self._secrets = database, access, accounts, secrets

    async def dataset(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> Target:
        """A dataset's revision that the viewer sees, whether its files are here or not. Errors:
        ``NotFound``."""
        row = await self._access.renewed(
            viewer, lambda session: library_rows.visible(session, viewer, key_or_alias, revision)
        )
        return Target(dataset_id=row.id, name=row.name)

    # -- looking -------------------------------------------------------------------------------------

    async def page(
        self,
        viewer: Viewer,
        target: Target,
        *,
        place: ImagePlace | None = None,
        split: str | None = None,
        author: str | None = None,
        limit: int,
        offset: int,
    ) -> AnnotationPage:
        """Annotations of a target, of one ``place`` in it, or by one ``author``'s address. Errors:
        ``NotFound`` for an address that nobody has."""
        authors = None if author is None else await self._accounts.people([author])

        def read(session: Session) -> tuple[list[rows.Row], int, Sequence[tuple[str, int, int]], list[str]]:
            found, total = rows.page(
                session, target, split=split, place=place, authors=authors, limit=limit, offset=offset
            )
            return found, total, rows.people(session, target), rows.labels(session, target)

        found, total, people, labels = await self._database.run_read(read)
        emails = await self._accounts.emails([user_id for user_id, _, _ in people])
        opened = Labels(self._secrets, target)
        return AnnotationPage(
            annotations=tuple(_view(viewer, opened, emails, *row) for row in found),
            total=total,
            people=tuple(
                Annotator(
                    email=emails.get(user_id),
                    mine=user_id == viewer.user_id,
                    annotations=made,
                    images=images,
                )
                for user_id, made, images in people
            ),
            labels=tuple(dict.fromkeys(map(opened.opened, labels))),
            image=None if place is None else AnnotatedSize(width=place.width, height=place.height),
        )

    async def agreement(self, target: Target, a: str, b: str, least: float) -> AgreementView:
        """How far two people agree, by their addresses. Errors: ``NotFound`` for one that nobody has;
        ``InvalidInput`` for one and the same."""
        (of_a,), (of_b,) = await self._accounts.people([a]), await self._accounts.people([b])
        if of_a == of_b:
            raise InvalidInput("That is one person.", next_step="Name two.")

        labels = Labels(self._secrets, target)

        def read(session: Session) -> AgreementView:
            given: dict[ImagePlace, tuple[Given | None, Given | None]] = {}
            for annotation, image in rows.every(session, target, [of_a, of_b]):
                one, other = given.get(rows.place_of(image), (None, None))
                mine = (one if annotation.user_id == of_a else other) or Given()
                label, box = labels.opened(annotation.label), box_of(annotation)
                if box is None:
                    mine.labels.append(label)
                else:
                    mine.boxes.append((box, label))
                pair = (mine, other) if annotation.user_id == of_a else (one, mine)
                given[rows.place_of(image)] = pair
            return agreement(a, b, least, given)

        return await self._database.run_read(read)

    async def export(
        self,
        target: Target,
        format: AnnotationFormat,
        *,
        author: str | None = None,
        classes: Sequence[str] = (),
    ) -> Iterator[bytes]:
        """A zip of files in a ``format``, of everybody's annotations or one ``author``'s. ``classes``: those
        that the target has already, which keep their numbers. Errors: ``NotFound`` for an address that nobody
        has."""
        authors = None if author is None else await self._accounts.people([author])

        labels = Labels(self._secrets, target)

        def read(session: Session) -> list[ExportedImage]:
            images: dict[str, ExportedImage] = {}
            for annotation, image in rows.every(session, target, authors):
                exported = images.setdefault(image.id, ExportedImage(rows.place_of(image), [], []))
                label, box = labels.opened(annotation.label), box_of(annotation)
                if box is None:
                    exported.labels.append(label)
                else:
                    exported.boxes.append(ExportedBox(box, label))
            return list(images.values())

        images = await self._database.run_read(read)
        return zip_of(files_of(format, images, classes))

    # -- changing ------------------------------------------------------------------------------------

    async def create(
        self, viewer: Viewer, target: Target, place: ImagePlace, new: NewAnnotation
    ) -> AnnotationView:
        """Keep an annotation. The same one sent again, or the same finding, is the one that is there.

        Errors: ``InvalidInput`` for a box that lies outside, and for too many; ``Conflict`` for an id that is
        another's; ``NotFound``.
        """
        new, labels = replace(new, label=checked_label(new.label)), Labels(self._secrets, target)
        written = await self._database.run(writing.create, viewer.user_id, target, place, new, labels)
        return await self._told(viewer, labels, written)

    async def change(
        self, viewer: Viewer, target: Target, annotation_id: str, version: str, label: str, box: Box | None
    ) -> AnnotationView:
        """Errors: ``StaleAnnotation`` with what is there, where that is not at the ``version``; ``Forbidden``
        for another's; ``InvalidInput``; ``NotFound``."""
        label, labels = checked_label(label), Labels(self._secrets, target)
        written = await self._database.run(
            writing.change, viewer.user_id, target, annotation_id, version, box, label, labels
        )
        return await self._told(viewer, labels, written)

    async def delete(self, viewer: Viewer, target: Target, annotation_id: str, version: str) -> None:
        """Errors: as ``change``."""
        written = await self._database.run(writing.delete, viewer.user_id, target, annotation_id, version)
        if written is not None:
            await self._told(viewer, Labels(self._secrets, target), written)

    async def _told(self, viewer: Viewer, labels: Labels, written: Written) -> AnnotationView:
        emails = await self._accounts.emails([viewer.user_id])
        view = _view(viewer, labels, emails, *written.row)
        if written.stale:
            raise StaleAnnotation(view)
        return view


class StaleAnnotation(Exception):
    """The annotation was changed since the caller has loaded it; ``current`` is what it is now."""

    def __init__(self, current: AnnotationView) -> None:
        super().__init__(f"{current.id} is at {current.version}")
        self.current = current


def _view(
    viewer: Viewer, labels: Labels, emails: Mapping[str, str], annotation: Annotation, image: AnnotatedImage
) -> AnnotationView:
    accepted = annotation.finding_id is not None
    return AnnotationView(
        id=annotation.id,
        version=annotation.version,
        split=image.split,
        image=image.number,
        name=image.name,
        kind=cast(AnnotationKind, annotation.kind),
        label=labels.opened(annotation.label),
        box=box_of(annotation),
        author=emails.get(annotation.user_id),
        mine=annotation.user_id == viewer.user_id,
        created_at=annotation.created_at,
        changed_at=annotation.changed_at,
        origin=AnnotationOrigin(
            kind="finding" if accepted else "drawn",
            finding=annotation.finding_id,
            model=annotation.model,
            model_version=annotation.model_version,
            confidence=annotation.confidence,
        ),
    )
