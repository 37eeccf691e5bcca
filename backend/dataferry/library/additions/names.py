"""Names of people's own datasets, and of the files in them."""

import re
import unicodedata

from dataferry.core.errors import InvalidInput
from dataferry.core.files.safe_names import UnusablePath, check_path

_LONGEST = 64
_OTHER = re.compile(r"[^a-z0-9]+")


def slug(text: str, otherwise: str) -> str:
    """A part of a dataset's id: ``Café leaves (2)`` is ``cafe-leaves-2``. Where nothing is left of a text, as
    of one in another script, it is ``otherwise``."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _OTHER.sub("-", plain).strip("-")[:_LONGEST].strip("-") or otherwise


def numbered(name: str, number: int) -> str:
    """``leaves``, ``leaves-2``, ``leaves-3`` …"""
    return name if number == 1 else f"{name}-{number}"


def clean_title(text: str) -> str:
    """One line. Errors: ``InvalidInput`` for an empty one."""
    title = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if not title:
        raise InvalidInput("The dataset has no name.", next_step="Give it one.")
    return unicodedata.normalize("NFC", title)


def check_file_path(path: str) -> None:
    """Errors: ``InvalidInput`` for a path that a dataset cannot have."""
    try:
        check_path(path)
    except UnusablePath as error:
        raise InvalidInput(
            f"A file cannot be taken: {error}.", next_step="Rename it, or leave it out, and add again."
        ) from error
