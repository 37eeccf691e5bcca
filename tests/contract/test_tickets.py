"""Tickets that open a socket once: at the process that issued them, or at any that shares its database."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select, update

from dataferry.accounts.models import UsedTicket
from dataferry.accounts.security import AccessTokens, Claims, Secrets
from dataferry.accounts.tickets import SharedTickets, SocketTickets, Tickets
from dataferry.core.db import Database, now
from dataferry.core.settings import Settings

ADA, BOB = Claims("ada", "session_1"), Claims("bob", None)


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return Secrets(Settings(_env_file=None, data_dir=tmp_path, secret_key="k" * 32))


def test_a_ticket_works_once_and_at_every_process(database: Database, secrets: Secrets) -> None:
    own = SocketTickets()
    pairs: list[tuple[Tickets, Tickets]] = [
        (own, own),
        (SharedTickets(database, secrets), SharedTickets(database, secrets)),
    ]
    for here, there in pairs:
        one, other = here.issue(ADA), here.issue(BOB)
        assert one != other
        assert there.redeem(one) == ADA
        for used in (one, "", "guess", "\ud800", AccessTokens(secrets, 60).issue("ada")):
            assert here.redeem(used) is None
            assert there.redeem(used) is None
        assert there.redeem(other) == BOB


def test_a_ticket_works_for_half_a_minute(database: Database, secrets: Secrets) -> None:
    passed_s = 0.0
    own = SocketTickets(clock=lambda: passed_s)
    early, late = own.issue(ADA), own.issue(ADA)
    passed_s = 29.0
    assert own.redeem(early) == ADA
    passed_s = 30.0
    assert own.redeem(late) is None

    shared = SharedTickets(database, secrets)
    assert shared.redeem(SharedTickets(database, secrets, ttl_s=1).issue(ADA)) == ADA
    assert shared.redeem(SharedTickets(database, secrets, ttl_s=-10).issue(ADA)) is None


def test_used_tickets_are_forgotten(database: Database, secrets: Secrets) -> None:
    shared = SharedTickets(database, secrets)
    shared.redeem(shared.issue(ADA))
    past = now() - timedelta(seconds=1)
    database.call(lambda session: session.exec(update(UsedTicket).values(expires_at=past)))
    shared.redeem(shared.issue(ADA))

    def used(session: Session) -> int:
        return len(session.exec(select(UsedTicket)).all())

    assert database.read(used) == 1
