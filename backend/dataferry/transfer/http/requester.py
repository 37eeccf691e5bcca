"""Asking a host for a file: at the address that is valid now, when the host allows it."""

import time
from collections.abc import Callable, Mapping

from dataferry.core.errors import SourceRateLimited
from dataferry.core.types import DatasetRef, Http
from dataferry.transfer.http.client import HttpClient, HttpResponse
from dataferry.transfer.http.http1 import Headers
from dataferry.transfer.http.resolved_url import Lease
from dataferry.transfer.http.response_errors import refusal
from dataferry.transfer.http.urls import host_of
from dataferry.transfer.limits.governor import Member
from dataferry.transfer.limits.slots import Slot

#: Answers to an expired link; Google's storage says 400 (ExpiredToken), others 401 or 403.
_EXPIRED = frozenset({400, 401, 403})
#: A file's address is asked for so often: where a redirect led, where it leads now, and renewed.
_TRIES = 3
#: A host that asks for a longer pause ends the fetch, which can go on later.
PATIENCE_S = 5.0
_PAUSES = 3


class Asking:
    """For all connections of one fetch. ``pause`` waits so many seconds, or raises to stop; ``answered``
    is told after how many seconds an answer began."""

    def __init__(
        self,
        ref: DatasetRef,
        client: HttpClient,
        member: Member,
        proceed: Callable[[], None],
        pause: Callable[[float], None],
        answered: Callable[[float], None],
    ) -> None:
        self._ref = ref
        self._client = client
        self._member = member
        self._proceed = proceed
        self._pause = pause
        self._answered = answered

    def ask(
        self, path: str, lease: Lease, headers: Mapping[str, str], wanted: frozenset[int] = frozenset({200})
    ) -> HttpResponse:
        """An answer of a wanted status. It holds one of the host's connections until it is closed.

        Errors: what ``refusal`` makes of any other status, and what ``HttpClient.open`` raises.
        """
        pauses, tries, refreshed = _PAUSES, _TRIES, False
        while True:
            self._proceed()
            asked = lease.current
            host, account = host_of(asked.url), _account(asked)
            # The slot first: whoever waits for one should not have asked before a host closed.
            slot = self._member.take(host, self._proceed)
            wait = self._member.request(host, self._proceed, kind=account)
            if wait > 0:
                self._member.give(slot)
                self._wait(host, wait, pauses)
                pauses -= 1
                continue
            response = self._open(host, account, slot, asked, headers)
            if response.status in wanted:
                lease.settle(asked, response.url)
                return response
            with response:
                error = refusal(response, path, self._ref, signed_in=bool(account))
            if isinstance(error, SourceRateLimited):
                self._wait(host, error.retry_after, pauses, error)
                pauses -= 1
                continue
            tries -= 1
            if response.status not in _EXPIRED or tries == 0 or refreshed or not lease.renew(asked):
                raise error
            refreshed = asked.refresh is not None

    def _open(
        self, host: str, account: str, slot: Slot, asked: Http, headers: Mapping[str, str]
    ) -> HttpResponse:
        """Any answer; its slot is given back with it. What every hop tells of quotas is learned."""
        heard = False

        def hear(answering: str, told: Headers, status: int) -> None:
            nonlocal heard
            if heard:
                self._member.overheard(answering, told, status)
            else:
                self._member.answered(host, told, status, kind=account)
            heard = True

        begun = time.monotonic()
        try:
            response = self._client.open(asked, headers=headers, heard=hear)
        except BaseException:
            self._member.give(slot)
            if not heard:
                self._member.answered(host, {}, 0, kind=account)
            raise
        self._answered(time.monotonic() - begun)
        response.on_close = lambda: self._member.give(slot)
        return response

    def _wait(
        self, host: str, seconds: float | None, pauses: int, error: SourceRateLimited | None = None
    ) -> None:
        """A short pause here, a long one by whoever called ``fetch``."""
        if seconds is not None and seconds <= PATIENCE_S and pauses > 0:
            self._pause(seconds)
            return
        raise error or SourceRateLimited(
            f"{host} limits how often it may be asked; there is room again in {seconds:.0f} s.",
            next_step="Nothing to do: the download goes on by itself.",
            retry_after=seconds,
        )


def _account(origin: Http) -> str:
    """Tells accounts apart, since hosts count each one's requests; not the credential itself."""
    for name, value in origin.headers.items():
        if name.lower() == "authorization":
            return str(hash(value))
    return ""
