"""Whether a picture may be a chest X-ray: simple looks, whose doubts are said and decide nothing."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

_LEAST_EDGE = 224
#: Width by height of what a chest fills.
_SHAPES = (0.6, 1.7)
#: Mean difference between colours, and spread of greys, of 255.
_COLOURFUL, _FLAT = 6.0, 18.0
#: What DICOM calls the machines that make them.
_MACHINES = ("CR", "DX", "DR", "RG", "RF")
_LOOKED_AT = 256


def chest_xray(picture: "Image", details: Mapping[str, Any]) -> dict[str, Any]:
    """``doubts``: sentences, none where nothing speaks against it; ``likely``: there are none."""
    import numpy as np

    small = picture.convert("RGB")
    small.thumbnail((_LOOKED_AT, _LOOKED_AT))
    values = np.asarray(small, np.float32)
    colour = float(np.abs(values - values.mean(axis=2, keepdims=True)).mean())
    spread = float(values.mean(axis=2).std())
    doubts = []
    if colour > _COLOURFUL:
        doubts.append("It has colours; an X-ray has greys alone.")
    if spread < _FLAT:
        doubts.append("Its greys hardly differ.")
    if min(picture.size) < _LEAST_EDGE:
        doubts.append(f"It is small: {picture.width} × {picture.height} pixels.")
    shape = picture.width / picture.height
    if not _SHAPES[0] <= shape <= _SHAPES[1]:
        doubts.append("It is much longer one way than the other.")
    doubts += _said_by_dicom(details)
    return {"likely": not doubts, "doubts": doubts}


def _said_by_dicom(details: Mapping[str, Any]) -> list[str]:
    doubts = []
    modality, part = details.get("modality"), details.get("body_part")
    if modality and modality not in _MACHINES:
        doubts.append(f"Its file says that it comes from another kind of machine ({modality}).")
    if part and not any(word in part.upper() for word in ("CHEST", "THORAX", "LUNG")):
        doubts.append(f"Its file says that it shows another part of the body ({part}).")
    return doubts
