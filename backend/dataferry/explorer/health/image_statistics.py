"""Images in figures, in the form that the columns of tables have."""

import json
from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from dataferry.explorer.health.image_findings import mode_words
from dataferry.explorer.health.scan import ImageScan
from dataferry.explorer.health.views import ChannelStatistics, StatisticsGroup
from dataferry.explorer.statistics_views import Bar, Bin, ColumnStatistics

Array = npt.NDArray[np.float64]

BINS = 20
_TOP = 20
#: Of a split; the others are counted in the column of classes.
_MOST_CLASSES = 2_000
_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def image_groups(scan: ImageScan) -> Iterator[StatisticsGroup]:
    """Of each split its images, then its boxes."""
    for (split,) in scan.query("SELECT DISTINCT split FROM images ORDER BY split"):
        yield _of_images(scan, split)
        if scan.query("SELECT 1 FROM boxes WHERE split = ? LIMIT 1", (split,)):
            yield _of_boxes(scan, split)


def _of_images(scan: ImageScan, split: str) -> StatisticsGroup:
    total, unread = scan.query("SELECT count(*), count(problem) FROM images WHERE split = ?", (split,))[0]
    sizes = _array(scan, "width, height FROM images WHERE width IS NOT NULL AND split = ?", split, 2)
    files = _array(scan, "size FROM images WHERE size > 0 AND split = ?", split, 1)
    modes = Counter[str]()
    for mode, count in _counted(scan, "mode", split).items():
        modes[mode_words(mode)] += count
    columns = [
        _numbers("Width", "pixels", sizes[:, 0], whole=True),
        _numbers("Height", "pixels", sizes[:, 1], whole=True),
        _numbers("Width / height", "ratio", sizes[:, 0] / sizes[:, 1]),
        _numbers("File size", "bytes", files[:, 0], whole=True),
        _words("Format", _counted(scan, "format", split)),
        _words("Channels", modes),
    ]
    return StatisticsGroup(
        name=split,
        of="images",
        total=total,
        columns=tuple(columns),
        classes=_bars(_counted(scan, "label", split), _MOST_CLASSES),
        channels=tuple(_channels(scan, split)),
        unreadable=unread,
    )


def _array(scan: ImageScan, query: str, split: str, width: int) -> Array:
    return np.array(scan.query(f"SELECT {query}", (split,)), np.float64).reshape(-1, width)


def _counted(scan: ImageScan, column: str, split: str) -> Counter[str]:
    query = f"SELECT {column}, count(*) FROM images WHERE {column} IS NOT NULL AND split = ? GROUP BY 1"  # noqa: S608 - our own
    return Counter(dict(scan.query(query, (split,))))


def _channels(scan: ImageScan, split: str) -> Iterator[ChannelStatistics]:
    """The mean over all images, and the deviation of all their pixels, each image counting the same."""
    query = "SELECT mean, deviation FROM images WHERE width IS NOT NULL AND split = ?"
    rows = [(json.loads(mean), json.loads(deviation)) for mean, deviation in scan.query(query, (split,))]
    for names in (("grey",), ("red", "green", "blue")):
        some = np.array([row for row in rows if len(row[0]) == len(names)]).reshape(-1, 2, len(names))
        if not len(some):
            continue
        whole = some[:, 0].mean(0)
        squares = (some[:, 1] ** 2 + some[:, 0] ** 2).mean(0)
        deviation = np.sqrt(np.maximum(squares - whole**2, 0))
        for place, name in enumerate(names):
            yield ChannelStatistics(
                name=name,
                mean=round(float(whole[place]), 2),
                deviation=round(float(deviation[place]), 2),
                sampled=len(some),
            )


def _of_boxes(scan: ImageScan, split: str) -> StatisticsGroup:
    sized = (
        "x, y, w, h, width, height FROM boxes JOIN images USING (split, number)"
        " WHERE width IS NOT NULL AND split = ?"
    )
    x, y, w, h, width, height = _array(scan, sized, split, 6).T
    of_each = _array(
        scan,
        "(SELECT count(*) FROM boxes b WHERE b.split = i.split AND b.number = i.number)"
        " FROM images i WHERE split = ?",
        split,
        1,
    )
    shares = {
        "Width": w / width,
        "Height": h / height,
        "Centre from the left": (x + w / 2) / width,
        "Centre from the top": (y + h / 2) / height,
        "Area": w * h / (width * height),
    }
    counts = Counter(
        dict(scan.query("SELECT category, count(*) FROM boxes WHERE split = ? GROUP BY 1", (split,)))
    )
    return StatisticsGroup(
        name=split,
        of="boxes",
        total=counts.total(),
        columns=(
            _numbers("Boxes of an image", "count", of_each[:, 0], whole=True),
            *(_numbers(name, "part of the image", values) for name, values in shares.items()),
        ),
        classes=_bars(counts, _MOST_CLASSES),
    )


def _numbers(name: str, unit: str, found: Array, *, whole: bool = False) -> ColumnStatistics:
    base = ColumnStatistics(
        name=name, dtype=unit, kind="integer" if whole else "number", rows=len(found), nulls=0
    )
    if not len(found):
        return base
    distinct = len(np.unique(found))
    return base.model_copy(
        update={
            "distinct": distinct,
            "distinct_exact": True,
            "min": _text(np.min(found)),
            "max": _text(np.max(found)),
            "mean": float(found.mean()),
            "std": float(found.std()),
            "quantiles": {
                f"{level:g}": float(one)
                for level, one in zip(_LEVELS, np.quantile(found, _LEVELS), strict=True)
            },
            "histogram": _histogram(found, whole=whole),
        }
    )


def _histogram(values: Array, *, whole: bool) -> tuple[Bin, ...]:
    least, most = float(np.min(values)), float(np.max(values))
    if whole and most - least < BINS:
        edges = np.arange(least, most + 2)
    else:
        edges = np.linspace(least, most, (BINS if most > least else 1) + 1)
    counts, edges = np.histogram(values, edges)
    return tuple(
        Bin(start=_text(start), end=_text(end), count=int(count))
        for start, end, count in zip(edges[:-1], edges[1:], counts, strict=True)
    )


def _text(number: float) -> str:
    return f"{number:.15g}" if float(number).is_integer() else f"{number:.6g}"


def _words(name: str, counts: Counter[str]) -> ColumnStatistics:
    return ColumnStatistics(
        name=name,
        dtype="words",
        kind="text",
        rows=counts.total(),
        nulls=0,
        distinct=len(counts),
        distinct_exact=True,
        top=_bars(counts, _TOP),
    )


def _bars(counts: Counter[str], most: int) -> tuple[Bar, ...]:
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return tuple(Bar(value=value, count=count) for value, count in ordered[:most])
