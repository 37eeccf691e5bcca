"""Tables are checked in a process of its own, which ends with this one."""

import json
import tempfile
import threading
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from dataferry.core.child_process import how_it_ended, killed_by, running_child
from dataferry.core.errors import Cancelled, DataferryError
from dataferry.explorer.health.findings import FindingWriter
from dataferry.explorer.health.table_findings import TableToCheck
from dataferry.explorer.health.views import FindingGroup, FindingKind

_MODULE = "dataferry.explorer.health.table_findings"
_SAYS: dict[FindingKind, str] = {
    "duplicate_rows": "{total} rows are there more than once, {members} times in all.",
    "shared_rows": "{total} rows are in two splits: what is trained with is tested with too.",
    "constant_columns": "{total} columns have one value in every row.",
    "id_columns": "{total} columns have another value in every row, as an id has.",
}


def find_in_tables(
    tables: Sequence[TableToCheck], writer: FindingWriter, cancel: threading.Event, *, scratch: Path
) -> list[str]:
    """Write what is found; returns what could not be looked for. Blocks. Errors: ``Cancelled``."""
    found: defaultdict[FindingKind, list[FindingGroup]] = defaultdict(list)
    problem: str | None = None
    done = False
    with (
        tempfile.TemporaryDirectory(prefix="health-", dir=scratch) as spill,
        running_child(
            _MODULE,
            json.dumps({"tables": [one.model_dump(mode="json") for one in tables], "spill": spill}),
        ) as process,
        killed_by(cancel, process),
    ):
        assert process.stdout is not None
        for line in process.stdout:
            said = json.loads(line)
            if "kind" in said:
                kind = cast(FindingKind, said["kind"])
                found[kind].append(FindingGroup.model_validate(said["group"]))
            else:
                done, problem = True, said.get("problem")
        process.wait()
    if cancel.is_set():
        raise Cancelled
    if not done:
        raise DataferryError(
            f"The tables could not be checked ({how_it_ended(process.returncode)}).",
            next_step="Try it again; it may need more memory than there is.",
        )
    for kind, says in _SAYS.items():
        writer.add(kind, says, found[kind])
    return [f"Some of the tables could not be checked to the end: {problem}"] if problem else []
