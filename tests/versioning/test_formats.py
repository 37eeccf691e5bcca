"""A format is told from a file's first bytes; where they do not say, from its name."""

from pathlib import Path

import pytest

import dataferry.versioning
from dataferry.versioning.declare import formats
from dataferry.versioning.declare.formats import FORMATS, extension_of, format_of

HEADS = {
    "png": b"\x89PNG\r\n\x1a\n....",
    "jpg": b"\xff\xd8\xff\xe0....",
    "gif": b"GIF89a",
    "webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "wav": b"RIFF\x10\0\0\0WAVEfmt ",
    "bmp": b"BM....",
    "tiff": b"II*\0....",
    "flac": b"fLaC",
    "mp3": b"ID3\x04",
    "mp4": b"\0\0\0\x18ftypisom",
    "pdf": b"junk\n%PDF-1.7",
    "npy": b"\x93NUMPY\x01\0",
    "parquet": b"PAR1",
    "zip": b"PK\x03\x04",
    "gz": b"\x1f\x8b\x08",
    "nii": b"\x5c\x01\0\0".ljust(344, b"\0") + b"n+1\0",
    "dcm": bytes(128) + b"DICM",
    "json": b'\n {"a": 1}',
    "txt": "größer\n".encode("latin-1"),
}


def test_each_format_is_told_from_all_others() -> None:
    for name, head in HEADS.items():
        assert format_of(head, [name]) == name
        others = [other for other in HEADS if other not in (name, "txt", "json")]
        told = [other for other in others if format_of(head, [other])]
        # A packed NIfTI file is a gzip file.
        assert told == ([] if name != "gz" else ["nii"]), name
        assert format_of(head, ["bin"]) == "bin"


@pytest.mark.parametrize("head", [b"", b"\x89PNG", b"GIF8", b"<html>404 Not Found</html>"])
def test_what_is_cut_or_an_error_page_is_no_picture(head: bytes) -> None:
    assert format_of(head, ["png", "jpg", "gif", "webp", "tiff", "bmp"]) is None


def test_text_and_packed_formats_go_by_the_name(tmp_path: Path) -> None:
    table = tmp_path / "rows.TSV"
    table.write_text("a\tb\n")
    assert format_of(table, ["csv", "tsv", "txt"]) == "tsv"
    assert format_of(b"a\tb", ["csv", "tsv", "txt"], name="rows.log") == "txt"
    assert format_of(b"[1]", ["txt", "json"]) == "json"
    assert format_of(b"[1]", ["txt", "json"], name="a.txt") == "txt"
    assert format_of(b"PK\x03\x04", ["npz", "zip"], name="a.zip") == "zip"
    assert format_of(b"\xff\xd8\xff", ["png", "jpg"], name="wrong.png") == "jpg"
    assert format_of(b"\x1f\x8b\x08", ["gz", "nii"], name="scan.nii.gz") == "nii"
    assert (extension_of("nii", b"\x1f\x8b\x08"), extension_of("gz", b"\x1f\x8b\x08")) == ("nii.gz", "gz")
    assert format_of(b"a\0b", ["txt", "csv", "json"]) is None


def test_every_name_can_be_imported_and_is_typed_by_the_stub() -> None:
    names = dataferry.versioning.public_names()
    stub = Path(str(dataferry.versioning.__file__)).with_suffix(".pyi").read_text()
    for name in names:
        assert getattr(dataferry.versioning, name) is not None
        assert f" import {name} as {name}\n" in stub
    assert set(FORMATS) == {
        name for name, value in vars(formats).items() if isinstance(value, type) and value in FORMATS.values()
    } - {"jpeg", "tif"}
    starred: dict[str, object] = {}
    exec("from dataferry.versioning import *", starred)
    assert set(names) - starred.keys() == {"zip", "bin"}
    assert sorted(set(names) - {"zip", "bin"}) == [
        line.strip(' ",') for line in stub.partition("__all__ = [\n")[2].splitlines()[:-1]
    ]
