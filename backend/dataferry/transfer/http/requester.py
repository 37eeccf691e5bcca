"""Requests for a file: at the URL that is valid now, as soon as the host allows it."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from dataferry.core.errors import (
    DataferryError,
    Forbidden,
    NetworkFault,
    SourceRateLimited,
    SourceUnreachable,
)
from dataferry.core.specs import SOURCES
from dataferry.core.types import DatasetRef, Http
from dataferry.transfer.contract import Limits, Scheduler
from dataferry.transfer.http.client import HttpClient, HttpResponse
from dataferry.transfer.http.http1 import Headers
from dataferry.transfer.http.resolved_url import ResolvedUrl
from dataferry.transfer.http.response_errors import response_error, storage_refusal
from dataferry.transfer.http.urls import host_of
from dataferry.transfer.limits.governor import Member
from dataferry.transfer.limits.slots import Slot
from dataferry.transfer.retries import backoff_s

#: How servers respond to an expired URL: Google's storage with 400 (ExpiredToken), others with 401 or 403.
_EXPIRED_STATUSES = frozenset({400, 401, 403})
#: How servers respond to one connection more than they allow. Hubs mean other things by 403 and 429.
_CROWDED_STATUSES = frozenset({421, 503, 509})
_CROWDED_OUTSIDE_HUBS = frozenset({403, 429})
#: Requests that wait for room at a crowded host, before a refusal is an error.
_MAX_CROWDED = 20
#: Refusals in a row by storage that the origin leads to. Each time it may lead to another edge.
_MAX_REFUSALS = 5
_MAX_REFUSAL_PAUSE_S = 5.0
#: Refusals of a link, with pauses between them, before it is believed that it is refused for good.
_MAX_REFUSALS_OF_LINKS = 2
#: A host that demands a longer wait ends the fetch, which can resume later.
MAX_INLINE_WAIT_S = 5.0
_MAX_INLINE_WAITS = 3


@dataclass(slots=True)
class _Tries:
    """What is left of them, for one request."""

    waits_left: int = _MAX_INLINE_WAITS
    crowded_left: int = _MAX_CROWDED
    stale: int = 0
    refused: int = 0
    renewed: bool = False
    mirrors: int = 0


class Requester:
    """Makes the requests of all connections of one fetch. ``note`` tells a listener what is tried again."""

    def __init__(
        self,
        ref: DatasetRef,
        client: HttpClient,
        member: Member,
        scheduler: Scheduler,
        limits: Limits,
        note: Callable[[str], None],
    ) -> None:
        self._ref = ref
        self._is_hub = SOURCES[ref.source].hub
        self._client = client
        self._member = member
        self._scheduler = scheduler
        self._limits = limits
        self._note = note

    def request(
        self,
        path: str,
        resolved_url: ResolvedUrl,
        headers: Mapping[str, str],
        expected: frozenset[int] = frozenset({200}),
        *,
        patient: bool = False,
    ) -> HttpResponse:
        """A response of an expected status. It holds one of the host's connection slots until it is closed.

        With ``patient`` a refusal by the origin itself is tried again: what was given a moment ago may be
        refused because the host still counts the connection that brought it.

        Where the origin has mirrors and fails before it has served, each of them is asked once.

        Errors: what ``response_error`` makes of any other status, ``SourceUnreachable`` where storage refuses
        what its hub led to, and what ``HttpClient.open`` raises.
        """
        tries = _Tries()
        while True:
            self._scheduler.check_cancelled()
            address = resolved_url.claim(self._scheduler.check_cancelled)
            try:
                response = self._try(path, resolved_url, address, headers, expected, tries)
            except DataferryError as error:
                if tries.mirrors < resolved_url.mirrors and resolved_url.next_mirror(address):
                    self._note(f"{error.detail} A mirror is asked for it.")
                    tries.mirrors += 1
                    continue
                if not isinstance(error, Forbidden) or not patient or tries.refused == _MAX_REFUSALS_OF_LINKS:
                    raise
                self._scheduler.sleep(self._limits.refusal_backoff_s * 4.0**tries.refused)
                tries.refused += 1
                continue
            finally:
                resolved_url.settle()
            if response is not None:
                return response

    def _try(
        self,
        path: str,
        resolved_url: ResolvedUrl,
        address: Http,
        headers: Mapping[str, str],
        expected: frozenset[int],
        tries: _Tries,
    ) -> HttpResponse | None:
        """A response of an expected status; None if the next try may have one."""
        host, account = host_of(address.url), account_of(address)
        # The slot first: a request that waits for one must not have been counted before the host blocks.
        slot = self._member.acquire_slot(host, self._scheduler.check_cancelled)
        wait_s = self._member.request(host, self._scheduler.check_cancelled, kind=account)
        if wait_s > 0:
            self._member.release_slot(slot)
            self._wait(host, wait_s, tries)
            return None
        try:
            response = self._open(host, account, slot, address, headers)
        except NetworkFault:
            crowded = self._is_crowded(slot, host, tries)
            self._member.release_slot(slot)
            if crowded:
                return None
            resolved_url.draw_anew()  # another edge may be well
            raise
        except BaseException:
            self._member.release_slot(slot)
            raise
        if response.status in expected:
            self._member.record_served(slot, response.host)
            if not response.had_cookies:
                resolved_url.record_redirect(address, response.url)
            return response
        with response:
            error = response_error(response, path, self._ref, signed_in=bool(account))
            self._after_refusal(response, slot, address, resolved_url, error, path, tries)
        return None

    def _after_refusal(
        self,
        response: HttpResponse,
        slot: Slot,
        address: Http,
        resolved_url: ResolvedUrl,
        error: DataferryError,
        path: str,
        tries: _Tries,
    ) -> None:
        """Prepare another try after a status that was not expected. Errors: ``error`` where there is none."""
        status, wait_s = response.status, error.retry_after
        goes_on = status != 429 or wait_s is None or wait_s <= MAX_INLINE_WAIT_S
        is_stale = status in _EXPIRED_STATUSES and resolved_url.may_be_stale(address)
        if self._says_crowded(status) and not is_stale:
            crowded = self._is_crowded(slot, response.host, tries)
            if crowded and goes_on:
                response.close()
                resolved_url.join_others()
                if status == 429:
                    self._scheduler.sleep(wait_s or 0.0)
                return
        if isinstance(error, SourceRateLimited):
            response.close()
            self._wait(response.host, wait_s, tries, error)
        elif status in _EXPIRED_STATUSES:
            response.close()
            self._renew(response, address, resolved_url, error, path, tries)
        else:
            if status >= 500:
                resolved_url.draw_anew()
            raise error

    def _renew(
        self,
        response: HttpResponse,
        address: Http,
        resolved_url: ResolvedUrl,
        error: DataferryError,
        path: str,
        tries: _Tries,
    ) -> None:
        """Have another address after a refusal. Errors: ``error`` if it is the origin's own, which stays."""
        if address is not resolved_url.origin:
            resolved_url.renew(address)  # it may just have expired
            tries.stale += 1
            if tries.stale > 1:
                resolved_url.draw_anew()  # rather than follow another connection once more
            return
        # A hub's addresses with ``refresh`` are its storage's, and may have expired.
        handed_out = address.refresh is not None and self._is_hub
        if not handed_out and not resolved_url.led_elsewhere(response.url):
            if tries.renewed or not resolved_url.renew(address):
                raise error
            tries.renewed = True
            return
        refusals = resolved_url.count_refusal()
        refusal = storage_refusal(response, path, self._ref)
        if refusals >= _MAX_REFUSALS + handed_out:
            raise refusal
        if refusals > handed_out:
            self._note(f"{refusal.detail} Another address is asked for.")
            pause_s = backoff_s(self._limits.refusal_backoff_s, refusals, _MAX_REFUSAL_PAUSE_S)
            self._scheduler.sleep(pause_s)
        with suppress(SourceUnreachable):  # refused while the source looked at it: that counts again
            resolved_url.renew(address)

    def _says_crowded(self, status: int) -> bool:
        return status in _CROWDED_STATUSES or (status in _CROWDED_OUTSIDE_HUBS and not self._is_hub)

    def _is_crowded(self, slot: Slot, host: str, tries: _Tries) -> bool:
        """Whether a refusal is of one connection too many; the next slot is granted once there is room."""
        if tries.crowded_left == 0 or not self._member.record_refused(slot, host):
            return False
        tries.crowded_left -= 1
        return True

    def _open(
        self, host: str, account: str, slot: Slot, origin: Http, headers: Mapping[str, str]
    ) -> HttpResponse:
        """A response of any status; its slot is released when it is closed, and is the caller's after an
        error. The quota headers of every hop are recorded."""
        has_response = False

        def on_response(hop_host: str, hop_headers: Headers, status: int) -> None:
            nonlocal has_response
            if status == 503 and self._member.is_beside_others(slot, hop_host):
                status = 0  # its Retry-After is meant for this connection, not for all
            if has_response:
                self._member.observe_response(hop_host, hop_headers, status)
            else:
                self._member.record_response(host, hop_headers, status, kind=account)
            has_response = True

        started = time.monotonic()
        try:
            response = self._client.open(origin, headers=headers, on_response=on_response)
        except BaseException:
            if not has_response:
                self._member.record_response(host, {}, 0, kind=account)
            raise
        self._scheduler.response_started(time.monotonic() - started)
        response.on_close = lambda: self._member.release_slot(slot)
        return response

    def _wait(
        self, host: str, seconds: float | None, tries: _Tries, error: SourceRateLimited | None = None
    ) -> None:
        """Sleep if the wait is short; a long one is the caller's of ``fetch``."""
        if seconds is not None and seconds <= MAX_INLINE_WAIT_S and tries.waits_left > 0:
            tries.waits_left -= 1
            self._scheduler.sleep(seconds)
            return
        raise error or SourceRateLimited(
            f"{host} limits how often it may be asked; there is room again in {seconds:.0f} s.",
            next_step="Nothing to do: the download goes on by itself.",
            retry_after=seconds,
        )


def account_of(origin: Http) -> str:
    """A key for each account, since hosts count each one's requests; not the credential itself."""
    for name, value in origin.headers.items():
        if name.lower() == "authorization":
            return str(hash(value))
    return ""
