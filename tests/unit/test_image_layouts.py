"""Image datasets as people have them: each layout in its true form, and what strangers' files are like."""

import gzip
import io
import json
import pickle
import re
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest
from PIL import Image

from dataferry.core.errors import DamagedFile, NotFound
from dataferry.explorer.image_index import ImageIndex
from dataferry.explorer.indexed_images import IndexedImages, LocalBytes, ObjectMask
from dataferry.explorer.local_images import ImageLists, NoPictures, build_local
from dataferry.library.paths import Store


def png(width: int = 20, height: int = 10, colour: str = "red") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(written, "PNG")
    return written.getvalue()


def listed(store: Path, files: Mapping[str, bytes]) -> IndexedImages:
    """The images of a dataset of these files. Errors: ``NoPictures``."""
    tree = store / "huggingface" / "o" / "n" / "r"
    for name, data in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(data)
    lists = ImageLists(Store(store))
    path = lists.path("ds_1-1")
    sizes = {name: len(data) for name, data in files.items()}
    build_local(lists, path, Store(store), tree, sizes)
    return IndexedImages("Pets", "1", ImageIndex(path), LocalBytes(Store(store), tree))


def shown(images: IndexedImages, split: str, **which: str) -> list[tuple[str, str | None]]:
    return [(entry.name, entry.label) for entry in images.entries(split, **which)]  # type: ignore[arg-type]


def test_folders_are_splits_and_classes(tmp_path: Path) -> None:
    images = listed(
        tmp_path,
        {
            **{f"pets/train/cat/{number}.PNG": png() for number in (10, 2)},
            "pets/train/dog/1.jpeg": png(),
            "pets/Test/dog/images/1.png": png(),
            # Left there by macOS, Synology and Windows; hidden files are nobody's.
            "pets/train/cat/._2.PNG": b"\0",
            "pets/train/.ipynb_checkpoints/2.png": png(),
            "__MACOSX/pets/train/cat/2.PNG": b"",
            "pets/@eaDir/1.png": b"",
            "README.md": b"# Pets",
        },
    )
    assert [(split.name, split.total) for split in images.splits] == [("train", 3), ("Test", 1)]
    assert shown(images, "train") == [
        ("pets/train/cat/2.PNG", "cat"),
        ("pets/train/cat/10.PNG", "cat"),
        ("pets/train/dog/1.jpeg", "dog"),
    ]
    assert shown(images, "train", class_name="dog") == [("pets/train/dog/1.jpeg", "dog")]
    assert shown(images, "Test") == [("pets/Test/dog/images/1.png", "dog")]
    assert images.counts("train") == {"cat": 2, "dog": 1}
    assert images.read("Test", 0) == png()
    assert images.number_of("train", "10", "cat") == 1


def test_a_folders_copy_within_itself_is_shown_once(tmp_path: Path) -> None:
    files = {f"{top}train/{name}/1.jpeg": png() for name in ("NORMAL", "PNEUMONIA") for top in ("x/", "x/x/")}
    images = listed(tmp_path, files)
    assert shown(images, "train") == [
        ("x/train/NORMAL/1.jpeg", "NORMAL"),
        ("x/train/PNEUMONIA/1.jpeg", "PNEUMONIA"),
    ]
    assert "a second time" in images.notes[0]


