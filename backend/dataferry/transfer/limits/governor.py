"""What all fetches of a process share: connection slots, bandwidth, and hosts' quotas of requests.

::

    governor = Governor(Shares(bytes_per_s=20e6))
    with governor.join("ada") as member:
        fetch(manifest, target, progress, cancel, member=member)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from time import monotonic
from typing import Self

from dataferry.transfer.limits.bandwidth import Bandwidth
from dataferry.transfer.limits.quota import Quotas
from dataferry.transfer.limits.shared import SharedLimits
from dataferry.transfer.limits.slots import Slot, Slots

#: The interval between readings of the wall clock.
_CLOCK_POLL_S = 0.1


def _check_rate(rate: float | None) -> None:
    if rate is not None and not rate > 0:
        raise ValueError("A cap is a number of bytes above 0, or None.")


@dataclass(frozen=True, slots=True)
class Shares:
    """What the process may use, or all together. Rates in bytes a second; None = no cap. Errors:
    ``ValueError`` for a limit of nothing, which would let every fetch wait for ever."""

    #: Connections in all, and to each host.
    connections: int = 32
    connections_per_host: int = 16
    bytes_per_s: float | None = None
    #: In place of it inside the night window.
    night_bytes_per_s: float | None = None
    #: Local wall-clock time, from (included) to (not included); may cross midnight. None = no window.
    night: tuple[time, time] | None = None
    #: When another connection is tried at a host that has refused it beside others; then ever later.
    refused_retry_s: float = 10.0

    def __post_init__(self) -> None:
        if self.connections < 1 or self.connections_per_host < 1:
            raise ValueError("At least one connection is needed.")
        for rate in (self.bytes_per_s, self.night_bytes_per_s):
            _check_rate(rate)

    def rate_at(self, moment: time) -> float | None:
        """The cap at a time of day."""
        if self.night is None:
            return self.bytes_per_s
        start, end = self.night
        inside = start <= moment < end if start <= end else (moment >= start or moment < end)
        return self.night_bytes_per_s if inside else self.bytes_per_s

    @property
    def uncapped(self) -> bool:
        """Whether there is no cap at any time of day."""
        return self.bytes_per_s is None and (self.night is None or self.night_bytes_per_s is None)


class Governor:
    """One for each process; for any number of threads. ``clock`` returns monotonic seconds, ``now``
    the local wall-clock time, which only the night window uses. With ``shared`` the caps on bandwidth and on
    connections to a host, and hosts' quotas, are those of several processes together."""

    def __init__(
        self,
        shares: Shares = Shares(),
        *,
        clock: Callable[[], float] = monotonic,
        now: Callable[[], datetime] = datetime.now,
        shared: SharedLimits | None = None,
    ) -> None:
        self._clock = clock
        self._now = now
        self.uncapped = shares.uncapped
        self.slots = Slots(
            shares.connections,
            shares.connections_per_host,
            retry_s=shares.refused_retry_s,
            clock=clock,
            shared=shared,
        )
        self.quotas = Quotas(clock, shared)
        self.bandwidth = Bandwidth(self._rate_of(shares), clock, shared)

    def set_shares(self, shares: Shares) -> None:
        """Takes effect at once, for those who wait too."""
        self.slots.resize(shares.connections, shares.connections_per_host)
        self.uncapped = shares.uncapped
        self.bandwidth.set_rate(self._rate_of(shares))

    def join(self, user: str, *, bytes_per_s: float | None = None) -> "Member":
        """The share of one more fetch, which leaves when it ends. ``user``: whose share of connections and
        bandwidth it counts to. ``bytes_per_s``: a cap of its own."""
        _check_rate(bytes_per_s)
        return Member(self, user, bytes_per_s)

    def _rate_of(self, shares: Shares) -> Callable[[], float | None]:
        if shares.night is None:
            return lambda: shares.bytes_per_s
        rate_now = shares.rate_at(self._now().time())
        read_at = self._clock()

        def rate() -> float | None:
            nonlocal rate_now, read_at
            now = self._clock()
            if now - read_at >= _CLOCK_POLL_S:
                rate_now, read_at = shares.rate_at(self._now().time()), now
            return rate_now

        return rate


