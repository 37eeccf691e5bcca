"""How far two people agree: boxes matched by how much they overlap, and Cohen's kappa of labels."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dataferry.annotations.views import AgreementView, Box, ImageAgreement, ImagePlace, LabelAgreement

#: Images that are told one by one.
_MOST_IMAGES = 100


@dataclass(frozen=True, slots=True)
class Given:
    """What one person gave to one image."""

    boxes: list[tuple[Box, str]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Match:
    """Two boxes, by their places, and their intersection over union."""

    a: int
    b: int
    iou: float


def iou_of(one: Box, other: Box) -> float:
    """The intersection of two boxes over their union, 0 to 1."""
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right = min(one[0] + one[2], other[0] + other[2])
    bottom = min(one[1] + one[3], other[1] + other[3])
    shared = max(0.0, right - left) * max(0.0, bottom - top)
    union = one[2] * one[3] + other[2] * other[3] - shared
    return shared / union if union > 0 else 0.0


def matches(a: Sequence[Box], b: Sequence[Box], least: float) -> list[Match]:
    """Pairs that overlap by at least ``least``, each box in one at most, those that overlap most first."""
    pairs = [
        Match(i, j, overlap)
        for i, one in enumerate(a)
        for j, other in enumerate(b)
        if (overlap := iou_of(one, other)) >= least
    ]
    taken_a: set[int] = set()
    taken_b: set[int] = set()
    found = []
    for pair in sorted(pairs, key=lambda one: (-one.iou, one.a, one.b)):
        if pair.a not in taken_a and pair.b not in taken_b:
            taken_a.add(pair.a)
            taken_b.add(pair.b)
            found.append(pair)
    return found


def label_agreement(pairs: Sequence[tuple[str, str]]) -> LabelAgreement:
    """Of pairs of labels, the first one person's and the second the other's."""
    compared = len(pairs)
    same = sum(a == b for a, b in pairs)
    if not compared:
        why = "There is nothing that both have labelled."
        return LabelAgreement(compared=0, same=0, kappa=None, undefined=why)
    of_a, of_b = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    # Whole numbers: at an expectation of exactly 1 the quotient is not defined.
    by_chance = sum(of_a[label] * of_b[label] for label in of_a)
    if by_chance == compared**2:
        why = "Both gave one and the same label throughout: chance alone would agree as well."
        return LabelAgreement(compared=compared, same=same, kappa=None, undefined=why)
    kappa = (same * compared - by_chance) / (compared**2 - by_chance)
    return LabelAgreement(compared=compared, same=same, kappa=round(kappa, 6))


def agreement(
    a: str, b: str, least: float, given: Mapping[ImagePlace, tuple[Given | None, Given | None]]
) -> AgreementView:
    """``given``: what the two gave to each image; None where one of them gave nothing."""
    both = {place: (one, other) for place, (one, other) in given.items() if one and other}
    overlaps: list[float] = []
    box_pairs: list[tuple[str, str]] = []
    label_pairs: list[tuple[str, str]] = []
    images = []
    for place, (one, other) in both.items():
        found = matches([box for box, _ in one.boxes], [box for box, _ in other.boxes], least)
        overlaps += [match.iou for match in found]
        box_pairs += [(one.boxes[match.a][1], other.boxes[match.b][1]) for match in found]
        if len(one.labels) == len(other.labels) == 1:
            label_pairs.append((one.labels[0], other.labels[0]))
        images.append(
            ImageAgreement(
                split=place.split,
                image=place.number,
                name=place.name,
                matched=len(found),
                only_a=len(one.boxes) - len(found),
                only_b=len(other.boxes) - len(found),
            )
        )
    images.sort(key=lambda image: (-(image.only_a + image.only_b), image.split, image.image))
    return AgreementView(
        a=a,
        b=b,
        iou=least,
        images_both=len(both),
        images_only_a=sum(other is None for _, other in given.values()),
        images_only_b=sum(one is None for one, _ in given.values()),
        matched=len(overlaps),
        only_a=sum(image.only_a for image in images),
        only_b=sum(image.only_b for image in images),
        mean_iou=round(sum(overlaps) / len(overlaps), 6) if overlaps else None,
        box_labels=label_agreement(box_pairs),
        image_labels=label_agreement(label_pairs),
        images=tuple(images[:_MOST_IMAGES]),
    )
