"""What is wrong with an archive."""

import struct
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from lzma import LZMAError

#: ``ValueError``: numbers that are none, or longer than Python reads.
_READER_ERRORS = (tarfile.TarError, zlib.error, LZMAError, EOFError, OSError, struct.error, ValueError)


class DamagedArchive(Exception):
    """Why an archive cannot be read to its end, or that its own checksums do not fit."""


class CannotUnpack(Exception):
    """Why a sound archive cannot be unpacked here."""


class EmptyArchive(CannotUnpack):
    """A sound archive without files."""


@contextmanager
def archive_faults() -> Iterator[None]:
    """What the readers of archives raise, as ``DamagedArchive``."""
    try:
        yield
    except _READER_ERRORS as error:
        raise DamagedArchive(str(error)) from error
