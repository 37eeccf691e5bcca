"""How often hosts may be asked, learned from what they answer.

HuggingFace counts requests in fixed windows and says in each answer what is left of one::

    RateLimit: "resolvers";r=4999;t=300                       r requests, t seconds until the next window
    RateLimit-Policy: "fixed window";"resolvers";q=5000;w=300  q requests in each window of w seconds

Of a window the least ``r`` that was seen counts, and every request that is under way is taken to come
on top of it. Hence no order of answers makes more requests than the host allows.
"""

import re
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping

from dataferry.transfer.http.response_errors import wait_asked

#: The last requests of a window are left alone: other programs with the same token may need them.
_RESERVE, _RESERVE_PERCENT = 20, 2
#: Answers under way decide whether there is room: ask again after so long.
UNDECIDED_S = 0.05
#: A host that wants to be left alone for longer is asked again after so long.
_LONGEST_PAUSE_S = 3600.0
#: Servers tell whole seconds, rounded either way.
_ROUNDING_S = 1.0
#: Windows are told apart by when they end, which is not exact: shorter ones cannot be.
_SHORTEST_S = 16.0
#: A host that names more policies than this is talking nonsense.
_POLICIES = 8
#: Faults in a row that are kept in mind, and hosts.
_LOST = 256
_HOSTS = 256
_TERM = re.compile(r"\s*([a-z])\s*=\s*([0-9]{1,9})\s*")


class Asker:
    """What one fetch has asked that is not answered yet, by host and kind."""

    __slots__ = ("under_way",)

    def __init__(self) -> None:
        self.under_way: Counter[tuple[str, str]] = Counter()


