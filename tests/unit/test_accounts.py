"""Accounts: who gets in, who does not, and that neither answer tells who exists."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from dataferry.accounts.models import RefreshToken, User
from dataferry.accounts.security import Passwords
from dataferry.accounts.service import Accounts
from dataferry.accounts.views import TokenPair
from dataferry.core.db import Database
from dataferry.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    NotSignedIn,
    TooManyRequests,
)
from dataferry.core.settings import Settings

pytestmark = pytest.mark.anyio
EMAIL, PASSWORD = "ada@example.org", "correct horse battery"


def make(database: Database, folder: Path, *, rounds: int = 1, **given: object) -> Accounts:
    settings = Settings(_env_file=None, data_dir=folder, **given)  # type: ignore[arg-type]
    return Accounts(database, settings, passwords=Passwords(rounds=rounds, memory_kib=8))


@pytest.fixture
def accounts(database: Database, tmp_path: Path) -> Iterator[Accounts]:
    accounts = make(database, tmp_path)
    yield accounts
    accounts.close()


async def login(accounts: Accounts, email: str = EMAIL, password: str = PASSWORD) -> TokenPair:
    return await accounts.login(email, password, address="192.0.2.1")


async def test_the_first_account_is_admin_and_the_next_is_not(accounts: Accounts) -> None:
    assert not await accounts.any_user()
    assert (await accounts.register("Ada@Example.org ", PASSWORD)).admin
    assert not (await accounts.register("bob@example.org", PASSWORD)).admin
    assert [user.email for user in await accounts.list_users()] == [EMAIL, "bob@example.org"]
    assert await accounts.any_user()


async def test_of_many_who_register_first_one_is_admin(database: Database, tmp_path: Path) -> None:
    accounts = make(database, tmp_path, open_registration=False)
    emails = [f"user{number}@example.org" for number in range(6)]
    results = await asyncio.gather(
        *(accounts.register(email, PASSWORD) for email in emails), return_exceptions=True
    )
    # Each of them saw an empty installation, and yet one came first; to the others it was closed by then.
    assert sum(isinstance(result, Forbidden) for result in results) == 5
    assert [user.admin for user in await accounts.list_users()] == [True]


async def test_of_two_who_take_one_address_one_gets_it(accounts: Accounts) -> None:
    results = await asyncio.gather(
        accounts.register(EMAIL, PASSWORD),
        accounts.register("ＡDA@example.org", PASSWORD),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "UserView"]
    with pytest.raises(Conflict, match="e-mail"):
        await accounts.register(f" {EMAIL.upper()}", PASSWORD)


async def test_a_refresh_token_works_once_and_its_theft_ends_the_session(
    accounts: Accounts, database: Database
) -> None:
    await accounts.register(EMAIL, PASSWORD)
    first = await login(accounts)
    second = await accounts.refresh(first.refresh_token)
    # Two tabs may ask at one time …
    third = await accounts.refresh(first.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    other = await login(accounts)
    # … but a token that was used some time ago is in the wrong hands.
    await database.run(_age, RefreshToken.used_at, timedelta(seconds=11))
    with pytest.raises(NotSignedIn):
        await accounts.refresh(first.refresh_token)
    for pair in (second, third):
        with pytest.raises(NotSignedIn):
            await accounts.refresh(pair.refresh_token)
        with pytest.raises(NotSignedIn):
            await accounts.authenticate(pair.access_token)
    assert (await accounts.authenticate(other.access_token)).email == EMAIL


async def test_an_expired_refresh_token_is_refused_and_forgotten(
    accounts: Accounts, database: Database
) -> None:
    await accounts.register(EMAIL, PASSWORD)
    pair = await login(accounts)
    await database.run(_age, RefreshToken.expires_at, timedelta(days=31))
    with pytest.raises(NotSignedIn):
        await accounts.refresh(pair.refresh_token)
    await login(accounts)
    assert len(await database.run(_tokens)) == 1


async def test_only_the_hash_of_a_refresh_token_is_kept(accounts: Accounts, database: Database) -> None:
    await accounts.register(EMAIL, PASSWORD)
    pair = await login(accounts)
    (stored,) = await database.run(_tokens)
    assert pair.refresh_token not in stored.model_dump_json()
    assert pair.refresh_token not in repr(pair)
    assert pair.access_token not in repr(pair)


async def test_signing_out_ends_that_session_only(accounts: Accounts) -> None:
    await accounts.register(EMAIL, PASSWORD)
    here, there = await login(accounts), await login(accounts)
    await accounts.logout(here.refresh_token)
    with pytest.raises(NotSignedIn):
        await accounts.refresh(here.refresh_token)
    with pytest.raises(NotSignedIn):
        await accounts.authenticate(here.access_token)
    await accounts.refresh(there.refresh_token)
    await accounts.authenticate(there.access_token)
    await accounts.logout("unknown")


async def test_a_new_password_ends_every_other_session(accounts: Accounts) -> None:
    await accounts.register(EMAIL, PASSWORD)
    here, there = await login(accounts), await login(accounts)
    with pytest.raises(Forbidden, match="current password"):
        await accounts.change_password(here.access_token, "wrong password", "another password")
    with pytest.raises(InvalidInput):
        await accounts.change_password(here.access_token, PASSWORD, "short")
    await accounts.change_password(here.access_token, PASSWORD, "another password")
    with pytest.raises(NotSignedIn):
        await accounts.refresh(there.refresh_token)
    with pytest.raises(NotSignedIn):
        await accounts.authenticate(there.access_token)
    await accounts.refresh(here.refresh_token)
    await login(accounts, password="another password")
    with pytest.raises(NotSignedIn):
        await login(accounts)


async def test_a_reset_ends_every_session(accounts: Accounts) -> None:
    await accounts.register(EMAIL, PASSWORD)
    pair = await login(accounts)
    await accounts.reset_password(EMAIL.upper(), "another password")
    with pytest.raises(NotSignedIn):
        await accounts.refresh(pair.refresh_token)
    await login(accounts, password="another password")
    with pytest.raises(NotFound):
        await accounts.reset_password("nobody@example.org", "another password")


async def test_a_disabled_account_is_out_at_once(accounts: Accounts) -> None:
    await accounts.register(EMAIL, PASSWORD)
    pair = await login(accounts)
    await accounts.disable(EMAIL)
    with pytest.raises(NotSignedIn):
        await accounts.authenticate(pair.access_token)
    with pytest.raises(NotSignedIn):
        await accounts.refresh(pair.refresh_token)
    with pytest.raises(NotSignedIn, match="password is wrong"):
        await login(accounts)
    assert [user.disabled for user in await accounts.list_users()] == [True]
    await accounts.disable(EMAIL, disabled=False)
    await login(accounts)
    with pytest.raises(NotFound):
        await accounts.disable("nobody@example.org")


async def test_a_hash_of_older_parameters_is_renewed_at_login(database: Database, tmp_path: Path) -> None:
    await make(database, tmp_path).register(EMAIL, PASSWORD)
    stronger = make(database, tmp_path, rounds=2)
    pair = await login(stronger)
    assert "t=2" in await database.run(lambda session: session.exec(select(User)).one().password_hash)
    await stronger.authenticate(pair.access_token)
    await login(stronger)


async def test_a_socket_ticket_works_once(accounts: Accounts) -> None:
    user = await accounts.register(EMAIL, PASSWORD)
    ticket = await accounts.issue_ws_ticket(user.id)
    viewer = await accounts.redeem_ws_ticket(ticket)
    assert (viewer.user_id, viewer.admin) == (user.id, True)
    for used in (ticket, "guess", ""):
        with pytest.raises(NotSignedIn):
            await accounts.redeem_ws_ticket(used)
    ticket = await accounts.issue_ws_ticket(user.id)
    await accounts.disable(EMAIL)
    with pytest.raises(NotSignedIn):
        await accounts.redeem_ws_ticket(ticket)


async def test_the_operator_acts_but_is_nobodys_account(accounts: Accounts) -> None:
    token = await asyncio.to_thread(accounts.operator_token)
    operator = await accounts.authenticate(token)
    assert operator.admin
    assert not await accounts.any_user()
    assert await accounts.list_users() == []
    assert (await accounts.register(EMAIL, PASSWORD)).admin
    for attempt in ("", PASSWORD):
        with pytest.raises(NotSignedIn):
            await login(accounts, operator.email, attempt)
        with pytest.raises(Forbidden):
            await accounts.change_password(token, attempt, "another password")
    with pytest.raises(InvalidInput):
        await accounts.register(operator.email, PASSWORD)
    with pytest.raises(NotFound):
        await accounts.disable(operator.email)
    own = await asyncio.to_thread(accounts.operator_token, EMAIL)
    assert (await accounts.authenticate(own)).email == EMAIL
    with pytest.raises(NotFound):
        await asyncio.to_thread(accounts.operator_token, "nobody@example.org")


async def test_an_admin_is_made_by_the_operator(accounts: Accounts) -> None:
    assert (await accounts.create_user(EMAIL, PASSWORD)).admin
    assert (await accounts.create_user("bob@example.org", PASSWORD, admin=True)).admin
    carol = await accounts.create_user("carol@example.org", PASSWORD)
    assert not carol.admin
    assert await accounts.emails([carol.id, "user_unknown"]) == {carol.id: carol.email}
    with pytest.raises(Conflict):
        await accounts.create_user(EMAIL, PASSWORD)


# -- the same on either database, so tried on one -------------------------------------------------

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@sqlite_only
@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("nobody", PASSWORD),
        ("a@b@c", PASSWORD),
        ("a b@example.org", PASSWORD),
        ("<b>@example.org", PASSWORD),
        ("ada@example..org", PASSWORD),
        ("ada@.example.org", PASSWORD),
        ("ada\u200b@example.org", PASSWORD),
        ("ada\0@example.org", PASSWORD),
        (EMAIL, "short"),
        (EMAIL, "x" * 1025),
        (EMAIL, "Ada@example.org"),
    ],
)
async def test_what_cannot_be_an_account_is_refused(accounts: Accounts, email: str, password: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await accounts.register(email, password)
    assert refused.value.detail.startswith(("email:", "password:"))
    assert refused.value.next_step
    with pytest.raises(NotSignedIn):
        await login(accounts, email, password)


@sqlite_only
async def test_a_password_may_be_in_any_script_however_it_is_composed(accounts: Accounts) -> None:
    await accounts.register("jürgen@münchen.example", "Zürich 冬の旅 🎿")
    await login(accounts, "ju\u0308rgen@münchen.example", "Zu\u0308rich 冬の旅 🎿")


@sqlite_only
async def test_away_from_loopback_the_first_account_needs_the_setup_token(
    database: Database, tmp_path: Path
) -> None:
    accounts = make(database, tmp_path, host="192.0.2.1")
    for wrong in (None, "", "guess", "ä"):
        with pytest.raises(Forbidden, match="setup token"):
            await accounts.register("eve@example.org", PASSWORD, setup_token=wrong)
    assert (await accounts.register(EMAIL, PASSWORD, setup_token=accounts.setup_token)).admin
    await accounts.register("bob@example.org", PASSWORD)


@sqlite_only
async def test_unknown_address_and_wrong_password_answer_alike(accounts: Accounts) -> None:
    await accounts.register(EMAIL, PASSWORD)
    words = []
    for email, password in ((EMAIL, "wrong password"), ("eve@example.org", PASSWORD)):
        with pytest.raises(NotSignedIn) as refused:
            await login(accounts, email, password)
        words.append((refused.value.detail, refused.value.next_step))
    assert words[0] == words[1]


@sqlite_only
async def test_the_sixth_try_in_a_minute_waits_even_with_the_right_password(accounts: Accounts) -> None:
    await accounts.register(EMAIL, PASSWORD)
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            await login(accounts, password="wrong password")
    with pytest.raises(TooManyRequests) as refused:
        await login(accounts)
    assert 0 < (refused.value.retry_after or 0) <= 60
    # Another place is no way round it: the account itself is counted.
    with pytest.raises(TooManyRequests):
        await accounts.login(EMAIL, PASSWORD, address="198.51.100.7")


@sqlite_only
async def test_failures_of_one_address_are_counted_over_all_accounts(accounts: Accounts) -> None:
    for number in range(5):
        with pytest.raises(NotSignedIn):
            await login(accounts, f"user{number}@example.org", "wrong password")
    with pytest.raises(TooManyRequests):
        await login(accounts, "another@example.org")


@sqlite_only
async def test_tries_sent_all_at_one_time_are_counted_too(accounts: Accounts) -> None:
    await accounts.register(EMAIL, PASSWORD)
    guesses = [f"wrong password {number}" for number in range(30)] + [PASSWORD]
    results = await asyncio.gather(
        *(login(accounts, password=guess) for guess in guesses), return_exceptions=True
    )
    kinds = [type(result) for result in results]
    # Two are hashed at a time: the sixth may have begun when the fifth failed.
    assert kinds.count(NotSignedIn) <= 6
    assert kinds[-1] is TooManyRequests


@sqlite_only
async def test_a_success_forgives_the_account_its_failures(accounts: Accounts) -> None:
    await accounts.register(EMAIL, PASSWORD)
    for address in range(3):
        for _ in range(3):
            with pytest.raises(NotSignedIn):
                await accounts.login(EMAIL, "wrong password", address=f"192.0.2.{address}")
        await accounts.login(EMAIL, PASSWORD, address=f"192.0.2.{address}")


@sqlite_only
async def test_guessing_the_current_password_is_slow_too(accounts: Accounts) -> None:
    await accounts.register(EMAIL, PASSWORD)
    pair = await login(accounts)
    for _ in range(5):
        with pytest.raises(Forbidden):
            await accounts.change_password(pair.access_token, "wrong password", "another password")
    with pytest.raises(TooManyRequests):
        await accounts.change_password(pair.access_token, PASSWORD, "another password")


def _tokens(session: Session) -> list[RefreshToken]:
    return list(session.exec(select(RefreshToken)).all())


def _age(session: Session, column: object, by: timedelta) -> None:
    """As if that much time had passed for what is recorded in ``column``."""
    for token in _tokens(session):
        time = getattr(token, column.key)  # type: ignore[attr-defined]
        if time is not None:
            setattr(token, column.key, time - by)  # type: ignore[attr-defined]
            session.add(token)
