"""Rows of accounts and sessions: functions that take a session of the database first."""

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

from sqlalchemy import delete, func, text
from sqlmodel import Session, col, select, update

from dataferry.accounts import erasure_rows, token_rows
from dataferry.accounts.models import PersonalToken, RefreshToken, User
from dataferry.accounts.rules import OPERATOR
from dataferry.accounts.security import Claims
from dataferry.core.db import new_id, now
from dataferry.core.errors import Conflict
from dataferry.core.inserts import insert_missing

#: Two tabs that renew at one time may both use a token, and so may one whose answer was lost; a thief who
#: comes later may not.
REUSE_GRACE_PERIOD = timedelta(seconds=10)
#: Values in one statement.
_BATCH = 500

# -- accounts -------------------------------------------------------------------------------------


def any_user(session: Session) -> bool:
    return session.exec(select(func.count()).where(col(User.operator).is_(False))).one() > 0


def by_email(session: Session, email: str) -> User | None:
    return session.exec(select(User).where(User.email == email)).one_or_none()


def all_users(session: Session) -> Sequence[User]:
    return session.exec(
        select(User).where(col(User.operator).is_(False)).order_by(col(User.created_at))
    ).all()


def emails(session: Session, user_ids: Sequence[str], *, enabled: bool = False) -> dict[str, str]:
    query = select(User).where(col(User.id).in_(user_ids))
    users = session.exec(query.where(~col(User.disabled)) if enabled else query)
    return {user.id: user.email for user in users}


def ids_of(session: Session, emails: Sequence[str]) -> dict[str, str]:
    users = session.exec(select(User).where(col(User.email).in_(emails), col(User.operator).is_(False)))
    return {user.email: user.id for user in users}


def any_admin(session: Session, user_ids: Sequence[str]) -> bool:
    """Whether one of these is an admin."""
    query = select(User.id).where(col(User.id).in_(user_ids), col(User.admin))
    return session.exec(query).first() is not None


def add_user(
    session: Session,
    email: str,
    password_hash: str,
    *,
    admin: bool,
    admit: Callable[[bool], None] | None = None,
) -> User:
    """A new account; the first one is admin in any case.

    ``admit`` is called with whether it is the first, and raises if it may not be. Accounts are added one
    after the other, so there is only one first. Errors: ``IntegrityError`` for an address that is taken.
    """
    _one_at_a_time(session)
    first = not any_user(session)
    if admit is not None:
        admit(first)
    user = User(id=new_id("user"), email=email, password_hash=password_hash, admin=admin or first)
    session.add(user)
    session.flush()
    return user


def operator(session: Session) -> str:
    """The id of this machine's operator."""
    user = by_email(session, OPERATOR)
    if user is None:
        made = User(id=new_id("user"), email=OPERATOR, password_hash="", admin=True, operator=True)
        insert_missing(session, made)
        user = by_email(session, OPERATOR)
        assert user is not None
    return user.id


def set_password(
    session: Session, user_id: str, password_hash: str, *, keep_session: str | None = None
) -> None:
    """A new password ends every session but ``keep_session``."""
    set_password_hash(session, user_id, password_hash)
    end_sessions(session, user_id, but=keep_session)


def set_password_hash(session: Session, user_id: str, password_hash: str) -> None:
    """Store a hash without ending sessions: the same password with other hash parameters."""
    session.exec(update(User).where(col(User.id) == user_id).values(password_hash=password_hash))


def set_disabled(session: Session, user_id: str, disabled: bool) -> None:
    """Errors: ``Conflict`` for the last admin who is let in: nobody could manage the server any more."""
    if disabled:
        check_other_admins(session, user_id)
    elif erasure_rows.of(session, user_id) is not None:
        raise Conflict("That account is being erased.", next_step="Make a new one once it is gone.")
    session.exec(update(User).where(col(User.id) == user_id).values(disabled=disabled))
    if disabled:
        end_sessions(session, user_id)


def check_other_admins(session: Session, user_id: str) -> None:
    """Errors: ``Conflict`` for the last admin who is let in."""
    _one_at_a_time(session)
    if not is_last_admin(session, user_id):
        return
    raise Conflict(
        "That is the last admin of this server.",
        next_step="Make another one first: `dataferry users create EMAIL --admin`.",
    )


