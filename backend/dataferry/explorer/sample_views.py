"""Samples as the API shows them: images with their labels and boxes, or rows of text."""

from dataferry.core.job_types import JobView
from dataferry.core.types import View


class SampleBox(View):
    """An object in an image. ``bbox``: left and upper edge, width and height, in pixels of the whole image.
    ``crowd``: a region that holds several objects, or that was not labelled. ``outlines``: of its parts,
    where they are known, each as ``x, y, x, y, …``."""

    bbox: tuple[float, float, float, float]
    category_id: int
    category: str
    crowd: bool = False
    outlines: tuple[tuple[float, ...], ...] = ()


class Sample(View):
    """One sample. ``index``: its number in the split. ``id``: of its image, as ``/api/images`` has it;
    ``name``: its file.

    Of an image ``image`` and ``thumbnail`` are addresses of pictures, ``width`` and ``height`` those of the
    whole image in pixels, where they can be read; ``mask`` is the address of a transparent picture of its
    masks, to be laid over it; ``label`` is the name of its class, None without one. Of a
    text ``row`` has its fields; a long one is cut. ``problem``: why it cannot be shown. Names and texts are
    untrusted.
    """

    index: int
    id: str | None = None
    name: str | None = None
    image: str | None = None
    thumbnail: str | None = None
    mask: str | None = None
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

    name: str
    total: int
    labeled: int
    problem: str | None = None


class SamplePage(View):
    """Samples of a split, or those of a class in it, from ``offset`` on. ``total``: of them in all.

    ``form``: what the dataset's files are, ``image folder`` or ``COCO``; ``notes``: what was left out of it.
    ``here``: its files are on this machine, else they are shown from its source. ``job``: what brings them,
    where nothing can be shown before.
    """

    task_type: str
    splits: tuple[SampleSplit, ...]
    split: str
    classes: tuple[SampleClass, ...]
    total: int
    offset: int
    samples: tuple[Sample, ...]
    form: str | None = None
    notes: tuple[str, ...] = ()
    here: bool = True
    job: JobView | None = None


class SampleClasses(View):
    """The classes of a split, or the categories of its objects, with how many images have each."""

    split: str
    categories: tuple[SampleClass, ...]
