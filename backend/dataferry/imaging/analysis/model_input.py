"""A picture as a model declares that it wants it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dataferry.imaging.analysis.boxes import Box
from dataferry.imaging.analysis.model_declaration import BadModel, Declaration

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.Image import Image

_TYPES = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(uint8)": "uint8"}
#: What is around a picture that is not of the input's shape.
_GREY = 114


@dataclass(frozen=True, slots=True)
class InputForm:
    """``height`` and ``width`` in pixels; ``last``: channels come last; ``type``: NumPy's name of it."""

    height: int
    width: int
    channels: int
    last: bool
    type: str

    @property
    def words(self) -> str:
        return f"{self.width} × {self.height} pixels, {'grey' if self.channels == 1 else 'colour'}"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the picture stands in the input: multiplied by these, then moved by these, in pixels."""

    scale_x: float
    scale_y: float
    left: float
    top: float

    def in_picture(self, corners: Sequence[float], size: tuple[int, int]) -> Box:
        """A box of the input's pixels, by two corners, in those of the picture, and within it."""
        x1, y1, x2, y2 = (float(value) for value in corners)
        left, right = sorted(_within((x - self.left) / self.scale_x, size[0]) for x in (x1, x2))
        top, bottom = sorted(_within((y - self.top) / self.scale_y, size[1]) for y in (y1, y2))
        return left, top, right - left, bottom - top


def _within(value: float, most: int) -> float:
    return min(max(value, 0.0), float(most))


def input_form(inputs: Any, declared: Declaration) -> InputForm:
    """From the model's own shape, and what it declares where the shape leaves it open. Errors:
    ``BadModel``."""
    if len(inputs) != 1:
        raise BadModel(f"It has {len(inputs)} inputs; a model of one picture has one.")
    shape, kind = list(inputs[0].shape), inputs[0].type
    if kind not in _TYPES or len(shape) != 4:
        raise BadModel(f"Its input is {kind} of {len(shape)} dimensions; a picture has four.")
    if isinstance(shape[0], int) and shape[0] > 1:
        raise BadModel(f"It takes {shape[0]} pictures at a time; export it for one.")
    last = shape[3] in (1, 3) and shape[1] not in (1, 3)
    height, width, channels = (shape[1], shape[2], shape[3]) if last else (shape[2], shape[3], shape[1])
    fixed = all(isinstance(one, int) and one > 0 for one in (height, width))
    size = (declared.size if not (declared.square and fixed) else None) or (None, None)
    form = InputForm(
        height=_agreed("height", height, size[0]),
        width=_agreed("width", width, size[1]),
        channels=_agreed("channels", channels, declared.channels),
        last=last,
        type=_TYPES[kind],
    )
    if form.channels not in (1, 3):
        raise BadModel(f"Its input has {form.channels} channels; a picture has 1 or 3.")
    for values, name in ((declared.mean, "mean"), (declared.std, "std")):
        if len(values) not in (1, form.channels):
            raise BadModel(f"Its `{name}` has {len(values)} numbers for {form.channels} channels.")
    return form


def _agreed(name: str, of_shape: Any, declared: int | None) -> int:
    fixed = of_shape if isinstance(of_shape, int) and of_shape > 0 else None
    if fixed is not None and declared is not None and fixed != declared:
        raise BadModel(f"Its metadata declare {declared} for its input's {name}, and its shape says {fixed}.")
    found = fixed if fixed is not None else declared
    if found is None:
        what = "`channels`" if name == "channels" else "`size`, such as [224, 224]"
        raise BadModel(f"Neither its shape nor its metadata say the {name} of its input: add {what}.")
    if found > 4096:
        raise BadModel(f"Its input's {name} is {found}, which is more than 4096.")
    return found


def prepared(
    picture: "Image", form: InputForm, declared: Declaration
) -> "tuple[npt.NDArray[Any], Placement]":
    """The input's array, and where the picture is in it."""
    import numpy as np

    placed, placement = _fitted(picture, form, declared)
    pixels: npt.NDArray[Any] = np.asarray(placed.convert("L" if form.channels == 1 else "RGB"), np.float32)
    pixels = pixels.reshape(form.height, form.width, form.channels)
    if declared.bgr:
        pixels = pixels[..., ::-1]
    low, high = declared.range
    values: npt.NDArray[Any] = pixels * ((high - low) / 255) + low
    values = (values - np.asarray(declared.mean, np.float32)) / np.asarray(declared.std, np.float32)
    ordered = values if form.last else values.transpose(2, 0, 1)
    return np.ascontiguousarray(ordered[np.newaxis]).astype(form.type), placement


def _fitted(picture: "Image", form: InputForm, declared: Declaration) -> "tuple[Image, Placement]":
    from PIL import Image

    scale_x, scale_y = form.width / picture.width, form.height / picture.height
    if declared.fit == "stretch":
        return picture.resize((form.width, form.height)), Placement(scale_x, scale_y, 0, 0)
    scale = min(scale_x, scale_y) if declared.fit == "letterbox" else max(scale_x, scale_y)
    width, height = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    left, top = (form.width - width) // 2, (form.height - height) // 2
    around = Image.new("RGB", (form.width, form.height), (_GREY, _GREY, _GREY))
    around.paste(picture.resize((width, height)), (left, top))
    return around, Placement(width / picture.width, height / picture.height, left, top)
