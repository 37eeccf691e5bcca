"""Where the owner of an account has signed in from: browsers, known by a cookie, and addresses.

Kept in the database, so that every process and the next start know them.
"""

import hmac
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, select

from dataferry.accounts.limits import network_of
from dataferry.accounts.models import KnownPlace, User
from dataferry.core.db import now
from dataferry.core.inserts import insert_or_replace

#: Of each kind, for one account.
_KEPT = 20
_KEPT_FOR = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a try to sign in comes from, as it is stored. ``device`` is None without a cookie."""

    address: str
    device: str | None

    @classmethod
    def of(cls, key: bytes, address: str, device: str | None) -> "Place":
        """Hashed with ``key``: there are few enough addresses to try them all on a plain hash."""

        def stored(kind: str, text: str) -> str:
            digest = hmac.digest(key, f"{kind}:{text}".encode(errors="surrogatepass"), "sha256")
            return f"{kind}:{digest.hex()}"

        return cls(stored("address", network_of(address)), stored("device", device) if device else None)

    @property
    def all(self) -> list[str]:
        return [self.address] if self.device is None else [self.address, self.device]


def known_of(session: Session, email: str, place: Place) -> set[str]:
    """Which of the place's two an account is known to sign in from; the same work where there is none."""
    rows = (
        select(KnownPlace.place)
        .join(User, col(User.id) == col(KnownPlace.user_id))
        .where(User.email == email, col(KnownPlace.place).in_(place.all))
    )
    return set(session.exec(rows))


def remember(session: Session, user_id: str, place: Place) -> None:
    """The account's owner has signed in from there; of each kind the latest are kept."""
    session.get_one(User, user_id, with_for_update=True)  # of two that sign in at one time one waits
    for name in place.all:
        insert_or_replace(session, KnownPlace(user_id=user_id, place=name, seen_at=now()))
        kind = col(KnownPlace.place).startswith(name.partition(":")[0] + ":")
        mine = select(KnownPlace.place).where(KnownPlace.user_id == user_id, kind)
        latest = session.exec(mine.order_by(col(KnownPlace.seen_at).desc()).limit(_KEPT)).all()
        session.exec(
            delete(KnownPlace).where(
                col(KnownPlace.user_id) == user_id,
                kind,
                col(KnownPlace.place).not_in(latest) | (col(KnownPlace.seen_at) < now() - _KEPT_FOR),
            )
        )
