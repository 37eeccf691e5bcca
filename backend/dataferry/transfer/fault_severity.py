"""Which of several errors a fetch reports."""

from enum import IntEnum

from dataferry.core.errors import Cancelled, DataferryError, SourceRateLimited


class Severity(IntEnum):
    """In the order in which errors are reported. A rate limit says how long to wait; ``Cancelled`` only
    means that a download was stopped because of another's error."""

    PERMANENT = 1
    RATE_LIMIT = 2
    TRANSIENT = 3
    CANCELLED = 4


def severity_of(error: Exception) -> Severity:
    if isinstance(error, Cancelled):
        return Severity.CANCELLED
    if isinstance(error, SourceRateLimited):
        return Severity.RATE_LIMIT
    transient = isinstance(error, DataferryError) and error.transient
    return Severity.TRANSIENT if transient else Severity.PERMANENT
