"""Pages of a list that go on after a row, not after a number of rows: what is inserted meanwhile is neither
shown twice nor makes another row be left out, and the last page costs no more than the first."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, or_
from sqlalchemy.orm import Mapped
from sqlmodel import Session

from dataferry.core.errors import InvalidInput

_SIGNATURE_BYTES = 12

#: The values of a list's sort keys in the last row of a page.
Position = tuple[Any, ...]


Column = ColumnElement[Any] | Mapped[Any]


@dataclass(frozen=True, slots=True)
class SortKey:
    """What a list is ordered by. The keys of one list together tell any two of its rows apart. A column that
    may be null comes behind a key that says whether it is, so that the first one never is."""

    column: Column
    descending: bool = False


def after(keys: Sequence[SortKey], position: Position) -> ColumnElement[bool]:
    """Of the rows those that come behind ``position``."""
    # SQLAlchemy compares columns with no bare True and False.
    position = tuple(literal(value) if isinstance(value, bool) else value for value in position)
    behind = []
    for n, (key, value) in enumerate(zip(keys, position, strict=True)):
        if value is None:  # the key before it has put all those without a value together
            continue
        same = [_equals(*pair) for pair in zip(keys[:n], position[:n], strict=True)]
        behind.append(and_(*same, key.column < value if key.descending else key.column > value))
    first, value = keys[0], position[0]
    # It follows from the others, and lets a database begin there in an index.
    begins = first.column <= value if first.descending else first.column >= value
    return and_(begins, or_(*behind))


def _equals(key: SortKey, value: Any) -> ColumnElement[bool]:
    return key.column.is_(None) if value is None else key.column == value


def fetch(
    session: Session,
    query: Any,
    keys: Sequence[SortKey],
    *,
    limit: int,
    position: Position | None = None,
    offset: int = 0,
) -> tuple[list[Any], Position | None]:
    """A page of what ``query`` selects, as rows without their keys, and the position of its last one; None
    where no page follows."""
    if position is not None:
        query = query.where(after(keys, position))
    columns = [key.column for key in keys]
    order = [key.column.desc() if key.descending else key.column.asc() for key in keys]
    # One more than a page tells whether another page follows.
    query = query.add_columns(*columns).order_by(*order).limit(limit + 1).offset(offset)
    found = [tuple(row) for row in session.execute(query)]
    width = len(columns)
    shown = [row[:-width] for row in found[:limit]]
    return shown, found[limit - 1][-width:] if len(found) > limit else None


class Cursors:
    """Positions as opaque words, which are good for the list that gave them. ``key`` signs them: their values
    go into queries."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def write(self, scope: str, position: Position) -> str:
        """``scope``: what list it is of, with its filters and its order."""
        body = json.dumps(position, default=_time, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._signature(scope, body) + body).decode().rstrip("=")

    def read(self, scope: str, cursor: str) -> Position:
        """Errors: ``InvalidInput`` for one that is damaged, or of another list."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raw = b""
        signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(scope, body)):
            raise InvalidInput(
                "This cursor is damaged, or of another list.",
                next_step="Ask for the first page without a cursor, and keep filters and order from page to"
                " page.",
            )
        return tuple(datetime.fromisoformat(v["t"]) if isinstance(v, dict) else v for v in json.loads(body))

    def _signature(self, scope: str, body: bytes) -> bytes:
        return hmac.new(self._key, scope.encode() + b"\0" + body, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _time(value: Any) -> dict[str, str]:
    if not isinstance(value, datetime):
        raise TypeError(type(value).__name__)
    return {"t": value.isoformat()}
