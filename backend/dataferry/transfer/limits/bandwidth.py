"""How many bytes a second, shared fairly."""

import threading
from collections import deque
from collections.abc import Callable
from math import inf

from dataferry.core.errors import Cancelled

#: What may come at once after a pause: so many seconds' worth, and what a connection reads anyway.
_BURST_S = 0.05
_BURST_BYTES = 64 * 1024
#: What is not handed out because every thread woke late is not lost up to so many seconds' worth.
_LATE_S = 0.25
#: Bytes are handed out in turns of so many seconds' worth.
_TURN_S = 0.005
#: One of those who wait looks so often whether there is more; the others ask whether to go on.
_SHORTEST_LOOK_S, _LOOK_S = 0.002, 0.02
POLL_S = 0.1


class Bucket:
    """Fills at ``rate`` bytes a second; None = always full. Begins empty, so that a second holds no more
    than a second's worth."""

    __slots__ = ("_filled_at", "rate", "room")

    def __init__(self, rate: float | None, now: float) -> None:
        self.rate = rate
        self.room = inf if rate is None else 0.0
        self._filled_at = now

    def fill(self, now: float, *, wanted: bool) -> None:
        """Up to now. ``wanted``: there are bytes waiting to come out."""
        if self.rate is not None:
            room = self.room + self.rate * max(0.0, now - self._filled_at)
            most = max(self.rate * (_LATE_S if wanted else _BURST_S), _BURST_BYTES)
            self.room = min(room, most)
        self._filled_at = now

    def change(self, rate: float | None, now: float) -> None:
        """Another rate from now on."""
        if rate == self.rate:
            return
        self.fill(now, wanted=True)
        before, self.rate = self.rate, rate
        if rate is None:
            self.room = inf
        else:
            self.room = 0.0 if before is None else min(self.room, max(rate * _BURST_S, _BURST_BYTES))


class _Account:
    """Bytes that a user or a fetch has had, on the scale of whoever shares with it: after a pause it
    begins where the others are, less ``credit``."""

    __slots__ = ("had", "reached")

    def __init__(self) -> None:
        self.had = 0.0
        #: Where those stand who share this one's bytes.
        self.reached = 0.0

    def catch_up(self, reached: float, credit: float) -> float:
        self.had = max(self.had, reached - credit)
        return self.had


class Charge:
    """Bytes that came in and are not paid for yet."""

    __slots__ = ("left", "line", "woken")

    def __init__(self, line: "Line", count: int) -> None:
        self.line = line
        self.left = count
        self.woken: threading.Event | None = None

    def wake(self) -> None:
        if self.woken is not None:
            self.woken.set()


class Line:
    """One fetch's share."""

    __slots__ = ("account", "ahead", "bucket", "charges", "gone", "user")

    def __init__(self, user: _Account, bucket: Bucket) -> None:
        self.user = user
        self.bucket = bucket
        self.account = _Account()
        #: Bytes that are paid and have not come yet.
        self.ahead = 0
        self.charges: deque[Charge] = deque()
        self.gone = False


