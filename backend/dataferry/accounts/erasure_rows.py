"""The rows of erasures, and the end of an account. Functions take the session first."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, col, delete, select

from dataferry.accounts.models import Erasure, User
from dataferry.core.db import new_id, now
from dataferry.core.inserts import insert_missing


def of(session: Session, user_id: str) -> Erasure | None:
    """The erasure of an account that is under way."""
    return session.exec(select(Erasure).where(Erasure.user_id == user_id)).one_or_none()


def begin(session: Session, user_id: str, fingerprint: str) -> Erasure:
    """Note that an account is to be erased; the one that is under way where there is one."""
    found = of(session, user_id)
    if found is None:
        insert_missing(session, Erasure(id=new_id("erasure"), user_id=user_id, fingerprint=fingerprint))
        found = of(session, user_id)
        assert found is not None
    return found


def unfinished(session: Session) -> list[str]:
    query = select(Erasure.id).where(col(Erasure.finished_at).is_(None))
    return list(session.exec(query.order_by(col(Erasure.requested_at))))


def close_account(session: Session, erasure_id: str, proof: Mapping[str, Any]) -> None:
    """Delete the account's own row, to which nothing refers any more, and keep the proof."""
    erasure = session.get_one(Erasure, erasure_id)
    session.exec(delete(User).where(col(User.id) == erasure.user_id))
    erasure.proof = dict(proof)
    session.add(erasure)


def forget_user(session: Session, erasure_id: str) -> None:
    """From here on nothing says whose account it was."""
    erasure = session.get_one(Erasure, erasure_id)
    erasure.user_id = None
    session.add(erasure)


def finish(session: Session, erasure_id: str) -> None:
    erasure = session.get_one(Erasure, erasure_id)
    erasure.finished_at = erasure.finished_at or now()
    session.add(erasure)
