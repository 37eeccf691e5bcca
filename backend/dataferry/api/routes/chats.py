"""Chats, their messages, and the stream of an answer."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response, status
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from dataferry.api.deps import AccessToken, Current, RequestBody, Services, TokenFirst, Wired
from dataferry.api.idempotency import ONCE
from dataferry.api.pager import Cursor, Paged
from dataferry.api.routes.sharing import ShareRequest
from dataferry.chat.stream import DONE, HEADERS, KEEP_ALIVE, encode
from dataferry.chat.views import ChatQuery, ChatThread, ChatView, MessageView, ThreadSharing
from dataferry.core.types import Viewer

router = APIRouter(prefix="/api/chats", tags=["chats"], route_class=TokenFirst)

_ID = r"^[A-Za-z0-9_-]{1,64}$"

ChatId = Annotated[str, Path(pattern=_ID)]
MessageId = Annotated[str, Path(pattern=_ID)]
MessageQuery = Annotated[str | None, Query(pattern=_ID)]
Accept = Annotated[str, Header(include_in_schema=False)]

_STREAM = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}


class ChatRequest(RequestBody):
    """Without a title the first message gives one."""

    title: str | None = Field(None, max_length=1000)


class TitleRequest(RequestBody):
    """A new title for a chat."""

    title: str = Field(max_length=1000)


class MessageRequest(RequestBody):
    """``id``: the client's own id of the message. Sending the same message twice is sending it once."""

    id: str | None = Field(None, max_length=64)
    content: str


class Stopped(BaseModel):
    """Whether an answer was stopped."""

    #: There was an answer to stop.
    stopped: bool


@router.get("")
async def list_chats(
    viewer: Current, wired: Wired, pager: Paged, wanted: Annotated[ChatQuery, Query()]
) -> list[ChatView]:
    """Your chats, newest first, or with `shared` those that others share with you.

    With `q` those whose title or messages hold it. `Link` leads on.
    """
    position = pager.position(wanted.cursor, other_place=bool(wanted.offset))
    chats, last = await wired.threads.page(viewer, wanted, position)
    pager.next(last)
    return chats


@router.post("", status_code=status.HTTP_201_CREATED, dependencies=[ONCE])
async def create_chat(viewer: Current, wired: Wired, body: ChatRequest | None = None) -> ChatView:
    """Begin a chat."""
    return await wired.chat.create(viewer, body.title if body else None)


@router.get("/{chat_id}")
async def get_chat(chat_id: ChatId, viewer: Current, wired: Wired) -> ChatThread:
    """A chat of yours, or shared with you, with its newest messages.

    Their cards say what is on this machine as of now. Of another's chat you see what your own rights let you:
    the rest is withheld, and says so.
    """
    return await wired.threads.get(viewer, chat_id)


@router.patch("/{chat_id}")
async def rename_chat(chat_id: ChatId, body: TitleRequest, viewer: Current, wired: Wired) -> ChatView:
    """Give a chat another title."""
    return await wired.chat.rename(viewer, chat_id, body.title)


