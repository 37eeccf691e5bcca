"""Intent recognition: what a message asks for, parsed without a model.

The planner acts on it, and it is the person's consent to a tool that costs or destroys
(``refs_to_download``, ``refs_to_cancel``).
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from dataferry.chat import grammar
from dataferry.chat.acts import Intent, Kind, read_act, refers_to_shown
from dataferry.chat.addresses import other_page, read_command, without_refs, written_refs
from dataferry.chat.cards import is_named, title_words
from dataferry.chat.conversation import Conversation
from dataferry.chat.filters import parse_filters
from dataferry.chat.follow_up import Wanted, follow_up, last_wanted, wanted_of
from dataferry.chat.grammar import Message
from dataferry.chat.lexicon import ENGLISH, SUPERLATIVES
from dataferry.chat.model_wishes import (
    data_for_a_model,
    models_follow_up,
    models_intent,
    wishes_for_models,
)
from dataferry.chat.references import Phrase, References, compared_by, positions_in, resolve_references
from dataferry.core.job_types import JobView

#: Longer messages are stories: what they say in passing is not taken as a command.
_MAX_COMMAND_CHARACTERS = 400
#: From either end of a long message.
_MAX_READ = 400


def parse_intent(conversation: Conversation) -> Intent:
    """What the person's last message asks for."""
    message = _read(conversation)
    intent = _resolve_clarification(message, _parse(message, conversation), conversation)
    code = ENGLISH if read_command(message.text) is not None else message.language.code
    return replace(intent, language=code)


def refs_to_download(conversation: Conversation) -> frozenset[str]:
    """The refs whose download the person's own last message asks for, in plain words."""
    intent = parse_intent(conversation)
    return frozenset(map(str, intent.references.refs)) if intent.kind == "download" else frozenset()


def refs_to_cancel(conversation: Conversation, active: Sequence[JobView]) -> tuple[str, ...]:
    """The refs among ``active`` downloads that the person's own last message asks to cancel.

    "it" may be the only one that runs; "all" are those that run, not those that were shown; a title
    may be that of a download that was started elsewhere.
    """
    intent = parse_intent(conversation)
    if intent.kind != "cancel":
        return ()
    running = tuple(dict.fromkeys(job.ref for job in active))
    phrase = Phrase.of(intent.phrase, _read(conversation).language)
    words = set(phrase.names)
    if not words and phrase.plays("all", "both") and not intent.references.explicit:
        return running
    named = tuple(ref for ref in map(str, intent.references.refs) if ref in running)
    if named:
        return named
    if words and not intent.references.refs:
        titled = {
            job.ref
            for job in active
            if all(is_named(word, title_words(job.title, job.ref)) for word in words)
        }
        return tuple(titled) if len(titled) == 1 else ()
    pointed = words or positions_in(phrase) or phrase.plays("last") or compared_by(phrase)
    return running if len(running) == 1 and not pointed and not intent.references.explicit else ()


def _read(conversation: Conversation) -> Message:
    before = conversation.before_last
    likely = ENGLISH if before is None else Message.of(before.last).language.code
    return Message.of(_shortened(_without_quotes(conversation.last)), _known_words(conversation), likely)


def _known_words(conversation: Conversation) -> set[str]:
    """The words of what was shown, which are no new subject."""
    return title_words(*(f"{card.title} {card.id}" for card in conversation.shown))


def _parse(message: Message, conversation: Conversation) -> Intent:
    command = read_command(message.text)
    if command is not None:
        if command.ref is None:
            return Intent(command.other or "other_page")
        return Intent("download", references=References((command.ref,), explicit=True))
    kind = _plain_kind(message)
    if kind == "models":
        return models_intent(message)
    if kind is not None:
        return Intent(kind)
    found = _command(message, conversation) if len(message.text) <= _MAX_COMMAND_CHARACTERS else None
    return found or _search(message, conversation)


def _plain_kind(message: Message) -> Kind | None:
    """The kind of a message for which its words are enough."""
    if not message.tokens:
        return "help" if message.asked else "vague"
    page = other_page(message.text)
    if page is not None and not any(written_refs(message.text)):
        return page
    short = len(message.text) <= _MAX_COMMAND_CHARACTERS
    found = grammar.refusal(message) if len(message.text) <= 2 * _MAX_COMMAND_CHARACTERS else None
    found = found or grammar.small_talk(message)
    if found is None and short:
        found = "declined" if grammar.declined(message) else None
        found = found or (None if _is_bare_command(message) else grammar.machine_question(message))
        found = found or ("models" if wishes_for_models(message) else None)
        found = found or ("elsewhere" if grammar.elsewhere(message) else None)
    return cast("Kind | None", found)


