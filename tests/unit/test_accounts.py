"""Accounts: who gets in, who does not, and that neither answer tells who exists."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlmodel import Session, select

from dataferry.accounts.models import KnownPlace, RefreshToken, User
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
from dataferry.realtime import Bus
from dataferry.realtime.redis_bus import RedisBus
from tests.support.redis import RedisServer

pytestmark = pytest.mark.anyio
EMAIL, PASSWORD = "ada@example.org", "correct horse battery"
#: The same on either database, so tried on one.
sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def make(
    database: Database, folder: Path, *, rounds: int = 1, bus: Bus | None = None, **given: object
) -> Accounts:
    settings = Settings(_env_file=None, data_dir=folder, **given)  # type: ignore[arg-type]
    return Accounts(database, settings, passwords=Passwords(rounds=rounds, memory_kib=8), bus=bus)


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
    assert [user.email for user in await accounts.administration.list_users()] == [EMAIL, "bob@example.org"]
    assert await accounts.any_user()


async def test_of_many_who_register_first_one_is_admin(database: Database, tmp_path: Path) -> None:
    accounts = make(database, tmp_path, open_registration=False)
    emails = [f"user{number}@example.org" for number in range(6)]
    results = await asyncio.gather(
        *(accounts.register(email, PASSWORD) for email in emails), return_exceptions=True
    )
    # Each of them saw an empty installation, and yet one came first; to the others it was closed by then.
    assert sum(isinstance(result, Forbidden) for result in results) == 5
    assert [user.admin for user in await accounts.administration.list_users()] == [True]


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
    # Two tabs may ask at one time, and who has lost the answer may ask again …
    third = await accounts.refresh(first.refresh_token)
    assert third.refresh_token == second.refresh_token != first.refresh_token
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
    assert (await accounts.authenticate(other.access_token)).user.email == EMAIL


async def test_a_token_that_is_used_twice_at_once_makes_one_session_not_two(
    accounts: Accounts, database: Database
) -> None:
    """Who steals a token and uses it at once is noticed later: there is one newest token, which both have."""
    await accounts.register(EMAIL, PASSWORD)
    first = await login(accounts)
    answers = await asyncio.gather(*(accounts.refresh(first.refresh_token) for _ in range(5)))
    assert len({answer.refresh_token for answer in answers}) == 1
    following = await accounts.refresh(answers[0].refresh_token)
    # A late answer to the first token must not put an older one back into the browser.
    assert (await accounts.refresh(first.refresh_token)).refresh_token == following.refresh_token
    assert len(await database.run(_tokens)) == 3
    await database.run(_age, RefreshToken.used_at, timedelta(seconds=11))
    await accounts.refresh(following.refresh_token)
    await database.run(_age, RefreshToken.used_at, timedelta(seconds=11))
    with pytest.raises(NotSignedIn):
        await accounts.refresh(following.refresh_token)
    with pytest.raises(NotSignedIn):
        await accounts.authenticate(following.access_token)


@sqlite_only
async def test_a_clock_that_was_set_back_gives_a_thief_no_more_time(
    accounts: Accounts, database: Database
) -> None:
    await accounts.register(EMAIL, PASSWORD)
    pair = await login(accounts)
    await accounts.refresh(pair.refresh_token)
    await database.run(_age, RefreshToken.used_at, -timedelta(hours=1))
    with pytest.raises(NotSignedIn):
        await accounts.refresh(pair.refresh_token)


@sqlite_only
async def test_a_session_ends_when_its_last_token_expires(accounts: Accounts, database: Database) -> None:
    await accounts.register(EMAIL, PASSWORD)
    pair = await login(accounts)
    await database.run(_age, RefreshToken.expires_at, timedelta(days=31))
    with pytest.raises(NotSignedIn):
        await accounts.authenticate(pair.access_token)


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
    await accounts.administration.reset_password(EMAIL.upper(), "another password")
    with pytest.raises(NotSignedIn):
        await accounts.refresh(pair.refresh_token)
    await login(accounts, password="another password")
    with pytest.raises(NotFound):
        await accounts.administration.reset_password("nobody@example.org", "another password")


async def test_a_disabled_account_is_out_at_once(accounts: Accounts) -> None:
    await accounts.administration.create_user("root@example.org", PASSWORD, admin=True)
    await accounts.register(EMAIL, PASSWORD)
    pair = await login(accounts)
    await accounts.administration.disable(EMAIL)
    with pytest.raises(NotSignedIn):
        await accounts.authenticate(pair.access_token)
    with pytest.raises(NotSignedIn):
        await accounts.refresh(pair.refresh_token)
    with pytest.raises(NotSignedIn, match="password is wrong"):
        await login(accounts)
    assert [user.disabled for user in await accounts.administration.list_users()] == [False, True]
    await accounts.administration.disable(EMAIL, disabled=False)
    await login(accounts)
    with pytest.raises(NotFound):
        await accounts.administration.disable("nobody@example.org")


async def test_the_last_admin_stays(accounts: Accounts) -> None:
    """owncloud/core#33097; newtheatre/stage-door#133: those who are disabled count for nothing."""
    admins = [EMAIL, "bob@example.org", "eve@example.org"]
    for email in admins:
        await accounts.administration.create_user(email, PASSWORD, admin=True)
    await accounts.administration.create_user("member@example.org", PASSWORD)
    # Of all who are disabled at one time one is kept, whoever comes first.
    outcomes = await asyncio.gather(*map(accounts.administration.disable, admins), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome] == [Conflict]
    [admin] = [
        user for user in await accounts.administration.list_users() if user.admin and not user.disabled
    ]
    with pytest.raises(Conflict, match="last admin") as refused:
        await accounts.administration.disable(admin.email)
    assert "users create EMAIL --admin" in refused.value.next_step
    await accounts.administration.disable("member@example.org")


