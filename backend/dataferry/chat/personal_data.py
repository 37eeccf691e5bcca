"""What is kept of a person's chats."""

from collections.abc import Iterator, Sequence

from sqlmodel import Session, col, delete, func, select

from dataferry.chat import share_rows
from dataferry.chat.models import Chat, ChatShare, Message
from dataferry.core.db import Database
from dataferry.core.personal_data import ErasureRun, Exported, Holding, JsonRows, Person, PersonalData

#: Messages in memory at a time.
_BATCH = 200


def chat_data(database: Database) -> PersonalData:
    """Chats with their messages, and who may read them; and that others let this person read theirs. What
    somebody has copied into a chat of their own is theirs."""

    def erase(person: Person, run: ErasureRun) -> None:
        for chat_id in database.read(_chat_ids, person):
            run.write(lambda session, chat_id=chat_id: _delete(session, chat_id))  # type: ignore[misc]
        run.write(lambda session: _leave(session, person))

    def export(person: Person) -> Iterator[Exported]:
        for chat_id in database.read(_chat_ids, person):
            chat = database.read(lambda session, chat_id=chat_id: session.get(Chat, chat_id))  # type: ignore[misc]
            if chat is not None:
                about = chat.model_dump(mode="json", exclude={"user_id"})
                yield Exported(f"chats/{chat_id}/chat.json", about)
                yield Exported(f"chats/{chat_id}/messages.json", JsonRows(_messages(database, chat_id)))

    return PersonalData(
        "chats",
        frozenset({"chats.user_id", "chat_shares.user_id", "chat_shares.owner_id"}),
        erase,
        export,
        _holdings,
    )


def _chat_ids(session: Session, person: Person) -> list[str]:
    return list(session.exec(select(Chat.id).where(Chat.user_id == person.id).order_by(col(Chat.created_at))))


def _delete(session: Session, chat_id: str) -> None:
    """An answer that is being written ends: its writer finds no row."""
    share_rows.drop(session, chat_id)
    session.exec(delete(Message).where(col(Message.chat_id) == chat_id))
    session.exec(delete(Chat).where(col(Chat.id) == chat_id))


def _leave(session: Session, person: Person) -> None:
    mine = (col(ChatShare.user_id) == person.id) | (col(ChatShare.owner_id) == person.id)
    session.exec(delete(ChatShare).where(mine))


def _messages(database: Database, chat_id: str) -> Iterator[dict[str, object]]:
    seq = -1
    while True:
        query = select(Message).where(Message.chat_id == chat_id, Message.seq > seq)
        found = database.read(
            lambda session, query=query: session.exec(query.order_by(col(Message.seq)).limit(_BATCH)).all()  # type: ignore[misc]
        )
        if not found:
            return
        for message in found:
            yield message.model_dump(mode="json", include={"id", "role", "status", "content", "created_at"})
        seq = found[-1].seq


def _holdings(session: Session, person: Person) -> Sequence[Holding]:
    mine = select(Chat.id).where(Chat.user_id == person.id)
    chats = session.exec(select(func.count()).select_from(mine.subquery())).one()
    messages = session.exec(
        select(func.count()).select_from(Message).where(col(Message.chat_id).in_(mine))
    ).one()
    return [Holding("chats", chats), Holding("messages", messages)]