def test_coco_without_sizes_boxes_or_images(tmp_path: Path) -> None:
    told = {
        "annotations": [
            {
                "image_id": 1,
                "category_id": 7,
                "bbox": [1, 2, 3, 4],
                "segmentation": {"counts": "x", "size": [1, 1]},
            },
            {"image_id": 1, "category_id": 7, "iscrowd": 1, "segmentation": [[0, 0, 5, 0, 5, 6]]},
            {"image_id": 1, "category_id": 9},
        ],
        "images": [
            {"id": 1, "file_name": "./A.JPG"},
            {"id": 2, "file_name": "gone.jpg", "width": 5, "height": 5},
        ],
        "categories": [{"id": 7, "name": "cat"}],
    }
    images = listed(
        tmp_path,
        {
            "annotations/instances_val2017.json": json.dumps(told).encode(),
            "annotations/captions_val2017.json": json.dumps({**told, "categories": []}).encode(),
            "val2017/a.jpg": png(),
            "train2017/a.jpg": png(colour="blue"),
        },
    )
    (entry,) = images.entries("val")
    assert entry.name == "val2017/a.jpg"
    assert [(box.category, box.bbox, box.crowd) for box in entry.boxes] == [
        ("cat", (1, 2, 3, 4), False),
        ("cat", (0, 0, 5, 6), True),
    ]
    assert entry.boxes[1].outlines == ((0, 0, 5, 0, 5, 6),)
    assert [note.split()[0] for note in images.notes] == ["1", "1"]


def test_coco_masks_are_kept_as_they_are(tmp_path: Path) -> None:
    """pytorch/vision#8351, cvat-ai/cvat#6014: packed lengths left out, or a mask taken for a polygon."""
    plain, packed = [4, 2, 2, 2, 5, 1, 4], "42203OO"
    told = {
        "annotations": [
            {
                "image_id": 1,
                "category_id": 7,
                "segmentation": {"counts": plain, "size": [4, 5]},
                "iscrowd": 1,
            },
            {"image_id": 1, "category_id": 7, "segmentation": {"counts": packed, "size": [4, 5]}},
            {"image_id": 1, "category_id": 7, "segmentation": plain, "bbox": [1, 1, 1, 1]},
            {"image_id": 2, "category_id": 7, "segmentation": {"counts": {}}, "bbox": [1, 1, 1, 1]},
        ],
        "images": [{"id": number, "file_name": f"{number}.png"} for number in (1, 2)],
        "categories": [{"id": 7, "name": "cat"}],
    }
    files = {"train.json": json.dumps(told).encode(), "1.png": png(5, 4), "2.png": png(5, 4)}
    images = listed(tmp_path, files)
    (split,) = images.splits
    whole, bad = images.entries(split.name)
    assert [box.bbox for box in whole.boxes] == [(1, 0, 3, 4), (1, 0, 3, 4), (1, 1, 1, 1)]
    assert [box.crowd for box in whole.boxes] == [True, False, False]
    assert [bool(box.outlines) for box in whole.boxes] == [False] * 3
    masks = images.mask(split.name, 0)
    assert [one.runs.counts for one in masks if isinstance(one, ObjectMask)] == [plain, packed]
    assert (whole.masked, bad.masked) == (True, True)


def test_masks_in_a_folder_of_their_own_belong_to_their_images(tmp_path: Path) -> None:
    mask = png(colour="black")
    images = listed(
        tmp_path,
        {
            "images/train/a #1.jpg": png(),
            "images/train/b.jpg": png(),
            "masks/train/a #1.png": mask,
            "masks/val/b.png": mask,
        },
    )
    first, second = images.entries("train")
    assert (first.name, first.masked, second.masked) == ("images/train/a #1.jpg", True, False)
    assert images.mask("train", 0) == mask
    # Of no image: it is one itself.
    assert shown(images, "val") == [("masks/val/b.png", "masks")]
    with pytest.raises(NotFound, match="has no mask"):
        images.mask("train", 1)


@pytest.mark.parametrize("names", ["names: [cat, dog]", "names:\n  0: cat\n  1: dog"])
def test_yolo_boxes_are_parts_of_an_images_size(tmp_path: Path, names: str) -> None:
    images = listed(
        tmp_path,
        {
            "data.yaml": f"train: ../train/images\nnc: 2\n{names}\n".encode(),
            "train/images/1.png": png(20, 10),
            "train/labels/1.txt": b"\xef\xbb\xbf1 0.5 0.5 0.5 0.4\n0 0 0 1 0 1 1\nnonsense\n1 7 0 0 0\n",
            "train/images/2.png": png(),
        },
    )
    first, second = images.entries("train")
    assert [(box.category, box.bbox) for box in first.boxes] == [
        ("dog", (5, 3, 10, 4)),
        ("cat", (0, 0, 20, 10)),
    ]
    assert first.boxes[1].outlines == ((0, 0, 20, 0, 20, 10),)
    assert second.boxes == ()
    assert images.notes == ["2 lines are no objects, the first 'nonsense'."]


