"""Reading: the tokens of a message, each with the roles that it plays, and the language that it is in."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

from dataferry.chat.characters import ACCENTED, GLUE, HAN, KANA, REF_MARK, TOKEN, fold
from dataferry.chat.lexicon import ENGLISH, Lexicon, lexicons
from dataferry.sources.vocabulary import is_subject, unspaced_subjects

#: Roles whose words tell what language a message is in; others are short or are spelt alike in several.
_TELLING = frozenset(
    {"download", "take", "cancel", "stop", "delete", "search", "wish", "noun", "dataset", "library"}
    | {"compare", "more", "help", "running", "i_have", "asked_politely", "advice"}
)
#: Words of many languages.
_INTERNATIONAL = frozenset({"data", "dataset", "datasets", "file", "download", "downloads", "status", "csv"})
#: Longer messages are read for their language by their beginning.
_LANGUAGE_CHARACTERS = 200
_LONGEST_PHRASE = 7


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a phrase or a mark. ``roles`` is empty where it is not known; ``glued``: no space before it."""

    text: str
    folded: str
    start: int
    end: int
    roles: frozenset[str] = frozenset()
    glued: bool = False
    mark: bool = False

    def plays(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)


@dataclass(frozen=True)
class Language:
    """The language of a message: its own words first, then the English ones that people mix in."""

    code: str

    @cached_property
    def lexicons(self) -> tuple[Lexicon, ...]:
        known = lexicons()
        return (known[self.code],) if self.code == ENGLISH else (known[self.code], known[ENGLISH])

    def words(self, *roles: str) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(word for one in self.lexicons for role in roles for word in one.words[role])
        )

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        return tuple(word for one in self.lexicons for word in one.numbers)

    def number(self, word: str) -> int | None:
        """The number that a folded word or ordinal tells."""
        for one in self.lexicons:
            found = one.numbers.get(word) or one.ordinals.get(word)
            if found:
                return found
        return int(word) if word.isdecimal() and len(word) < 3 else None

    @cached_property
    def languages(self) -> Mapping[str, str]:
        """The codes of languages by their folded names."""
        return {word: code for one in reversed(self.lexicons) for word, code in one.languages.items()}

    def read(self, text: str, *, mend: bool = True) -> list[Token]:
        """The tokens of a ``normalized`` text."""
        found = _read(text, self.lexicons, mend=mend)
        return _mended(found, self.lexicons) if mend else found


@cache
def language(code: str) -> Language:
    return Language(code)


def language_of(text: str, likely: str = ENGLISH) -> Language:
    """The language of a ``normalized`` text; where little tells, ``likely``, which the chat was in before."""
    text = _HUBS.sub(" ", text[:_LANGUAGE_CHARACTERS].replace(REF_MARK, " "))
    for code, letters in _SCRIPTS:
        if code in lexicons() and letters.search(text):
            return language("ja" if (code, likely) == ("zh", "ja") else code)
    scores = {code: _score(text, one) for code, one in lexicons().items()}
    accented = set(ACCENTED.findall(text.lower()))
    for code, one in lexicons().items() if accented else ():
        scores[code] += 0.5 if accented <= one.letters else -0.5
    if max(scores.values()) <= 1:
        for code in scores:
            scores[code] += sum(is_subject(match.group(), code) for match in _LONG_WORD.finditer(text))
    if likely != ENGLISH and likely in scores:
        scores[likely] += 1
    best = max(scores, key=lambda code: (scores[code], code == likely, code == ENGLISH))
    return language(best)


_LONG_WORD = re.compile(r"[^\W\d_]{4,}")


