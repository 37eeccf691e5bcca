"""What is wrong with the images of a dataset, found in what was measured of them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dataferry.explorer.health.findings import FindingWriter
from dataferry.explorer.health.near import LEAST_SPREAD, near_groups
from dataferry.explorer.health.scan import ImageScan, Measured
from dataferry.explorer.health.views import FindingGroup, Member

Check = Callable[[], None]
#: Two greys that differ by less are one colour.
_BLANK_SPREAD = 2
#: A size is odd where so few images differ so much from the middle one.
_ODD_SHARE, _ODD_TIMES = 0.05, 4.0
#: A class is small where the largest has so many times its images.
_IMBALANCE = 10
#: A box may reach so many pixels beyond its image: annotations are rounded.
_ROUNDED_PX = 1.0

CHECKED = (
    "copies: files of the same bytes (SHA-256)",
    "near copies: upright pictures whose fingerprints differ in at most 7 of 128 bits and whose 16 × 16 greys"
    " correlate by 0.98 or more",
    "pictures that are in two splits",
    "pictures with two different labels",
    "files that cannot be read, and labels whose file is not there",
    "pictures of one colour",
    "sizes 4 times larger or smaller than the middle one, where at most 5 % have such",
    "channels, or bits for a value, that at most 5 % have",
    "animations",
    "classes with less than a tenth of the largest one's images",
)
CHECKED_BOXES = ("boxes that reach out of their picture by more than a pixel", "boxes without an area")


def find_in_images(scan: ImageScan, writer: FindingWriter, check: Check) -> list[str]:
    """Write what is found; returns what could not be looked for. ``check`` may raise between steps."""
    unchecked: list[str] = []
    exact = _exact(scan)
    writer.add(
        "exact_duplicates",
        "{total} pictures are there more than once, as {members} files of the same bytes.",
        _as_groups(scan, exact),
    )
    check()
    near = _near(scan, check, unchecked)
    writer.add(
        "near_duplicates",
        "{total} groups of {members} pictures look alike, though their bytes differ.",
        _as_groups(scan, near),
    )
    _write_across(scan, writer, [*exact, *near])
    check()
    _write_alone(scan, writer)
    _write_classes(scan, writer)
    _write_boxes(scan, writer)
    return unchecked


# -- copies ------------------------------------------------------------------------------------------


def _exact(scan: ImageScan) -> list[list[tuple[str, int]]]:
    """Places of pictures of the same bytes."""
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    query = (
        "SELECT sha256, split, number FROM images WHERE size > 0 AND sha256 IN"
        " (SELECT sha256 FROM images WHERE sha256 IS NOT NULL GROUP BY sha256 HAVING count(*) > 1)"
        " ORDER BY split, number"
    )
    for sha256, split, number in scan.query(query):
        found[sha256].append((split, number))
    return list(found.values())


def _near(scan: ImageScan, check: Check, unchecked: list[str]) -> list[list[tuple[str, int]]]:
    """Places of pictures that look alike, one for each content. A picture with nothing in it looks like every
    other such one, and is not compared."""
    rows = scan.query(
        "SELECT min(rowid), hash FROM images WHERE hash IS NOT NULL AND spread >= ? GROUP BY sha256",
        (LEAST_SPREAD,),
    )
    if len(rows) < 2:
        return []
    ids = [row[0] for row in rows]
    hashes = np.frombuffer(b"".join(row[1] for row in rows), np.uint8).reshape(-1, 16)

    def greys_of(places: Sequence[int]) -> npt.NDArray[np.uint8]:
        return _greys(scan, [ids[place] for place in places])

    found = near_groups(hashes, greys_of, check=check)
    if found.crowded:
        unchecked.append(
            f"{found.crowded:,} pictures share much with very many others (a border, a background): they were"
            " compared with those that are most like them only, so near copies among them may be missed."
        )
    return [_places(scan, [ids[place] for place in group]) for group in found.groups]


def _greys(scan: ImageScan, ids: Sequence[int]) -> npt.NDArray[np.uint8]:
    known: dict[int, bytes] = {}
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        marks = ", ".join("?" * len(some))
        known |= dict(scan.query(f"SELECT rowid, grey FROM images WHERE rowid IN ({marks})", some))  # noqa: S608
    return np.frombuffer(b"".join(known[one] for one in ids), np.uint8).reshape(len(ids), -1)


def _places(scan: ImageScan, ids: Sequence[int]) -> list[tuple[str, int]]:
    query = "SELECT split, number FROM images WHERE rowid = ?"
    return [(split, number) for one in ids for split, number in scan.query(query, (one,))]


def _as_groups(scan: ImageScan, groups: Iterable[Sequence[tuple[str, int]]]) -> Iterator[FindingGroup]:
    for places in groups:
        yield FindingGroup(members=tuple(_member(scan.one(*place)) for place in places))


def _write_across(
    scan: ImageScan, writer: FindingWriter, groups: Sequence[Sequence[tuple[str, int]]]
) -> None:
    """Copies, near ones too, that are in two splits or have two labels."""
    splits = [places for places in groups if len({split for split, _ in places}) > 1]
    writer.add(
        "split_leaks",
        "{total} pictures are in more than one split: what is trained with is tested with too.",
        _as_groups(scan, splits),
    )
    conflicting = []
    for places in groups:
        labels = {scan.one(*place).label for place in places} - {None}
        if len(labels) > 1:
            conflicting.append(places)
    writer.add("conflicting_labels", "{total} pictures have different labels.", _as_groups(scan, conflicting))


# -- one by one --------------------------------------------------------------------------------------


def _write_alone(scan: ImageScan, writer: FindingWriter) -> None:
    def those(where: str, note: Callable[[Measured], str | None]) -> Iterator[FindingGroup]:
        query = f"SELECT split, number FROM images WHERE {where} ORDER BY split, number"  # noqa: S608 - our own
        for place in scan.query(query):
            one = scan.one(*place)
            yield FindingGroup(members=(_member(one, note(one)),))

    unread = those("problem IS NOT NULL AND missing = 0", lambda one: one.problem)
    writer.add("unreadable", "{total} images cannot be read.", unread)
    gone = those("missing = 1", lambda one: one.problem)
    writer.add("labels_without_files", "{total} labels name an image that is not there.", gone)
    blank = those(f"spread <= {_BLANK_SPREAD}", lambda one: f"one colour: {_colour(one)}")
    writer.add("blank", "{total} pictures have one colour all over.", blank)
    animated = those("frames > 1", lambda one: f"{one.frames} frames, of which the first was measured")
    writer.add("animated", "{total} images have several frames.", animated)
    _write_odd_sizes(scan, writer)
    _write_odd_channels(scan, writer)


def _colour(one: Measured) -> str:
    levels = ", ".join(f"{level:.0f}" for level in one.mean)
    return f"{'grey' if len(one.mean) == 1 else 'red, green, blue'} {levels} of 255"


def _write_odd_sizes(scan: ImageScan, writer: FindingWriter) -> None:
    sizes = scan.query("SELECT rowid, width, height FROM images WHERE width IS NOT NULL")
    if not sizes:
        return
    sides = np.array([row[1:] for row in sizes], np.float64)
    middle = np.median(sides, 0)
    times = np.maximum(sides / middle, middle / np.maximum(sides, 1)).max(1)
    odd = np.flatnonzero(times > _ODD_TIMES)
    if 0 < len(odd) <= max(1, _ODD_SHARE * len(sizes)):
        usual = f"{middle[0]:.0f} × {middle[1]:.0f}"
        groups = (
            FindingGroup(members=(_member(one, f"{one.width} × {one.height} pixels"),))
            for place in odd.tolist()
            for one in [scan.one(*_places(scan, [sizes[place][0]])[0])]
        )
        writer.add("odd_sizes", f"{{total}} images are far from the middle size, {usual} pixels.", groups)


def _write_odd_channels(scan: ImageScan, writer: FindingWriter) -> None:
    counts = dict(scan.query("SELECT mode, count(*) FROM images WHERE mode IS NOT NULL GROUP BY mode"))
    total = sum(counts.values())
    rare = [mode for mode, count in counts.items() if len(counts) > 1 and count <= max(1, _ODD_SHARE * total)]
    usual = max(counts, key=lambda mode: counts[mode], default="")
    rare = [mode for mode in rare if mode != usual]
    if rare:
        marks = ", ".join("?" * len(rare))
        places = scan.query(f"SELECT split, number FROM images WHERE mode IN ({marks})", rare)  # noqa: S608
        groups = (
            FindingGroup(members=(_member(one, mode_words(one.mode)),))
            for place in places
            for one in [scan.one(*place)]
        )
        writer.add(
            "odd_channels", f"{{total}} images have other channels than most, {mode_words(usual)}.", groups
        )


_MODES = {
    "1": "black and white",
    "L": "grey, 8 bits",
    "LA": "grey with transparency",
    "P": "a palette of colours",
    "RGB": "red, green, blue",
    "RGBA": "red, green, blue with transparency",
    "CMYK": "the four colours of print",
    "F": "grey, floating point",
    "I": "grey, 32 bits",
}


def mode_words(mode: str | None) -> str:
    """What Pillow calls the form of pixels, in a person's words."""
    if mode is None:
        return "unknown"
    return "grey, 16 bits" if mode.startswith("I;16") else _MODES.get(mode, mode)


