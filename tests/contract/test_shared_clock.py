"""A process whose machine's clock is wrong goes by that of the database it shares with others.

A Postgres whose ``clock_timestamp()`` is ten minutes behind is what a machine sees whose own clock is ahead.
The kinds: ayunis-core/ayunis-core#1047 (two clocks disagree, a session ends as stolen), trinodb/trino#3730
(all workers are lost for a clock that is ahead).
"""

import json
import subprocess
import sys

import psycopg

from tests.support.postgres import Postgres

_PROGRAM = """
import json, sys
from datetime import timedelta
from pathlib import Path
from dataferry.accounts.security import AccessTokens, Secrets
from dataferry.core.db import Database, now
from dataferry.core.errors import NotSignedIn
from dataferry.core.settings import Settings

database = Database(sys.argv[1])
database.call(lambda session: session.connection())
secrets = Secrets(Settings(_env_file=None, data_dir=Path("/"), secret_key="k" * 32))
try:
    AccessTokens(secrets, 60).read(AccessTokens(secrets, -60).issue("ada"))
    over = "let in"
except NotSignedIn:
    over = "refused"
print(json.dumps({
    "now": now().timestamp(),
    "living": AccessTokens(secrets, 60).read(AccessTokens(secrets, 60).issue("ada")).user_id,
    "over": over,
}))
database.close()
"""


def test_a_machine_whose_clock_is_ahead_goes_by_the_databases(postgres: Postgres) -> None:
    with postgres.database() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA behind")
            connection.execute(
                "CREATE FUNCTION behind.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS"
                " $$ SELECT pg_catalog.clock_timestamp() - interval '10 minutes' $$"
            )
            name = connection.info.dbname
            connection.execute(f"ALTER DATABASE {name} SET search_path = behind, pg_catalog, public".encode())
            row = connection.execute("SELECT extract(epoch FROM pg_catalog.clock_timestamp())").fetchone()
        assert row is not None
        address = url.replace("postgresql://", "postgresql+psycopg://")
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, address], capture_output=True, text=True, check=True
        )
    told = json.loads(done.stdout)
    assert 0 <= told["now"] - (float(row[0]) - 600) < 60
    assert (told["living"], told["over"]) == ("ada", "refused")
