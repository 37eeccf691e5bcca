"""Chats that their owners share with people of this server, to be read: who may, what they see of them, and
how they go on in a chat of their own."""

import builtins
from collections.abc import Collection, Sequence

from sqlmodel import Session

from dataferry.accounts.service import Accounts
from dataferry.chat import rows, share_rows
from dataferry.chat.models import Chat, ChatShare, Message
from dataferry.chat.service import ChatService, chat_view
from dataferry.chat.share_rows import EVERYBODY
from dataferry.chat.threads import message_views
from dataferry.chat.views import ChatQuery, ChatThread, ChatView, MessageView, ThreadReader, ThreadSharing
from dataferry.chat.withheld import ReadMessage, read_by_others, refs_of
from dataferry.core.db import Database
from dataferry.core.errors import NotFound
from dataferry.core.paging import Position
from dataferry.core.types import Viewer
from dataferry.library.visible import VisibleDatasets
from dataferry.realtime import Change, Realtime
from dataferry.tools.services import LibraryService

#: Of a longer thread these newest messages are read.
_MOST_MESSAGES = 2_000
_NEWEST = 200


class SharedThreads:
    """The chats of ``ChatService`` for their readers too. What is not shared with the viewer, or no longer,
    is ``NotFound``, for admins too; a disabled account shares nothing."""

    def __init__(
        self,
        database: Database,
        chat: ChatService,
        accounts: Accounts,
        datasets: VisibleDatasets,
        library: LibraryService,
        realtime: Realtime,
    ) -> None:
        self._database = database
        self._chat = chat
        self._accounts = accounts
        self._datasets = datasets
        self._library = library
        self._realtime = realtime

    # -- for whoever reads --------------------------------------------------------------------

    async def page(
        self, viewer: Viewer, wanted: ChatQuery, position: Position | None = None
    ) -> tuple[builtins.list[ChatView], Position | None]:
        """A page of a person's chats, or with ``shared`` of those that others share with them."""
        found, last = await self._chat.page(viewer, wanted, position)
        if not wanted.shared:
            return found, last
        owners = await self._database.run_read(rows.owners, [chat.id for chat in found])
        emails = await self._accounts.emails(sorted(set(owners.values())), enabled=True)
        shown = [chat for chat in found if owners.get(chat.id) in emails]
        return [chat.model_copy(update={"owner": emails[owners[chat.id]]}) for chat in shown], last

    async def get(self, viewer: Viewer, chat_id: str) -> ChatThread:
        """A chat with its newest messages, as the viewer may see them."""
        try:
            return await self._chat.get(viewer, chat_id)
        except NotFound:
            chat, owner = await self._shared(viewer, chat_id)
        messages = await self._readable(viewer, chat)
        answering = next((one.message.id for one in messages if one.message.status == "generating"), None)
        views = await message_views(messages[-_NEWEST:], viewer, self._library)
        return ChatThread(**chat_view(chat, answering, owner=owner).model_dump(), messages=tuple(views))

    async def messages(
        self, viewer: Viewer, chat_id: str, *, limit: int = 100, before: str | None = None
    ) -> builtins.list[MessageView]:
        """The newest messages, oldest first; ``before``: a message's id, to page back."""
        try:
            return await self._chat.messages(viewer, chat_id, limit=limit, before=before)
        except NotFound as error:
            chat = await self._database.run_read(share_rows.readable_chat, chat_id, viewer.user_id)
            if chat is None:
                raise error
            chat, _owner = await self._shared(viewer, chat_id)
        messages = await self._readable(viewer, chat, before)
        return await message_views(messages[-limit:], viewer, self._library)

    async def copy(self, viewer: Viewer, chat_id: str) -> ChatView:
        """A chat of the viewer's own that begins with what they may see of this one. What comes later in
        either is not in the other."""
        chat, _owner = await self._shared(viewer, chat_id)
        messages = await self._readable(viewer, chat)

        def write(session: Session) -> Chat:
            copied = rows.new_chat(session, viewer.user_id, chat.title)
            session.flush()
            rows.add_copies(session, copied, messages)
            return copied

        return chat_view(await self._database.run(write))

    async def snapshot(self, viewer: Viewer, topic: str) -> Sequence[Change] | None:
        """The realtime topic ``chat:<id>``, which tells only that there is something new; None where the
        viewer may not read the chat."""
        _, _, chat_id = topic.partition(":")
        try:
            await self._database.run_read(rows.owned_chat, chat_id, viewer.user_id)
        except NotFound:
            try:
                await self._shared(viewer, chat_id)
            except NotFound:
                return None
        return [Change()]

    # -- for the owner ------------------------------------------------------------------------

    async def sharing(self, viewer: Viewer, chat_id: str) -> ThreadSharing:
        """With whom a chat is shared; a reader is told of themselves alone."""

        def read(session: Session) -> tuple[bool, Sequence[ChatShare]]:
            mine = rows.is_owned(session, chat_id, viewer.user_id)
            return mine, share_rows.of(session, chat_id)

        mine, found = await self._database.run_read(read)
        owner = None
        if not mine:
            _chat, owner = await self._shared(viewer, chat_id)
            found = [one for one in found if one.user_id in (viewer.user_id, EVERYBODY)]
        emails = await self._accounts.emails([one.user_id for one in found if one.user_id != EVERYBODY])
        readers = tuple(
            ThreadReader(email=emails.get(one.user_id), shared_at=one.shared_at)
            for one in found
            if one.user_id == EVERYBODY or one.user_id in emails
        )
        return ThreadSharing(owner=owner, readers=readers)

    async def share(
        self, viewer: Viewer, chat_id: str, *, emails: Sequence[str] = (), everybody: bool = False
    ) -> ThreadSharing:
        """Let these people read the viewer's own chat, or everybody who has an account here.

        Errors: ``NotFound``, also for an address that nobody has.
        """
        people = [*await self._accounts.people(emails), *([EVERYBODY] if everybody else [])]

        def write(session: Session) -> None:
            chat = rows.owned_chat(session, chat_id, viewer.user_id, lock=True)
            share_rows.add(session, chat, people)

        await self._database.run(write)
        return await self.sharing(viewer, chat_id)

    async def unshare(self, viewer: Viewer, chat_id: str, *, email: str | None = None) -> ThreadSharing:
        """Take it back from one of them, by default from all: whoever reads it now sees that at once.

        A reader whom it was shared with by name may leave it, too, and then reads it no longer. Errors:
        ``NotFound``.
        """
        people = None if email is None else await self._accounts.people([email])

        def write(session: Session) -> bool:
            mine = rows.is_owned(session, chat_id, viewer.user_id)
            leaving: Collection[str] | None = people if mine else [viewer.user_id]
            return share_rows.drop(session, chat_id, leaving) or mine

        if not await self._database.run(write):
            raise rows.no_such_chat()
        self._realtime.publish_change(f"chat:{chat_id}")
        try:
            return await self.sharing(viewer, chat_id)
        except NotFound:  # whoever left it
            return ThreadSharing()

    # -- what both need -----------------------------------------------------------------------

    async def _shared(self, viewer: Viewer, chat_id: str) -> tuple[Chat, str]:
        """A chat that somebody else shares with the viewer, and that person's address."""
        chat = await self._database.run_read(share_rows.readable_chat, chat_id, viewer.user_id)
        if chat is None:
            raise rows.no_such_chat()
        emails = await self._accounts.emails([chat.user_id], enabled=True)
        if chat.user_id not in emails:
            raise rows.no_such_chat()
        return chat, emails[chat.user_id]

    async def _readable(
        self, viewer: Viewer, chat: Chat, before: str | None = None
    ) -> builtins.list[ReadMessage]:
        """The thread as the viewer may see it, oldest message first. Of a message what stands before it
        decides too, so that it is read from its beginning."""

        def read(session: Session) -> list[Message]:
            return rows.thread(session, chat.id, _MOST_MESSAGES, before)

        messages = await self._database.run_read(read)
        sights = await self._datasets.sights(viewer, refs_of(messages))
        return read_by_others(messages, sights, from_the_middle=len(messages) == _MOST_MESSAGES)
