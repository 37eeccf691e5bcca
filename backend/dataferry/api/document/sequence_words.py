"""Words of recordings of several sensors: see ``vocabulary``."""

from dataferry.api.document.word import Word

_DRIVE = "2011_09_26_drive_0001_sync"
_FRAME = "0000000012"
_POINTS = f"/api/datasets/builtin:kitti-raw/sequences/{_DRIVE}/frames/{_FRAME}/points"
_CAMERAS = ["image_02", "image_03"]
_IN_PATHS = (
    *("get_sequence", "list_frames", "get_frame_image", "get_frame_points", "get_frame_from_above"),
    "get_kitti_image",
)

SEQUENCE_WORDS: dict[str, Word] = {
    **{f"{route}.sequence_id": Word("`id` of the list of recordings.", _DRIVE) for route in _IN_PATHS},
    **{f"{route}.frame_id": Word("`id` of the list of frames.", _FRAME) for route in _IN_PATHS[2:]},
    "SequenceList.sequences": Word("The recordings, by their ids."),
    "SequenceView.id": Word("The recording, as its dataset names it.", _DRIVE),
    "SequenceView.dataset": Word("The key of the dataset that has it.", "builtin:kitti-raw"),
    "SequenceView.layout": Word("How its files lie: `raw` by drives, or `object`.", "raw"),
    "SequenceView.date": Word("The day it was recorded; null where that is not known.", "2011-09-26"),
    "SequenceView.frame_count": Word("How many frames it has; null before it is here.", 108),
    "SequenceView.cameras": Word("The cameras that have images.", _CAMERAS),
    "SequenceView.scan_count": Word("How many frames have a scan of points.", 108),
    "SequenceView.position_count": Word("How many frames have a position.", 108),
    "SequenceView.missing": Word("How many frames each sensor lacks."),
    "SequenceDetail.sequence": Word("The recording itself."),
    "SequenceDetail.frames": Word("The names of its frames, in their order.", [_FRAME]),
    "SequenceDetail.calibration": Word("Rows of numbers, by their names in the files."),
    "SequenceDetail.track": Word("The way that the car drove."),
    "SequenceDetail.missing": Word("The frames that each sensor lacks."),
    "SequenceDetail.problems": Word("What could not be read.", ["Its calibration is not here."]),
    "TrackPoint.frame": Word("The frame.", _FRAME),
    "TrackPoint.latitude": Word("In degrees.", 49.015),
    "TrackPoint.longitude": Word("In degrees.", 8.4342),
    "TrackPoint.altitude": Word("In metres.", 116.4),
    "TrackPoint.east": Word("Metres east of the first place that is known.", 12.6),
    "TrackPoint.north": Word("Metres north of the first place that is known.", -3.1),
    "TrackPoint.speed": Word("Forward, in metres a second.", 8.4),
    "TrackPoint.heading": Word("In radians, from east against the clock.", 1.57),
    "FramePage.sequence": Word("The recording that they are of."),
    "FramePage.frames": Word("The frames, in their order."),
    "SequenceFrame.id": Word("The name that its files have in common.", _FRAME),
    "SequenceFrame.cameras": Word("Its images, by their cameras."),
    "SequenceFrame.points": Word("The address of its scan; null where it has none.", _POINTS),
    "SequenceFrame.from_above": Word(
        "The address of its scan drawn from above.", _POINTS.replace("points", "from-above")
    ),
    "SequenceFrame.position": Word("The values of GPS and IMU, by their names."),
    "SequenceFrame.objects": Word("The objects that are labelled at it."),
    "SequenceFrame.problems": Word("What of it could not be read.", ["The scan is cut off."]),
    "CameraImage.address": Word("The image's own bytes.", f"/api/images/kitti/{_DRIVE}/{_FRAME}"),
    "CameraImage.width": Word("In pixels.", 1242),
    "CameraImage.height": Word("In pixels.", 375),
    "SequenceObject.category": Word("What it is.", "Car"),
    "SequenceObject.track": Word("The same number from frame to frame.", 7),
    "SequenceObject.corners": Word("Eight, in metres: x ahead, y to the left, z up."),
    "SequenceObject.cameras": Word("Where it is in the images of the cameras that see it."),
    "CameraBox.bbox": Word("Left and upper edge, width and height, in pixels."),
    "CameraBox.edges": Word("The edges of its box in space: x, y, x, y of each, in pixels."),
}
