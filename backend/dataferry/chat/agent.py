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
from dataferry.chat.model_choice import ModelChoice, ModelChoices
from dataferry.chat.planner import Planner
from dataferry.core.settings import Settings
from dataferry.core.types import Viewer
from dataferry.tools.prompts import Prompts
from dataferry.tools.services import JobsService, LibraryService, LocalServices
from dataferry.tools.toolbox import Toolbox

if TYPE_CHECKING:
    from dataferry.chat.language_model import LanguageModel

log = logging.getLogger(__name__)

#: Where an admin chooses the model.
MODEL_SCREEN = "/settings/model"


async def probe_model(choice: ModelChoice | None, settings: Settings, timeout_s: float | None = None) -> str:
    """What the model says to a greeting, or that there is none. Errors: ``ModelFailed``."""
    if choice is None:
        return "none is set, keyword search answers; Settings has a form for one, GOOGLE_API_KEY sets one too"
    kind = await asyncio.to_thread(load_model, choice.name)
    async with aclosing(kind(choice, settings)) as model:
        greeting = await model.probe(Prompts(), timeout_s)
    return f"{choice.name} says {greeting!r}"


def offline_notice(viewer: Viewer) -> NoticeAdded:
    """That no model is set, and where one is, or who can set it."""
    words = "No model: keyword search answers."
    if viewer.admin:
        return NoticeAdded("offline", words, MODEL_SCREEN)
    return NoticeAdded("offline", f"{words} An admin can set one.")


def failure_notice(failure: ModelFailed, choice: ModelChoice, viewer: Viewer) -> NoticeAdded:
    """What the model ran into, and the next act where there is one."""
    words = [str(failure), "Keyword search answers instead."]
    screen = None
    if failure.kind in ("key", "model"):
        if viewer.admin:
            screen = MODEL_SCREEN
        else:
            words.append("Ask an admin to look at the model's settings.")
    return NoticeAdded("model_failed", " ".join(words), screen)


class Agent:
    """Answers one message of a chat, as a stream of events that never ends in a model's error."""

    def __init__(
        self,
        settings: Settings,
        library: LibraryService,
        jobs: JobsService,
        prompts: Prompts,
        models: ModelChoices | None = None,
        local: LocalServices | None = None,
    ) -> None:
        self._settings = settings
        self._local = local
        self._library = library
        self._jobs = jobs
        self._prompts = prompts
        self._planner = Planner()
        self._models = models or ModelChoices(settings)
        self._preloaded = False
        self._client: tuple[ModelChoice, LanguageModel] | None = None
        #: Those of earlier choices: answers under way may still be theirs.
        self._former: list[LanguageModel] = []

    def preload(self) -> None:
        """Load the model's libraries in the background, once, so that the first answer need not wait
        for them (1.5 s). Without a model nothing is loaded."""
        if not self._preloaded:
            self._preloaded = True
            threading.Thread(target=self._preload, name="load model", daemon=True).start()

    def _preload(self) -> None:
        choice = self._models.current()
        if choice is not None:
            load_model(choice.name)

    async def close(self) -> None:
        """Close the models' connections, which belong to the event loop that they were opened on."""
        models, self._former = self._former, []
        if self._client is not None:
            models.append(self._client[1])
            self._client = None
        for model in models:
            await model.aclose()

    async def answer(self, viewer: Viewer, conversation: Conversation) -> AsyncGenerator[AnswerEvent]:
        consent = MessageConsent(conversation)
        toolbox = Toolbox(
            viewer,
            consent,
            self._library,
            self._jobs,
            self._settings,
            self._prompts,
            local=self._local,
        )
        choice = await self._models.find()
        if choice is None:
            yield offline_notice(viewer)
        else:
            try:
                async with aclosing(self._ask_model(choice, conversation, toolbox)) as events:
                    async for event in events:
                        yield event
                return
            except ModelFailed as failure:
                log.warning("%s: %s", choice.name, failure)
                yield failure_notice(failure, choice, viewer)
        async with aclosing(self._planner.answer(conversation, toolbox)) as events:
            async for event in events:
                yield event

    async def _ask_model(
        self, choice: ModelChoice, conversation: Conversation, toolbox: Toolbox
    ) -> AsyncGenerator[AnswerEvent]:
        yield ModelChosen(choice.name)
        model = await self._language_model(choice)
        async with aclosing(model.answer(conversation, toolbox)) as events:
            async for event in events:
                yield event

    async def _language_model(self, choice: ModelChoice) -> LanguageModel:
        kind = await asyncio.to_thread(load_model, choice.name)
        if self._client is None or self._client[0] != choice:
            if self._client is not None:
                self._former.append(self._client[1])
            self._client = choice, kind(choice, self._settings)
        return self._client[1]


def load_model(name: str) -> type[LanguageModel]:
    """Import LangChain and what the model ``name`` needs of it."""
    # Read when LangChain is imported; nothing of a chat goes to a tracing service.
    os.environ.setdefault("LANGSMITH_TRACING", "false")
    from dataferry.chat.language_model import LanguageModel, load_provider

    load_provider(name)
    return LanguageModel
