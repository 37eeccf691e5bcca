"""The chat's tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from dataferry.core.db import Utc, now

#: Written out, not bound: SQLite uses a partial index only where it can read the condition.
GENERATING = text("messages.status = 'generating'")


class Chat(SQLModel, table=True):
    __tablename__ = "chats"
    __table_args__ = (Index("idx_chats_user_updated", "user_id", "updated_at"),)

    id: str = Field(primary_key=True)
    user_id: str
    title: str
    created_at: datetime = Field(default_factory=now, sa_type=Utc)
    updated_at: datetime = Field(default_factory=now, sa_type=Utc)


class Message(SQLModel, table=True):
    """A message at its place in a chat.

    A person's message keeps the id that their client gave it, so ids are unique within a chat only.
    An answer that is ``generating`` is written by the process named in ``owner``, which renews
    ``heartbeat_at``; it stops when the row has left that status. An answer that lost its owner is
    ``interrupted``. The partial index allows one answer at a time in a chat.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("chat_id", "id"),
        Index(
            "uq_messages_generating",
            "chat_id",
            unique=True,
            sqlite_where=text("status = 'generating'"),
            postgresql_where=text("status = 'generating'"),
        ),
    )

    chat_id: str = Field(foreign_key="chats.id", primary_key=True)
    seq: int = Field(primary_key=True)
    id: str
    role: str
    status: str = "complete"
    #: The AI SDK's UI message parts.
    parts: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    #: Their text, for reading and for search.
    content: str = ""
    #: A person's text with the secrets of its links, which ``content`` hides; encrypted. None where it hides
    #: nothing.
    sealed: str | None = None
    model: str | None = None
    owner: str | None = None
    heartbeat_at: datetime | None = Field(default=None, sa_type=Utc)
    created_at: datetime = Field(default_factory=now, sa_type=Utc)
    updated_at: datetime = Field(default_factory=now, sa_type=Utc)


class ChatShare(SQLModel, table=True):
    """That a person may read a chat, or everybody (``*``), as its owner has said. It ends with the chat, and
    with its owner's account."""

    __tablename__ = "chat_shares"

    chat_id: str = Field(foreign_key="chats.id", primary_key=True, ondelete="CASCADE")
    user_id: str = Field(primary_key=True, index=True)
    owner_id: str = Field(foreign_key="users.id", ondelete="CASCADE")
    shared_at: datetime = Field(default_factory=now, sa_type=Utc)


class StoredModel(SQLModel, table=True):
    """The language model that an admin has chosen on the page: one row. ``secret``, its key, is sealed."""

    __tablename__ = "language_model"

    id: int = Field(default=1, primary_key=True)
    name: str
    secret: str
    tested_at: datetime | None = Field(default=None, sa_type=Utc)
    updated_at: datetime = Field(default_factory=now, sa_type=Utc)
