"""The chat service's reads and writes: each one short transaction."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, exists, or_
from sqlmodel import Session, col, delete, func, select, update

from dataferry.chat.generation import Snapshot
from dataferry.chat.models import GENERATING, Chat, Message
from dataferry.core.db import new_id, now
from dataferry.core.errors import Conflict, NotFound

UNTITLED = "New chat"
_TITLE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Owner:
    """This process among those that write answers.

    ``alone``: no other can be alive (SQLite in a locked data folder), so an answer of another owner
    is a dead one's; else it is dead after ``dead`` seconds of silence.
    """

    id: str
    alone: bool
    dead: float

    def left(self, message: Message) -> bool:
        """The answer has lost its owner. (Our own too falls silent when it could not be stored.)"""
        if message.status != "generating":
            return False
        if self.alone and message.owner != self.id:
            return True
        return message.heartbeat_at is None or message.heartbeat_at < now() - timedelta(seconds=self.dead)


def owned_chat(session: Session, chat_id: str, user_id: str, *, lock: bool = False) -> Chat:
    """A person's own chat; another's does not exist for them."""
    query = select(Chat).where(Chat.id == chat_id, Chat.user_id == user_id)
    chat = session.exec(query.with_for_update() if lock else query).first()
    if chat is None:
        raise NotFound("There is no such chat.", next_step="It may have been deleted; start a new one.")
    return chat


def new_chat(session: Session, user_id: str, title: str) -> Chat:
    chat = Chat(id=new_id("chat"), user_id=user_id, title=title)
    session.add(chat)
    return chat


def chats(session: Session, user_id: str, q: str, limit: int, offset: int) -> list[tuple[Chat, str | None]]:
    """A person's chats, newest first, each with the id of the answer that is being written."""
    answering = and_(col(Message.chat_id) == Chat.id, GENERATING)
    query = select(Chat, Message.id).outerjoin(Message, answering).where(Chat.user_id == user_id)
    if q:
        pattern = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        said = exists().where(
            col(Message.chat_id) == Chat.id, col(Message.content).ilike(pattern, escape="\\")
        )
        query = query.where(or_(col(Chat.title).ilike(pattern, escape="\\"), said.correlate(Chat)))
    query = query.order_by(col(Chat.updated_at).desc(), col(Chat.id)).limit(limit).offset(offset)
    return [(chat, answering_id) for chat, answering_id in session.exec(query)]


def delete_chat(session: Session, chat_id: str, user_id: str) -> None:
    chat = owned_chat(session, chat_id, user_id, lock=True)
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


def answer_to(session: Session, asked: Message) -> Message | None:
    """The answer that follows a person's message."""
    query = select(Message).where(Message.chat_id == asked.chat_id, Message.seq == asked.seq + 1)
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


def answered(session: Session, chat_id: str, message_id: str, content: str) -> Message | None:
    """The answer to a message that was sent before under this id; None for a new id."""
    known = session.exec(select(Message).where(Message.chat_id == chat_id, Message.id == message_id)).first()
    if known is None:
        return None
    answer = answer_to(session, known)
    if known.role != "user" or known.content != content or answer is None:
        raise Conflict("That message id is taken.", next_step="Send the message with a new id.")
    return answer


def refuse_while_generating(session: Session, chat_id: str, owner: Owner) -> None:
    """Errors: ``Conflict`` while a living owner writes an answer in this chat."""
    current = generating(session, chat_id)
    if current is None:
        return
    if not owner.left(current):
        raise Conflict(
            "An answer is still being written in this chat.",
            next_step="Wait for it, or stop it first.",
        )
    interrupt(session, current)


def interrupt(session: Session, current: Message) -> None:
    """Give up an answer whose owner is dead; what it had written stays."""
    current.status = "interrupted"
    current.parts = [_closed(part) for part in current.parts]
    current.updated_at = now()
    session.add(current)
    session.flush()


def _closed(part: dict[str, object]) -> dict[str, object]:
    if part.get("state") == "streaming":
        return part | {"state": "done"}
    if part.get("state") == "input-available":
        return part | {"state": "output-error", "errorText": "Interrupted."}
    return part


def interrupt_left(session: Session, owner: Owner) -> int:
    """Interrupt every answer that lost its owner; how many there were."""
    query = select(Message).where(GENERATING, Message.owner != owner.id)
    left = [found for found in session.exec(query) if owner.left(found)]
    for found in left:
        interrupt(session, found)
    return len(left)


def add_message(session: Session, chat: Chat, message_id: str, content: str) -> Message:
    """A person's message at the end of the chat; the first one names the chat."""
    chat.updated_at = now()
    if chat.title == UNTITLED:
        chat.title = title_of(content)
    session.add(chat)
    asked = Message(
        chat_id=chat.id,
        seq=_next_seq(session, chat.id),
        id=message_id,
        role="user",
        content=content,
        parts=[{"type": "text", "text": content}],
    )
    session.add(asked)
    session.flush()
    return asked


def add_answer(session: Session, chat: Chat, owner: Owner) -> Message:
    """An empty answer at the end of the chat, ours to write."""
    answer = Message(
        chat_id=chat.id,
        seq=_next_seq(session, chat.id),
        id=new_id("msg"),
        role="assistant",
        status="generating",
        owner=owner.id,
        heartbeat_at=now(),
    )
    session.add(answer)
    session.flush()
    return answer


def cut_after(session: Session, asked: Message) -> None:
    """Drop everything that was said after a person's message."""
    later = delete(Message).where(col(Message.chat_id) == asked.chat_id, col(Message.seq) > asked.seq)
    session.exec(later)


def write(session: Session, snapshot: Snapshot) -> bool:
    """Store an answer as it stands; false when it was ended elsewhere, or deleted."""
    time = now()
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
            heartbeat_at=time,
            updated_at=time,
        )
    )
    return bool(changed.rowcount)


def release(session: Session, chat_id: str) -> bool:
    """Stop an answer that another process writes: it notices at its next write."""
    current = generating(session, chat_id)
    if current is None:
        return False
    current.status = "stopped"
    current.parts = [_closed(part) for part in current.parts]
    current.updated_at = now()
    session.add(current)
    return True


def title_of(content: str) -> str:
    """A chat's name: its first message, on one line, shortened at a word."""
    line = " ".join(content.split())
    if len(line) <= _TITLE_LENGTH:
        return line
    return line[:_TITLE_LENGTH].rsplit(" ", 1)[0].rstrip(",.;:") + "…"


def _next_seq(session: Session, chat_id: str) -> int:
    newest = session.exec(select(func.max(Message.seq)).where(Message.chat_id == chat_id)).one()
    return (newest or 0) + 1
