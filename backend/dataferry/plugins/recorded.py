"""What the first download of a dataset brought whose publisher tells no checksum of every file."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from dataferry.core.errors import ContentChanged
from dataferry.core.files.digests import tree_checksum
from dataferry.plugins.contract import Placed, RemoteFile
from dataferry.transfer import FetchedFile


def compare_with_first(plugin: Placed, files: Sequence[FetchedFile]) -> None:
    """Record the checksum of all ``files``, ordered by path, at the first download of a revision on this
    machine. Errors: ``ContentChanged`` where a later one brought other bytes."""
    if all(file.published for file in plugin.files if isinstance(file, RemoteFile)):
        return
    path = plugin.recorded_file
    known: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}
    checksum = tree_checksum((file.path, file.sha256) for file in files)
    first = known.get(plugin.revision)
    if first is None:
        _write(path, known | {plugin.revision: checksum})
    elif first != checksum:
        raise ContentChanged(
            f"The files of {plugin.display_name} are not those of the first download on this machine: their"
            f" checksum was {first[:12]}… and is {checksum[:12]}….",
            next_step=f"Ask its publisher; to take the new ones from now on, delete {path}.",
            transient=False,
        )


def _write(path: Path, known: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(known, indent=1))
    os.replace(temporary, path)
