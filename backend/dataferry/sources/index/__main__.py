"""The process that ``build_in_process`` starts: a request on its input, lines of JSON on its output."""

import json
import sys
import threading
from pathlib import Path
from typing import Any

from dataferry.core.child_process import end_with_parent, yield_to_others
from dataferry.core.errors import DataferryError
from dataferry.core.problems import words_of
from dataferry.sources.index.build import BuildProgress, build


def main() -> None:
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=end_with_parent, daemon=True).start()
    yield_to_others()
    snapshots = {name: Path(path) for name, path in request["snapshots"].items()}
    try:
        manifest = build(snapshots, Path(request["target"]), _tell_progress)
    except DataferryError as error:
        _tell({"problem": words_of(error)})
    else:
        _tell({"manifest": manifest.model_dump(mode="json")})


def _tell_progress(progress: BuildProgress) -> None:
    _tell({"progress": progress.model_dump()})


def _tell(said: dict[str, Any]) -> None:
    print(json.dumps(said), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
