"""Accounts: who gets in, who does not, and that neither answer tells who exists."""

import asyncio
from pathlib import Path

import pytest
from jose import jwt

from dataferry.accounts.security import AccessTokens, Passwords, Secrets
from dataferry.accounts.service import Accounts
from dataferry.core.db import Database
from dataferry.core.errors import (
    ConfigError,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    NotSignedIn,
    TooManyRequests,
)
from dataferry.core.settings import Settings

pytestmark = pytest.mark.anyio
PASSWORD = "correct horse battery"


def settings_for(folder: Path, **given: object) -> Settings:
    return Settings(_env_file=None, data_dir=folder, **given)  # type: ignore[arg-type]


@pytest.fixture
def accounts(database: Database, tmp_path: Path) -> Accounts:
    return make(database, tmp_path)


def make(database: Database, folder: Path, **given: object) -> Accounts:
    return Accounts(database, settings_for(folder, **given), passwords=Passwords(rounds=1, memory_kib=8))


async def login(accounts: Accounts, email: str = "ada@example.org", password: str = PASSWORD) -> str:
    return (await accounts.login(email, password, address="192.0.2.1")).refresh_token


async def test_the_first_account_is_admin_and_the_next_is_not(accounts: Accounts) -> None:
    assert not await accounts.any_user()
    assert (await accounts.register("Ada@Example.org ", PASSWORD)).admin
    assert not (await accounts.register("bob@example.org", PASSWORD)).admin
    assert [user.email for user in await accounts.list_users()] == ["ada@example.org", "bob@example.org"]


