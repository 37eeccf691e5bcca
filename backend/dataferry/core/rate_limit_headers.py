"""What servers say about rate limits: ``Retry-After`` and ``RateLimit``.

``Retry-After`` is of RFC 9110, section 10.2.3. ``RateLimit`` and ``RateLimit-Policy`` are of the IETF's draft
(draft-ietf-httpapi-ratelimit-headers), as HuggingFace sends them::

    RateLimit: "resolvers";r=4999;t=300                        r requests, t seconds until the next window
    RateLimit-Policy: "fixed window";"resolvers";q=5000;w=300  q requests in each window of w seconds
"""

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"[0-9]{1,9}")
_PARAMETER = re.compile(r"\s*([a-z])\s*=\s*([0-9]{1,9})\s*")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait: ``Retry-After`` in seconds or as a date, else the longest ``t`` of
    the policies in ``RateLimit`` that have nothing left. None where neither says it.

    ``headers`` ignore case, or have their names in lower case.
    """
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    with suppress(ValueError):
        moment = parsedate_to_datetime(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (aware - datetime.now(UTC)).total_seconds())
    policies = rate_limit_policies(headers.get("ratelimit", "")).values()
    waits = [float(policy["t"]) for policy in policies if "t" in policy and policy.get("r", 0) == 0]
    return max(waits, default=None)


def used_up_headers(name: str, quota: int, window_s: float, wait_s: float) -> dict[str, str]:
    """What an answer says of a limit of ours, ``quota`` in ``window_s`` seconds, that is used up for
    ``wait_s`` more."""
    return {
        "RateLimit-Policy": f'"{name}";q={quota};w={math.ceil(window_s)}',
        "RateLimit": f'"{name}";r=0;t={max(1, math.ceil(wait_s))}',
    }


def rate_limit_policies(header: str) -> dict[str, dict[str, int]]:
    """The parameters of each policy of a ``RateLimit`` or ``RateLimit-Policy`` header, by the policy's name:
    ``"fixed window";"resolvers";q=5000;w=300`` is ``{"resolvers": {"q": 5000, "w": 300}}``."""
    policies: dict[str, dict[str, int]] = {}
    for policy in header.split(","):
        names, parameters = [""], {}
        for term in policy.split(";"):
            match = _PARAMETER.fullmatch(term)
            if match is not None:
                parameters[match[1]] = int(match[2])
            elif "=" not in term:
                names.append(term.strip().strip('"'))
        if parameters:
            policies[names[-1]] = parameters
    return policies
