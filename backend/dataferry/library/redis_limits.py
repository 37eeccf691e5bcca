"""Limits that several processes keep together over Redis: the bytes of all downloads, and the connections to
each host. While Redis cannot be reached each process keeps to its part of them."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from dataferry.core.db import new_id
from dataferry.core.telemetry import redact
from dataferry.transfer.limits.slots import Slots

log = logging.getLogger(__name__)

#: A process takes so many seconds' worth of bytes at a time for each person who waits, and at most for so
#: many.
LEASE_S = 0.05
_MOST_PERSONS = 4
#: Bytes that nobody took are made up for up to so many seconds' worth.
_LATE_S = 0.1
#: Who waits for an answer of Redis for longer than this goes on alone.
PATIENCE_S = 0.2
#: How often it is tried again while Redis is away.
RETRY_S = 0.5
#: How often the connections are agreed on, and how often at most where somebody waits for one.
SYNC_S, _MIN_SYNC_S = 0.5, 0.05
#: The connections of a process that is silent for so long are free again.
EXPIRY_S = 5.0
#: What is not an exact share of a host's connections goes round in this interval.
_ROUND_S = 2.0

#: Reserves bytes: ARGV are their number, the rate in bytes a second, and how far the line may lag behind the
#: clock. Returns the seconds until they may be received. Whoever asks is served in turn.
_RESERVE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local start = tonumber(redis.call('GET', KEYS[1])) or now
-- Neither a long pause nor a clock that was set back counts.
start = math.min(math.max(start, now - tonumber(ARGV[3])), now + 10)
redis.call('SET', KEYS[1], string.format('%.6f', start + ARGV[1] / ARGV[2]), 'EX', 60)
return string.format('%.6f', math.max(0, start - now))
"""

#: Agrees on the connections to a host. The key is a hash of ``allowed``, ``wanted`` and the end of the lease
#: of each process. ARGV: the process, how many it has, how many it wants, the limit, seconds of a lease and
#: of a round. Returns how many it may have: its share, and what others leave of theirs.
_AGREE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local me, held, wanted, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if wanted == 0 then
  redis.call('HDEL', KEYS[1], me)
  return 0
