"""Questions that the rows of a table answer, told from those about a dataset as a whole."""

import re

from dataferry.chat.grammar import POINTING, Message
from dataferry.explorer.question_words import LONGEST, WORDS

#: One of these is enough; a dataset as a whole has none of them.
_STRONG = frozenset({"avg", "median", "histogram", "correlation", "missing", "duplicates", "trend", "share"})
#: Beside one of these it counts rows.
_GROUPS = frozenset({"by", "distinct"})
_WORD = re.compile(r"[^\W\d_]+")
_SELECT = re.compile(r"(?:^|[:\s])(select\s.+\sfrom\s.+)", re.IGNORECASE | re.DOTALL)
#: What is left at the end of "in the second one".
_PREPOSITION = re.compile(
    r"\s+(?:in|of|for|from|at|on|en|de|von|aus|dans)(?:\s+(?:the|dem|der|le|la|el))?\s*(?=[?.!]*$)",
    re.IGNORECASE,
)
_MAX_CHARACTERS = 300


def asks_of_rows(text: str) -> bool:
    """Whether a text without refs asks what only rows tell: an average, groups, a distribution, SQL."""
    if len(text) > _MAX_CHARACTERS:
        return False
    if _SELECT.search(text):
        return True
    words = [word.lower() for word in _WORD.findall(text)]
    roles = set()
    for place in range(len(words)):
        for length in range(LONGEST, 0, -1):
            role = WORDS.get(tuple(words[place : place + length]))
            if role is not None:
                roles.add(role)
                break
    counted = "count" in roles and (roles & _GROUPS or "rows" in words)
    return bool(roles & _STRONG) or bool(counted)


def without_pointers(message: Message) -> str:
    """The question alone, without the words that say which dataset is meant."""
    sql = _SELECT.search(message.text)
    if sql is not None:
        return sql[1].strip()
    text = message.masked
    for token in message.tokens:
        if token.plays("ref", "one") or (token.plays(*POINTING) and not token.plays("all")):
            text = text[: token.start] + " " * (token.end - token.start) + text[token.end :]
    return _PREPOSITION.sub("", " ".join(text.split())).strip()
