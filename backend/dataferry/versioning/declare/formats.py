"""The formats that files of a dataset can have, as types for ``File[png | jpg]``, and what tells them.

A format is told from the first bytes. Formats of text have none of their own: any text is each of them, and
where several are allowed the file's name decides.
"""

import codecs
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

HEAD_BYTES = 4096
"""As many bytes of a file tell its format."""


class Format:
    """Base of all formats."""


class _Part(NamedTuple):
    offset: int
    bytes: bytes


class _Told(NamedTuple):
    """How a format is told. Of ``signatures`` one must be there, all parts of it. ``text``: only text will
    do; ``begins``: with one of these characters, after blanks; ``contains``: these bytes, in the head."""

    signatures: Sequence[Sequence[_Part]] = ()
    text: bool = False
    begins: bytes = b""
    contains: bytes = b""


def _starts(*starts: bytes, at: int = 0) -> _Told:
    return _Told([[_Part(at, start)] for start in starts])


def _riff(*kinds: bytes) -> _Told:
    return _Told([[_Part(0, b"RIFF"), _Part(8, kind)] for kind in kinds])


def _boxes(*brands: bytes) -> _Told:
    return _Told([[_Part(4, b"ftyp" + brand)] for brand in brands])


_TEXT = _Told(text=True)
_ZIP = _starts(b"PK\x03\x04", b"PK\x05\x06")
_EBML = _starts(b"\x1a\x45\xdf\xa3")
_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")

