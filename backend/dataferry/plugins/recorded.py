"""What the first download of a dataset brought whose publisher tells no checksum of every file."""

import json
from pathlib import Path

from dataferry.core.errors import ContentChanged
from dataferry.plugins.base import DatasetPlugin
from dataferry.plugins.contract import RemoteFile
from dataferry.plugins.locations import recorded_file


def compare_with_first(plugin: DatasetPlugin, store: Path, checksum: str) -> None:
    """Record the checksum of all files at the first download of a revision on this machine. Errors:
    ``ContentChanged`` where a later one brought other bytes."""
    if all(file.published for file in plugin.files if isinstance(file, RemoteFile)):
        return
    path = recorded_file(store, plugin.name)
    known: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}
    first = known.setdefault(plugin.revision, checksum)
    if first != checksum:
        raise ContentChanged(
            f"The files of {plugin.display_name} are not those of the first download on this machine: their"
            f" checksum was {first[:12]}… and is {checksum[:12]}….",
            next_step=f"Ask its publisher; to take the new ones from now on, delete {path}.",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known, indent=1))
