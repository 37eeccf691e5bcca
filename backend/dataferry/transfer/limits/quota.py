"""How many requests a host allows, learned from the quota headers of its responses.

HuggingFace counts requests in fixed windows and sends what is left of one (``core.rate_limit_headers`` shows
the headers). Of a window the least ``r`` that was seen counts, and every request that is pending is assumed
to come on top of it. Hence no order of responses makes more requests than the host allows.

Of several processes each makes at most its part of what is left, and after a silence one request alone:
others may have used up what the last response told."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping

from dataferry.core.rate_limit_headers import rate_limit_policies, retry_after_s
from dataferry.transfer.limits.shared import Divided, SharedLimits

#: The last requests of a window are not used: other programs with the same token may need them.
_RESERVE_REQUESTS, _RESERVE_PERCENT = 20, 2
#: So many requests are left where some may be spent on comfort.
_PLENTY_REQUESTS = 100
#: Pending responses decide whether there is room: the interval between checks.
UNDECIDED_POLL_S = 0.05
#: A longer wait that a host demands is cut to this.
_MAX_PAUSE_S = 3600.0
#: Servers send whole seconds, rounded either way.
_ROUNDING_S = 1.0
#: Windows are distinguished by when they end, which is not exact: shorter ones cannot be.
_MIN_WINDOW_S = 16.0
#: What a response says of a window counts for so long where other processes make requests too.
_FRESH_S = 0.25
#: A host that names more policies than this sends nonsense.
_MAX_POLICIES = 8
#: Uncounted requests and hosts that are remembered.
_MAX_UNCOUNTED = 256
_MAX_HOSTS = 256


class PendingRequests:
    """The requests of one fetch without a response yet, by host and kind."""

    __slots__ = ("pending_count",)

    def __init__(self) -> None:
        self.pending_count: Counter[tuple[str, str]] = Counter()


class _Policy:
    """The present window of one policy. Times are of the monotonic clock."""

    def __init__(self, remaining: int, resets_at: float) -> None:
        #: Requests in a window; None if the host does not send it.
        self.quota: int | None = None
        #: Seconds of a window: as sent, else the longest ``t`` that was seen.
        self.length = 0.0
        self.remaining = remaining
        #: The window has ended by then.
        self.resets_at = resets_at + _ROUNDING_S
        #: Nothing is known of the present window: no response came from it.
        self._assumed = False
        self._max_remaining = remaining

    def start_next_window(self, now: float) -> None:
        """Start the next window once this one has ended."""
        if now >= self.resets_at and not self._assumed:
            self._assumed = True
            self.remaining = self._max_remaining if self.quota is None else self.quota

    def learn(self, remaining: int, resets_at: float) -> None:
        """What a response says. It may be an old one that arrives late."""
        apart = max(self.length / 2, 2.0)
        self._max_remaining = max(self._max_remaining, remaining + 1)
        if resets_at > self.resets_at + apart or (self._assumed and self.length < _MIN_WINDOW_S):
            self.remaining, self.resets_at, self._assumed = remaining, resets_at + _ROUNDING_S, False
        elif not self._assumed and (self.length < _MIN_WINDOW_S or resets_at >= self.resets_at - apart):
            self.remaining = min(self.remaining, remaining)
            self.resets_at = min(self.resets_at, resets_at + _ROUNDING_S)

    @property
    def spare(self) -> int:
        """Requests that may still be made in this window, pending ones included."""
        if self.quota is None:
            return self.remaining
        return self.remaining - min(self.quota * _RESERVE_PERCENT // 100, _RESERVE_REQUESTS)


class _QuotaState:
    """One kind of request to one host."""

    def __init__(self) -> None:
        self.pending_count = 0
        self.blocked_until = 0.0
        self._told_at = 0.0
        #: The policies of the last response are those that the next request falls under.
        self.policies: dict[str, _Policy] = {}
        self._current: tuple[str, ...] = ()
        self._responses = 0
        #: Requests that ended without quota headers: the host may have counted them. Each is forgotten at the
        #: response number from which on a response must be to a later request, and so counts it too.
        self._uncounted: deque[int] = deque(maxlen=_MAX_UNCOUNTED)

    def wait(self, now: float, processes: int = 1) -> float:
        """Seconds before the next request; 0 = now. ``processes`` make such requests."""
        wait = 0.0
        for name in self._current:
            policy = self.policies[name]
            policy.start_next_window(now)
            left = policy.spare - len(self._uncounted)
            if processes > 1:
                wait = max(wait, self._wait_among(processes, left, policy.resets_at, now))
            elif policy.spare <= 0:
                wait = max(wait, policy.resets_at - now)
            elif left <= self.pending_count:
                # Without pending requests no response can say more before the window ends.
                wait = max(wait, UNDECIDED_POLL_S if self.pending_count else policy.resets_at - now)
        return wait

    def _wait_among(self, processes: int, left: int, resets_at: float, now: float) -> float:
        """As ``wait``, of one policy, where others use up what is left as well."""
        left -= processes  # for each may ask once on old knowledge
        if left <= 0:
            return UNDECIDED_POLL_S if self.pending_count else resets_at - now
        is_stale = now - self._told_at > _FRESH_S
        return UNDECIDED_POLL_S if self.pending_count >= (1 if is_stale else left // processes) else 0.0

    def mark_uncounted(self, count: int, *, answered: bool = False) -> None:
        """Requests have ended, and whether the host counted them is not known. A host that sends no quota
        headers at all counts nothing."""
        self.pending_count -= count
        if self.policies or not answered:
            self._uncounted.extend([self._responses + self.pending_count + 1] * count)

    def learn(self, headers: Mapping[str, str], now: float) -> bool:
        """Whether the response says what is left."""
        text = headers.get("ratelimit", "")
        if not text:
            return False
        reported = rate_limit_policies(text)
        limits = rate_limit_policies(headers.get("ratelimit-policy", ""))
        names = [name for name, terms in reported.items() if "r" in terms and "t" in terms][:_MAX_POLICIES]
        for name in names:
            remaining, resets_at = reported[name]["r"], now + reported[name]["t"]
            terms = limits.get(name, {})
            policy = self.policies.get(name)
            if policy is None:
                policy = self._add_policy(name, remaining, resets_at)
            policy.quota = terms.get("q", policy.quota)
            policy.length = max(float(terms.get("w", 0)), policy.length, reported[name]["t"])
            policy.start_next_window(now)
            policy.learn(remaining, resets_at)
        if not names:
            return False
        self._current = tuple(names)
        self._told_at = now
        self._responses += 1
        while self._uncounted and self._uncounted[0] <= self._responses:
            self._uncounted.popleft()
        return True

    def _add_policy(self, name: str, remaining: int, resets_at: float) -> _Policy:
        if len(self.policies) >= _MAX_POLICIES:
            self.policies.clear()
        policy = self.policies[name] = _Policy(remaining, resets_at)
        return policy

    def can_spare(self, now: float) -> bool:
        """Whether most of what each policy allows is left."""
        for name in self._current:
            policy = self.policies[name]
            policy.start_next_window(now)
            if policy.spare - self.pending_count < max(_PLENTY_REQUESTS, (policy.quota or 0) // 2):
                return False
        return now >= self.blocked_until

    def is_forgettable(self, now: float) -> bool:
        """Whether forgetting it makes no difference: all that is known of it has passed."""
        return (
            self.pending_count == 0
            and now >= self.blocked_until
            and all(now >= policy.resets_at for policy in self.policies.values())
        )


class Quotas:
    """What is known of each host, for all fetches of the process. With ``shared`` other processes use it up
    too."""

    def __init__(self, clock: Callable[[], float], shared: SharedLimits | None = None) -> None:
        self._clock = clock
        self._shared: SharedLimits = Divided() if shared is None else shared
        self._changed = threading.Condition(threading.Lock())
        self._states: dict[tuple[str, str], _QuotaState] = {}
        #: Overloaded hosts (503), and until when they are blocked.
        self._blocked: dict[str, float] = {}
        self._waiting = 0

    def join(self) -> PendingRequests:
        return PendingRequests()

    def request(
        self,
        pending: PendingRequests,
        host: str,
        kind: str,
        check_cancelled: Callable[[], None] | None = None,
    ) -> float:
        """0.0: make the request, which is pending from now on. Else the seconds to wait before the next try.
        While pending responses decide, ``check_cancelled`` is called, if given, until they have."""
        while True:
            with self._changed:
                wait = self._try_request(pending, (host, kind))
                if check_cancelled is None or wait != UNDECIDED_POLL_S:
                    return wait
                self._waiting += 1
                self._changed.wait(UNDECIDED_POLL_S)
                self._waiting -= 1
            check_cancelled()

    def _try_request(self, pending: PendingRequests, key: tuple[str, str]) -> float:
        now = self._clock()
        state = self._state(key)
        blocked_s = max(state.blocked_until, self._blocked.get(key[0], 0.0)) - now
        wait = max(blocked_s, state.wait(now, self._shared.processes))
        if wait <= 0:
            state.pending_count += 1
            pending.pending_count[key] += 1
        return max(wait, 0.0)

    def record_response(
        self, pending: PendingRequests, host: str, kind: str, headers: Mapping[str, str], status: int
    ) -> None:
        """A request has ended; ``status`` 0 if without a response."""
        key = (host, kind)
        with self._changed:
            now = self._clock()
            state = self._state(key)
            was_pending = pending.pending_count[key] > 0
            reported = state.learn(headers, now)
            if was_pending:
                _subtract(pending, key)
                state.pending_count -= reported
                if not reported:
                    state.mark_uncounted(1, answered=status != 0)
            self._block(host, state, headers, status, now)
            if self._waiting:
                self._changed.notify_all()

    def observe_response(self, host: str, kind: str, headers: Mapping[str, str], status: int) -> None:
        """A response to something that was not requested here, such as a redirect's target."""
        self.record_response(PendingRequests(), host, kind, headers, status)

    def can_spare(self, host: str, kind: str) -> bool:
        """Whether a host has most of its requests left. One that tells nothing has."""
        with self._changed:
            return self._state((host, kind)).can_spare(self._clock())

    def leave(self, pending: PendingRequests) -> None:
        """No response to the fetch's pending requests will be recorded any more."""
        with self._changed:
            for key, count in pending.pending_count.items():
                self._states[key].mark_uncounted(count)
            pending.pending_count.clear()
            self._changed.notify_all()
            if len(self._states) > _MAX_HOSTS or len(self._blocked) > _MAX_HOSTS:
                now = self._clock()
                self._states = {
                    key: state for key, state in self._states.items() if not state.is_forgettable(now)
                }
                self._blocked = {host: until for host, until in self._blocked.items() if until > now}

    def _state(self, key: tuple[str, str]) -> _QuotaState:
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = _QuotaState()
        return state

    def _block(
        self, host: str, state: _QuotaState, headers: Mapping[str, str], status: int, now: float
    ) -> None:
        if status not in (429, 503):
            return
        wait = retry_after_s(headers)
        if wait is None:
            return
        until = now + min(wait, _MAX_PAUSE_S)
        if status == 429:  # requests of another kind have a quota of their own
            state.blocked_until = max(state.blocked_until, until)
        else:
            self._blocked[host] = max(self._blocked.get(host, 0.0), until)


def _subtract(pending: PendingRequests, key: tuple[str, str]) -> None:
    pending.pending_count[key] -= 1
    if pending.pending_count[key] == 0:
        del pending.pending_count[key]