def test_voc_without_a_size_and_with_a_broken_file(tmp_path: Path) -> None:
    box = "<bndbox><xmin>1</xmin><ymin>2.5</ymin><xmax>11</xmax><ymax>9</ymax></bndbox>"
    whole = f"<annotation><filename>a.jpg</filename><object><name>cat</name>{box}</object></annotation>"
    images = listed(
        tmp_path,
        {
            "VOC2007/Annotations/a.xml": whole.encode(),
            "VOC2007/Annotations/b.xml": b"<annotation><filename>",
            "VOC2007/Annotations/c.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><annotation>&a;</annotation>',
            **{f"VOC2007/JPEGImages/{name}.jpg": png() for name in "abc"},
            "VOC2007/SegmentationClass/a.png": png(),
            "VOC2007/ImageSets/Main/val.txt": b"a\nc\n",
            "VOC2007/ImageSets/Main/cat_val.txt": b"a 1\nb -1\n",
        },
    )
    assert [entry.name[-5:] for entry in images.entries("val")] == ["a.jpg", "c.jpg"]
    assert [entry.masked for entry in images.entries("val")] == [True, False]
    assert [box.bbox for box in images.entries("val")[0].boxes] == [(1, 2.5, 10, 6.5)]
    assert [entry.name[-5:] for entry in images.entries("all")] == ["b.jpg"]


def test_kitti_goes_by_the_stem(tmp_path: Path) -> None:
    line = (
        b"Car 0 0 1.5 10 20 30 50 1 1 1 1 1 1 0\nDontCare -1 -1 -10 1 2 3 4 -1 -1 -1 -1000 -1000 -1000 -10\n"
    )
    images = listed(
        tmp_path,
        {
            **{f"training/image_2/00000{number}.png": png() for number in (0, 2)},
            "training/label_2/000001.txt": line,
            "training/label_2/000002.txt": line,
        },
    )
    first, second = images.entries("training")
    assert first.boxes == ()
    assert [(box.category, box.bbox, box.crowd) for box in second.boxes] == [
        ("Car", (10, 20, 20, 30), False),
        ("DontCare", (1, 2, 2, 2), True),
    ]


def test_arrays_are_given_as_png(tmp_path: Path) -> None:
    pixels = struct.pack(">4B3I", 0, 0, 8, 3, 2, 2, 3) + bytes(range(12))
    labels = struct.pack(">4BI", 0, 0, 8, 1, 2) + bytes([7, 0])
    images = listed(
        tmp_path, {"t10k-images-idx3-ubyte.gz": gzip.compress(pixels), "t10k-labels-idx1-ubyte": labels}
    )
    assert shown(images, "test") == [
        ("t10k-images-idx3-ubyte.gz#0", "7"),
        ("t10k-images-idx3-ubyte.gz#1", "0"),
    ]
    picture = Image.open(io.BytesIO(images.read("test", 1)))
    assert picture.size == (3, 2)
    assert picture.tobytes() == bytes(range(6, 12))


