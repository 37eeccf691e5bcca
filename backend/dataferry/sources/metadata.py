"""What hubs say of a dataset, made plain, short and comparable.

Titles, descriptions and tags are written by strangers: they stay text, HTML and all, but lose what
could disturb a terminal, a log or the direction of a line.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import PurePosixPath
from typing import Literal

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


_LICENSE_VERSION = re.compile(r"-v?(\d+(?:\.\d+)?)(?=-clause$|$)")
#: Families by the names that people call them.
_LICENSE_ALIASES = {"public-domain": "cc0", "creative-commons": "cc", "gnu": "gpl"}
#: Further names of licences at the hubs, which are shown as the hub writes them.
_OTHER_LICENSES = """
openrail openrail++ bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0 bigcode-openrail-m
artistic-2.0 bsl-1.0 bsd-3-clause-clear c-uda wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 lgpl
agpl lgpl-2.1 lgpl-lr lppl-1.3c isc ms-pl mpl-2.0 openmdw-1.0 osl-3.0 postgresql ofl-1.1 ncsa zlib
gemma llama2 llama3 llama3.1 llama3.2 llama3.3 llama4 h-research intel-research apple-amlr apple-ascl cdla
deepfloyd-if-license fair-noncommercial-research-license grok2-community cc cdla-permissive cdla-sharing
public-domain creative-commons gnu us-government-works u.s.-government-works world-bank-dataset-terms-of-use
reddit-api-terms eu-odp-legal-notice data-files-original-authors
"""


def license_family(name: str | None) -> str | None:
    """``cc-by-sa`` for "CC BY-SA 4.0"; None where the name tells nothing."""
    plain = re.sub(r"[^a-z0-9.]+", "-", (license_name(name) or "").lower()).strip("-")
    if plain in ("", "other"):
        return None
    return _LICENSE_ALIASES.get(plain) or _LICENSE_VERSION.sub("", plain).removesuffix("-clause")


def license_matches(wanted: str, name: str | None) -> bool:
    """Same family, and the same version where both sides name one."""
    family, asked = license_family(name), license_family(wanted)
    if family is None or asked is None:
        return False
    if asked == "cc":
        return family == "cc" or family.startswith(("cc-by", "cc0"))
    versions = {license_version(wanted), license_version(name)} - {None}
    return family == asked and len(versions) < 2


def license_version(name: str | None) -> float | None:
    """4.0 for "CC BY-SA 4.0"; None where the name has none."""
    match = _LICENSE_VERSION.search((license_name(name) or "").lower())
    return float(match[1]) if match else None


def is_license_name(name: str) -> bool:
    """Whether a hub may have a licence of that name; ``unknown`` and ``other`` are none."""
    family = license_family(name)
    return family is not None and (family.startswith("cc-by") or family in _known_families())


@cache
def _known_families() -> frozenset[str | None]:
    return frozenset(license_family(name) for name in (*_LICENSES, *_OTHER_LICENSES.split()))


# -- modalities -------------------------------------------------------------------------------------

ModalityName = Literal[
    "text", "image", "audio", "video", "tabular", "timeseries", "geospatial", "3d", "document"
]
#: What people and hubs call a kind of content, by HuggingFace's name for it.
_MODALITIES: dict[ModalityName, str] = {
    "text": "text texts nlp",
    "image": "image images picture pictures photo photos",
    "audio": "audio sound sounds speech",
    "video": "video videos",
    "tabular": "tabular table tables",
    "timeseries": "timeseries time-series",
    "geospatial": "geospatial geodata gis maps",
    "3d": "3d point-cloud point-clouds",
    "document": "document documents pdf",
}
#: Formats that are kinds of content too: of files in ``csv`` or ``txt`` it is not known what they hold.
_MEDIA = ("image", "audio", "video")
_MODALITY_OF = {name: modality for modality, names in _MODALITIES.items() for name in names.split()}
#: Endings of tags that name a kind of content: "Image Data", "Geospatial Analysis".
_ABOUT_MODALITY = re.compile(r"[- ](?:data|analysis|files?)$")
#: What the beginning of a task's name tells of the content.
_TASK_MODALITIES: dict[str, ModalityName] = {
    "image-": "image",
    "object-detection": "image",
    "depth-estimation": "image",
    "audio-": "audio",
    "automatic-speech-recognition": "audio",
    "video-classification": "video",
    "tabular-": "tabular",
    "table-question-answering": "tabular",
    "text-classification": "text",
    "text-generation": "text",
    "token-classification": "text",
    "question-answering": "text",
    "summarization": "text",
    "translation": "text",
    "time-series-": "timeseries",
}


def modality_name(word: str) -> ModalityName | None:
    """HuggingFace's name for what people call it; None for what is none."""
    plain = _ABOUT_MODALITY.sub("", word.strip().casefold().replace("_", "-"))
    return _MODALITY_OF.get(plain.replace(" ", "-"))


def modalities_of(labels: Iterable[str], formats: Iterable[str] = ()) -> tuple[ModalityName, ...]:
    """The kinds of content that tags, tasks and formats state.

    A tag states one as ``modality:image`` or as its name alone; a format that is one (``audio``) does too.
    """
    found: dict[ModalityName, None] = {}
    media = (name for name in formats if name in _MEDIA)
    for label in (*labels, *media):
        prefix, colon, value = label.partition(":")
        name = modality_name(value if prefix == "modality" else label)
        if name is None and (not colon or prefix == "task_categories"):
            name = _modality_of_task(value or label)
        if name is not None:
            found[name] = None
    return tuple(found)


def _modality_of_task(task: str) -> ModalityName | None:
    plain = task.casefold().replace(" ", "-")
    return next((name for start, name in _TASK_MODALITIES.items() if plain.startswith(start)), None)


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
