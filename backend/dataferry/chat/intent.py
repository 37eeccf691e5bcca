"""Intent recognition: what a message asks for, parsed without a model.

The planner acts on it, and it is the person's consent to a tool that costs or destroys
(``refs_to_download``, ``refs_to_cancel``).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from dataferry.chat import lexicon
from dataferry.chat.conversation import Conversation, LastSearch
from dataferry.chat.filters import ParsedFilters, parse_filters
from dataferry.chat.phrasebook import topic, without_filler
from dataferry.chat.references import (
    References,
    content_words,
    refers_to_all,
    refers_to_position,
    resolve_references,
    without_refs,
    written_refs,
)
from dataferry.core.job_types import JobView
from dataferry.core.types import SourceName

Kind = Literal[
    "search",
    "more",
    "details",
    "download",
    "status",
    "cancel",
    "delete",
    "library",
    "help",
    "greeting",
    "thanks",
    "declined",
    "order",
    "vague",
]

_SMALL_TALK = (
    (lexicon.GREETING, "greeting"),
    (lexicon.THANKS, "thanks"),
    (lexicon.HELP, "help"),
    (lexicon.DECLINED, "declined"),
)
_QUESTIONS = ((lexicon.STATUS, "status"), (lexicon.LIBRARY, "library"), (lexicon.MORE, "more"))
_MISSPELLABLE = (
    "download",
    "downloaded",
    "search",
    "dataset",
    "datasets",
    "kaggle",
    "huggingface",
    "library",
    "progress",
)
_MAX_QUERY_WORDS = 12
#: Longer messages are stories: what they say in passing is not taken as a command.
_MAX_COMMAND_CHARACTERS = 400
#: Of a message whose command is in a later sentence.
_MAX_SENTENCES_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Intent:
    """``query``, ``sources`` and ``filters`` for a search; ``references`` for what acts on datasets."""

    kind: Kind
    query: str = ""
    sources: tuple[SourceName, ...] = ()
    filters: dict[str, Any] = field(default_factory=dict)
    #: What a search was asked and cannot do, as a sentence.
    caveat: str = ""
    references: References = field(default_factory=References)
    #: The words after the verb.
    phrase: str = ""


def parse_intent(conversation: Conversation) -> Intent:
    """What the person's last message asks for."""
    text = _without_quotes(conversation.last)
    return _resolve_clarification(text, _parse(text, conversation), conversation)


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
    words = set(content_words(intent.phrase)) - {"download", "downloads", "running", "every", "everything"}
    if not words and refers_to_all(intent.phrase):
        return running
    named = tuple(ref for ref in map(str, intent.references.refs) if ref in running)
    if named:
        return named
    if words and not intent.references.refs:
        titled = {job.ref for job in active if words <= set(content_words(f"{job.title} {job.ref}"))}
        return tuple(titled) if len(titled) == 1 else ()
    pronoun = not words and not refers_to_position(intent.phrase)
    return running if len(running) == 1 and pronoun else ()


def _parse(text: str, conversation: Conversation) -> Intent:
    """``plain`` is the text with its spelling corrected, ``command`` the same without polite words."""
    plain = _correct_spelling(text)
    command = lexicon.POLITE.sub("", plain).strip() or plain
    kind = (
        lexicon.first_match(_SMALL_TALK, plain, command)
        or lexicon.first_match(_QUESTIONS, command)
        or (None if lexicon.START.fullmatch(command.strip(" .!")) else topic(plain))
    )
    if kind is not None:
        return Intent(cast(Kind, kind))
    if conversation.last_search is not None and lexicon.ORDER.match(command):
        ordered = parse_filters(command)
        return _narrowed(ordered, conversation.last_search) if ordered.arguments else Intent("order")
    if len(text) <= _MAX_COMMAND_CHARACTERS:
        if _only_refs(text):
            return Intent("details", references=resolve_references(text, conversation))
        found = _command(plain, command, conversation) or _later_command(plain, conversation)
        if found is not None:
            return found
    return _search(command, conversation)


