"""A URL that may expire, shared by all who fetch one file."""

import threading

from dataferry.core.types import Http


class Lease:
    """The current origin of a file. However many notice that it has expired, it is renewed once."""

    def __init__(self, origin: Http) -> None:
        self.origin = origin
        self._lock = threading.Lock()

    def renew(self, expired: Http) -> bool:
        """A fresh origin in place of ``expired``; False where the source offers none.

        Errors: whatever the source's ``refresh`` raises.
        """
        with self._lock:
            if self.origin is not expired:
                return True  # somebody else has renewed it meanwhile
            if expired.refresh is None:
                return False
            self.origin = expired.refresh()
            return True
