"""Tiny-ImageNet's archive: one image of each of the 200 classes, five of each held-out split."""

from dataferry.plugins.readers.wordnet_names import TINY_IMAGENET
from tests.plugin_fixtures import Fixture
from tests.support.dataset_files import encoded, picture, zipped

_TOP = "tiny-imagenet-200"
_HELD_OUT = 5


def FIXTURE() -> Fixture:
    """``wnids.txt`` is in another order than that of the labels, as the true one is."""
    images = [encoded(picture(64, 64, seed, "L" if seed == 3 else "RGB")) for seed in range(8)]
    wnids = list(TINY_IMAGENET)
    files = {
        f"{_TOP}/wnids.txt": "".join(f"{wnid}\n" for wnid in reversed(wnids)).encode(),
        f"{_TOP}/words.txt": "".join(f"{wnid}\t{name}\n" for wnid, name in TINY_IMAGENET.items()).encode(),
    }
    for number, wnid in enumerate(wnids):
        files[f"{_TOP}/train/{wnid}/images/{wnid}_0.JPEG"] = images[number % 8]
        files[f"{_TOP}/train/{wnid}/{wnid}_boxes.txt"] = f"{wnid}_0.JPEG\t0\t0\t63\t63\n".encode()
    lines = [f"val_{number}.JPEG\t{wnids[number * 7]}\t0\t0\t62\t62\n" for number in range(_HELD_OUT)]
    files[f"{_TOP}/val/val_annotations.txt"] = "".join(lines).encode()
    for split in ("val", "test"):
        for number in range(_HELD_OUT):
            files[f"{_TOP}/{split}/images/{split}_{number}.JPEG"] = images[number]
    sizes = {"train_size": len(wnids), "val_size": _HELD_OUT, "test_size": _HELD_OUT}
    return Fixture({"tiny-imagenet-200.zip": zipped(files)}, sizes)