async def test_a_hash_of_older_parameters_is_renewed_at_login(database: Database, tmp_path: Path) -> None:
    await make(database, tmp_path).register(EMAIL, PASSWORD)
    stronger = make(database, tmp_path, rounds=2)
    pair = await login(stronger)
    assert "t=2" in await database.run(lambda session: session.exec(select(User)).one().password_hash)
    await stronger.authenticate(pair.access_token)
    await login(stronger)


async def test_a_socket_ticket_works_once(accounts: Accounts) -> None:
    user = await accounts.register(EMAIL, PASSWORD)
    pair = await login(accounts)
    ticket = await accounts.issue_ws_ticket(pair.access_token)
    async with accounts.open_by_ticket(ticket) as session:
        assert (session.viewer.user_id, session.viewer.admin) == (user.id, True)
    for used in (ticket, "guess", ""):
        assert await is_refused(accounts, used)


async def is_refused(accounts: Accounts, ticket: str) -> bool:
    try:
        async with accounts.open_by_ticket(ticket):
            return False
    except NotSignedIn:
        return True


async def end_by_sign_out(accounts: Accounts, pair: TokenPair) -> None:
    await accounts.logout(pair.refresh_token)


async def end_by_password_change(accounts: Accounts, _pair: TokenPair) -> None:
    elsewhere = await login(accounts)
    await accounts.change_password(elsewhere.access_token, PASSWORD, "another password")


async def end_by_reset(accounts: Accounts, _pair: TokenPair) -> None:
    await accounts.administration.reset_password(EMAIL, "another password")


async def end_by_disabling(accounts: Accounts, _pair: TokenPair) -> None:
    await accounts.administration.create_user("root@example.org", PASSWORD, admin=True)
    await accounts.administration.disable(EMAIL)


async def end_by_theft(accounts: Accounts, pair: TokenPair) -> None:
    await accounts.refresh(pair.refresh_token)
    await accounts._database.run(_age, RefreshToken.used_at, timedelta(seconds=11))
    with pytest.raises(NotSignedIn):
        await accounts.refresh(pair.refresh_token)


ENDS = [end_by_sign_out, end_by_password_change, end_by_reset, end_by_disabling, end_by_theft]


@sqlite_only
@pytest.mark.parametrize("end", ENDS)
async def test_what_is_open_ends_with_its_session_and_a_ticket_too(
    accounts: Accounts, end: Callable[[Accounts, TokenPair], Awaitable[None]]
) -> None:
    await accounts.register(EMAIL, PASSWORD)
    pair = await login(accounts)
    ticket, unused = [await accounts.issue_ws_ticket(pair.access_token) for _ in range(2)]
    async with accounts.open_by_ticket(ticket) as opened, accounts.open_by_token(pair.access_token) as read:
        assert not opened.ended.is_set()
        await end(accounts, pair)
        async with asyncio.timeout(20):
            await opened.ended.wait()
            await read.ended.wait()
    assert await is_refused(accounts, unused)


