"""Annotations as files, read back by our own readers; and how far two people agree.

Reported of others: boxes at the edge that stand out of the image once they are written
(SkalskiP/make-sense#171), classes in another order in each export (HumanSignal/label-studio#3324, #2886), one
text file for two images of the same name (HumanSignal/label-studio-converter#132), one id for two images of
the same stem (cvat-ai/cvat#7523), columns that a label with a space or a line end breaks
(umautobots/vod-converter#25), and boxes that were drawn from right to left (WildMeOrg/Wildbook#1096).
"""

import io
import json
from pathlib import Path
from typing import cast

import pytest
import yaml
from PIL import Image

from dataferry.annotations.agreement import Given, agreement, label_agreement
from dataferry.annotations.checks import checked_box, checked_label
from dataferry.annotations.formats import ExportedBox, ExportedImage, file_names, files_of
from dataferry.annotations.views import AnnotationFormat, Box, ImagePlace
from dataferry.core.errors import InvalidInput
from dataferry.explorer.image_index import ImageIndex
from dataferry.explorer.indexed_images import IndexedImages, LocalBytes
from dataferry.explorer.local_images import ImageLists, build_local
from dataferry.library.paths import Store
from dataferry.plugins.readers.coco import coco_images
from dataferry.plugins.readers.kitti import kitti_images
from dataferry.plugins.readers.yolo import yolo_images

SIZE = (1920, 1080)
#: Two of one file name, and two of one stem.
NAMES = ("cam0/images/0001.jpg", "cam1/images/0001.jpg", "cam0/images/0001.png")
#: At each edge, whole, and of a fraction of a pixel.
BOXES: tuple[tuple[Box, str], ...] = (
    ((444, 998, 90, 82), "Car"),
    ((1828, 710, 92, 104), "Pedestrian"),
    ((0, 138, 80, 70), "traffic light"),
    ((0, 0, 1920, 1080), "no"),
    ((10.25, 20.5, 0.31, 7.77), "Car"),
)
CLASSES = ("Pedestrian", "Car")


def images() -> list[ExportedImage]:
    boxes = [ExportedBox(box, label) for box, label in BOXES]
    places = [ImagePlace("train", name, number, *SIZE) for number, name in enumerate(NAMES)]
    return [
        ExportedImage(place, boxes[number:], ["night"] * (number == 1)) for number, place in enumerate(places)
    ]


def exported(format: AnnotationFormat, of: list[ExportedImage] | None = None) -> dict[str, bytes]:
    return {
        file.path: b"".join(cast("io.BytesIO", file.content))
        for file in files_of(format, of or images(), CLASSES)
    }


def where(format: AnnotationFormat) -> list[str]:
    """Where the images belong, as the documents say."""
    names = file_names(images(), flat=format != "coco")
    folder = {"coco": "", "yolo": "images/train/", "kitti": "train/image_2/"}[format]
    return [f"{folder}{name}" for name in names]


def laid_out(root: Path, format: AnnotationFormat) -> dict[str, bytes]:
    written = io.BytesIO()
    Image.new("L", SIZE).save(written, "PNG")
    files = exported(format) | dict.fromkeys(where(format), written.getvalue())
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return files


@pytest.mark.parametrize("format", ["coco", "yolo", "kitti"])
def test_what_is_exported_is_read_back_with_the_same_boxes(tmp_path: Path, format: AnnotationFormat) -> None:
    store = Store(tmp_path)
    tree = tmp_path / "url" / "mine"
    files = laid_out(tree, format)
    lists = ImageLists(store)
    build_local(lists, lists.path("ds"), store, tree, {path: len(data) for path, data in files.items()})
    read = IndexedImages("Mine", "1", ImageIndex(lists.path("ds")), LocalBytes(store, tree))
    assert read.form.lower() == format
    found = {entry.name: entry.boxes for entry in read.entries("train")}
    for image, path in zip(images(), where(format), strict=True):
        assert len(found[path]) == len(image.boxes)
        for box, kept in zip(image.boxes, found[path], strict=True):
            assert kept.bbox == pytest.approx(box.box, abs=0.011)
            assert kept.category == (box.label.replace(" ", "_") if format == "kitti" else box.label)


