"""The chat service's queries and updates of its rows: each one short transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from sqlalchemy import and_, exists, or_
from sqlmodel import Session, col, delete, func, select, update

from dataferry.chat import share_rows
from dataferry.chat.generation import Snapshot
from dataferry.chat.message_builder import closed_part
from dataferry.chat.models import GENERATING, Chat, Message
from dataferry.chat.views import ChatQuery, MessageStatus
from dataferry.chat.withheld import ReadMessage
from dataferry.core.db import new_id, now
from dataferry.core.errors import Conflict, NotFound
from dataferry.core.paging import Column, Position, SortKey, fetch
from dataferry.core.presence import Presence

UNTITLED = "New chat"
_TITLE_CHARACTERS = 80
#: Before the id of an owner whose process holds a lock (``core.presence``).
_PRESENT = "present:"


@dataclass(frozen=True, slots=True)
class Owner:
    """This process among those that generate answers.

    With ``single_process`` (SQLite in a locked data folder) no other can be alive, so an answer of
    another owner is abandoned; else it is once its process is gone, by ``presence``, and where that cannot
    be told after ``timeout_s`` seconds without a heartbeat.
    """

    id: str
    single_process: bool
    timeout_s: float
    presence: Presence | None = None

    @property
    def mark(self) -> str:
        """What is written down with an answer: whether its process can be seen to be there."""
        return f"{_PRESENT}{self.id}" if self.presence is not None and self.presence.held else self.id


def is_abandoned(session: Session, message: Message, owner: Owner) -> bool:
    """Whether nobody writes the answer any more, as far as ``owner`` knows. (Its own answer has
    no heartbeat either while it cannot be stored.)"""
    if message.status != "generating":
        return False
    writer = message.owner or ""
    if owner.single_process and writer != owner.id:
        return True
    oldest = now() - timedelta(seconds=owner.timeout_s)
    if message.heartbeat_at is None or message.heartbeat_at < oldest:
        return True
    if owner.presence is None or not writer.startswith(_PRESENT):
        return False
    return owner.presence.is_gone(session, writer.removeprefix(_PRESENT))


def owned_chat(session: Session, chat_id: str, user_id: str, *, lock: bool = False) -> Chat:
    """A person's own chat; another's does not exist for them."""
    query = select(Chat).where(Chat.id == chat_id, Chat.user_id == user_id)
    chat = session.exec(query.with_for_update() if lock else query).first()
    if chat is None:
        raise no_such_chat()
    return chat


def is_owned(session: Session, chat_id: str, user_id: str) -> bool:
    """Whether it is the person's own chat."""
    return (
        session.exec(select(Chat.id).where(Chat.id == chat_id, Chat.user_id == user_id)).first() is not None
    )


def owners(session: Session, chat_ids: Collection[str]) -> dict[str, str]:
    """Chat id → whose it is."""
    return dict(session.exec(select(Chat.id, Chat.user_id).where(col(Chat.id).in_(chat_ids))).all())


def no_such_chat() -> NotFound:
    return NotFound(
        "There is no such chat.",
        next_step="It was deleted, or is shared no longer; start a new one.",
    )


def new_chat(session: Session, user_id: str, title: str) -> Chat:
    chat = Chat(id=new_id("chat"), user_id=user_id, title=title)
    session.add(chat)
    return chat


