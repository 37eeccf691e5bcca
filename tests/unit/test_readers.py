"""Readers of images and labels, on files as they are published and on those that strangers reported."""

import gzip
import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from dataferry.core.errors import DamagedFile, StoreNotWritable
from dataferry.plugins.readers.base import NO_LABEL
from dataferry.plugins.readers.cifar import CifarImages
from dataferry.plugins.readers.folders import ImageFolders
from dataferry.plugins.readers.idx import IdxImages, read_idx
from dataferry.plugins.readers.images import image_size, open_image
from dataferry.plugins.readers.kept import forget, kept
from dataferry.plugins.readers.tiny_imagenet import HeldOutImages, train_images
from dataferry.plugins.text_rows import JsonRows
from tests.support.dataset_files import cifar_batch, encoded, idx, idx_pair, picture


def pixels(image: Image.Image) -> "np.ndarray[Any, Any]":
    return np.asarray(image)


# -- IDX -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["t-images-idx3-ubyte.gz", "t-images-idx3-ubyte", "t-images.idx3-ubyte"])
@pytest.mark.parametrize("packed", [True, False])
def test_idx_is_read_by_its_bytes_whatever_its_name(tmp_path: Path, name: str, packed: bool) -> None:
    images, labels = idx_pair(12, seed=1)
    (tmp_path / name).write_bytes(images if packed else gzip.decompress(images))
    (tmp_path / name.replace("images", "labels").replace("idx3", "idx1")).write_bytes(labels)
    reader = IdxImages(tmp_path, "t-images-idx3-ubyte.gz", "t-labels-idx1-ubyte.gz", keep=tmp_path / "kept")
    assert (len(reader), reader.labeled) == (12, 12)
    expected = np.frombuffer(gzip.decompress(images), np.uint8, offset=16).reshape(12, 28, 28)
    for number, (image, label) in enumerate(reader):
        assert (image.mode, label) == ("L", number % 10)
        assert (pixels(image) == expected[number]).all()
    assert reader[-1][1] == 1
    with pytest.raises(IndexError):
        reader[12]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<html>403 Forbidden</html>", "does not begin as an IDX file"),
        (b"", "does not begin"),
        (idx(np.zeros((2, 2, 2), np.uint8))[:-1], "7 bytes of values follow"),
        (idx(np.zeros((2, 2, 2), np.uint8))[:9], "ends within its header"),
        (idx(np.zeros((2, 2, 2), np.uint8)) + b"x", "9 bytes of values follow"),
        (gzip.compress(idx(np.zeros((9, 9), np.uint8)))[:-9], "its compression is broken"),
    ],
)
def test_a_broken_idx_file_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "train-images"
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=told) as raised:
        read_idx(path, tmp_path / "kept")
    assert str(path) in raised.value.detail


def test_as_many_labels_as_images(tmp_path: Path) -> None:
    (tmp_path / "i").write_bytes(idx_pair(3, 0)[0])
    (tmp_path / "l").write_bytes(idx_pair(4, 0)[1])
    with pytest.raises(DamagedFile, match=r"\(4,\) labels for 3 images"):
        len(IdxImages(tmp_path, "i", "l", keep=tmp_path / "kept"))


# -- CIFAR -----------------------------------------------------------------------------------------------


def test_cifar_batches_are_one_after_the_other(tmp_path: Path) -> None:
    paths = [tmp_path / "data_batch_1", tmp_path / "data_batch_2"]
    for seed, path in enumerate(paths):
        path.write_bytes(cifar_batch(4, seed))
    reader = CifarImages(paths, keep=tmp_path / "kept")
    assert [label for _, label in reader] == [0, 1, 2, 3] * 2
    planes = np.random.default_rng(1).integers(0, 256, (4, 3072), np.uint8)[0].reshape(3, 32, 32)
    image = pixels(reader[4][0])
    assert (image[..., 0] == planes[0]).all()
    assert (image[..., 2] == planes[2]).all()


class Harm:
    def __init__(self, call: Any, *arguments: Any) -> None:
        self._made = call, arguments

    def __reduce__(self) -> Any:
        return self._made


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Harm(os.system, "touch harm"), "system, which is refused"),
        (Harm(getattr, "", "join"), "getattr, which is refused"),
        ({b"data": np.array([Harm(print)], object)}, "array of object"),
        ([1], "no dictionary"),
        ({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1]}, "a label for each of its 2 images"),
        ({b"data": np.zeros((2, 9), np.uint8), b"labels": [1, 2]}, "no pixels of CIFAR's form"),
    ],
)
def test_a_pickle_can_run_nothing(tmp_path: Path, value: object, told: str) -> None:
    path = tmp_path / "test_batch"
    path.write_bytes(pickle.dumps(value, protocol=2))
    with pytest.raises(DamagedFile, match=told):
        len(CifarImages([path], keep=tmp_path / "kept"))
    assert not Path("harm").exists()


