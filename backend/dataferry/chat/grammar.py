"""The grammar: what kind of message the roles of its words make.

A command is closed: every word of its sentence is known to belong to one, or to a dataset that was shown.
So "download the second one" is one and "monthly downloads of packages" is a search, in every language.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from dataferry.chat.addresses import masked, normalized_around
from dataferry.chat.characters import fold
from dataferry.chat.lexicon import ENGLISH, FACTS, SUPERLATIVES
from dataferry.chat.patterns import ways
from dataferry.chat.reading import Language, Token, language_of
from dataferry.chat.topic import sentences_of

ACTS = ("download", "take", "cancel", "stop", "delete")
POINTING = ("pointer", "all", "both", "last", "ordinal", "ref", *SUPERLATIVES)
#: Words that may stand in a command beside its verb.
_IN_COMMANDS = frozenset(
    {
        "polite",
        "asked_politely",
        "filler",
        "plain",
        "noun",
        "one",
        "number",
        "number_after",
        "counter",
        "number_word",
        "digits",
    }
    | {"status", "and", "here", "mine", "my", "several", "except", "at_source", "at_source_after", "running"}
    | {"library", *POINTING, *ACTS}
)
#: Words that make a command a question, a wish for later, or a wish for a part.
_BLOCKERS = ("condition", "advice", "part")
_QUESTIONS = frozenset(
    {
        "details",
        "running",
        "done",
        "status",
        "library",
        "here",
        "i_have",
        "have",
        "mine",
        "my",
        "noun",
        "asks",
        "plain",
        "polite",
    }
    | {
        "pointer",
        "all",
        "number_word",
        "about_size",
        "about_date",
        "frame",
        "lead_in",
        "both",
        "one",
        "negation",
    }
    | {"already_have", "digits", *SUPERLATIVES}
)
#: Words that may stand beside "how do I download" and "more".
_BESIDE = (
    "search",
    "asks",
    "details",
    "plain",
    "noun",
    "similar",
    "pointer",
    "mine",
    "ordinal",
    "one",
    "filler",
)
_SMALL_TALK = ("greeting", "thanks", "help", "more")
#: Longer messages are never only about this machine.
_MAX_QUESTION_CHARACTERS = 140
_MAX_UNKNOWN = 3
#: Roles that matter beside the word "model" alone.
_MODEL_ROLES = frozenset({"model_use", "no_model", "purpose", "serving"})


@dataclass(frozen=True)
class Message:
    """A message, read. ``masked`` has a mark in place of each address; ``known``: folded words of what the
    chat is about, which are no new subject."""

    text: str
    language: Language
    known: frozenset[str] = frozenset()

    @classmethod
    def of(cls, text: str, known: Iterable[str] = (), likely: str = ENGLISH) -> "Message":
        """A message in a language that is read from its words, or else in the ``likely`` one."""
        plain = normalized_around(text)
        return cls(plain, language_of(masked(plain), likely), frozenset(known))

    def part(self, start: int, end: int | None = None) -> "Message":
        return Message(self.text[start:end], self.language, self.known)

    @cached_property
    def masked(self) -> str:
        return masked(self.text)

    @cached_property
    def all_tokens(self) -> list[Token]:
        return self.language.read(self.masked, mend=len(self.text) <= 400)

    @cached_property
    def tokens(self) -> list[Token]:
        return [token for token in self.all_tokens if not token.mark]

    @cached_property
    def sentences(self) -> list["Message"]:
        return [self.part(s[0].start, _end_of(s, self.text)) for s in sentences_of(self.all_tokens)]

    @cached_property
    def unknown(self) -> list[Token]:
        told = (token for token in self.tokens if not token.roles - _MODEL_ROLES)
        return [token for token in told if token.folded not in self.known]

    @property
    def asked(self) -> bool:
        return "?" in self.masked

    def plays(self, *roles: str) -> bool:
        return any(token.plays(*roles) for token in self.tokens)

    def outside(self, roles: frozenset[str]) -> list[Token]:
        """The words that neither play one of ``roles`` nor belong to what the chat is about."""
        return [t for t in self.tokens if not t.roles & roles and t.folded not in self.known]

    @cached_property
    def head(self) -> list[Token]:
        """The words from the first on that is no politeness."""
        tokens = list(self.tokens)
        while (
            tokens
            and tokens[0].plays("polite", "asked_politely", "greeting", "retreat")
            and not tokens[0].plays(*ACTS)
        ):
            tokens.pop(0)
        return tokens


def _end_of(sentence: Sequence[Token], text: str) -> int:
    """Where a sentence ends, with its mark."""
    end = sentence[-1].end
    return end + len(re.match(r"[\s.!?;]*", text[end:])[0].rstrip("\n"))  # type: ignore[index]


def small_talk(message: Message) -> str | None:
    """The kind of a message that wishes for no data at all."""
    tokens = message.tokens
    for kind in _SMALL_TALK:
        rest = frozenset({kind, "polite", *(_BESIDE if kind in ("help", "more") else ())})
        if kind == "thanks":
            rest |= {"greeting", "pointer"}
        acts = kind != "help" and any(t.plays(*ACTS) and not t.plays(kind) for t in tokens)
        if not acts and any(t.plays(kind) for t in tokens) and all(t.roles & rest for t in tokens):
            return kind
    return None


def refusal(message: Message) -> str | None:
    """The kind of what is never done here: saying secrets, accepting terms for a person, dropping rules."""
    data = any(token.plays("noun") for token in message.tokens)
    if message.plays("rules") and not (data and message.plays("search") and not message.plays("secret")):
        return "rules"
    if message.plays("secret") and not data:
        return "secret"
    pointed = message.plays("my", *POINTING) or any(t.folded in ("me", "us") for t in message.tokens)
    if message.plays("accept") and message.plays("gate") and (pointed or not message.unknown):
        return "accept"
    if message.plays("settings") and not message.unknown:
        return "settings"
    return None


def negated(message: Message) -> bool:
    """Whether a command is taken back by its own words: "don't download it", "lade ihn nicht herunter". What
    follows the command and names another dataset is an exception: "the second, not the first"."""
    tokens = message.all_tokens
    if _hidden_negation(message):
        return True
    for index, token in enumerate(tokens):
        if not token.plays("negation"):
            continue
        following = tokens[index + 1 :]
        if index == 0 and following and following[0].text == "," and any(t.plays(*ACTS) for t in following):
            continue  # "No, download the second one."
        verb_before = any(t.plays(*ACTS) for t in tokens[:index])
        verb_after = any(t.plays(*ACTS) and not t.plays("status") for t in following)
        excepted = token.plays("except") and any(t.plays(*POINTING, "digits") for t in following)
        if verb_before and not verb_after and excepted:
            continue
        return True
    return False


def _hidden_negation(message: Message) -> bool:
    """A word of negation inside of a longer phrase; politeness may have one ("if you don't mind"), and so may
    the reason for giving something up ("I don't need it any more")."""
    words = _words_pattern(message.language, "negation")
    return any(
        words.search(token.folded)
        for token in message.tokens
        if token.roles and not token.plays("negation", "polite", "retreat")
    )


def declined(message: Message) -> bool:
    """A command that is only forbidden: "don't download it"."""
    if not message.plays(*ACTS) or not (message.plays("negation") or _hidden_negation(message)):
        return False
    head = message.head[:1] + message.tokens[:1]
    opens = any(t.plays("negation") for t in head)
    closed = not message.outside(_IN_COMMANDS | {"negation", "condition"})
    acts = [t for t in message.tokens if t.plays(*ACTS) and not t.plays("search")]
    return bool(acts) and negated(message) and (opens or closed) and len(message.unknown) <= _MAX_UNKNOWN


def closed(message: Message, extra: Iterable[str] = ()) -> bool:
    """Every word may stand in a command."""
    return not message.outside(_IN_COMMANDS | frozenset(extra))


def blocked(message: Message) -> bool:
    """A command that is a question or a condition, or wants a part."""
    return message.plays(*_BLOCKERS)


def machine_question(message: Message) -> str | None:
    """``status`` or ``library`` for a message that is about this machine and names no subject."""
    if len(message.text) > _MAX_QUESTION_CHARACTERS or not message.tokens:
        return None
    outside = message.outside(_QUESTIONS)
    if message.plays("here", "library", "i_have"):
        outside = [token for token in outside if not token.plays("search", "at_source_after")]
    asked = message.asked or message.plays("asks") or message.plays("running")
    if _asks_for_one_here(message, outside):
        return "library"
    if outside:
        return _about_a_download(message, outside) if asked else None
    return _topic_of(message, asked=message.asked or message.plays("asks"))


def _asks_for_one_here(message: Message, outside: Sequence[Token]) -> bool:
    """ "do I already have the league results?" """
    return any(t.plays("already_have") for t in message.head[:2]) and len(outside) <= _MAX_UNKNOWN + 1


def _topic_of(message: Message, *, asked: bool) -> str | None:
    """ "what is downloading" · "my downloads" · "downloaded?" · "my datasets" · "what do I have" · "what is
    here"; but neither "progress data" nor "I have data"."""
    plays = message.plays
    if plays("running") and (asked or plays("status") or not plays("noun")):
        return "status"
    if plays("library") and (asked or len(message.tokens) < 4):
        return "library"
    if plays("done") and (asked or plays("status")) and plays("status", "pointer", "all"):
        return "status"
    if plays("library"):
        return "library"
    if plays("status"):
        return "status"
    if plays("my") and plays("noun"):
        return "library"
    here = plays("here", "i_have") or (plays("have") and plays("mine"))
    listed = plays("here") and plays("noun") and plays("search", "details")
    return "library" if (asked and here) or listed else None