def chats(
    session: Session, user_id: str, wanted: ChatQuery, position: Position | None = None
) -> tuple[list[tuple[Chat, str | None]], Position | None]:
    """A page of a person's chats, or of those that others share with them, each with the id of the answer
    that is being written, and where the next page begins."""
    answering = and_(col(Message.chat_id) == Chat.id, GENERATING)
    wanted_ones = share_rows.readable_by(user_id) if wanted.shared else col(Chat.user_id) == user_id
    query = select(Chat, Message.id).outerjoin(Message, answering).where(wanted_ones)
    if wanted.q:
        pattern = "%" + wanted.q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        in_messages = exists().where(
            col(Message.chat_id) == Chat.id, col(Message.content).ilike(pattern, escape="\\")
        )
        if wanted.shared:  # a search must not tell what an answer holds that its reader may not see
            in_messages = in_messages.where(col(Message.role) == "user")
        query = query.where(or_(col(Chat.title).ilike(pattern, escape="\\"), in_messages.correlate(Chat)))
    columns: dict[str, Column] = {"updated_at": col(Chat.updated_at), "created_at": col(Chat.created_at)}
    name = wanted.sort.removeprefix("-")
    column: Column = func.lower(Chat.title) if name == "title" else columns[name]
    keys = [SortKey(column, wanted.sort.startswith("-")), SortKey(col(Chat.id))]
    found, last = fetch(session, query, keys, limit=wanted.limit, position=position, offset=wanted.offset)
    return [(chat, answering_id) for chat, answering_id in found], last


def delete_chat(session: Session, chat_id: str, user_id: str) -> None:
    chat = owned_chat(session, chat_id, user_id, lock=True)
    share_rows.drop(session, chat.id)
    session.exec(delete(Message).where(col(Message.chat_id) == chat.id))
    session.delete(chat)


def thread(session: Session, chat_id: str, limit: int, before: str | None = None) -> list[Message]:
    """The newest ``limit`` messages, oldest first; those before the message ``before``, if given."""
    query = select(Message).where(Message.chat_id == chat_id)
    if before is not None:
        query = query.where(Message.seq < message(session, chat_id, before).seq)
    return list(session.exec(query.order_by(col(Message.seq).desc()).limit(limit)))[::-1]


def message(session: Session, chat_id: str, message_id: str) -> Message:
    found = session.exec(select(Message).where(Message.chat_id == chat_id, Message.id == message_id)).first()
    if found is None:
        raise NotFound("There is no such message in this chat.")
    return found


def generating(session: Session, chat_id: str) -> Message | None:
    query = select(Message).where(Message.chat_id == chat_id, GENERATING)
    return session.exec(query).first()


def answer_to(session: Session, question: Message) -> Message | None:
    """The answer that follows a person's message."""
    query = select(Message).where(Message.chat_id == question.chat_id, Message.seq == question.seq + 1)
    found = session.exec(query).first()
    return found if found is not None and found.role == "assistant" else None


def question(session: Session, chat_id: str, message_id: str | None) -> Message | None:
    """The person's message that ``message_id`` names, or that the answer of that id answers; without
    an id the last one."""
    query = select(Message).where(Message.chat_id == chat_id, Message.role == "user")
    if message_id is not None:
        named = session.exec(
            select(Message.seq).where(Message.chat_id == chat_id, Message.id == message_id)
        ).first()
        if named is None:
            return None
        query = query.where(Message.seq <= named)
    return session.exec(query.order_by(col(Message.seq).desc()).limit(1)).first()


def known_answer(session: Session, chat_id: str, message_id: str, content: str) -> Message | None:
    """The answer to a message that was sent before under this id; None for a new id."""
    known = session.exec(select(Message).where(Message.chat_id == chat_id, Message.id == message_id)).first()
    if known is None:
        return None
    answer = answer_to(session, known)
    if known.role != "user" or known.content != content or answer is None:
        raise Conflict("That message id is taken.", next_step="Send the message with a new id.")
    return answer


def refuse_while_generating(session: Session, chat_id: str, owner: Owner) -> None:
    """Errors: ``Conflict`` while an answer is being written in this chat. An abandoned one is interrupted."""
    current = generating(session, chat_id)
    if current is None:
        return
    if not is_abandoned(session, current, owner):
        raise Conflict(
            "An answer is still being written in this chat.",
            next_step="Wait for it, or stop it first.",
        )
    interrupt(session, current)


def interrupt(session: Session, current: Message) -> None:
    """Mark an abandoned answer as interrupted; what was written of it stays."""
    current.status = "interrupted"
    current.parts = [closed_part(part, "Interrupted.") for part in current.parts]
    current.updated_at = now()
    session.add(current)
    session.flush()


