"""Inserting rows that another process may be inserting just now.

To look first and insert what is missing fails where another inserts in between. Here one waits for the other,
and finds what it has inserted. On SQLite, whose writers take turns, the statements are the same.
"""

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_missing(session: Session, row: SQLModel) -> bool:
    """Insert ``row`` unless one is there that has its key, or another value of its that must be unique;
    whether it was inserted. The session does not know ``row`` afterwards."""
    session.flush()
    key = inspect(type(row)).primary_key
    statement = _insert(session, row).on_conflict_do_nothing().returning(*key)
    return session.connection().execute(statement).first() is not None


def insert_or_replace(session: Session, row: SQLModel) -> None:
    """Insert ``row``, or write its values into the row with its key. The session does not know ``row``
    afterwards; one that it has loaded is read again when it is looked at."""
    session.flush()
    mapper = inspect(type(row))
    statement = _insert(session, row)
    keys = {column.name for column in mapper.primary_key}
    others = {name: value for name, value in statement.excluded.items() if name not in keys}
    session.connection().execute(statement.on_conflict_do_update(index_elements=keys, set_=others))
    identity = mapper.identity_key_from_instance(row)
    if (known := session.identity_map.get(identity)) is not None:
        session.expire(known)


def _insert(session: Session, row: SQLModel) -> Any:
    """``INSERT`` with the values of ``row``, to which what to do with a conflict can be said."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    mapper = inspect(type(row))
    values = {attribute.columns[0]: getattr(row, attribute.key) for attribute in mapper.column_attrs}
    # As an insert of the session does: what has no value gets the column's default.
    given = {column: value for column, value in values.items() if value is not None or column.default is None}
    return insert(mapper.local_table).values(given)
