"""Fashion-MNIST, articles of clothing in MNIST's form."""

from dataferry.plugins.contract import RemoteFile
from dataferry.plugins.datasets.mnist import Mnist

_ADDRESSES = (
    "https://fashion-mnist.s3.eu-central-1.amazonaws.com",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
)


def _file(name: str, size: int, sha256: str) -> RemoteFile:
    url, *mirrors = (f"{address}/{name}" for address in _ADDRESSES)
    return RemoteFile(name, url, size=size, sha256=sha256, mirrors=tuple(mirrors))


class FashionMnist(Mnist):
    """70,000 grey images of 28 × 28, in the files' form and names of MNIST."""

    name = "fashion_mnist"
    display_name = "Fashion-MNIST"
    description = "70,000 grey images of Zalando's articles of clothing, 28 × 28 pixels, in ten classes."
    class_names = (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )
    normalization = ((0.2860,), (0.3530,))
    license = "MIT"
    license_note = "Zalando SE gives it under the MIT licence, in its repository."
    citation = (
        "Xiao, H., Rasul, K. & Vollgraf, R. (2017). Fashion-MNIST: a Novel Image Dataset for Benchmarking "
        "Machine Learning Algorithms. https://arxiv.org/abs/1708.07747"
    )
    homepage = "https://github.com/zalandoresearch/fashion-mnist"
    tags = ("images", "fashion", "clothes", "clothing", "vision", "zalando")
    files = (
        _file(
            "train-images-idx3-ubyte.gz",
            26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        _file(
            "train-labels-idx1-ubyte.gz",
            29_515,
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        _file(
            "t10k-images-idx3-ubyte.gz",
            4_422_102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        _file(
            "t10k-labels-idx1-ubyte.gz",
            5_148,
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    )


PLUGIN = FashionMnist()
