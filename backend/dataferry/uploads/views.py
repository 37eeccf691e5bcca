"""What the services of uploads return."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from dataferry.core.problems import ProblemView
from dataferry.core.types import View

UploadCategory = Literal["medical", "xray", "traffic"]
UploadStatus = Literal["pending", "ready", "quarantined", "analyzed"]
UploadAction = Literal[
    "received", "refused", "viewed", "downloaded", "exported", "deidentified", "masked", "deleted", "expired"
]
#: Whose uploads need a person's consent, and whose every access is written down.
MEDICAL: frozenset[UploadCategory] = frozenset({"medical", "xray"})


class GreyWindow(View):
    """Which values of a DICOM image are shown between black and white."""

    center: float
    width: float
    name: str = ""


class Plausibility(View):
    """Whether a picture may be a chest X-ray. A doubt decides nothing."""

    likely: bool
    doubts: tuple[str, ...]


class RemovedTag(View):
    """What de-identification has done with an element of a DICOM file."""

    tag: str = Field(examples=["(0010,0010)"])
    name: str
    action: Literal["remove", "empty", "replace", "new_uid"]


class GeoPosition(View):
    """In degrees, north and east positive."""

    latitude: float
    longitude: float


class ImageDetails(View):
    """What a file says of its picture. ``gps``: where it was taken, which no picture that is made of it
    holds. ``burned_in``: why text may stand in the pixels; that there is none is never known."""

    frames: int = 1
    exif_orientation: int | None = None
    taken: str | None = None
    camera: str | None = None
    gps: GeoPosition | None = None
    transfer_syntax: str | None = None
    modality: str | None = None
    body_part: str | None = None
    view: str | None = None
    laterality: str | None = None
    patient_orientation: str | None = None
    photometric: str | None = None
    bits: int | None = None
    identity_removed: bool = False
    windows: tuple[GreyWindow, ...] = ()
    burned_in: tuple[str, ...] = ()
    plausibility: Plausibility | None = None
    profile: str | None = Field(None, description="The table by which it was de-identified here")
    removed: tuple[RemovedTag, ...] = Field((), description="What that has removed or replaced")
    masked: int | None = Field(None, description="Rectangles painted over by hand; 0: looked at, none needed")


class UploadView(View):
    """An upload, as its owner sees it."""

    id: str
    category: UploadCategory
    original_filename: str
    mime_type: str
    file_size: int = Field(description="In bytes")
    width: int = Field(description="In pixels, upright")
    height: int
    processing_status: UploadStatus = Field(
        description="`quarantined`: de-identified, but text may stand in its pixels until somebody has"
        " looked; `analyzed`: `analysis_results` are of these bytes"
    )
    scan: Literal["clean", "not_configured"]
    sha256: str
    sequence_id: str | None
    position: int | None
    created_at: datetime
    expires_at: datetime | None = Field(description="When it is removed; null: when you delete it")
    details: ImageDetails
    analysis_results: dict[str, Any] | None = Field(
        description="As kept; `GET …/analysis` tells them in words"
    )


class UploadAnswer(View):
    """What became of one file of a request: 201 with the upload, or the status and the reason."""

    filename: str
    status: int
    upload: UploadView | None = None
    problem: ProblemView | None = None


class UploadSequence(View):
    """Images in the order in which they came. ``gaps``: numbers that their names leave out."""

    id: str
    frames: int
    gaps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class UploadAnswers(View):
    """One answer for each file, in the order of the request."""

    results: tuple[UploadAnswer, ...]
    sequence: UploadSequence | None = None


class PartialUpload(View):
    """A file that is being received in pieces: the next goes to ``offset``."""

    id: str
    category: UploadCategory
    filename: str
    size: int
    offset: int


class UploadPage(View):
    """One's own uploads, newest first."""

    uploads: tuple[UploadView, ...]
    total: int


class UploadEventView(View):
    """Something that was done with an upload, by whom and when."""

    at: datetime
    upload_id: str
    category: UploadCategory
    action: UploadAction
    by: Literal["owner", "other", "server"]
    size: int


class UploadEvents(View):
    """Newest first."""

    events: tuple[UploadEventView, ...]


class ErasedUploads(View):
    """What is gone. ``log_emptied``: the database's log holds nothing of it either; else it does so until the
    next writes have overwritten it."""

    uploads: int = Field(description="How many", examples=[3])
    log_emptied: bool


class ConsentView(View):
    """What is asked before the first medical upload, and whether it was agreed to."""

    version: str
    text: tuple[str, ...]
    given: bool
    given_at: datetime | None = None
    uploads: int = Field(0, description="Medical images of yours that are here")


class DicomTag(View):
    """An element of a DICOM file, or an entry of another image's metadata; ``depth``: in how many sequences.
    ``personal``: it may name a person or a place; of a DICOM file de-identification takes it away or changes
    it."""

    tag: str
    name: str
    vr: str
    value: str
    depth: int
    personal: bool


class DicomTags(View):
    """The elements of a DICOM file, in its order, else what the image's own metadata say; ``more``: there are
    others."""

    tags: tuple[DicomTag, ...]
    more: bool


class RetentionView(View):
    """How long uploads are kept, and what went by itself."""

    days: float | None
    last_run_at: datetime | None
    removed: int
    removed_bytes: int
