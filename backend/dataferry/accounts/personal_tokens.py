"""Personal tokens: what a script shows in place of a person's password. Named, scoped, with an end."""

import asyncio
import hmac
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import cast

from sqlmodel import Session

from dataferry.accounts import token_rows as rows
from dataferry.accounts.limits import TryLimits, token_subject
from dataferry.accounts.models import PersonalToken, User
from dataferry.accounts.security import Claims
from dataferry.accounts.token_form import digest_of, hint_of, is_whole, make_token
from dataferry.accounts.views import NewPersonalToken, PersonalTokenView, SignedIn, TokenScope
from dataferry.core.db import Database, new_id, now
from dataferry.core.errors import Conflict, Forbidden, InvalidInput, NotFound, NotSignedIn
from dataferry.core.settings import Settings
from dataferry.core.threads import in_thread

log = logging.getLogger(__name__)

MAX_NAME_CHARS = 100
#: Of one person, that are not revoked.
MAX_TOKENS = 100


class PersonalTokens:
    """Makes, lists, checks and revokes them. ``announce`` is called when one was revoked: what it holds open
    ends."""

    def __init__(
        self, database: Database, settings: Settings, limits: TryLimits, announce: Callable[[], None]
    ) -> None:
        self._database = database
        self._settings = settings
        self._limits = limits
        self._announce = announce
        #: Whose use is being written down.
        self._noting: dict[str, asyncio.Task[None]] = {}

    async def list(self, user_id: str) -> list[PersonalTokenView]:
        """A person's tokens that are not revoked, newest first."""
        return [_view(token) for token in await self._database.run_read(rows.tokens_of, user_id)]

    async def create(
        self, maker: SignedIn, name: str, scope: TokenScope, expires_at: datetime | None
    ) -> NewPersonalToken:
        """A new token, shown this once. ``expires_at`` None: it has no end.

        One that is made with a token ends with it: no later, and when that one is revoked. Errors:
        ``InvalidInput``, ``Forbidden`` (the scope ``admin`` for who is none), ``Conflict`` (too many).
        """
        if scope == "admin" and not maker.user.admin:
            raise Forbidden(
                "A token of the scope admin is for admins.", next_step="Make one of the scope download."
            )
        name = _checked_name(name)
        if expires_at is not None and expires_at <= now():
            raise InvalidInput("expires_at: that time has passed.", next_step="Give one to come, or none.")
        token = make_token()
        row = PersonalToken(
            id=new_id("token"),
            hash=digest_of(token),
            hint=hint_of(token),
            user_id=maker.user.id,
            name=name,
            scope=scope,
            made_with=maker.token_id,
            expires_at=expires_at,
        )
        view = _view(await self._database.run(_add, row))
        return NewPersonalToken(**view.model_dump(), token=token)

    async def revoke(self, user_id: str, token_id: str) -> None:
        """End a token at once, and those that were made with it. Errors: ``NotFound``."""
        if not await self._database.run(rows.revoke, user_id, token_id):
            raise NotFound("You have no such token.", next_step="Look at the list of your tokens.")
        self._announce()

    async def read(self, token: str, address: str) -> Claims:
        """Whose token it is. ``address``: where the request comes from. Errors: those of ``find``."""
        row, _user = await self.find(token, address)
        return Claims(row.user_id, row.id)

    async def find(self, token: str, address: str) -> tuple[PersonalToken, User]:
        """The row of a token that may be used, and its person's.

        Errors: ``NotSignedIn`` that says what is wrong with it; ``TooManyRequests`` in its place where too
        many that nobody has come from there. A good token is never kept waiting by others' bad ones.
        """
        digest = digest_of(token)
        found = await self._database.run_read(rows.by_digest, digest) if is_whole(token) else None
        if found is None or not hmac.compare_digest(found[0].hash, digest):
            await self._refuse_unknown(token, address)
            raise AssertionError
        row, user = found
        _check_alive(row, user)
        self._note_use(row)
        return row, user

    async def _refuse_unknown(self, token: str, address: str) -> None:
        subject = token_subject(address, self._settings.login_failures)
        refusal = "There were too many wrong tokens from your network address."
        await in_thread("short", lambda: self._limits.admit(subject, refusal=refusal))
        if is_whole(token):
            raise NotSignedIn("Nobody has that token here.", next_step="Make one under Settings, Tokens.")
        raise NotSignedIn(
            "The token is not whole, or has a character wrong.", next_step="Copy all of it again."
        )

    def _note_use(self, row: PersonalToken) -> None:
        """Write down that it was used just now, at most once a minute, while the request goes on."""
        if row.id in self._noting or not rows.is_worth_noting(row.last_used_at):
            return
        task = asyncio.create_task(self._write_use(row.id))
        self._noting[row.id] = task
        task.add_done_callback(lambda _done: self._noting.pop(row.id, None))

    async def _write_use(self, token_id: str) -> None:
        try:
            await self._database.run(rows.note_use, token_id)
        except Exception as fault:  # the database can be read: the request is answered all the same
            log.warning("The use of a token was not written down: %r", fault)


def scope_of(row: PersonalToken, user: User) -> TokenScope:
    """What a person's token allows: whoever is an admin no more has no admin's token either."""
    return "download" if row.scope == "admin" and not user.admin else cast(TokenScope, row.scope)


def _add(session: Session, row: PersonalToken) -> PersonalToken:
    rows.delete_long_revoked(session, row.user_id)
    mine = rows.tokens_of(session, row.user_id)
    if len(mine) >= MAX_TOKENS:
        raise Conflict(f"You have {MAX_TOKENS} tokens.", next_step="Revoke those that you do not use.")
    _check_end(mine, row)
    session.add(row)
    session.flush()
    return row


def _check_end(mine: Sequence[PersonalToken], row: PersonalToken) -> None:
    """A token that was found would otherwise live on in one that was made with it."""
    maker = next((token for token in mine if token.id == row.made_with), None)
    if maker is None or maker.expires_at is None:
        return
    if row.expires_at is None or row.expires_at > maker.expires_at:
        raise InvalidInput(
            f"expires_at: a token made with a token ends with it, by {maker.expires_at.isoformat()}.",
            next_step="Give an earlier end, or sign in to make this one.",
        )


def _check_alive(row: PersonalToken, user: User) -> None:
    again = "Make another one under Settings, Tokens."
    if row.revoked_at is not None:
        raise NotSignedIn(
            f"The token “{row.name}” was revoked on {row.revoked_at:%Y-%m-%d}.", next_step=again
        )
    if row.expires_at is not None and row.expires_at <= now():
        raise NotSignedIn(f"The token “{row.name}” ended on {row.expires_at:%Y-%m-%d}.", next_step=again)
    if user.disabled:
        raise NotSignedIn("The token's account is disabled.", next_step="Ask an admin of this server.")


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME_CHARS or not name.isprintable():
        raise InvalidInput(
            f"name: it must have 1 to {MAX_NAME_CHARS} characters, all of which can be seen.",
            next_step="Call it after what uses it.",
        )
    return name


def _view(row: PersonalToken) -> PersonalTokenView:
    return PersonalTokenView(
        id=row.id,
        name=row.name,
        scope=row.scope,
        hint=row.hint,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        expired=row.expires_at is not None and row.expires_at <= now(),
    )
