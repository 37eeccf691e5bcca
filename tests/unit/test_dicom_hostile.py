"""DICOM files as strangers have sent them to other servers: whatever they hold, an error at most.

(Lengths that promise gigabytes, sequences without an end, frames that are not there, pixels shorter than they
say, deflated bombs: what DICOM servers and their decoders have fallen over.)
"""

import io
import random
import struct
from collections.abc import Callable, Iterator

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from dataferry.core.errors import BadImage
from dataferry.imaging.sandbox import Sandbox, SandboxLimits
from tests.support.uploaded import DICOM_FILES, dicom

INSPECT = "dataferry.imaging.inspection:inspect"
#: Of each file.
MUTATIONS = 15
MUTATED = (
    *("CT_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm", "examples_palette.dcm", "SC_rgb_jpeg_dcmtk.dcm"),
    *("MR_small_jpeg_ls_lossless.dcm", "UN_sequence.dcm", "nested_priv_SQ.dcm"),
)


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


@pytest.mark.parametrize(
    "change", [enormous, many_frames, deflated, short_pixels, no_samples], ids=lambda one: one.__name__
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


@pytest.mark.parametrize("name", MUTATED)
def test_mutations_end_as_an_error_of_the_file(sandbox: Sandbox, name: str) -> None:
    whole = (DICOM_FILES / name).read_bytes()
    chance = random.Random(name)
    for _ in range(MUTATIONS):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 12)):
            content[chance.randrange(132, len(content))] = chance.randrange(256)
        try:
            found = sandbox.call(
                INSPECT, bytes(content[: chance.choice((None, chance.randrange(200, len(content))))])
            )
        except BadImage:
            continue
        assert found.value["width"] > 0
