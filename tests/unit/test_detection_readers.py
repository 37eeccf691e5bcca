"""Readers of images with boxes, on files as they are published and on those that strangers reported."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from dataferry.core.errors import DamagedFile
from dataferry.plugins.readers.coco import coco_images
from dataferry.plugins.readers.detection import DetectionImages, UnlabelledImages
from dataferry.plugins.readers.json_stream import members
from dataferry.plugins.readers.kitti import kitti_images
from dataferry.plugins.readers.kitti_raw import KittiRawImages
from dataferry.plugins.readers.yolo import yolo_images
from tests.support.dataset_files import encoded, picture
from tests.support.kitti_files import LABEL, drive, pose, tracklet

COCO: dict[str, Any] = {
    "info": {"year": 2017, "url": "a \"quoted\" } ] name"},
    "licenses": [{"id": 1, "name": "CC"}],
    "images": [
        {"id": 139, "file_name": "139.jpg", "width": 64, "height": 48},
        {"id": 9, "file_name": "9.jpg", "height": 48, "width": 64},
        {"id": 25, "file_name": "none/25.jpg", "width": 64, "height": 48},
    ],
    "annotations": [
        {"id": 1, "image_id": 9, "category_id": 90, "bbox": [1.5, 2.25, 10, 20], "iscrowd": 0,
         "segmentation": [[1, 2, 3.5, 4, 5, 6]], "area": 200.0},
        {"id": 2, "image_id": 139, "category_id": 1, "bbox": [0, 0, 64, 48], "iscrowd": 1,
         "segmentation": {"counts": [1, 2], "size": [48, 64]}},
        {"id": 3, "image_id": 9, "category_id": 1, "bbox": [60, 40, 30, 30]},
    ],
    "categories": [{"id": 90, "name": "toothbrush"}, {"id": 1, "name": "person"}],
}  # fmt: skip


def coco(tmp_path: Path, content: Any) -> DetectionImages:
    path = tmp_path / "instances.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return coco_images(path, tmp_path / "images", keep=tmp_path / "kept")


def write(root: Path, path: str, content: bytes | str = encoded(picture(64, 48))) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(content if isinstance(content, bytes) else content.encode())


# -- COCO ------------------------------------------------------------------------------------------------


def test_coco_has_a_line_for_each_image_in_their_order(tmp_path: Path) -> None:
    reader = coco(tmp_path, COCO)
    first = [{"bbox": [0.0, 0.0, 64.0, 48.0], "category_id": 1, "iscrowd": 1}]
    second = [
        {"bbox": [1.5, 2.25, 10.0, 20.0], "category_id": 90, "iscrowd": 0},
        {"bbox": [60.0, 40.0, 30.0, 30.0], "category_id": 1, "iscrowd": 0},
    ]
    assert [reader.entry(number) for number in range(3)] == [
        {"file": "139.jpg", "w": 64, "h": 48, "anns": first},
        {"file": "9.jpg", "w": 64, "h": 48, "anns": second},
        {"file": "none/25.jpg", "w": 64, "h": 48, "anns": []},
    ]
    assert reader.index.categories == {1: "person", 90: "toothbrush"}
    assert (len(reader), reader.labeled, reader.index.labeled) == (3, 3, 2)
    write(tmp_path, "images/139.jpg", encoded(picture(64, 48, mode="L")))
    image, annotations = reader[0]
    assert (image.mode, image.size, annotations) == ("RGB", (64, 48), first)
    with pytest.raises(DamagedFile, match=r"9\.jpg cannot be read: it is not there"):
        reader[1]


@pytest.mark.parametrize(
    "keys", [("annotations", "images", "categories"), ("categories", "annotations", "images")]
)
def test_the_arrays_may_come_in_any_order(tmp_path: Path, keys: tuple[str, ...]) -> None:
    straight = coco(tmp_path, COCO)
    lines = [straight.entry(number) for number in range(3)]
    other = coco(tmp_path, {key: COCO[key] for key in keys})
    assert [other.entry(number) for number in range(3)] == lines


def test_ids_may_be_words_and_sizes_may_be_missing(tmp_path: Path) -> None:
    content = {
        "images": [{"id": "a", "file_name": "a.jpg", "width": None}],
        "annotations": [{"image_id": "a", "category_id": "3", "bbox": ["1", "2", "3", "4"]}],
        "categories": [{"id": "3", "name": "car"}],
    }
    line = coco(tmp_path, content).entry(0)
    assert (line["w"], line["h"]) == (None, None)
    assert line["anns"] == [{"bbox": [1.0, 2.0, 3.0, 4.0], "category_id": 3, "iscrowd": 0}]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    annotations = [
        {"image_id": 9, "category_id": 1, "bbox": []},
        {"image_id": 9, "category_id": 1, "segmentation": []},
        {"image_id": 9, "category_id": 1, "bbox": [float("nan"), 0, 1, 1]},
        {"image_id": 1000, "category_id": 1, "bbox": [0, 0, 1, 1]},
    ]
    reader = coco(tmp_path, COCO | {"annotations": annotations})
    assert reader.index.box_count == 0
    assert reader.index.left_out == {
        "annotations without a box": 2,
        "boxes that are no numbers": 1,
        "boxes of no image": 1,
    }


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"categories": [{"id": 1, "name": "person"}]}, "boxes have the category 90, which it does not name"),
        ({"images": []}, "it names no images"),
        ({"images": COCO["images"] * 2}, "the one with the id 139 has the id of another one"),
        ({"images": [{"id": 1, "file_name": "../../secret.jpg"}]}, "leads out of the dataset's folder"),
        ({"images": [{"id": 1, "file_name": "/etc/passwd"}]}, "is an absolute path"),
        ({"images": [{"id": 1}]}, "id 1 has no 'file_name'"),
        ({"annotations": [{"id": 4, "image_id": 9, "bbox": [0, 0, 1, 1]}]}, "id 4 has no 'category_id'"),
        (
            {"annotations": [{"image_id": 9, "category_id": 1, "bbox": [0, 0, 1]}]},
            "without an id has not enough",
        ),
        ({"annotations": [[1]]}, "an element of its 'annotations' is no object"),
    ],
)
def test_annotations_that_cannot_be_meant_are_named(
    tmp_path: Path, changed: dict[str, Any], told: str
) -> None:
    with pytest.raises(DamagedFile, match=told):
        len(coco(tmp_path, COCO | changed))


@pytest.mark.parametrize("cut", [0, 1, 60, 200, 500, -1])
def test_a_cut_json_is_told_with_its_place(tmp_path: Path, cut: int) -> None:
    with pytest.raises(
        DamagedFile, match=r"instances\.json cannot be read: it ends too early, at character \d"
    ):
        len(coco(tmp_path, json.dumps(COCO)[:cut]))


@pytest.mark.parametrize(
    "text",
    ["<html>", "[1]", '{"images" 1}', '{"images": [{} {}]}', "{1: 2}", '{"images": [{"id": nil}, {}]}'],
)
def test_what_is_no_json_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(DamagedFile, match=r"instances\.json cannot be read"):
        len(coco(tmp_path, text))


@pytest.mark.parametrize("chunk", [1, 7, 64, 1 << 20])
def test_json_is_the_same_however_it_is_cut(tmp_path: Path, chunk: int) -> None:
    value = COCO | {
        "numbers": [1, -2.5e3, True, None, '\\" ä 漢 \ud83d'],
        "deep": [{"a": {"b": {"c": [{}]}}}, {}, []],
        "empty": [],
        "number": 1234567890,
        "none": None,
        "last": [{"x": "}]\\", "y": {"z": '"'}}],
    }
    path = tmp_path / "a.json"
    for indent in (None, 2):
        path.write_text("\ufeff" + json.dumps(value, indent=indent) + "\n", encoding="utf-8")
        expected = [
            (key, element)
            for key, member in value.items()
            for element in (member if isinstance(member, list) else [member])
        ]
        assert list(members(path, chunk=chunk)) == expected


def test_a_reader_is_sent_to_workers_without_its_index(tmp_path: Path) -> None:
    reader = coco(tmp_path, COCO)
    line = reader.entry(1)
    sent = pickle.dumps(reader)
    assert len(sent) < 2000
    assert pickle.loads(sent).entry(1) == line


def test_images_without_published_annotations(tmp_path: Path) -> None:
    write(tmp_path, "test2017/2.jpg")
    write(tmp_path, "test2017/1.jpg")
    reader = UnlabelledImages(tmp_path / "test2017")
    assert (len(reader), reader.labeled, reader[0][1]) == (2, 0, [])
    assert reader.path(0).name == "1.jpg"


# -- YOLO ------------------------------------------------------------------------------------------------


def yolo(tmp_path: Path, lines: str) -> DetectionImages:
    write(tmp_path, "images/a.jpg")
    write(tmp_path, "labels/a.txt", lines)
    return yolo_images(tmp_path / "images", tmp_path / "labels", 80, keep=tmp_path / "kept")


def test_yolos_parts_become_pixels(tmp_path: Path) -> None:
    write(tmp_path, "images/b.jpg")
    reader = yolo(tmp_path, "45 0.5 0.5 0.25 0.5\r\n\n0 0.1 0.2 0.3 0.2 0.3 0.6\n45 0.5 0.5 0.25 0.5\n")
    (box, outline) = (annotation["bbox"] for annotation in reader.entry(0)["anns"])
    assert box == [24.0, 12.0, 16.0, 24.0]
    assert outline == pytest.approx([6.4, 9.6, 12.8, 19.2])
    assert [annotation["category_id"] for annotation in reader[0][1]] == [45, 0]
    assert reader[1][1] == []
    assert (reader.labeled, reader.index.left_out) == (2, {"lines that stand there twice": 1})


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("80 0.5 0.5 0.1 0.1", "line 1: there is no class 80; they count from 0 to 79"),
        ("-1 0.5 0.5 0.1 0.1", "there is no class -1"),
        ("0.5 0.5 0.5 0.1 0.1", "there is no class 0.5"),
        ("0 320 240 10 10", "not parts of the image's size"),
        ("0 nan 0.5 0.1 0.1", "not parts of the image's size"),
        ("0 0.5 0.5", "it has 3 numbers"),
        ("person 0.5 0.5 0.1 0.1", "line 1: could not convert"),
    ],
)
def test_labels_that_yolo_cannot_mean_are_named(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(DamagedFile, match=told):
        len(yolo(tmp_path, line))


# -- KITTI -----------------------------------------------------------------------------------------------


def test_kittis_objects_and_regions_that_are_not_labelled(tmp_path: Path) -> None:
    write(tmp_path, "image_2/000000.png", encoded(picture(124, 37), "PNG"))
    write(
        tmp_path,
        "label_2/000000.txt",
        f"{LABEL}\nDontCare -1 -1 -10 5 6 7 8 -1 -1 -1 -1000 -1000 -1000 -10\n",
    )
    reader = kitti_images(tmp_path, keep=tmp_path / "kept")
    assert reader[0][1] == [
        {"bbox": [10.5, 5.0, 20.0, 12.0], "category_id": 3, "iscrowd": 0},
        {"bbox": [5.0, 6.0, 2.0, 2.0], "category_id": -1, "iscrowd": 1},
    ]
    write(tmp_path, "label_2/000000.txt", "Bus 0 0 0 1 2 3 4 1 1 1 1 1 1 0")
    with pytest.raises(DamagedFile, match="line 1: there is no type 'Bus'"):
        len(kitti_images(tmp_path, keep=tmp_path / "other"))
    (tmp_path / "label_2/000000.txt").unlink()
    with pytest.raises(DamagedFile, match=r"000000\.txt cannot be read: it is not there"):
        len(kitti_images(tmp_path, keep=tmp_path / "third"))


def test_kittis_drives_are_keyed_by_the_names_of_their_frames(tmp_path: Path) -> None:
    # The camera looks along the scanner's x; f = 100 pixels, its middle at (62, 18). Frame 1 was lost.
    car = tracklet("Car", (2, 2, 4), 0, [pose(10, 0, -1), pose(8, 0, -1), pose(6, 0, -1)])
    behind = tracklet("Person (sitting)", (2, 1, 1), 2, [pose(-10, 0, 0)])
    across = tracklet("Van", (2, 2, 8), 2, [pose(2, 1.5, -1)])
    for path, content in drive([0, 2], [car, behind, across], size=(124, 37), without_scan=[2]).items():
        write(tmp_path, path, content)
    reader = KittiRawImages(tmp_path, ["2011_09_26/2011_09_26_drive_0001_sync"], keep=tmp_path / "kept")
    lines = [reader.entry(number) for number in range(len(reader))]
    assert [Path(line["file"]).stem for line in lines] == ["0000000000", "0000000002"]
    (nearest,) = (annotation["bbox"] for annotation in lines[0]["anns"])
    assert nearest == pytest.approx([62 - 12.5, 18 - 12.5, 25, 25])
    assert [annotation["category_id"] for annotation in lines[1]["anns"]] == [0, 1]
    left, top, width, height = lines[1]["anns"][1]["bbox"]
    assert (left, top) == (0, 0)
    assert (left + width, top + height) == pytest.approx((62 - 100 * 0.5 / 6, 37))
    scan = reader.file(0, "velodyne_points")
    assert scan is not None
    assert scan.name == "0000000000.bin"
    assert reader.file(1, "velodyne_points") is None
