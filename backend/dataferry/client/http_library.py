"""``httpx`` without the command line of its own, whose imports (click, rich, pygments) are half of its cost.

httpx does without it where they are not installed.
"""

import sys

_OWN_COMMAND = "httpx._main"
_absent = object()

_before = sys.modules.get(_OWN_COMMAND, _absent)
sys.modules.setdefault(_OWN_COMMAND, None)  # type: ignore[arg-type] # an import of it fails
import httpx  # noqa: E402

if _before is _absent:
    del sys.modules[_OWN_COMMAND]

__all__ = ["httpx"]
