"""MNIST's four files: 20 and 8 digits."""

from tests.plugin_fixtures import Fixture
from tests.support.dataset_files import idx_pair


def FIXTURE() -> Fixture:
    """The names of the files are those of the true ones."""
    files = {}
    for seed, (prefix, count) in enumerate((("train", 20), ("t10k", 8))):
        images, labels = idx_pair(count, seed)
        files |= {f"{prefix}-images-idx3-ubyte.gz": images, f"{prefix}-labels-idx1-ubyte.gz": labels}
    return Fixture(files, {"train_size": 20, "test_size": 8})
