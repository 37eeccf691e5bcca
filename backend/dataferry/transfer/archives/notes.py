"""What a person should know of how an archive was unpacked."""

import re
from typing import Literal

Remark = Literal["code_page", "dangling", "absolute", "device", "replaced", "renamed", "packed", "trailing"]

_SENTENCES: dict[Remark, str] = {
    "code_page": "names that do not say their encoding were read as {detail}",
    "dangling": "links that lead to no file of it were left out",
    "absolute": "links to absolute paths were left out",
    "device": "what is neither a file nor a folder was left out",
    "replaced": "members that are there more than once have their last content",
    "renamed": "names that this disk cannot hold side by side were changed",
    "packed": "members that cannot be unpacked here ({detail}) were left out, and the archive is kept",
    "trailing": "{detail} behind its end are no archive and were left out",
}
_SHOWN = 3
_SHOWN_LENGTH = 80
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def shown(name: str) -> str:
    """A name as it can stand in a sentence."""
    return _CONTROL.sub("?", name[:_SHOWN_LENGTH]).encode("utf-8", "replace").decode()


class ArchiveNotes:
    """Collects remarks about the members of ``archive``: one sentence for each kind and detail, which names
    the first members."""

    def __init__(self, archive: str) -> None:
        self._archive = archive
        self._names: dict[tuple[Remark, str], list[str]] = {}
        self._counts: dict[tuple[Remark, str], int] = {}

    def add(self, remark: Remark, name: str = "", *, detail: str = "") -> None:
        """A remark about the member ``name``, or about the archive itself."""
        key = (remark, detail)
        names = self._names.setdefault(key, [])
        self._counts[key] = self._counts.get(key, 0) + 1
        if name and len(names) < _SHOWN:
            names.append(shown(name))

    @property
    def sentences(self) -> tuple[str, ...]:
        return tuple(self._sentence(*key) for key in self._names)

    def _sentence(self, remark: Remark, detail: str) -> str:
        names, count = self._names[remark, detail], self._counts[remark, detail]
        text = f"{shown(self._archive)}: {_SENTENCES[remark].format(detail=detail)}"
        if not names:
            return f"{text}."
        more = f" and {count - len(names)} more" if count > len(names) else ""
        return f"{text}: {', '.join(names)}{more}."
