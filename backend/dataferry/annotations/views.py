"""What the service of annotations takes and returns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import Field

from dataferry.core.types import View

AnnotationKind = Literal["box", "label"]
AnnotationFormat = Literal["coco", "yolo", "kitti"]
Box = tuple[float, float, float, float]
"""Left and upper edge, width and height, in pixels of the upright image."""

#: Characters of a label.
MAX_LABEL = 200


@dataclass(frozen=True, slots=True)
class Target:
    """What is annotated: one revision of a dataset, or an upload. Whoever makes one has looked at the
    viewer's right to it. ``name``: after which an export is called."""

    dataset_id: str | None = None
    upload_id: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """An image of a target; of an upload a frame. ``width`` and ``height``: in pixels, upright."""

    split: str
    name: str
    number: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What a model has found, by its id in the analysis."""

    id: str
    model: str
    model_version: str
    confidence: float | None


@dataclass(frozen=True, slots=True)
class NewAnnotation:
    """``id``: chosen by whoever draws it, so that what is sent twice is kept once."""

    id: str
    kind: AnnotationKind
    label: str
    box: Box | None
    finding: Finding | None = None


class AnnotationOrigin(View):
    """``drawn`` by its author, or a ``finding`` of a model that its author has accepted, and may have changed
    since."""

    kind: Literal["drawn", "finding"]
    finding: str | None = None
    model: str | None = None
    model_version: str | None = None
    confidence: float | None = None


class AnnotationView(View):
    """A box, or a label of the whole image. ``author``: an address, None where the account is gone."""

    id: str
    version: str
    split: str
    image: int
    name: str
    kind: AnnotationKind
    label: str
    box: Box | None
    author: str | None
    mine: bool
    created_at: datetime
    changed_at: datetime
    origin: AnnotationOrigin


class Annotator(View):
    """Somebody who has annotated images of a dataset, and how many."""

    email: str | None
    mine: bool
    annotations: int
    images: int


class AnnotatedSize(View):
    """The size in which boxes of an image count, in pixels, upright."""

    width: int
    height: int


class AnnotationPage(View):
    """Annotations by image, then by time. ``people``: who has annotated the whole target. ``labels``: those
    in use. ``image``: of the one that was asked for."""

    annotations: tuple[AnnotationView, ...]
    total: int
    people: tuple[Annotator, ...]
    labels: tuple[str, ...]
    image: AnnotatedSize | None = None


class LabelAgreement(View):
    """How far two people gave the same labels. ``kappa``: Cohen's, None where it is not defined, which
    ``undefined`` then explains."""

    compared: int
    same: int
    kappa: float | None = Field(ge=-1, le=1)
    undefined: str | None = None


class ImageAgreement(View):
    """Boxes of one image."""

    split: str
    image: int
    name: str
    matched: int
    only_a: int
    only_b: int


class AgreementView(View):
    """How far two people agree on the images that both have annotated.

    Boxes are matched one to one, those that overlap most first, whatever their labels; below ``iou`` they are
    no match. ``box_labels``: of matched boxes. ``image_labels``: of images to which each gave exactly one.
    ``images``: those where they differ most, first.
    """

    a: str
    b: str
    iou: float
    images_both: int
    images_only_a: int
    images_only_b: int
    matched: int
    only_a: int
    only_b: int
    mean_iou: float | None
    box_labels: LabelAgreement
    image_labels: LabelAgreement
    images: tuple[ImageAgreement, ...]
