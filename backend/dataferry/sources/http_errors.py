"""Reading what all hubs say alike: limits, and errors in the words of one tree."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from dataferry.core.errors import SourceRateLimited, SourceTimeout, SourceUnreachable
from dataferry.core.types import SourceLabel

#: The longest wait that is believed, in seconds; a hub's windows are minutes.
MAX_WAIT_S = 3600.0
_USED_UP = re.compile(r"\br\s*=\s*0\s*;\s*t\s*=\s*(\d{1,9})")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: ``Retry-After`` in seconds or as a date (RFC 9110, 10.2.3), else the ``t`` of the
    limit that is used up in HuggingFace's ``RateLimit: "api";r=0;t=87``; None where neither tells.
    ``headers`` ignore case."""
    told = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}", told):
        return min(float(told), MAX_WAIT_S)
    if told:
        try:
            moment = parsedate_to_datetime(told)
        except ValueError:
            moment = None
        if moment is not None:
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return min(max(0.0, (aware - datetime.now(UTC)).total_seconds()), MAX_WAIT_S)
    waits = [float(seconds) for seconds in _USED_UP.findall(headers.get("RateLimit", ""))]
    return min(max(waits), MAX_WAIT_S) if waits else None


def rate_limited(label: SourceLabel, headers: Mapping[str, str]) -> SourceRateLimited:
    wait = retry_after(headers)
    when = f"in {math.ceil(wait)} s" if wait is not None else "in a few minutes"
    return SourceRateLimited(
        f"{label}'s limit of requests is used up.",
        next_step=f"It can be asked again {when}.",
        retry_after=wait,
    )


def timed_out(label: SourceLabel) -> SourceTimeout:
    return SourceTimeout(f"{label} did not answer in time.", next_step="Try again in a minute.")


def out_of_order(label: SourceLabel, status: int) -> SourceUnreachable:
    """The hub's own failure (5xx)."""
    return SourceUnreachable(
        f"{label} has a fault of its own (HTTP {status}).", next_step="Try again in a few minutes."
    )


def unreachable(label: SourceLabel, *, certificate: bool = False) -> SourceUnreachable:
    if certificate:
        return SourceUnreachable(
            f"The certificate that {label}'s address shows is not trusted.",
            next_step="Behind a company's proxy, set SSL_CERT_FILE and REQUESTS_CA_BUNDLE to its authority.",
        )
    return SourceUnreachable(
        f"{label} cannot be reached.",
        next_step="Check the network connection, and HTTPS_PROXY where one is needed.",
    )
