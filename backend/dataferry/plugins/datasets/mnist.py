"""MNIST, handwritten digits."""

from collections.abc import Sequence

from dataferry.plugins.base import ClassificationPlugin
from dataferry.plugins.contract import RemoteFile, SplitName
from dataferry.plugins.samples import Samples

_ADDRESSES = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
)


def _file(name: str, size: int, sha256: str) -> RemoteFile:
    url, *mirrors = (f"{address}/{name}" for address in _ADDRESSES)
    return RemoteFile(name, url, size=size, sha256=sha256, mirrors=tuple(mirrors))


class Mnist(ClassificationPlugin):
    """70,000 grey images of 28 × 28. The page of its authors no longer serves the files; the addresses are
    those that PyTorch and TensorFlow fetch them from, and the checksums those that both verify."""

    name = "mnist"
    display_name = "MNIST"
    description = "70,000 grey images of handwritten digits, 28 × 28 pixels, in ten classes."
    input_shape = (1, 28, 28)
    class_names = tuple("0123456789")
    train_size, test_size = 60_000, 10_000
    normalization = ((0.1307,), (0.3081,))
    license = "CC-BY-SA-3.0"
    license_note = (
        "Unclear: Keras's documentation says CC BY-SA 3.0, HuggingFace's card MIT; its authors' page says "
        "nothing."
    )
    citation = (
        "LeCun, Y., Bottou, L., Bengio, Y. & Haffner, P. (1998). Gradient-based learning applied to "
        "document recognition. Proceedings of the IEEE 86(11), 2278-2324. https://doi.org/10.1109/5.726791"
    )
    homepage = "http://yann.lecun.com/exdb/mnist/"
    tags: Sequence[str] = ("images", "handwriting", "ocr", "vision", "digits")
    files = (
        _file(
            "train-images-idx3-ubyte.gz",
            9_912_422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        _file(
            "train-labels-idx1-ubyte.gz",
            28_881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        _file(
            "t10k-images-idx3-ubyte.gz",
            1_648_877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        _file(
            "t10k-labels-idx1-ubyte.gz",
            4_542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    )

    def read(self, split: SplitName) -> Samples | None:
        from dataferry.plugins.readers.idx import IdxImages

        prefix = {"train": "train", "test": "t10k"}.get(split)
        if prefix is None:
            return None
        images, labels = f"{prefix}-images-idx3-ubyte.gz", f"{prefix}-labels-idx1-ubyte.gz"
        return IdxImages(self.root, images, labels, keep=self.index_dir)


PLUGIN = Mnist()
