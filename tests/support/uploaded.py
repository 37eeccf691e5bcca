"""Files to upload: pictures, DICOM files with planted names, and what strangers send in their place."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pydicom
from PIL import Image
from pydicom.dataset import Dataset

from tests.support.server import Client

DICOM_FILES = Path(pydicom.__file__).parent / "data" / "test_files"
#: Planted all over a DICOM file; none of it may be left in what is de-identified.
PLANTED = "Zweistein"


def picture(format: str = "JPEG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    written = io.BytesIO()
    image = Image.radial_gradient("L").resize(size).convert("RGB")
    image.save(written, format, **options)
    return written.getvalue()


def with_gps() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 36.0)})
    exif.get_ifd(0x8769)[0x9003] = "2026:11:30 12:00:00"
    return picture(exif=exif)


def dicom(name: str = "CT_small.dcm") -> bytes:
    return (DICOM_FILES / name).read_bytes()


def planted_dicom(modality: str = "CR") -> bytes:
    """With a name in known, nested, private and unknown elements, in an overlay, and in its preamble."""
    dataset = pydicom.dcmread(io.BytesIO(dicom()))
    dataset.PatientName = PLANTED
    dataset.Modality = modality
    dataset.OperatorsName = PLANTED
    dataset.StudyDescription = dataset.PatientComments = f"of {PLANTED}"
    deep = Dataset()
    deep.PatientName = deep.InstitutionName = PLANTED
    outer = Dataset()
    outer.ReferencedImageSequence = [deep]
    outer.CodeMeaning = "kept"
    dataset.SourceImageSequence = [outer]
    block = dataset.private_block(0x0009, "ACME", create=True)
    block.add_new(1, "LO", PLANTED)
    dataset.add_new((0x6000, 0x0022), "LO", PLANTED)
    dataset.add_new((0x6000, 0x3000), "OW", PLANTED.encode() + b"\0")
    dataset.preamble = PLANTED.encode().ljust(128, b"\0")
    dataset.file_meta.SourceApplicationEntityTitle = PLANTED
    written = io.BytesIO()
    dataset.save_as(written, enforce_file_format=True)
    return written.getvalue()


def enormous_png(edge: int = 100_000) -> bytes:
    """Says that it has ``edge`` × ``edge`` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", edge, edge, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 << 20))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def tiff_of_many_pages(pages: int = 100_000) -> bytes:
    """A chain of directories that all have the same pixel."""
    tags = [(256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1), (279, 1)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    size = 2 + len(entries) + 4
    first = 10
    written = bytearray(b"II*\0" + struct.pack("<I", first) + b"\x7f\0")
    for page in range(pages):
        following = first + (page + 1) * size if page < pages - 1 else 0
        written += struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)
    return bytes(written)


def consented(client: Client) -> Client:
    version = client.get("/api/uploads/consent").json()["version"]
    assert client.post("/api/uploads/consent", {"version": version}).json()["given"]
    return client


def upload(client: Client, category: str, *files: tuple[str, bytes], path: str = "", **query: Any) -> Any:
    """The server's answer to files in one request."""
    fields = [("files", (name, content)) for name, content in files]
    return client.http.post(f"/api/upload/{category}{path}", files=fields, params=query)


def uploaded(client: Client, category: str, name: str, content: bytes, **query: Any) -> dict[str, Any]:
    """The one upload that was taken."""
    answer = upload(client, category, (name, content), **query)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["results"][0]["upload"]
    return found