class Member:
    """One fetch's share. Leaving it returns everything; threads that still wait end with ``Cancelled``.

    ``check_cancelled`` raises to stop a wait; it is called at least ten times a second.
    """

    def __init__(self, governor: Governor, user: str, bytes_per_s: float | None) -> None:
        self._governor = governor
        self._capped = bytes_per_s is not None
        self._holder = governor.slots.join(user)
        self._flow = governor.bandwidth.join(user, bytes_per_s)
        self._pending = governor.quotas.join()

    def limit(self, bytes_per_s: float | None) -> None:
        """Another cap of its own, from now on; None = none."""
        _check_rate(bytes_per_s)
        self._capped = bytes_per_s is not None
        self._governor.bandwidth.set_flow_rate(self._flow, bytes_per_s)

    def set_share(self, share: float) -> None:
        """How much of its user's connections and bandwidth it has beside their other fetches: as many times
        as much as one whose share is 1. From now on; others' fetches lose nothing by it."""
        if not share > 0:
            raise ValueError("A share is a number above 0.")
        self._holder.share = share
        self._flow.share = share

    def acquire_slot(self, host: str, check_cancelled: Callable[[], None]) -> Slot:
        """Wait for the right to a connection to a host, and hold it until ``release_slot``.

        Errors: those of ``check_cancelled``; ``Cancelled`` once the member has left.
        """
        return self._governor.slots.acquire(self._holder, host, check_cancelled)

    def release_slot(self, slot: Slot) -> None:
        """Idempotent."""
        self._governor.slots.release(slot)

    def record_served(self, slot: Slot, host: str) -> None:
        """A host has begun to send what the slot is for."""
        self._governor.slots.record_served(slot, host)

    def record_refused(self, slot: Slot, host: str) -> bool:
        """A host refused what the slot was for. Whether that is because it takes no more connections than
        those that it serves: then ``acquire_slot`` waits until there is room for another try."""
        return self._governor.slots.record_refused(slot, host)

    def is_beside_others(self, slot: Slot, host: str) -> bool:
        """Whether a host serves others while it answers what the slot is for."""
        return self._governor.slots.is_beside_others(slot, host)

    def request(
        self, host: str, check_cancelled: Callable[[], None] | None = None, *, kind: str = ""
    ) -> float:
        """0.0: make the request, which is pending until ``record_response``. Else the seconds to wait before
        the next try, as the host demands.

        Near the end of a quota it may be undecided until pending requests have responses: with
        ``check_cancelled`` they are waited for here, else the result is a wait of some milliseconds. ``kind``
        separates what the host counts separately, such as other accounts or other sorts of request.
        """
        return self._governor.quotas.request(self._pending, host, kind, check_cancelled)

    def record_response(self, host: str, headers: Mapping[str, str], status: int, *, kind: str = "") -> None:
        """A request has ended: learn from its response. Once for each ``request``, with the same ``host`` and
        ``kind``. ``status`` 0 where none arrived. Names of ``headers`` in lower case, or a mapping that does
        not mind."""
        self._governor.quotas.record_response(self._pending, host, kind, headers, status)

    def observe_response(self, host: str, headers: Mapping[str, str], status: int, *, kind: str = "") -> None:
        """Learn from a response that no ``request`` was made for: where a redirect led."""
        self._governor.quotas.observe_response(host, kind, headers, status)

    @property
    def is_capped(self) -> bool:
        """Whether a cap on bandwidth is in force."""
        return self._capped or not self._governor.uncapped

    def can_spare_requests(self, host: str, *, kind: str = "") -> bool:
        """Whether a host that counts requests has most of them left: a few more cost nobody anything."""
        return self._governor.quotas.can_spare(host, kind)

    def throttle(self, count: int, check_cancelled: Callable[[], None]) -> None:
        """Wait until ``count`` bytes that were received are within every cap.

        Errors: those of ``check_cancelled``; ``Cancelled`` once the member has left.
        """
        if self.is_capped:
            self._governor.bandwidth.throttle(self._flow, count, check_cancelled)

    def leave(self) -> None:
        """Return everything."""
        self._governor.slots.leave(self._holder)
        self._governor.quotas.leave(self._pending)
        self._governor.bandwidth.leave(self._flow)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
