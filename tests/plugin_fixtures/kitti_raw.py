"""KITTI's archives of three raw drives; in one of them the scanner lost a revolution."""

from tests.plugin_fixtures import Fixture
from tests.support.dataset_files import zipped
from tests.support.kitti_files import calibration, drive, pose, tracklet

_DAY = "2011_09_26"
_FRAMES = {"0001": (0, 1), "0005": (0, 1, 2), "0011": (0, 2)}


def FIXTURE() -> Fixture:
    """A car comes nearer; a frame of the third drive is missing."""
    car = tracklet("Car", (1.5, 1.6, 3.5), 0, [pose(20 - 5 * frame, 2, -1) for frame in range(3)])
    files = {f"{_DAY}_calib.zip": zipped(calibration(_DAY))}
    for number, frames in _FRAMES.items():
        name = f"{_DAY}_drive_{number}"
        everything = drive(frames, [car], name=name, without_scan=[1])
        inside = {path: content for path, content in everything.items() if f"/{name}_sync/" in path}
        tracklets = {path: content for path, content in inside.items() if path.endswith(".xml")}
        files[f"{name}_tracklets.zip"] = zipped(tracklets)
        files[f"{name}_sync.zip"] = zipped({path: inside[path] for path in inside if path not in tracklets})
    return Fixture(files, {"train_size": 5, "val_size": 2})