@router.delete("/{chat_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_chat(chat_id: ChatId, viewer: Current, wired: Wired) -> Response:
    """Delete a chat for good. Downloads that it started go on."""
    await wired.chat.delete(viewer, chat_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/{chat_id}/sharing")
async def get_chat_sharing(chat_id: ChatId, viewer: Current, wired: Wired) -> ThreadSharing:
    """Who may read a chat of yours, or whose it is and by what you read it."""
    return await wired.threads.sharing(viewer, chat_id)


@router.post("/{chat_id}/sharing")
async def share_chat(chat_id: ChatId, body: ShareRequest, viewer: Current, wired: Wired) -> ThreadSharing:
    """Let people of this server read a chat of yours, with all that is yet to come in it.

    They see of the datasets in it only what they may see anyway, and can do nothing in it.
    """
    return await wired.threads.share(viewer, chat_id, emails=body.emails, everybody=body.everybody)


@router.delete("/{chat_id}/sharing")
async def unshare_chat(
    chat_id: ChatId,
    viewer: Current,
    wired: Wired,
    email: Annotated[str | None, Query(max_length=320, description="Of one person; by default all")] = None,
) -> ThreadSharing:
    """Take a chat back from one person, or from all, at once. Who reads another's leaves it so."""
    return await wired.threads.unshare(viewer, chat_id, email=email)


@router.post("/{chat_id}/copy", status_code=status.HTTP_201_CREATED, dependencies=[ONCE])
async def copy_chat(chat_id: ChatId, viewer: Current, wired: Wired) -> ChatView:
    """Go on in a chat of your own, which begins with what you may see of one that is shared with you."""
    return await wired.threads.copy(viewer, chat_id)


@router.get("/{chat_id}/messages")
async def list_messages(
    chat_id: ChatId,
    viewer: Current,
    wired: Wired,
    pager: Paged,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    before: MessageQuery = None,
    cursor: Cursor = None,
) -> list[MessageView]:
    """The newest messages, oldest first; `before` a message's id to page back. `Link` leads to older ones."""
    position = pager.position(cursor, other_place=before is not None)
    begin = position[0] if position else before
    messages = await wired.threads.messages(viewer, chat_id, limit=limit + 1, before=begin)
    pager.next((messages[-limit].id,) if len(messages) > limit else None)
    return messages[-limit:]


@router.post(
    "/{chat_id}/messages",
    response_model=MessageView,
    responses=_STREAM,  # type: ignore[arg-type]
    dependencies=[ONCE],
)
async def send_message(
    chat_id: ChatId,
    body: MessageRequest,
    viewer: Current,
    token: AccessToken,
    wired: Wired,
    accept: Accept = "",
) -> MessageView | Response:
    """Send a message and get its answer: whole as JSON, or streamed with `Accept: text/event-stream`.

    The answer goes on when the client leaves. 409 while another one is being written in this chat.
    """
    answer_id = await wired.chat.send(viewer, chat_id, body.content, body.id)
    return await _answer(wired, viewer, token, chat_id, answer_id, accept)


@router.post(
    "/{chat_id}/messages/{message_id}/regenerate",
    response_model=MessageView,
    responses=_STREAM,  # type: ignore[arg-type]
)
async def regenerate_message(
    chat_id: ChatId,
    message_id: MessageId,
    viewer: Current,
    token: AccessToken,
    wired: Wired,
    accept: Accept = "",
) -> MessageView | Response:
    """Answer again. `message_id` names the answer, or the message it answers; what came after goes."""
    answer_id = await wired.chat.regenerate(viewer, chat_id, message_id)
    return await _answer(wired, viewer, token, chat_id, answer_id, accept)


@router.get(
    "/{chat_id}/stream",
    response_class=StreamingResponse,
    responses={204: {"description": "Nothing is being written, and nothing was a short while ago"}},
)
async def resume_stream(
    chat_id: ChatId,
    viewer: Current,
    token: AccessToken,
    wired: Wired,
    after_message: MessageQuery = None,
) -> Response:
    """The answer to `after_message`, streamed from its start, then on as it grows."""
    answer_id = await wired.chat.resumable_answer(viewer, chat_id, after_message)
    if answer_id is None:
        return Response(status_code=status.HTTP_204_NO_CONTENT)
    return _stream(wired, token, chat_id, answer_id)


@router.post("/{chat_id}/stop")
async def stop_answer(chat_id: ChatId, viewer: Current, wired: Wired) -> Stopped:
    """End the answer that is being written; what is there stays."""
    return Stopped(stopped=await wired.chat.stop_answer(viewer, chat_id))


async def _answer(
    wired: Services, viewer: Viewer, token: str, chat_id: str, answer_id: str, accept: str
) -> MessageView | Response:
    if "text/event-stream" in accept:
        return _stream(wired, token, chat_id, answer_id)
    await wired.chat.wait_for_answer(chat_id, answer_id)
    return await wired.chat.message(viewer, chat_id, answer_id)


def _stream(wired: Services, token: str, chat_id: str, answer_id: str) -> Response:
    async def events() -> AsyncIterator[str]:
        async with wired.accounts.open_by_token(token) as session:
            async for chunk in wired.chat.follow(chat_id, answer_id):
                if session.ended.is_set():  # cut, so that the page asks again and is told
                    return
                yield KEEP_ALIVE if chunk is None else encode(chunk)
        yield DONE

    return StreamingResponse(events(), media_type="text/event-stream", headers=HEADERS)