def abandoned(session: Session, owner: Owner) -> list[Message]:
    """The answers of others that nobody writes any more."""
    own = (owner.id, f"{_PRESENT}{owner.id}")
    query = select(Message).where(GENERATING, col(Message.owner).not_in(own))
    return [found for found in session.exec(query) if is_abandoned(session, found, owner)]


def interrupt_abandoned(session: Session, owner: Owner) -> list[str]:
    """Interrupt every answer that was abandoned; the chats that they are in."""
    found = abandoned(session, owner)
    for message in found:
        interrupt(session, message)
    return [message.chat_id for message in found]


def add_message(
    session: Session, chat: Chat, message_id: str, content: str, sealed: str | None = None
) -> Message:
    """A person's message at the end of the chat; the first one names the chat."""
    chat.updated_at = now()
    if chat.title == UNTITLED:
        chat.title = title_of(content)
    session.add(chat)
    added = Message(
        chat_id=chat.id,
        seq=_next_seq(session, chat.id),
        id=message_id,
        role="user",
        content=content,
        sealed=sealed,
        parts=[{"type": "text", "text": content}],
    )
    session.add(added)
    session.flush()
    return added


def add_answer(session: Session, chat: Chat, owner: Owner) -> Message:
    """An empty answer at the end of the chat, which ``owner`` writes."""
    answer = Message(
        chat_id=chat.id,
        seq=_next_seq(session, chat.id),
        id=new_id("msg"),
        role="assistant",
        status="generating",
        owner=owner.mark,
        heartbeat_at=now(),
    )
    session.add(answer)
    session.flush()
    return answer


def add_copies(session: Session, chat: Chat, messages: Sequence[ReadMessage]) -> None:
    """The messages of another's chat, as their reader sees them, in a chat of the reader's own."""
    for seq, read in enumerate(messages, 1):
        original = read.message
        session.add(
            Message(
                chat_id=chat.id,
                seq=seq,
                id=new_id("msg"),
                role=original.role,
                status="interrupted" if original.status == "generating" else original.status,
                parts=[closed_part(part, "Interrupted.") for part in read.parts],
                content=read.content,
                model=original.model,
                created_at=original.created_at,
            )
        )


def delete_after(session: Session, question: Message) -> None:
    """Delete everything that follows a person's message."""
    later = delete(Message).where(col(Message.chat_id) == question.chat_id, col(Message.seq) > question.seq)
    session.exec(later)


def write(session: Session, snapshot: Snapshot) -> MessageStatus | None:
    """Store an answer as it stands. Returns the status that it has now: another one than the snapshot's where
    it was ended elsewhere; None where it was deleted."""
    timestamp = now()
    changed = session.exec(
        update(Message)
        .where(
            col(Message.chat_id) == snapshot.chat_id,
            col(Message.id) == snapshot.message_id,
            col(Message.status) == "generating",
        )
        .values(
            parts=snapshot.parts,
            content=snapshot.content,
            status=snapshot.status,
            model=snapshot.model,
            heartbeat_at=timestamp,
            updated_at=timestamp,
        )
    )
    if changed.rowcount:
        return snapshot.status
    status = session.exec(
        select(Message.status).where(Message.chat_id == snapshot.chat_id, Message.id == snapshot.message_id)
    ).first()
    return cast(MessageStatus | None, status)


def stop_elsewhere(session: Session, chat_id: str) -> bool:
    """Stop an answer that another process writes, which notices at its next write; whether there was one."""
    current = generating(session, chat_id)
    if current is None:
        return False
    current.status = "stopped"
    current.parts = [closed_part(part, "Stopped.") for part in current.parts]
    current.updated_at = now()
    session.add(current)
    return True


def title_of(content: str) -> str:
    """A chat's name: its first message, on one line, shortened at a word."""
    line = " ".join(content.split())
    if len(line) <= _TITLE_CHARACTERS:
        return line
    return line[:_TITLE_CHARACTERS].rsplit(" ", 1)[0].rstrip(",.;:") + "…"


def _next_seq(session: Session, chat_id: str) -> int:
    newest = session.exec(select(func.max(Message.seq)).where(Message.chat_id == chat_id)).one()
    return (newest or 0) + 1
