"""A language model behind LangChain's agent. Imported when one is used: its libraries take 1.5 s.

The agent decides; the toolbox acts, as it does for the planner. Text, calls and results leave through
LangGraph's one stream, so that they come in the order in which they happened.
"""

import asyncio
import logging
import warnings
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import httpx
from langchain.agents import create_agent
from langchain.agents.middleware import ModelCallLimitMiddleware
from langchain.agents.middleware.model_call_limit import ModelCallLimitExceededError
from langchain.chat_models import init_chat_model
from langchain_core import exceptions as model_errors
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolCall,
    ToolMessage,
    trim_messages,
)
from langchain_core.messages.utils import count_tokens_approximately
from langchain_core.tools import StructuredTool
from langgraph.errors import GraphRecursionError
from pydantic import SecretStr

from dataferry.chat.conversation import ChatMessage, Conversation
from dataferry.chat.events import AnswerEvent, Failure, ModelFailed, TextDelta
from dataferry.chat.model_choice import GEMINI, ModelChoice
from dataferry.chat.model_endings import Ending
from dataferry.chat.model_steps import Steps, StepWatch, Unusable
from dataferry.chat.references import without_secrets
from dataferry.chat.stream import Part
from dataferry.core.settings import Settings
from dataferry.core.visible import for_model
from dataferry.tools import results
from dataferry.tools.inputs import TOOLS, tool_schema
from dataferry.tools.prompts import Prompts
from dataferry.tools.toolbox import Toolbox

log = logging.getLogger(__name__)


class LanguageModel:
    """One model of one event loop."""

    def __init__(self, choice: ModelChoice, settings: Settings) -> None:
        self._name = choice.name
        self._key = choice.key
        self._settings = settings
        self._client: BaseChatModel | None = None

    async def answer(self, conversation: Conversation, toolbox: Toolbox) -> AsyncGenerator[AnswerEvent]:
        """Let the model answer. Errors: ``ModelFailed``, also in mid-answer; what came before it stays."""
        watch = StepWatch()
        try:
            stream = self._agent(toolbox, watch).astream(
                {"messages": history(conversation, toolbox.prompts, self._settings.history_tokens)},
                stream_mode=["messages", "custom"],
                config={"recursion_limit": 4 * self._settings.agent_steps + 8, "callbacks": [watch]},
            )
            async with aclosing(stream) as events:
                async for mode, event in events:
                    if mode == "custom":
                        yield event
                    elif isinstance(event[0], AIMessage) and event[0].text:
                        yield TextDelta(event[0].text)
        except Exception as error:
            log.info("model %s failed", self._name, exc_info=error)
            broken_off = "The model broke off in mid-answer. " if watch.shown else ""
            kind, words = self._reason(error)
            raise ModelFailed(broken_off + words, kind) from error

    async def probe(self, prompts: Prompts, timeout_s: float | None = None) -> str:
        """Ask the model for a greeting; the first words of its answer. Errors: ``ModelFailed``."""
        return (await self._texts([HumanMessage(prompts.text("probe"))], timeout_s))[0]

    async def complete(self, system: str, turns: Sequence[str]) -> str:
        """The model's words after ``turns``, which are the person's and the model's own by turns, without any
        tool. Errors: ``ModelFailed``."""
        messages: list[BaseMessage] = [SystemMessage(system)]
        messages += [
            AIMessage(turn) if number % 2 else HumanMessage(turn) for number, turn in enumerate(turns)
        ]
        return "".join(await self._texts(messages))

    async def _texts(self, messages: list[BaseMessage], timeout_s: float | None = None) -> list[str]:
        """The pieces of an answer. Errors: ``ModelFailed``, for one without words too."""
        watch = StepWatch()
        client = self._connected_client()
        try:
            async with asyncio.timeout(timeout_s or self._settings.model_timeout_s):
                # Read to its end: a stream that is left half-way keeps its connection.
                stream = client.astream(messages, config={"callbacks": [watch]})
                texts = [str(chunk.text) async for chunk in stream if chunk.text]
        except Exception as error:
            kind, words = self._reason(error)
            raise ModelFailed(words, kind) from error
        if not texts:
            raise ModelFailed((watch.ending or Ending("whole", "")).without_words)
        return texts

    async def aclose(self) -> None:
        """Close the client's connections."""
        client, self._client = self._client, None
        if client is not None and hasattr(client, "aclose"):
            await client.aclose()

    def _agent(self, toolbox: Toolbox, watch: StepWatch) -> Any:
        """LangChain's agent for one answer. Its prompts are read afresh, so that an edit counts."""
        return create_agent(
            self._connected_client(),
            _tools(toolbox.prompts),
            system_prompt=toolbox.prompts.text("system", today=f"{datetime.now(UTC):%Y-%m-%d}"),
            middleware=[
                ModelCallLimitMiddleware[Any, Any](
                    run_limit=self._settings.agent_steps, exit_behavior="error"
                ),
                Steps(toolbox, self._settings.model_timeout_s, watch, always_ends=self._is_gemini),
            ],
        )

    @property
    def _is_gemini(self) -> bool:
        return self._name.startswith(GEMINI)

    def _connected_client(self) -> BaseChatModel:
        """Errors: ``ModelFailed`` where the settings make none."""
        if self._client is None:
            try:
                self._client = _create_client(self._name, self._key, self._settings)
            except ImportError as error:
                provider = self._name.partition(":")[0]
                raise ModelFailed(
                    f"The package for {provider} is not installed: pip install 'dataferry[{provider}]'."
                ) from error
            except Exception as error:
                raise ModelFailed(
                    f"The model {self._name} cannot be used: it, or its key, is not set as it must be.", "key"
                ) from error
        return self._client

    def _reason(self, error: Exception) -> tuple[Failure, str]:
        """What happened, for people. The model's own message stays in the log: it may hold the key."""
        match error:
            case model_errors.ModelRateLimitError():
                return "limit", "The model's limit is used up for now (429)."
            case model_errors.ModelAuthenticationError():
                return "key", _REFUSED_KEY
            case model_errors.ModelPermissionDeniedError():
                # A key that was withdrawn, or whose project may not use the API.
                return "key", f"{_REFUSED_KEY} It may not use this API (403)."
            case model_errors.ContextOverflowError():
                return "other", "This chat is too long for the model."
            case model_errors.ModelNotFoundError():
                return "model", f"There is no model {self._name.partition(':')[2]} for this key."
            case model_errors.ModelInvalidRequestError():
                return _refused_request(str(error).lower())
            case model_errors.ModelAPIError():
                return "unreachable", "The model's server has a fault of its own."
            case TimeoutError() | httpx.TimeoutException() | model_errors.ModelTimeoutError():
                return "unreachable", f"The model took longer than {self._settings.model_timeout_s:g} s."
            case httpx.TransportError() | ConnectionError() | model_errors.ModelConnectionError():
                return "unreachable", "The model cannot be reached, or the connection broke off."
            case ModelCallLimitExceededError() | GraphRecursionError():
                steps = self._settings.agent_steps
                return "other", f"The model used all of its {steps} steps and came to no answer."
            case ModelFailed() | Unusable():
                return getattr(error, "kind", "other"), str(error)
            case _:
                return "other", f"The model's answer cannot be used ({type(error).__name__})."