def _later_command(plain: str, conversation: Conversation) -> Intent | None:
    """ "The first is too big. Download the second one." Only what refers to something shown: a ref in
    the middle of a message may come from a text that was pasted."""
    first, *later = re.split(r"(?<=[.!?])\s+", plain)
    if len(plain) > _MAX_SENTENCES_CHARACTERS or lexicon.LOOK_FOR.match(lexicon.POLITE.sub("", first)):
        return None
    for index, sentence in enumerate(later):
        if without_refs(sentence) != sentence or lexicon.LOOK_FOR.match(sentence):
            return None
        found = _command(sentence, lexicon.POLITE.sub("", sentence).strip(), conversation)
        if found is not None and found.kind in ("download", "cancel"):
            taken_back = any(map(lexicon.RETRACTION.search, later[index + 1 :]))
            return None if taken_back else found
    return None


def _command(plain: str, command: str, conversation: Conversation) -> Intent | None:
    """A command about datasets that are known: download, cancel, delete, details."""
    for pattern, kind in ((lexicon.CANCEL, "cancel"), (lexicon.DELETE, "delete")):
        verb = pattern.match(command)
        if verb:
            phrase = command[verb.end() :]
            return Intent(
                cast(Kind, kind), references=resolve_references(phrase, conversation), phrase=phrase
            )
    for pattern in (lexicon.START, lexicon.TAKE):
        verb = pattern.match(command)
        if verb:
            download = _download(pattern is lexicon.START, plain, command[verb.end() :], conversation)
            if download is not None:
                return download
    return _details(command, conversation)


def _download(strong: bool, plain: str, phrase: str, conversation: Conversation) -> Intent | None:
    if lexicon.ABOUT_DOWNLOADING.match(phrase):
        return Intent("help")
    references = resolve_references(phrase, conversation)
    bare_command = strong and not content_words(phrase)
    known = references.refs or references.unresolved == "which_source"
    if not (known or _refers_to_shown(phrase) or bare_command):
        return None
    asks = plain.rstrip().endswith("?") and not lexicon.ASKED_POLITELY.search(plain)
    if asks or lexicon.CONDITION.search(phrase) or _wants_a_part(phrase, references, conversation):
        # No command for the whole of it: show what it is, and let the person decide.
        return Intent("details", references=references, phrase=phrase)
    return Intent("download", references=references, phrase=phrase)


def _wants_a_part(phrase: str, references: References, conversation: Conversation) -> bool:
    """ "the readme of the first one"; a word of the dataset's own title is none."""
    refs = set(map(str, references.refs))
    titles = {word for card in conversation.shown if card.ref in refs for word in content_words(card.title)}
    parts = lexicon.PARTIAL.findall(without_refs(phrase))
    return any(part.lower() not in titles for part in parts)


def _details(command: str, conversation: Conversation) -> Intent | None:
    verb = lexicon.DETAILS.match(command)
    phrase = command[verb.end() :] if verb else command
    if not phrase.strip(" ?!."):
        return None
    references = resolve_references(phrase, conversation)
    if not references.refs and references.unresolved is None:
        return None
    if verb and (references.explicit or _refers_to_shown(phrase)):
        return Intent("details", references=references, phrase=phrase)
    short = len(content_words(command)) <= 3 and not lexicon.SEARCH.match(command)
    asks = command.rstrip().endswith("?")
    if (short or asks) and (references.explicit or _refers_to_shown(command)):
        return Intent("details", references=references, phrase=phrase)
    return None


def _refers_to_shown(text: str) -> bool:
    """Whether the words refer to something shown, if there is such a thing. A referring word counts only
    where nothing else is named: "this" in "data like this topic" is none."""
    if lexicon.REFERRING_WORDS.search(text) is None:
        return False
    remaining = set(content_words(lexicon.REFERRING_WORDS.sub(" ", text)))
    return not remaining - lexicon.PROPERTIES - lexicon.QUERY_STOP_WORDS