class _Policy:
    """The present window of one policy. Times are of the monotonic clock."""

    def __init__(self, left: int, ends: float) -> None:
        #: Requests in a window, if told.
        self.quota: int | None = None
        #: Seconds of a window: as told, else the longest that was ever left of one.
        self.length = 0.0
        self.left = left
        #: The window has ended by then.
        self.ends = ends + _ROUNDING_S
        #: Nothing is known of the present window: no answer came from it.
        self._guessed = False
        self._most = left

    def roll(self, now: float) -> None:
        """After its end a window counts anew."""
        if now >= self.ends and not self._guessed:
            self._guessed = True
            self.left = self._most if self.quota is None else self.quota

    def learn(self, left: int, ends: float) -> None:
        """What an answer says. It may be an old one that comes late."""
        apart = max(self.length / 2, 2.0)
        self._most = max(self._most, left + 1)
        if ends > self.ends + apart or (self._guessed and self.length < _SHORTEST_S):
            self.left, self.ends, self._guessed = left, ends + _ROUNDING_S, False
        elif not self._guessed and (self.length < _SHORTEST_S or ends >= self.ends - apart):
            self.left = min(self.left, left)
            self.ends = min(self.ends, ends + _ROUNDING_S)

    @property
    def spare(self) -> int:
        """Requests that may still be made in this window, those under way among them."""
        if self.quota is None:
            return self.left
        return self.left - min(self.quota * _RESERVE_PERCENT // 100, _RESERVE)


class _Gauge:
    """One kind of request to one host."""

    def __init__(self) -> None:
        self.under_way = 0
        self.closed_until = 0.0
        #: The policies of the last answer are those that the next request falls under.
        self.policies: dict[str, _Policy] = {}
        self._current: tuple[str, ...] = ()
        self._answers = 0
        #: Requests that ended without a count: the host may have counted them. Each is forgotten at the
        #: answer from which on one must have been asked after it, and so counts it too.
        self._lost: deque[int] = deque(maxlen=_LOST)

    def wait(self, now: float) -> float:
        """Seconds before the next request; 0 = now."""
        wait = 0.0
        open_requests = self.under_way + len(self._lost)
        for name in self._current:
            policy = self.policies[name]
            policy.roll(now)
            if policy.spare <= 0:
                wait = max(wait, policy.ends - now)
            elif policy.spare <= open_requests:
                # Where none is under way no answer can tell more before the window ends.
                wait = max(wait, UNDECIDED_S if self.under_way else policy.ends - now)
        return wait

    def lose(self, count: int, *, answered: bool = False) -> None:
        """Requests have ended, and whether the host counted them is not known. Where it tells nothing in
        its answers at all, there is nothing to count."""
        self.under_way -= count
        if self.policies or not answered:
            self._lost.extend([self._answers + self.under_way + 1] * count)

    def learn(self, headers: Mapping[str, str], now: float) -> bool:
        """Whether the answer says what is left."""
        text = headers.get("ratelimit", "")
        if not text:
            return False
        told = _terms(text)
        limits = _terms(headers.get("ratelimit-policy", ""))
        names = [name for name, terms in told.items() if "r" in terms and "t" in terms][:_POLICIES]
        for name in names:
            left, ends = told[name]["r"], now + told[name]["t"]
            terms = limits.get(name, {})
            policy = self.policies.get(name)
            if policy is None:
                policy = self._begin(name, left, ends)
            policy.quota = terms.get("q", policy.quota)
            policy.length = max(float(terms.get("w", 0)), policy.length, told[name]["t"])
            policy.roll(now)
            policy.learn(left, ends)
        if not names:
            return False
        self._current = tuple(names)
        self._answers += 1
        while self._lost and self._lost[0] <= self._answers:
            self._lost.popleft()
        return True

    def _begin(self, name: str, left: int, ends: float) -> _Policy:
        if len(self.policies) >= _POLICIES:
            self.policies.clear()
        policy = self.policies[name] = _Policy(left, ends)
        return policy

    def idle(self, now: float) -> bool:
        """Whether forgetting it makes no difference: all that is known of it has passed."""
        return (
            self.under_way == 0
            and now >= self.closed_until
            and all(now >= policy.ends for policy in self.policies.values())
        )


class Quotas:
    """What is known of each host, for all fetches of the process."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._changed = threading.Condition(threading.Lock())
        self._gauges: dict[tuple[str, str], _Gauge] = {}
        #: Hosts that are overloaded, and until when.
        self._closed: dict[str, float] = {}
        self._waiting = 0

    def join(self) -> Asker:
        return Asker()

    def request(self, asker: Asker, host: str, kind: str, proceed: Callable[[], None] | None = None) -> float:
        """0.0: ask now, it is counted as under way. Else the seconds to wait before this is tried again.
        While that is undecided ``proceed`` is called, if given, until it is not."""
        while True:
            with self._changed:
                wait = self._ask(asker, (host, kind))
                if proceed is None or wait != UNDECIDED_S:
                    return wait
                self._waiting += 1
                self._changed.wait(UNDECIDED_S)
                self._waiting -= 1
            proceed()

    def _ask(self, asker: Asker, key: tuple[str, str]) -> float:
        now = self._clock()
        gauge = self._gauge(key)
        closed = max(gauge.closed_until, self._closed.get(key[0], 0.0)) - now
        wait = max(closed, gauge.wait(now))
        if wait <= 0:
            gauge.under_way += 1
            asker.under_way[key] += 1
        return max(wait, 0.0)

    def answered(self, asker: Asker, host: str, kind: str, headers: Mapping[str, str], status: int) -> None:
        """A request has ended; ``status`` 0 if without an answer."""
        key = (host, kind)
        with self._changed:
            now = self._clock()
            gauge = self._gauge(key)
            asked = asker.under_way[key] > 0
            told = gauge.learn(headers, now)
            if asked:
                _subtract(asker, key)
                gauge.under_way -= told
                if not told:
                    gauge.lose(1, answered=status != 0)
            self._close(host, gauge, headers, status, now)
            if self._waiting:
                self._changed.notify_all()

    def overheard(self, host: str, kind: str, headers: Mapping[str, str], status: int) -> None:
        """An answer to something that was not asked for here."""
        self.answered(Asker(), host, kind, headers, status)

    def leave(self, asker: Asker) -> None:
        """What the asker has under way will not be heard of any more."""
        with self._changed:
            for key, count in asker.under_way.items():
                self._gauges[key].lose(count)
            asker.under_way.clear()
            self._changed.notify_all()
            if len(self._gauges) > _HOSTS or len(self._closed) > _HOSTS:
                now = self._clock()
                self._gauges = {key: gauge for key, gauge in self._gauges.items() if not gauge.idle(now)}
                self._closed = {host: until for host, until in self._closed.items() if until > now}

    def _gauge(self, key: tuple[str, str]) -> _Gauge:
        gauge = self._gauges.get(key)
        if gauge is None:
            gauge = self._gauges[key] = _Gauge()
        return gauge

    def _close(self, host: str, gauge: _Gauge, headers: Mapping[str, str], status: int, now: float) -> None:
        if status not in (429, 503):
            return
        wait = wait_asked(headers)
        if wait is None:
            return
        until = now + min(wait, _LONGEST_PAUSE_S)
        if status == 429:  # whoever asks for another kind has a quota of its own
            gauge.closed_until = max(gauge.closed_until, until)
        else:
            self._closed[host] = max(self._closed.get(host, 0.0), until)


def _subtract(asker: Asker, key: tuple[str, str]) -> None:
    asker.under_way[key] -= 1
    if asker.under_way[key] == 0:
        del asker.under_way[key]


def _terms(header: str) -> dict[str, dict[str, int]]:
    """The numbers by the name before them: ``"fixed window";"resolvers";q=5000;w=300`` is
    ``{"resolvers": {"q": 5000, "w": 300}}``."""
    found: dict[str, dict[str, int]] = {}
    for policy in header.split(","):
        names, numbers = [""], {}
        for term in policy.split(";"):
            match = _TERM.fullmatch(term)
            if match is not None:
                numbers[match[1]] = int(match[2])
            elif "=" not in term:
                names.append(term.strip().strip('"'))
        if numbers:
            found[names[-1]] = numbers
    return found