end
local stored, names, leases = redis.call('HGETALL', KEYS[1]), {me}, {}
for i = 1, #stored, 2 do
  local allowed, wish, ends = string.match(stored[i + 1], '(%S+) (%S+) (%S+)')
  if tonumber(ends) < now then
    redis.call('HDEL', KEYS[1], stored[i])
  elseif stored[i] ~= me then
    names[#names + 1] = stored[i]
    leases[stored[i]] = {allowed = tonumber(allowed), wanted = tonumber(wish)}
  end
end
table.sort(names)
local round, share = math.floor(now / ARGV[6]), {}
for i, name in ipairs(names) do
  local extra = (i + round) % #names < limit % #names and 1 or 0
  share[name] = math.floor(limit / #names) + extra
end
local taken, missing = 0, 0
for name, lease in pairs(leases) do
  taken = taken + lease.allowed
  missing = missing + math.max(0, math.min(lease.wanted, share[name]) - lease.allowed)
end
local room = math.max(0, limit - taken)
local allowed = math.min(wanted, math.max(math.min(share[me], room), room - missing))
local lease = string.format('%d %d %.6f', math.max(allowed, held), wanted, now + ARGV[5])
redis.call('HSET', KEYS[1], me, lease)
redis.call('EXPIRE', KEYS[1], 60)
return allowed
"""


class RedisLimits:
    """``SharedLimits`` in Redis, by Redis's own clock. A thread asks; nobody else waits for the network.

    ``processes`` are those among which limits are divided while Redis is away; whoever knows sets it.
    """

    def __init__(self, redis: Redis, *, connections_per_host: int, expiry_s: float = EXPIRY_S) -> None:
        self.processes = 1
        self._redis = redis
        self._per_host = connections_per_host
        self._expiry_s = expiry_s
        self._reserve = redis.register_script(_RESERVE)
        self._agree = redis.register_script(_AGREE)
        self._id = new_id("process")
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_away = False
        #: Since when bytes are asked for; None where none are.
        self._asked_at: float | None = None
        #: Bytes that are reserved, and from when on they may be received.
        self._leases: deque[tuple[float, float]] = deque()
        #: The rate, and how many persons wait.
        self._bytes_wanted: tuple[float, int] | None = None
        self._allowed: dict[str, int] = {}
        self._connections_wanted = False
        #: Meanwhile no connection is added: what is told to the others must stay true.
        self._is_agreeing = False
        self._synced_at = 0.0

    # -- as the transfer asks ----------------------------------------------------------------------

    def take_bytes(self, rate: float, persons: int) -> float | None:
        now = time.monotonic()
        with self._lock:
            if self._is_away or (self._asked_at is not None and now - self._asked_at > PATIENCE_S):
                return None
            taken = 0.0
            while self._leases and self._leases[0][0] <= now:
                taken += self._leases.popleft()[1]
            if not self._leases and self._bytes_wanted is None:
                self._bytes_wanted, self._asked_at = (rate, persons), now
                self._wake.set()
            return taken

    def connections(self, host: str) -> int | None:
        if self._is_away:
            return None
        return 0 if self._is_agreeing else self._allowed.get(host, 0)

    def request_connections(self) -> None:
        self._connections_wanted = True
        self._wake.set()

    # -- the thread --------------------------------------------------------------------------------

    def start(self, slots: Slots) -> None:
        """Begin to agree with others on what ``slots`` may have."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, args=(slots,), name="shared-limits", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give back what this process has."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._redis.close()

    def _run(self, slots: Slots) -> None:
        while not self._stopping.is_set():
            self._try(self._ask, slots)
            if self._is_away:
                self._stopping.wait(RETRY_S)
            else:
                self._wake.wait(self._pause_s())
            self._wake.clear()
        self._try(self._give_back, slots)

    def _pause_s(self) -> float:
        since = time.monotonic() - self._synced_at
        return max(0.0, (_MIN_SYNC_S if self._connections_wanted else SYNC_S) - since)

    def _try(self, act: Callable[[Slots], None], slots: Slots) -> None:
        """Ask Redis for something; remember whether it answers."""
        try:
            act(slots)
            is_away = False
        except (RedisError, OSError) as error:
            is_away = True
            if not self._is_away:
                log.warning("Redis is away, each process keeps to its part: %s", redact(str(error)))
        with self._lock:
            if is_away:
                self._leases.clear()
                self._bytes_wanted = self._asked_at = None
            changed, self._is_away = is_away != self._is_away, is_away
        if changed:
            slots.grant_waiting()

    def _ask(self, slots: Slots) -> None:
        with self._lock:
            wanted = self._bytes_wanted
        if wanted is not None:
            self._reserve_bytes(*wanted)
        since = time.monotonic() - self._synced_at
        if self._is_away or since >= SYNC_S or (self._connections_wanted and since >= _MIN_SYNC_S):
            self._sync(slots)

    def _reserve_bytes(self, rate: float, persons: int) -> None:
        count = max(1.0, rate * LEASE_S * min(persons, _MOST_PERSONS))
        wait_s = float(self._reserve(keys=["dataferry:limits:bytes"], args=[count, rate, _LATE_S]))
        with self._lock:
            self._leases.append((time.monotonic() + wait_s, count))
            self._bytes_wanted = self._asked_at = None

    def _sync(self, slots: Slots) -> None:
        self._connections_wanted = False
        self._synced_at = time.monotonic()
        self._is_agreeing = True
        try:
            wanted = slots.wanted()
            left = {host: (0, 0) for host in self._allowed if host not in wanted}
            answers = self._agree_on(wanted | left)
            self._allowed = {host: int(answers[host]) for host in wanted}
        finally:
            self._is_agreeing = False
        slots.grant_waiting()

    def _agree_on(self, wanted: dict[str, tuple[int, int]]) -> dict[str, Any]:
        with self._redis.pipeline(transaction=False) as pipeline:
            for host, (held, wish) in wanted.items():
                self._agree(
                    keys=[f"dataferry:limits:connections:{host}"],
                    args=[self._id, held, wish, self._per_host, self._expiry_s, _ROUND_S],
                    client=pipeline,
                )
            pipeline.ping()  # nothing else is asked where nobody downloads
            return dict(zip(wanted, pipeline.execute(), strict=False))

    def _give_back(self, _slots: Slots) -> None:
        self._agree_on(dict.fromkeys(self._allowed, (0, 0)))
        self._allowed = {}