@pytest.mark.parametrize("content", [b"", b"\x80\x02", cifar_batch(2, 0)[:500], b"not a pickle"])
def test_a_cut_pickle_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "test_batch").write_bytes(content)
    with pytest.raises(DamagedFile, match="test_batch cannot be read"):
        len(CifarImages([tmp_path / "test_batch"], keep=tmp_path / "kept"))


# -- Images ----------------------------------------------------------------------------------------------


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(picture(32, 16), quality=95, exif=exif)


def test_an_image_that_its_exif_turns_is_upright(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(turned(6))
    assert open_image(path).size == image_size(path) == (16, 32)
    upright = pixels(picture(32, 16).rotate(-90, expand=True)).astype(int)
    assert abs(pixels(open_image(path)).astype(int) - upright).mean() < 20


def test_boxes_in_stored_pixels_keep_the_image_as_it_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(turned(6))
    assert open_image(path, size=(32, 16)).size == (32, 16)
    assert open_image(path, size=(16, 32)).size == (16, 32)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_each_orientation_is_as_pillow_turns_it(tmp_path: Path, orientation: int) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(turned(orientation))
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image)
    assert (pixels(open_image(path)) == pixels(upright)).all()
    assert image_size(path) == upright.size


def test_broken_exif_says_nothing_of_the_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(picture(32, 16), exif=b"Exif\0\0not a TIFF"))
    assert open_image(path).size == image_size(path) == (32, 16)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1", "I;16", "YCbCr"])
def test_any_kind_of_image_becomes_rgb(tmp_path: Path, mode: str) -> None:
    grey = picture(24, 16, mode="L")
    if mode == "I;16":
        image = Image.fromarray(pixels(grey).astype(np.uint16) * 257)
    else:
        image = picture(24, 16).convert("L" if mode in ("LA", "1") else "RGB").convert(mode)
    path = tmp_path / "image.tif"
    image.save(path, **({"compression": "jpeg"} if mode == "YCbCr" else {}))
    read = open_image(path)
    assert (read.mode, read.size) == ("RGB", (24, 16))
    if mode == "I;16":
        assert (pixels(read)[..., 0] == pixels(grey)).all()
    assert open_image(path, "L").mode == "L"


def test_a_palette_with_transparency_is_read_without_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture(16, 16).quantize(4).save(path, transparency=b"\x00\x80\xff\xff")
    assert open_image(path).mode == "RGB"


@pytest.mark.parametrize("cut", [0, 2, 300, -40])
def test_a_truncated_image_is_named(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "000000000009.jpg"
    path.write_bytes(encoded(picture(64, 64))[:cut])
    with pytest.raises(DamagedFile, match=r"000000000009\.jpg cannot be read") as raised:
        open_image(path)
    assert raised.value.next_step is not None


def test_a_page_in_place_of_an_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"<html>Access Denied</html>")
    with pytest.raises(DamagedFile, match=r"a\.jpg cannot be read"):
        open_image(tmp_path / "a.jpg")
    with pytest.raises(DamagedFile, match=r"b\.jpg cannot be read: it is not there"):
        open_image(tmp_path / "b.jpg")


# -- Folders ---------------------------------------------------------------------------------------------


def write(root: Path, *paths: str, content: bytes = encoded(picture(16, 16))) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)


def test_what_lies_beside_the_images_shifts_no_label(tmp_path: Path) -> None:
    write(tmp_path, "NORMAL/b.JPEG", "NORMAL/a.jpeg", "PNEUMONIA/deep/c.png")
    write(
        tmp_path,
        ".ipynb_checkpoints/a.jpeg",
        "__MACOSX/NORMAL/._a.jpeg",
        "NORMAL/._a.jpeg",
        "NORMAL/.DS_Store",
    )
    write(tmp_path, "NORMAL/Thumbs.db", "readme.txt")
    reader = ImageFolders(tmp_path, ("NORMAL", "PNEUMONIA"))
    found = [
        (reader.path(number).relative_to(tmp_path).as_posix(), reader[number][1])
        for number in range(len(reader))
    ]
    assert found == [("NORMAL/a.jpeg", 0), ("NORMAL/b.JPEG", 0), ("PNEUMONIA/deep/c.png", 1)]


@pytest.mark.parametrize(
    ("extra", "classes", "told"),
    [
        ("NORMAL2/a.png", ("NORMAL",), "'NORMAL2' is none of the 1 classes"),
        ("NORMAL/a.png", ("NORMAL", "PNEUMONIA"), "PNEUMONIA cannot be read: it is not there"),
        ("PNEUMONIA/a.txt", ("NORMAL", "PNEUMONIA"), "PNEUMONIA cannot be read: it has no images"),
    ],
)
def test_folders_that_are_not_the_classes_are_told(
    tmp_path: Path, extra: str, classes: tuple[str, ...], told: str
) -> None:
    write(tmp_path, "NORMAL/a.png", extra)
    with pytest.raises(DamagedFile, match=told):
        len(ImageFolders(tmp_path, classes))


