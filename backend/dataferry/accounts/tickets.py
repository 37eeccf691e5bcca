"""One-time tickets for the socket: a browser's socket can send no header, and a token in an address
would end in logs."""

import secrets
import threading
import time
from collections.abc import Callable

from dataferry.accounts.security import Claims

TICKET_TTL_S = 30


class SocketTickets:
    """In this process. Any thread."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tickets: dict[str, tuple[Claims, float]] = {}
        self._lock = threading.Lock()

    def issue(self, claims: Claims) -> str:
        """A ticket of the session that ``claims`` name; it works once within ``TICKET_TTL_S`` seconds."""
        ticket = secrets.token_urlsafe(24)
        now = self._clock()
        with self._lock:
            self._tickets = {t: entry for t, entry in self._tickets.items() if entry[1] > now}
            self._tickets[ticket] = (claims, now + TICKET_TTL_S)
        return ticket

    def redeem(self, ticket: str) -> Claims | None:
        """Whose it is, once; None for one that is used, expired or made up."""
        with self._lock:
            claims, expires = self._tickets.pop(ticket, (None, 0.0))
        return claims if expires > self._clock() else None
