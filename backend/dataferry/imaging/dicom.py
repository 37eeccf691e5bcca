"""DICOM files of strangers, as they are read in the sandbox: their facts, their tags, and their frames as a
screen shows them (PS3.3 C.11: modality LUT, then VOI LUT or window, then the polarity)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from dataferry.core.errors import BadImage
from dataferry.imaging.frame_headers import check_frame
from dataferry.imaging.pixels import MAX_PIXELS
from dataferry.imaging.sandbox import Answer

if TYPE_CHECKING:
    from PIL.Image import Image
    from pydicom import DataElement, Dataset, FileDataset

#: Inflated it may be a thousand times as large, before anything of it can be looked at.
_DEFLATED = "1.2.840.10008.1.2.1.99"
_MOST_FRAMES = 100_000
_MOST_TAGS = 3_000
_DEEPEST = 12
_LONGEST_VALUE = 200
_SHOWN_NUMBERS = 8
#: Machines whose pictures bear text in their pixels, and what else says that they may.
_TEXT_BURNED_IN = {"US": "ultrasound", "SC": "a secondary capture", "XA": "angiography", "OT": "another kind"}
_BINARY = ("OB", "OW", "OD", "OF", "OL", "OV", "UN")


def opened(file: BinaryIO) -> "FileDataset":
    """Its dataset. Errors: ``BadImage``, and whatever pydicom raises for damaged bytes."""
    import pydicom
    from pydicom.filereader import _read_file_meta_info, read_preamble

    file.seek(0)
    read_preamble(file, force=False)
    syntax = str(_read_file_meta_info(file).get("TransferSyntaxUID", ""))
    if not syntax:
        raise BadImage("It does not say how its bytes are to be read (its transfer syntax).")
    if syntax == _DEFLATED:
        raise BadImage(
            "Its transfer syntax is deflated, which cannot be read within limits.",
            next_step="Write it with Explicit VR Little Endian.",
        )
    file.seek(0)
    return pydicom.dcmread(file)


def inspect(file: BinaryIO) -> dict[str, Any]:
    """``width``, ``height``, ``frames`` and ``details``. Errors: as ``opened``; ``BadImage`` for one without
    pixels."""
    dataset = opened(file)
    check_pixels(dataset)
    syntax = dataset.file_meta.TransferSyntaxUID
    details = {
        "transfer_syntax": str(syntax.name),
        "modality": _word(dataset, "Modality"),
        "body_part": _word(dataset, "BodyPartExamined"),
        "view": _word(dataset, "ViewPosition"),
        "laterality": _word(dataset, "ImageLaterality") or _word(dataset, "Laterality"),
        "patient_orientation": _word(dataset, "PatientOrientation"),
        "photometric": _word(dataset, "PhotometricInterpretation"),
        "bits": int(dataset.get("BitsStored") or dataset.BitsAllocated),
        "identity_removed": _word(dataset, "PatientIdentityRemoved") == "YES",
        "windows": list(_windows(dataset)) or _automatic_windows(dataset),
        "burned_in": burned_in(dataset),
    }
    return {
        "width": int(dataset.Columns),
        "height": int(dataset.Rows),
        "frames": frame_count(dataset),
        "details": {name: value for name, value in details.items() if value not in (None, "")},
    }


def _automatic_windows(dataset: "Dataset") -> list[dict[str, Any]]:
    """Where it has grey values and a table does not say what is shown of them."""
    from pydicom.pixels.processing import apply_modality_lut
    from pydicom.pixels.utils import pixel_array

    monochrome = (_word(dataset, "PhotometricInterpretation") or "").startswith("MONOCHROME")
    if not monochrome or "VOILUTSequence" in dataset or _of_frame(dataset, 0) is not dataset:
        return []
    return [_automatic_window(apply_modality_lut(pixel_array(dataset, index=0), dataset))]


def burned_in(dataset: "Dataset") -> list[str]:
    """Why text may stand in its pixels, in sentences. That there is none is never known."""
    found = []
    said = _word(dataset, "BurnedInAnnotation")
    if said == "YES":
        found.append("Its file says that text is burned into its pixels.")
    modality = _word(dataset, "Modality") or ""
    if modality in _TEXT_BURNED_IN:
        found.append(f"It is {_TEXT_BURNED_IN[modality]}, whose pictures often bear a name.")
    if "Secondary Capture" in str(getattr(dataset.get("SOPClassUID"), "name", "")):
        found.append("It was captured from a screen, or scanned.")
    kind = [str(part).upper() for part in _values(dataset.get("ImageType"))]
    if said != "NO" and {"DERIVED", "SECONDARY"} & set(kind[:2]):
        found.append("It was derived from another picture, which may have added text.")
    return found


def _word(dataset: "Dataset", keyword: str) -> str | None:
    value = "\\".join(str(part) for part in _values(dataset.get(keyword)))
    return "".join(filter(str.isprintable, value[:_LONGEST_VALUE])).strip() or None


def _values(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) or hasattr(value, "append") else [value]


def check_pixels(dataset: "Dataset") -> None:
    """Errors: ``BadImage`` for one without pixels, with too many, or with other ones than it says."""
    if not any(name in dataset for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise BadImage("It holds no picture.", next_step="Choose a DICOM file of an image.")
    samples = int(dataset.get("SamplesPerPixel") or 1)
    if not 1 <= samples <= 4 or int(dataset.Rows) * int(dataset.Columns) > MAX_PIXELS:
        raise BadImage(
            f"A frame of it has {int(dataset.Columns):,} × {int(dataset.Rows):,} pixels; {MAX_PIXELS:,} are"
            " the most that are decoded."
        )
    if frame_count(dataset) > _MOST_FRAMES:
        raise BadImage(f"It says that it has more than {_MOST_FRAMES:,} frames.")
    check_frame(dataset, 0)


def frame_count(dataset: "Dataset") -> int:
    """How many frames it says that it has; 1 where it says nothing."""
    return max(1, int(dataset.get("NumberOfFrames") or 1))


# -- the picture -----------------------------------------------------------------------------------------


def picture(
    file: BinaryIO, *, frame: int = 0, center: float | None = None, width: float | None = None
) -> "Image":
    """A frame in eight bits, in the window that is given or else in its own. Errors: as ``opened``."""
    import numpy as np
    from PIL import Image
    from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
    from pydicom.pixels.utils import pixel_array

    dataset = opened(file)
    check_pixels(dataset)
    if frame >= frame_count(dataset):
        raise BadImage(f"It has no frame {frame + 1}.")
    if frame:
        check_frame(dataset, frame)
    values = pixel_array(dataset, index=frame)
    photometric = _word(dataset, "PhotometricInterpretation") or ""
    if photometric == "PALETTE COLOR":
        values = apply_color_lut(values, dataset)
    if values.ndim == 3:
        return Image.fromarray(_eight_bits(values[..., :3], dataset, palette=photometric == "PALETTE COLOR"))
    of_frame = _of_frame(dataset, frame)
    values = apply_modality_lut(values, of_frame)
    greys = _windowed(np.asarray(values, np.float32), of_frame, center, width)
    if inverted(dataset):
        greys = 1 - greys
    return Image.fromarray((greys * 255).round().astype(np.uint8))


def inverted(dataset: "Dataset") -> bool:
    """Whether its least value is white, after all other transformations."""
    shape = _word(dataset, "PresentationLUTShape")
    return _word(dataset, "PhotometricInterpretation") == "MONOCHROME1" or shape == "INVERSE"


def _eight_bits(values: Any, dataset: "Dataset", *, palette: bool) -> Any:
    import numpy as np

    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    bits = 16 if palette else int(dataset.get("BitsStored") or 16)
    return (values.astype(np.float32) * (255 / (2**bits - 1))).clip(0, 255).astype(np.uint8)


def _of_frame(dataset: "Dataset", frame: int) -> "Dataset":
    """The dataset's own transformations of grey values, or those of one frame, which its groups hold."""
    from pydicom import Dataset

    groups = [
        *(_values(dataset.get("SharedFunctionalGroupsSequence"))[:1]),
        *(_values(dataset.get("PerFrameFunctionalGroupsSequence"))[frame : frame + 1]),
    ]
    if not groups:
        return dataset
    found = Dataset()
    for source in (dataset, *groups):
        for name in ("PixelValueTransformationSequence", "FrameVOILUTSequence"):
            inner = _values(source.get(name))
            found.update(inner[0] if inner else {})
    for name in ("ModalityLUTSequence", "VOILUTSequence", "WindowCenter", "WindowWidth", "RescaleSlope"):
        if name in dataset and name not in found:
            found[name] = dataset[name]
    if "RescaleSlope" in found and "RescaleIntercept" not in found:
        found.RescaleIntercept = dataset.get("RescaleIntercept", 0)
    return found


