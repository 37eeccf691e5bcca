"""CIFAR-10's archive: batches of four images."""

from tests.plugin_fixtures import Fixture
from tests.support.dataset_files import cifar_batch, tar_gz


def FIXTURE() -> Fixture:
    """Five batches to train with and one to test with."""
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    files = {f"cifar-10-batches-py/{name}": cifar_batch(4, seed) for seed, name in enumerate(names)}
    files["cifar-10-batches-py/readme.html"] = b'<meta HTTP-EQUIV="REFRESH">\n'
    return Fixture({"cifar-10-python.tar.gz": tar_gz(files)}, {"train_size": 20, "test_size": 4})
