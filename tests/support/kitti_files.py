"""Files of KITTI's object benchmark and of its raw drives, in their true forms."""

from collections.abc import Sequence

from tests.support.dataset_files import encoded, picture

#: A pedestrian at left 10.5, top 5, right 30.5, bottom 17.
LABEL = "Pedestrian 0.00 0 -0.20 10.50 5.00 30.50 17.00 1.89 0.48 1.20 1.84 1.47 8.41 0.01"
SENSORS = ("image_00", "image_01", "image_02", "image_03")
_CAMERA = "P_rect_02: 100 0 62 0 0 100 18 0 0 0 1 0"


def pose(x: float, y: float, z: float, *, turn: float = 0.0, truncation: int = 0) -> str:
    """One frame's place of an object in the scanner's space, in metres."""
    return (
        f"<item><tx>{x}</tx><ty>{y}</ty><tz>{z}</tz><rx>0</rx><ry>0</ry><rz>{turn}</rz><state>2</state>"
        f"<occlusion>0</occlusion><occlusion_kf>0</occlusion_kf><truncation>{truncation}</truncation></item>"
    )


def tracklet(kind: str, size: tuple[float, float, float], first: int, poses: Sequence[str]) -> str:
    """An object of (height, width, length) in metres, from the frame ``first`` on."""
    height, width, length = size
    return (
        f"<item><objectType>{kind}</objectType><h>{height}</h><w>{width}</w><l>{length}</l>"
        f"<first_frame>{first}</first_frame><poses><count>{len(poses)}</count>{''.join(poses)}</poses></item>"
    )


def drive(
    frames: Sequence[int],
    tracklets: Sequence[str],
    *,
    name: str = "2011_09_26_drive_0001",
    size: tuple[int, int] = (124, 37),
    without_scan: Sequence[int] = (),
) -> dict[str, bytes]:
    """A drive and the calibration of its day, by their paths. Its camera has a focal length of 100 pixels
    and its middle at (62, 18); it stands where the scanner stands."""
    day, folder = name[:10], f"{name[:10]}/{name}_sync"
    files = calibration(day)
    files[f"{folder}/tracklet_labels.xml"] = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>\n<!DOCTYPE boost_serialization>\n'
        '<boost_serialization signature="serialization::archive" version="9"><tracklets class_id="0">'
        f"<count>{len(tracklets)}</count><item_version>1</item_version>{''.join(tracklets)}"
        "</tracklets></boost_serialization>\n"
    ).encode()
    for frame in frames:
        for sensor in SENSORS:
            mode = "L" if sensor < "image_02" else "RGB"
            files[f"{folder}/{sensor}/data/{frame:010d}.png"] = encoded(picture(*size, frame, mode), "PNG")
        files[f"{folder}/oxts/data/{frame:010d}.txt"] = (
            b"49.015 8.434 116.43 " + b"0.01 " * 22 + b"4 8 4 4 0\n"
        )
        if frame not in without_scan:
            files[f"{folder}/velodyne_points/data/{frame:010d}.bin"] = bytes(64)
    return files


def calibration(day: str) -> dict[str, bytes]:
    """Cameras that look along the scanner's x, and see its y to their left and its z upwards."""
    same, made = "1 0 0 0 1 0 0 0 1", "calib_time: 09-Jan-2012 13:57:47"
    return {
        f"{day}/calib_velo_to_cam.txt": f"{made}\nR: 0 -1 0 0 0 -1 1 0 0\nT: 0 0 0\n".encode(),
        f"{day}/calib_cam_to_cam.txt": f"{made}\nR_rect_00: {same}\n{_CAMERA}\n".encode(),
        f"{day}/calib_imu_to_velo.txt": f"{made}\nR: {same}\nT: -0.81 0.32 -0.8\n".encode(),
    }
