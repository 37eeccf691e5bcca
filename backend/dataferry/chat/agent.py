"""Who answers: a language model where one is set, else the planner; and the planner when it fails."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from dataferry.chat.consent import MessageConsent
from dataferry.chat.conversation import Conversation
from dataferry.chat.events import AnswerEvent, ModelChosen, ModelFailed, NoticeAdded
from dataferry.chat.planner import Planner
from dataferry.core.settings import Settings
from dataferry.core.types import Viewer
from dataferry.tools.prompts import Prompts
from dataferry.tools.services import JobsService, LibraryService
from dataferry.tools.toolbox import Toolbox

if TYPE_CHECKING:
    from dataferry.chat.language_model import LanguageModel

log = logging.getLogger(__name__)

#: Google's own name for its current quick model, so that a retired one is never our default.
DEFAULT_MODEL = "google_genai:gemini-flash-latest"
OFFLINE_NOTICE = (
    "Offline mode: keyword search. Set GOOGLE_API_KEY or DATAFERRY_MODEL to have a language model answer."
)


def chosen_model(settings: Settings) -> str | None:
    """``provider:model`` to ask; None: the planner answers."""
    if settings.model is not None:
        return None if settings.model == "planner" else settings.model
    return DEFAULT_MODEL if settings.google_api_key is not None else None


async def probe_model(settings: Settings) -> str:
    """What the configured model says to a greeting, or that none is configured. Errors: ``ModelFailed``."""
    name = chosen_model(settings)
    if name is None:
        return "none is set, keyword search answers; GOOGLE_API_KEY or DATAFERRY_MODEL sets one"
    await asyncio.to_thread(_load, name)
    from dataferry.chat.language_model import LanguageModel

    async with aclosing(LanguageModel(name, settings)) as model:
        greeting = await model.probe(Prompts())
    return f"{name} says {greeting!r}"


class Agent:
    """Answers one message of a chat, as a stream of events that never ends in a model's error."""

    def __init__(
        self, settings: Settings, library: LibraryService, jobs: JobsService, prompts: Prompts
    ) -> None:
        self._settings = settings
        self._library = library
        self._jobs = jobs
        self._prompts = prompts
        self._planner = Planner()
        self._model = chosen_model(settings)
        self._preloaded = False
        self._client: LanguageModel | None = None

    def preload(self) -> None:
        """Load the model's libraries in the background, once, so that the first answer need not wait
        for them (1.5 s). Without a model nothing is loaded."""
        if self._model is not None and not self._preloaded:
            self._preloaded = True
            threading.Thread(target=_load, args=(self._model,), name="load model", daemon=True).start()

    async def close(self) -> None:
        """Close the model's connections, which belong to the event loop that they were opened on."""
        if self._client is not None:
            await self._client.aclose()

    async def answer(self, viewer: Viewer, conversation: Conversation) -> AsyncGenerator[AnswerEvent]:
        consent = MessageConsent(conversation)
        toolbox = Toolbox(viewer, consent, self._library, self._jobs, self._settings, self._prompts)
        if self._model is None:
            yield NoticeAdded("offline", OFFLINE_NOTICE)
        else:
            try:
                async with aclosing(self._ask_model(conversation, toolbox)) as events:
                    async for event in events:
                        yield event
                return
            except ModelFailed as failure:
                log.warning("%s: %s", self._model, failure)
                yield NoticeAdded("model_failed", f"{failure} Keyword search answers instead.")
        async with aclosing(self._planner.answer(conversation, toolbox)) as events:
            async for event in events:
                yield event

    async def _ask_model(self, conversation: Conversation, toolbox: Toolbox) -> AsyncGenerator[AnswerEvent]:
        assert self._model is not None
        yield ModelChosen(self._model)
        model = await self._language_model(self._model)
        async with aclosing(model.answer(conversation, toolbox)) as events:
            async for event in events:
                yield event

    async def _language_model(self, name: str) -> LanguageModel:
        kind = await asyncio.to_thread(_load, name)
        if self._client is None:
            self._client = kind(name, self._settings)
        return self._client


def _load(name: str) -> type[LanguageModel]:
    """Import LangChain and what the model ``name`` needs of it."""
    # Read when LangChain is imported; nothing of a chat goes to a tracing service.
    os.environ.setdefault("LANGSMITH_TRACING", "false")
    from dataferry.chat.language_model import LanguageModel, load_provider

    load_provider(name)
    return LanguageModel
