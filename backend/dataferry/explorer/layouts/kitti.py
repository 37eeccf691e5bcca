"""KITTI's object benchmark: pictures and text files of the same stem, in folders named by sensor.

::

    training/image_2/000012.png   training/label_2/000012.txt   testing/image_2/…
    <type> <truncated> <occluded> <alpha> <left> <top> <right> <bottom> …
"""

from collections.abc import Iterator

from dataferry.explorer.layouts.contract import FileSet, FoundBox, FoundImage, Layout
from dataferry.explorer.layouts.names import is_image, stem

_NOT_JUDGED = "DontCare"


def kitti_object(files: FileSet) -> Layout | None:
    """An image whose text file is not there has no boxes: never those of the one beside it."""
    labels = {
        _frame(path): path
        for path in files.paths
        if path.endswith(".txt") and path.split("/")[-2:-1] == ["label_2"]
    }
    pictures = [path for path in files.paths if is_image(path) and path.split("/")[-2:-1] == ["image_2"]]
    if not labels or not pictures:
        return None

    def images() -> Iterator[FoundImage]:
        read = dict(files.read(list(labels.values()), 1 << 20))
        for path in pictures:
            above, _ = _frame(path)
            boxes = tuple(_objects(read.get(labels.get(_frame(path), ""), b"")))
            split = above.rsplit("/", 1)[-1] or "training"
            yield FoundImage(split, path, files.place(path), boxes=boxes)

    return Layout("KITTI", True, images())


def _frame(path: str) -> tuple[str, str]:
    """The folder above that of the sensor, and the stem."""
    return "/".join(path.split("/")[:-2]), stem(path)


def _objects(text: bytes) -> Iterator[FoundBox]:
    for line in text.decode("utf-8", "replace").splitlines():
        words = line.split()
        try:
            left, top, right, bottom = map(float, words[4:8])
        except ValueError:
            continue
        crowd = words[0] == _NOT_JUDGED
        yield FoundBox((left, top, right - left, bottom - top), words[0], crowd)
