"""A URL that may expire, shared by all connections that fetch one file."""

import threading
from collections.abc import Callable
from dataclasses import replace

from dataferry.core.types import Http
from dataferry.transfer.http.urls import same_origin, split_credentials

#: The interval in which a connection that waits for another's answer checks whether it is cancelled.
_CANCEL_POLL_S = 0.1


class ResolvedUrl:
    """Where a file is downloaded from. The URL that a redirect led to is kept: hubs count what they resolve.

    A connection (a thread) stays with the URL that worked for it. However many connections notice that theirs
    has expired, one of them asks anew and the others wait for what it is told.
    """

    def __init__(self, origin: Http) -> None:
        self.origin = origin
        self._mirrors = [replace(origin, url=url, headers={}, mirrors=()) for url in origin.mirrors]
        #: Whether the origin has given anything of the file. Its bytes need not be those of a mirror.
        self._served = False
        self._changed = threading.Condition()
        #: Where the last redirect led, and by thread where its own led.
        self._shared: Http | None = None
        self._own: dict[int, Http] = {}
        #: Threads that want another URL than the shared one.
        self._drawing: set[int] = set()
        self._redirects = False
        #: Whether hosts refuse because of other connections, and not because an address has expired.
        self._crowded = False
        #: Refusals in a row by hosts that the origin led to.
        self._refusals = 0
        #: The thread that asks the origin for all.
        self._asking: int | None = None

    @property
    def mirrors(self) -> int:
        """How many other addresses have the file."""
        return len(self._mirrors)

    def next_mirror(self, failed: Http) -> bool:
        """Another address becomes the origin in place of ``failed``, unless one has already; False where the
        origin has served the file, or is not what failed."""
        with self._changed:
            if failed not in (self.origin, *self._mirrors) or self._served:
                return False
            if failed is self.origin:
                self._mirrors.append(self.origin)
                self.origin = self._mirrors.pop(0)
                self._shared, self._redirects, self._refusals = None, False, 0
                self._own.clear()
                self._drawing.clear()
            return True

    @property
    def redirects(self) -> bool:
        """Whether the origin leads elsewhere."""
        return self._redirects

    def claim(self, check_cancelled: Callable[[], None]) -> Http:
        """What this connection requests next; ``settle`` follows. Errors: those of ``check_cancelled``."""
        me = threading.get_ident()
        with self._changed:
            while me not in self._drawing:
                known = self._own.get(me) or self._shared
                if known is not None:
                    return known
                if not self._redirects:
                    break
                if self._asking in (None, me):
                    self._asking = me
                    break
                self._changed.wait(_CANCEL_POLL_S)
                check_cancelled()
            return self.origin

    def settle(self) -> None:
        """This connection's request was answered, or failed."""
        with self._changed:
            if self._asking == threading.get_ident():
                self._asking = None
                self._changed.notify_all()

    def record_redirect(self, requested: Http, url: str) -> None:
        """A request for ``requested`` ended well at ``url``. Headers go no further than their own origin."""
        me = threading.get_ident()
        own_url, own = split_credentials(requested)
        with self._changed:
            self._drawing.discard(me)
            self._refusals = 0
            self._served = True
            if requested is not self.origin:
                self._own[me] = requested
            elif url not in (requested.url, own_url):
                headers = own if same_origin(own_url, url) else {}
                self._own[me] = self._shared = Http(url, headers, public_only=requested.public_only)
                self._redirects = True

    def may_be_stale(self, address: Http) -> bool:
        """Whether a refusal may mean that an address which worked has expired."""
        return address is not self.origin and not self._crowded

    def renew(self, expired: Http) -> bool:
        """Another URL in place of ``expired``, for this connection; False where there is none.

        Errors: whatever the source's ``refresh`` raises.
        """
        me = threading.get_ident()
        with self._changed:
            self._drawing.discard(me)
            if expired is not self.origin:
                if self._own.get(me) is expired:
                    del self._own[me]
                if self._shared is expired:
                    self._shared = None  # the source itself redirects to a fresh one
                return True
            if self._shared is not None:
                return True  # another connection was led somewhere meanwhile
            if expired.refresh is None:
                return False
            self.origin = expired.refresh()
            return True

    def led_elsewhere(self, url: str) -> bool:
        """Whether a response came from another host than the origin's: from storage that it leads to."""
        return not same_origin(split_credentials(self.origin)[0], url)

    def count_refusal(self) -> int:
        """A host that the origin leads to refused; how many in a row have."""
        with self._changed:
            self._redirects = True
            self._refusals += 1
            return self._refusals

    def draw_anew(self) -> None:
        """Ask for another URL at this connection's next request, in case it leads to a better host. Other
        connections keep theirs."""
        with self._changed:
            if self._redirects:
                self._own.pop(threading.get_ident(), None)
                self._drawing.add(threading.get_ident())

    def join_others(self) -> None:
        """Go where others are served, once there is room: beside them a fresh address was refused."""
        me = threading.get_ident()
        with self._changed:
            self._crowded = True
            others = [url for thread, url in self._own.items() if thread != me]
            if others:
                self._drawing.discard(me)
                self._own[me] = others[0]
