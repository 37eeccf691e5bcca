"""COCO 2017, objects in everyday scenes."""

from dataferry.plugins.base import DetectionPlugin
from dataferry.plugins.contract import RemoteFile, SplitName
from dataferry.plugins.readers.coco_classes import COCO_CLASSES
from dataferry.plugins.samples import Samples

_BUCKET = "https://s3.amazonaws.com/images.cocodataset.org"
_SITE = "http://images.cocodataset.org"
_MIRROR = "https://huggingface.co/datasets/pcuenq/coco-2017-mirror/resolve/main"


def _file(folder: str, name: str, size: int, sha256: str) -> RemoteFile:
    mirrors = (f"{_SITE}/{folder}/{name}", f"{_MIRROR}/{name}")
    return RemoteFile(
        name, f"{_BUCKET}/{folder}/{name}", size=size, sha256=sha256, mirrors=mirrors, unpack=True
    )


class Coco(DetectionPlugin):
    """123,287 photographs with boxes of 80 classes; a region that holds many objects is a crowd, which
    training leaves out. The annotations of ``test2017`` are not published, so it is not fetched."""

    name = "coco"
    display_name = "COCO 2017"
    description = "123,287 photographs of everyday scenes with boxes around objects of 80 classes."
    input_shape = (3, 640, 640)
    class_names = tuple(COCO_CLASSES.values())
    category_ids = tuple(COCO_CLASSES)
    train_size, val_size = 118_287, 5_000
    normalization = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    license = "other"
    license_note = (
        "The annotations are under CC BY 4.0. Each photograph has a licence of its own, given in the "
        "annotations, and some forbid commercial use; Flickr's terms apply."
    )
    citation = (
        "Lin, T.-Y. et al. (2014). Microsoft COCO: Common Objects in Context. ECCV 2014. "
        "https://arxiv.org/abs/1405.0312"
    )
    homepage = "https://cocodataset.org/"
    tags = ("images", "photos", "objects", "boxes", "vision", "mscoco", "ms-coco", "detection")
    files = (
        _file(
            "zips",
            "train2017.zip",
            19_336_861_798,
            "69a8bb58ea5f8f99d24875f21416de2e9ded3178e903f1f7603e283b9e06d929",
        ),
        _file(
            "zips",
            "val2017.zip",
            815_585_330,
            "4f7e2ccb2866ec5041993c9cf2a952bbed69647b115d0f74da7ce8f4bef82f05",
        ),
        _file(
            "annotations",
            "annotations_trainval2017.zip",
            252_907_541,
            "113a836d90195ee1f884e704da6304dfaaecff1f023f49b6ca93c4aaae470268",
        ),
    )

    def read(self, split: SplitName) -> Samples | None:
        from dataferry.plugins.readers.coco import coco_images

        if split == "test":
            return None
        annotations = self.root / "annotations" / f"instances_{split}2017.json"
        return coco_images(annotations, self.root / f"{split}2017", keep=self.index_dir)


PLUGIN = Coco()
