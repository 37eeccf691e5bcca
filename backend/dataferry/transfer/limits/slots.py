"""Connection slots: which fetch may open the next connection, and how many a host takes."""

import math
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from dataferry.core.errors import Cancelled
from dataferry.transfer.limits.shared import SharedLimits, part_of

#: The interval in which a waiting thread checks whether it is cancelled.
CANCEL_POLL_S = 0.1
#: A host that served somebody no longer ago than this is at work.
_AT_WORK_S = 5.0
#: The longest time for which a host's refusal is believed.
_MAX_RETRY_S = 160.0
#: Hosts that are remembered.
_MAX_HOSTS = 256


class SlotHolder:
    """One fetch, among those of its user."""

    __slots__ = ("has_left", "held", "share", "user")

    def __init__(self, user: str) -> None:
        self.user = user
        #: How many slots it has beside one of its user's whose share is 1.
        self.share = 1.0
        self.has_left = False
        self.held: set[Slot] = set()


class Slot:
    """The right to one connection to a host, once it is granted."""

    __slots__ = ("granted", "holder", "host", "served", "ticket", "woken")

    def __init__(self, holder: SlotHolder, host: str) -> None:
        self.holder = holder
        self.host = host
        self.granted = False
        #: Whether the host has begun to send what was requested.
        self.served = False
        #: The order of the requests that wait; an event only for them.
        self.ticket = 0
        self.woken: threading.Event | None = None


@dataclass(slots=True)
class _HostLimit:
    """How many connections a host takes, as it seems. One more is tried at ``raise_at``."""

    count: int
    raise_at: float
    retry_s: float
    raised: bool = False


