"""Which pictures of a dataset are shown as samples of it, and how they are told."""

import base64
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain, zip_longest
from pathlib import PurePosixPath

from dataferry.core.sizes import readable_bytes
from dataferry.library.preview import NotATable, Thumbnail
from dataferry.library.preview.thumbnails import SUFFIXES
from dataferry.library.preview_views import ImageSample

#: A larger picture is not fetched for a thumbnail.
MAX_FETCHED_BYTES = 4 << 20
#: Of the reasons why some are not shown, the most frequent.
_MOST_NOTES = 4


def is_image(path: str) -> bool:
    """Whether a file is a picture by its name."""
    name = PurePosixPath(path).name.lower()
    # ``._cat.jpg`` is what macOS writes beside ``cat.jpg``.
    return name.endswith(SUFFIXES) and not name.startswith(".")


def chosen_images(files: Sequence[tuple[str, int | None]], limit: int) -> list[str]:
    """Paths of ``limit`` pictures among files with their sizes: one of each folder, then a second of each."""
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for path, size in files:
        if is_image(path) and size != 0 and (size or 0) <= MAX_FETCHED_BYTES:
            folders[str(PurePosixPath(path).parent)].append(path)
    rounds = zip_longest(*(sorted(folders[name]) for name in sorted(folders)))
    return [path for path in chain.from_iterable(rounds) if path is not None][:limit]


def samples_of(
    found: Sequence[tuple[str, Thumbnail | NotATable]],
) -> tuple[tuple[ImageSample, ...], tuple[str, ...]]:
    """The samples, and what is said of those that cannot be shown. ``found``: paths with what was made."""
    samples = tuple(
        ImageSample(
            path=path,
            width=made.width,
            height=made.height,
            thumbnail=f"data:image/webp;base64,{base64.b64encode(made.webp).decode()}",
        )
        for path, made in found
        if isinstance(made, Thumbnail)
    )
    failed = Counter(str(made) for _, made in found if isinstance(made, NotATable))
    return samples, tuple(_about_failed(reason, count) for reason, count in failed.most_common(_MOST_NOTES))


def _about_failed(reason: str, count: int) -> str:
    return f"{'One picture is' if count == 1 else f'{count} pictures are'} not shown: {reason}"


def why_none(files: Sequence[tuple[str, int | None]]) -> str:
    """Why none of the pictures among these files is fetched."""
    if all(size == 0 for path, size in files if is_image(path)):
        return "Its pictures are empty files."
    return f"Its pictures are larger than {readable_bytes(MAX_FETCHED_BYTES)}, so none was fetched."
