"""How much speaks for two datasets being the same data, in the manner of record linkage.

Each piece of evidence adds the logarithm of how much likelier it is between copies than between others
(Fellegi & Sunter, "A Theory for Record Linkage", 1969) to what is likely before anything is known. So a
size counts by how improbable it is that two datasets have it by chance, and a word by how rare it is. What
contradicts takes away; what cannot be the same data at all, such as another year in the name, excludes.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from dataferry.core.types import SOURCE_LABELS
from dataferry.sources.traits import Traits, is_common, lexicon

#: Of the pairs in a page of hits about one in ten thousand are copies.
PRIOR = -9.0
#: Two of a group that are not alike enough by themselves must at least not speak against each other.
AGREEING = -6.0
#: Sizes that differ by more than the first share are not equal; by more than the second, not even nearly.
EQUAL_SIZE, NEAR_SIZE = 0.005, 0.03
#: Sizes spread over 15 factors of e: half of that, over the difference, is how improbable an equal one is.
_SIZE_SPREAD = 7.5
#: Bytes by which a README and the hub's own files make a copy larger, at least and at most.
_ADDED_FILES = (64, 16_384)
_MOST_FROM_SIZE, _MOST_FROM_SIZE_UNEXPLAINED = 14.0, 9.0
_MOST_FROM_NAME, _MOST_FROM_TEXT, _MOST_FROM_NUMBERS = 7.0, 5.0, 6.0
#: The same table in two formats: how much larger the one is.
_CONVERTED, _CONVERTED_MEDIA = 20.0, 1.5
#: Days between two uploads of an owner that are one act, and two.
_SOON, _LATER = 31, 180
_CONTRADICTION, _CONTRADICTION_OF_EQUALS = -5.0, -2.0

Rarity = Mapping[str, float]


@dataclass(slots=True)
class Likeness:
    """What speaks for two being the same. ``score`` > 0: they are taken for the same."""

    score: float = PRIOR
    weights: dict[str, float] = field(default_factory=dict)

    def add(self, weight: float, reason: str = "") -> None:
        self.score += weight
        if reason and weight > 0:
            self.weights[reason] = self.weights.get(reason, 0.0) + weight

    @property
    def reasons(self) -> tuple[str, ...]:
        """What a person is told, the weightiest first."""
        return tuple(sorted(self.weights, key=lambda reason: (-self.weights[reason], reason)))


def likeness(a: Traits, b: Traits, rarity: Rarity) -> Likeness:
    """Compare two datasets; which is first is of no consequence. ``rarity``: what a shared stem counts.

    A score below ``AGREEING`` says that they are not the same, not how far from it they are.
    """
    found = Likeness()
    equal = _compare_sizes(a, b, found)
    mentioned = _compare_mentions(a, b, found)
    _compare_owners(a, b, found, mentioned=mentioned)
    _compare_names(a, b, rarity, found)
    if found.score + _MOST_FROM_TEXT + _MOST_FROM_NUMBERS < AGREEING:
        return found  # whatever the texts say
    _compare_texts(a, b, rarity, found)
    _compare_numbers(a, b, found)
    if found.score < AGREEING:
        return found  # what follows only takes away
    if _are_told_apart(a, b):
        found.score = -math.inf
    else:
        _find_contradictions(a, b, found, equal=equal)
    return found


# -- what cannot be ---------------------------------------------------------------------------------


def _are_told_apart(a: Traits, b: Traits) -> bool:
    """Whether they are other years, parts, versions or languages of something."""
    ordinals = a.ordinals.keys() & b.ordinals.keys()
    return (
        _differ(a.name_years, b.name_years)
        or any(_differ(a.ordinals[label], b.ordinals[label]) for label in ordinals)
        or _is_another_version(a, b)
        or (bool(a.name_numbers - b.numbers) and bool(b.name_numbers - a.numbers))
        or (_differ(a.name_languages, b.name_languages) and not a.languages & b.languages)
    )


def _differ(a: frozenset[str], b: frozenset[str]) -> bool:
    return bool(a) and bool(b) and not (a & b)


def _is_another_version(a: Traits, b: Traits) -> bool:
    """``squad`` and ``squad_v2``; of a first version nobody says that it is one."""
    of_a, of_b = a.ordinals.get("version"), b.ordinals.get("version")
    named = of_a or of_b
    return named is not None and not (of_a and of_b) and not named <= {"0", "1", "1.0"}


# -- sizes ------------------------------------------------------------------------------------------


def _compare_sizes(a: Traits, b: Traits, found: Likeness) -> bool:
    """Adds what the sizes tell. Returns whether they are equal to the byte."""
    if not a.size or not b.size:
        return False
    bytes_apart = abs(a.size - b.size)
    apart = bytes_apart / max(a.size, b.size)
    if apart == 0:
        weight = math.log(_SIZE_SPREAD * _significant(a.size))
        found.add(min(_MOST_FROM_SIZE, weight), "same size")
    elif apart <= EQUAL_SIZE:
        explained = _ADDED_FILES[0] <= bytes_apart <= _ADDED_FILES[1]
        most = _MOST_FROM_SIZE if explained else _MOST_FROM_SIZE_UNEXPLAINED
        found.add(min(most, math.log(_SIZE_SPREAD / apart)), "nearly the same size")
    else:
        found.add(_weight_of_other_size(a, b, apart))
    return apart == 0


def _significant(size: int) -> int:
    """``size`` without what makes it a round number: two datasets of 1,000,000 bytes are no wonder."""
    tens = twos = size
    while tens % 10 == 0:
        tens //= 10
    while twos % 2 == 0:
        twos //= 2
    return min(tens, twos)


def _weight_of_other_size(a: Traits, b: Traits, apart: float) -> float:
    """What it tells that sizes differ: nothing where another format explains it."""
    ratio = max(a.size, b.size) / min(a.size, b.size)
    if not a.formats or not b.formats:
        if apart <= NEAR_SIZE:
            return -1.0
        return -8.0 if ratio > _CONVERTED else -0.5 if _is_packed(min(a, b, key=_size)) else -2.0
    if a.formats == b.formats:
        return -3.0 if apart <= NEAR_SIZE else -9.0
    if not lexicon().media.isdisjoint(a.formats | b.formats):
        return 2.0 if apart <= NEAR_SIZE else 0.0 if ratio <= _CONVERTED_MEDIA else -7.0
    return 0.0 if ratio <= _CONVERTED else -8.0


def _size(traits: Traits) -> int:
    return traits.size


def _is_packed(traits: Traits) -> bool:
    """Whether it is in a format that makes a table smaller."""
    return not traits.formats.isdisjoint(("parquet", "arrow", "geoparquet"))


# -- who has it, and what it is called --------------------------------------------------------------


def _compare_owners(a: Traits, b: Traits, found: Likeness, *, mentioned: bool) -> None:
    if not a.owner or a.owner != b.owner:
        return
    if a.source == b.source:
        # Nobody uploads the same twice to one hub, unless in another format, and then says so.
        told = mentioned or a.names_format or b.names_format
        contrasted = not (a.telling_name <= b.name or b.telling_name <= a.name)
        found.add(1.5 if told else -14.0 if contrasted else -6.0, "same owner")
        return
    found.add(7.0 if a.slug == b.slug else 5.0, "same owner")
    if a.license and b.license and a.license != b.license:
        found.add(-2.5)
    if a.updated and b.updated:
        days = abs(a.updated - b.updated)
        found.add(1.0 if days <= _SOON else -1.0 if days > _LATER else 0.0)


def _compare_mentions(a: Traits, b: Traits, found: Likeness) -> bool:
    """Adds what it tells that they name each other or the same paper. Returns whether one names the other."""
    weight = max(_mention(a, b), _mention(b, a))
    found.add(weight, "one names the other")
    if a.papers & b.papers:
        found.add(4.0, "same paper")
    elif a.papers and b.papers:
        found.add(-3.0)
    return weight >= 4.0


def _mention(a: Traits, b: Traits) -> float:
    """What it weighs that the description of ``a`` names ``b``, or the hub and the owner of it."""
    weight = _weight_of_name(a, b)
    if len(b.owner) > 4 and a.owner != b.owner and a.spells(b.owner):
        weight += 4.0
    if a.says_copied and a.source != b.source:
        hub = SOURCE_LABELS[b.source].casefold()
        if hub in a.spelled or (hub == "huggingface" and " hug face " in a.told):
            weight += 2.0
    return weight + (1.5 if weight and a.says_copied else 0.0)


def _weight_of_name(a: Traits, b: Traits) -> float:
    """What it weighs that ``b``'s name stands in the description of ``a``, where that is not just what both
    are about."""
    for phrase, text in b.phrases:
        if text not in a.told:
            continue
        telling = [word for word in phrase if not is_common(word)]
        if len(telling) > 1 or any(len(word) > 7 for word in telling):
            if a.says_copied:
                return 6.0
            return 0.0 if a.name.issuperset(telling) else 4.0
        if len(phrase) > 1 and a.says_copied:
            return 4.0
    return 0.0


def _compare_names(a: Traits, b: Traits, rarity: Rarity, found: Likeness) -> None:
    shared = a.name & b.name
    rest_a, rest_b = a.telling_name - shared, b.telling_name - shared
    weight = sum([0.8 * rarity[stem] for stem in shared])
    matched_a = {stem for stem in rest_a if _stands_for_some_of(stem, b)}
    matched_b = {stem for stem in rest_b if _stands_for_some_of(stem, a)}
    weight += 1.6 * min(3, max(len(matched_a), len(matched_b)))
    found.add(min(_MOST_FROM_NAME, weight), "same name" if a.slug == b.slug else "like names")
    alone_a = len(rest_a - matched_a - b.described - b.tags)
    alone_b = len(rest_b - matched_b - a.described - a.tags)
    if alone_a and alone_b:
        found.add(-1.5 * min(2, alone_a, alone_b))
    else:
        found.add(-0.7 * min(3, alone_a + alone_b))


def _stands_for_some_of(word: str, other: Traits) -> bool:
    """Whether ``word`` is short for some of the other's words, or one of these for it: ``dh`` for district
    heating, ``rail`` for railway, ``varstar`` for variable star."""
    # Whatever it stands for begins with its first letter.
    if word[0] not in other.initials:
        return False
    return _is_short_for(word, other.title) or _is_short_for(word, other.slug)


@lru_cache(1 << 14)
def _is_short_for(word: str, phrase: tuple[str, ...]) -> bool:
    for one in phrase:
        if min(len(word), len(one)) >= 3 and (one.startswith(word) or word.startswith(one)):
            return True
    if 2 <= len(word) <= 5 and word in "".join(part[0] for part in phrase):
        return True
    return len(word) > 5 and any(
        phrase[n].startswith(word[:cut]) and phrase[n + 1].startswith(word[cut:])
        for n in range(len(phrase) - 1)
        for cut in range(3, len(word) - 2)
    )


# -- what it is said to hold ------------------------------------------------------------------------


def _compare_texts(a: Traits, b: Traits, rarity: Rarity, found: Likeness) -> None:
    telling = (a.telling & b.telling) - (a.name & b.name)
    found.add(min(_MOST_FROM_TEXT, sum([0.5 * rarity[stem] for stem in telling])), "like descriptions")
    if (
        a.is_ascii is b.is_ascii
        and min(len(a.about), len(b.about)) > 1
        and not telling
        and not a.about & b.about
    ):
        found.add(-4.0)


def _compare_numbers(a: Traits, b: Traits, found: Likeness) -> None:
    shared = sum(_weight_of_number(value) for value in a.numbers & b.numbers)
    if a.file_count == b.file_count and a.formats == b.formats:
        shared += _weight_of_number(a.file_count)
    found.add(min(_MOST_FROM_NUMBERS, shared), "same counts")


def _weight_of_number(value: float) -> float:
    """More for 2,870 than for 3,000: a number counts by its digits without the zeros behind."""
    digits = int(f"{value:.0f}".rstrip("0") or "1")
    return min(5.0, 0.8 * math.log(digits) + (0.5 if value >= 1000 else 0.0))


# -- what speaks against it -------------------------------------------------------------------------


def _find_contradictions(a: Traits, b: Traits, found: Likeness, *, equal: bool) -> None:
    """``equal``: to the byte, which a part or another edition is not."""
    contradicts = _CONTRADICTION_OF_EQUALS if equal else _CONTRADICTION
    if any(_is_counted_otherwise(stem, a, b) for stem in a.counts.keys() & b.counts.keys()):
        found.add(contradicts)
    found.add(contradicts * _difference_of_years(a, b))
    for is_for, other_is_for in ((a.tasks, b.tasks), (a.modalities, b.modalities)):
        if _differ(is_for, other_is_for):
            found.add(-2.0)
    for one, other in ((a, b), (b, a)):
        # What says nothing of its language is mostly English.
        if one.name_languages - other.languages - {"en"} and other.about:
            found.add(-4.0)
    if _differ(a.languages, b.languages):
        found.add(-4.0)
    if (a.markers - b.name - b.described) | (b.markers - a.name - a.described):
        found.add(-4.0 if equal else -12.0)
    if a.says_derived is not b.says_derived:
        found.add(-1.0 if equal else -4.0)


def _is_counted_otherwise(stem: str, a: Traits, b: Traits) -> bool:
    """``61,000 galaxies`` and ``92,000 galaxies`` are two datasets."""
    of_a, of_b = a.counts[stem], b.counts[stem]
    return not of_a & of_b and not of_a <= b.numbers and not of_b <= a.numbers


def _difference_of_years(a: Traits, b: Traits) -> float:
    if a.years and b.years and not (a.years <= b.years or b.years <= a.years):
        return 1.0
    if (b.years and a.name_years - b.years) or (a.years and b.name_years - a.years):
        return 1.0
    return 0.2 if a.name_years ^ b.name_years and not a.years & b.years else 0.0
