"""How many connections the server holds, and which of them it gives up first.

Every connection begins as a stranger's, counted for its address. The first request with a good token makes it
its person's. Where there are too many, the one that the server has waited for longest is closed, never one
whose answer is under way, nor one that came just now: a flood of silence takes its own places, and a newcomer
has the time to say who it is. All of it runs in the event loop's thread.
"""

import logging
import math
import time
from collections.abc import Callable
from itertools import chain
from typing import Any

from dataferry.accounts.limits import network_of

log = logging.getLogger(__name__)

#: Under this name a connection stands in the ``state`` of its requests' scopes.
STATE_KEY = "connection"
#: Seconds that a connection may keep its place while there is any, however many more there are.
_PATIENCE_S = 0.5
#: Seconds between two warnings that connections were closed.
_WARNING_INTERVAL_S = 60.0


class _Group:
    """Connections that share a limit. Those the server waits for stand in the order of its waiting, with the
    time when it began."""

    __slots__ = ("limit", "members", "name", "waiting")

    def __init__(self, limit: int, name: str = "") -> None:
        self.limit = limit
        self.name = name
        self.members: set[Connection] = set()
        self.waiting: dict[Connection, float] = {}

    @property
    def busy(self) -> int:
        return len(self.members) - len(self.waiting)


class Connection:
    """One open connection. ``close`` ends it at once, and does no harm when it has ended already."""

    def __init__(self, table: "Connections", close: Callable[[], None], groups: "list[_Group]") -> None:
        self._table = table
        self.close = close
        self.groups = groups
        #: Whether its person, or its proxy, is known.
        self.known = False

    def waits(self) -> None:
        """The server waits for the client: for a request, the rest of one, or for it to read the answer."""
        for group in self.groups:
            if self in group.members:  # else it is being closed
                group.waiting.setdefault(self, self._table.clock())

    def works(self) -> None:
        """The client waits for the server."""
        for group in self.groups:
            group.waiting.pop(self, None)

    def sign_in(self, user_id: str) -> None:
        """A request on it had a good token. Closes one of the person's connections where they have too
        many: another that waits, else this one."""
        self._table.move(self, user_id)

    def release(self) -> None:
        """It has ended."""
        self._table.remove(self)

    @property
    def may_ask(self) -> bool:
        """Whether a request without a token is answered now."""
        return self.known or all(group.busy <= group.limit for group in self.groups)


class Connections:
    """The connections of one process: ``limit`` in all, half of them for those who are not signed in, and
    ``client_limit`` for one address of theirs (of IPv6: one /64) or one person.

    ``trusted``: whether an address is a proxy's, whose connections are many people's and have no such limit.
    """

    def __init__(
        self,
        limit: int,
        client_limit: int,
        *,
        trusted: Callable[[str], bool] = lambda address: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self._all = _Group(limit)
        self._strangers = _Group(max(1, limit // 2))
        self._client_limit = client_limit
        self._clients: dict[str, _Group] = {}
        self._trusted = trusted
        self._closed = 0
        self._warned_at = -math.inf

    def __len__(self) -> int:
        return len(self._all.members)

    def open(self, address: str, close: Callable[[], None]) -> Connection:
        """A new connection, which waits for its first request. Where there is no room and nobody to close
        in its place, it is closed itself."""
        connection = Connection(self, close, [self._all])
        if self._trusted(address):
            connection.known = True
        else:
            connection.groups += [self._strangers, self._client(network_of(address))]
        self._add(connection)
        connection.waits()
        self._make_room(connection)
        return connection

    def move(self, connection: Connection, user_id: str) -> None:
        if connection.known or connection not in self._all.members:
            return
        self.remove(connection)
        connection.known = True
        mine = self._client(f"user:{user_id}")
        connection.groups = [self._all, mine]
        self._add(connection)
        if len(mine.members) > mine.limit:
            self._close(next(iter(mine.waiting), connection))

    def remove(self, connection: Connection) -> None:
        connection.works()
        for group in connection.groups:
            if connection in group.members:
                group.members.remove(connection)
                if not group.members:
                    self._clients.pop(group.name, None)

    def _client(self, name: str) -> _Group:
        return self._clients.setdefault(name, _Group(self._client_limit, name))

    def _add(self, connection: Connection) -> None:
        for group in connection.groups:
            group.members.add(connection)

    def _make_room(self, newcomer: Connection) -> None:
        """Each limit again, the narrowest first. Only the limit of all is never exceeded for a moment: there
        the newcomer itself is refused where nobody waits."""
        for group in reversed(newcomer.groups):
            while len(group.members) > group.limit:
                # Of all connections those of strangers go first.
                waiting = chain(self._strangers.waiting if group is self._all else (), group.waiting)
                victim = next((one for one in waiting if one is not newcomer), newcomer)
                if group is not self._all and self.clock() - group.waiting[victim] < _PATIENCE_S:
                    break
                self._close(victim)

    def _close(self, victim: Connection) -> None:
        self.remove(victim)
        victim.close()
        self._closed += 1
        if self.clock() - self._warned_at >= _WARNING_INTERVAL_S:
            self._warned_at = self.clock()
            log.warning(
                "There are too many connections: %d were closed since the last warning, %d are open. "
                "docs/operating.md says what the limits are.",
                self._closed,
                len(self),
            )
            self._closed = 0


def sign_in(scope: Any, user_id: str) -> None:
    """The connection of ``scope`` is that person's from now on; without the server of ``dataferry serve``
    nothing is counted."""
    connection = scope.get("state", {}).get(STATE_KEY)
    if isinstance(connection, Connection):
        connection.sign_in(user_id)
