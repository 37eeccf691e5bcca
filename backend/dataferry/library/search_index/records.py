"""What the last update found: ``update.json`` beside the index.

It tells an unchanged snapshot from a fresher one, and on whose behalf the next update asks the hubs. Without
it, or where it cannot be read, everything is fetched again.
"""

from datetime import datetime
from pathlib import Path

from pydantic import Field, ValidationError

from dataferry.core.private_files import make_private_folder
from dataferry.core.problems import ProblemWords
from dataferry.core.types import SourceName, View
from dataferry.sources.index.manifest import IndexManifest

_NAME = "update.json"


class SourceRecord(View):
    """``folder``: the index that was built of the snapshot ``fingerprint``. ``problem``: why the last update
    left this hub as it was."""

    folder: str | None = None
    fingerprint: str | None = None
    problem: ProblemWords | None = None


class UpdateRecord(View):
    #: When the hubs were last asked for fresher snapshots.
    checked_at: datetime | None = None
    requested_by: tuple[str, ...] = ()
    sources: dict[SourceName, SourceRecord] = Field(default_factory=dict)

    def of(self, source: SourceName) -> SourceRecord:
        return self.sources.get(source, SourceRecord())

    def is_current(self, source: SourceName, fingerprint: str, manifest: IndexManifest | None) -> bool:
        """Whether the index in use was built of that snapshot."""
        part = manifest.sources.get(source) if manifest else None
        known = self.of(source)
        return part is not None and (known.folder, known.fingerprint) == (part.folder, fingerprint)


def read_record(folder: Path) -> UpdateRecord:
    try:
        return UpdateRecord.model_validate_json((folder / _NAME).read_bytes())
    except (OSError, ValidationError):
        return UpdateRecord()


def write_record(folder: Path, record: UpdateRecord) -> None:
    """Errors: ``OSError``."""
    make_private_folder(folder)
    written = folder / f"{_NAME}.new"
    written.write_text(record.model_dump_json(indent=2), encoding="utf-8")
    written.replace(folder / _NAME)


def remove_record(folder: Path) -> None:
    (folder / _NAME).unlink(missing_ok=True)
