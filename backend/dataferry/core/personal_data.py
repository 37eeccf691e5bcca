"""What each part keeps of a person: the one list that an export and an erasure go by, so that they leave
nothing out.

A part that keeps something of persons makes a ``PersonalData`` and hands it to ``app.build_services``. A test
walks through every table, and fails for a column with a person in it that no part names.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Protocol, TypeVar

from sqlalchemy import Table, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute
from sqlmodel import Session

from dataferry.core.db import Database

T = TypeVar("T")
#: Rows in one transaction, and in memory at a time.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Person:
    """Whose data it is."""

    id: str
    email: str


@dataclass(frozen=True, slots=True)
class Exported:
    """A file of an export. ``content``: its bytes in pieces, or what is written as JSON; an iterator of
    mappings becomes a JSON array."""

    path: str
    content: "Iterator[bytes] | JsonRows | Mapping[str, Any] | Sequence[Any]"


@dataclass(frozen=True, slots=True)
class JsonRows:
    """Rows of a JSON array, read while they are written."""

    rows: Iterator[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Holding:
    """So many things of one kind. ``stays``: in words why they are not erased, and whose they are then."""

    what: str
    count: int
    size_bytes: int | None = None
    stays: str | None = None


class ErasureRun(Protocol):
    """The run of the job that erases, as a user of folders too (``transfer.contract.FolderUser``)."""

    @property
    def name(self) -> str: ...

    def is_overtaken(self, name: str) -> bool: ...

    @property
    def cancel(self) -> Event:
        """Set when it is to end at the next point from which it can go on."""

    def write(self, function: Callable[[Session], T]) -> T:
        """One transaction. Errors: ``Cancelled`` where another worker has taken the job over."""

    def confirm(self) -> None:
        """Errors: ``Cancelled`` where another worker has taken the job over."""


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What one part keeps of a person.

    ``columns``: ``table.column`` of all that hold a person's id. ``erase`` blocks, in a worker's thread; it
    may be killed at any line, and is then called again: what is gone already is fine. The account's row is
    still there, and goes last. ``export``: all of it, read while it is sent. ``holdings``: what an erasure
    takes and leaves, counted. ``proof``: what must be kept to show that it was lawful, without a name.
    """

    part: str
    columns: frozenset[str]
    erase: Callable[[Person, ErasureRun], None]
    export: Callable[[Person], Iterable[Exported]]
    holdings: Callable[[Session, Person], Sequence[Holding]]
    proof: Callable[[Session, Person], Mapping[str, Any]] | None = field(default=None)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one table that are a person's: ``owner`` is the column with their id. ``what`` they are
    called, in the plural, and ``hidden``: columns that no export shows, such as hashes."""

    owner: InstrumentedAttribute[Any]
    what: str
    hidden: Collection[str] = ()

    @property
    def table(self) -> Table:
        table = self.owner.property.columns[0].table
        assert isinstance(table, Table)
        return table

    @property
    def column(self) -> str:
        return f"{self.table.name}.{self.owner.property.columns[0].name}"

    def delete(self, session: Session, person: Person) -> None:
        session.execute(delete(self.table).where(self.owner == person.id))

    def count(self, session: Session, person: Person) -> int:
        query = select(func.count()).select_from(self.table).where(self.owner == person.id)
        return int(session.execute(query).scalar_one())

    def read(self, database: Database, person: Person) -> Iterator[Mapping[str, Any]]:
        """A batch at a time, so that no transaction lasts as long as a slow download of them."""
        hidden = {*self.hidden, self.owner.property.columns[0].name}
        shown = [column for column in self.table.columns if column.name not in hidden]
        keys = list(self.table.primary_key.columns)

        def batch(session: Session, offset: int) -> list[Mapping[str, Any]]:
            query = select(*shown).where(self.owner == person.id).order_by(*keys)
            return [dict(row) for row in session.execute(query.limit(_BATCH).offset(offset)).mappings()]

        offset = 0
        while found := database.read(batch, offset):
            yield from found
            offset += len(found)


def of_rows(database: Database, part: str, *tables: Rows) -> PersonalData:
    """What a part keeps in these tables and nowhere else. They are deleted in this order."""

    def erase(person: Person, run: ErasureRun) -> None:
        for table in tables:
            run.write(lambda session, table=table: table.delete(session, person))  # type: ignore[misc]

    def export(person: Person) -> Iterator[Exported]:
        for table in tables:
            # Of a table with two columns of persons, one file for each.
            one_of = [other for other in tables if other.table is table.table]
            name = table.table.name if len(one_of) == 1 else table.column
            yield Exported(f"{part}/{name}.json", JsonRows(table.read(database, person)))

    def holdings(session: Session, person: Person) -> Sequence[Holding]:
        return [Holding(table.what, table.count(session, person)) for table in tables]

    return PersonalData(part, frozenset(table.column for table in tables), erase, export, holdings)


class PersonalDataRegister:
    """Every part's, in the order in which they erase."""

    def __init__(self, *parts: PersonalData) -> None:
        self.parts = parts

    @property
    def columns(self) -> frozenset[str]:
        return frozenset().union(*(part.columns for part in self.parts))
