"""Which index files' functions may run here: those whose texts were read and trusted, by their SHA-256.

They are noted in ``trusted`` beside the cache, which is in no commit and comes with no clone.
"""

import contextlib
import os
from pathlib import Path

from dataferry.versioning.declare.index_file import text_sha256


class Trust:
    """The notes in ``folder`` (``.git/datasets``)."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "trusted"

    def is_trusted(self, text: str) -> bool:
        """Whether this very text is: of an index file, or of a module beside it."""
        return text_sha256(text) in self._noted()

    def add(self, text: str) -> None:
        """Trust this text from now on. Errors: ``OSError``."""
        digest = text_sha256(text)
        if digest in self._noted():
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # In one write: another command may do the same.
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(handle, f"{digest}\n".encode())
        finally:
            os.close(handle)

    def _noted(self) -> set[str]:
        with contextlib.suppress(FileNotFoundError):
            return set(self._path.read_text("ascii", errors="replace").split())
        return set()
