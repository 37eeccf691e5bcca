"""What an index says of itself: ``current.json`` in its folder, the one file whose rename makes it current.

<folder>/current.json          the manifest below
<folder>/<source>-<id>/        the index of one hub's catalogue
<folder>/<source>-<id>.partial a build that is under way, or was cut off
<folder>/build.lock            held by the build that is under way
"""

import json
import os
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from dataferry.core.files.durable import sync_folder
from dataferry.core.types import SourceName, View

#: Of what is in the folders. An index of another one must be rebuilt.
FORMAT_VERSION = 1
_POINTER = "current.json"


class SourceIndex(View):
    """One hub's part. ``left_out``: rows of the snapshot that are not datasets to be found, by the reason."""

    folder: str
    built_at: datetime
    #: When the newest of its datasets was changed: what was changed later is not in it.
    snapshot_at: datetime | None
    datasets: int
    #: Of their texts, in stems, each field by its weight in the ranking.
    mean_length: float
    left_out: dict[str, int]
    bytes: int


class IndexManifest(View):
    format: int
    sources: dict[SourceName, SourceIndex]

    @property
    def datasets(self) -> int:
        return sum(part.datasets for part in self.sources.values())

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.sources.values())

    @property
    def built_at(self) -> datetime | None:
        """When the last build ended."""
        return max((part.built_at for part in self.sources.values()), default=None)

    @property
    def snapshot_at(self) -> datetime | None:
        """How fresh it is: the older of the hubs' snapshots."""
        return min((part.snapshot_at for part in self.sources.values() if part.snapshot_at), default=None)


class IndexUnusable(Exception):
    """There is an index that cannot be read, and why: it must be rebuilt."""


class OtherFormat(IndexUnusable):
    """It is whole, but was built by another version of this program."""


def pointer_of(folder: Path) -> Path:
    return folder / _POINTER


def read_manifest(folder: Path) -> IndexManifest | None:
    """The manifest of the current index; None where there is none.

    Errors: ``IndexUnusable`` for one of another version, or that cannot be read.
    """
    try:
        text = pointer_of(folder).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise IndexUnusable(f"its manifest cannot be read ({type(error).__name__})") from error
    try:
        stated = json.loads(text)
        version = stated["format"]
        if version != FORMAT_VERSION:
            raise OtherFormat(f"it was built by another version (format {version}, not {FORMAT_VERSION})")
        return IndexManifest.model_validate(stated)
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise IndexUnusable("its manifest is damaged") from error


def write_manifest(folder: Path, manifest: IndexManifest) -> None:
    """Make it the current one, in one step that survives a power cut. Errors: ``OSError``."""
    temporary = folder / f"{_POINTER}.new"
    with temporary.open("w", encoding="utf-8") as file:
        file.write(manifest.model_dump_json(indent=2))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(pointer_of(folder))
    sync_folder(folder)
