"""Bandwidth limits, shared fairly: token buckets and a fair queue."""

import threading
from collections import deque
from collections.abc import Callable
from math import inf

from dataferry.core.errors import Cancelled
from dataferry.transfer.limits.shared import SharedLimits

#: The burst after a pause: this many seconds' worth, at least what a connection reads at once.
_BURST_S = 0.05
_BURST_BYTES = 64 * 1024
#: Tokens that were not handed out because every thread woke late are kept up to this many seconds' worth.
_LATE_WAKE_S = 0.25
#: Bytes are handed out in queue of so many seconds' worth.
_QUANTUM_S = 0.005
#: One of the waiting threads checks the buckets in this interval; the others only whether they are cancelled.
_MIN_POLL_S, _MAX_POLL_S = 0.002, 0.02
CANCEL_POLL_S = 0.1


class TokenBucket:
    """Fills at ``rate`` bytes a second; None = always full. Starts empty, so that the first second has no
    more than a second's worth."""

    __slots__ = ("_filled_at", "rate", "tokens")

    def __init__(self, rate: float | None, now: float) -> None:
        self.rate = rate
        self.tokens = inf if rate is None else 0.0
        self._filled_at = now

    def fill(self, now: float, *, wanted: bool) -> None:
        """Add the tokens up to ``now``. ``wanted``: a thread has been waiting for them."""
        if self.rate is not None:
            tokens = self.tokens + self.rate * max(0.0, now - self._filled_at)
            most = max(self.rate * (_LATE_WAKE_S if wanted else _BURST_S), _BURST_BYTES)
            self.tokens = min(tokens, most)
        self._filled_at = now

    def change(self, rate: float | None, now: float) -> None:
        """Another rate from now on."""
        if rate == self.rate:
            return
        self.fill(now, wanted=True)
        before, self.rate = self.rate, rate
        if rate is None:
            self.tokens = inf
        else:
            self.tokens = 0.0 if before is None else min(self.tokens, max(rate * _BURST_S, _BURST_BYTES))


class SharedBucket(TokenBucket):
    """Fills with what all processes have agreed that this one has of ``rate``; while they cannot agree, at
    its part of it. ``persons`` counts those who wait for tokens."""

    __slots__ = ("_persons", "_shared")

    def __init__(
        self, rate: float | None, now: float, shared: SharedLimits, persons: Callable[[], int]
    ) -> None:
        super().__init__(rate, now)
        self._shared = shared
        self._persons = persons

    def fill(self, now: float, *, wanted: bool) -> None:
        if self.rate is None:
            super().fill(now, wanted=wanted)
            return
        persons = self._persons()
        taken = self._shared.take_bytes(self.rate, persons) if persons else 0.0
        if taken is None:
            part = self.rate / self._shared.processes
            taken = part * min(max(0.0, now - self._filled_at), _LATE_WAKE_S if wanted else _BURST_S)
        self.tokens = min(self.tokens + taken, max(self.rate * _LATE_WAKE_S, _BURST_BYTES))
        self._filled_at = now


class _Account:
    """Bytes that a user or a fetch has received, on the scale of whoever shares with it (its virtual time in
    fair queueing): after a pause it continues where the others are, less ``burst``."""

    __slots__ = ("received", "virtual_time")

    def __init__(self) -> None:
        self.received = 0.0
        #: How far those have come who share this one's bytes.
        self.virtual_time = 0.0

    def catch_up(self, virtual_time: float, burst: float) -> float:
        self.received = max(self.received, virtual_time - burst)
        return self.received


class Charge:
    """Bytes that arrived and are not paid for with tokens yet."""

    __slots__ = ("flow", "unpaid", "woken")

    def __init__(self, flow: "Flow", count: int) -> None:
        self.flow = flow
        self.unpaid = count
        self.woken: threading.Event | None = None

    def wake(self) -> None:
        if self.woken is not None:
            self.woken.set()


