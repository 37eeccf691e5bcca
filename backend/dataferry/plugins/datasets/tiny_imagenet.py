"""Tiny-ImageNet, 200 classes of ImageNet in small."""

from dataferry.plugins.base import ClassificationPlugin
from dataferry.plugins.contract import RemoteFile, SplitName
from dataferry.plugins.readers.wordnet_names import TINY_IMAGENET
from dataferry.plugins.samples import Samples


class TinyImageNet(ClassificationPlugin):
    """120,000 RGB images of 64 × 64. A class's position is that of its WordNet id in their order, in every
    split; ``wnids.txt`` lists them in another one. The labels of ``test`` are not published."""

    name = "tiny_imagenet"
    aliases = ("tiny-imagenet",)
    display_name = "Tiny-ImageNet-200"
    description = (
        "120,000 photographs of 200 classes of ImageNet, 64 × 64 pixels; the labels of the test split are "
        "not published."
    )
    input_shape = (3, 64, 64)
    class_names = tuple(TINY_IMAGENET.values())
    train_size, val_size, test_size = 100_000, 10_000, 10_000
    normalization = ((0.4802, 0.4481, 0.3975), (0.2770, 0.2691, 0.2821))
    license = "other"
    license_note = (
        "Unclear: it is published without a licence. ImageNet's terms allow non-commercial research and "
        "education."
    )
    citation = (
        "Le, Y. & Yang, X. (2015). Tiny ImageNet Visual Recognition Challenge. CS 231N, Stanford "
        "University. http://cs231n.stanford.edu/reports/2015/pdfs/yle_project.pdf"
    )
    homepage = "http://cs231n.stanford.edu/"
    tags = ("images", "photos", "objects", "vision", "imagenet", "wordnet")
    files = (
        RemoteFile(
            "tiny-imagenet-200.zip",
            "https://cs231n.stanford.edu/tiny-imagenet-200.zip",
            size=248_100_043,
            md5="90528d7ca1a48142e341f4ef8d21d0de",
            mirrors=("http://cs231n.stanford.edu/tiny-imagenet-200.zip",),
            unpack=True,
        ),
    )

    def read(self, split: SplitName) -> Samples | None:
        from dataferry.plugins.readers.tiny_imagenet import HeldOutImages, train_images

        folder = self.root / "tiny-imagenet-200"
        if split == "train":
            return train_images(folder, tuple(TINY_IMAGENET))
        return HeldOutImages(folder, split, tuple(TINY_IMAGENET))


PLUGIN = TinyImageNet()
