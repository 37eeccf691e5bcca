"""What the hubs' HTTP answers have in common: rate limits, timeouts and server errors as our own errors."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from dataferry.core.errors import SourceRateLimited, SourceTimeout, SourceUnreachable
from dataferry.core.types import SourceLabel

#: Longer waits are cut to this; a hub's windows are minutes.
MAX_RETRY_AFTER_S = 3600.0
_EXHAUSTED_LIMIT = re.compile(r"\br\s*=\s*0\s*;\s*t\s*=\s*(\d{1,9})")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: ``Retry-After`` in seconds or as a date (RFC 9110, 10.2.3), else the ``t`` of the
    limit that is used up in HuggingFace's ``RateLimit: "api";r=0;t=87``
    (draft-ietf-httpapi-ratelimit-headers); None where neither is given.
    ``headers`` ignore case."""
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}", value):
        return min(float(value), MAX_RETRY_AFTER_S)
    if value:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            moment = None
        if moment is not None:
            at_utc = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return min(max(0.0, (at_utc - datetime.now(UTC)).total_seconds()), MAX_RETRY_AFTER_S)
    waits = [float(seconds) for seconds in _EXHAUSTED_LIMIT.findall(headers.get("RateLimit", ""))]
    return min(max(waits), MAX_RETRY_AFTER_S) if waits else None


def rate_limited(label: SourceLabel, headers: Mapping[str, str]) -> SourceRateLimited:
    wait = retry_after_s(headers)
    when = f"in {math.ceil(wait)} s" if wait is not None else "in a few minutes"
    return SourceRateLimited(
        f"{label}'s limit of requests is used up.",
        next_step=f"It can be asked again {when}.",
        retry_after=wait,
    )


def timed_out(label: SourceLabel) -> SourceTimeout:
    return SourceTimeout(f"{label} did not answer in time.", next_step="Try again in a minute.")


def server_error(label: SourceLabel, status: int) -> SourceUnreachable:
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