class Turns:
    """One bucket for all and one for each fetch. Bytes are handed out in turns: to the user who had the
    fewest, then to the fetch of theirs that had the fewest, however many connections it has.

    Knows no threads and no clock: ``now`` is in seconds.
    """

    def __init__(self, rate: float | None, now: float) -> None:
        self._all = Bucket(rate, now)
        self._users: dict[str, tuple[_Account, set[Line]]] = {}
        self._waiting: dict[Line, None] = {}
        self._reached = 0.0

    def join(self, user: str, rate: float | None, now: float) -> Line:
        account, lines = self._users.setdefault(user, (_Account(), set()))
        line = Line(account, Bucket(rate, now))
        lines.add(line)
        return line

    def leave(self, line: Line) -> None:
        """Its charges are dropped, and woken."""
        line.gone = True
        self._waiting.pop(line, None)
        for charge in line.charges:
            charge.wake()
        line.charges.clear()
        for user, (_, lines) in list(self._users.items()):
            lines.discard(line)
            if not lines:
                del self._users[user]

    def add(self, line: Line, count: int) -> Charge:
        """A charge that is paid, or waits in line."""
        charge = Charge(line, count)
        if not line.charges:
            self._pay(charge)
        if charge.left:
            line.charges.append(charge)
            self._waiting[line] = None
        return charge

    def drop(self, charge: Charge) -> None:
        """It waits no more, paid or not."""
        line = charge.line
        if charge in line.charges:
            line.charges.remove(charge)
        if not line.charges:
            self._waiting.pop(line, None)

    def first(self) -> Charge | None:
        """One that waits."""
        return next((line.charges[0] for line in self._waiting), None)

    def look(self) -> float:
        """In how many seconds there may be enough for one of those who wait. One with small charges would
        come short of its share if it were kept waiting for the large ones of others."""
        shortest = _LOOK_S
        for line in self._waiting:
            rate = min(self._all.rate or inf, line.bucket.rate or inf)
            shortest = min(shortest, line.charges[0].left / rate)
        return max(_SHORTEST_LOOK_S, shortest)

    def serve(self, now: float, rate: float | None, *, wanted: bool) -> None:
        """Hand out all that there is, under the cap for all of this moment. ``wanted``: somebody has been
        waiting for it."""
        self._all.change(rate, now)
        self._all.fill(now, wanted=wanted)
        for each in self._waiting:
            each.bucket.fill(now, wanted=wanted)
        while self._all.room >= 1 and (line := self._next()) is not None:
            self._give(line)

    def _next(self) -> Line | None:
        """Whose turn it is, among those whose own cap leaves room."""
        ready = [line for line in self._waiting if line.bucket.room >= 1]
        if len(ready) < 2:
            return ready[0] if ready else None
        credit = 0.0 if self._all.rate is None else max(self._all.rate * _BURST_S, _BURST_BYTES)
        users = dict.fromkeys(line.user for line in ready)
        user = min(users, key=lambda user: user.catch_up(self._reached, credit))
        return min(
            (line for line in ready if line.user is user),
            key=lambda line: line.account.catch_up(user.reached, credit),
        )

    def _give(self, line: Line) -> None:
        """One turn. What those who wait leave of it is for the line's next charge: a connection that reads
        little at a time could not come back for every turn."""
        rate = self._all.rate
        turn = line.charges[0].left if rate is None else max(rate * _TURN_S, _BURST_BYTES / 4)
        count = int(min(turn, self._all.room, line.bucket.room))
        self._all.room -= count
        line.bucket.room -= count
        self._reached = max(self._reached, line.user.had)
        line.user.reached = max(line.user.reached, line.account.had)
        line.user.had += count
        line.account.had += count
        line.ahead += count
        while line.ahead and line.charges:
            charge = line.charges[0]
            self._pay(charge)
            if charge.left == 0:
                self.drop(charge)
                charge.wake()

    def _pay(self, charge: Charge) -> None:
        count = min(charge.left, charge.line.ahead)
        charge.left -= count
        charge.line.ahead -= count


class Bandwidth:
    """Threads that wait for their turn. ``rate`` tells the cap for all; it is asked anew whenever bytes
    are handed out."""

    def __init__(self, rate: Callable[[], float | None], clock: Callable[[], float]) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._rate = rate
        self._turns = Turns(rate(), clock())
        #: Of those who wait, the one who looks.
        self._looking: Charge | None = None

    def follow(self, rate: Callable[[], float | None]) -> None:
        """Another cap for all, from now on."""
        with self._lock:
            self._rate = rate
            self._serve()

    def join(self, user: str, rate: float | None) -> Line:
        with self._lock:
            return self._turns.join(user, rate, self._clock())

    def limit(self, line: Line, rate: float | None) -> None:
        """Another cap for one fetch, from now on."""
        with self._lock:
            line.bucket.change(rate, self._clock())
            self._serve()

    def leave(self, line: Line) -> None:
        """Those of its threads that wait end with ``Cancelled``."""
        with self._lock:
            self._turns.leave(line)

    def spend(self, line: Line, count: int, proceed: Callable[[], None]) -> None:
        """Wait until ``count`` bytes are within every cap. Errors: those of ``proceed``; ``Cancelled`` for
        a fetch that has left."""
        if count <= 0:
            return
        with self._lock:
            if line.gone:
                raise Cancelled
            charge = self._turns.add(line, count)
            if charge.left:
                self._serve()
            if charge.left == 0:
                return
            woken = charge.woken = threading.Event()
        try:
            while (seconds := self._look(charge, woken)) > 0:
                woken.wait(seconds)
                proceed()
        finally:
            self._end(charge)

    def _look(self, charge: Charge, woken: threading.Event) -> float:
        """Hand out what there is; how long to wait for more, 0 if nothing is left to wait for."""
        with self._lock:
            self._serve()
            if charge.left == 0:
                return 0.0
            if charge.line.gone:
                raise Cancelled
            woken.clear()
            if self._looking is None:
                self._looking = charge
            return self._turns.look() if self._looking is charge else POLL_S

    def _end(self, charge: Charge) -> None:
        """It waits no more; another looks in its place."""
        with self._lock:
            self._turns.drop(charge)
            if self._looking is charge:
                self._looking = None
                if (other := self._turns.first()) is not None:
                    other.wake()

    def _serve(self) -> None:
        # Who spends now was not waiting a moment ago: only somebody who looks can have woken late.
        self._turns.serve(self._clock(), self._rate(), wanted=self._looking is not None)
