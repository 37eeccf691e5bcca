"""Searches of models at HuggingFace: several requests side by side, within one deadline, remembered."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable
from urllib.parse import urlencode

from dataferry.core.errors import DataferryError, InvalidInput
from dataferry.core.model_cards import ModelCard, ModelSearchAnswer
from dataferry.core.problems import SourceProblem, words_of
from dataferry.core.settings import Settings
from dataferry.core.types import Credential, SourceName
from dataferry.sources.base import Source
from dataferry.sources.cache import TtlCache
from dataferry.sources.dispatcher import Dispatcher
from dataferry.sources.language import search_text
from dataferry.sources.licences import license_family
from dataferry.sources.model_plan import (
    ModelFilters,
    ModelQuestion,
    ModelSort,
    ModelWish,
    questions,
    ranked,
    wish_of,
)
from dataferry.sources.shared_calls import SharedCalls

MAX_MODELS = 50
_HUB: SourceName = "huggingface"
#: Models asked for by each request: what fits best need not be what is downloaded most.
_ASKED_FOR = 30


@runtime_checkable
class _ModelSource(Protocol):
    """A source that has models too."""

    def search_models(
        self,
        question: ModelQuestion,
        tags: Sequence[str],
        sort: ModelSort,
        limit: int,
        credential: Credential,
    ) -> list[ModelCard]: ...


class ModelSearches:
    """Asks the hub as a credential; equal searches under way share their requests."""

    def __init__(
        self,
        sources: Mapping[SourceName, Source],
        dispatcher: Dispatcher,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source: object = sources.get(_HUB)
        self._endpoint = settings.hf_endpoint.rstrip("/")
        self._dispatcher = dispatcher
        self._settings = settings
        self._clock = clock
        self._known = TtlCache[tuple[ModelCard, ...]](settings.search_cache_s, 256, clock)
        self._running = SharedCalls[tuple[ModelCard, ...]]()

    async def search(
        self, query: str, *, filters: ModelFilters, limit: int, credential: Credential
    ) -> ModelSearchAnswer:
        """The ``limit`` models that fit ``query`` best, within ``search_timeout_s``.

        Errors: ``InvalidInput`` for a query without a word. A hub that fails is reported in the answer.
        """
        if not 1 <= limit <= MAX_MODELS:
            raise InvalidInput(f"A search shows 1 to {MAX_MODELS} models.", next_step="Ask for fewer.")
        text = search_text(query)
        wish = await asyncio.to_thread(wish_of, text, filters)
        key = (text.casefold(), filters, credential.fingerprint)
        models = self._known.get(key)
        problems: tuple[SourceProblem, ...] = ()
        if models is None:
            try:
                models = await self._running.share(key, lambda: self._ask(wish, filters, credential))
                self._known.put(key, models)
            except DataferryError as error:
                models, problems = (), (SourceProblem(**words_of(error), source=_HUB),)
        return ModelSearchAnswer(
            query=query,
            models=models[:limit],
            task=wish.task,
            language=wish.language,
            url=self._page(wish),
            source_errors=problems,
        )

    async def _ask(
        self, wish: ModelWish, filters: ModelFilters, credential: Credential
    ) -> tuple[ModelCard, ...]:
        """A request that fails is left out, unless all do."""
        source = self._source
        if not isinstance(source, _ModelSource):
            raise InvalidInput("This server has no source of models.")
        ends_at = self._clock() + self._settings.search_timeout_s
        tags = _tags(filters)

        async def ask(question: ModelQuestion) -> list[ModelCard]:
            left_s = ends_at - self._clock()
            return await self._dispatcher.call(
                _HUB, credential, left_s, source.search_models, question, tags, filters.sort, _ASKED_FOR
            )

        answers = await asyncio.gather(*map(ask, questions(wish)), return_exceptions=True)
        failures = [answer for answer in answers if isinstance(answer, BaseException)]
        if len(failures) == len(answers):
            raise failures[0]
        found = (card for answer in answers if not isinstance(answer, BaseException) for card in answer)
        return tuple(ranked(found, wish, filters))

    def _page(self, wish: ModelWish) -> str:
        """The hub's own list of such models."""
        narrow = {"pipeline_tag": wish.task, "language": wish.language, "search": " ".join(wish.subject)}
        query = urlencode({name: value for name, value in narrow.items() if value})
        return f"{self._endpoint}/models?{query}"


def _tags(filters: ModelFilters) -> list[str]:
    """What the hub can narrow to beside task and language; a family of several versions it cannot."""
    versions = {"mit": "mit", "apache": "apache-2.0", "cc0": "cc0-1.0"}
    exact = versions.get(license_family(filters.license) or "")
    return [f"license:{exact}"] if exact else []
