"""The images of a dataset by one contract, whatever form they lie in."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from dataferry.core.errors import NotFound
from dataferry.explorer.open_splits import OpenSplits
from dataferry.explorer.plugin_images import PluginImages
from dataferry.plugins import ClassificationPlugin, RemoteFile
from dataferry.plugins.contract import SplitName
from dataferry.plugins.readers.folders import ImageFolders
from dataferry.plugins.samples import Samples


class Pets(ClassificationPlugin):
    name = "pets"
    display_name = "Pets"
    input_shape = (3, 8, 10)
    class_names = ("cat", "dog")
    train_size = 3
    license = "CC0-1.0"
    files = (RemoteFile("pets.zip", "https://pets.example/pets.zip", unpack=True),)

    def read(self, split: SplitName) -> Samples | None:
        return ImageFolders(self.root / split, self.class_names) if split == "train" else None


def test_a_plugins_images_are_read_as_the_files_they_are(tmp_path: Path) -> None:
    pets = Pets().placed(tmp_path, None)
    for name in ("cat/1.png", "cat/2.png", "dog/3.png"):
        (pets.root / "train" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (10, 8)).save(pets.root / "train" / name)
    images = PluginImages(pets, OpenSplits(), "now")

    assert [(split.name, split.total) for split in images.splits] == [("train", 3)]
    assert images.counts("train") == {"cat": 2, "dog": 1}
    (dog,) = images.entries("train", class_name="dog")
    assert (dog.number, dog.name, dog.label, dog.size) == (2, "train/dog/3.png", "dog", (10, 8))
    assert images.read("train", 2) == (pets.root / dog.name).read_bytes()
    assert Image.open(BytesIO(images.read("train", 0))).size == (10, 8)
    for split, number in (("train", 3), ("train", -1), ("other", 0)):
        with pytest.raises(NotFound):
            images.read(split, number)
