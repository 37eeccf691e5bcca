"""People: who they are, how they sign in, and how that ends."""

import hashlib
import re
import secrets as random
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select, update

from dataferry.accounts.limits import FailureLimit
from dataferry.accounts.models import RefreshToken, User
from dataferry.accounts.security import AccessTokens, Passwords, Secrets
from dataferry.accounts.views import TokenPair, UserView
from dataferry.core.db import Database, new_id, now
from dataferry.core.errors import Conflict, Forbidden, InvalidInput, NotFound, NotSignedIn
from dataferry.core.settings import Settings
from dataferry.core.types import Viewer

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_PASSWORD_LENGTH = range(8, 1025)
_TICKET_S = 30.0
#: Two tabs that refresh at one time both may use a token; a thief who comes later may not.
_REUSE_GRACE = timedelta(seconds=10)
_OPERATOR = "operator@localhost"


class Accounts:
    """Register, sign in, stay signed in, sign out; and what an admin does from the CLI."""

    def __init__(self, database: Database, settings: Settings, *, passwords: Passwords | None = None) -> None:
        self._database = database
        self._settings = settings
        self._passwords = passwords or Passwords()
        self._tokens = AccessTokens(Secrets(settings), settings.access_token_s)
        self._limit = FailureLimit(settings.login_failures)
        self._tickets: dict[str, tuple[str, float]] = {}
        self._tickets_lock = threading.Lock()
        #: What the first registration must show when the server can be reached from elsewhere.
        self.setup_token = None if settings.loopback else random.token_urlsafe(16)

    # -- registering and signing in -----------------------------------------------------------

    async def any_user(self) -> bool:
        """Whether anybody has an account yet."""
        return await self._database.run(_any_user)

    async def register(self, email: str, password: str, *, setup_token: str | None = None) -> UserView:
        """A new account; the first one is admin.

        Errors: ``InvalidInput``, ``Forbidden`` (registration is closed, or the setup token is
        wrong), ``Conflict``.
        """
        email = _checked(email, password)
        if await self.any_user():
            if not self._settings.open_registration:
                raise Forbidden("Registration is closed here.", next_step="Ask an admin for an account.")
        elif self.setup_token is not None and not random.compare_digest(
            (setup_token or "").encode(), self.setup_token.encode()
        ):
            raise Forbidden(
                "The first account needs the setup token.",
                next_step="It was printed when the server started.",
            )
        return await self._create(email, password, admin=None)

    async def login(self, email: str, password: str, *, address: str) -> TokenPair:
        """Tokens for a password. Unknown e-mail and wrong password answer alike and take alike.

        ``address``: where the request comes from. Errors: ``NotSignedIn``, ``TooManyRequests``.
        """
        email = email.strip().lower()
        subjects = (f"account:{email}", f"address:{address}")
        self._limit.check(*subjects)
        user = await self._database.run(_by_email, email)
        stored = user.password_hash if user and not user.disabled and not user.operator else None
        if not await self._passwords.verify(password, stored) or user is None:
            self._limit.count(*subjects)
            raise NotSignedIn(
                "The e-mail address or the password is wrong.",
                next_step="Try again, or ask an admin to reset the password.",
            )
        self._limit.clear(subjects[0])
        if self._passwords.outdated(user.password_hash):
            await self._database.run(_set_password, user.id, await self._passwords.hash(password))
        return await self._database.run(self._open_session, user.id, new_id("family"))

    async def refresh(self, refresh_token: str) -> TokenPair:
        """The next pair of tokens. A token that was used before ends its whole family.

        Errors: ``NotSignedIn``.
        """
        pair = await self._database.run(self._rotate, refresh_token)
        if pair is None:
            raise NotSignedIn("The session has ended.", next_step="Sign in again.")
        return pair

    async def logout(self, refresh_token: str) -> None:
        """End the session that the token belongs to; an unknown token is fine."""
        await self._database.run(_revoke_family_of, _digest(refresh_token))

    async def authenticate(self, access_token: str) -> UserView:
        """Whose access token it is. Errors: ``NotSignedIn``."""
        return await self.user(self._tokens.user_id(access_token))

    async def user(self, user_id: str) -> UserView:
        """Errors: ``NotSignedIn`` for an account that is gone or disabled."""
        user = await self._database.run(lambda session: session.get(User, user_id))
        if user is None or user.disabled:
            raise NotSignedIn("This account cannot be used.", next_step="Ask an admin.")
        return _view(user)

    async def change_password(self, user_id: str, old: str, new: str) -> None:
        """Set a new password and end every session. Errors: ``InvalidInput``, ``Forbidden``."""
        user = await self._database.run(lambda session: session.get_one(User, user_id))
        self._limit.check(f"account:{user.email}")
        _checked(user.email, new)
        if not await self._passwords.verify(old, user.password_hash):
            self._limit.count(f"account:{user.email}")
            raise Forbidden("The current password is wrong.", next_step="Type it again.")
        await self._database.run(_set_password, user_id, await self._passwords.hash(new), end_sessions=True)

    # -- WebSocket tickets --------------------------------------------------------------------

    def issue_ws_ticket(self, user_id: str) -> str:
        """A ticket that opens one socket within 30 s: a browser's socket can send no header, and a
        token in an address would end in logs."""
        ticket = random.token_urlsafe(24)
        now_s = time.monotonic()
        with self._tickets_lock:
            self._tickets = {t: entry for t, entry in self._tickets.items() if entry[1] > now_s}
            self._tickets[ticket] = (user_id, now_s + _TICKET_S)
        return ticket

    async def redeem_ws_ticket(self, ticket: str) -> Viewer:
        """Who holds the ticket; it works once. Errors: ``NotSignedIn``."""
        with self._tickets_lock:
            user_id, expires = self._tickets.pop(ticket, ("", 0.0))
        if expires < time.monotonic():
            raise NotSignedIn("The ticket is used or expired.", next_step="Ask for a new one.")
        user = await self.user(user_id)
        return Viewer(user.id, user.admin)

    # -- for other services and the CLI -------------------------------------------------------

    async def emails(self, user_ids: Sequence[str]) -> dict[str, str]:
        """User id → e-mail, for those that exist."""
        return await self._database.run(_emails, user_ids)

    def operator_token(self, email: str | None = None) -> str:
        """An access token for the CLI: this machine's operator, or the account of ``email``.

        Blocks. Errors: ``NotFound``.
        """
        if email is not None:
            user = self._database.call(_by_email, email.strip().lower())
            if user is None or user.disabled:
                raise NotFound(f"There is no account {email}.", next_step="See `dataferry users list`.")
            return self._tokens.issue(user.id)
        return self._tokens.issue(self._database.call(_operator))

    async def list_users(self) -> list[UserView]:
        users = await self._database.run(lambda s: s.exec(select(User).order_by(col(User.created_at))).all())
        return [_view(user) for user in users if not user.operator]

    async def create_user(self, email: str, password: str, *, admin: bool = False) -> UserView:
        """Errors: ``InvalidInput``, ``Conflict``."""
        return await self._create(_checked(email, password), password, admin=admin or None)

    async def reset_password(self, email: str, password: str) -> None:
        """Errors: ``InvalidInput``, ``NotFound``."""
        user = await self._existing(email)
        _checked(user.email, password)
        await self._database.run(
            _set_password, user.id, await self._passwords.hash(password), end_sessions=True
        )

    async def disable(self, email: str, *, disabled: bool = True) -> None:
        """Keep an account out, or let it in again. Errors: ``NotFound``."""
        user = await self._existing(email)
        await self._database.run(_set_disabled, user.id, disabled)

    # -- inside -------------------------------------------------------------------------------

    async def _create(self, email: str, password: str, *, admin: bool | None) -> UserView:
        """``admin`` None: only if it is the first account."""
        password_hash = await self._passwords.hash(password)
        try:
            return _view(await self._database.run(_insert, email, password_hash, admin))
        except IntegrityError:
            raise Conflict("There is an account with that e-mail address.", next_step="Sign in.") from None

    async def _existing(self, email: str) -> User:
        user = await self._database.run(_by_email, email.strip().lower())
        if user is None or user.operator:
            raise NotFound(f"There is no account {email}.", next_step="See `dataferry users list`.")
        return user

    def _open_session(self, session: Session, user_id: str, family_id: str) -> TokenPair:
        token = random.token_urlsafe(32)
        session.add(
            RefreshToken(
                hash=_digest(token),
                family_id=family_id,
                user_id=user_id,
                expires_at=now() + timedelta(seconds=self._settings.refresh_token_s),
            )
        )
        return TokenPair(
            access_token=self._tokens.issue(user_id),
            refresh_token=token,
            expires_in=self._tokens.lifetime_s,
            user=_view(session.get_one(User, user_id)),
        )

    def _rotate(self, session: Session, refresh_token: str) -> TokenPair | None:
        token = session.get(RefreshToken, _digest(refresh_token), with_for_update=True)
        if token is None or token.revoked_at is not None or token.expires_at < now():
            return None
        if token.used_at is not None and token.used_at < now() - _REUSE_GRACE:
            _revoke_family(session, token.family_id)
            return None
        if session.get_one(User, token.user_id).disabled:
            return None
        token.used_at = token.used_at or now()
        session.add(token)
        return self._open_session(session, token.user_id, token.family_id)


