"""Requests for a file: at the URL that is valid now, as soon as the host allows it."""

import time
from collections.abc import Mapping

from dataferry.core.errors import SourceRateLimited
from dataferry.core.types import DatasetRef, Http
from dataferry.transfer.contract import Scheduler
from dataferry.transfer.http.client import HttpClient, HttpResponse
from dataferry.transfer.http.http1 import Headers
from dataferry.transfer.http.resolved_url import ResolvedUrl
from dataferry.transfer.http.response_errors import response_error
from dataferry.transfer.http.urls import host_of
from dataferry.transfer.limits.governor import Member
from dataferry.transfer.limits.slots import Slot

#: How servers respond to an expired URL: Google's storage with 400 (ExpiredToken), others with 401 or 403.
_EXPIRED_STATUSES = frozenset({400, 401, 403})
#: Requests for a file: where a redirect led before, where it leads now, and at a renewed URL.
_MAX_ATTEMPTS = 3
#: A host that demands a longer wait ends the fetch, which can resume later.
MAX_INLINE_WAIT_S = 5.0
_MAX_INLINE_WAITS = 3


class Requester:
    """Makes the requests of all connections of one fetch."""

    def __init__(
        self,
        ref: DatasetRef,
        client: HttpClient,
        member: Member,
        scheduler: Scheduler,
    ) -> None:
        self._ref = ref
        self._client = client
        self._member = member
        self._scheduler = scheduler

    def request(
        self,
        path: str,
        resolved_url: ResolvedUrl,
        headers: Mapping[str, str],
        expected: frozenset[int] = frozenset({200}),
    ) -> HttpResponse:
        """A response of an expected status. It holds one of the host's connection slots until it is closed.

        Errors: what ``response_error`` makes of any other status, and what ``HttpClient.open`` raises.
        """
        waits_left, attempts_left, refreshed = _MAX_INLINE_WAITS, _MAX_ATTEMPTS, False
        while True:
            self._scheduler.check_cancelled()
            origin = resolved_url.current
            host, account = host_of(origin.url), _account(origin)
            # The slot first: a request that waits for one must not have been counted before the host blocks.
            slot = self._member.acquire_slot(host, self._scheduler.check_cancelled)
            wait_s = self._member.request(host, self._scheduler.check_cancelled, kind=account)
            if wait_s > 0:
                self._member.release_slot(slot)
                self._wait(host, wait_s, waits_left)
                waits_left -= 1
                continue
            response = self._open(host, account, slot, origin, headers)
            if response.status in expected:
                if not response.had_cookies:
                    resolved_url.record_redirect(origin, response.url)
                return response
            with response:
                error = response_error(response, path, self._ref, signed_in=bool(account))
            if isinstance(error, SourceRateLimited):
                self._wait(host, error.retry_after, waits_left, error)
                waits_left -= 1
                continue
            attempts_left -= 1
            if (
                response.status not in _EXPIRED_STATUSES
                or attempts_left == 0
                or refreshed
                or not resolved_url.renew(origin)
            ):
                raise error
            refreshed = origin.refresh is not None

    def _open(
        self, host: str, account: str, slot: Slot, origin: Http, headers: Mapping[str, str]
    ) -> HttpResponse:
        """A response of any status; its slot is released when it is closed. The quota headers of every hop
        are recorded."""
        has_response = False

        def on_response(hop_host: str, hop_headers: Headers, status: int) -> None:
            nonlocal has_response
            if has_response:
                self._member.observe_response(hop_host, hop_headers, status)
            else:
                self._member.record_response(host, hop_headers, status, kind=account)
            has_response = True

        started = time.monotonic()
        try:
            response = self._client.open(origin, headers=headers, on_response=on_response)
        except BaseException:
            self._member.release_slot(slot)
            if not has_response:
                self._member.record_response(host, {}, 0, kind=account)
            raise
        self._scheduler.response_started(time.monotonic() - started)
        response.on_close = lambda: self._member.release_slot(slot)
        return response

    def _wait(
        self, host: str, seconds: float | None, waits_left: int, error: SourceRateLimited | None = None
    ) -> None:
        """Sleep if the wait is short; a long one is the caller's of ``fetch``."""
        if seconds is not None and seconds <= MAX_INLINE_WAIT_S and waits_left > 0:
            self._scheduler.sleep(seconds)
            return
        raise error or SourceRateLimited(
            f"{host} limits how often it may be asked; there is room again in {seconds:.0f} s.",
            next_step="Nothing to do: the download goes on by itself.",
            retry_after=seconds,
        )


def _account(origin: Http) -> str:
    """A key for each account, since hosts count each one's requests; not the credential itself."""
    for name, value in origin.headers.items():
        if name.lower() == "authorization":
            return str(hash(value))
    return ""
