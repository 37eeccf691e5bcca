"""A language model behind LangChain's agent. Imported when one is used: its libraries take 1.5 s.

The agent decides; the toolbox acts, as it does for the planner. Text, calls and results leave through
LangGraph's one stream, so that they come in the order in which they happened.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import httpx
from langchain.agents import create_agent
from langchain.agents.middleware import (
    AgentMiddleware,
    ModelCallLimitMiddleware,
    ModelRequest,
    ModelResponse,
    ToolCallRequest,
)
from langchain.agents.middleware.model_call_limit import ModelCallLimitExceededError
from langchain.chat_models import init_chat_model
from langchain_core import exceptions as model_errors
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolCall, ToolMessage, trim_messages
from langchain_core.messages.utils import count_tokens_approximately
from langchain_core.tools import StructuredTool
from langgraph.config import get_stream_writer
from langgraph.errors import GraphRecursionError

from dataferry.chat.conversation import ChatMessage, Conversation
from dataferry.chat.events import AnswerEvent, ModelFailed, StepStarted, TextDelta
from dataferry.chat.references import without_secrets
from dataferry.chat.stream import Part
from dataferry.core.settings import Settings
from dataferry.tools import results
from dataferry.tools.events import ToolFailed
from dataferry.tools.inputs import TOOLS, tool_schema
from dataferry.tools.prompts import Prompts
from dataferry.tools.toolbox import Call, Toolbox

log = logging.getLogger(__name__)

#: Before the one further attempt after a fault of the server's own. After a 429 there is none: the
#: planner's answer is better than a long wait.
_RETRY_DELAY_S = 0.3


class LanguageModel:
    """One model, ``provider:model``, of one event loop."""

    def __init__(self, name: str, settings: Settings) -> None:
        self._name = name
        self._settings = settings
        self._client: BaseChatModel | None = None

    async def answer(self, conversation: Conversation, toolbox: Toolbox) -> AsyncGenerator[AnswerEvent]:
        """Let the model answer. Errors: ``ModelFailed``, also in mid-answer."""
        step_text = ""
        finish_reason = None
        try:
            stream = self._agent(toolbox).astream(
                {"messages": history(conversation, toolbox.prompts, self._settings.history_tokens)},
                stream_mode=["messages", "custom"],
                config={"recursion_limit": 4 * self._settings.agent_steps + 8},
            )
            async with aclosing(stream) as events:
                async for mode, event in events:
                    if mode == "custom":
                        step_text = "" if isinstance(event, StepStarted) else step_text
                        yield event
                    elif isinstance(event[0], AIMessage):
                        finish_reason = event[0].response_metadata.get("finish_reason", finish_reason)
                        if event[0].text:
                            step_text += event[0].text
                            yield TextDelta(event[0].text)
        except Exception as error:
            log.info("model %s failed", self._name, exc_info=error)
            raise ModelFailed(self._reason(error)) from error
        if not step_text.strip():
            # A safety block is an empty message, not an error.
            why = f" (it ended for {finish_reason})" if finish_reason not in (None, "STOP") else ""
            raise ModelFailed(f"The model gave no answer{why}; its safety filter may have stopped it.")

    async def probe(self, prompts: Prompts) -> str:
        """Ask the model for a greeting; the first words of its answer. Errors: ``ModelFailed``."""
        try:
            async with asyncio.timeout(self._settings.model_timeout_s):
                # Read to its end: a stream that is left half-way keeps its connection.
                stream = self._connected_client().astream(prompts.text("probe"))
                texts = [str(chunk.text) async for chunk in stream if chunk.text]
        except Exception as error:
            raise ModelFailed(self._reason(error)) from error
        if not texts:
            raise ModelFailed("The model gave no answer.")
        return texts[0]

    async def aclose(self) -> None:
        """Close the client's connections."""
        client, self._client = self._client, None
        if client is not None and hasattr(client, "aclose"):
            await client.aclose()

    def _agent(self, toolbox: Toolbox) -> Any:
        """LangChain's agent for one answer. Its prompts are read afresh, so that an edit counts."""
        return create_agent(
            self._connected_client(),
            _tools(toolbox.prompts),
            system_prompt=toolbox.prompts.text("system", today=f"{datetime.now(UTC):%Y-%m-%d}"),
            middleware=[
                ModelCallLimitMiddleware[Any, Any](
                    run_limit=self._settings.agent_steps, exit_behavior="error"
                ),
                _Steps(toolbox, self._settings.model_timeout_s),
            ],
        )

    def _connected_client(self) -> BaseChatModel:
        if self._client is None:
            self._client = _create_client(self._name, self._settings)
        return self._client

    def _reason(self, error: Exception) -> str:
        """What happened, for people. The model's own message stays in the log: it may hold the key."""
        match error:
            case model_errors.ModelRateLimitError():
                return "The model's limit is used up for now (429)."
            case model_errors.ModelAuthenticationError() | model_errors.ModelPermissionDeniedError():
                return _REFUSED_KEY
            case model_errors.ContextOverflowError():
                return "This chat is too long for the model."
            case model_errors.ModelNotFoundError():
                return f"There is no model {self._name}. Check DATAFERRY_MODEL."
            case model_errors.ModelInvalidRequestError():
                about_key = "api key" in str(error).lower()
                return _REFUSED_KEY if about_key else "The model refuses the request (400)."
            case model_errors.ModelAPIError():
                return "The model's server has a fault of its own."
            case TimeoutError() | httpx.TimeoutException() | model_errors.ModelTimeoutError():
                return f"The model took longer than {self._settings.model_timeout_s:g} s."
            case httpx.TransportError() | ConnectionError() | model_errors.ModelConnectionError():
                return "The model cannot be reached, or the connection broke off."
            case ModelCallLimitExceededError() | GraphRecursionError():
                return f"The model used all of its {self._settings.agent_steps} steps and came to no answer."
            case ImportError():
                provider = self._name.partition(":")[0]
                return f"The package for {provider} is not installed: pip install 'dataferry[{provider}]'."
            case ValueError():
                return f"The model {self._name} cannot be used. Check DATAFERRY_MODEL and the provider's key."
            case _:
                return f"The model's answer cannot be used ({type(error).__name__})."


