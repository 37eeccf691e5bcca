"""KITTI's recordings as strangers have them: gaps, tracks that begin before the recording, broken lines."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dataferry.core.errors import DamagedFile
from dataferry.explorer.point_clouds import from_above, packed, read_points, thinned
from dataferry.explorer.recordings import Recording, seen_object
from dataferry.plugins.readers.kitti_geometry import object_calibration, projected_edges
from dataferry.plugins.readers.kitti_sequences import KittiSequence, find_sequences
from dataferry.plugins.readers.kitti_tracks import labels
from tests.support.dataset_files import encoded, picture
from tests.support.kitti_files import drive, pose, tracklet

CALIBRATION = "\n".join(
    [
        *(f"P{number}: 100 0 62 {-50 * number} 0 100 18 0 0 0 1 0" for number in range(4)),
        "R0_rect: 1 0 0 0 1 0 0 0 1",
        "Tr_velo_to_cam: 0 -1 0 0 0 0 -1 0 1 0 0 -0.3",
        "Tr_imu_to_velo: 1 0 0 0 0 1 0 0 0 0 1 0",
        "",
    ]
)


SENSORS = (("image_02", "png"), ("velodyne_points", "bin"), ("oxts", "txt"))


def written(tree: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(content)
    return tree


def only(tree: Path) -> KittiSequence:
    [sequence] = find_sequences(tree)
    return sequence


def test_sensors_are_in_step_by_name_whatever_is_missing(tmp_path: Path) -> None:
    """Frames are not where a list of the files that are there would count them."""
    files = drive([0, 1, 2, 5, 9], [], without_scan=[1, 5])
    folder = "2011_09_26/2011_09_26_drive_0001_sync"
    del files[f"{folder}/image_03/data/0000000002.png"]
    files[f"{folder}/image_02/data/._0000000000.png"] = b"of macOS"
    files[f"{folder}/image_02/data/notes.png"] = b"of no frame"
    files[f"{folder}/image_02/timestamps.txt"] = b"first\n\nthird\n" + b"x\n" * 6 + b"tenth\n\n"
    sequence = only(written(tmp_path, files))
    assert [int(stem) for stem in sequence.frames] == [0, 1, 2, 5, 9]
    assert sequence.missing() == {"image_03": ["0000000002"], "velodyne": ["0000000001", "0000000005"]}
    assert sequence.file("0000000005", "velodyne") is None
    assert (
        sequence.file("0000000009", "velodyne") == tmp_path / folder / "velodyne_points/data/0000000009.bin"
    )
    recording = Recording(sequence, sequence.frames)
    times = [recording.time(stem) for stem in sequence.frames]
    assert times == ["first", None, "third", "x", "tenth"]


def test_a_drive_is_known_by_its_folders_whatever_its_name(tmp_path: Path) -> None:
    files = {f"cars/monday/{name}/data/000007.{form}": b"" for name, form in SENSORS}
    sequence = only(written(tmp_path, {**files, "cars/notes/data/000001.txt": b""}))
    assert (sequence.id, sequence.layout, sequence.date) == ("monday", "raw", None)
    assert (sequence.frames, set(sequence.files)) == (["000007"], {"image_02", "velodyne", "oxts"})
    assert only(tmp_path / "cars" / "monday").id == "recording"


def test_what_cannot_be_read_is_told_and_keeps_nothing_else(tmp_path: Path) -> None:
    """A track from frame -2 on is seen where its poses fall into the drive; its type is of no benchmark."""
    early = tracklet("Wheelchair", (1, 1, 1), -2, [pose(10 + place, 0, 0) for place in range(4)])
    files = drive([0, 1], [early])
    folder = "2011_09_26/2011_09_26_drive_0001_sync"
    files[f"{folder}/oxts/data/0000000001.txt"] = b""
    recording = Recording(sequence := only(written(tmp_path, files)), sequence.frames)
    [one] = recording.objects("0000000000")
    assert one.category == "Wheelchair"
    assert one.box is not None
    assert one.box[:, 0].mean() == 12
    assert [point.frame for point in recording.track()] == ["0000000000"]
    assert recording.problems == [
        "2011_09_26_drive_0001_sync/oxts/data/0000000001.txt cannot be read: it has 0 values, not 30."
    ]
    (tmp_path / folder / "tracklet_labels.xml").write_text("<boost_serialization><tracklets>")
    broken = Recording(sequence, sequence.frames)
    assert broken.objects("0000000000") == ()
    assert "tracklet_labels.xml cannot be read" in broken.problems[0]


def test_the_object_benchmark_in_camera_and_scan(tmp_path: Path) -> None:
    """A car 10 m ahead of the camera, which stands 0.3 m before the scanner, along the camera's x."""
    car = "Car 0.00 0 0 30.00 10.00 90.00 25.00 1.50 1.60 4.00 0.00 1.00 10.00 0.00"
    skipped = "DontCare -1 -1 -10 1 1 2 2 -1 -1 -1 -1000 -1000 -1000 -10"
    files = {
        "data/training/image_2/000007.png": encoded(picture(124, 37), "PNG"),
        "data/training/velodyne/000007.bin": bytes(16),
        "data/training/calib/000007.txt": CALIBRATION.encode(),
        "data/training/label_2/000007.txt": f"{car}\n{skipped}\n\n".encode(),
        "data/testing/image_2/000007.png": encoded(picture(124, 37), "PNG"),
    }
    testing, training = find_sequences(written(tmp_path, files))
    assert (testing.id, training.id, training.frames) == ("testing", "training", ["000007"])
    recording = Recording(training, training.frames)
    [known] = recording.objects("000007")
    seen = seen_object(known, recording.calibration("000007"), {"image_02": (124, 37), "image_03": (124, 37)})
    corners = np.array(seen.corners)
    np.testing.assert_allclose(corners.min(0), [10.3 - 0.8, -2, -1], atol=1e-3)
    np.testing.assert_allclose(corners.max(0), [10.3 + 0.8, 2, 0.5], atol=1e-3)
    assert seen.cameras["image_02"].bbox == (30, 10, 60, 15)
    assert set(seen.cameras) == {"image_02", "image_03"}
    label = tmp_path / "short.txt"
    label.write_text("Car 0.00 0 0 30.00 10.00\n")
    with pytest.raises(DamagedFile, match=r"short\.txt cannot be read"):
        labels(label, recording.calibration("000007"))


