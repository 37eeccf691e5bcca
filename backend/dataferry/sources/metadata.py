"""What hubs say of a dataset, made plain, short and comparable.

Titles, descriptions and tags are written by strangers: they stay text, HTML and all, but lose what
could disturb a terminal, a log or the direction of a line.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import PurePosixPath

TITLE_CHARS, DESCRIPTION_CHARS, TAG_CHARS, README_CHARS = 200, 1000, 60, 200_000
MAX_TAGS = 20

#: Directional overrides and isolates (Unicode UAX 9): they make a line read otherwise than it is.
_BIDI_CONTROLS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str | None, limit: int) -> str:
    """``text`` on one line of at most ``limit`` characters, without control characters."""
    # A hub may send megabytes; no more is looked at than can matter.
    plain = " ".join(_printable((text or "")[: limit * 8]).split())
    return plain if len(plain) <= limit else plain[: limit - 1].rstrip() + "…"


def many_lines(text: str | None, limit: int = README_CHARS) -> str:
    """``text`` with its lines, at most ``limit`` characters, without other control characters."""
    plain = (text or "").replace("\r\n", "\n").replace("\r", "\n")[:limit]
    return _printable(plain, keep="\n\t").strip()


def _printable(text: str, keep: str = "") -> str:
    def plain(char: str) -> str:
        category = unicodedata.category(char)
        if char in keep or (category not in ("Cc", "Cs") and char not in _BIDI_CONTROLS):
            return char
        return " " if category == "Cc" else ""

    return "".join(map(plain, text))


def tags(labels: Iterable[str]) -> tuple[str, ...]:
    """The first labels, each once, in their order."""
    seen = dict.fromkeys(one_line(label, TAG_CHARS) for label in labels)
    return tuple(label for label in seen if label)[:MAX_TAGS]


def utc(moment: datetime | None) -> datetime | None:
    """Aware, in UTC; a naive time is taken to be UTC already, as Kaggle means it."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


# -- licences ---------------------------------------------------------------------------------------

#: Names that hubs use, in lower case with ``-`` for anything odd, and the SPDX id that they mean.
_LICENSES = {
    "cc0": "CC0-1.0",
    "cc0-1.0": "CC0-1.0",
    "cc0-public-domain": "CC0-1.0",
    "mit": "MIT",
    "apache-2.0": "Apache-2.0",
    "apache": "Apache-2.0",
    "afl-3.0": "AFL-3.0",
    "bsd": "BSD",
    "bsd-2-clause": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "gpl": "GPL",
    "gpl-2": "GPL-2.0",
    "gpl-2.0": "GPL-2.0",
    "gpl-3.0": "GPL-3.0",
    "lgpl-3.0": "LGPL-3.0",
    "gnu-lesser-general-public-license-3.0": "LGPL-3.0",
    "agpl-3.0": "AGPL-3.0",
    "gnu-affero-general-public-license-3.0": "AGPL-3.0",
    "gfdl": "GFDL-1.3",
    "gnu-free-documentation-license-1.3": "GFDL-1.3",
    "odbl": "ODbL-1.0",
    "odc-odbl": "ODbL-1.0",
    "database-open-database-contents-database-contents": "ODbL-1.0",
    "database-open-database-contents-original-authors": "ODbL-1.0",
    "odc-by": "ODC-By-1.0",
    "odc-attribution-license-odc-by": "ODC-By-1.0",
    "pddl": "PDDL-1.0",
    "odc-public-domain-dedication-and-licence-pddl": "PDDL-1.0",
    "cdla-permissive-1.0": "CDLA-Permissive-1.0",
    "cdla-permissive-2.0": "CDLA-Permissive-2.0",
    "cdla-sharing-1.0": "CDLA-Sharing-1.0",
    "community-data-license-agreement-permissive-version-1.0": "CDLA-Permissive-1.0",
    "community-data-license-agreement-sharing-version-1.0": "CDLA-Sharing-1.0",
    "unlicense": "Unlicense",
    "other-specified-in-description": "other",
}
_UNKNOWN_LICENSES = ("", "unknown", "unspecified", "none")
_CREATIVE_COMMONS = re.compile(r"\bcc[- ]?(by(?:[- ](?:nc|sa|nd))*)[- ]?(\d\.\d)?\b", re.IGNORECASE)


def license_name(name: str | None) -> str | None:
    """The SPDX id where it is known, else the hub's own words; None where none is stated.

    ``"Attribution 4.0 International (CC BY 4.0)"`` and ``"cc-by-4.0"`` are both ``CC-BY-4.0``.
    """
    plain = re.sub(r"[^a-z0-9.]+", "-", (name or "").lower()).strip("-")
    if plain in _UNKNOWN_LICENSES:
        return None
    if plain in _LICENSES:
        return _LICENSES[plain]
    if match := _CREATIVE_COMMONS.search(name or ""):
        kind = re.sub(r"[- ]", "-", match[1]).upper()
        return f"CC-{kind}-{match[2]}" if match[2] else f"CC-{kind}"
    return one_line(name, TAG_CHARS)


# -- formats ----------------------------------------------------------------------------------------

_FORMATS = {
    "csv": ("csv",),
    "tsv": ("tsv",),
    "json": ("json",),
    "jsonl": ("jsonl", "ndjson"),
    "parquet": ("parquet",),
    "arrow": ("arrow", "feather"),
    "excel": ("xlsx", "xls"),
    "sqlite": ("sqlite", "sqlite3", "db"),
    "hdf5": ("h5", "hdf5"),
    "numpy": ("npy", "npz"),
    "xml": ("xml",),
    "text": ("txt",),
    "image": ("png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp"),
    "dicom": ("dcm",),
    "nifti": ("nii",),
    "audio": ("wav", "mp3", "flac", "ogg", "m4a"),
    "video": ("mp4", "avi", "mkv", "mov", "webm"),
}
_FORMAT_OF = {suffix: label for label, suffixes in _FORMATS.items() for suffix in suffixes}
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
#: Files about the data, not data.
_DOCUMENT_NAMES = ("readme", "license", "licence", "notice", "changelog")


def formats_of(paths: Iterable[str]) -> tuple[str, ...]:
    """The formats that the files' names tell, the most frequent first."""
    counts: dict[str, int] = {}
    for path in paths:
        name = PurePosixPath(path.lower())
        if name.name.startswith(_DOCUMENT_NAMES):
            continue
        suffix = PurePosixPath(name.stem).suffix if name.suffix in _COMPRESSED else name.suffix
        label = _FORMAT_OF.get(suffix.removeprefix("."))
        if label is not None:
            counts[label] = counts.get(label, 0) + 1
    return tuple(sorted(counts, key=lambda label: (-counts[label], label)))
