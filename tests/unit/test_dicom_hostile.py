"""DICOM files as strangers have sent them to other servers: whatever they hold, an error at most.

(Lengths that promise gigabytes, sequences without an end, frames that are not there, pixels shorter than they
say, deflated bombs: what DICOM servers and their decoders have fallen over. Orthanc's of 2026: CVE-2026-5437,
the head's length; -5442, dimensions of 32 bits; -5443 and -5445, palettes; -5441, a decoder of compressed
pixels. Its gzip, zip and Content-Length, -5438 to -5440, have no way in here: no archive and no encoded body
is taken, and what arrives is counted. -5444, PAM, is no format that is read.)
"""

import io
import struct
from collections.abc import Callable, Iterator

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.uid import DeflatedExplicitVRLittleEndian

from dataferry.core.errors import BadImage
from dataferry.imaging.frame_headers import frame_size
from dataferry.imaging.sandbox import Sandbox, SandboxLimits
from tests.support.mutations import MUTATED, mutations
from tests.support.uploaded import DICOM_FILES, dicom

INSPECT = "dataferry.imaging.inspection:inspect"
#: Of each file.
MUTATIONS = 15


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox(count=1, limits=SandboxLimits(seconds=20))
    yield sandbox
    sandbox.close()


def written(change: Callable[[Dataset], None], name: str = "CT_small.dcm") -> bytes:
    dataset = pydicom.dcmread(io.BytesIO(dicom(name)))
    change(dataset)
    out = io.BytesIO()
    dataset.save_as(out)
    return out.getvalue()


def enormous(dataset: Dataset) -> None:
    dataset.Rows = dataset.Columns = 65_535


def many_frames(dataset: Dataset) -> None:
    dataset.NumberOfFrames = 2_000_000_000


def deflated(dataset: Dataset) -> None:
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.PixelData = bytes(64 << 20)


def short_pixels(dataset: Dataset) -> None:
    dataset.PixelData = dataset.PixelData[:100]


def no_samples(dataset: Dataset) -> None:
    dataset.SamplesPerPixel = 60_000


def dimensions_of_32_bits(dataset: Dataset) -> None:
    dataset.add_new(0x00280010, "UL", 0x00010001)
    dataset.add_new(0x00280011, "UL", 0xFFFFFFF0)


@pytest.mark.parametrize(
    "change",
    [dimensions_of_32_bits, enormous, many_frames, deflated, short_pixels, no_samples],
    ids=lambda one: one.__name__,
)
def test_a_file_that_lies_is_refused(sandbox: Sandbox, change: Callable[[Dataset], None]) -> None:
    with pytest.raises(BadImage) as raised:
        sandbox.call(INSPECT, written(change))
    assert raised.value.detail


@pytest.mark.parametrize(
    "tail",
    [
        struct.pack("<HH2sHI", 0x7FE0, 0x0011, b"OB", 0, 0xFFFFFFF0),  # a length of four gigabytes
        struct.pack("<HH2sHI", 0x0040, 0x0275, b"SQ", 0, 0xFFFFFFFF) * 3_000,  # sequences that never end
    ],
    ids=["length", "depth"],
)
def test_promises_and_depths_end_as_an_error_at_most(sandbox: Sandbox, tail: bytes) -> None:
    for function in (INSPECT, "dataferry.imaging.dicom:tags"):
        try:
            sandbox.call(function, dicom() + tail)
        except BadImage as error:
            assert error.detail  # noqa: PT017
    assert sandbox.call(INSPECT, dicom()).value["width"] == 128


def no_palette(dataset: Dataset) -> None:
    dataset.RedPaletteColorLookupTableData = b"\0\0"


def short_palette(dataset: Dataset) -> None:
    """Its indices lead beyond it."""
    for colour in ("Red", "Green", "Blue"):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [2, 0, 16])
        setattr(dataset, f"{colour}PaletteColorLookupTableData", b"\0\0\xff\xff")


def enormous_palette(dataset: Dataset) -> None:
    dataset.RedPaletteColorLookupTableDescriptor = [0, 65_535, 65_535]


@pytest.mark.parametrize(
    "change", [no_palette, short_palette, enormous_palette], ids=lambda one: one.__name__
)
def test_a_palette_that_lies_ends_as_an_error_at_most(
    sandbox: Sandbox, change: Callable[[Dataset], None]
) -> None:
    try:
        found = sandbox.call(INSPECT, written(change, "examples_palette.dcm"))
    except BadImage as error:
        assert error.detail  # noqa: PT017
    else:
        assert found.value["width"] > 0


def test_a_head_and_a_decoder_that_are_lied_to(sandbox: Sandbox) -> None:
    """The length of the file's head, the size that the header of a JPEG-LS stream says, and the type of the
    pixels."""
    head = bytearray(dicom())
    head[140:144] = struct.pack("<I", 0xFFFFFFF0)
    stream = dicom("MR_small_jpeg_ls_lossless.dcm")
    place = stream.index(b"\xff\xf7") + 5
    frame = stream[:place] + struct.pack(">HH", 65_535, 65_535) + stream[place + 4 :]
    unknown = dicom().replace(b"\xe0\x7f\x10\0OW", b"\xe0\x7f\x10\0UN")
    assert unknown != dicom()
    with pytest.raises(BadImage, match="65,535"):
        sandbox.call(INSPECT, frame)  # said at once: its decoder would be at work until its time is over
    for content in (bytes(head), unknown):
        try:
            sandbox.call(INSPECT, content)
        except BadImage as error:
            assert error.detail  # noqa: PT017
    assert sandbox.call(INSPECT, dicom()).value["width"] == 128


@pytest.mark.parametrize("name", MUTATED)
def test_mutations_end_as_an_error_of_the_file(sandbox: Sandbox, name: str) -> None:
    for content in mutations(name, MUTATIONS):
        try:
            found = sandbox.call(INSPECT, content)
        except BadImage as error:
            assert error.detail  # noqa: PT017
            continue
        assert found.value["width"] > 0


@pytest.mark.parametrize(
    "name", ["MR_small_jpeg_ls_lossless.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_dcmtk.dcm", "JPGExtended.dcm"]
)
def test_the_header_of_a_frame_is_read(name: str) -> None:
    dataset = pydicom.dcmread(DICOM_FILES / name)
    stream = get_frame(dataset.PixelData, 0, number_of_frames=1)
    assert frame_size(stream) == (dataset.Columns, dataset.Rows)
    assert frame_size(stream[:7]) is None or name == "JPEG2000.dcm"