#: Names that tell nothing of a language.
_HUBS = re.compile(r"kaggle|hugging ?face", re.IGNORECASE)
_SCRIPTS = (
    ("ja", re.compile(rf"[{KANA}]")),
    ("zh", re.compile(rf"[{HAN}]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
)


def _score(text: str, lexicon: Lexicon) -> float:
    """How well a text is told by the words of a language; one everyday word alone tells nothing, a phrase
    does."""
    tokens = [token for token in _read(text, (lexicon,)) if not token.mark]
    known = [token for token in tokens if token.roles]
    if (
        len(known) == 1 < len(tokens)
        and " " not in known[0].folded
        and not known[0].plays("search", "wish", "download", "cancel", "dataset")
    ):
        return 0.0
    strong = sum(2 for t in known if t.roles & _TELLING and t.folded not in _INTERNATIONAL)
    weak = sum(1 for t in known if not t.roles & _TELLING and t.folded not in _INTERNATIONAL) + sum(
        t.folded.count(" ") for t in known
    )
    everything = len(known) == len(tokens)
    score = strong + weak + (1 if everything else 0)
    return score if score > 1 or lexicon.code == ENGLISH or (everything and strong) else 0.0


def _read(text: str, lexicons: Sequence[Lexicon], *, mend: bool = False) -> list[Token]:
    units = list(_units(text, lexicons))
    if mend:
        units = [_mended_unit(unit, lexicons) for unit in units]
    tokens: list[Token] = []
    index = 0
    while index < len(units):
        token, length = _longest(units, index, text, lexicons)
        tokens.append(token)
        index += length
    return _whole_compounds(tokens)


def _mended_unit(unit: Token, lexicons: Sequence[Lexicon]) -> Token:
    """A word of a phrase with a slip of the finger ("serching for") as it was to be."""
    known = any(unit.folded in one.phrases or unit.folded in one.words_of_phrases for one in lexicons)
    if unit.mark or unit.roles or known or len(unit.folded) < 5 or not unit.folded.isascii():
        return unit
    found = (_slipped_of(unit.folded, one.words_of_phrases) for one in lexicons)
    right = next(filter(None, found), None)
    return unit if right is None else replace(unit, folded=right)


def _units(text: str, lexicons: Sequence[Lexicon]) -> Iterable[Token]:
    """Words and marks, and the known words in what is written without spaces."""
    end = -1
    for match in TOKEN.finditer(text):
        start = match.start()
        if match.lastgroup == "ref":
            yield Token(REF_MARK, REF_MARK, start, match.end(), frozenset({"ref"}))
        elif match.lastgroup == "run":
            yield from _cut(match.group(), start, lexicons)
        else:
            between = text[end:start] if 0 <= end < start else ""
            glued = bool(between) and len(between) == 1 and GLUE.match(between) is not None
            word = match.group()
            yield Token(word, fold(word), start, match.end(), glued=glued, mark=match.lastgroup == "mark")
        end = match.end()


def _cut(run: str, start: int, lexicons: Sequence[Lexicon]) -> Iterable[Token]:
    """The known phrases of a run without spaces, and what stands between them. A word of one character is a
    part of a longer one where it stands beside what is not known, but for particles."""
    folded, longest = fold(run), max(one.longest_run for one in lexicons)
    pieces: list[tuple[int, int, frozenset[str]]] = []
    index = 0
    while index < len(run):
        length, roles = _known_at(folded, index, longest, lexicons)
        if not roles and pieces and not pieces[-1][2]:
            pieces[-1] = (pieces[-1][0], index + length, roles)
        else:
            pieces.append((index, index + length, roles))
        index += length
    for first, end, roles in _joined_characters(pieces, folded, lexicons):
        yield Token(run[first:end], folded[first:end], start + first, start + end, roles)


def _known_at(
    folded: str, index: int, longest: int, lexicons: Sequence[Lexicon]
) -> tuple[int, frozenset[str]]:
    for length in range(min(longest, len(folded) - index), 0, -1):
        phrase = folded[index : index + length]
        for one in lexicons:
            if phrase in one.phrases:
                return length, one.phrases[phrase]
        if length > 1 and any(phrase in unspaced_subjects(one.code) for one in lexicons):
            return length, frozenset()
    return 1, frozenset()


def _joined_characters(
    pieces: Sequence[tuple[int, int, frozenset[str]]], folded: str, lexicons: Sequence[Lexicon]
) -> list[tuple[int, int, frozenset[str]]]:
    particles = frozenset().union(*(one.particles for one in lexicons))
    joined: list[tuple[int, int, frozenset[str]]] = []
    for place, (first, end, roles) in enumerate(pieces):
        beside = [*joined[-1:], *pieces[place + 1 : place + 2]]
        if end - first == 1 and folded[first] not in particles and any(not one[2] for one in beside):
            roles = frozenset()
        if joined and not roles and not joined[-1][2]:
            joined[-1] = (joined[-1][0], end, roles)
        else:
            joined.append((first, end, roles))
    return joined


def _longest(units: Sequence[Token], index: int, text: str, lexicons: Sequence[Lexicon]) -> tuple[Token, int]:
    """The longest known phrase that begins at a unit, and how many units it has."""
    first = units[index]
    if first.mark or first.roles:
        return first, 1
    lexicons = [one for one in lexicons if one.prefixes or first.folded in one.openers]
    phrase, phrases = "", []
    for unit in units[index : index + _LONGEST_PHRASE] if lexicons else ():
        if unit.mark or unit.roles:
            break
        phrase = f"{phrase} {unit.folded}" if phrase else unit.folded
        phrases.append(phrase)
    for length in range(len(phrases), 0, -1):
        found = ((one, listed) for one in lexicons if (listed := one.known(phrases[length - 1])) is not None)
        lexicon, listed = next(found, (None, ""))
        if lexicon is not None:
            end = units[index + length - 1].end
            return Token(
                text[first.start : end],
                listed,
                first.start,
                end,
                _roles(listed, lexicon, lexicons),
                first.glued,
            ), length
    if re.fullmatch(r"\d+", first.folded):
        return Token(first.text, first.folded, first.start, first.end, frozenset({"digits"}), first.glued), 1
    return first, 1


def _roles(phrase: str, lexicon: Lexicon, lexicons: Sequence[Lexicon]) -> frozenset[str]:
    """The roles of a phrase in a language; of a word of many languages, in all that are read."""
    if phrase not in _INTERNATIONAL:
        return lexicon.phrases[phrase]
    return frozenset().union(*(one.phrases.get(phrase, frozenset()) for one in lexicons))


def _whole_compounds(tokens: list[Token]) -> list[Token]:
    """ "open-source" is one word: where a part of it is not known, none is."""
    result: list[Token] = []
    group: list[Token] = []
    for token in [*tokens, None]:
        if token is not None and token.glued and group:
            group.append(token)
            continue
        if len(group) > 1 and any(not part.roles for part in group):
            group = [Token(p.text, p.folded, p.start, p.end, frozenset(), p.glued) for p in group]
        result += group
        group = [token] if token is not None else []
    return result


def _mended(tokens: list[Token], lexicons: Sequence[Lexicon]) -> list[Token]:
    """Command words with one slip of the finger ("donwload") count as what they were to be."""

    def mended(token: Token) -> Token:
        if token.roles or token.mark or token.glued or len(token.folded) < 4:
            return token
        for one in lexicons:
            right = _slipped_of(token.folded, one.misspellable)
            if right is not None:
                roles = one.phrases[right]
                return Token(token.text, right, token.start, token.end, roles, token.glued)
        return token

    glued_after = {
        index for index, token in enumerate(tokens) if index + 1 < len(tokens) and tokens[index + 1].glued
    }
    return [token if index in glued_after else mended(token) for index, token in enumerate(tokens)]


def _slipped_of(word: str, words: frozenset[str]) -> str | None:
    """The one of ``words`` that ``word`` was to be."""
    near = _by_start(words)
    lengths = range(len(word) - 1, len(word) + 2)
    alike = (right for length in lengths for right in near.get((word[0], length), ()))
    return next((right for right in alike if slipped(word, right)), None)


@cache
def _by_start(words: frozenset[str]) -> dict[tuple[str, int], list[str]]:
    """Words by their first letter and their length."""
    found: dict[tuple[str, int], list[str]] = {}
    for word in sorted(words):
        found.setdefault((word[0], len(word)), []).append(word)
    return found


def slipped(word: str, right: str) -> bool:
    """Two letters swapped, or in a longer word one added or dropped. A changed letter makes another word:
    "cancer"."""
    if abs(len(word) - len(right)) > 1 or word[0] != right[0] or not word.isascii():
        return False
    start = 0
    while start < min(len(word), len(right)) and word[start] == right[start]:
        start += 1
    rest, wanted = word[start:], right[start:]
    if len(word) == len(right):
        return rest[:2] == wanted[:2][::-1] and rest[2:] == wanted[2:]
    return len(right) >= 6 and (rest[1:] == wanted or rest == wanted[1:])
