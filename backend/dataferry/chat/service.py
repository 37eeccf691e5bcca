"""Chats and their messages; answers are written by tasks that outlive the request."""

import asyncio
import builtins
import re
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from sqlmodel import Session

from dataferry.chat import rows
from dataferry.chat.agent import Agent
from dataferry.chat.conversation import Conversation, Said
from dataferry.chat.generation import Answer, Snapshot, Timing
from dataferry.chat.message_builder import clean
from dataferry.chat.models import Chat, Message
from dataferry.chat.stream import Chunk, Cursor, MessageMetadata, Start, ending
from dataferry.chat.threads import thread_views
from dataferry.chat.views import ChatThread, ChatView, MessageView
from dataferry.core.db import Database, new_id, now
from dataferry.core.errors import InvalidInput, NotFound
from dataferry.core.settings import Settings
from dataferry.core.types import Viewer
from dataferry.tools.prompts import Prompts
from dataferry.tools.services import JobsService, LibraryService

MESSAGE_LENGTH = 16_000
TITLE_LENGTH = 200
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: Messages that the agent may look back on; the model's share is trimmed by tokens.
_REMEMBERED = 60


class ChatService:
    """One deep module for chats. Another person's chat is ``NotFound``, for admins too."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        library: LibraryService,
        jobs: JobsService,
        *,
        prompts: Prompts | None = None,
        timing: Timing = Timing(),
        alone: bool | None = None,
    ) -> None:
        self._database = database
        self._library = library
        self._agent = Agent(settings, library, jobs, prompts or Prompts())
        self._timing = timing
        self._owner = rows.Owner(
            new_id("own"), alone=database.sqlite if alone is None else alone, dead=timing.dead
        )
        self._answers: dict[str, Answer] = {}

    async def start(self) -> None:
        """Interrupt the answers that a dead process left behind."""
        await self._database.run(rows.interrupt_left, self._owner)

    async def stop(self) -> None:
        """Interrupt the answers that are being written here; what they have is stored."""
        await asyncio.gather(*(answer.stop("interrupted") for answer in self._answers.values()))
        await self._agent.close()

    # -- chats --------------------------------------------------------------------------------

    async def list(self, viewer: Viewer, *, q: str = "", limit: int = 100, offset: int = 0) -> list[ChatView]:
        """A person's chats, newest first; with ``q`` those whose title or messages hold it."""
        self._agent.prepare()
        found = await self._database.run(rows.chats, viewer.user_id, str(clean(q)).strip(), limit, offset)
        return [_chat_view(chat, answering) for chat, answering in found]

    async def create(self, viewer: Viewer, title: str | None = None) -> ChatView:
        self._agent.prepare()
        name = _valid_title(title) if title is not None else rows.UNTITLED
        return _chat_view(await self._database.run(rows.new_chat, viewer.user_id, name))

    async def get(self, viewer: Viewer, chat_id: str) -> ChatThread:
        """A chat with its newest messages."""
        self._agent.prepare()

        def read(session: Session) -> tuple[Chat, Sequence[Message]]:
            chat = rows.owned_chat(session, chat_id, viewer.user_id)
            self._give_up_dead(session, chat_id)
            return chat, rows.thread(session, chat_id, 200)

        chat, messages = await self._database.run(read)
        answering = next((found.id for found in messages if found.status == "generating"), None)
        views = await thread_views(messages, viewer, self._library)
        return ChatThread(**_chat_view(chat, answering).model_dump(), messages=tuple(views))

    async def rename(self, viewer: Viewer, chat_id: str, title: str) -> ChatView:
        def change(session: Session) -> tuple[Chat, Message | None]:
            chat = rows.owned_chat(session, chat_id, viewer.user_id, lock=True)
            chat.title = _valid_title(title)
            session.add(chat)
            return chat, rows.generating(session, chat_id)

        chat, answering = await self._database.run(change)
        return _chat_view(chat, answering.id if answering else None)

    async def delete(self, viewer: Viewer, chat_id: str) -> None:
        """Delete a chat for good; an answer that is being written ends."""
        await self._database.run(rows.owned_chat, chat_id, viewer.user_id)
        if chat_id in self._answers:
            await self._answers[chat_id].stop()
        await self._database.run(rows.delete_chat, chat_id, viewer.user_id)

    # -- messages -----------------------------------------------------------------------------

    async def messages(
        self, viewer: Viewer, chat_id: str, *, limit: int = 100, before: str | None = None
    ) -> builtins.list[MessageView]:
        """The newest messages, oldest first; ``before``: a message's id, to page back."""

        def read(session: Session) -> Sequence[Message]:
            rows.owned_chat(session, chat_id, viewer.user_id)
            self._give_up_dead(session, chat_id)
            return rows.thread(session, chat_id, limit, before)

        return await thread_views(await self._database.run(read), viewer, self._library)

    async def message(self, viewer: Viewer, chat_id: str, message_id: str) -> MessageView:
        def read(session: Session) -> Message:
            rows.owned_chat(session, chat_id, viewer.user_id)
            self._give_up_dead(session, chat_id)
            return rows.message(session, chat_id, message_id)

        return (await thread_views([await self._database.run(read)], viewer, self._library))[0]

    async def send(self, viewer: Viewer, chat_id: str, content: str, message_id: str | None = None) -> str:
        """Store a message and begin its answer; the answer's id.

        The same ``message_id`` with the same content again is the same message: its answer is
        returned and nothing begins. Errors: ``InvalidInput`` for an empty or too long message;
        ``Conflict`` while an answer is being written, or for an id that is taken.
        """
        content = _valid_content(content)
        if message_id is not None and not _CLIENT_ID.fullmatch(message_id):
            raise InvalidInput("A message id is 1 to 64 letters, digits, '-' and '_'.")

        def store(session: Session) -> tuple[Message, Sequence[Message] | None]:
            chat = rows.owned_chat(session, chat_id, viewer.user_id, lock=True)
            known = rows.answered(session, chat_id, message_id, content) if message_id else None
            if known is not None:
                return known, None
            rows.refuse_while_generating(session, chat_id, self._owner)
            rows.add_message(session, chat, message_id or new_id("msg"), content)
            answer = rows.add_answer(session, chat, self._owner)
            return answer, rows.thread(session, chat_id, _REMEMBERED)[:-1]

        answer, history = await self._database.run(store)
        if history is not None:
            self._begin(viewer, answer, history)
        return answer.id

    async def regenerate(self, viewer: Viewer, chat_id: str, message_id: str) -> str:
        """Answer again: ``message_id`` names the answer, or the message that it answers. Everything
        said after that message goes. Errors: ``Conflict`` while an answer is being written."""

        def store(session: Session) -> tuple[Message, Sequence[Message]]:
            chat = rows.owned_chat(session, chat_id, viewer.user_id, lock=True)
            rows.refuse_while_generating(session, chat_id, self._owner)
            asked = rows.question(session, chat_id, message_id)
            if asked is None:
                raise NotFound("There is no such message in this chat.")
            rows.cut_after(session, asked)
            answer = rows.add_answer(session, chat, self._owner)
            return answer, rows.thread(session, chat_id, _REMEMBERED)[:-1]

        answer, history = await self._database.run(store)
        self._begin(viewer, answer, history)
        return answer.id

    async def stop_answer(self, viewer: Viewer, chat_id: str) -> bool:
        """End the answer that is being written, with what is there; whether there was one."""
        await self._database.run(rows.owned_chat, chat_id, viewer.user_id)
        answer = self._answers.get(chat_id)
        if answer is not None and not answer.done:
            await answer.stop()
            return True
        return await self._database.run(rows.release, chat_id)

    # -- streams ------------------------------------------------------------------------------

    async def resumable(self, viewer: Viewer, chat_id: str, after_message: str | None) -> str | None:
        """The answer to stream to a reader whose last message is ``after_message`` (by default the
        chat's last question): one being written, or finished a short while ago. None: nothing."""

        def read(session: Session) -> Message | None:
            rows.owned_chat(session, chat_id, viewer.user_id)
            self._give_up_dead(session, chat_id)
            asked = rows.question(session, chat_id, after_message)
            answer = rows.answer_to(session, asked) if asked is not None else None
            oldest = now() - timedelta(seconds=self._timing.replay)
            if answer is None or (answer.status != "generating" and answer.updated_at < oldest):
                return None
            return answer

        answer = await self._database.run(read)
        return answer.id if answer is not None else None

    async def finished(self, chat_id: str, message_id: str) -> None:
        """Wait until an answer has ended. The id is one that ``send``, ``regenerate`` or ``resumable``
        gave to its person."""
        async for _chunk in self.follow(chat_id, message_id):
            pass

    async def follow(self, chat_id: str, message_id: str) -> AsyncIterator[Chunk | None]:
        """The stream of an answer from its start to its end; None after some silence. The id is one
        that ``send``, ``regenerate`` or ``resumable`` gave to its person."""
        answer = self._answers.get(chat_id)
        here = answer is not None and answer.message_id == message_id
        async for chunk in answer.follow() if answer and here else self._follow_row(chat_id, message_id):
            yield chunk

    async def _follow_row(self, chat_id: str, message_id: str) -> AsyncIterator[Chunk | None]:
        """An answer that has ended, or that another process writes: as it is stored."""
        row = await self._database.run(self._stored_answer, chat_id, message_id)
        yield Start(message_id=message_id, message_metadata=_metadata(row))
        cursor = Cursor()
        silence = 0.0
        while True:
            for chunk in cursor.advance(row.parts):
                silence = 0.0
                yield chunk
            if row.status != "generating":
                break
            await asyncio.sleep(self._timing.poll)
            silence += self._timing.poll
            if silence >= self._timing.keep_alive:
                silence = 0.0
                yield None
            row = await self._database.run(self._stored_answer, chat_id, message_id)
        for chunk in (*cursor.close(), *ending(_metadata(row))):
            yield chunk

    # -- inside -------------------------------------------------------------------------------

    def _begin(self, viewer: Viewer, answer: Message, history: Sequence[Message]) -> None:
        said = [Said(found.role, found.content, found.parts) for found in history]
        events = self._agent.answer(viewer, Conversation(said))
        running = Answer(answer.chat_id, answer.id, events, self._store, self._timing)
        self._answers[answer.chat_id] = running
        running.on_done(lambda: self._forget(running))

    def _forget(self, answer: Answer) -> None:
        if self._answers.get(answer.chat_id) is answer:
            del self._answers[answer.chat_id]

    async def _store(self, snapshot: Snapshot) -> bool:
        return await self._database.run(rows.write, snapshot)

    def _stored_answer(self, session: Session, chat_id: str, message_id: str) -> Message:
        self._give_up_dead(session, chat_id)
        return rows.message(session, chat_id, message_id)

    def _give_up_dead(self, session: Session, chat_id: str) -> None:
        current = rows.generating(session, chat_id)
        if current is not None and self._owner.left(current):
            rows.interrupt(session, current)


def _chat_view(chat: Chat, answering: str | None = None) -> ChatView:
    return ChatView(
        id=chat.id,
        title=chat.title,
        created_at=chat.created_at,
        updated_at=chat.updated_at,
        generating=answering,
    )


def _metadata(answer: Message) -> MessageMetadata:
    return MessageMetadata(chat_id=answer.chat_id, status=answer.status, model=answer.model)


def _valid_content(content: str) -> str:
    content = str(clean(content)).strip()
    if not content:
        raise InvalidInput("The message is empty.", next_step="Say what data you are looking for.")
    if len(content) > MESSAGE_LENGTH:
        raise InvalidInput(
            f"The message has {len(content):,} characters; {MESSAGE_LENGTH:,} are the limit.",
            next_step="Shorten it.",
        )
    return content


def _valid_title(title: str) -> str:
    title = " ".join(str(clean(title)).split())
    if not title or len(title) > TITLE_LENGTH:
        raise InvalidInput(f"A chat's title has 1 to {TITLE_LENGTH} characters.")
    return title
