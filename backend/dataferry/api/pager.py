"""``cursor`` and ``limit``, ``next`` in the body and ``Link: <…>; rel="next"``: the paging of every list."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query, Request, Response

from dataferry.api.deps import Current, Wired
from dataferry.core.errors import InvalidInput
from dataferry.core.paging import Position

Cursor = Annotated[
    str | None, Query(max_length=8000, description="`next` of the page before, or from its `Link` header")
]
#: Parameters that say where a page is in its list, not which list it is.
_PLACES = frozenset({"cursor", "limit", "offset", "page_number", "page_size", "after", "before"})


class Pager:
    """Reads and writes the cursors of one request's list, which is told by its address, its filters, its
    order and who asks."""

    def __init__(self, request: Request, response: Response, viewer: Current, wired: Wired) -> None:
        self._request = request
        self._response = response
        self._cursors = wired.cursors
        self._query = [pair for pair in request.query_params.multi_items() if pair[0] not in _PLACES]
        self._list = f"{viewer.user_id} {request.url.path}?{urlencode(sorted(self._query))}"

    def position(self, cursor: str | None, *, other_place: bool = False, of: str = "") -> Position | None:
        """Where the page begins; None for the first. ``other_place``: the request says it in another way too.
        ``of``: what else tells the list from others.

        Errors: ``InvalidInput`` for a cursor that is damaged, of another list, or not the only place.
        """
        if cursor is None:
            return None
        if other_place:
            raise InvalidInput(
                "The request says in two ways where the page begins.",
                next_step="Give cursor alone, without offset, page_number, after or before.",
            )
        return self._cursors.read(self._list + of, cursor)

    def next(self, position: Position | None, *, of: str = "") -> str | None:
        """The cursor of the page behind ``position``, where the answer's ``Link`` leads; None at the end."""
        if position is None:
            return None
        cursor = self._cursors.write(self._list + of, position)
        if not of:
            given = self._request.query_params.multi_items()
            lengths = [pair for pair in given if pair[0] in ("limit", "page_size")]
            # Relative, so that it is right behind every proxy.
            query = urlencode([*self._query, *lengths, ("cursor", cursor)])
            self._response.headers["Link"] = f'<{self._request.url.path}?{query}>; rel="next"'
        return cursor


Paged = Annotated[Pager, Depends(Pager)]