@sqlite_only
async def test_what_another_session_has_open_goes_on(accounts: Accounts) -> None:
    await accounts.register(EMAIL, PASSWORD)
    here, there = await login(accounts), await login(accounts)
    async with accounts.open_by_token(here.access_token) as kept:
        async with accounts.open_by_token(there.access_token) as cut:
            await accounts.change_password(here.access_token, PASSWORD, "another password")
            async with asyncio.timeout(20):
                await cut.ended.wait()
        assert not kept.ended.is_set()


@sqlite_only
async def test_what_the_command_line_ends_is_noticed_a_little_later(
    database: Database, tmp_path: Path
) -> None:
    """It is another process, with no bus to this one."""
    server, command_line = make(database, tmp_path, session_check_s=0.05), make(database, tmp_path)
    await server.register(EMAIL, PASSWORD)
    pair = await login(server)
    await server.administration.create_user("root@example.org", PASSWORD, admin=True)
    operator = await asyncio.to_thread(server.operator_token)
    async with server.open_by_token(pair.access_token) as opened, server.open_by_token(operator) as kept:
        await command_line.administration.disable(EMAIL)
        async with asyncio.timeout(20):
            await opened.ended.wait()
        assert not kept.ended.is_set()
    server.close()
    command_line.close()


@sqlite_only
async def test_a_deleted_account_has_nothing_open(accounts: Accounts, database: Database) -> None:
    await accounts.register(EMAIL, PASSWORD)
    pair = await login(accounts)
    async with accounts.open_by_token(pair.access_token) as opened:
        for model in (RefreshToken, KnownPlace, User):
            await database.run(lambda session, model=model: session.exec(delete(model)))  # type: ignore[misc]
        await accounts.logout("any")  # makes it look
        async with asyncio.timeout(20):
            await opened.ended.wait()


@sqlite_only
async def test_servers_tell_each_other_over_redis_that_a_session_has_ended(
    database: Database, tmp_path: Path, redis: RedisServer
) -> None:
    buses = [RedisBus(redis.url), RedisBus(redis.url)]
    for bus in buses:
        await bus.start()
    here, there = [make(database, tmp_path, bus=bus, session_check_s=3600) for bus in buses]
    await here.register(EMAIL, PASSWORD)
    pair = await login(here)
    async with there.open_by_token(pair.access_token) as opened:
        await here.logout(pair.refresh_token)
        async with asyncio.timeout(20):
            await opened.ended.wait()
    for accounts, bus in zip((here, there), buses, strict=True):
        accounts.close()
        await bus.close()


async def test_the_operator_acts_but_is_nobodys_account(accounts: Accounts) -> None:
    token = await asyncio.to_thread(accounts.operator_token)
    operator = (await accounts.authenticate(token)).user
    assert operator.admin
    assert not await accounts.any_user()
    assert await accounts.administration.list_users() == []
    assert (await accounts.register(EMAIL, PASSWORD)).admin
    for attempt in ("", PASSWORD):
        with pytest.raises(NotSignedIn):
            await login(accounts, operator.email, attempt)
        with pytest.raises(Forbidden):
            await accounts.change_password(token, attempt, "another password")
    with pytest.raises(InvalidInput):
        await accounts.register(operator.email, PASSWORD)
    with pytest.raises(NotFound):
        await accounts.administration.disable(operator.email)
    own = await asyncio.to_thread(accounts.operator_token, EMAIL)
    assert (await accounts.authenticate(own)).user.email == EMAIL
    with pytest.raises(NotFound):
        await asyncio.to_thread(accounts.operator_token, "nobody@example.org")
    await accounts.administration.create_user("bob@example.org", PASSWORD)
    await accounts.administration.disable("bob@example.org")
    with pytest.raises(Forbidden, match="is disabled"):
        await asyncio.to_thread(accounts.operator_token, "bob@example.org")