def _is_bare_command(message: Message) -> bool:
    """ "download", "download all", "all three, please download": no question about this machine."""
    verbs = ("download", "cancel", "stop", "delete")
    if message.plays("asks", "running", "done") or not message.plays(*verbs):
        return False
    head = message.head[:1]
    return any(t.plays(*verbs) for t in head) or message.plays("digits", "number_word", *grammar.POINTING)


def _command(message: Message, conversation: Conversation) -> Intent | None:
    """A command about datasets that are known: download, cancel, delete, compare, details."""
    if _only_refs(message.text):
        return Intent("details", references=resolve_references(message.text, conversation, message.language))
    return read_act(message, conversation)


def _search(message: Message, conversation: Conversation) -> Intent:
    of_models = models_follow_up(message, conversation)
    if of_models is not None:
        return of_models
    last = last_wanted(conversation) if conversation.last_models is None else None
    changed = follow_up(message, last) if last is not None else None
    ordered = last is not None and changed is None and _asks_order(message)
    if changed is not None:
        return _found(changed)
    if ordered:
        return Intent("order")
    like = _like_a_card(message, conversation)
    if like is not None:
        return _found(like)
    wanted = wanted_of(data_for_a_model(_without_then_download(message)))
    # "I need images": the kind of data is all there is to look for.
    kind = str(wanted.filters.get("format") or "")
    query = wanted.query or kind
    if not query:
        return Intent(
            "which" if conversation.shown and message.plays("other", *grammar.POINTING) else "vague"
        )
    return _found(replace(wanted, query=query))


def _found(wanted: Wanted) -> Intent:
    return Intent("search", wanted.query, wanted.sources, wanted.filters, wanted.caveat)


def _asks_order(message: Message) -> bool:
    """An order that results cannot be put in: "oldest first"."""
    if message.unknown or parse_filters(message.text, message.language).arguments:
        return False
    pairs = zip(message.tokens, message.tokens[1:], strict=False)
    ordered = ("property", "licence", "small", "several", *SUPERLATIVES)
    first = any(before.plays(*ordered) and after.plays("first") for before, after in pairs)
    return first or any(token.plays("by") for token in message.tokens[:-1])


def _like_a_card(message: Message, conversation: Conversation) -> Wanted | None:
    """ "something like the third": a search for what its title says."""
    token = next((t for t in message.tokens if t.plays("similar")), None)
    if token is None:
        return None
    limit = next((t.start for t in message.tokens if t.plays("except") and t.start > token.end), None)
    references = resolve_references(message.text[token.end : limit], conversation, message.language)
    refs = set(map(str, references.refs))
    titles = [card.title for card in conversation.shown if card.ref in refs]
    if len(titles) != 1:
        return None
    new = wanted_of(message)
    return Wanted(wanted_of(Message.of(titles[0])).query or titles[0], new.sources, new.filters)


def _without_then_download(message: Message) -> Message:
    """ "find iris and download it": nothing starts before the person has seen what it is."""
    verb = next((t for t in reversed(message.tokens) if t.plays("download")), None)
    if verb is None or verb is message.tokens[0]:
        return message
    before = [t for t in message.tokens if t.end <= verb.start]
    after = [t for t in message.tokens if t.start >= verb.end]
    pointed = all(t.plays("pointer", "plain", "filler", *grammar.POINTING, "one") for t in after) and after
    joined = before and before[-1].plays("and", "plain", "filler", "polite")
    return message.part(0, verb.start) if pointed and joined else message


def _resolve_clarification(message: Message, intent: Intent, conversation: Conversation) -> Intent:
    """ "Which one?" – "the second": a bare reference completes the command before it, which had none."""
    bare = (
        refers_to_shown(message)
        and not message.plays("search")
        and not any(t.plays("details", "asks") for t in message.head[:1])
    )
    before = conversation.before_last
    if intent.kind not in ("search", "vague", "details", "which") or not bare or before is None:
        return intent
    earlier = _parse(_read(before), before)
    if earlier.kind in ("download", "cancel", "details") and not earlier.references.refs:
        references = resolve_references(message.text, conversation, message.language)
        return replace(earlier, references=references, phrase=message.text)
    return intent


def _shortened(text: str) -> str:
    """A long message by its beginning and its end."""
    return text if len(text) <= 2 * _MAX_READ else f"{text[:_MAX_READ]}\n{text[-_MAX_READ:]}"


def _without_quotes(text: str) -> str:
    """The message without what it quotes: code blocks and lines that begin with ``>``."""
    text = re.sub(r"```.*?(?:```|$)", " ", text, flags=re.DOTALL)
    lines = [line for line in text.splitlines() if not line.lstrip().startswith(">")]
    return "\n".join(" ".join(line.split()) for line in lines).strip()


def _only_refs(text: str) -> bool:
    """Nothing but refs or links."""
    return any(written_refs(text)) and not re.search(r"[^\W_]", without_refs(text))
