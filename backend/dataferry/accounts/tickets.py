"""One-time tickets for the socket: a browser's socket can send no header, and a token in an address
would end in logs."""

import secrets
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from sqlmodel import Session, col, delete

from dataferry.accounts.models import UsedTicket
from dataferry.accounts.security import Claims, Secrets, TicketTokens
from dataferry.core.db import Database, now
from dataferry.core.errors import NotSignedIn
from dataferry.core.inserts import insert_missing

TICKET_TTL_S = 30
#: A used one is remembered for longer than it works, whatever the processes' clocks say.
_KEPT_FOR = timedelta(minutes=5)


class Tickets(Protocol):
    """One-time tickets. Both methods may block. Errors: ``DatabaseAway``."""

    def issue(self, claims: Claims) -> str:
        """A ticket of the session that ``claims`` name; it works once within ``TICKET_TTL_S`` seconds."""

    def redeem(self, ticket: str) -> Claims | None:
        """Whose it is, once; None for one that is used, expired or made up."""


class SocketTickets:
    """In this process. Any thread."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tickets: dict[str, tuple[Claims, float]] = {}
        self._lock = threading.Lock()

    def issue(self, claims: Claims) -> str:
        ticket = secrets.token_urlsafe(24)
        now = self._clock()
        with self._lock:
            self._tickets = {t: entry for t, entry in self._tickets.items() if entry[1] > now}
            self._tickets[ticket] = (claims, now + TICKET_TTL_S)
        return ticket

    def redeem(self, ticket: str) -> Claims | None:
        with self._lock:
            claims, expires = self._tickets.pop(ticket, (None, 0.0))
        return claims if expires > self._clock() else None


class SharedTickets:
    """Tickets of one process that open a socket at any: they are signed, and the database knows which were
    used. Any thread."""

    def __init__(self, database: Database, secrets: Secrets, *, ttl_s: int = TICKET_TTL_S) -> None:
        self._database = database
        self._tokens = TicketTokens(secrets, ttl_s)

    def issue(self, claims: Claims) -> str:
        return self._tokens.issue(claims)

    def redeem(self, ticket: str) -> Claims | None:
        try:
            claims, ticket_id = self._tokens.read(ticket)
        except NotSignedIn:
            return None
        return claims if self._database.call(_use, ticket_id) else None


def _use(session: Session, ticket_id: str) -> bool:
    """Whether it had not been used before."""
    session.exec(delete(UsedTicket).where(col(UsedTicket.expires_at) < now()))
    return insert_missing(session, UsedTicket(id=ticket_id, expires_at=now() + _KEPT_FOR))
