"""Connection slots: which fetch may open the next connection."""

import threading
from collections import Counter, deque
from collections.abc import Callable

from dataferry.core.errors import Cancelled

#: The interval in which a waiting thread checks whether it is cancelled.
CANCEL_POLL_S = 0.1


class SlotHolder:
    """One fetch, among those of its user."""

    __slots__ = ("has_left", "held", "user")

    def __init__(self, user: str) -> None:
        self.user = user
        self.has_left = False
        self.held: set[Slot] = set()


class Slot:
    """The right to one connection to a host, once it is granted."""

    __slots__ = ("granted", "holder", "host", "ticket", "woken")

    def __init__(self, holder: SlotHolder, host: str) -> None:
        self.holder = holder
        self.host = host
        self.granted = False
        #: The order of the requests that wait; an event only for them.
        self.ticket = 0
        self.woken: threading.Event | None = None


class Slots:
    """Connection slots, limited in all and for each host. A contended slot goes to the user who holds the
    fewest, then to that user's fetch that holds the fewest, then to the longest waiting.

    A slot is passed on by the thread that releases it, so no thread waits that could have one.
    """

    def __init__(self, total: int, per_host: int) -> None:
        self._lock = threading.Lock()
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
        return slot

    def acquire(self, holder: SlotHolder, host: str, check_cancelled: Callable[[], None]) -> Slot:
        """Wait for a slot. Errors: those of ``check_cancelled``, and of ``request``."""
        slot = self.request(holder, host)
        if slot.woken is None:
            return slot
        try:
            while not slot.woken.wait(CANCEL_POLL_S):
                check_cancelled()
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

    # -- under the lock ------------------------------------------------------------------------------

    def _has_room(self, host: str) -> bool:
        return len(self._held.get(host, ())) < self._per_host

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

        def jobs(slot: Slot) -> tuple[int, int]:
            held = slot.holder.held
            return (len(held) if last else sum(each.host == slot.host for each in held), slot.ticket)

        user = min(first, key=users).holder.user
        return min((slot for slot in first if slot.holder.user == user), key=jobs)


def _wake(slot: Slot) -> None:
    assert slot.woken is not None
    slot.woken.set()
