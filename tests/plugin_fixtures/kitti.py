"""KITTI's two archives of the object benchmark: four images and three."""

from tests.plugin_fixtures import Fixture
from tests.support.dataset_files import encoded, picture, zipped
from tests.support.kitti_files import LABEL

_NOT_LABELLED = "DontCare -1 -1 -10 503.89 169.71 590.61 190.13 -1 -1 -1 -1000 -1000 -1000 -10"


def FIXTURE() -> Fixture:
    """The first label file is empty."""
    counts = {"training": 4, "testing": 3}
    images = {
        f"{split}/image_2/{number:06d}.png": encoded(picture(124, 37, number), "PNG")
        for split, count in counts.items()
        for number in range(count)
    }
    labels = {
        f"training/label_2/{number:06d}.txt": "\n".join([LABEL] * number + [_NOT_LABELLED] * number).encode()
        for number in range(counts["training"])
    }
    files = {"data_object_image_2.zip": zipped(images), "data_object_label_2.zip": zipped(labels)}
    return Fixture(files, {"train_size": 4, "test_size": 3})