class Flow:
    """One fetch in the queue."""

    __slots__ = ("account", "bucket", "charges", "credit", "has_left", "share", "user")

    def __init__(self, user: _Account, bucket: TokenBucket) -> None:
        self.user = user
        self.bucket = bucket
        self.account = _Account()
        #: How many bytes it gets for each of one of its user's whose share is 1.
        self.share = 1.0
        #: Bytes that are paid and have not arrived yet.
        self.credit = 0
        self.charges: deque[Charge] = deque()
        self.has_left = False


class FairQueue:
    """One bucket for all and one for each fetch. Bytes are handed out in turns: to the user who received the
    fewest, then to the fetch of theirs that received the fewest for its share, however many connections it
    has.

    Knows no threads and no clock: ``now`` is in seconds.
    """

    def __init__(self, rate: float | None, now: float, shared: SharedLimits | None = None) -> None:
        self._all = (
            TokenBucket(rate, now)
            if shared is None
            else SharedBucket(rate, now, shared, self._count_waiting_users)
        )
        self._users: dict[str, tuple[_Account, set[Flow]]] = {}
        self._waiting: dict[Flow, None] = {}
        self._virtual_time = 0.0

    def join(self, user: str, rate: float | None, now: float) -> Flow:
        account, flows = self._users.setdefault(user, (_Account(), set()))
        flow = Flow(account, TokenBucket(rate, now))
        flows.add(flow)
        return flow

    def leave(self, flow: Flow) -> None:
        """Its charges are dropped, and woken."""
        flow.has_left = True
        self._waiting.pop(flow, None)
        for charge in flow.charges:
            charge.wake()
        flow.charges.clear()
        for user, (_, flows) in list(self._users.items()):
            flows.discard(flow)
            if not flows:
                del self._users[user]

    def add(self, flow: Flow, count: int) -> Charge:
        """A charge that is paid, or waits in the flow."""
        charge = Charge(flow, count)
        if not flow.charges:
            self._pay(charge)
        if charge.unpaid:
            flow.charges.append(charge)
            self._waiting[flow] = None
        return charge

    def drop(self, charge: Charge) -> None:
        """The charge waits no more, paid or not."""
        flow = charge.flow
        if charge in flow.charges:
            flow.charges.remove(charge)
        if not flow.charges:
            self._waiting.pop(flow, None)

    def any_waiting(self) -> Charge | None:
        """A charge that waits; None where none does."""
        return next((flow.charges[0] for flow in self._waiting), None)

    def poll_interval_s(self) -> float:
        """Seconds until there may be enough for one of the charges that wait. A flow with small charges would
        get less than its share if it waited for the large ones of others."""
        shortest = _MAX_POLL_S
        for flow in self._waiting:
            rate = min(self._all.rate or inf, flow.bucket.rate or inf)
            shortest = min(shortest, flow.charges[0].unpaid / rate)
        return max(_MIN_POLL_S, shortest)

    def serve(self, now: float, rate: float | None, *, wanted: bool) -> None:
        """Hand out all tokens, under the present cap for all. ``wanted``: a thread has been waiting."""
        self._all.change(rate, now)
        self._all.fill(now, wanted=wanted)
        for each in self._waiting:
            each.bucket.fill(now, wanted=wanted)
        while self._all.tokens >= 1 and (flow := self._next()) is not None:
            self._hand_out(flow)

    def _count_waiting_users(self) -> int:
        return len({flow.user for flow in self._waiting})

    def _next(self) -> Flow | None:
        """Whose turn it is, among those whose own cap leaves tokens."""
        ready = [flow for flow in self._waiting if flow.bucket.tokens >= 1]
        if len(ready) < 2:
            return ready[0] if ready else None
        burst = 0.0 if self._all.rate is None else max(self._all.rate * _BURST_S, _BURST_BYTES)
        users = dict.fromkeys(flow.user for flow in ready)
        user = min(users, key=lambda user: user.catch_up(self._virtual_time, burst))
        return min(
            (flow for flow in ready if flow.user is user),
            key=lambda flow: flow.account.catch_up(user.virtual_time, burst),
        )

    def _hand_out(self, flow: Flow) -> None:
        """One turn. What those who wait leave of it is for the flow's next charge: a connection that reads
        little at a time could not come back for every turn."""
        rate = self._all.rate
        quantum = flow.charges[0].unpaid if rate is None else max(rate * _QUANTUM_S, _BURST_BYTES / 4)
        count = int(min(quantum, self._all.tokens, flow.bucket.tokens))
        self._all.tokens -= count
        flow.bucket.tokens -= count
        self._virtual_time = max(self._virtual_time, flow.user.received)
        flow.user.virtual_time = max(flow.user.virtual_time, flow.account.received)
        flow.user.received += count
        flow.account.received += count / flow.share
        flow.credit += count
        while flow.credit and flow.charges:
            charge = flow.charges[0]
            self._pay(charge)
            if charge.unpaid == 0:
                self.drop(charge)
                charge.wake()

    def _pay(self, charge: Charge) -> None:
        count = min(charge.unpaid, charge.flow.credit)
        charge.unpaid -= count
        charge.flow.credit -= count


