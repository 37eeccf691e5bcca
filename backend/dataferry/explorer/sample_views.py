"""Samples as the API shows them: images with their labels and boxes, or rows of text."""

from dataferry.core.types import View
from dataferry.plugins.contract import SplitName


class SampleBox(View):
    """An object in an image. ``bbox``: left and upper edge, width and height, in pixels of the whole image.
    ``crowd``: a region that holds several objects, or that was not labelled."""

    bbox: tuple[float, float, float, float]
    category_id: int
    category: str
    crowd: bool = False


class Sample(View):
    """One sample. ``index``: its number in the split.

    Of an image ``image`` and ``thumbnail`` are addresses of pictures, ``width`` and ``height`` those of the
    whole image in pixels, where they can be read; ``label`` is the name of its class, None without one. Of a
    text ``row`` has its fields; a long one is cut. ``problem``: why it cannot be shown. Names and texts are
    untrusted.
    """

    index: int
    image: str | None = None
    thumbnail: str | None = None
    width: int | None = None
    height: int | None = None
    label: str | None = None
    boxes: tuple[SampleBox, ...] = ()
    row: dict[str, str] | None = None
    problem: str | None = None


class SampleClass(View):
    """A class, or a category of objects. ``count``: how many samples of the split have it; None where that
    is not known before each is read."""

    name: str
    count: int | None = None


class SampleSplit(View):
    """A split, and how many samples it has. ``problem``: why it cannot be read."""

    name: SplitName
    total: int
    labeled: int
    problem: str | None = None


class SamplePage(View):
    """Samples of a split, or those of a class in it, from ``offset`` on. ``total``: of them in all."""

    task_type: str
    splits: tuple[SampleSplit, ...]
    split: SplitName
    classes: tuple[SampleClass, ...]
    total: int
    offset: int
    samples: tuple[Sample, ...]