#: Each format, the more particular ones first: where several fit, the first that is allowed is taken.
_FORMATS: Mapping[str, _Told] = {
    "png": _starts(b"\x89PNG\r\n\x1a\n"),
    "jpg": _starts(b"\xff\xd8\xff"),
    "gif": _starts(b"GIF87a", b"GIF89a"),
    "webp": _riff(b"WEBP"),
    "bmp": _starts(b"BM"),
    "tiff": _starts(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "avif": _boxes(b"avif", b"avis"),
    "heic": _boxes(b"heic", b"heix", b"mif1", b"msf1"),
    "exr": _starts(b"\x76\x2f\x31\x01"),
    "dcm": _starts(b"DICM", at=128),
    "nii": _Told([[_Part(344, b"n+1\0")], [_Part(344, b"ni1\0")], [_Part(4, b"n+2\0")], [_Part(0, _GZIP)]]),
    "wav": _Told([[_Part(0, riff), _Part(8, b"WAVE")] for riff in (b"RIFF", b"RF64")]),
    "flac": _starts(b"fLaC"),
    "mp3": _starts(b"ID3", b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2", b"\xff\xe3", b"\xff\xe2"),
    "ogg": _starts(b"OggS"),
    "m4a": _boxes(b"M4A", b"M4B"),
    "mov": _Told([[_Part(4, box)] for box in (b"ftypqt", b"moov", b"mdat", b"wide")]),
    "mp4": _boxes(b""),
    "webm": _EBML,
    "mkv": _EBML,
    "avi": _riff(b"AVI "),
    "pdf": _Told(contains=b"%PDF-"),
    "parquet": _starts(b"PAR1"),
    "arrow": _starts(b"ARROW1", b"\xff\xff\xff\xff"),
    "npy": _starts(b"\x93NUMPY"),
    "npz": _ZIP,
    "h5": _starts(b"\x89HDF\r\n\x1a\n"),
    "glb": _starts(b"glTF"),
    "ply": _starts(b"ply\n", b"ply\r\n"),
    "safetensors": _starts(b"{", at=8),
    "pt": _Told([*_ZIP.signatures, [_Part(0, b"\x80")]]),
    "zip": _ZIP,
    "tar": _starts(b"ustar", at=257),
    "gz": _starts(_GZIP),
    "bz2": _starts(b"BZh"),
    "xz": _starts(b"\xfd7zXZ\0"),
    "zst": _starts(b"\x28\xb5\x2f\xfd"),
    "svg": _Told(text=True, contains=b"<svg"),
    "html": _Told(text=True, begins=b"<", contains=b"html"),
    "xml": _Told(text=True, begins=b"<"),
    "json": _Told(text=True, begins=b'{["-0123456789tfn'),
    "jsonl": _Told(text=True, begins=b'{["-0123456789tfn'),
    "csv": _TEXT,
    "tsv": _TEXT,
    "yaml": _TEXT,
    "md": _TEXT,
    "txt": _TEXT,
    "bin": _Told(),
}

_SPELLINGS: Mapping[str, str] = {
    "jpeg": "jpg",
    "jpe": "jpg",
    "tif": "tiff",
    "htm": "html",
    "yml": "yaml",
    "hdf5": "h5",
    "text": "txt",
    "log": "txt",
    "dicom": "dcm",
    "tgz": "gz",
    "heif": "heic",
    "pth": "pt",
    "ndjson": "jsonl",
}


# fmt: off
class png(Format): ...
class jpg(Format): ...
class gif(Format): ...
class webp(Format): ...
class bmp(Format): ...
class tiff(Format): ...
class avif(Format): ...
class heic(Format): ...
class exr(Format): ...
class dcm(Format): ...
class nii(Format): ...
class wav(Format): ...
class flac(Format): ...
class mp3(Format): ...
class ogg(Format): ...
class m4a(Format): ...
class mov(Format): ...
class mp4(Format): ...
class webm(Format): ...
class mkv(Format): ...
class avi(Format): ...
class pdf(Format): ...
class parquet(Format): ...
class arrow(Format): ...
class npy(Format): ...
class npz(Format): ...
class h5(Format): ...
class glb(Format): ...
class ply(Format): ...
class safetensors(Format): ...
class pt(Format): ...
class zip(Format): ...
class tar(Format): ...
class gz(Format): ...
class bz2(Format): ...
class xz(Format): ...
class zst(Format): ...
class svg(Format): ...
class xml(Format): ...
class html(Format): ...
class json(Format): ...
class jsonl(Format): ...
class csv(Format): ...
class tsv(Format): ...
class yaml(Format): ...
class md(Format): ...
class txt(Format): ...
class bin(Format): ...
# fmt: on

jpeg = jpg
tif = tiff

FORMATS: Mapping[str, type[Format]] = {name: globals()[name] for name in _FORMATS}
"""Every format by its name, which is the extension of its files."""

SPELLINGS: Mapping[str, str] = {"jpeg": "jpg", "tif": "tiff"}
"""Other names that an index file may use, with the format's own."""


def format_of(path_or_head: Path | bytes, allowed: Sequence[str], *, name: str = "") -> str | None:
    """Which of the ``allowed`` formats a file is, told by its first bytes; None if it is none of them.

    Where they fit several, the one that its ``name`` ends with is preferred (of a path, the path's own).
    Errors: ``OSError``.
    """
    if isinstance(path_or_head, bytes):
        head = path_or_head[:HEAD_BYTES]
    else:
        name = name or path_or_head.name
        with path_or_head.open("rb") as file:
            head = file.read(HEAD_BYTES)
    candidates = _candidates(tuple(allowed), _named(name))
    return next((each for each in candidates if _fits(head, _FORMATS[each])), None)


def looks_like(head: bytes) -> str | None:
    """What a file that is not what it should be is instead, for its user: a format, or text; None if nobody
    knows."""
    told = (each for each, how in _FORMATS.items() if how.signatures or how.begins or how.contains)
    found = next((each for each in told if _fits(head, _FORMATS[each])), None)
    if found is not None and (found != "json" or head.lstrip()[:1] in (b"{", b"[")):
        return found
    try:
        # The last character may be cut.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return None
    return "text" if _is_text(head) else None


def extension_of(name: str, head: bytes) -> str:
    """With what a file of this format is named on disk: programs tell a packed NIfTI file by its name."""
    return "nii.gz" if name == "nii" and head.startswith(_GZIP) else name


_ORDER = {name: number for number, name in enumerate(_FORMATS)}


@lru_cache
def _candidates(allowed: Sequence[str], named: str) -> Sequence[str]:
    return sorted(allowed, key=lambda each: (each != named, _ORDER[each]))


def _named(name: str) -> str:
    """The format of a file's extension."""
    rest, _, suffix = name.lower().rpartition(".")
    if suffix == "gz" and rest.endswith(".nii"):
        return "nii"
    return _SPELLINGS.get(suffix, suffix)


def _fits(head: bytes, told: _Told) -> bool:
    if told.signatures and not any(_has(head, signature) for signature in told.signatures):
        return False
    if told.text and not _is_text(head):
        return False
    if told.begins and head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in _characters(told.begins):
        return False
    return told.contains in (head.lower() if told.text else head)


def _has(head: bytes, signature: Sequence[_Part]) -> bool:
    return all(head.startswith(part.bytes, part.offset) for part in signature)


def _characters(characters: bytes) -> set[bytes]:
    return {characters[index : index + 1] for index in range(len(characters))}


def _is_text(head: bytes) -> bool:
    return head.startswith(_UTF16) or b"\0" not in head
