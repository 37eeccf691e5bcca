"""What the HuggingFace Hub is asked for one search of models, and how well each of its answers fits.

The hub's search reads names alone: "which model can transcribe Welsh speech" is in none of them. It narrows
by task and by language though, so that what a query names of these is asked for as such.
"""

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from dataferry.core.model_cards import ModelCard
from dataferry.core.types import View
from dataferry.sources.language import name_stems, stems, words
from dataferry.sources.languages import language_code, language_names
from dataferry.sources.licences import license_matches
from dataferry.sources.query_plan import COMMON_WORDS, MAX_SEARCHES
from dataferry.sources.vocabulary import english_for, synonyms_in

_TELLING_WORDS = 3
#: What is sorted by another property must be named by half of the subject, or be for the task.
_LEAST_FIT = 1.0
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
#: Wishes for few parameters, and how many are few.
_SMALL, _FEW_PARAMETERS = frozenset({"small", "tiny", "mini", "lightweight", "compact", "light"}), 400_000_000
#: Words around the subject of a wish for a model.
_WISHING = "model models pretrained fine tuned checkpoint weight best good open source local run offline"
_NO_SUBJECT = _SMALL | frozenset(_WISHING.split())


ModelSort = Literal["relevance", "downloads", "updated"]


class ModelFilters(View):
    """Narrows a search of models. ``task``: the hub's name of it (``automatic-speech-recognition``);
    ``language``: a code (``cy``) or a name; ``license``: a family or SPDX-like name (``mit``)."""

    task: str | None = Field(None, max_length=60)
    language: str | None = Field(None, max_length=60)
    license: str | None = Field(None, max_length=60)
    sort: ModelSort = "relevance"

    @field_validator("language")
    @classmethod
    def _check_language(cls, name: str | None) -> str | None:
        code = language_code(name) if name else None
        if name and code is None:
            raise ValueError(f"there is no language {name!r}; give its code, such as cy")
        return code


@dataclass(frozen=True, slots=True)
class ModelQuestion:
    """One request to the hub: words that names must contain, a task and a language; any may be empty."""

    text: str = ""
    task: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class ModelWish:
    """What a query asks for: its subject in English words, and the task and the language that it names."""

    text: str
    subject: tuple[str, ...]
    task: str | None
    language: str | None
    small: bool


@lru_cache(maxsize=256)
def wish_of(text: str, filters: ModelFilters = ModelFilters()) -> ModelWish:
    """What ``text``, a query without its filler, asks for."""
    english = english_for(text) or text
    spoken = words(english)
    task, of_task = _named(spoken, _tasks())
    language, of_language = _language_in(spoken)
    subject = [word for word in spoken if word not in {*of_task, *of_language, *_NO_SUBJECT}]
    return ModelWish(
        english,
        tuple(dict.fromkeys(subject)),
        filters.task or task,
        filters.language or language,
        not _SMALL.isdisjoint(spoken),
    )


def questions(wish: ModelWish) -> tuple[ModelQuestion, ...]:
    """What to ask the hub, each once, the most telling first, at most ``MAX_SEARCHES``."""
    telling = [word for word in wish.subject if word not in COMMON_WORDS] or list(wish.subject)
    other_words = [others[0] for _phrase, others in synonyms_in(" ".join(wish.subject))]
    narrow = ModelQuestion(task=wish.task, language=wish.language)
    planned = [ModelQuestion(text=wish.text)]
    if wish.task and wish.language:
        planned.append(narrow)
    planned += [replace(narrow, text=word, language=None) for word in telling[:_TELLING_WORDS]]
    planned += [ModelQuestion(text=word) for word in telling[:1] if wish.task]
    planned += [replace(narrow, text=word, language=None) for word in other_words[:1]]
    if wish.language:
        planned += [ModelQuestion(text=name, task=wish.task) for name in language_names(wish.language)[:1]]
    if wish.task and not wish.subject:
        planned.append(replace(narrow, language=None))
    if not wish.task and wish.language:
        planned.append(narrow)
    return tuple(dict.fromkeys(planned))[:MAX_SEARCHES]


def ranked(models: Iterable[ModelCard], wish: ModelWish, filters: ModelFilters) -> list[ModelCard]:
    """The models that pass the filters, those first that are for the task, know the language and are named by
    the subject; among equals the more used ones."""
    kept = {model.id.casefold(): model for model in models if _passes(model, filters)}.values()
    if filters.sort == "relevance":
        return sorted(kept, key=lambda model: -_fit(model, wish))
    fitting = [model for model in kept if _fit(model, wish) >= _LEAST_FIT]
    if filters.sort == "downloads":
        return sorted(fitting, key=lambda model: -model.downloads)
    return sorted(fitting, key=lambda model: model.updated_at or _LONG_AGO, reverse=True)


def _passes(model: ModelCard, filters: ModelFilters) -> bool:
    return (
        (filters.task is None or filters.task in (model.task, *model.tags))
        and (filters.language is None or filters.language in model.languages)
        and (filters.license is None or license_matches(filters.license, model.license))
    )


def _fit(model: ModelCard, wish: ModelWish) -> float:
    named = {*name_stems(model.id), *(stem for tag in model.tags for stem in stems(tag))}
    wanted = [stem for word in wish.subject for stem in stems(word)]
    share = sum(stem in named for stem in wanted) / len(wanted) if wanted else 0.0
    if wish.language is None:
        spoken = 0.0
    elif wish.language in model.languages:
        # One of a hundred languages is no promise of quality in it.
        spoken = 1.0 if len(model.languages) == 1 else 0.8
    else:
        spoken = 0.6 if not named.isdisjoint(language_names(wish.language)) else -0.5
    task = float(wish.task is not None and wish.task == model.task)
    few = wish.small and model.parameters is not None and model.parameters <= _FEW_PARAMETERS
    return 2 * share + spoken + task + 0.4 * few + math.log10(1 + model.downloads) / 20


def _named(spoken: Sequence[str], names: Mapping[str, str]) -> tuple[str | None, tuple[str, ...]]:
    """The value of the longest name that stands in a text, and the words of all names of it."""
    joined = f" {' '.join(spoken)} "
    found = [name for name in names if f" {name} " in joined]
    if not found:
        return None, ()
    value = names[max(found, key=len)]
    return value, tuple(word for name in found if names[name] == value for word in name.split())


@cache
def _tasks() -> Mapping[str, str]:
    """The hub's task by each of its names."""
    read = tomllib.loads(Path(__file__).with_name("model_tasks.toml").read_text(encoding="utf-8"))
    return {" ".join(words(name)): task for task, names in read.items() for name in (task, *names.split("|"))}


def _language_in(spoken: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """The one language that a text names, and its word; of two none is the model's."""
    found = {word: code for word in spoken if len(word) > 3 and (code := language_code(word))}
    return (next(iter(found.values())), tuple(found)) if len(set(found.values())) == 1 else (None, ())