async def test_an_admin_is_made_by_the_operator(accounts: Accounts) -> None:
    assert (await accounts.administration.create_user(EMAIL, PASSWORD)).admin
    assert (await accounts.administration.create_user("bob@example.org", PASSWORD, admin=True)).admin
    carol = await accounts.administration.create_user("carol@example.org", PASSWORD)
    assert not carol.admin
    assert await accounts.emails([carol.id, "user_unknown"]) == {carol.id: carol.email}
    with pytest.raises(Conflict):
        await accounts.administration.create_user(EMAIL, PASSWORD)


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
async def test_after_five_failures_from_one_place_it_waits_there(accounts: Accounts) -> None:
    await accounts.register(EMAIL, PASSWORD)
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            await login(accounts, password="wrong password")
    with pytest.raises(TooManyRequests) as refused:
        await login(accounts)
    assert 0 < (refused.value.retry_after or 0) <= 30


@sqlite_only
@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org"])
async def test_a_stranger_keeps_nobody_out(accounts: Accounts, email: str) -> None:
    """nextcloud/server#8510, #703; and what they learn is the same for an account that does not exist."""
    await accounts.register(EMAIL, PASSWORD)
    kinds = await guess(accounts, email, 20, ["203.0.113.9"])
    assert kinds == [NotSignedIn] * 5 + [TooManyRequests] * 15
    await accounts.login(EMAIL, PASSWORD, address="198.51.100.7")  # never seen before


async def guess(accounts: Accounts, email: str, tries: int, addresses: list[str]) -> list[type]:
    kinds: list[type] = []
    for number in range(tries):
        address = addresses[number % len(addresses)]
        try:
            await accounts.login(email, f"wrong password {number}", address=address)
        except (NotSignedIn, TooManyRequests) as error:
            kinds.append(type(error))
    return kinds


@sqlite_only
@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org"])
async def test_a_guesser_with_many_addresses_is_slowed_and_the_owner_is_not(
    database: Database, tmp_path: Path, email: str
) -> None:
    accounts = make(database, tmp_path)
    await accounts.register(EMAIL, PASSWORD)
    await accounts.login(EMAIL, PASSWORD, address="192.0.2.1", device="ada's browser")
    kinds = await guess(accounts, email, 60, [f"203.0.113.{number}" for number in range(60)])
    # Hashing takes a moment: the first waits are short enough to be over by then.
    assert kinds.count(NotSignedIn) < 40
    await accounts.login(EMAIL, PASSWORD, address="192.0.2.1")
    await accounts.login(EMAIL, PASSWORD, address="198.51.100.7", device="ada's browser")
    with pytest.raises(TooManyRequests if email == EMAIL else NotSignedIn):
        await accounts.login(EMAIL, "wrong password", address="198.51.100.8", device="another browser")
    # A restart knows the owner's places too, and the key that hides them is the server's.
    again = make(database, tmp_path)
    await guess(again, EMAIL, 40, [f"203.0.113.{number}" for number in range(40)])
    await again.login(EMAIL, PASSWORD, address="192.0.2.1")
    stored = " ".join(await database.run(lambda session: session.exec(select(KnownPlace.place)).all()))
    assert "192.0.2.1" not in stored
    assert "browser" not in stored
    accounts.close()
    again.close()


@sqlite_only
async def test_one_address_for_all_behind_it_keeps_those_who_are_known_in(accounts: Accounts) -> None:
    """PhilETaylor at zkrana/joomla-security-scanner#11: three wrong passwords took a whole office offline."""
    for name in ("ada", "bob"):
        await accounts.register(f"{name}@example.org", PASSWORD, address="192.0.2.1")
    await accounts.login("bob@example.org", PASSWORD, address="192.0.2.1", device="bob's browser")
    kinds = [
        kind
        for number in range(60)
        for kind in await guess(accounts, f"user{number}@example.org", 1, ["192.0.2.1"])
    ]
    # One password on many accounts is slowed, whoever guesses at those who are known too …
    assert kinds.count(TooManyRequests) > 5
    await guess(accounts, "ada@example.org", 6, ["192.0.2.1"])
    await guess(accounts, "bob@example.org", 6, ["192.0.2.1"])
    with pytest.raises(TooManyRequests):
        await accounts.login("ada@example.org", PASSWORD, address="192.0.2.1")
    # … and yet a browser that its owner has used before stands apart from all that.
    await accounts.login("bob@example.org", PASSWORD, address="192.0.2.1", device="bob's browser")


