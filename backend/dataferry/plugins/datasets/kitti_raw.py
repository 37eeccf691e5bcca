"""Three of KITTI's raw drives, frame by frame, with the boxes of their tracklets."""

from dataferry.plugins.base import DetectionPlugin
from dataferry.plugins.contract import RemoteFile, SplitName
from dataferry.plugins.datasets.kitti import Kitti
from dataferry.plugins.samples import Samples

_RAW = "https://s3.eu-central-1.amazonaws.com/avg-kitti/raw_data"
_DAY = "2011_09_26"
_DRIVES = {"train": ("0005", "0011"), "val": ("0001",)}


def _names(numbers: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{_DAY}_drive_{number}_sync" for number in numbers)


def _files() -> tuple[RemoteFile, ...]:
    names = [f"{_DAY}_drive_{number}" for numbers in _DRIVES.values() for number in numbers]
    parts = [f"{name}/{name}_{part}.zip" for name in names for part in ("sync", "tracklets")]
    paths = [f"{_DAY}_calib.zip", *parts]
    return tuple(RemoteFile(path.rpartition("/")[2], f"{_RAW}/{path}", unpack=True) for path in paths)


class KittiRaw(DetectionPlugin):
    """495 synchronised frames of four cameras, laser scanner and GPS. A sample is the left colour image
    with the boxes of the tracklets, projected into it; the reader's ``file(number, "velodyne_points")`` is
    the scan of the same frame, None where the scanner lost it."""

    name = "kitti_raw"
    display_name = "KITTI raw drives"
    description = (
        "Three city drives of 2011-09-26 with cameras, laser scanner, GPS and tracked objects: 495 frames. "
        "No checksums of the archives are published: the first download records them."
    )
    input_shape = Kitti.input_shape
    class_names = Kitti.class_names
    train_size, val_size = 154 + 233, 108
    normalization = Kitti.normalization
    license = Kitti.license
    license_note = Kitti.license_note
    citation = (
        "Geiger, A., Lenz, P., Stiller, C. & Urtasun, R. (2013). Vision meets Robotics: The KITTI Dataset. "
        "International Journal of Robotics Research 32(11), 1231-1237. "
        "https://doi.org/10.1177/0278364913491297"
    )
    homepage = "https://www.cvlibs.net/datasets/kitti/raw_data.php"
    tags = (*Kitti.tags, "lidar", "velodyne", "gps", "video", "tracking")
    recordings = _names(("0001", "0005", "0011"))
    files = _files()

    def read(self, split: SplitName) -> Samples | None:
        from dataferry.plugins.readers.kitti_raw import KittiRawImages

        if split not in _DRIVES:
            return None
        drives = [f"{_DAY}/{name}" for name in _names(_DRIVES[split])]
        return KittiRawImages(self.root, drives, keep=self.index_dir)


PLUGIN = KittiRaw()
