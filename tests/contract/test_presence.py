"""Whether a process of several is still there: seen at once when it is killed, and never wrongly."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dataferry.core.db import Database
from dataferry.core.presence import Presence
from tests.support.postgres import Postgres
from tests.support.server import until

#: Far below a second, so that nobody waits in these tests.
SETTLED_S = 0.2
_HOLDER = """
import sys, time
from dataferry.core.presence import Presence
presence = Presence(sys.argv[1], "other")
presence.start()
while not presence.held:
    time.sleep(0.01)
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Database]:
    with postgres.database() as url:
        database = Database(url.replace("postgresql://", "postgresql+psycopg://"))
        yield database
        database.close()


@contextmanager
def settled(database: Database) -> Iterator[Presence]:
    presence = Presence(database.url, "mine", settled_s=SETTLED_S)
    presence.start()
    try:
        until(lambda: is_gone(database, presence, "nobody"), "others can be judged")
        yield presence
    finally:
        presence.stop()


@contextmanager
def other_process(database: Database) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", _HOLDER, database.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def is_gone(database: Database, presence: Presence, process_id: str) -> bool:
    return database.read(presence.is_gone, process_id)


def test_one_that_was_killed_is_gone_at_once_and_a_frozen_one_is_there(database: Database) -> None:
    with settled(database) as presence, other_process(database) as process:
        assert not is_gone(database, presence, "other")
        process.send_signal(signal.SIGSTOP)
        assert not is_gone(database, presence, "other")
        process.kill()
        killed = time.monotonic()
        until(lambda: is_gone(database, presence, "other"), "it is seen")
        assert time.monotonic() - killed < 3
        assert not is_gone(database, presence, "mine")


def test_after_a_restart_of_the_database_nobody_is_gone(postgres: Postgres, database: Database) -> None:
    with settled(database) as presence:
        other = Presence(database.url, "other")
        other.start()
        until(lambda: other.held, "the lock is held")
        with postgres.unreachable(database.url.replace("+psycopg", "")):
            until(lambda: not presence.held and not other.held, "both notice")
            assert not presence.is_gone(None, "other")  # type: ignore[arg-type]  # nobody is asked
        until(lambda: presence.held and other.held, "both are there again")
        until(lambda: is_gone(database, presence, "nobody"), "others can be judged again")
        assert not is_gone(database, presence, "other")
        other.stop()
        assert is_gone(database, presence, "other")
