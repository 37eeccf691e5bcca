"""Rows that others may be inserting at the same time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Column, MetaData, String
from sqlmodel import Field, Session, SQLModel, select

from dataferry.core.db import Database
from dataferry.core.inserts import insert_missing, insert_or_replace


class Berth(SQLModel, table=True):
    __tablename__ = "berths"
    #: Not among the product's tables.
    metadata = MetaData()

    id: str = Field(primary_key=True)
    ship: str = Field(unique=True)
    cargo: str = ""
    #: Made by the column.
    label: str | None = Field(default=None, sa_column=Column(String, nullable=False, default="new"))


@pytest.fixture
def berths(database: Database) -> Database:
    Berth.metadata.create_all(database.engine)
    return database


def test_of_many_at_one_time_one_inserts_and_all_find_the_row(berths: Database) -> None:
    start = Barrier(6)

    def berth(number: int) -> tuple[bool, str]:
        def write(session: Session) -> tuple[bool, str]:
            if not berths.sqlite:  # whose transactions begin one after the other
                start.wait()
            mine = insert_missing(session, Berth(id=f"berth {number}", ship="Ada"))
            return mine, session.exec(select(Berth.id).where(Berth.ship == "Ada")).one()

        return berths.call(write)

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(berth, range(6)))
    assert [mine for mine, _ in outcomes].count(True) == 1
    assert len({found for _, found in outcomes}) == 1


def test_what_is_there_is_replaced_and_read_again(berths: Database) -> None:
    def write(session: Session) -> list[str]:
        insert_or_replace(session, Berth(id="north", ship="Ada", cargo="tea"))
        loaded = session.get_one(Berth, "north")
        before = loaded.cargo
        insert_or_replace(session, Berth(id="north", ship="Ada", cargo="silk"))
        return [before, loaded.cargo, str(loaded.label)]

    assert berths.call(write) == ["tea", "silk", "new"]
