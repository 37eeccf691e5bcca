"""Wishes for models: whether models are looked for, and not data for one, and what to search for."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dataferry.chat.acts import Intent
from dataferry.chat.conversation import Conversation
from dataferry.chat.filters import parse_filters
from dataferry.chat.follow_up import Wanted, follow_up, wanted_of
from dataferry.chat.grammar import Message
from dataferry.chat.lexicon import FORMATS
from dataferry.chat.reading import Token

#: What ``search_models`` takes beside the query.
_FILTERS = ("license", "sort", "limit", "language")
_ORDERS = ("downloads", "updated")
#: Longer messages tell a story of their model.
_MAX_CHARACTERS = 200
#: "Übersetzungsmodell", "Sentiment-Modell": German writes a model and what it is for as one word.
_COMPOUND = re.compile(r"(?<=\w{4})(?:s?-?)modell(?:e|en|s)?$")


def wishes_for_models(message: Message) -> bool:
    """Whether models are looked for. Most who say "model" want data for one, or mean no model of machine
    learning."""
    tokens = message.tokens
    wanted = [index for index, token in enumerate(tokens) if _names_models(token, message)]
    if not wanted:
        return False
    if any(_is_unwanted_data(index, tokens) for index in range(len(tokens))):
        return True
    if (
        len(message.text) > _MAX_CHARACTERS
        or message.plays("model_use", "no_model")
        or any(_names_data(token, message) for token in tokens)
        or _is_served(tokens[: wanted[0]])
    ):
        return False
    return message.plays("search", "asks", "wish") or _ends_or_goes_on(message)


def models_intent(message: Message) -> Intent:
    """The search that a wish for models asks for; its query is empty where no subject is named."""
    return _searched(wanted_of(_without_model_words(message)), message)


def models_follow_up(message: Message, conversation: Conversation) -> Intent | None:
    """The newest search, which was one of models, changed as the message says; None for a new wish.

    Data that is asked for after models is data of the same subject.
    """
    last = conversation.last_models
    if last is None:
        return None
    query = str(last["query"])
    filters = {name: value for name, value in last.items() if name in _FILTERS}
    if any(_names_data(token, message) for token in message.tokens) and not wanted_of(message).query:
        return Intent("search", query)
    changed = follow_up(message, Wanted(query, (), filters))
    return None if changed is None else _searched(changed, message)


def data_for_a_model(message: Message) -> Message:
    """A wish for data without its words of what the data is for: "images to train a model"."""
    uses = [token for token in message.tokens if token.plays("model_use")]
    words = message.language.words("model")
    of_models = message.plays("model") or any(word in t.folded for t in uses for word in words)
    if not uses or not of_models:
        return message  # "train delays"
    without_use = _without(uses, message)
    without_model = _without([t for t in message.tokens if t.plays("model_use", "model")], message)
    wanted = wanted_of(without_model)
    if wanted.query or wanted.filters:
        return without_model
    # "a language model" tells what the data is about, "a model" tells nothing.
    tells = wanted_of(without_use).query.casefold() not in message.language.words("model")[:2]
    return without_use if tells else message


def _names_models(token: Token, message: Message) -> bool:
    if token.plays("model"):
        return True
    glued = token.glued and token.folded in message.language.words("model")
    return not token.roles and (glued or _COMPOUND.search(token.folded) is not None)


def _is_bare(token: Token, message: Message) -> bool:
    """ "model", which tells nothing of the model: "language model" does."""
    bare = message.language.words("model")[0]
    return _names_models(token, message) and (
        not token.roles or (token.folded.startswith(bare) and " " not in token.folded)
    )


def _names_data(token: Token, message: Message) -> bool:
    nouns = message.language.words("noun")
    return token.plays("noun") or (token.plays("wish") and any(w in nouns for w in token.folded.split()))


def _is_unwanted_data(index: int, tokens: Sequence[Token]) -> bool:
    """ "not data", "statt Daten"."""
    before = tokens[max(0, index - 2) : index]
    return tokens[index].plays("noun") and any(b.plays("negation", "except", "instead") for b in before)


def _is_served(before: Sequence[Token]) -> bool:
    """Whether what stands before the model is data for it: "photos for my skin cancer model"."""
    serving = next((index for index, token in enumerate(before) if token.plays("serving")), None)
    return serving is not None and any(token.plays(*FORMATS) for token in before[:serving])


def _ends_or_goes_on(message: Message) -> bool:
    """ "a small sentiment model for tweets", "OCR models under MIT licence": the model is all that is named
    before what it is for."""
    rest = replace(message, text=parse_filters(message.text, message.language).remaining_text)
    tokens = [t for t in rest.tokens if not t.plays("polite", "small")]
    while tokens and tokens[-1].plays("filler"):
        tokens.pop()
    places = [index for index, token in enumerate(tokens) if _names_models(token, rest)]
    if not places:
        return False
    return places[-1] == len(tokens) - 1 or tokens[places[0] + 1].plays("purpose")


def _searched(wanted: Wanted, message: Message) -> Intent:
    given = wanted.filters
    words = [wanted.query]
    # They are filters of datasets, and words for models.
    told = (given.get(name) for name in ("format", "modality", "task"))
    words += [str(one).replace("-", " ") for one in told if one]
    words += ["small"] if "max_bytes" in given else []
    filters: dict[str, Any] = {name: given[name] for name in _FILTERS if given.get(name) is not None}
    if filters.get("sort") not in _ORDERS:
        filters.pop("sort", None)
    if filters.get("limit") == 1:
        filters.pop("limit")  # "a model" is no count.
    language = _language_in(message)
    if language is not None:
        filters["language"] = language
    query = " ".join(dict.fromkeys(" ".join(filter(None, words)).split()))
    return Intent("models", query, filters=filters)


def _language_in(message: Message) -> str | None:
    """The code of the one language that is named."""
    named = [token.folded for token in message.tokens if token.plays("language")]
    known = [one.languages for one in message.language.lexicons]
    codes = {languages[word] for word in named for languages in known if word in languages}
    return codes.pop() if len(codes) == 1 else None


def _without_model_words(message: Message) -> Message:
    """The message without its words for models, and without the data that is not wanted."""
    tokens, dropped = message.tokens, []
    for index, token in enumerate(tokens):
        following = range(index + 1, min(index + 3, len(tokens)))
        negates = token.plays("negation", "except", "instead") and any(
            _is_unwanted_data(place, tokens) for place in following
        )
        if _is_bare(token, message) or negates or _is_unwanted_data(index, tokens):
            dropped.append(token)
    return _without(dropped, message)


def _without(dropped: Sequence[Token], message: Message) -> Message:
    text = message.text
    for token in dropped:
        compound = None if token.roles else _COMPOUND.search(token.text.lower())
        start = token.start + compound.start() if compound else token.start
        start -= token.glued and text[start - 1] == "-"
        text = text[:start] + " " * (token.end - start) + text[token.end :]
    return replace(message, text=text)