def test_plugins_readers_read_them_too(tmp_path: Path) -> None:
    for format in ("coco", "yolo"):
        laid_out(tmp_path / format, format)
    annotations = tmp_path / "coco/annotations/instances_train.json"
    coco = coco_images(annotations, tmp_path / "coco", keep=tmp_path / "kept")
    labels = tmp_path / "yolo/labels/train"
    yolo = yolo_images(tmp_path / "yolo/images/train", labels, 4, keep=tmp_path / "kept2")
    for read in (coco, yolo):
        boxes = sorted(tuple(one["bbox"]) for number in range(3) for one in read.target(number))
        wanted = sorted(one.box for image in images() for one in image.boxes)
        assert [pytest.approx(box, abs=0.011) for box in wanted] == boxes
    cars = [image for image in images() for one in image.boxes if one.label == "Car"]
    of_kitti = [ExportedImage(cars[0].place, [one for one in cars[0].boxes if one.label == "Car"], [])]
    (line, *_), path = (
        exported("kitti", of_kitti)["train/label_2/0001.txt"].decode().splitlines(),
        tmp_path / "k",
    )
    assert len(line.split()) == 15
    for name, content in (("label_2/0001.txt", f"{line}\n".encode()), ("image_2/0001.png", b"")):
        (path / name).parent.mkdir(parents=True)
        (path / name).write_bytes(content)
    Image.new("L", SIZE).save(path / "image_2/0001.png")
    assert kitti_images(path, keep=tmp_path / "kept3").target(0)[0]["bbox"] == [444, 998, 90, 82]


def test_ids_classes_and_edges_are_what_other_tools_expect() -> None:
    coco = json.loads(exported("coco")["annotations/instances_train.json"])
    assert [one["id"] for one in coco["images"]] == [1, 2, 3]
    assert [one["file_name"] for one in coco["images"]] == list(NAMES)
    assert [one["id"] for one in coco["annotations"]] == list(range(1, 13))
    # The dataset's own classes keep their order, whoever drew what first.
    names = [one["name"] for one in coco["categories"]]
    assert names == ["Pedestrian", "Car", "no", "traffic light"]
    yolo = exported("yolo")
    # A word that YAML would read as "false" stays a word.
    assert yaml.safe_load(yolo["data.yaml"])["names"] == dict(enumerate(names))
    texts = [content for path, content in yolo.items() if path.startswith("labels/")]
    assert len(texts) == 3
    for line in b"".join(texts).decode().splitlines():
        middle_x, middle_y, width, height = map(float, line.split()[1:])
        assert min(middle_x - width / 2, middle_y - height / 2) >= 0
        assert max(middle_x + width / 2, middle_y + height / 2) <= 1
    assert b"cam1/images/0001.jpg,1,night" in yolo["image_labels.csv"]
    odd = ImagePlace("a/b", "data/train.parquet#12", 12, 10, 10)
    assert "labels/a_b/train.parquet_12.txt" in exported("yolo", [ExportedImage(odd, [], [])])


def test_boxes_and_labels_are_brought_to_one_form() -> None:
    place = ImagePlace("train", "a.png", 0, 100, 50)
    assert checked_box((-0.5, 0, 100.9, 50), place, "box") == (0, 0, 100, 50)
    assert checked_box((1.234, 2, 3.005, 4), place, "box") == (1.23, 2, 3.0, 4)
    for bad in ((0, 0, 103, 5), (-3, 0, 5, 5), (9, 9, -3, 4), (5, 5, 0, 4), (1, 1, float("nan"), 4), None):
        with pytest.raises(InvalidInput):
            checked_box(bad, place, "box")
    assert checked_label(" traffic\n light ") == "traffic light"
    for text in ("", " \n", "x" * 201, "a\0b"):
        with pytest.raises(InvalidInput):
            checked_label(text)


def test_agreement_counts_what_both_have_seen() -> None:
    one, two, three = (ImagePlace("train", f"{n}.png", n, 100, 100) for n in range(3))
    # The second of b overlaps the first of a more than the first does, and takes it.
    a = Given([((0, 0, 10, 10), "cat"), ((50, 50, 10, 10), "dog")], ["day"])
    b = Given([((4, 0, 10, 10), "cat"), ((1, 0, 10, 10), "dog"), ((90, 90, 5, 5), "cat")], ["night"])
    found = agreement("a@x.org", "b@x.org", 0.5, {one: (a, b), two: (a, None), three: (None, b)})
    assert (found.images_both, found.images_only_a, found.images_only_b) == (1, 1, 1)
    assert (found.matched, found.only_a, found.only_b) == (1, 1, 2)
    assert found.mean_iou == pytest.approx(90 / 110, abs=1e-6)
    assert (found.box_labels.compared, found.box_labels.same, found.box_labels.kappa) == (1, 0, 0.0)
    nothing = agreement("a", "b", 0.5, {two: (a, None)})
    assert (nothing.mean_iou, nothing.box_labels.kappa) == (None, None)


def test_kappa_is_cohens_and_undefined_where_it_is() -> None:
    # Twenty, five, ten and fifteen of fifty: the textbook's example, 0.4.
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert label_agreement(pairs).kappa == pytest.approx(0.4)
    same = label_agreement([("y", "y")] * 3)
    assert (same.kappa, same.same) == (None, 3)
    assert same.undefined
    assert label_agreement([]).undefined
