"""People: who they are, how they sign in, and how that ends."""

import base64
import hashlib
import hmac
import secrets as random
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

from sqlmodel import Session

from dataferry.accounts import places, rows
from dataferry.accounts.administration import Administration, no_account, user_view
from dataferry.accounts.limits import (
    Subject,
    TryLimits,
    password_change_subject,
    registration_subject,
    sign_in_subjects,
)
from dataferry.accounts.models import User
from dataferry.accounts.open_sessions import OpenSessions
from dataferry.accounts.personal_tokens import PersonalTokens, scope_of
from dataferry.accounts.places import Place
from dataferry.accounts.rules import check_email, check_password, is_email, normal_email
from dataferry.accounts.security import AccessTokens, Claims, FileTokens, Passwords, Secrets
from dataferry.accounts.tickets import SharedTickets, SocketTickets, Tickets
from dataferry.accounts.token_form import PREFIX
from dataferry.accounts.views import OpenSession, SignedIn, TokenPair, UserView
from dataferry.core.db import Database, new_id
from dataferry.core.errors import Forbidden, NotFound, NotSignedIn
from dataferry.core.settings import Settings
from dataferry.core.threads import in_thread
from dataferry.realtime import Bus, LocalBus

#: A browser resumes its download with the cookie that it began with.
FILE_TOKEN_S = 6 * 3600