_REFUSED_KEY = "The model refuses the key. Check GOOGLE_API_KEY, or the provider's own variable."


def load_provider(name: str) -> None:
    """Import what the model ``name`` needs, ahead of its first use."""
    if name.startswith("google_genai:"):
        import langchain_google_genai  # noqa: F401


def _create_client(name: str, settings: Settings) -> BaseChatModel:
    provider, _, model = name.partition(":")
    if provider != "google_genai":
        return init_chat_model(name)
    from langchain_google_genai import ChatGoogleGenerativeAI

    return ChatGoogleGenerativeAI(
        model=model,
        api_key=settings.google_api_key,
        base_url=settings.google_gemini_base_url,
        max_retries=1,
        timeout=settings.model_timeout_s,
    )


class _Steps(AgentMiddleware[Any, Any]):
    """Reports each step and its calls as events, limits its time, and lets the toolbox run its calls."""

    def __init__(self, toolbox: Toolbox, deadline_s: float) -> None:
        super().__init__()
        self._toolbox = toolbox
        self._deadline_s = deadline_s

    async def awrap_model_call(
        self,
        request: ModelRequest,
        handler: Callable[[ModelRequest], Awaitable[ModelResponse]],
    ) -> ModelResponse:
        write = get_stream_writer()
        write(StepStarted())
        async with asyncio.timeout(self._deadline_s):
            try:
                response = await handler(request)
            except (model_errors.ModelAPIError, httpx.ConnectError):
                # Refused before the first word, so nothing is said twice.
                await asyncio.sleep(_RETRY_DELAY_S)
                response = await handler(request)
        # Here and not where each call begins: they run in parallel, and begin in any order.
        for message in response.result:
            if isinstance(message, AIMessage):
                for tool_call in message.tool_calls:
                    write(_call(tool_call).started)
        return response

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[Any]],
    ) -> ToolMessage:
        call = _call(request.tool_call)
        outcome = await self._toolbox.run(call)
        get_stream_writer()(outcome)
        status = "error" if isinstance(outcome, ToolFailed) else "success"
        return ToolMessage(outcome.model_text, tool_call_id=call.id, name=call.name, status=status)


def _call(tool_call: ToolCall) -> Call:
    return Call(str(tool_call["id"]), tool_call["name"], dict(tool_call["args"]))


def _tools(prompts: Prompts) -> list[StructuredTool]:
    """The tools as they are declared to a model; the toolbox runs them."""

    async def unused(**_arguments: Any) -> None:
        raise NotImplementedError("the toolbox runs the calls")

    return [
        StructuredTool(
            name=name,
            description=prompts.tool(name).description,
            args_schema=tool_schema(name, prompts),
            coroutine=unused,
        )
        for name in TOOLS
    ]


def history(conversation: Conversation, prompts: Prompts, tokens: int) -> list[BaseMessage]:
    """The chat as messages, its newest ``tokens`` of them; the person's last message always."""
    messages: list[BaseMessage] = []
    for message in conversation.messages:
        if message.role == "user":
            messages.append(HumanMessage(without_secrets(message.content)))
        else:
            messages += _past_answer(message, prompts)
    earlier = trim_messages(
        messages[:-1],
        max_tokens=max(0, tokens - count_tokens_approximately(messages[-1:])),
        token_counter=count_tokens_approximately,
        strategy="last",
        start_on="human",
    )
    return [*earlier, messages[-1]]


def _past_answer(answer: ChatMessage, prompts: Prompts) -> list[BaseMessage]:
    """An earlier answer: for each step its text and calls, then the results of the calls."""
    steps: list[list[Part]] = [[]]
    for part in answer.parts:
        if part["type"] == "step-start":
            steps.append([])
        else:
            steps[-1].append(part)
    messages: list[BaseMessage] = []
    for step in steps:
        text = "\n\n".join(part["text"] for part in step if part["type"] == "text")
        calls = [part for part in step if part["type"].startswith("tool-")]
        if not text.strip() and not calls:
            continue
        tool_calls: list[ToolCall] = [
            ToolCall(name=part["type"].removeprefix("tool-"), args=part["input"], id=part["toolCallId"])
            for part in calls
        ]
        last = messages[-1] if messages else None
        if isinstance(last, AIMessage) and not last.tool_calls:
            # A model that broke off, and the planner that went on: one turn.
            text = f"{messages.pop().text}\n\n{text}".strip()
        messages.append(AIMessage(content=text, tool_calls=tool_calls))
        messages += [
            ToolMessage(_past_result(part, prompts), tool_call_id=part["toolCallId"], name=call["name"])
            for part, call in zip(calls, tool_calls, strict=True)
        ]
    if not messages or isinstance(messages[-1], ToolMessage):
        # Stopped before its first word, or before its last.
        messages.append(AIMessage(prompts.text("results/no_answer")))
    return messages


def _past_result(part: Part, prompts: Prompts) -> str:
    """How a tool call of an earlier answer ended."""
    match part["state"]:
        case "output-available":
            return results.stored_output_text(prompts, part["type"].removeprefix("tool-"), part["output"])
        case "output-error":
            return results.error_text(prompts, part["errorText"])
        case _:
            return prompts.text("results/unreadable")
