"""Which connection is closed where there are too many."""

import logging

import pytest

from dataferry.api.connections import STATE_KEY, Connection, Connections, sign_in


class Site:
    """A table of connections, and the names of those that it closed, in order."""

    def __init__(self, limit: int, client_limit: int, proxies: tuple[str, ...] = ()) -> None:
        self.now = 0.0
        self.table = Connections(
            limit, client_limit, trusted=lambda address: address in proxies, clock=lambda: self.now
        )
        self.closed: list[str] = []
        self._opened = 0

    def open(self, address: str = "192.0.2.1", name: str = "") -> Connection:
        self.now += 1
        self._opened += 1
        name = name or str(self._opened)
        return self.table.open(address, lambda: self.closed.append(name))

    def person(self, user_id: str, name: str = "") -> Connection:
        connection = self.open("192.0.2.200", name)
        connection.works()
        connection.sign_in(user_id)
        return connection


def test_an_address_loses_the_connections_that_are_silent_for_longest() -> None:
    site = Site(100, 3)
    for _ in range(5):
        site.open()
    site.open("192.0.2.2", "another")
    assert site.closed == ["1", "2"]
    assert len(site.table) == 4


def test_who_came_just_now_may_say_who_it_is() -> None:
    site = Site(20, 2)
    for _ in range(15):
        site.open()
        site.now -= 0.9  # ten come in each second
    assert site.closed == [str(number) for number in range(1, 11)]
    assert len(site.table) == 5
    for _ in range(40):
        site.open()
        site.now -= 1  # all at once
    assert len(site.table) == 20


def test_the_addresses_of_one_ipv6_line_are_one() -> None:
    site = Site(100, 2)
    for number in range(4):
        site.open(f"2001:db8::{number}")
    site.open("2001:db8:0:1::1")
    assert site.closed == ["1", "2"]


def test_addresses_of_ipv4_on_a_socket_of_both_kinds_are_many() -> None:
    site = Site(100, 2)
    for number in range(4):
        site.open(f"::ffff:192.0.2.{number}")
    site.open("fe80::1%eth0")
    site.open("/run/dataferry.sock")
    assert site.closed == []


def test_an_answer_under_way_is_never_closed() -> None:
    site = Site(100, 2)
    answered = [site.open() for _ in range(4)]
    for connection in answered:
        connection.works()
    site.open(name="silent")
    site.open(name="newest")
    assert site.closed == ["1", "2", "silent"]  # the first two were silent when more came
    assert answered[3].may_ask
    answered.append(site.open())
    answered[-1].works()
    assert not answered[-1].may_ask, "three requests of one address are under way, and two may be"


def test_strangers_leave_half_of_the_room_to_those_who_are_signed_in() -> None:
    site = Site(10, 100)
    for number in range(8):
        site.open(f"198.51.100.{number}", name=f"stranger {number}")
    assert site.closed == ["stranger 0", "stranger 1", "stranger 2"]
    people = [site.person(f"user {number}") for number in range(5)]
    assert len(site.table) == 9  # the first of them took the place of a fourth stranger, and gave it back
    assert not set(site.closed) & {str(number) for number in range(9, 14)}, "a person was cut"
    assert all(person.known for person in people)


def test_who_is_idle_makes_room_before_a_newcomer_is_refused() -> None:
    site = Site(4, 100)
    people = [site.person(f"user {number}", f"user {number}") for number in range(4)]
    site.open(name="refused")
    assert site.closed == ["refused"]
    people[2].waits()
    site.open(name="welcome")
    assert site.closed == ["refused", "user 2"]


def test_one_person_cannot_take_everybodys_room() -> None:
    site = Site(100, 2)
    first = site.person("eve", "eve 1")
    for number in range(2, 5):
        site.person("eve", f"eve {number}")
    site.person("ada", "ada")
    assert site.closed == ["eve 3", "eve 4"]
    first.waits()
    site.person("eve", "eve 5")
    assert site.closed == ["eve 3", "eve 4", "eve 1"]


def test_a_proxys_connections_are_many_peoples() -> None:
    site = Site(100, 2, proxies=("10.0.0.1",))
    through = [site.open("10.0.0.1") for _ in range(60)]
    assert site.closed == []
    for number, connection in enumerate(through):
        connection.works()
        connection.sign_in("ada")
        assert connection.may_ask, number


def test_what_has_ended_is_forgotten() -> None:
    site = Site(100, 5)
    for number in range(1000):
        connection = site.open(f"203.0.113.{number % 250}")
        connection.works()
        connection.sign_in(f"user {number}")
        connection.release()
        connection.release()
        connection.waits()
        connection.sign_in("somebody")
    assert len(site.table) == 0
    assert site.table._clients == {}
    assert site.closed == []


def test_what_ends_late_takes_nothing_from_those_who_came_meanwhile() -> None:
    site = Site(100, 1)
    first = site.open()
    first.release()
    for _ in range(3):
        site.open()
        first.release()
    assert site.closed == ["2", "3"]


def test_the_log_says_it_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    site = Site(100, 1)
    with caplog.at_level(logging.WARNING):
        for _ in range(50):
            site.open()
    assert len(caplog.records) == 1


def test_another_server_counts_nothing() -> None:
    sign_in({"type": "http"}, "ada")
    sign_in({"type": "http", "state": {STATE_KEY: "of somebody else"}}, "ada")
