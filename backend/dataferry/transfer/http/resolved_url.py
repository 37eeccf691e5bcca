"""A URL that may expire, shared by all connections that fetch one file."""

import threading

from dataferry.core.types import Http
from dataferry.transfer.http.urls import same_origin, without_user


class Lease:
    """Where a file is fetched from. The address that a redirect led to is kept: hubs count what they
    resolve. However many notice that it has expired, it is renewed once."""

    def __init__(self, origin: Http) -> None:
        self.origin = origin
        self._resolved: Http | None = None
        self._lock = threading.Lock()

    @property
    def current(self) -> Http:
        with self._lock:
            return self._resolved or self.origin

    def settle(self, asked: Http, url: str) -> None:
        """``asked`` was answered at ``url``. Its headers go no further than its own origin."""
        if url == asked.url:
            return
        link, own = without_user(asked)
        if url == link:
            return
        headers = own if same_origin(link, url) else {}
        with self._lock:
            if asked is self.origin:
                self._resolved = Http(url, headers, public_only=asked.public_only)

    def renew(self, expired: Http) -> bool:
        """Somewhere else to ask in place of ``expired``; False where there is nowhere.

        Errors: whatever the source's ``refresh`` raises.
        """
        with self._lock:
            if expired is not (self._resolved or self.origin):
                return True  # somebody else has renewed it meanwhile
            if self._resolved is not None:
                self._resolved = None  # the source itself redirects to a fresh address
                return True
            if expired.refresh is None:
                return False
            self.origin = expired.refresh()
            return True
