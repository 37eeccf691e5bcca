"""What the accounts service returns."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field

from dataferry.core.types import View, Viewer


class UserView(View):
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


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Who is served for as long as their session lives; ``ended`` is set when it no longer does."""

    viewer: Viewer
    ended: asyncio.Event