def _checked(email: str, password: str) -> str:
    """The address as it is stored. Errors: ``InvalidInput`` naming the field."""
    email = email.strip().lower()
    if not _EMAIL.fullmatch(email):
        raise InvalidInput("That is not an e-mail address.", next_step="Write it as name@example.org.")
    if len(password) not in _PASSWORD_LENGTH:
        raise InvalidInput("The password is too short or too long.", next_step="Use 8 to 1024 characters.")
    if password.lower() == email:
        raise InvalidInput("The password is the e-mail address.", next_step="Choose another one.")
    return email


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _view(user: User) -> UserView:
    return UserView(
        id=user.id, email=user.email, admin=user.admin, disabled=user.disabled, created_at=user.created_at
    )


def _any_user(session: Session) -> bool:
    return session.exec(select(func.count()).where(col(User.operator).is_(False))).one() > 0


def _by_email(session: Session, email: str) -> User | None:
    return session.exec(select(User).where(User.email == email)).one_or_none()


def _insert(session: Session, email: str, password_hash: str, admin: bool | None) -> User:
    # SQLite's IMMEDIATE transactions come one after the other, so two first accounts cannot both be
    # admin there. On Postgres the setup token keeps strangers out of that race.
    first = not _any_user(session)
    user = User(
        id=new_id("user"), email=email, password_hash=password_hash, admin=first if admin is None else admin
    )
    session.add(user)
    session.flush()
    return user


