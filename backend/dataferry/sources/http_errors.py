"""What the hubs' HTTP answers have in common: rate limits, timeouts and server errors as our own errors."""

import math
from collections.abc import Mapping

from dataferry.core.errors import SourceRateLimited, SourceTimeout, SourceUnreachable
from dataferry.core.rate_limit_headers import retry_after_s
from dataferry.core.types import SourceLabel

#: Longer waits are cut to this; a hub's windows are minutes.
MAX_RETRY_AFTER_S = 3600.0


def rate_limited(label: SourceLabel, headers: Mapping[str, str]) -> SourceRateLimited:
    wait = retry_after_s(headers)
    if wait is not None:
        wait = min(wait, MAX_RETRY_AFTER_S)
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
