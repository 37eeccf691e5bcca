"""What hubs say of a dataset, made plain, short and comparable.

Titles, descriptions and tags are written by strangers: they stay text, HTML and all, but lose what
could disturb a terminal, a log or the direction of a line.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
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


#: What is left out of a text, or becomes a space: no character of these is ``str.isprintable``.
_UNPRINTABLE: dict[int, str | None] = {
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " "),
    **dict.fromkeys(map(ord, _BIDI_CONTROLS)),
    **dict.fromkeys(range(0xD800, 0xE000)),
}


def _printable(text: str, keep: str = "") -> str:
    if text.isprintable():
        return text
    table = (
        {code: char for code, char in _UNPRINTABLE.items() if chr(code) not in keep} if keep else _UNPRINTABLE
    )
    return text.translate(table)


def tags(labels: Iterable[str]) -> tuple[str, ...]:
    """The first labels, each once, in their order."""
    seen = dict.fromkeys(one_line(label, TAG_CHARS) for label in labels)
    return tuple(label for label in seen if label)[:MAX_TAGS]


def utc(moment: datetime | None) -> datetime | None:
    """Aware, in UTC; a naive time is taken to be UTC already, as Kaggle means it."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


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


@lru_cache(maxsize=4096)
def modality_name(word: str) -> ModalityName | None:
    """HuggingFace's name for what people call it; None for what is none."""
    plain = _ABOUT_MODALITY.sub("", word.strip().casefold().replace("_", "-"))
    return _MODALITY_OF.get(plain.replace(" ", "-"))


def modalities_of(labels: Iterable[str], formats: Iterable[str] = ()) -> tuple[ModalityName, ...]:
    """The kinds of content that tags, tasks and formats state.

    A tag states one as ``modality:image`` or as its name alone; a format that is one (``audio``) does too.
    """
    media = (name for name in formats if name in _MEDIA)
    found = dict.fromkeys(map(_modality_of_label, (*labels, *media)))
    return tuple(name for name in found if name is not None)


@lru_cache(maxsize=4096)
def _modality_of_label(label: str) -> ModalityName | None:
    prefix, colon, value = label.partition(":")
    name = modality_name(value if prefix == "modality" else label)
    if name is None and (not colon or prefix == "task_categories"):
        return _modality_of_task(value or label)
    return name


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


def format_of(suffix: str) -> str:
    """The format of files with an ending, such as ``image`` for ``png``; the ending where none is known."""
    return _FORMAT_OF.get(suffix.lower(), suffix)


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