def test_a_pickle_can_run_nothing(tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return print, ("run",)

    names = pickle.dumps({b"label_names": [b"plane", b"car"]})
    with pytest.raises(NoPictures, match="print"):
        listed(
            tmp_path, {"cifar/batches.meta": names, "cifar/data_batch_1": pickle.dumps({b"data": Harmful()})}
        )


def test_a_webdataset_is_read_by_ranges_of_its_tars(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in {
            "a/1.jpg": png(),
            "a/1.cls": b"3",
            "a/._2.jpg": b"x",
            "a/2.seg.png": png(colour="blue"),
            "a/2.json": b'{"label": "cat"}',
            "b/3.jpg": png(),
        }.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    images = listed(
        tmp_path, {"pets-train-000000.tar": packed.getvalue(), "pets-train-000001.tar": b"\0" * 700}
    )
    name = "pets-train-000000.tar#"
    assert shown(images, "train") == [
        (f"{name}a/1.jpg", "3"),
        (f"{name}a/2.seg.png", "cat"),
        (f"{name}b/3.jpg", None),
    ]
    assert images.read("train", 1) == png(colour="blue")


def test_a_parquet_file_as_the_hub_has_it(tmp_path: Path) -> None:
    file = tmp_path / "made.parquet"
    features = {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
    metadata = json.dumps({"info": {"features": features}}).replace("'", "''")
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (image STRUCT(bytes BLOB, path VARCHAR), label BIGINT)")
        rows = [(png(), "1.png", 1), (png(colour="blue"), None, 0), (png(), "3.png", -1)]
        for data, path, label in rows:
            connection.execute("INSERT INTO t VALUES ({'bytes': $1, 'path': $2}, $3)", [data, path, label])
        connection.execute(f"COPY t TO '{file}' (FORMAT parquet, KV_METADATA {{huggingface: '{metadata}'}})")
    images = listed(
        tmp_path, {"data/train-00000-of-00001.parquet": file.read_bytes(), "assets/logo.png": png(1, 1)[:60]}
    )
    assert images.form == "Parquet"
    assert [label for _, label in shown(images, "train")] == ["dog", "cat", None]
    assert images.classes("train") == ["cat", "dog"]
    assert images.read("train", 1) == png(colour="blue")


def test_zips_are_read_without_unpacking(tmp_path: Path) -> None:
    packed = []
    for colour, name in (("red", "cat"), ("blue", "dog")):
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{name}/1.png", png(colour=colour))
            archive.writestr("fish/1.png", png(), zipfile.ZIP_STORED)
            archive.writestr("../outside.png", png())
        packed.append(written.getvalue())
    images = listed(tmp_path, {"train.zip": packed[0], "test.zip": packed[1]})
    assert shown(images, "train") == [("train/cat/1.png", "cat"), ("train/fish/1.png", "fish")]
    assert shown(images, "test", class_name="dog") == [("test/dog/1.png", "dog")]
    assert images.read("test", 0) == png(colour="blue")
    lie = bytearray(packed[0])
    lie[lie.index(b"PK\x03\x04") + 60] ^= 0xFF
    with pytest.raises(DamagedFile, match=r"train\.zip cannot be read"):
        listed(tmp_path, {"train.zip": bytes(lie)}).read("all", 0)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"a.csv": b"1,2"}, "none of its 1 files is a picture or holds some (.csv)"),
        ({"a.tar.gz": b"x"}, "can only be read from its beginning"),
        ({"scan.dcm": b"x"}, "medical images"),
        ({"a.zip": b"PK nonsense"}, "its zip cannot be read"),
        ({}, "it has no files"),
    ],
)
def test_why_there_is_no_picture_to_see(tmp_path: Path, files: Mapping[str, bytes], reason: str) -> None:
    with pytest.raises(NoPictures, match=re.escape(reason)):
        listed(tmp_path, files)


def test_a_link_that_leads_out_of_the_dataset_is_not_followed(tmp_path: Path) -> None:
    images = listed(tmp_path, {"cat/1.png": png(), "dog/2.png": png()})
    secret = tmp_path / "secret.png"
    secret.write_bytes(png())
    file = tmp_path / "huggingface/o/n/r/cat/1.png"
    file.unlink()
    file.symlink_to(secret)
    with pytest.raises(DamagedFile, match="not there any more"):
        images.read("all", 0)
