"""What the accounts service returns."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import Field

from dataferry.core.types import View, Viewer

TokenScope = Literal["read", "download", "admin"]
"""Each may what those before it may."""
_ORDER: tuple[TokenScope, ...] = ("read", "download", "admin")


class UserView(View):
    """An account."""

    id: str
    email: str
    admin: bool
    disabled: bool = False
    created_at: datetime


class TokenPair(View):
    """``refresh_token`` works once: the answer to its use brings the next one. ``expires_in`` seconds."""

    access_token: str = Field(repr=False)
    refresh_token: str = Field(repr=False)
    expires_in: int
    user: UserView


class PersonalTokenView(View):
    """``hint``: the beginning and the end of the token, to know it by. ``last_used_at`` is right to a
    minute."""

    id: str
    name: str
    scope: TokenScope
    hint: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    expired: bool


class NewPersonalToken(PersonalTokenView):
    """``token`` is shown this once."""

    token: str = Field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who asks, and with what: ``token_id`` is None for a person who has signed in, and for this machine's
    operator; their scope is ``admin``, which opens what is theirs."""

    user: UserView
    scope: TokenScope = "admin"
    token_id: str | None = None

    @property
    def viewer(self) -> Viewer:
        """Who asks, as services want to know it. An admin's lesser token has a member's rights."""
        return Viewer(self.user.id, self.user.admin and self.scope == "admin")

    def may(self, scope: TokenScope) -> bool:
        """Whether the token is good for what wants ``scope``."""
        return self.token_id is None or _ORDER.index(self.scope) >= _ORDER.index(scope)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Who is served for as long as their session lives; ``ended`` is set when it no longer does."""

    viewer: Viewer
    ended: asyncio.Event
