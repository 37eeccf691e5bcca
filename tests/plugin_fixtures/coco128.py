"""COCO128's archive: five images, one of them without a label file."""

from tests.plugin_fixtures import Fixture
from tests.support.dataset_files import encoded, picture, zipped


def FIXTURE() -> Fixture:
    """Lines as Ultralytics writes them."""
    files = {"coco128/README.txt": b"COCO128\n", "coco128/LICENSE": b"\n"}
    for number in range(5):
        stem = f"{number:012d}"
        files[f"coco128/images/train2017/{stem}.jpg"] = encoded(picture(64, 48, number))
        if number:
            lines = [f"{80 - number} 0.5 0.5 0.25 0.{number}\n", "0 0.995313 0.5 0.0125 1\n"]
            files[f"coco128/labels/train2017/{stem}.txt"] = "".join(lines).encode()
    return Fixture({"coco128.zip": zipped(files)}, {"train_size": 5})
