"""Failed logins and socket tickets shared by several processes, in Redis.

While Redis cannot be reached each process counts and issues by itself, and nobody is kept out.
"""

import hashlib
import logging
import secrets
import time
from collections.abc import Callable
from typing import TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from dataferry.accounts.limits import WINDOW_S, Clock, FailureLimit
from dataferry.accounts.tickets import TICKET_TTL_S, SocketTickets
from dataferry.core.telemetry import redact

log = logging.getLogger(__name__)

T = TypeVar("T")
_SOCKET_TIMEOUT_S = 1.0


def connect(url: str) -> Redis:
    """A client that gives up quickly: somebody waits for the answer."""
    return Redis.from_url(
        url,
        socket_timeout=_SOCKET_TIMEOUT_S,
        socket_connect_timeout=_SOCKET_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


class RedisFailureLimit(FailureLimit):
    """``limit`` failures a minute for a subject, over all processes. Blocks for a round trip."""

    def __init__(self, redis: Redis, limit: int, *, clock: Clock = time.time) -> None:
        super().__init__(limit, clock=clock)
        self._redis = redis

    def count(self, *subjects: str) -> None:
        super().count(*subjects)

        def push() -> None:
            with self._redis.pipeline() as pipeline:
                for key in map(_failures_key, subjects):
                    pipeline.rpush(key, self.clock())
                    pipeline.ltrim(key, -self.limit, -1)
                    pipeline.expire(key, int(WINDOW_S))
                pipeline.execute()

        _or_default(push, None)

    def clear(self, subject: str) -> None:
        super().clear(subject)
        _or_default(lambda: self._redis.delete(_failures_key(subject)), None)

    def wait_s(self, subject: str) -> float:
        def read() -> float:
            # The list holds ``limit`` times at most, so the one that many from its end is the oldest.
            oldest = self._redis.lindex(_failures_key(subject), -self.limit)
            return 0.0 if oldest is None else float(str(oldest)) + WINDOW_S - self.clock()

        return max(super().wait_s(subject), _or_default(read, 0.0))


class RedisSocketTickets(SocketTickets):
    """A ticket of one process opens a socket at any. Blocks for a round trip."""

    def __init__(self, redis: Redis) -> None:
        super().__init__()
        self._redis = redis

    def issue(self, user_id: str) -> str:
        ticket = secrets.token_urlsafe(24)
        stored = _or_default(lambda: self._redis.set(_ticket_key(ticket), user_id, ex=TICKET_TTL_S), None)
        return ticket if stored else super().issue(user_id)

    def redeem(self, ticket: str) -> str | None:
        own = super().redeem(ticket)
        if own is not None:
            return own
        found = _or_default(lambda: self._redis.getdel(_ticket_key(ticket)), None)
        return None if found is None else str(found)


def _failures_key(subject: str) -> str:
    return f"dataferry:failures:{_digest(subject)}"


def _ticket_key(ticket: str) -> str:
    return f"dataferry:ticket:{_digest(ticket)}"


def _digest(text: str) -> str:
    """No e-mail address and no usable ticket lies in Redis."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _or_default(act: Callable[[], T], default: T) -> T:
    try:
        return act()
    except (RedisError, OSError) as error:
        log.warning("Redis is away, this process goes on alone: %s", redact(str(error)))
        return default
