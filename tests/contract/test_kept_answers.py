"""Repeats of a request are told apart over processes, on both databases."""

import asyncio
from pathlib import Path

import pytest

from dataferry.accounts import rows
from dataferry.accounts.kept_answers import Answer, Claim, KeptAnswers
from dataferry.accounts.security import Secrets
from dataferry.core.db import Database
from dataferry.core.errors import KeyUsed, StillAnswering
from dataferry.core.settings import Settings

pytestmark = pytest.mark.anyio

ANSWER = Answer(201, {"content-type": "application/json"}, '{"id": "ünique"}')


def processes(database: Database, folder: Path, count: int, hold_s: float = 30) -> list[KeptAnswers]:
    """As many services as ``count`` processes on one database have."""
    secrets = Secrets(Settings(_env_file=None, data_dir=folder))  # type: ignore[call-arg]
    return [KeptAnswers(database, secrets, hold_s=hold_s) for _ in range(count)]


def person(database: Database) -> str:
    return database.call(rows.add_user, "ada@example.org", "", admin=False).id


async def test_one_of_many_processes_answers_and_the_others_repeat_it(
    database: Database, tmp_path: Path
) -> None:
    user, kept = person(database), processes(database, tmp_path, 8)
    outcomes = await asyncio.gather(
        *(one.claim(user, "key", "request") for one in kept), return_exceptions=True
    )
    (claim,) = (outcome for outcome in outcomes if isinstance(outcome, Claim))
    assert sum(isinstance(outcome, StillAnswering) for outcome in outcomes) == 7
    with pytest.raises(KeyUsed):
        await kept[0].claim(user, "key", "another request")
    await kept[1].keep(claim, ANSWER)
    assert await kept[2].claim(user, "key", "request") == ANSWER


async def test_what_failed_leaves_the_key_free(database: Database, tmp_path: Path) -> None:
    user, (kept,) = person(database), processes(database, tmp_path, 1)
    claim = await kept.claim(user, "key", "request")
    assert isinstance(claim, Claim)
    with pytest.raises(ZeroDivisionError):
        async with kept.held(claim):
            raise ZeroDivisionError
    assert isinstance(await kept.claim(user, "key", "request"), Claim)


async def test_a_request_that_goes_on_holds_its_key_and_one_whose_process_died_does_not(
    database: Database, tmp_path: Path
) -> None:
    user, (kept, other) = person(database), processes(database, tmp_path, 2, hold_s=0.3)
    claim = await kept.claim(user, "key", "request")
    assert isinstance(claim, Claim)
    async with kept.held(claim):
        await asyncio.sleep(0.6)  # longer than one hold
        with pytest.raises(StillAnswering):
            await other.claim(user, "key", "request")
    await asyncio.sleep(0.4)  # nobody holds it, and nobody has answered
    second = await other.claim(user, "key", "request")
    assert isinstance(second, Claim)
    await kept.keep(claim, ANSWER)  # too late: it is the other's turn
    with pytest.raises(StillAnswering):
        await kept.claim(user, "key", "request")
