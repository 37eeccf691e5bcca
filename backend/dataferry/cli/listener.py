"""The socket that connections come in by, and how many descriptors there are for them."""

import errno
import resource
import socket
from typing import Any

#: Connections taken in one turn of the loop; the rest waits while what is open gets its turn.
_ACCEPTS_A_TURN = 64
#: Descriptors kept for the database, files and programs under way.
_OTHER_DESCRIPTORS = 256
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Listener(socket.socket):
    """A listening socket that spares asyncio's loop.

    asyncio accepts as often as the backlog is long (2,048) in one turn. Without descriptors it fails as often
    in a row, each time with a traceback in the log and a timer to try again (python/cpython#151615).
    """

    _accepted = 0
    _exhausted = False

    def accept(self) -> tuple[socket.socket, Any]:
        """Errors: as of any socket; ``BlockingIOError`` also where the loop should turn first."""
        if self._exhausted:  # asyncio was told a moment ago, and tries again after a second
            self._exhausted = False
            raise BlockingIOError
        if self._accepted == _ACCEPTS_A_TURN:
            self._accepted = 0
            raise BlockingIOError
        try:
            accepted = super().accept()
        except OSError as error:
            self._accepted = 0
            self._exhausted = error.errno in _EXHAUSTED
            raise
        self._accepted += 1
        return accepted


def connection_limit(wanted: int, outgoing: int) -> int:
    """How many connections can be held beside ``outgoing`` ones: at most ``wanted``, fewer where the process
    may not have as many descriptors. Raises its soft limit (``ulimit -n``) where that is too low."""
    needed = wanted + outgoing + _OTHER_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(16, min(wanted, soft - outgoing - _OTHER_DESCRIPTORS))