def _about_a_download(message: Message, outside: Sequence[Token]) -> str | None:
    """ "is the plankton download done yet": one download is named, and how it stands is asked."""
    if len(outside) > _MAX_UNKNOWN or any(
        token.roles and not token.plays("one", "filler") for token in outside
    ):
        return None
    head = message.head[:1]
    if any(t.plays("running") for t in head) and message.plays("pointer", "one", "status"):
        return "status"
    told = message.plays("done", "running")
    transfers = any(t.plays("status") and not t.plays("library") for t in message.tokens)
    return "status" if told and transfers and message.plays("asks") else None


def elsewhere(message: Message) -> bool:
    """Whether something is wished for that has nothing to do with data."""
    if _is_sum(message):
        return True
    if not message.plays("elsewhere"):
        return False
    head = message.head[:4]
    if message.plays("noun", "wish"):
        return any(t.plays("elsewhere") for t in head[:1]) and not message.plays("search", "wish", "dataset")
    return any(t.plays("elsewhere") for t in head) or (message.asked and message.plays("elsewhere"))


#: "17 x 23", "17*23".
_SUM = re.compile(r"(?<![\w.])\d+\s*[-+*/x\u00d7\u00f7^]\s*\d+\s*=?\s*\??$")


def _is_sum(message: Message) -> bool:
    """ "17 * 23", and "what's 17 times 23": two numbers with a word between."""
    if _SUM.search(message.masked) and not message.unknown:
        return True
    tokens = message.tokens
    numbers = [index for index, token in enumerate(tokens) if token.plays("digits")]
    if len(numbers) != 2 or numbers[1] != numbers[0] + 2:
        return False
    before, sign = tokens[: numbers[0]], tokens[numbers[0] + 1]
    asked = bool(before) and all(token.plays("asks", "polite") for token in before)
    return asked and sign.roles <= {"story", "filler"} and numbers[1] == len(tokens) - 1


def asked_fact(message: Message) -> str | None:
    """The one of ``FACTS`` that a question is about; its words may be a part of a longer phrase."""
    folded = fold(message.masked)
    return next(
        (fact for fact in FACTS if _words_pattern(message.language, f"about_{fact}").search(folded)), None
    )


@cache
def _words_pattern(language: Language, role: str) -> re.Pattern[str]:
    return re.compile(ways(language.words(role)))
