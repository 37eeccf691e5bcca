"""Limits and tickets: in one process, and over several through Redis, which may be away."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis

from dataferry.accounts.limits import FailureLimit, account_subject, address_subject
from dataferry.accounts.redis_state import RedisFailureLimit, RedisSocketTickets, connect
from dataferry.accounts.security import Passwords
from dataferry.accounts.service import Accounts
from dataferry.accounts.tickets import SocketTickets
from dataferry.core.db import Database
from dataferry.core.errors import NotSignedIn, TooManyRequests
from dataferry.core.settings import Settings
from tests.support.redis import RedisServer, redis_server


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connection(redis: RedisServer) -> Iterator[Redis]:
    with connect(redis.url) as connection:
        connection.flushall()
        yield connection


MakeLimit = Callable[[], FailureLimit]
MakeTickets = Callable[[], SocketTickets]


@pytest.fixture(params=["local", "shared"])
def make_limit(request: pytest.FixtureRequest, clock: Clock) -> MakeLimit:
    if request.param == "local":
        return lambda: FailureLimit(3, clock=clock)
    connection = request.getfixturevalue("connection")
    return lambda: RedisFailureLimit(connection, 3, clock=clock)


@pytest.fixture(params=["local", "shared"])
def make_tickets(request: pytest.FixtureRequest) -> MakeTickets:
    if request.param == "local":
        return SocketTickets
    connection = request.getfixturevalue("connection")
    return lambda: RedisSocketTickets(connection)


def wait_of(limit: FailureLimit, *subjects: str) -> float | None:
    try:
        limit.check(*subjects)
    except TooManyRequests as error:
        return error.retry_after
    return None


def test_the_limit_slides_with_the_minute(make_limit: MakeLimit, clock: Clock) -> None:
    limit = make_limit()
    for _ in range(3):
        assert wait_of(limit, "a", "b") is None
        limit.count("a")
        clock.now += 10
    assert wait_of(limit, "b") is None
    # The first failure is 30 s old: in 30 s more there are two left within the minute.
    assert wait_of(limit, "b", "a") == 30
    clock.now += 30
    assert wait_of(limit, "a") is None
    limit.count("a")
    assert wait_of(limit, "a") == 10
    clock.now += 60
    assert wait_of(limit, "a") is None


def test_the_answer_says_how_long_to_wait(clock: Clock) -> None:
    limit = FailureLimit(1, clock=clock)
    limit.count("a")
    clock.now += 17.4
    with pytest.raises(TooManyRequests) as refused:
        limit.check("a")
    assert refused.value.retry_after == pytest.approx(42.6)
    assert refused.value.next_step == "Wait 43 seconds and try again."


def test_a_success_forgives(make_limit: MakeLimit) -> None:
    limit = make_limit()
    for _ in range(3):
        limit.count("a", "b")
    limit.clear("a")
    assert wait_of(limit, "a") is None
    assert wait_of(limit, "b") == 60


def test_a_clock_that_was_set_back_keeps_nobody_out_for_long(make_limit: MakeLimit, clock: Clock) -> None:
    limit = make_limit()
    for _ in range(3):
        limit.count("a")
    clock.now -= 86_400
    assert wait_of(limit, "a") == 60


def test_quiet_subjects_are_forgotten(clock: Clock) -> None:
    limit = FailureLimit(1, clock=clock)
    for number in range(10_000):
        limit.count(f"quiet {number}")
    clock.now += 61
    limit.count("a")
    assert wait_of(limit, "a") == 60
    assert wait_of(limit, "quiet 1") is None


def test_an_address_is_its_network() -> None:
    assert address_subject("2001:db8::1") == address_subject("2001:db8::ffff:1")
    assert address_subject("2001:db8::1") != address_subject("2001:db8:0:1::1")
    assert address_subject("192.0.2.1") != address_subject("192.0.2.2")
    assert address_subject("testclient") == "address:testclient"
    assert len(account_subject("x" * 10_000)) < 400


def test_a_ticket_works_once(make_tickets: MakeTickets) -> None:
    tickets = make_tickets()
    one, other = tickets.issue("user_1"), tickets.issue("user_2")
    assert one != other
    assert tickets.redeem(one) == "user_1"
    for used in (one, "", "guess", "\ud800"):
        assert tickets.redeem(used) is None
    assert tickets.redeem(other) == "user_2"


def test_a_ticket_works_for_half_a_minute(clock: Clock, connection: Redis) -> None:
    tickets = SocketTickets(clock=clock)
    early, late = tickets.issue("user_1"), tickets.issue("user_1")
    clock.now += 29
    assert tickets.redeem(early) == "user_1"
    clock.now += 1
    assert tickets.redeem(late) is None

    RedisSocketTickets(connection).issue("user_1")
    (key,) = connection.scan_iter("dataferry:ticket:*")
    assert 28 <= connection.ttl(key) <= 30


def test_processes_share_what_redis_holds(connection: Redis, clock: Clock) -> None:
    here, there = (RedisFailureLimit(connection, 3, clock=clock) for _ in range(2))
    ada = account_subject("ada@example.org")
    here.count(ada)
    there.count(ada)
    here.count(ada)
    assert wait_of(here, ada) == wait_of(there, ada) == 60
    assert 58 <= connection.ttl(next(connection.scan_iter("dataferry:failures:*"))) <= 60

    ticket = RedisSocketTickets(connection).issue("user_1")
    assert RedisSocketTickets(connection).redeem(ticket) == "user_1"
    assert RedisSocketTickets(connection).redeem(ticket) is None
    # Neither an address nor a ticket can be read there.
    dump = " ".join(f"{key}" for key in connection.scan_iter())
    assert "ada" not in dump
    assert ticket not in dump


def test_without_redis_each_process_goes_on_alone(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with redis_server() as server, connect(server.url) as connection:
        limit, tickets = RedisFailureLimit(connection, 3, clock=clock), RedisSocketTickets(connection)
        server.stop()
        for _ in range(3):
            assert wait_of(limit, "a") is None
            limit.count("a")
        assert wait_of(limit, "a") == 60
        limit.clear("a")
        assert wait_of(limit, "a") is None
        ticket = tickets.issue("user_1")
        assert tickets.redeem("guess") is None
        # Issued here, so it is known here, also when Redis is back.
        server.start()
        assert tickets.redeem(ticket) == "user_1"
    assert "goes on alone" in caplog.text


@pytest.mark.anyio
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_two_servers_count_one_guessers_tries_together(
    database: Database, connection: Redis, redis: RedisServer, tmp_path: Path
) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, REDIS_URL=redis.url)  # type: ignore[call-arg]
    servers = [Accounts(database, settings, passwords=Passwords(rounds=1, memory_kib=8)) for _ in range(2)]
    user = await servers[0].register("ada@example.org", "correct horse battery")
    for number in range(5):
        with pytest.raises(NotSignedIn):
            await servers[number % 2].login(user.email, "wrong password", address="192.0.2.1")
    for server in servers:
        with pytest.raises(TooManyRequests):
            await server.login(user.email, "correct horse battery", address="192.0.2.1")
    ticket = await servers[0].issue_ws_ticket(user.id)
    assert (await servers[1].redeem_ws_ticket(ticket)).user_id == user.id
    for server in servers:
        server.close()