@sqlite_only
async def test_a_known_browser_does_not_open_other_accounts(accounts: Accounts) -> None:
    """Whoever has an account, and signs in to it between the guesses, gets no more of them (PortSwigger's lab
    "broken brute-force protection, IP block")."""
    await accounts.register(EMAIL, PASSWORD)
    await accounts.register("eve@example.org", PASSWORD)
    kinds = []
    for number in range(12):
        kinds += await guess(accounts, EMAIL, 1, ["203.0.113.9"])
        if number % 2:
            await accounts.login("eve@example.org", PASSWORD, address="203.0.113.9", device="eve's browser")
    assert kinds.count(NotSignedIn) == 5
    for _ in range(5):
        with pytest.raises(TooManyRequests):
            await accounts.login(EMAIL, "guess", address="203.0.113.9", device="eve's browser")


@sqlite_only
async def test_an_ipv6_customer_is_one_address(accounts: Accounts) -> None:
    await accounts.register(EMAIL, PASSWORD)
    kinds = await guess(accounts, EMAIL, 10, [f"2001:db8::{number}" for number in range(1, 10)])
    assert kinds == [NotSignedIn] * 5 + [TooManyRequests] * 5
    assert await guess(accounts, EMAIL, 1, ["2001:db8:0:1::1"]) == [NotSignedIn]


@sqlite_only
async def test_the_places_that_are_kept_are_few(accounts: Accounts, database: Database) -> None:
    await accounts.register(EMAIL, PASSWORD, address="192.0.2.0")
    for number in range(25):
        await accounts.login(EMAIL, PASSWORD, address=f"192.0.2.{number}", device="ada's browser")
    places = await database.run(lambda session: session.exec(select(KnownPlace.place)).all())
    assert sorted(place.partition(":")[0] for place in places) == ["address"] * 20 + ["device"]
    assert len(places) == len(set(places))


async def test_two_who_sign_in_at_one_time_are_remembered_once(
    accounts: Accounts, database: Database
) -> None:
    await accounts.register(EMAIL, PASSWORD)
    await asyncio.gather(*(login(accounts) for _ in range(6)))
    assert len(await database.run(lambda session: session.exec(select(KnownPlace)).all())) == 1


@sqlite_only
async def test_registrations_from_one_address_are_limited(database: Database, tmp_path: Path) -> None:
    accounts = make(database, tmp_path, registrations=3)
    for number in range(3):
        await accounts.register(f"user{number}@example.org", PASSWORD, address="2001:db8::1")
    for email in ("user0@example.org", "user9@example.org"):  # it is no way to ask who has an account either
        with pytest.raises(TooManyRequests) as refused:
            await accounts.register(email, PASSWORD, address="2001:db8::2")
        assert 0 < (refused.value.retry_after or 0) <= 30
    with pytest.raises(InvalidInput):  # a slip costs nothing
        await accounts.register("no address", PASSWORD, address="2001:db8::2")
    await accounts.register("user9@example.org", PASSWORD, address="2001:db8:0:1::1")
    # What is counted there is not a failed sign-in.
    await accounts.login("user0@example.org", PASSWORD, address="2001:db8::3")
    accounts.close()


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
    thief, owner = await login(accounts), await login(accounts)
    for _ in range(5):
        with pytest.raises(Forbidden):
            await accounts.change_password(thief.access_token, "wrong password", "another password")
    with pytest.raises(TooManyRequests):
        await accounts.change_password(thief.access_token, PASSWORD, "another password")
    # Neither they nor strangers at the sign-in keep the owner from a new password.
    await guess(accounts, EMAIL, 6, ["203.0.113.9"])
    await accounts.change_password(owner.access_token, PASSWORD, "another password")
    with pytest.raises(NotSignedIn):
        await accounts.authenticate(thief.access_token)


def _tokens(session: Session) -> list[RefreshToken]:
    return list(session.exec(select(RefreshToken)).all())


def _age(session: Session, column: object, by: timedelta) -> None:
    """As if that much time had passed for what is recorded in ``column``."""
    for token in _tokens(session):
        time = getattr(token, column.key)  # type: ignore[attr-defined]
        if time is not None:
            setattr(token, column.key, time - by)  # type: ignore[attr-defined]
            session.add(token)
