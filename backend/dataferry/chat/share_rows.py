"""The rows of shared chats: who may read one because its owner let them. Functions take the session first."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_
from sqlmodel import Session, col, delete, select

from dataferry.chat.models import Chat, ChatShare
from dataferry.core.inserts import insert_missing

#: In place of a person.
EVERYBODY = "*"


def readable_by(user_id: str) -> ColumnElement[bool]:
    """Whether somebody else shares the chat with them."""
    shared = select(ChatShare.chat_id).where(
        ChatShare.chat_id == Chat.id, col(ChatShare.user_id).in_((user_id, EVERYBODY))
    )
    return and_(col(Chat.user_id) != user_id, shared.exists())


def readable_chat(session: Session, chat_id: str, user_id: str) -> Chat | None:
    """The chat, where somebody else shares it with them."""
    return session.exec(select(Chat).where(Chat.id == chat_id, readable_by(user_id))).first()


def shared(session: Session, chat_ids: Collection[str]) -> set[str]:
    """Which of these chats are shared with anybody."""
    query = select(ChatShare.chat_id).where(col(ChatShare.chat_id).in_(chat_ids))
    return set(session.exec(query.distinct()))


def of(session: Session, chat_id: str) -> Sequence[ChatShare]:
    query = select(ChatShare).where(ChatShare.chat_id == chat_id)
    return session.exec(query.order_by(col(ChatShare.shared_at), ChatShare.user_id)).all()


def add(session: Session, chat: Chat, user_ids: Collection[str]) -> None:
    """Let these people read the chat; its owner needs no leave."""
    for user_id in set(user_ids) - {chat.user_id}:
        insert_missing(session, ChatShare(chat_id=chat.id, user_id=user_id, owner_id=chat.user_id))


def drop(session: Session, chat_id: str, user_ids: Collection[str] | None = None) -> bool:
    """Take it back from these people, by default from all; whether any of them had it."""
    gone = delete(ChatShare).where(col(ChatShare.chat_id) == chat_id)
    if user_ids is not None:
        gone = gone.where(col(ChatShare.user_id).in_(user_ids))
    return bool(session.exec(gone).rowcount)
