"""Counted tries shared by several processes, in Redis.

While Redis cannot be reached each process counts by itself, and nobody is kept out.
"""

import hashlib
import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from dataferry.accounts.limits import Clock, Subject, TryLimits
from dataferry.core.telemetry import redact

log = logging.getLogger(__name__)

T = TypeVar("T")
_SOCKET_TIMEOUT_S = 1.0

#: ``TryLimits`` in Redis, by Redis's own clock: those of the processes' machines may differ, and jump. A key
#: is a hash of ``level``, ``counted_at`` and ``free_at``. ARGV: the act, a test's clock or nothing, then for
#: each key ``free``, ``fade_s``, ``first_wait_s`` and ``longest_wait_s``. Returns the seconds to wait.
_SCRIPT = """
local now = tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = time[1] + time[2] / 1000000
end
local counts, wait = {}, 0
for i, key in ipairs(KEYS) do
  local first = 4 * i - 1
  local limit = {free = tonumber(ARGV[first]), fade = tonumber(ARGV[first + 1]),
                 shortest = tonumber(ARGV[first + 2]), longest = tonumber(ARGV[first + 3])}
  local stored = redis.call('HMGET', key, 'level', 'counted_at', 'free_at')
  local level, counted_at = tonumber(stored[1]) or 0, tonumber(stored[2]) or now
  level = math.max(0, level - math.max(0, now - counted_at) / limit.fade)
  -- A clock that was set back lengthens no wait.
  wait = math.max(wait, math.min(limit.longest, (tonumber(stored[3]) or now) - now))
  counts[i] = {level = level, limit = limit}
end
if ARGV[1] == 'admit' and wait > 0 then
  return tostring(wait)
end
for i, key in ipairs(KEYS) do
  local limit, level, pause = counts[i].limit, counts[i].level, 0
  if ARGV[1] == 'admit' then
    level = level + 1
    local doublings = math.ceil(level - 0.000001) - limit.free
    if doublings >= 0 then
      pause = math.min(limit.longest, limit.shortest * 2 ^ math.min(doublings, 30))
    end
  else
    level = math.max(0, level - 1)
  end
  redis.call('HSET', key, 'level', tostring(level), 'counted_at', string.format('%.6f', now),
             'free_at', string.format('%.6f', now + pause))
  redis.call('EXPIRE', key, math.ceil(math.max(pause, level * limit.fade)) + 1)
end
return '0'
"""


def connect(url: str) -> Redis:
    """A client that gives up quickly: somebody waits for the answer."""
    return Redis.from_url(
        url,
        socket_timeout=_SOCKET_TIMEOUT_S,
        socket_connect_timeout=_SOCKET_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


class RedisTryLimits(TryLimits):
    """Counts tries over all processes. Blocks for a round trip. ``shared_clock``: seconds since the epoch, by
    default Redis's own."""

    def __init__(
        self, redis: Redis, *, clock: Clock = time.monotonic, shared_clock: Clock | None = None
    ) -> None:
        super().__init__(clock=clock)
        self._redis = redis
        self._shared_clock = shared_clock
        self._script = redis.register_script(_SCRIPT)

    def try_to_admit(self, subjects: tuple[Subject, ...]) -> float:
        wait = self._run("admit", subjects)
        return super().try_to_admit(subjects) if wait is None else wait

    def take_back(self, *subjects: Subject) -> None:
        if self._run("take back", subjects) is None:
            super().take_back(*subjects)

    def clear(self, subject: Subject) -> None:
        super().clear(subject)
        _or_default(lambda: self._redis.delete(_tries_key(subject)), None)

    def _run(self, act: str, subjects: tuple[Subject, ...]) -> float | None:
        """Seconds to wait; None while Redis is away."""
        arguments: list[Any] = [act, "" if self._shared_clock is None else self._shared_clock()]
        for subject in subjects:
            limit = subject.limit
            arguments += [limit.free, limit.fade_s, limit.first_wait_s, limit.longest_wait_s]
        keys = [_tries_key(subject) for subject in subjects]
        return _or_default(lambda: float(self._script(keys=keys, args=arguments)), None)


def _tries_key(subject: Subject) -> str:
    return f"dataferry:tries:{_digest(subject.key)}"


def _digest(text: str) -> str:
    """No e-mail address lies in Redis."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _or_default(act: Callable[[], T], default: T) -> T:
    try:
        return act()
    except (RedisError, OSError) as error:
        log.warning("Redis is away, this process goes on alone: %s", redact(str(error)))
        return default
