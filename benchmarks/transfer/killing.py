"""What a kill costs: bytes that are fetched a second time."""

import json
import random
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.transfer import commands
from benchmarks.transfer.bench import Bench
from benchmarks.transfer.content import MIB
from benchmarks.transfer.measuring import Failed, check, run_command
from benchmarks.transfer.outcome import Goal, Outcome
from dataferry.transfer import Limits

ATTEMPTS = 3
CONNECTIONS = 8
#: Between which parts of the file the kill falls.
FIRST, LAST = 0.3, 0.7


def kill(bench: Bench) -> Outcome:
    """SIGKILL at a random moment of a large file, then the same again to its end."""
    file, moments = bench.large.file, random.Random()
    allowed = CONNECTIONS * Limits().piece_bytes
    lines, again = [], []
    with bench.serving() as server:
        command = commands.ours(f"{server.limited}/large", [file], CONNECTIONS, progress=True)
        for _ in range(ATTEMPTS):
            server.answers()
            shutil.rmtree(bench.folder, ignore_errors=True)
            bench.folder.mkdir()
            asked = command(bench.folder)
            done = _kill_at(asked, int(file.size * moments.uniform(FIRST, LAST)))
            run_command(asked, bench.folder, {})
            check([file], bench.folder / "out", hashes=True)
            shutil.rmtree(bench.folder)
            again.append(sum(answer.sent for answer in server.answers()) - file.size)
            lines.append(f"killed after {done / MIB:.0f} MiB: {again[-1] / MIB:.1f} MiB fetched again")
    lines.append("as nginx counts them: with what it had sent and the killed process had not read")
    what = f"kill: most bytes fetched again, {CONNECTIONS} connections"
    return Outcome([], [Goal(what, max(again) / MIB, allowed / MIB, unit="MiB")], lines)


def _kill_at(command: Sequence[str], moment: int) -> int:
    """Run until so many bytes have come, then SIGKILL; how many it had told of. Errors: ``Failed``."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        for line in process.stdout:
            done = int(json.loads(line).get("bytes_done", 0))
            if done >= moment:
                process.kill()
                return done
    raise Failed("dataferry ended before it could be killed.")