def _search(command: str, conversation: Conversation) -> Intent:
    # Nothing starts before the person has seen what it is.
    parsed = parse_filters(lexicon.THEN_DOWNLOAD.sub("", command))
    query = _query(without_filler(parsed.remaining_text))
    last = conversation.last_search
    # "I need images": the kind of data is all there is to look for.
    kind = str(parsed.arguments.get("format") or "")
    new_search = bool(kind) and lexicon.DATASET.search(command) is not None
    if not query and not new_search and (parsed.arguments or parsed.sources) and last is not None:
        return _narrowed(parsed, last)
    query = query or kind
    if not query:
        return Intent("vague")
    return Intent("search", query, parsed.sources, parsed.arguments, parsed.caveat)


def _narrowed(parsed: ParsedFilters, last: LastSearch) -> Intent:
    """The last search once more, with what is asked of it now."""
    kept = {name: value for name, value in last.input.items() if name not in _NOT_INHERITED}
    sources = parsed.sources or tuple(last.input.get("sources") or ())
    filters = {name: value for name, value in (kept | parsed.arguments).items() if value is not None}
    return Intent("search", str(last.input["query"]), sources, filters, parsed.caveat)


_NOT_INHERITED = frozenset({"query", "sources", "offset"})


def _query(text: str) -> str:
    """The words to search for: quoted ones whole, the others without what only holds a sentence up."""
    quoted = re.findall(r"[\"“”]([^\"“”]{2,80})[\"“”]", text)
    if quoted:
        return " ".join(" ".join(quoted).split())
    text, previous = text.strip(), None
    while previous != text:
        previous = text
        text = lexicon.SEARCH.sub("", lexicon.POLITE.sub("", text)).strip()
    words = re.findall(r"[^\W_]+(?:[-+.'/_&][^\W_]+)*\+*", text)
    kept = [
        word
        for word in words
        if word.lower() not in lexicon.QUERY_STOP_WORDS and not _misspells(word.lower(), "dataset")
    ]
    return " ".join(kept[:_MAX_QUERY_WORDS])


def _resolve_clarification(text: str, intent: Intent, conversation: Conversation) -> Intent:
    """ "Which one?" – "the second": a bare reference completes the command before it, which had none."""
    bare = _refers_to_shown(text) and not lexicon.DETAILS.match(text) and not lexicon.SEARCH.match(text)
    before = conversation.before_last
    if intent.kind not in ("search", "vague", "details") or not bare or before is None:
        return intent
    earlier = _parse(_without_quotes(before.last), before)
    if earlier.kind in ("download", "cancel", "details") and not earlier.references.refs:
        return replace(earlier, references=resolve_references(text, conversation), phrase=text)
    return intent


def _without_quotes(text: str) -> str:
    """The message without what it quotes: code blocks and lines that begin with ``>``."""
    text = re.sub(r"```.*?(?:```|$)", " ", text, flags=re.DOTALL)
    lines = [line for line in text.splitlines() if not line.lstrip().startswith(">")]
    return " ".join(" ".join(lines).split()).replace("’", "'").replace("‘", "'")


def _only_refs(text: str) -> bool:
    """Nothing but refs or links."""
    remaining = re.sub(r"https?://\S+|\b\w+\s?:\s?[\w./-]+", " ", text)
    return any(written_refs(text)) and not content_words(remaining)


def _correct_spelling(text: str) -> str:
    """Command words with one slip of the finger ("donwload"), corrected; nothing inside refs."""

    def corrected(match: re.Match[str]) -> str:
        word = match.group().lower()
        right = next((right for right in _MISSPELLABLE if _misspells(word, right)), None)
        return match.group() if right is None or word in (right, right + "s") else right

    return re.sub(r"(?<![\w/:.#-])[A-Za-z]{5,}(?![\w/:-]|\.\w)", corrected, text)


def _misspells(word: str, right: str) -> bool:
    """``word`` is ``right``, its plural, or one letter added, dropped, changed or swapped away."""
    if word in (right, right + "s"):
        return True
    if len(word) < 5 or abs(len(word) - len(right)) > 1:
        return False
    start = 0
    while start < min(len(word), len(right)) and word[start] == right[start]:
        start += 1
    remaining, wanted = word[start:], right[start:]
    swapped = remaining[:2] == wanted[:2][::-1] and remaining[2:] == wanted[2:]
    return swapped or remaining[1:] == wanted[1:] or remaining[1:] == wanted or remaining == wanted[1:]