async def test_one_address_is_one_account_however_it_is_spelled(accounts: Accounts) -> None:
    await accounts.register("ada@example.org", PASSWORD)
    with pytest.raises(Conflict):
        await accounts.register("ADA@example.org", PASSWORD)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("nobody", PASSWORD),
        ("a@b@c", PASSWORD),
        ("ada@example.org", "short"),
        ("ada@example.org", "x" * 1025),
        ("ada@example.org", "Ada@example.org"),
    ],
)
async def test_what_cannot_be_an_account_is_refused(accounts: Accounts, email: str, password: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await accounts.register(email, password)
    assert refused.value.next_step


async def test_closed_registration_lets_only_the_first_in(database: Database, tmp_path: Path) -> None:
    accounts = make(database, tmp_path, open_registration=False)
    await accounts.register("ada@example.org", PASSWORD)
    with pytest.raises(Forbidden, match="closed"):
        await accounts.register("eve@example.org", PASSWORD)


async def test_away_from_loopback_the_first_account_needs_the_setup_token(
    database: Database, tmp_path: Path
) -> None:
    accounts = make(database, tmp_path, host="0.0.0.0")
    for wrong in (None, "", "guess"):
        with pytest.raises(Forbidden, match="setup token"):
            await accounts.register("eve@example.org", PASSWORD, setup_token=wrong)
    assert (await accounts.register("ada@example.org", PASSWORD, setup_token=accounts.setup_token)).admin
    await accounts.register("bob@example.org", PASSWORD)


async def test_unknown_address_and_wrong_password_answer_alike(accounts: Accounts) -> None:
    await accounts.register("ada@example.org", PASSWORD)
    words = []
    for email, password in (("ada@example.org", "wrong password"), ("eve@example.org", PASSWORD)):
        with pytest.raises(NotSignedIn) as refused:
            await login(accounts, email, password)
        words.append(str(refused.value))
    assert words[0] == words[1]


async def test_the_sixth_try_in_a_minute_waits_even_with_the_right_password(accounts: Accounts) -> None:
    await accounts.register("ada@example.org", PASSWORD)
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            await login(accounts, password="wrong password")
    with pytest.raises(TooManyRequests) as refused:
        await login(accounts)
    assert 0 < (refused.value.retry_after or 0) <= 60


async def test_failures_of_one_address_are_counted_over_all_accounts(accounts: Accounts) -> None:
    for number in range(5):
        with pytest.raises(NotSignedIn):
            await login(accounts, f"user{number}@example.org", "wrong password")
    with pytest.raises(TooManyRequests):
        await login(accounts, "another@example.org")


async def test_a_refresh_token_works_once_and_its_theft_ends_the_family(
    accounts: Accounts, database: Database
) -> None:
    await accounts.register("ada@example.org", PASSWORD)
    first = await login(accounts)
    second = (await accounts.refresh(first)).refresh_token
    # Two tabs may ask at one time …
    assert (await accounts.refresh(first)).refresh_token != second
    # … but a token that was used some time ago is in the wrong hands.
    await database.run(_age_tokens)
    with pytest.raises(NotSignedIn):
        await accounts.refresh(first)
    with pytest.raises(NotSignedIn):
        await accounts.refresh(second)


def _age_tokens(session: "object") -> None:
    from datetime import timedelta

    from sqlmodel import Session, select

    from dataferry.accounts.models import RefreshToken

    assert isinstance(session, Session)
    for token in session.exec(select(RefreshToken)).all():
        if token.used_at is not None:
            token.used_at -= timedelta(minutes=1)
            session.add(token)


async def test_signing_out_ends_that_session_only(accounts: Accounts) -> None:
    await accounts.register("ada@example.org", PASSWORD)
    here, there = await login(accounts), await login(accounts)
    await accounts.logout(here)
    with pytest.raises(NotSignedIn):
        await accounts.refresh(here)
    await accounts.refresh(there)
    await accounts.logout("unknown")


async def test_a_new_password_ends_every_session(accounts: Accounts) -> None:
    user = await accounts.register("ada@example.org", PASSWORD)
    token = await login(accounts)
    with pytest.raises(Forbidden, match="current password"):
        await accounts.change_password(user.id, "wrong password", "another password")
    await accounts.change_password(user.id, PASSWORD, "another password")
    with pytest.raises(NotSignedIn):
        await accounts.refresh(token)
    await login(accounts, password="another password")


async def test_a_disabled_account_is_out_at_once(accounts: Accounts) -> None:
    await accounts.register("ada@example.org", PASSWORD)
    pair = await accounts.login("ada@example.org", PASSWORD, address="x")
    await accounts.disable("ada@example.org")
    with pytest.raises(NotSignedIn):
        await accounts.authenticate(pair.access_token)
    with pytest.raises(NotSignedIn):
        await accounts.refresh(pair.refresh_token)
    with pytest.raises(NotSignedIn):
        await login(accounts)
    await accounts.disable("ada@example.org", disabled=False)
    await login(accounts)
    with pytest.raises(NotFound):
        await accounts.disable("nobody@example.org")


async def test_a_hash_of_older_parameters_is_renewed_at_login(database: Database, tmp_path: Path) -> None:
    await make(database, tmp_path).register("ada@example.org", PASSWORD)
    stronger = Accounts(database, settings_for(tmp_path), passwords=Passwords(rounds=2, memory_kib=16))
    await login(stronger)
    from sqlmodel import select

    from dataferry.accounts.models import User

    stored = await database.run(lambda session: session.exec(select(User)).one().password_hash)
    assert "t=2" in stored
    await login(stronger)


async def test_a_socket_ticket_works_once(accounts: Accounts) -> None:
    user = await accounts.register("ada@example.org", PASSWORD)
    ticket = accounts.issue_ws_ticket(user.id)
    assert (await accounts.redeem_ws_ticket(ticket)).user_id == user.id
    for used in (ticket, "guess"):
        with pytest.raises(NotSignedIn):
            await accounts.redeem_ws_ticket(used)


async def test_the_operator_acts_but_is_nobodys_account(accounts: Accounts) -> None:
    operator = await accounts.authenticate(await asyncio.to_thread(accounts.operator_token))
    assert operator.admin
    assert not await accounts.any_user()
    assert await accounts.list_users() == []
    with pytest.raises(NotSignedIn):
        await login(accounts, operator.email, "")
    with pytest.raises(NotFound):
        await asyncio.to_thread(accounts.operator_token, "nobody@example.org")


async def test_tokens_of_another_key_kind_or_without_an_end_are_refused(tmp_path: Path) -> None:
    secrets = Secrets(settings_for(tmp_path))
    tokens = AccessTokens(secrets, 60)
    assert tokens.user_id(tokens.issue("user_1")) == "user_1"
    key = secrets.subkey("access-token").hex()
    forged = [
        jwt.encode({"sub": "user_1", "aud": "dataferry"}, key, algorithm="HS256"),
        jwt.encode({"sub": "user_1", "exp": 4_000_000_000}, key, algorithm="HS256"),
        jwt.encode({"sub": "user_1", "aud": "dataferry", "exp": 1}, key, algorithm="HS256"),
        jwt.encode({"sub": "user_1", "aud": "dataferry", "exp": 4_000_000_000}, key, algorithm="HS512"),
        jwt.encode({"sub": "user_1", "aud": "dataferry", "exp": 4_000_000_000}, "x" * 32, algorithm="HS256"),
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c2VyXzEiLCJhdWQiOiJkYXRhZmVycnkiLCJleHAiOjQwMDAwMDAwMDB9.",
        "",
    ]
    for token in forged:
        with pytest.raises(NotSignedIn):
            tokens.user_id(token)


async def test_links_are_sealed_and_a_lost_key_is_said(tmp_path: Path) -> None:
    secrets = Secrets(settings_for(tmp_path / "a"))
    link = "https://example.org/a.zip?signature=secret"
    sealed = secrets.encrypt(link)
    assert "secret" not in sealed
    assert sealed != secrets.encrypt(link)
    assert secrets.decrypt(sealed) == link
    with pytest.raises(ConfigError, match="SECRET_KEY"):
        Secrets(settings_for(tmp_path / "b")).decrypt(sealed)
    key = tmp_path / "a" / "secret.key"
    assert key.stat().st_mode & 0o777 == 0o600
