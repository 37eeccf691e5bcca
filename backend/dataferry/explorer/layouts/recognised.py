"""Which layout a dataset has: the first that fits, those with annotations before plain folders."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from dataferry.explorer.layouts.arrays import cifar, idx
from dataferry.explorer.layouts.coco import coco
from dataferry.explorer.layouts.contract import FileSet, Layout
from dataferry.explorer.layouts.folders import image_folder
from dataferry.explorer.layouts.kitti import kitti_object
from dataferry.explorer.layouts.names import is_image
from dataferry.explorer.layouts.parquet import parquet
from dataferry.explorer.layouts.tiny_imagenet import tiny_imagenet
from dataferry.explorer.layouts.voc import pascal_voc
from dataferry.explorer.layouts.webdataset import webdataset
from dataferry.explorer.layouts.yolo import yolo

_LAYOUTS: tuple[Callable[[FileSet], Layout | None], ...] = (
    tiny_imagenet, kitti_object, coco, pascal_voc, yolo, idx, cifar, image_folder, parquet, webdataset,
)  # fmt: skip
#: Pictures beside tables or archives with so many times their bytes are not the data.
_MUCH_LARGER = 10
_PACKED = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".7z", ".rar")


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """Why there is no picture to see, and the next act."""

    reason: str
    next_step: str


def recognise(files: FileSet) -> Layout | Unrecognised:
    """The layout of these files, whose images are found once they are read."""
    packed = sum(files.size(path) for path in files.paths if path.lower().endswith((".parquet", ".tar")))
    plain = sum(files.size(path) for path in files.paths if is_image(path))
    layouts = list(_LAYOUTS)
    if packed > _MUCH_LARGER * plain:
        layouts.remove(image_folder)
        layouts.append(image_folder)
    for layout in layouts:
        found = layout(files)
        if found is not None:
            return found
    return _why(files)


def _why(files: FileSet) -> Unrecognised:
    if not files.paths:
        return Unrecognised("it has no files", "Check for a newer version, or look at its source.")
    packed = [path for path in files.paths if path.lower().endswith(_PACKED)]
    if packed:
        name = packed[0] if len(packed) == 1 else f"its {len(packed)} archives"
        return Unrecognised(
            f"what is in {name} can only be read from its beginning to its end",
            "Unpack it in a folder of your own, and add that as a dataset.",
        )
    medical = [path for path in files.paths if path.lower().endswith((".dcm", ".nii", ".nii.gz"))]
    if medical:
        return Unrecognised("its files are medical images", "Upload those that you want to look at.")
    suffixes = Counter(PurePosixPath(path).suffix.lower() for path in files.paths)
    kinds = ", ".join(suffix or "without a suffix" for suffix, _ in suffixes.most_common(4))
    return Unrecognised(
        f"none of its {len(files.paths):,} files is a picture or holds some ({kinds})",
        "Look at its tables and files.",
    )
