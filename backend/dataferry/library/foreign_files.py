"""Files that people have put into a dataset's folder: none of its own, and lost by none of our acts but the
deletion of the folder."""

import logging
from pathlib import Path

from dataferry.core.db import Reads
from dataferry.library import check_rows, file_state

log = logging.getLogger(__name__)

#: Names that are looked up at a time.
_BATCH_SIZE = 500


def keep_foreign(database: Reads, dataset_id: str, workdir: Path, target: Path) -> None:
    """Move what is no file of the dataset from the tree that was at ``target`` into the one that is there.

    ``workdir``: of the fetch that has put the new tree into place, where the former one is left. Its rows are
    still those of the former. What stands in the way of one stays where it is, and the former goes.
    """
    for former in (workdir / "tree", workdir / "old"):
        batch: list[str] = []
        for path in file_state.walk(former):
            batch.append(path)
            if len(batch) == _BATCH_SIZE:
                _move(database, dataset_id, former, target, batch)
                batch = []
        _move(database, dataset_id, former, target, batch)


def _move(database: Reads, dataset_id: str, former: Path, target: Path, paths: list[str]) -> None:
    known = database.read(check_rows.known_paths, dataset_id, paths) if paths else set()
    for path in paths:
        if path in known or (target / path).exists():
            continue
        try:
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (former / path).rename(target / path)
        except OSError:
            log.warning("%s cannot be kept", former / path, exc_info=True)