class Bandwidth:
    """Threads that wait for their turn. ``rate`` returns the cap for all; it is called whenever bytes are
    handed out. With ``shared`` the cap is one for several processes."""

    def __init__(
        self,
        rate: Callable[[], float | None],
        clock: Callable[[], float],
        shared: SharedLimits | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._rate = rate
        self._queue = FairQueue(rate(), clock(), shared)
        #: The charge whose thread checks the buckets for all that wait.
        self._poller: Charge | None = None

    def set_rate(self, rate: Callable[[], float | None]) -> None:
        """Another cap for all, from now on."""
        with self._lock:
            self._rate = rate
            self._serve()

    def join(self, user: str, rate: float | None) -> Flow:
        with self._lock:
            return self._queue.join(user, rate, self._clock())

    def set_flow_rate(self, flow: Flow, rate: float | None) -> None:
        """Another cap for one fetch, from now on."""
        with self._lock:
            flow.bucket.change(rate, self._clock())
            self._serve()

    def leave(self, flow: Flow) -> None:
        """Those of its threads that wait end with ``Cancelled``."""
        with self._lock:
            self._queue.leave(flow)

    def throttle(self, flow: Flow, count: int, check_cancelled: Callable[[], None]) -> None:
        """Wait until ``count`` bytes are within every cap.

        Errors: those of ``check_cancelled``; ``Cancelled`` for a fetch that has left.
        """
        if count <= 0:
            return
        with self._lock:
            if flow.has_left:
                raise Cancelled
            charge = self._queue.add(flow, count)
            if charge.unpaid:
                self._serve()
            if charge.unpaid == 0:
                return
            woken = charge.woken = threading.Event()
        try:
            while (seconds := self._serve_charge(charge, woken)) > 0:
                woken.wait(seconds)
                check_cancelled()
        finally:
            self._finish(charge)

    def _serve_charge(self, charge: Charge, woken: threading.Event) -> float:
        """Hand out tokens; how long to wait for more, 0 once the charge is paid."""
        with self._lock:
            self._serve()
            if charge.unpaid == 0:
                return 0.0
            if charge.flow.has_left:
                raise Cancelled
            woken.clear()
            if self._poller is None:
                self._poller = charge
            return self._queue.poll_interval_s() if self._poller is charge else CANCEL_POLL_S

    def _finish(self, charge: Charge) -> None:
        """The charge waits no more; another becomes the poller in its place."""
        with self._lock:
            self._queue.drop(charge)
            if self._poller is charge:
                self._poller = None
                if (other := self._queue.any_waiting()) is not None:
                    other.wake()

    def _serve(self) -> None:
        # A thread that adds a charge was not waiting a moment ago: only a poller can have woken late.
        self._queue.serve(self._clock(), self._rate(), wanted=self._poller is not None)