def _operator(session: Session) -> str:
    user = _by_email(session, _OPERATOR)
    if user is None:
        user = User(id=new_id("user"), email=_OPERATOR, password_hash="", admin=True, operator=True)
        session.add(user)
    return user.id


def _emails(session: Session, user_ids: Sequence[str]) -> dict[str, str]:
    users = session.exec(select(User).where(col(User.id).in_(user_ids)))
    return {user.id: user.email for user in users}


def _set_password(session: Session, user_id: str, password_hash: str, *, end_sessions: bool = False) -> None:
    user = session.get_one(User, user_id)
    user.password_hash = password_hash
    session.add(user)
    if end_sessions:
        _revoke_all(session, user_id)


def _set_disabled(session: Session, user_id: str, disabled: bool) -> None:
    user = session.get_one(User, user_id)
    user.disabled = disabled
    session.add(user)
    if disabled:
        _revoke_all(session, user_id)


def _revoke_family_of(session: Session, digest: str) -> None:
    token = session.get(RefreshToken, digest)
    if token is not None:
        _revoke_family(session, token.family_id)


def _revoke_family(session: Session, family_id: str) -> None:
    session.exec(
        update(RefreshToken).where(col(RefreshToken.family_id) == family_id).values(revoked_at=now())
    )


def _revoke_all(session: Session, user_id: str) -> None:
    session.exec(update(RefreshToken).where(col(RefreshToken.user_id) == user_id).values(revoked_at=now()))