def _windowed(values: Any, dataset: "Dataset", center: float | None, width: float | None) -> Any:
    """From 0 to 1: by the given window, the dataset's table, its window, or else what it has."""
    import numpy as np
    from pydicom.pixels.processing import apply_voi

    shape = (_word(dataset, "VOILUTFunction") or "LINEAR").upper()
    if center is None or width is None:
        tables = _values(dataset.get("VOILUTSequence"))
        if tables:
            bits = int(tables[0].LUTDescriptor[2]) or 16
            looked_up = apply_voi(values.astype(np.int32), dataset)
            return (np.asarray(looked_up, np.float32) / (2**bits - 1)).clip(0, 1)
        first = next(_windows(dataset), None)
        if first is None:
            first = _automatic_window(values)
        center, width = first["center"], first["width"]
    if shape == "SIGMOID":
        return 1 / (1 + np.exp((-4 * (values - center) / max(width, 1e-9)).clip(-60, 60)))
    if shape == "LINEAR_EXACT":
        return ((values - center) / max(width, 1e-9) + 0.5).clip(0, 1)
    return ((values - (center - 0.5)) / max(width - 1, 1e-9) + 0.5).clip(0, 1)


def _automatic_window(values: Any) -> dict[str, Any]:
    """For a file that names none: nearly all that there is."""
    import numpy as np

    low, high = (float(found) for found in np.percentile(values[::4, ::4], (0.5, 99.5)))
    return {"center": (low + high) / 2, "width": max(high - low, 1.0) + 1, "name": "automatic"}


