"""De-identification of a DICOM file, with a report of what was removed. Text in its pixels stays: see
``masking``."""

import hashlib
import hmac
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from dataferry.imaging import dicom
from dataferry.imaging.dicom_profile import VERSION, Action, action_of
from dataferry.imaging.sandbox import Answer

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset, FileDataset

_DEEPEST = 12
_MOST_REPORTED = 3_000
#: Of the file's own head.
_NAMES_OF_MACHINES = (
    "SourceApplicationEntityTitle",
    "SendingApplicationEntityTitle",
    "ReceivingApplicationEntityTitle",
    "SourcePresentationAddress",
    "SendingPresentationAddress",
    "ReceivingPresentationAddress",
    "PrivateInformationCreatorUID",
    "PrivateInformation",
    "RTVMetaInformationVersionUID",
)
#: In place of what must have a value, by its kind; each is a valid one.
_STAND_INS: dict[str, Any] = {
    **dict.fromkeys(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"), "ANONYMIZED"),
    "AS": "000Y",
    "DA": "19000101",
    "DT": "19000101000000",
    "TM": "000000",
    "UR": "https://anonymized.invalid",
    **dict.fromkeys(("DS", "IS"), "0"),
    **dict.fromkeys(("FD", "FL"), 0.0),
    **dict.fromkeys(("SS", "US", "SL", "UL", "SV", "UV"), 0),
    **dict.fromkeys(("OB", "OW", "UN"), b"\0\0"),
}


def deidentify(file: BinaryIO, *, uid_key: str) -> Answer:
    """The file without what PS3.15's table calls personal, at any depth. ``uid_key``: hex; the same UID
    becomes the same one with the same key, so that a study stays together.

    ``report``: rows of ``tag``, ``name``, ``action``; ``burned_in``: why text may still stand in the pixels.
    """
    dataset = dicom.opened(file)
    dicom.check_pixels(dataset)
    cleaner = _Cleaner(bytes.fromhex(uid_key))
    reasons = dicom.burned_in(dataset)
    cleaner.clean(dataset, 0)
    _clean_head(dataset, cleaner)
    _say_so(dataset)
    written = BytesIO()
    dataset.save_as(written, enforce_file_format=True)
    return Answer({"report": cleaner.report, "profile": VERSION, "burned_in": reasons}, written.getvalue())


class _Cleaner:
    def __init__(self, uid_key: bytes) -> None:
        self._uid_key = uid_key
        self.report: list[dict[str, str]] = []

    def clean(self, dataset: "Dataset", depth: int) -> None:
        """At any depth; what lies deeper than any sound file is taken away."""
        for element in _each(dataset):
            action = action_of(element.tag, element.VR)
            if action is None and element.VR == "SQ" and depth >= _DEEPEST:
                action = "remove"
            if action is not None:
                self._act(dataset, element, action)
            if element.VR == "SQ" and element.tag in dataset:
                for inner in dataset[element.tag].value:
                    self.clean(inner, depth + 1)

    def _act(self, dataset: "Dataset", element: "DataElement", action: Action) -> None:
        had = element.VR == "SQ" or element.value not in (None, "", b"")
        if action == "remove":
            del dataset[element.tag]
        elif element.VR == "SQ":
            # Its items are cleaned one by one; one that must be empty is.
            if action == "empty":
                element.value = []
        elif action == "empty":
            element.value = None
        elif action == "new_uid" or element.VR == "UI":
            element.value = self.new_uids(element.value)
        elif element.VR in _STAND_INS:
            element.value = _STAND_INS[element.VR]
        else:
            del dataset[element.tag]
        if had and len(self.report) < _MOST_REPORTED:
            tag = f"({element.tag.group:04X},{element.tag.element:04X})"
            self.report.append({"tag": tag, "name": str(element.name)[:100], "action": action})

    def new_uids(self, value: Any) -> Any:
        if isinstance(value, list) or hasattr(value, "append"):
            return [self.new_uid(str(one)) for one in value]
        return self.new_uid(str(value)) if value else value

    def new_uid(self, uid: str) -> str:
        """Of the form that needs no registered root (PS3.5 B.2); the standard's own stay."""
        if uid.startswith("1.2.840.10008."):
            return uid
        digest = hmac.digest(self._uid_key, uid.encode(), hashlib.sha256)
        return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def _each(dataset: "Dataset") -> "Iterator[DataElement]":
    """Its elements. One that cannot be read at all is taken away: what it says is not known."""
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
        except Exception:  # of pydicom's many
            del dataset[tag]
            continue
        yield element


def _clean_head(dataset: "FileDataset", cleaner: _Cleaner) -> None:
    dataset.preamble = b"\0" * 128
    head = dataset.file_meta
    for keyword in _NAMES_OF_MACHINES:
        if keyword in head:
            del head[keyword]
    for tag in [element.tag for element in head if element.tag.is_private]:
        del head[tag]
    if "SOPInstanceUID" in dataset:
        head.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID


def _say_so(dataset: "Dataset") -> None:
    """What PS3.15 E.1 asks for of a file that has been de-identified."""
    from pydicom import Dataset

    method = Dataset()
    method.CodeValue = "113100"
    method.CodingSchemeDesignator = "DCM"
    method.CodeMeaning = "Basic Application Confidentiality Profile"
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = f"Dataferry: {VERSION} Basic Profile"
    dataset.DeidentificationMethodCodeSequence = [method]
    dataset.LongitudinalTemporalInformationModified = "REMOVED"