def test_an_object_beside_the_car_ends_at_the_cameras_plane(tmp_path: Path) -> None:
    (tmp_path / "calib.txt").write_text(CALIBRATION)
    projection = object_calibration(tmp_path / "calib.txt").cameras["image_02"]
    around = np.array([(x, y, z) for x in (-3.0, 6.0) for y in (0.5, 2.0) for z in (-1.0, 0.5)])
    edges = projected_edges(around, projection, (124, 37))
    assert 4 <= len(edges) < 12
    assert np.isfinite(edges).all()
    assert projected_edges(around - (20, 0, 0), projection, (124, 37)) == []


def test_a_scan_is_thinned_and_drawn_from_above(tmp_path: Path) -> None:
    scan = np.array(
        [(5, 1, 0, 0.5), (5.05, 1.05, 0.05, 1), (5.3, 1, 0, 2), (np.nan, 0, 0, 0), (-0.1, -0.1, 0, 0),
         (900, 0, 0, 0)],
        "<f4",
    )  # fmt: skip
    (tmp_path / "scan.bin").write_bytes(scan.tobytes())
    points = read_points(tmp_path / "scan.bin")
    assert len(points) == 5
    whole = np.frombuffer(packed(thinned(points)), "<i2").reshape(-1, 4).tolist()
    assert whole == [[500, 100, 0, 128], [530, 100, 0, 255], [-10, -10, 0, 0]]
    box = np.array([(x, y, z) for x in (10.0, 14.0) for y in (-1.0, 1.0) for z in (-1.0, 0.5)])
    above = np.asarray(Image.open(io.BytesIO(from_above(points, [box]))).convert("RGB"))
    assert above[400 - 50, 400 - 10].tolist() != above[0, 0].tolist()  # ahead is up, the left is left
    assert above[400 - 140, 400].tolist() == [255, 120, 90]
    (tmp_path / "short.bin").write_bytes(bytes(30))
    with pytest.raises(DamagedFile, match="30 bytes are no scan"):
        read_points(tmp_path / "short.bin")
