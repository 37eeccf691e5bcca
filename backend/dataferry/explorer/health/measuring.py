"""Every image of a dataset, measured one after the other: read here, decoded in the sandbox."""

from collections.abc import Callable, Iterator
from hashlib import sha256

from dataferry.core.errors import BadImage, Cancelled, DataferryError
from dataferry.explorer.health.scan import ImageScan, Measured
from dataferry.explorer.image_sources import ImageEntry, ImageSource
from dataferry.explorer.sample_views import SampleBox
from dataferry.imaging.sandbox import Sandbox

Report = Callable[[str, int, int], None]
"""Takes a split, and how many of all its images are measured. It may raise ``Cancelled``."""

_MEASURE = "dataferry.imaging.measures:measured"
_PAGE = 100
#: Rows that a kill may lose.
_BATCH = 25


def measure_all(source: ImageSource, sandbox: Sandbox, scan: ImageScan, report: Report) -> None:
    """Measure what is not measured yet. Errors: ``Cancelled``; what a source raises for a whole split."""
    for split in source.splits:
        if split.problem is not None:
            continue
        done = scan.done(split.name)
        report(split.name, done, split.total)
        rows: list[tuple[Measured, tuple[SampleBox, ...]]] = []
        for entry, problem in _entries(source, split.name, done, split.total):
            rows.append((_measured(source, sandbox, split.name, entry, problem), entry.boxes))
            if len(rows) == _BATCH:
                scan.add(rows)
                rows = []
            report(split.name, entry.number + 1, split.total)
        scan.add(rows)


def _entries(
    source: ImageSource, split: str, first: int, total: int
) -> Iterator[tuple[ImageEntry, str | None]]:
    """Each image, or why nothing is known of it: one that cannot be read keeps no other."""
    for offset in range(first, total, _PAGE):
        try:
            for entry in source.entries(split, offset=offset, limit=_PAGE):
                yield entry, None
        except Cancelled:
            raise
        except DataferryError:
            for number in range(offset, min(offset + _PAGE, total)):
                yield _alone(source, split, number)


def _alone(source: ImageSource, split: str, number: int) -> tuple[ImageEntry, str | None]:
    try:
        return source.entries(split, offset=number, limit=1)[0], None
    except Cancelled:
        raise
    except (DataferryError, IndexError) as error:
        return ImageEntry(number=number, name=f"{split}#{number}", label=None), str(error)


def _measured(
    source: ImageSource, sandbox: Sandbox, split: str, entry: ImageEntry, problem: str | None
) -> Measured:
    found = Measured(split, entry.number, entry.name, entry.label)
    try:
        data = source.read(split, entry.number)
    except Cancelled:
        raise
    except FileNotFoundError:
        found.problem, found.missing = "it is not there", 1
        return found
    except (DataferryError, OSError) as error:
        found.problem = problem or _words(error)
        found.missing = int("it is not there" in found.problem)
        return found
    found.size, found.sha256 = len(data), sha256(data).hexdigest()
    if not data:
        found.problem = "It is an empty file."
        return found
    try:
        answer = sandbox.call(_MEASURE, data)
    except BadImage as error:
        found.problem = error.detail
        return found
    for name in ("format", "mode", "width", "height", "frames", "mean", "deviation", "spread"):
        setattr(found, name, answer.value[name])
    found.hash, found.grey = bytes.fromhex(answer.value["hash"]), answer.blob
    return found


def _words(error: Exception) -> str:
    """Without the folders of this machine."""
    text = error.detail if isinstance(error, DataferryError) else (getattr(error, "strerror", "") or "")
    return text.rpartition("cannot be read: ")[2] or "It cannot be read."