# -- classes and boxes -------------------------------------------------------------------------------


def _write_classes(scan: ImageScan, writer: FindingWriter) -> None:
    """Of each split: classes that are rare in it."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    query = "SELECT split, label, count(*) FROM images WHERE label IS NOT NULL GROUP BY split, label"
    for split, label, count in scan.query(query):
        counts[split][label] = count
    groups = [group for split, of in counts.items() for group in _small_classes(split, of)]
    says = "{total} classes have less than a tenth of the images of the largest one of their split."
    writer.add("class_imbalance", says, groups)


def _small_classes(split: str, counts: Mapping[str, int]) -> Iterator[FindingGroup]:
    largest = max(counts, key=lambda name: counts[name])
    for name, count in sorted(counts.items(), key=lambda one: (one[1], one[0])):
        if count * _IMBALANCE < counts[largest]:
            note = f"{count:,} of {sum(counts.values()):,}; {largest} has {counts[largest]:,}"
            yield FindingGroup(members=(Member(name=name, split=split, label=name, note=note),))


def _write_boxes(scan: ImageScan, writer: FindingWriter) -> None:
    def judged(wrong: Callable[[Sequence[float], int, int], bool]) -> Iterator[FindingGroup]:
        for box in scan.boxes():
            if box.width is not None and box.height is not None:
                x, y, w, h = box.bbox
                if wrong(box.bbox, box.width, box.height):
                    note = f"{box.category}: {w:g} × {h:g} at {x:g}, {y:g} in {box.width} × {box.height}"
                    member = Member(
                        name=box.name, split=box.split, number=box.number, label=box.category, note=note
                    )
                    yield FindingGroup(members=(member,))

    writer.add("boxes_outside", "{total} boxes reach out of their picture.", judged(_is_outside))
    empty = judged(lambda bbox, _width, _height: min(bbox[2:]) <= 0)
    writer.add("boxes_empty", "{total} boxes have no area.", empty)


def _is_outside(bbox: Sequence[float], width: int, height: int) -> bool:
    x, y, w, h = bbox
    return min(x, y) < -_ROUNDED_PX or x + w > width + _ROUNDED_PX or y + h > height + _ROUNDED_PX


def _member(one: Measured, note: str | None = None) -> Member:
    return Member(name=one.name, split=one.split, number=one.number, label=one.label, note=note)
