"""COCO's three archives: six images and three."""

import json
from typing import Any

from dataferry.plugins.readers.coco_classes import COCO_CLASSES
from tests.plugin_fixtures import Fixture
from tests.support.dataset_files import encoded, picture, zipped

_COUNTS = {"train": 6, "val": 3}
_SIZE = (64, 48)
#: Boxes that reach out of the image, have no width, or are of a crowd, as the true ones do.
_BOXES = ([1.5, 2.25, 10, 20], [60, 40, 30, 30], [5, 5, 0, 7], [0, 0, 64, 48])


def FIXTURE() -> Fixture:
    """The first image of a split has no annotation, the second is grey."""
    files = {}
    annotations = {}
    for split, count in _COUNTS.items():
        images = {
            f"{split}2017/{number * 9:012d}.jpg": encoded(
                picture(*_SIZE, number, "L" if number == 1 else "RGB")
            )
            for number in range(count)
        }
        files[f"{split}2017.zip"] = zipped(images)
        annotations[f"annotations/instances_{split}2017.json"] = json.dumps(_instances(count)).encode()
        annotations[f"annotations/captions_{split}2017.json"] = b'{"images": [], "annotations": []}'
    files["annotations_trainval2017.zip"] = zipped(annotations)
    return Fixture(files, {f"{split}_size": count for split, count in _COUNTS.items()})


def _instances(count: int) -> dict[str, Any]:
    width, height = _SIZE
    objects = [(image, box) for image in range(1, count) for box in range(image % len(_BOXES) + 1)]
    return {
        "info": {"description": "COCO 2017 Dataset", "year": 2017},
        "licenses": [{"id": 1, "name": "Attribution-NonCommercial License"}],
        "images": [
            {"id": n * 9, "file_name": f"{n * 9:012d}.jpg", "width": width, "height": height, "license": 1}
            for n in range(count)
        ],
        "annotations": [
            {
                "id": number,
                "image_id": image * 9,
                "category_id": list(COCO_CLASSES)[-1 - box],
                "bbox": _BOXES[box],
                "segmentation": {"counts": [1, 2], "size": [height, width]}
                if box == 3
                else [[1, 2, 3, 4, 5, 6]],
                "iscrowd": int(box == 3),
                "area": 12.5,
            }
            for number, (image, box) in enumerate(objects)
        ],
        "categories": [{"id": number, "name": name} for number, name in COCO_CLASSES.items()],
    }