_REFUSED_KEY = "The model refuses the key."


def _refused_request(told: str) -> tuple[Failure, str]:
    """A 400 by the model's own words, in lower case."""
    if "api key" in told:
        return "key", _REFUSED_KEY
    if "location is not supported" in told:
        # Said of the server's address, not of the key (google-gemini/gemini-cli#24641).
        return "other", "Google does not offer the model where this server is (400)."
    return "other", "The model refuses the request (400)."


def load_provider(name: str) -> None:
    """Import what the model ``name`` needs, ahead of its first use."""
    if name.startswith(GEMINI):
        import langchain_google_genai  # noqa: F401


def _create_client(name: str, key: SecretStr | None, settings: Settings) -> BaseChatModel:
    provider, _, model = name.partition(":")
    if provider != "google_genai":
        return init_chat_model(name)
    from langchain_google_genai import ChatGoogleGenerativeAI

    # Google gives reasons that its client does not know yet, and then warns of. They are told to the person.
    warnings.filterwarnings("ignore", message=".+ is not a valid (Finish|Blocked)Reason")
    chat_model = ChatGoogleGenerativeAI(
        model=model,
        api_key=key,
        base_url=settings.google_gemini_base_url,
        max_retries=1,
        timeout=settings.model_timeout_s,
    )
    # Where aiohttp is installed, as s3fs has it, Google's client would take it in place of httpx, whose
    # errors and proxies are the ones that are known here. It has no setting for that but a transport, and
    # httpx asks no proxy where it is given one.
    client: Any = chat_model.client
    client._api_client._use_aiohttp = lambda: False
    return chat_model


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
            messages.append(HumanMessage(for_model(without_secrets(message.content))))
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
        text = for_model("\n\n".join(part["text"] for part in step if part["type"] == "text"))
        calls = [part for part in step if part["type"].startswith("tool-")]
        if not text.strip() and not calls:
            continue
        tool_calls: list[ToolCall] = [
            ToolCall(
                name=part["type"].removeprefix("tool-"), args=_seen(part["input"]), id=part["toolCallId"]
            )
            for part in calls
        ]
        # The planner's words on what its tools found stand above their cards.
        comment = text if calls and step is steps[-1] else ""
        text = "" if comment else text
        last = messages[-1] if messages else None
        if isinstance(last, AIMessage) and not last.tool_calls:
            # A model that broke off, and the planner that went on: one turn.
            text = f"{messages.pop().text}\n\n{text}".strip()
        messages.append(AIMessage(content=text, tool_calls=tool_calls))
        messages += [
            ToolMessage(_past_result(part, prompts), tool_call_id=part["toolCallId"], name=call["name"])
            for part, call in zip(calls, tool_calls, strict=True)
        ]
        if comment.strip():
            messages.append(AIMessage(comment))
    if not messages or isinstance(messages[-1], ToolMessage):
        # Stopped before its first word, or before its last.
        messages.append(AIMessage(prompts.text("results/no_answer")))
    return messages


def _seen(value: Any) -> Any:
    """What a call was given, without what nobody sees."""
    if isinstance(value, str):
        return for_model(value)
    if isinstance(value, dict):
        return {key: _seen(inner) for key, inner in value.items()}
    return [_seen(inner) for inner in value] if isinstance(value, list) else value


def _past_result(part: Part, prompts: Prompts) -> str:
    """How a tool call of an earlier answer ended."""
    match part["state"]:
        case "output-available":
            return results.stored_output_text(prompts, part["type"].removeprefix("tool-"), part["output"])
        case "output-error":
            return results.error_text(prompts, part["errorText"])
        case _:
            return prompts.text("results/unreadable")
