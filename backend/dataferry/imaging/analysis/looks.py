"""What the sandbox is asked of an upload that is analysed. Each function takes the open file, and is called
by ``Sandbox.call``. Boxes are ``x, y, width, height`` in pixels of the upright picture."""

from pathlib import Path
from typing import BinaryIO

from dataferry.imaging.analysis.model_declaration import BadModel
from dataferry.imaging.analysis.quality import quality_of
from dataferry.imaging.inspection import upright_picture
from dataferry.imaging.measures import fingerprint_of
from dataferry.imaging.sandbox import Answer


def look(file: BinaryIO) -> Answer:
    """``width``, ``height``, ``quality`` and ``hash`` in hexadecimal; ``blob``: 16 × 16 greys. Errors:
    ``BadImage``."""
    picture = upright_picture(file)
    grey = picture.convert("L")
    fingerprint, small = fingerprint_of(grey)
    value = {
        "width": picture.width,
        "height": picture.height,
        "quality": quality_of(grey),
        "hash": fingerprint,
    }
    return Answer(value, small)


def pedestrians(file: BinaryIO) -> Answer:
    """``boxes`` of people who stand or walk, and the detector's ``version``. Errors: ``BadImage``."""
    from dataferry.imaging.analysis.pedestrians import find_pedestrians

    return Answer(find_pedestrians(upright_picture(file)))


def run_model(file: BinaryIO, *, path: str) -> Answer:
    """What the ONNX model at ``path`` finds: ``name``, ``version``, ``task``, ``licence``, ``prepared``,
    ``findings`` and ``scores``; or ``problem``, a sentence on what is wrong with the model. Errors:
    ``BadImage`` for the picture."""
    from dataferry.imaging.analysis.onnx_model import opened_model

    picture = upright_picture(file).convert("RGB")
    try:
        return Answer(opened_model(Path(path)).run(picture))
    except BadModel as error:
        return Answer({"problem": str(error)})
