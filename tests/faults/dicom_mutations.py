"""Thousands of mutated DICOM files against the reader in its sandbox: each ends as a picture or as an error
in words.

``python -m tests.faults.dicom_mutations --count 9000 --seconds 600``; the same seed makes the same files. The
suite runs 120 of them. What fails is written to the folder ``--keep``, and the command ends with 1.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from dataferry.core.errors import BadImage
from dataferry.imaging.sandbox import Sandbox, SandboxLimits
from tests.support.mutations import MUTATED, mutations

INSPECT = "dataferry.imaging.inspection:inspect"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=9000, help="files in all")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="end after so long")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--keep", type=Path, default=Path("mutations"), help="folder for what fails")
    given = parser.parse_args()
    sandbox = Sandbox(count=2, limits=SandboxLimits(seconds=20))
    outcomes: Counter[str] = Counter()
    words: Counter[str] = Counter()
    until = time.monotonic() + given.seconds
    each = -(-given.count // len(MUTATED))
    streams = {name: mutations(name, each, given.seed) for name in MUTATED}
    try:
        for number in range(each):
            for name, stream in streams.items():
                if time.monotonic() > until or outcomes.total() == given.count:
                    break
                content = next(stream)
                outcome, said = _outcome(sandbox, content)
                outcomes[outcome] += 1
                words[said] += 1
                if outcome == "failed":
                    given.keep.mkdir(parents=True, exist_ok=True)
                    (given.keep / f"{number}-{name}").write_bytes(content)
    finally:
        sandbox.close()
    print(f"{outcomes.total()} files: {dict(outcomes)}")
    for said, count in words.most_common(12):
        print(f"{count:6}  {said[:110]}")
    return 1 if outcomes["failed"] else 0


def _outcome(sandbox: Sandbox, content: bytes) -> tuple[str, str]:
    try:
        found = sandbox.call(INSPECT, content)
    except BadImage as error:
        return ("refused", error.detail) if error.detail else ("failed", "an error without words")
    except Exception as error:  # what this looks for
        return "failed", repr(error)
    return ("read", "a picture") if found.value["width"] > 0 else ("failed", "a picture of no width")


if __name__ == "__main__":
    sys.exit(main())
