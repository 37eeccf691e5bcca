"""How long a client is willing to wait for a download, by its ``Prefer`` header (RFC 7240)."""

import re
from typing import Annotated

from fastapi import Depends, Header, Request

from dataferry.api.deps import Wired
from dataferry.core.errors import InvalidInput

#: One preference: its name, and its value with or without quotes. Parameters behind a semicolon are not read.
_PREFERENCE = re.compile(r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*(?:=\s*(?:"([^"]*)"|([^;,\s"]*))\s*)?(?:;.*)?')
_SECONDS = re.compile(r"\d+(?:\.\d+)?")


async def wanted_wait(
    request: Request,
    wired: Wired,
    prefer: Annotated[
        str | None, Header(description="`wait` until it ends, or `wait=<seconds>` at most")
    ] = None,
) -> float | None:
    """The seconds to wait at most; None where the answer is wanted at once. No longer than a job may take.

    Errors: ``InvalidInput`` for a wait that is no number of seconds.
    """
    del prefer  # Documented here, and read below from every line of the header.
    value = wait_of(",".join(request.headers.getlist("prefer")))
    if value is None:
        return None
    longest = wired.settings.job_timeout_s
    if value == "":
        return longest
    if not _SECONDS.fullmatch(value):
        raise InvalidInput(
            f"Prefer: wait={value[:40]} is not a number of seconds.",
            next_step="Send Prefer: wait=30, or Prefer: wait to wait until the download has ended.",
        )
    return min(float(value), longest)


def wait_of(header: str) -> str | None:
    """The value of the first ``wait`` in the header; empty where it has none, None where it is not there."""
    for part in header.split(","):
        preference = _PREFERENCE.fullmatch(part)
        if preference is not None and preference[1].lower() == "wait":
            return preference[2] or preference[3] or ""
    return None


def applied(seconds: float) -> str:
    """What ``Preference-Applied`` says of a wait of at most so many seconds."""
    return f"wait={seconds:g}" if seconds < 1_000_000 else f"wait={seconds:.0f}"


WantedWait = Annotated[float | None, Depends(wanted_wait)]