def is_last_admin(session: Session, user_id: str) -> bool:
    return _admins(session) == {user_id}


def _admins(session: Session) -> set[str]:
    """The ids of those who can sign in."""
    query = select(User.id).where(
        col(User.admin), col(User.disabled).is_(False), col(User.operator).is_(False)
    )
    return set(session.exec(query))


def _one_at_a_time(session: Session) -> None:
    """From here to the end of the transaction nobody else changes accounts."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite's transactions queue as they are
        session.connection().execute(text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))


# -- sessions: families of refresh tokens ---------------------------------------------------------


def add_token(session: Session, digest: str, user_id: str, session_id: str, lifetime_s: int) -> None:
    expires = now() + timedelta(seconds=lifetime_s)
    session.add(RefreshToken(hash=digest, family_id=session_id, user_id=user_id, expires_at=expires))


def rotate(session: Session, digest: str) -> RefreshToken | None:
    """Use a refresh token up; None where it may not be used. One that was used before ends its session,
    unless that was just now; by a clock that has jumped since it was not."""
    token = session.get(RefreshToken, digest, with_for_update=True)
    if token is None or token.revoked_at is not None or token.expires_at < now():
        return None
    if token.used_at is not None and abs(now() - token.used_at) > REUSE_GRACE_PERIOD:
        end_session(session, token.family_id)
        return None
    if session.get_one(User, token.user_id).disabled:
        return None
    token.used_at = token.used_at or now()
    session.add(token)
    return token


def successor_is_unused(session: Session, digest: str) -> bool | None:
    """Whether a token that followed on another has not been used yet; None where there is none."""
    token = session.get(RefreshToken, digest, with_for_update=True)
    return None if token is None else token.used_at is None


def signed_in(session: Session, claims: Claims) -> tuple[User, PersonalToken | None] | None:
    """The account, and its personal token where it came with one; None where it is disabled, or that session
    or token of it has ended."""
    user = session.get(User, claims.user_id)
    if user is None or not living(session, [claims]):
        return None
    return user, (claims.session_id and session.get(PersonalToken, claims.session_id)) or None


def living(session: Session, asked: Collection[Claims]) -> set[Claims]:
    """Those that have not ended: a session ends with its last refresh token, a personal token by itself, and
    both with their account."""
    users: set[str] = set()
    families: set[str | None] = {None}  # the command line's tokens have no session
    for start in range(0, len(asked), _BATCH):
        batch = list(asked)[start : start + _BATCH]
        ids = {claims.user_id for claims in batch}
        users.update(
            session.exec(select(User.id).where(col(User.id).in_(ids), col(User.disabled).is_(False)))
        )
        living_tokens = select(RefreshToken.family_id).where(
            col(RefreshToken.family_id).in_({claims.session_id for claims in batch if claims.session_id}),
            col(RefreshToken.revoked_at).is_(None),
            RefreshToken.expires_at > now(),
        )
        found = session.exec(living_tokens.distinct()).all()
        families.update(found)
        families.update(token_rows.living_ids(session, {claims.session_id for claims in batch}))
    return {claims for claims in asked if claims.user_id in users and claims.session_id in families}


def end_session_of(session: Session, digest: str) -> None:
    token = session.get(RefreshToken, digest)
    if token is not None:
        end_session(session, token.family_id)


def end_session(session: Session, session_id: str) -> None:
    session.exec(
        update(RefreshToken).where(col(RefreshToken.family_id) == session_id).values(revoked_at=now())
    )


def end_sessions(session: Session, user_id: str, *, but: str | None = None) -> None:
    ending = update(RefreshToken).where(col(RefreshToken.user_id) == user_id)
    if but is not None:
        ending = ending.where(col(RefreshToken.family_id) != but)
    session.exec(ending.values(revoked_at=now()))


def delete_expired_tokens(session: Session, user_id: str) -> None:
    """Delete a person's tokens that would be refused by their age alone."""
    session.exec(
        delete(RefreshToken).where(col(RefreshToken.user_id) == user_id, col(RefreshToken.expires_at) < now())
    )
