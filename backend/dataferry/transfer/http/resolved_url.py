"""A URL that may expire, shared by all connections that fetch one file."""

import threading

from dataferry.core.types import Http
from dataferry.transfer.http.urls import same_origin, split_credentials


class ResolvedUrl:
    """Where a file is downloaded from. The URL that a redirect led to is kept: hubs count what they resolve.
    However many connections notice that it has expired, it is renewed once."""

    def __init__(self, origin: Http) -> None:
        self.origin = origin
        self._resolved: Http | None = None
        self._lock = threading.Lock()

    @property
    def current(self) -> Http:
        with self._lock:
            return self._resolved or self.origin

    def record_redirect(self, requested: Http, url: str) -> None:
        """A request for ``requested`` ended at ``url``. Headers go no further than their own origin."""
        if url == requested.url:
            return
        own_url, own = split_credentials(requested)
        if url == own_url:
            return
        headers = own if same_origin(own_url, url) else {}
        with self._lock:
            if requested is self.origin:
                self._resolved = Http(url, headers, public_only=requested.public_only)

    def renew(self, expired: Http) -> bool:
        """Replace ``expired`` by another URL; False where there is none.

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
