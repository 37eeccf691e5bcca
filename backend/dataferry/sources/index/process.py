"""The build in a process of its own: its memory is given back, its work is of low priority, and it ends with
the process that started it."""

import json
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dataferry.core.child_process import how_it_ended, killed_by, running_child
from dataferry.core.errors import Cancelled, DataferryError
from dataferry.core.problems import ProblemWords
from dataferry.core.types import SourceName
from dataferry.sources.index.build import BuildProgress, Report
from dataferry.sources.index.manifest import IndexManifest

_MODULE = "dataferry.sources.index"


def build_in_process(
    snapshots: Mapping[SourceName, Path], target: Path, report: Report, cancel: threading.Event
) -> IndexManifest:
    """``build`` in a child of low priority; ``cancel`` ends it. Blocks, for minutes.

    ``report`` is called from this thread. Errors: those of ``build``; ``Cancelled``; ``DataferryError`` where
    the process is killed from outside. Each leaves the index that was there.
    """
    request: dict[str, Any] = {"snapshots": {name: str(path.absolute()) for name, path in snapshots.items()}}
    request["target"] = str(target.absolute())
    with running_child(_MODULE, json.dumps(request)) as process, killed_by(cancel, process):
        answer = _follow(process, report)
    if cancel.is_set() and not isinstance(answer, IndexManifest):
        raise Cancelled
    if isinstance(answer, IndexManifest):
        return answer
    if answer is not None:
        raise answer.restore()
    raise DataferryError(
        f"The process that builds the index ended ({how_it_ended(process.returncode)});"
        " the one that was there stays in use.",
        next_step="Build it again; if it stays so, look for memory that ran out.",
    )


def _follow(process: "subprocess.Popen[str]", report: Report) -> IndexManifest | ProblemWords | None:
    """What the process ends with; None where it says nothing."""
    assert process.stdout is not None
    answer: IndexManifest | ProblemWords | None = None
    for line in process.stdout:
        said = json.loads(line)
        if "manifest" in said:
            answer = IndexManifest.model_validate(said["manifest"])
        elif "problem" in said:
            answer = ProblemWords.model_validate(said["problem"])
        else:
            report(BuildProgress.model_validate(said["progress"]))
    process.wait()
    return answer
