"""Limits on tries: a few are free, each further one waits twice as long, and what is counted fades.

Counted in this process, by a clock that nobody sets. Who is counted together says ``sign_in_subjects``;
docs/adr/0033 has the reasons.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from dataferry.core.addresses import carried_ipv4
from dataferry.core.errors import TooManyRequests
from dataferry.core.rate_limit_headers import used_up_headers

#: Doubled no more often than this: every limit has reached its longest wait by then.
_MAX_DOUBLINGS = 30

#: How limits are called in ``RateLimit``, by the beginning of a subject's key.
_POLICY_NAMES = {"registration": "registration", "password": "password", "token": "token"}

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Limit:
    """``free`` tries, then a wait of ``first_wait_s`` that doubles with each further try up to
    ``longest_wait_s``. A counted try fades in ``fade_s`` seconds, one after the other."""

    free: int
    fade_s: float
    first_wait_s: float
    longest_wait_s: float

    def wait_s(self, level: float) -> float:
        """Seconds until the next try, when ``level`` tries are counted and have not faded."""
        doublings = math.ceil(level - 1e-6) - self.free
        if doublings < 0:
            return 0.0
        return min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(doublings, _MAX_DOUBLINGS))


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose tries are counted together, and how many are too many."""

    key: str
    limit: Limit


@dataclass(frozen=True, slots=True)
class _Count:
    level: float
    counted_at: float
    free_at: float


class TryLimits:
    """Counts tries for subjects, in this process. Any thread.

    A try is counted before its outcome is known, so that many at one time count as well, and taken back
    when it was a good one. Above ``max_subjects`` those are forgotten that were counted the longest time ago.
    """

    def __init__(self, *, clock: Clock = time.monotonic, max_subjects: int = 50_000) -> None:
        self._clock = clock
        self._max_subjects = max_subjects
        self._counts: OrderedDict[str, _Count] = OrderedDict()
        self._lock = threading.Lock()

    def admit(self, *subjects: Subject, refusal: str) -> None:
        """Count a try for every subject, or for none.

        Errors: ``TooManyRequests`` with ``refusal`` and the seconds until the next try is admitted.
        """
        wait = self.try_to_admit(subjects)
        if wait > 0:
            first = subjects[0]  # the narrowest
            raise TooManyRequests(
                refusal,
                next_step=f"Wait {readable_wait(wait)} and try again.",
                retry_after=wait,
                headers=used_up_headers(
                    _POLICY_NAMES.get(first.key.partition(":")[0], "sign-in"),
                    first.limit.free,
                    first.limit.free * first.limit.fade_s,
                    wait,
                ),
            )

    def try_to_admit(self, subjects: tuple[Subject, ...]) -> float:
        """0 for a try that is admitted and counted, else the seconds to wait."""
        with self._lock:
            now = self._clock()
            wait = max(self._count(subject, now).free_at - now for subject in subjects)
            if wait > 0:
                return wait
            for subject in subjects:
                level = self._count(subject, now).level + 1
                self._set(subject, _Count(level, now, now + subject.limit.wait_s(level)))
            return 0.0

    def take_back(self, *subjects: Subject) -> None:
        """A try that was admitted was a good one."""
        with self._lock:
            now = self._clock()
            for subject in subjects:
                level = max(0.0, self._count(subject, now).level - 1)
                self._set(subject, _Count(level, now, now))

    def clear(self, subject: Subject) -> None:
        """Forget every try of a subject."""
        with self._lock:
            self._counts.pop(subject.key, None)

    def _count(self, subject: Subject, now: float) -> _Count:
        """As it stands now."""
        count = self._counts.get(subject.key)
        if count is None:
            return _Count(0.0, now, now)
        faded = (now - count.counted_at) / subject.limit.fade_s
        return _Count(max(0.0, count.level - faded), now, count.free_at)

    def _set(self, subject: Subject, count: _Count) -> None:
        self._counts[subject.key] = count
        self._counts.move_to_end(subject.key)
        if len(self._counts) > self._max_subjects:
            self._counts.popitem(last=False)


def readable_wait(seconds: float) -> str:
    """A wait as a person reads it, never shorter than it is."""
    if seconds <= 90:
        whole = max(1, math.ceil(seconds))
        return f"{whole} second{'s' if whole > 1 else ''}"
    return f"{math.ceil(seconds / 60)} minutes"


def network_of(address: str) -> str:
    """The addresses that one customer has: an IPv4 address, however written, or the /64 of an IPv6 one."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:  # a socket's path, or a test's name
        return address
    if isinstance(parsed, IPv6Address):
        # Of these all have one /64 (Flowfin/jellyfin-plugin-sso#194), and a 6to4 site has many.
        return str(carried_ipv4(parsed) or ip_network((parsed, 64), strict=False))
    return str(parsed)


def sign_in_subjects(
    email: str, address: str, *, device: str | None, address_known: bool, failures: int
) -> tuple[Subject, ...]:
    """Who a try to sign in is counted for; the first one's tries are forgotten on success.

    ``device``: a browser that the account's owner has signed in with before, ``address_known``: whether they
    have from this address. Strangers elsewhere cannot use these up, so that they keep nobody out; whoever
    comes from elsewhere is counted for the account too (guessers with many addresses) and for the address
    (one password tried on many accounts).
    """
    account = email[:320]
    place = _place_limit(failures)
    if device is not None:
        return (Subject(f"device:{account}:{device}", place),)
    network = network_of(address)
    pair = Subject(f"pair:{network}:{account}", place)
    if address_known:
        return (pair,)
    return (
        pair,
        Subject(f"account:{account}", Limit(4 * failures, fade_s=180, first_wait_s=1, longest_wait_s=900)),
        Subject(f"address:{network}", _address_limit(failures)),
    )


def _place_limit(failures: int) -> Limit:
    """Of whoever guesses one password in one place."""
    return Limit(failures, fade_s=600, first_wait_s=30, longest_wait_s=900)


def _address_limit(failures: int) -> Limit:
    return Limit(10 * failures, fade_s=60, first_wait_s=1, longest_wait_s=60)


def token_subject(address: str, failures: int) -> Subject:
    """Whoever shows tokens that nobody has. A good one is not asked for this."""
    return Subject(f"token:{network_of(address)}", _address_limit(failures))


def password_change_subject(user_id: str, session_id: str | None, failures: int) -> Subject:
    """Whoever guesses here has this session, so that nobody else's tries count."""
    return Subject(f"password:{user_id}:{session_id}", _place_limit(failures))


def registration_subject(address: str, registrations: int) -> Subject:
    limit = Limit(registrations, fade_s=180, first_wait_s=30, longest_wait_s=900)
    return Subject(f"registration:{network_of(address)}", limit)
