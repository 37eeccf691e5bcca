"""What servers say about rate limits."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, formatdate

import pytest

from dataferry.core.rate_limit_headers import rate_limit_policies, retry_after_s
from dataferry.transfer.http.http1 import Headers


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "12"}, 12),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"RateLimit": '"resolvers";r=0;t=87'}, 87),
        ({"RateLimit": '"api";r=5;t=10, "resolvers";r=0;t=87'}, 87),
        ({"RateLimit": '"api";r=0;t=10, "resolvers";r=0;t=87'}, 87),
        ({"RateLimit": '"resolvers";r=9;t=87'}, None),
        ({"RateLimit": '"resolvers"; r=0; t=3'}, 3),
        ({"RateLimit": "nonsense"}, None),
        ({"Retry-After": "soon", "RateLimit": '"resolvers";r=0;t=87'}, 87),
        ({"Retry-After": "4", "RateLimit": '"resolvers";r=0;t=87'}, 4),
    ],
)
def test_seconds_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(Headers(headers)) == seconds


@pytest.mark.parametrize("zone", ["GMT", "-0000"])
def test_a_date_is_a_wait_too(zone: str) -> None:
    later = datetime.now(UTC) + timedelta(seconds=60)
    text = format_datetime(later, usegmt=True) if zone == "GMT" else formatdate(later.timestamp())
    wait = retry_after_s(Headers({"Retry-After": text}))
    assert wait is not None
    assert 55 < wait <= 61


def test_policies_go_by_the_last_name_before_their_numbers() -> None:
    text = '"fixed window";"resolvers";q=5000;w=300, "api"; q=10, nonsense'
    assert rate_limit_policies(text) == {"resolvers": {"q": 5000, "w": 300}, "api": {"q": 10}}
    assert rate_limit_policies("") == {}
