"""Files that may be compressed with gzip, as plain ones that can be mapped into memory."""

import gzip
import shutil
import zlib
from pathlib import Path

from dataferry.plugins.readers.base import damaged
from dataferry.plugins.readers.kept import kept

_GZIP = b"\x1f\x8b"


def first_of(folder: Path, *names: str) -> Path:
    """The first of the files that is there: some tools unpack ``x.gz`` to ``x``, some rename it.

    Errors: ``DamagedFile`` naming them.
    """
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise damaged(folder / names[0], "it is not there")


def plain_file(path: Path, keep: Path) -> Path:
    """``path`` itself, or where its bytes are gzip's, a plain copy that is kept below ``keep``.

    The bytes tell, not the name: browsers and proxies unpack ``.gz`` files without renaming them.
    Errors: ``DamagedFile``; ``StoreNotWritable``.
    """
    try:
        with path.open("rb") as stream:
            if stream.read(2) != _GZIP:
                return path
    except OSError as error:
        raise damaged(
            path, "it is not there" if isinstance(error, FileNotFoundError) else str(error)
        ) from error

    def unpack(folder: Path) -> None:
        try:
            with gzip.open(path) as packed, (folder / "plain").open("wb") as out:
                shutil.copyfileobj(packed, out, 1 << 20)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise damaged(path, f"its compression is broken ({error})") from error

    return kept(keep, (path,), "plain 1", unpack) / "plain"