class Accounts:
    """Register, sign in, stay signed in, sign out.

    A session is a family of refresh tokens, each used once to get the next. The access token names its
    session, so that signing out, a new password and a theft that was noticed end it at once. ``bus`` tells
    other processes that a session has ended.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        passwords: Passwords | None = None,
        bus: Bus | None = None,
    ) -> None:
        self._database = database
        self._settings = settings
        self._passwords = passwords or Passwords(memory_kib=settings.password_memory_kib)
        secrets = Secrets(settings)
        self._tokens = AccessTokens(secrets, settings.access_token_s)
        self._file_tokens = FileTokens(secrets, FILE_TOKEN_S)
        self._refresh_key = secrets.subkey("refresh-token")
        self._place_key = secrets.subkey("known-place")
        self._limits = TryLimits()
        self._tickets: Tickets = SocketTickets() if database.sqlite else SharedTickets(database, secrets)
        self._open_sessions = OpenSessions(self._living, bus or LocalBus(), check_s=settings.session_check_s)
        if settings.redis_url is not None:
            from dataferry.accounts import redis_state  # a tenth of the start, which one process does without

            redis = redis_state.connect(settings.redis_url)
            self._limits = redis_state.RedisTryLimits(redis)
        self.tokens = PersonalTokens(database, settings, self._limits, self._open_sessions.announce)
        #: Tells that sessions have ended.
        self.announce = self._open_sessions.announce
        self.administration = Administration(database, self._passwords, self._open_sessions.announce)
        #: What the first registration must show when the server can be reached from elsewhere.
        self.setup_token = None if settings.loopback else random.token_urlsafe(16)

    def close(self) -> None:
        """End the threads."""
        self._passwords.close()

    # -- registering and signing in -----------------------------------------------------------

    async def any_user(self) -> bool:
        """Whether anybody has an account yet."""
        return await self._database.run_read(rows.any_user)

    async def register(
        self, email: str, password: str, *, address: str | None = None, setup_token: str | None = None
    ) -> UserView:
        """A new account; the first one is admin.

        ``address``: where the request comes from. Errors: ``InvalidInput``, ``Forbidden`` (registration is
        closed, or the setup token is wrong), ``TooManyRequests``, ``Conflict``.
        """

        def admit(first: bool) -> None:
            self._admit(first, setup_token)

        email = check_email(email)
        check_password(password, email)
        admit(not await self.any_user())  # asked again when the row is added: hashing takes its time
        if address is None:
            return await self.administration.add(email, password, admit=admit)
        subject = registration_subject(address, self._settings.registrations)
        refusal = "There were too many registrations from your network address."
        await in_thread("short", lambda: self._limits.admit(subject, refusal=refusal))
        user = await self.administration.add(email, password, admit=admit)
        await self._database.run(places.remember, user.id, Place.of(self._place_key, address, None))
        return user

    async def login(self, email: str, password: str, *, address: str, device: str | None = None) -> TokenPair:
        """Tokens for a password. Unknown e-mail and wrong password answer alike and take alike.

        ``address``: where the request comes from; ``device``: what the browser was given at an earlier
        sign-in. Errors: ``NotSignedIn``, ``TooManyRequests``.
        """
        email = normal_email(email)
        place = Place.of(self._place_key, address, device)
        user, known = await self._database.run_read(_account_and_places, email, place)
        stored = user.password_hash if user and not user.disabled and not user.operator else None
        subjects = sign_in_subjects(
            email,
            address,
            device=place.device if place.device in known else None,
            address_known=place.address in known,
            failures=self._settings.login_failures,
        )
        if not await self._matches(password, stored, *subjects) or user is None:
            raise NotSignedIn(
                "The e-mail address or the password is wrong.",
                next_step="Try again, or ask an admin to reset the password.",
            )
        if self._passwords.outdated(user.password_hash):
            renewed = await self._passwords.run(self._passwords.hash, password)
            await self._database.run(rows.set_password_hash, user.id, renewed)
        return await self._database.run(self._begin_session, user.id, place)

    async def refresh(self, refresh_token: str) -> TokenPair:
        """The next pair of tokens. A token that was used before ends its session.

        Errors: ``NotSignedIn``.
        """
        pair = await self._database.run(self._rotate, refresh_token)
        if pair is None:
            self._open_sessions.announce()
            raise NotSignedIn("The session has ended.", next_step="Sign in again.")
        return pair

    async def logout(self, refresh_token: str) -> None:
        """End the session that the token belongs to; an unknown token is fine."""
        await self._database.run(rows.end_session_of, _digest(refresh_token))
        self._open_sessions.announce()

    async def authenticate(self, token: str, *, address: str = "") -> SignedIn:
        """Whose access token or personal token it is. ``address``: where the request comes from.

        Errors: ``NotSignedIn``, also when its session has ended; ``TooManyRequests``.
        """
        if token.startswith(PREFIX):
            row, user = await self.tokens.find(token, address)
            return SignedIn(user_view(user), scope_of(row, user), row.id)
        return await self._signed_in(self._tokens.read(token))

    async def change_password(self, access_token: str, old: str, new: str) -> None:
        """Set a new password and end every other session of the account.

        Errors: ``NotSignedIn``, ``InvalidInput``, ``Forbidden`` (``old`` is wrong),
        ``TooManyRequests``.
        """
        claims = await self._read(access_token)
        user = await self._account(claims)
        check_password(new, user.email)
        await self._confirm(user, claims, old)
        password_hash = await self._passwords.run(self._passwords.hash, new)
        await self._database.run(rows.set_password, user.id, password_hash, keep_session=claims.session_id)
        self._open_sessions.announce()

    async def confirm(self, access_token: str, password: str | None) -> UserView:
        """Whose token it is, once they have said their password again; this machine's operator has none.

        Errors: ``NotSignedIn``, ``Forbidden``, ``TooManyRequests``.
        """
        claims = await self._read(access_token)
        user = await self._account(claims)
        if not user.operator:
            await self._confirm(user, claims, password or "")
        return user_view(user)

    async def _confirm(self, user: User, claims: Claims, password: str) -> None:
        subject = password_change_subject(user.id, claims.session_id, self._settings.login_failures)
        # An operator has no password.
        if not await self._matches(password, user.password_hash or None, subject):
            raise Forbidden("The current password is wrong.", next_step="Type it again.")

    # -- what stays open while a session lives ------------------------------------------------

    async def issue_ws_ticket(self, access_token: str) -> str:
        """A ticket that opens one socket of the token's session within 30 s. Errors: ``NotSignedIn``."""
        claims = await self._read(access_token)
        await self._signed_in(claims)
        return await in_thread("short", self._tickets.issue, claims)

    async def issue_file_token(self, access_token: str, key: str) -> tuple[str, int]:
        """A token with which a browser may fetch the files of the dataset ``key``, and for how many seconds,
        if the session lives as long. Errors: ``NotSignedIn``."""
        claims = await self._read(access_token)
        await self._signed_in(claims)
        return self._file_tokens.issue(claims, key), self._file_tokens.lifetime_s

    async def authenticate_file_token(self, token: str, key: str) -> SignedIn:
        """Whose token it is. Errors: ``NotSignedIn``, also when it is for another dataset."""
        return await self._signed_in(self._file_tokens.read(token, key))

    @asynccontextmanager
    async def open_by_ticket(self, ticket: str) -> AsyncIterator[OpenSession]:
        """The session that the ticket was issued in, watched while the body runs; a ticket works once.

        Errors: ``NotSignedIn``, also when the session has ended since.
        """
        claims = await in_thread("short", self._tickets.redeem, ticket)
        if claims is None:
            raise NotSignedIn("The ticket is used or expired.", next_step="Ask for a new one.")
        async with self._open(claims) as opened:
            yield opened

    @asynccontextmanager
    async def open_by_token(self, token: str, *, address: str = "") -> AsyncIterator[OpenSession]:
        """The token's session, watched while the body runs. Errors as of ``authenticate``."""
        async with self._open(await self._read(token, address)) as opened:
            yield opened

    @asynccontextmanager
    async def _open(self, claims: Claims) -> AsyncIterator[OpenSession]:
        async with self._open_sessions.hold(claims) as ended:
            signed_in = await self._signed_in(claims)
            yield OpenSession(signed_in.viewer, ended)

    # -- for other services and the CLI -------------------------------------------------------

    async def emails(self, user_ids: Sequence[str], *, enabled: bool = False) -> dict[str, str]:
        """User id → e-mail, for those that exist; with ``enabled`` for those that are not disabled."""
        return await self._database.run_read(rows.emails, user_ids, enabled=enabled)

    async def ids_of(self, emails: Sequence[str]) -> dict[str, str]:
        """The ids of the accounts with these addresses, by address in lower case; others are left out."""
        wanted = [email.strip().lower() for email in emails]
        return await self._database.run_read(rows.ids_of, wanted)

    async def people(self, emails: Sequence[str]) -> list[str]:
        """The accounts with these addresses, as ids. Errors: ``NotFound`` for one that nobody has."""
        known = await self.ids_of(emails)
        unknown = [email for email in emails if email.strip().lower() not in known]
        if unknown:
            raise NotFound(
                f"Nobody here has the address {unknown[0][:120]}.",
                next_step="Check how it is written; an admin sees all accounts with `dataferry users list`.",
            )
        return list(known.values())

    def operator_token(self, email: str | None = None) -> str:
        """An access token for the CLI: this machine's operator, or the account of ``email``.

        Blocks. Errors: ``NotFound``, ``Forbidden`` for an account that is disabled.
        """
        if email is None:
            return self._tokens.issue(self._database.call(rows.operator))
        user = self._database.read(rows.by_email, normal_email(email))
        if user is None:
            raise no_account(email)
        if user.disabled:
            raise Forbidden(
                f"The account {user.email} is disabled.",
                next_step=f"`dataferry users disable {user.email} --undo` lets it in again.",
            )
        return self._tokens.issue(user.id)

    # -- inside -------------------------------------------------------------------------------

    def _admit(self, first: bool, setup_token: str | None) -> None:
        """Who may register. Errors: ``Forbidden``."""
        if not first:
            if not self._settings.open_registration:
                raise Forbidden("Registration is closed here.", next_step="Ask an admin for an account.")
        elif self.setup_token is not None and not random.compare_digest(
            (setup_token or "").encode(), self.setup_token.encode()
        ):
            raise Forbidden(
                "The first account needs the setup token.",
                next_step="It was printed when the server started.",
            )

    async def _read(self, token: str, address: str = "") -> Claims:
        if token.startswith(PREFIX):
            return await self.tokens.read(token, address)
        return self._tokens.read(token)

    async def _signed_in(self, claims: Claims) -> SignedIn:
        found = await self._database.run_read(rows.signed_in, claims)
        if found is None:
            raise NotSignedIn("The session has ended.", next_step="Sign in again.")
        user, token = found
        if token is None:
            return SignedIn(user_view(user))
        return SignedIn(user_view(user), scope_of(token, user), token.id)

    async def _account(self, claims: Claims) -> User:
        signed_in = await self._signed_in(claims)
        return await self._database.run_read(Session.get_one, User, signed_in.user.id)

    async def _living(self, asked: Collection[Claims]) -> set[Claims]:
        return await self._database.run_read(rows.living, asked)

    async def _matches(self, password: str, stored: str | None, *subjects: Subject) -> bool:
        """Whether it is the password; a failure is counted for every subject, the first one's are
        forgotten on success. Errors: ``TooManyRequests``."""

        def attempt() -> bool:
            # When its turn to be hashed has come, and before: tries sent all at one time count as well.
            self._limits.admit(*subjects, refusal="There were too many failed tries.")
            if not self._passwords.verify(password, stored):
                return False
            self._limits.clear(subjects[0])
            if subjects[1:]:  # whoever has an account must not make room for guesses at others
                self._limits.take_back(*subjects[1:])
            return True

        return await self._passwords.run(attempt)

    def _begin_session(self, session: Session, user_id: str, place: Place) -> TokenPair:
        rows.delete_expired_tokens(session, user_id)
        places.remember(session, user_id, place)
        return self._issue(session, user_id, new_id("session"), random.token_urlsafe(32))

    def _rotate(self, session: Session, refresh_token: str) -> TokenPair | None:
        """The token that follows is made from the one before: whoever uses a token twice within the grace
        period is given the same one. So there is one newest token in a session, and of two who hold it the
        second to use it is noticed."""
        used = rows.rotate(session, _digest(refresh_token))
        if used is None:
            return None
        following = self._following(refresh_token)
        while (unused := rows.successor_is_unused(session, _digest(following))) is False:
            following = self._following(following)
        return self._issue(session, used.user_id, used.family_id, following, stored=unused is True)

    def _following(self, refresh_token: str) -> str:
        """Nobody without the key can tell it from the token before."""
        digest = hmac.digest(self._refresh_key, refresh_token.encode(errors="surrogatepass"), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def _issue(
        self, session: Session, user_id: str, session_id: str, token: str, *, stored: bool = False
    ) -> TokenPair:
        if not stored:
            rows.add_token(session, _digest(token), user_id, session_id, self._settings.refresh_token_s)
        return TokenPair(
            access_token=self._tokens.issue(user_id, session_id),
            refresh_token=token,
            expires_in=self._tokens.lifetime_s,
            user=user_view(session.get_one(User, user_id)),
        )


def _account_and_places(session: Session, email: str, place: Place) -> tuple[User | None, set[str]]:
    """The same statements, whether there is such an account or not."""
    if not is_email(email):
        return None, set()
    return rows.by_email(session, email), places.known_of(session, email, place)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
