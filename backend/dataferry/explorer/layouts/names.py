"""What the names of folders and files say: splits, classes, an order that people expect."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

#: Names of folders that are splits, whatever their case.
_SPLITS = frozenset(
    [
        "train",
        "training",
        "trainset",
        "train_set",
        "val",
        "valid",
        "validation",
        "validate",
        "dev",
        "eval",
        "test",
        "testing",
        "testset",
        "test_set",
        "unlabeled",
        "extra",
    ]
)
#: Folders that say nothing of a class.
_PLAIN = frozenset(
    [
        "images",
        "image",
        "imgs",
        "img",
        "pictures",
        "photos",
        "data",
        "dataset",
        "jpegimages",
        "jpg",
        "png",
        "rgb",
    ]
)
#: Folders of pictures whose pixels are classes; the later ones where the earlier are not there.
_MASKS = (
    *("segmentationclass", "segmentationclassaug", "segmentationclassraw", "masks", "mask"),
    *("annotations", "labels", "segmentationobject"),
)
_SPLIT_WORD = re.compile(
    r"(?<![a-z])(train(?:ing)?|val(?:id(?:ation)?)?|dev|test(?:ing)?)(?:20\d\d)?(?![a-z])", re.IGNORECASE
)
_NUMBER = re.compile(r"(\d+)")
_STRAY = ("__macosx", "@eadir", "$recycle.bin")
SUFFIXES = frozenset(
    (
        ".avif",
        ".bmp",
        ".gif",
        ".jfif",
        ".jp2",
        ".jpe",
        ".jpeg",
        ".jpg",
        ".pgm",
        ".png",
        ".ppm",
        ".tif",
        ".tiff",
    )
) | {".webp"}
#: In place of a split's name where nothing tells one.
WHOLE = "all"
#: The first splits to show.
_FIRST = ("train", "all", "val", "dev", "test")


def is_image(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in SUFFIXES


def is_meant(path: str) -> bool:
    """Whether the file is one of the dataset's: neither hidden nor left there by some program."""
    return not any(part.startswith(".") or part.lower() in _STRAY for part in path.split("/"))


def in_order(paths: Iterable[str]) -> list[str]:
    """``a2`` before ``a10``."""
    return sorted(paths, key=natural)


def masks_of(paths: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """The masks of each picture that has some, the one to show first: ``masks/train/1.png`` of
    ``images/train/1.jpg``, which differ in that folder and the suffix alone."""
    pictures = [path for path in paths if is_image(path)]
    masks: dict[tuple[str, ...], list[str]] = {}
    for path in pictures:
        for number, folder in enumerate(path.split("/")[:-1]):
            if folder.lower() in _MASKS:
                masks.setdefault(_without_folder(path, number), []).append(path)
    found: dict[str, Sequence[str]] = {}
    for path in pictures if masks else ():
        for number, folder in enumerate(path.split("/")[:-1]):
            known = masks.get(_without_folder(path, number)) if folder.lower() in _PLAIN else None
            if known:
                found[path] = sorted(known, key=_mask_order)
    return found


def _without_folder(path: str, number: int) -> tuple[str, ...]:
    folders = path.split("/")[:-1]
    return (str(number), *folders[:number], *folders[number + 1 :], stem(path))


def _mask_order(path: str) -> int:
    return min(_MASKS.index(folder) for folder in path.lower().split("/") if folder in _MASKS)


def natural(path: str) -> tuple[tuple[bool, int, str], ...]:
    return tuple(
        (part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in _NUMBER.split(path) if part
    )


def split_order(name: str) -> tuple[int, str]:
    """Training first, test last, others between by name."""
    lower = name.lower()
    place = next((number for number, start in enumerate(_FIRST) if lower.startswith(start)), 1)
    return place, name


def split_of(path: str) -> str:
    """The split that a folder of the path names, or the name of the file; ``all`` where none does."""
    *folders, name = path.split("/")
    for folder in folders:
        if folder.lower() in _SPLITS:
            return folder
    for part in (*folders, name):
        found = _SPLIT_WORD.search(part)
        if found is not None:
            return found[1].lower()
    return WHOLE


def folder_split(folders: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The split among the folders of an image, and the folders that are left to name its class."""
    for number, folder in enumerate(folders):
        if folder.lower() in _SPLITS:
            return folder, (*folders[:number], *folders[number + 1 :])
    return WHOLE, folders


def class_of(folders: Sequence[str]) -> str | None:
    """The class that folders name, the first that says something; None where none does."""
    return next((folder for folder in folders if folder.lower() not in _PLAIN), None)


def common_start(folders: Iterable[Sequence[str]]) -> int:
    """How many folders all paths begin with together."""
    first: Sequence[str] | None = None
    for some in folders:
        if first is None:
            first = some
        else:
            same = 0
            while same < min(len(first), len(some)) and first[same] == some[same]:
                same += 1
            first = first[:same]
    return len(first or ())


def stem(path: str) -> str:
    """The name without folder and suffix: ``000012`` of ``a/000012.png``."""
    return PurePosixPath(path).stem
