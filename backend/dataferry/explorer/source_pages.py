"""Samples of an ``ImageSource`` as the API shows them."""

from functools import partial
from pathlib import PurePosixPath

from dataferry.core.errors import DamagedFile, NotFound
from dataferry.explorer.class_tree import class_named
from dataferry.explorer.dataset_images import FoundImages
from dataferry.explorer.image_sources import ImageEntry, ImageSource
from dataferry.explorer.indexed_images import IndexedImages
from dataferry.explorer.sample_addresses import picture_address
from dataferry.explorer.sample_views import Sample, SampleClass, SampleClasses, SamplePage, SampleSplit
from dataferry.imaging.headers import size_of
from dataferry.library.preview_views import ImageSamples

#: Of a plugin's samples, whose files are not listed: so many are looked through for a name.
_SEARCHED, _MOST_SEARCHED = 500, 20_000


def page_of(
    found: FoundImages, name: str, split: str | None, class_name: str | None, offset: int, limit: int
) -> SamplePage:
    """Samples of a split, by default of its first. ``name``: what the request calls the dataset. Blocks.

    Errors: as ``ImageSource``.
    """
    source = found.source
    splits = source.splits
    shown = split or next(
        (one.name for one in splits if one.problem is None), splits[0].name if splits else ""
    )
    indexed = source if isinstance(source, IndexedImages) else None
    return SamplePage(
        task_type="detection" if source.boxed else "classification",
        splits=tuple(
            SampleSplit(name=one.name, total=one.total, labeled=one.labeled, problem=one.problem)
            for one in splits
        ),
        split=shown,
        classes=categories(source, shown),
        total=source.total(shown, class_name),
        offset=offset,
        samples=tuple(
            _sample(entry, found, name, shown)
            for entry in source.entries(shown, class_name=class_name, offset=offset, limit=limit)
        ),
        form=indexed.form if indexed else None,
        notes=tuple(indexed.notes) if indexed else (),
        here=found.here,
    )


def classes_of(found: FoundImages, split: str | None) -> SampleClasses:
    """The classes of a split, by default of its first. Blocks. Errors: as ``ImageSource``."""
    shown = split or next((one.name for one in found.source.splits), "")
    return SampleClasses(split=shown, categories=categories(found.source, shown))


def categories(source: ImageSource, split: str) -> tuple[SampleClass, ...]:
    """The classes of a split with their counts, where these are known."""
    counts = source.counts(split)
    return tuple(
        SampleClass(name=name, count=None if counts is None else counts.get(name, 0))
        for name in source.classes(split)
    )


def preview_page(images: ImageSamples) -> SamplePage:
    """The pictures that a look at the source brings of a dataset that is not here."""
    samples = tuple(
        Sample(
            index=number,
            name=one.path,
            image=one.thumbnail,
            thumbnail=one.thumbnail,
            width=one.width,
            height=one.height,
        )
        for number, one in enumerate(images.images)
    )
    total = len(samples)
    return SamplePage(
        task_type="classification",
        splits=(SampleSplit(name="preview", total=total, labeled=0),),
        split="preview",
        classes=(),
        total=total,
        offset=0,
        samples=samples,
        notes=images.notes,
        here=False,
    )


def sized_entry(found: FoundImages, split: str, number: int) -> tuple[ImageEntry, tuple[int, int]]:
    """An image, and the width and height in which its boxes count, upright. Blocks. Errors: ``NotFound``;
    ``DamagedFile`` where no size can be read; as ``ImageSource``."""
    entries = found.source.entries(split, offset=number, limit=1)
    if not entries or entries[0].number != number:
        raise NotFound(f"{found.title} has no image {number} in {split[:80]!r}.")
    size = entries[0].size or size_of(found.source.read(split, number))
    if size is None:
        raise DamagedFile(
            f"The size of image {number} of {split} cannot be read.", next_step="Look at the others."
        )
    return entries[0], size


def image_id(split: str, number: int) -> str:
    """What ``/api/images`` calls an image: ``train-12``."""
    return f"{split}-{number}"


def read_image_id(text: str) -> tuple[str, int] | None:
    """The split and number of an image; None where it is no such name."""
    split, dash, number = text.rpartition("-")
    return (split, int(number)) if dash and split and number.isascii() and number.isdecimal() else None


def place_of(found: FoundImages, text: str, class_id: str | None) -> tuple[str, int]:
    """The split and number of an image: by ``train-12``, or by the name of its file, with or without its
    suffix. Blocks. Errors: ``NotFound``; as ``ImageSource``."""
    source = found.source
    names = [split.name for split in source.splits]
    named = read_image_id(text)
    if class_id is None and named is not None and named[0] in names:
        return named
    for split in names:
        class_name = None if class_id is None else class_named(source.classes(split), class_id)
        number = _number_of(source, split, text, class_name)
        if number is not None:
            return split, number
    raise NotFound(
        f"{found.title} has no image {text[:80]!r}.", next_step="Its list of samples has their ids."
    )


def _number_of(source: ImageSource, split: str, name: str, class_name: str | None) -> int | None:
    if isinstance(source, IndexedImages):
        return source.number_of(split, name, class_name)
    offset = 0
    while entries := source.entries(split, class_name=class_name, offset=offset, limit=_SEARCHED):
        for entry in entries:
            path = PurePosixPath(entry.name)
            if name in (path.name, path.stem):
                return entry.number
        offset += len(entries)
        if offset >= _MOST_SEARCHED:
            break
    return None


def _sample(entry: ImageEntry, found: FoundImages, name: str, split: str) -> Sample:
    address = partial(picture_address, found, name, split, entry.number)
    width, height = entry.size or (None, None)
    return Sample(
        index=entry.number,
        id=image_id(split, entry.number),
        name=entry.name,
        image=address("image"),
        thumbnail=address("thumbnail"),
        mask=address("mask") if entry.masked else None,
        width=width,
        height=height,
        label=entry.label,
        boxes=entry.boxes,
    )
