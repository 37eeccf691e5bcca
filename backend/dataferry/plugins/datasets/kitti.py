"""KITTI's object benchmark, what a car's camera sees."""

from dataferry.plugins.base import DetectionPlugin
from dataferry.plugins.contract import RemoteFile, SplitName
from dataferry.plugins.samples import Samples

_BUCKET = "https://s3.eu-central-1.amazonaws.com/avg-kitti"


class Kitti(DetectionPlugin):
    """14,999 images of the left colour camera. Regions that were not labelled (``DontCare``) are
    annotations with ``iscrowd`` and the category -1, which training leaves out. The labels of ``test`` are
    not published."""

    name = "kitti"
    display_name = "KITTI object detection"
    description = (
        "14,999 images of a car's camera in and around Karlsruhe, half of them with boxes of 8 classes. No "
        "checksums of the archives are published: the first download records them."
    )
    input_shape = (3, 375, 1242)
    class_names = ("Car", "Van", "Truck", "Pedestrian", "Person_sitting", "Cyclist", "Tram", "Misc")
    train_size, test_size = 7_481, 7_518
    normalization = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    license = "CC-BY-NC-SA-3.0"
    license_note = "KITTI's page gives all its datasets under CC BY-NC-SA 3.0."
    citation = (
        "Geiger, A., Lenz, P. & Urtasun, R. (2012). Are we ready for Autonomous Driving? The KITTI Vision "
        "Benchmark Suite. CVPR 2012. https://doi.org/10.1109/CVPR.2012.6248074"
    )
    homepage = "https://www.cvlibs.net/datasets/kitti/eval_object.php?obj_benchmark=2d"
    tags = ("images", "driving", "cars", "traffic", "street", "boxes", "vision", "autonomous")
    recordings = ("training", "testing")
    files = tuple(
        RemoteFile(name, f"{_BUCKET}/{name}", unpack=True)
        for name in ("data_object_image_2.zip", "data_object_label_2.zip")
    )

    def read(self, split: SplitName) -> Samples | None:
        if split == "val":
            return None
        if split == "test":
            from dataferry.plugins.readers.detection import UnlabelledImages

            return UnlabelledImages(self.root / "testing" / "image_2")
        from dataferry.plugins.readers.kitti import kitti_images

        return kitti_images(self.root / "training", keep=self.index_dir)


PLUGIN = Kitti()