def test_tiny_imagenets_splits_give_a_class_the_same_position(tmp_path: Path) -> None:
    wnids = ("n01443537", "n02124075")
    write(tmp_path, *(f"train/{wnid}/images/{wnid}_0.JPEG" for wnid in wnids))
    write(tmp_path, *(f"train/{wnid}/{wnid}_boxes.txt" for wnid in wnids), content=b"")
    write(tmp_path, "val/images/val_10.JPEG", "val/images/val_2.JPEG", "test/images/test_0.JPEG")
    annotations = "val_10.JPEG\tn01443537\t0\t0\t62\t62\nval_2.JPEG\tn02124075\t0\t0\t62\t62\n"
    write(tmp_path, "val/val_annotations.txt", content=annotations.encode())
    assert [label for _, label in train_images(tmp_path, wnids)] == [0, 1]
    assert [label for _, label in HeldOutImages(tmp_path, "val", wnids)] == [1, 0]
    test = HeldOutImages(tmp_path, "test", wnids)
    assert ([label for _, label in test], test.labeled) == ([NO_LABEL], 0)
    write(tmp_path, "val/images/val_3.JPEG")
    with pytest.raises(DamagedFile, match=r"gives val_3\.JPEG the class ''"):
        len(HeldOutImages(tmp_path, "val", wnids))


# -- What is kept ----------------------------------------------------------------------------------------


def test_it_is_built_once_however_many_ask_first(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("a")
    builds: list[Path] = []
    begun = threading.Barrier(8)

    def build(folder: Path) -> None:
        builds.append(folder)
        (folder / "made").write_text(source.read_text())

    def ask(_: int) -> str:
        begun.wait()
        return (kept(tmp_path / "kept", (source,), "test 1", build) / "made").read_text()

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(8))) == ["a"] * 8
    assert len(builds) == 1
    source.write_text("changed")
    assert (kept(tmp_path / "kept", (source,), "test 1", build) / "made").read_text() == "changed"
    assert len([path for path in (tmp_path / "kept").iterdir() if path.is_dir()]) == 1
    assert forget(tmp_path / "kept")
    assert not forget(tmp_path / "kept")


def test_a_build_that_fails_is_not_found(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("a")

    def fail(folder: Path) -> None:
        (folder / "half").write_text("")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept(tmp_path / "kept", (source,), "test 1", fail)
    built = kept(tmp_path / "kept", (source,), "test 1", lambda folder: None)
    assert not (built / "half").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file in its place")
    with pytest.raises(StoreNotWritable, match="An index cannot be kept in"):
        kept(tmp_path / "kept", (), "test 1", lambda folder: None)


def test_readers_are_sent_to_workers_as_paths_alone(tmp_path: Path) -> None:
    images, labels = idx_pair(500, 0)
    (tmp_path / "i").write_bytes(images)
    (tmp_path / "l").write_bytes(labels)
    (tmp_path / "b").write_bytes(cifar_batch(40, 0))
    for reader in (
        IdxImages(tmp_path, "i", "l", keep=tmp_path / "kept"),
        CifarImages([tmp_path / "b"], keep=tmp_path / "kept"),
    ):
        first = pixels(reader[0][0])
        sent = pickle.dumps(reader)
        assert len(sent) < 2000
        assert (pixels(pickle.loads(sent)[0][0]) == first).all()


# -- JSON lines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("name", ["HumanEval.jsonl.gz", "HumanEval.jsonl"])
def test_rows_are_read_by_their_bytes_whatever_their_name(tmp_path: Path, name: str, packed: bool) -> None:
    content = '\ufeff{"task_id": "ä/0"}\r\n\n{"task_id": "b", "text": "\u2028"}'.encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if packed else content)
    rows = JsonRows(tmp_path / name)
    assert list(rows) == [{"task_id": "ä/0"}, {"task_id": "b", "text": "\u2028"}]
    sent = pickle.dumps(rows)
    assert len(sent) < 500
    assert pickle.loads(sent)[-1] == rows[1]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"a": 1}\n{"a": ', "line 2: Expecting value"),
        (b"[1]\n", "line 1 is no JSON object"),
        (b'{"a": "\xff"}\n', "line 1: 'utf-8' codec"),
        (gzip.compress(b'{"a": 1}\n')[:-4], "end-of-stream"),
        (gzip.compress(b'{"a": 1}\n' * 99)[:30] + b"\0" * 9, "cannot be read"),
    ],
)
def test_rows_that_are_none_are_named_with_file_and_line(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "test.jsonl").write_bytes(content)
    with pytest.raises(DamagedFile, match=told) as raised:
        len(JsonRows(tmp_path / "test.jsonl"))
    assert "test.jsonl" in raised.value.detail
