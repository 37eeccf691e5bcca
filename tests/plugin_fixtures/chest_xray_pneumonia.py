"""Kaggle's archive of chest X-rays, with its second copy and what macOS left in it."""

from tests.plugin_fixtures import Fixture
from tests.support.dataset_files import encoded, picture, zipped

_COUNTS = {"train": 6, "val": 2, "test": 4}


def FIXTURE() -> Fixture:
    """Sizes differ, and every other image is grey."""
    files = {}
    for split, count in _COUNTS.items():
        for number in range(count):
            kind = ("NORMAL", "PNEUMONIA")[number % 2]
            image = encoded(picture(40 + number, 30, number, "L" if number % 4 < 2 else "RGB"))
            path = f"{split}/{kind}/IM-{number:04d}.jpeg"
            files |= {f"chest_xray/{path}": image, f"chest_xray/chest_xray/{path}": image}
            files[f"chest_xray/__MACOSX/{split}/{kind}/._IM-{number:04d}.jpeg"] = b"\0\5\x16\7"
        files[f"chest_xray/{split}/.DS_Store"] = b"\0\0\0\1Bud1"
    sizes = {f"{split}_size": count for split, count in _COUNTS.items()}
    return Fixture({"chest-xray-pneumonia.zip": zipped(files)}, sizes)
