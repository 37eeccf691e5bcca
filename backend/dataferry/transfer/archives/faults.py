"""What is wrong with an archive."""

import struct
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from lzma import LZMAError

#: ``ValueError``: numbers that are none, or longer than Python reads.
_READER_ERRORS = (tarfile.TarError, zlib.error, EOFError, OSError, struct.error, ValueError)


#: What one decompressor may take. ``xz -9`` wants 65 MiB.
UNPACK_MEMORY_BYTES = 256 * 2**20


class DamagedArchive(Exception):
    """Why an archive cannot be read to its end, or that its own checksums do not fit."""


class CannotUnpack(Exception):
    """Why a sound archive cannot be unpacked here."""


class EmptyArchive(CannotUnpack):
    """A sound archive without files."""


@contextmanager
def archive_faults() -> Iterator[None]:
    """What the readers of archives raise, as ``DamagedArchive`` and ``CannotUnpack``."""
    try:
        yield
    except LZMAError as error:
        # What it wants is told by its header; there is no other way to know than these words.
        if "memory" in str(error).lower():
            raise CannotUnpack(f"it wants more than {UNPACK_MEMORY_BYTES >> 20} MiB of memory") from error
        raise DamagedArchive(str(error)) from error
    except _READER_ERRORS as error:
        raise DamagedArchive(str(error)) from error
