"""Which sessions a person has open: many clients open one after the other, and close none."""

from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

_HEADER = b"mcp-session-id"

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Sessions:
    """The sessions of each person, the one that was used last at the end."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: dict[str, dict[str, None]] = {}

    def watched(self, user_id: str, scope: MutableMapping[str, Any], send: Send) -> Send:
        """``send`` for the answer to the request of ``scope``, which tells of a session begun or ended."""
        known = _session_id(scope["headers"])
        own = self._open.setdefault(user_id, {})
        if known in own:
            own[known] = own.pop(known)

        async def watching(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                gone = message["status"] == 404 or scope["method"] == "DELETE"
                begun = _session_id(message.get("headers", ()))
                if gone and known is not None:
                    own.pop(known, None)
                elif begun is not None and message["status"] < 400:
                    own[begun] = own.pop(begun, None)
            await send(message)

        return watching

    def surplus(self, user_id: str) -> Iterator[str]:
        """The sessions above the limit, longest unused first; they are forgotten here."""
        own = self._open.get(user_id, {})
        while len(own) > self._limit:
            oldest = next(iter(own))
            del own[oldest]
            yield oldest


def _session_id(headers: Any) -> str | None:
    return next((value.decode("latin-1") for name, value in headers if name.lower() == _HEADER), None)
