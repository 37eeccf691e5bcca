"""Rows of personal tokens: functions that take a session of the database first."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, or_, select, update

from dataferry.accounts.models import PersonalToken, User
from dataferry.core.db import now

#: Between two notes of a token's use.
_USE_INTERVAL = timedelta(minutes=1)
#: So long a revoked token is told from one that nobody ever had.
_REVOKED_KEPT_FOR = timedelta(days=180)


def tokens_of(session: Session, user_id: str) -> Sequence[PersonalToken]:
    """Those that are not revoked, newest first; expired ones too."""
    query = select(PersonalToken).where(
        PersonalToken.user_id == user_id, col(PersonalToken.revoked_at).is_(None)
    )
    return session.exec(query.order_by(col(PersonalToken.created_at).desc())).all()


def by_digest(session: Session, digest: str) -> tuple[PersonalToken, User] | None:
    """A token and its person, whether it may still be used or not."""
    query = select(PersonalToken, User).where(
        PersonalToken.hash == digest, col(User.id) == col(PersonalToken.user_id)
    )
    return session.exec(query).one_or_none()


def living_ids(session: Session, ids: Collection[str | None]) -> Sequence[str]:
    """Of these, the tokens that are neither revoked nor expired."""
    query = select(PersonalToken.id).where(
        col(PersonalToken.id).in_(ids),
        col(PersonalToken.revoked_at).is_(None),
        or_(col(PersonalToken.expires_at).is_(None), col(PersonalToken.expires_at) > now()),
    )
    return session.exec(query).all()


def revoke(session: Session, user_id: str, token_id: str) -> bool:
    """Revoke a person's token and, one after the other, those made with it; False where there is none."""
    mine = tokens_of(session, user_id)
    if token_id not in (token.id for token in mine):
        return False
    revoked = {token_id}
    for token in reversed(mine):  # what was made with one is younger
        if token.made_with in revoked:
            revoked.add(token.id)
    session.exec(update(PersonalToken).where(col(PersonalToken.id).in_(revoked)).values(revoked_at=now()))
    return True


def is_worth_noting(last_used_at: datetime | None) -> bool:
    return last_used_at is None or abs(now() - last_used_at) >= _USE_INTERVAL


def note_use(session: Session, token_id: str) -> None:
    """Another process may have noted it meanwhile."""
    token = session.get(PersonalToken, token_id, with_for_update=True)
    if token is not None and is_worth_noting(token.last_used_at):
        token.last_used_at = now()
        session.add(token)


def delete_long_revoked(session: Session, user_id: str) -> None:
    session.exec(
        delete(PersonalToken).where(
            col(PersonalToken.user_id) == user_id,
            col(PersonalToken.revoked_at) < now() - _REVOKED_KEPT_FOR,
        )
    )
