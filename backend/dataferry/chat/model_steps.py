"""The steps of a model's answer: each is one call of the model, with the tools that it asks for.

A step that fails is asked for once more, but only while nothing of it has reached the person: words that
were shown cannot be taken back, and would be said twice.
"""

import asyncio
import operator
from collections.abc import Awaitable, Callable
from functools import reduce
from typing import Any

import httpx
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse, ToolCallRequest
from langchain_core import exceptions as model_errors
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    BaseMessageChunk,
    ToolCall,
    ToolMessage,
    message_chunk_to_message,
)
from langchain_core.outputs import ChatGenerationChunk, GenerationChunk
from langgraph.config import get_stream_writer

from dataferry.chat.events import ModelFailed, NoticeAdded, StepStarted
from dataferry.chat.model_endings import Ending, ending_of
from dataferry.tools.events import ToolFailed
from dataferry.tools.toolbox import Call, Toolbox

#: Before the one further attempt after a fault that may pass. After a 429 there is none: the planner's
#: answer is better than a long wait.
_RETRY_DELAY_S = 0.3


class Unusable(Exception):
    """An answer that came without an error and is none. The message is for people."""


class StepWatch(AsyncCallbackHandler):
    """What the step under way has shown, and how it says that it ended."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.shown = False
        self.ending: Ending | None = None
        self._pieces: list[BaseMessageChunk] = []

    def note(self, message: BaseMessage) -> None:
        """Take in a piece of the answer, or all of it."""
        self.ending = ending_of(message.response_metadata) or self.ending
        self.shown = self.shown or bool(message.text.strip())

    async def on_llm_new_token(
        self,
        token: str | list[str | dict[str, Any]],
        *,
        chunk: GenerationChunk | ChatGenerationChunk | None = None,
        **_given: Any,
    ) -> None:
        if isinstance(chunk, ChatGenerationChunk):
            self.note(chunk.message)
            self._pieces.append(chunk.message)

    def whole_answer(self) -> BaseMessage | None:
        """What came, where the model has said that it was all."""
        if not self._pieces or self.ending is None:
            return None
        return message_chunk_to_message(reduce(operator.add, self._pieces))


class Steps(AgentMiddleware[Any, Any]):
    """Reports each step and its calls as events, limits its time, and lets the toolbox run its calls.

    ``always_ends``: the provider tells of the end of each answer, so that one without was cut off.
    """

    def __init__(self, toolbox: Toolbox, deadline_s: float, watch: StepWatch, *, always_ends: bool) -> None:
        super().__init__()
        self._toolbox = toolbox
        self._deadline_s = deadline_s
        self._watch = watch
        self._always_ends = always_ends

    async def awrap_model_call(
        self,
        request: ModelRequest,
        handler: Callable[[ModelRequest], Awaitable[ModelResponse]],
    ) -> ModelResponse:
        write = get_stream_writer()
        write(StepStarted())
        async with asyncio.timeout(self._deadline_s):
            try:
                response = await self._ask(request, handler)
            except Exception as error:
                if self._watch.shown or not _may_pass(error):
                    raise
                await asyncio.sleep(_RETRY_DELAY_S)
                response = await self._ask(request, handler)
        # Here and not where each call begins: they run in parallel, and begin in any order.
        calls = _calls(response.result)
        for call in calls:
            write(call.started)
        if not calls:
            self._say_how_it_ended(write)
        self._watch.begin()
        return response

    async def _ask(
        self, request: ModelRequest, handler: Callable[[ModelRequest], Awaitable[ModelResponse]]
    ) -> ModelResponse:
        """One answer of the model. Errors: ``Unusable``, and the provider's own."""
        self._watch.begin()
        try:
            response = await handler(request)
        except (httpx.TransportError, ConnectionError):
            # Services in between cut the line where they should close it: nothing is missing.
            answer = self._watch.whole_answer()
            if answer is None:
                raise
            response = ModelResponse(result=[answer])
        if self._watch.ending is None:
            # Not every model streams.
            for message in response.result:
                self._watch.note(message)
        ending = self._watch.ending
        if ending is None and self._always_ends and not _calls(response.result):
            raise Unusable("The connection to the model ended before its answer did.")
        if ending is not None and ending.kind == "call":
            raise Unusable(ending.without_words)
        return response

    def _say_how_it_ended(self, write: Callable[[Any], None]) -> None:
        """Errors: ``ModelFailed`` for a last step without a word."""
        ending = self._watch.ending or Ending("whole", "")
        if not self._watch.shown:
            raise ModelFailed(ending.without_words)
        if ending.after_words:
            write(NoticeAdded("answer_cut", ending.after_words))

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[Any]],
    ) -> ToolMessage:
        call = _call(request.tool_call)
        write = get_stream_writer()
        outcome = await self._toolbox.run(call, write)
        write(outcome)
        status = "error" if isinstance(outcome, ToolFailed) else "success"
        return ToolMessage(outcome.model_text, tool_call_id=call.id, name=call.name, status=status)


def _may_pass(error: Exception) -> bool:
    """Whether another attempt could go better."""
    match error:
        case model_errors.ModelError():
            return isinstance(error, model_errors.ModelAPIError | model_errors.ModelConnectionError)
        case TimeoutError() | httpx.TimeoutException():
            return False
        case _:
            # A ValueError is a body that cannot be read, for example the page of a proxy.
            return isinstance(error, Unusable | httpx.TransportError | ConnectionError | ValueError)


def _calls(messages: list[BaseMessage]) -> list[Call]:
    return [
        _call(tool_call)
        for message in messages
        if isinstance(message, AIMessage)
        for tool_call in message.tool_calls
    ]


def _call(tool_call: ToolCall) -> Call:
    return Call(str(tool_call["id"]), tool_call["name"], dict(tool_call["args"]))
