"""The accounts' tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from dataferry.core.db import Utc, now


class User(SQLModel, table=True):
    __tablename__ = "users"

    id: str = Field(primary_key=True)
    #: Lower case: two spellings of one address are one account.
    email: str = Field(unique=True)
    password_hash: str
    admin: bool = False
    disabled: bool = False
    #: This machine's operator, who acts through the CLI and cannot sign in.
    operator: bool = False
    created_at: datetime = Field(default_factory=now, sa_type=Utc)


class RefreshToken(SQLModel, table=True):
    """One refresh token; only its hash is kept. All that descend from one login are a family."""

    __tablename__ = "refresh_tokens"

    hash: str = Field(primary_key=True)
    family_id: str = Field(index=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    expires_at: datetime = Field(sa_type=Utc)
    used_at: datetime | None = Field(default=None, sa_type=Utc)
    revoked_at: datetime | None = Field(default=None, sa_type=Utc)


class PersonalToken(SQLModel, table=True):
    """A token that a person made for a script; only its hash is kept, and a hint to know it by."""

    __tablename__ = "personal_tokens"

    #: ``token_…``: it stands where others have the family of their refresh tokens.
    id: str = Field(primary_key=True)
    hash: str = Field(unique=True)
    hint: str
    user_id: str = Field(foreign_key="users.id", index=True)
    name: str
    #: ``read``, ``download`` or ``admin``
    scope: str
    #: The token that it was made with; it is revoked with that one.
    made_with: str | None = None
    created_at: datetime = Field(default_factory=now, sa_type=Utc)
    expires_at: datetime | None = Field(default=None, sa_type=Utc)
    last_used_at: datetime | None = Field(default=None, sa_type=Utc)
    revoked_at: datetime | None = Field(default=None, sa_type=Utc)


class StoredCredential(SQLModel, table=True):
    """A person's own key at a source. ``secret`` is sealed."""

    __tablename__ = "credentials"

    user_id: str = Field(foreign_key="users.id", primary_key=True)
    source: str = Field(primary_key=True)
    username: str | None = None
    secret: str
    updated_at: datetime = Field(default_factory=now, sa_type=Utc)
    #: When a request of theirs last took it; written down now and then.
    last_used_at: datetime | None = Field(default=None, sa_type=Utc)


class KnownPlace(SQLModel, table=True):
    """A browser or a network address that somebody has signed in from; only a keyed hash of it is kept."""

    __tablename__ = "known_places"

    user_id: str = Field(foreign_key="users.id", primary_key=True)
    #: ``device:<hash>`` or ``address:<hash>``
    place: str = Field(primary_key=True)
    seen_at: datetime = Field(default_factory=now, sa_type=Utc)


class UsedTicket(SQLModel, table=True):
    """A socket's ticket that has been used; it is kept for as long as it could be used again."""

    __tablename__ = "used_tickets"

    id: str = Field(primary_key=True)
    expires_at: datetime = Field(sa_type=Utc, index=True)


class KeptAnswer(SQLModel, table=True):
    """A person's request with an ``Idempotency-Key``, and once it has succeeded its answer.

    ``request`` is a digest of what was asked. While ``status`` is None it is at work, until ``held_until``
    at the latest: its process says again and again that it still is. ``answer`` is sealed.
    """

    __tablename__ = "kept_answers"

    user_id: str = Field(foreign_key="users.id", primary_key=True)
    key: str = Field(primary_key=True)
    request: str
    #: Whose turn it is: only that one may write the answer.
    holder: str
    held_until: datetime = Field(sa_type=Utc)
    status: int | None = None
    answer: str | None = None
    created_at: datetime = Field(default_factory=now, sa_type=Utc, index=True)


class Erasure(SQLModel, table=True):
    """That an account is being erased, and in the end the proof that it was.

    ``user_id`` is empty once all rows of the person are gone. What is left names nobody: whoever has the
    server's ``SECRET_KEY`` and is told an e-mail address can say whether this was its account.
    """

    __tablename__ = "erasures"

    id: str = Field(primary_key=True)
    #: No SQL foreign key: the account's row goes first.
    user_id: str | None = Field(default=None, unique=True)
    #: A keyed hash of the e-mail address.
    fingerprint: str = Field(index=True)
    #: What shows that it was lawful to keep what was kept: versions and times of consents.
    proof: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    requested_at: datetime = Field(default_factory=now, sa_type=Utc)
    finished_at: datetime | None = Field(default=None, sa_type=Utc)