def _windows(dataset: "Dataset") -> Iterator[dict[str, Any]]:
    """The windows that its file names, the first of which it wants shown."""
    centers, widths = _values(dataset.get("WindowCenter")), _values(dataset.get("WindowWidth"))
    names = _values(dataset.get("WindowCenterWidthExplanation"))
    for place, (center, width) in enumerate(zip(centers, widths, strict=False)):
        if float(width) > 0:
            name = str(names[place])[:60] if place < len(names) else ""
            yield {"center": float(center), "width": float(width), "name": name}


# -- tags ------------------------------------------------------------------------------------------------


def tags(file: BinaryIO) -> Answer:
    """``tags``: rows of ``tag``, ``name``, ``vr``, ``value``, ``depth`` and ``personal``; ``more``: there are
    others. Errors: as ``opened``."""
    from dataferry.imaging.dicom_profile import is_personal

    dataset = opened(file)
    rows: list[dict[str, Any]] = []
    more = False
    for depth, element in _elements(dataset.file_meta, 0):
        rows.append(_row(element, depth, element.keyword.endswith("ApplicationEntityTitle")))
    for depth, element in _elements(dataset, 0):
        if len(rows) >= _MOST_TAGS:
            more = True
            break
        rows.append(_row(element, depth, is_personal(element)))
    return Answer({"tags": rows, "more": more})


def _elements(dataset: "Dataset", depth: int) -> "Iterator[tuple[int, DataElement]]":
    for element in dataset:
        yield depth, element
        if element.VR == "SQ" and depth < _DEEPEST:
            for inner in element.value:
                yield from _elements(inner, depth + 1)


def _row(element: "DataElement", depth: int, personal: bool) -> dict[str, Any]:
    return {
        "tag": f"({element.tag.group:04X},{element.tag.element:04X})",
        "name": str(element.name)[:100],
        "vr": str(element.VR),
        "value": _shown_value(element),
        "depth": depth,
        "personal": personal,
    }


def _shown_value(element: "DataElement") -> str:
    if element.VR == "SQ":
        return f"{len(element.value)} items"
    if element.VR in _BINARY or isinstance(element.value, bytes):
        return f"{len(element.value or b''):,} bytes"
    values = _values(element.value)
    text = "\\".join(str(value) for value in values[:_SHOWN_NUMBERS])
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    cut = len(values) > _SHOWN_NUMBERS or len(text) > _LONGEST_VALUE
    return text[:_LONGEST_VALUE] + (" …" if cut else "")
