"""COCO128, the first images of COCO 2017 in YOLO's form."""

from dataferry.plugins.base import DetectionPlugin
from dataferry.plugins.contract import RemoteFile, SplitName
from dataferry.plugins.readers.coco_classes import COCO_CLASSES
from dataferry.plugins.samples import Samples


class Coco128(DetectionPlugin):
    """128 photographs with boxes of 80 classes, whose ids count from 0 without gaps. Ultralytics validates
    on the images that it trains on; here they are ``train`` alone."""

    name = "coco128"
    display_name = "COCO128"
    description = (
        "The first 128 training images of COCO 2017 with boxes of 80 classes: to see that a training works."
        " No checksum of the archive is published: the first download records one."
    )
    input_shape = (3, 640, 640)
    class_names = tuple(COCO_CLASSES.values())
    train_size = 128
    normalization = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    license = "other"
    license_note = (
        "COCO's annotations are under CC BY 4.0, each photograph under a licence of its own; Ultralytics, "
        "who put it together, names AGPL-3.0 for its repositories."
    )
    citation = (
        "Lin, T.-Y. et al. (2014). Microsoft COCO: Common Objects in Context. ECCV 2014. "
        "https://arxiv.org/abs/1405.0312. Put together by Ultralytics."
    )
    homepage = "https://docs.ultralytics.com/datasets/detect/coco128/"
    tags = ("images", "photos", "objects", "boxes", "vision", "yolo", "coco", "detection")
    files = (
        RemoteFile(
            "coco128.zip",
            "https://github.com/ultralytics/assets/releases/download/v0.0.0/coco128.zip",
            mirrors=("https://github.com/ultralytics/yolov5/releases/download/v1.0/coco128.zip",),
            unpack=True,
        ),
    )

    def read(self, split: SplitName) -> Samples | None:
        from dataferry.plugins.readers.yolo import yolo_images

        if split != "train":
            return None
        images, labels = (self.root / "coco128" / kind / "train2017" for kind in ("images", "labels"))
        return yolo_images(images, labels, self.num_classes, keep=self.index_dir)


PLUGIN = Coco128()