class Slots:
    """Connection slots, limited in all and for each host. A contended slot goes to the user who holds the
    fewest, then to that user's fetch that holds the fewest for its share, then to the longest waiting.

    A slot is passed on by the thread that releases it, so no thread waits that could have one.

    A host that refuses a connection while it serves others takes no more than those: one more is tried after
    ``retry_s``, and after twice as long each time that it is refused again.

    With ``shared`` the limit for each host is one for several processes; that in all is this one's own.
    """

    def __init__(
        self,
        total: int,
        per_host: int,
        *,
        retry_s: float = 10.0,
        clock: Callable[[], float] = monotonic,
        shared: SharedLimits | None = None,
    ) -> None:
        self._shared = shared
        self._lock = threading.Lock()
        self._retry_s = retry_s
        self._clock = clock
        self._limits: dict[str, _HostLimit] = {}
        self._served_at: dict[str, float] = {}
        self._total = total
        self._per_host = per_host
        self._count = 0
        self._held: dict[str, set[Slot]] = {}
        self._waiting: dict[str, dict[SlotHolder, deque[Slot]]] = {}
        self._tickets = 0
        #: The ticket at which each user was last granted a slot. Of equals the one with the lowest is next.
        self._last_grants: dict[str, int] = {}
        self._holders: Counter[str] = Counter()

    def resize(self, total: int, per_host: int) -> None:
        """Takes effect at once. Connections above a lower limit are not closed, but none is added."""
        with self._lock:
            self._total, self._per_host = total, per_host
            self._grant_waiting()

    def wanted(self) -> dict[str, tuple[int, int]]:
        """For each host how many connections there are, and how many there would be if nobody waited."""
        with self._lock:
            waiting = {host: sum(map(len, queues.values())) for host, queues in self._waiting.items()}
            held = {host: len(slots) for host, slots in self._held.items()}
        return {
            host: (held.get(host, 0), held.get(host, 0) + waiting.get(host, 0)) for host in held | waiting
        }

    def grant_waiting(self) -> None:
        """What the processes agree on has changed."""
        with self._lock:
            self._grant_waiting()

    def join(self, user: str) -> SlotHolder:
        with self._lock:
            self._holders[user] += 1
            return SlotHolder(user)

    def leave(self, holder: SlotHolder) -> None:
        """Everything is returned; those of the holder's threads that wait end with ``Cancelled``."""
        with self._lock:
            if holder.has_left:
                return
            holder.has_left = True
            for slot in list(holder.held):
                self._return(slot)
            for queues in list(self._waiting.values()):
                for slot in list(queues.get(holder, ())):
                    self._withdraw(slot)
                    _wake(slot)
            self._holders[holder.user] -= 1
            if self._holders[holder.user] == 0:
                del self._holders[holder.user]
                self._last_grants.pop(holder.user, None)
            self._grant_waiting()

    def request(self, holder: SlotHolder, host: str) -> Slot:
        """A slot that is granted, or will be. Errors: ``Cancelled`` for a holder that has has_left."""
        slot = Slot(holder, host)
        with self._lock:
            if holder.has_left:
                raise Cancelled
            if self._count < self._total and self._has_room(host):
                self._grant(slot)
                return slot
            slot.woken = threading.Event()
            self._tickets += 1
            slot.ticket = self._tickets
            self._waiting.setdefault(host, {}).setdefault(holder, deque()).append(slot)
        if self._shared is not None:
            self._shared.request_connections()
        return slot

    def acquire(self, holder: SlotHolder, host: str, check_cancelled: Callable[[], None]) -> Slot:
        """Wait for a slot. Errors: those of ``check_cancelled``, and of ``request``."""
        slot = self.request(holder, host)
        if slot.woken is None:
            return slot
        try:
            while not slot.woken.wait(CANCEL_POLL_S):
                check_cancelled()
                if self._limits or self._shared is not None:
                    self.grant_waiting()
        except BaseException:
            self.release(slot)
            raise
        if holder.has_left:
            raise Cancelled
        return slot

    def release(self, slot: Slot) -> None:
        """Return a slot, or end the wait for it. A slot is returned once, however often this is called."""
        with self._lock:
            if not slot.granted:
                self._withdraw(slot)
                return
            self._return(slot)
            if self._waiting:
                self._grant_waiting()

    def record_served(self, slot: Slot, host: str) -> None:
        """A host has begun to send what the slot is for: the slot's own, or where that led."""
        slot.served = True
        if len(self._served_at) >= _MAX_HOSTS:
            self._served_at.clear()
        self._served_at[host] = self._clock()
        if host != slot.host:
            with self._lock:
                if slot.granted:
                    self._move(slot, host)

    def record_refused(self, slot: Slot, host: str) -> bool:
        """A host refused what the slot was for. Whether that is because it takes no more connections: others
        are being served. Then a new slot is granted once there is room, to be tried again."""
        with self._lock:
            others, now = self._others_served(slot, host), self._clock()
            if not others:
                return False
            limit = self._limits.get(host)
            if limit is None:
                if len(self._limits) >= _MAX_HOSTS:
                    self._limits.clear()
                limit = self._limits[host] = _HostLimit(len(others), 0.0, self._retry_s)
            elif limit.raised:
                limit.retry_s = min(2 * limit.retry_s, max(_MAX_RETRY_S, self._retry_s))
            limit.count = min(limit.count, len(others))
            limit.raise_at, limit.raised = now + limit.retry_s, False
            return True

    def is_beside_others(self, slot: Slot, host: str) -> bool:
        """Whether a host serves others while it answers what the slot is for."""
        with self._lock:
            return bool(self._others_served(slot, host))

    # -- under the lock ------------------------------------------------------------------------------

    def _has_room(self, host: str) -> bool:
        limit = self._room_at(host) if self._limits else self._per_host
        if self._shared is not None:
            limit = min(limit, self._shared_room_at(host, self._shared))
        return len(self._held.get(host, ())) < limit

    def _shared_room_at(self, host: str, shared: SharedLimits) -> int:
        agreed = shared.connections(host)
        return part_of(self._per_host, shared.processes) if agreed is None else agreed

    def _others_served(self, slot: Slot, host: str) -> set[Slot]:
        """The other slots at a host that is at work; none at one that serves nobody."""
        others = self._held.get(host, set()) - {slot}
        at_work = self._clock() - self._served_at.get(host, -math.inf) < _AT_WORK_S
        return others if at_work or any(other.served for other in others) else set()

    def _room_at(self, host: str) -> int:
        limit = self._limits.get(host)
        if limit is None:
            return self._per_host
        now = self._clock()
        if now >= limit.raise_at:
            limit.count += 1
            limit.raise_at, limit.raised = now + limit.retry_s, True
            if limit.count >= self._per_host:
                del self._limits[host]
        return min(limit.count, self._per_host)

    def _move(self, slot: Slot, host: str) -> None:
        self._return(slot)
        slot.host = host
        self._grant(slot)
        if self._waiting:
            self._grant_waiting()

    def _grant(self, slot: Slot) -> None:
        slot.granted = True
        self._count += 1
        held = self._held.get(slot.host)
        if held is None:
            held = self._held[slot.host] = set()
        held.add(slot)
        slot.holder.held.add(slot)

    def _return(self, slot: Slot) -> None:
        slot.granted = False
        self._count -= 1
        slot.holder.held.discard(slot)
        held = self._held[slot.host]
        held.discard(slot)
        if not held:
            del self._held[slot.host]

    def _withdraw(self, slot: Slot) -> None:
        queues = self._waiting.get(slot.host, {})
        queue = queues.get(slot.holder)
        if queue is None or slot not in queue:
            return
        queue.remove(slot)
        if not queue:
            del queues[slot.holder]
        if not queues:
            del self._waiting[slot.host]

    def _grant_waiting(self) -> None:
        while self._count < self._total and (slot := self._next()) is not None:
            self._withdraw(slot)
            self._grant(slot)
            self._tickets += 1
            self._last_grants[slot.holder.user] = self._tickets
            _wake(slot)

    def _next(self) -> Slot | None:
        """The next request to grant: by slots in all when this is the last one, else by slots at its host."""
        first = [
            queue[0]
            for host, queues in self._waiting.items()
            if self._has_room(host)
            for queue in queues.values()
        ]
        if len(first) < 2:
            return first[0] if first else None
        last = self._count + 1 >= self._total
        in_all = Counter(slot.holder.user for held in self._held.values() for slot in held)
        at_hosts = {
            host: Counter(slot.holder.user for slot in self._held.get(host, ()))
            for host in {slot.host for slot in first}
        }

        def users(slot: Slot) -> tuple[int, int, int]:
            user = slot.holder.user
            counts = (in_all[user], at_hosts[slot.host][user])
            return (*(counts if last else counts[::-1]), self._last_grants.get(user, 0))

        def jobs(slot: Slot) -> tuple[float, int]:
            held, share = slot.holder.held, slot.holder.share
            count = len(held) if last else sum(each.host == slot.host for each in held)
            # With the one that it would get: of two that hold none, the larger share is first.
            return ((count + 1) / share, slot.ticket)

        user = min(first, key=users).holder.user
        return min((slot for slot in first if slot.holder.user == user), key=jobs)


def _wake(slot: Slot) -> None:
    assert slot.woken is not None
    slot.woken.set()
