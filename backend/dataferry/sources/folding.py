"""The same data at two hubs, or uploaded again, as one card with its sources.

Hits are compared pair by pair, but only those that have something rare in common: their size, their owner,
several words of their names, or that one names the other. A card is what agrees pair by pair, so that no
chain of likenesses joins an edition with the next.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations

from dataferry.core.types import DatasetCopy, DatasetSummary
from dataferry.sources.base import SearchFilters
from dataferry.sources.filters import doubts
from dataferry.sources.licence_table import UNKNOWN_TERMS, strictness
from dataferry.sources.licences import read_licence
from dataferry.sources.likeness import AGREEING, NEAR_SIZE, Likeness, likeness
from dataferry.sources.relevance import TextFields
from dataferry.sources.traits import Traits, is_common, traits_of

#: What more than so many hits have in common makes no two of them worth comparing; with so many rarer things
#: in common, they are compared though nothing else is alike.
_RARE, _ENOUGH_IN_COMMON = 8, 3
#: A word counts as if there were so many more hits, of which none has it: a page of hits is a small sample.
_UNSEEN = 40
#: What a word counts at most, and one that says little.
_MOST_RARE, _COMMON_RARITY = 4.0, 0.4
#: Hits of one card at most, as each is compared with all others.
_MOST_COPIES = 20
#: So many reasons a person is told.
_REASONS = 2

Pair = tuple[int, int]


def fold(
    ranked: Sequence[DatasetSummary],
    filters: SearchFilters,
    shown: Sequence[DatasetSummary] = (),
    known: Mapping[str, TextFields] | None = None,
) -> list[DatasetSummary]:
    """``shown`` and behind it ``ranked``, where hits that are the same data are one, with its ``copies``.

    ``ranked``: further hits that pass ``filters``, best first. What is the same as one of ``shown`` is told
    of there, so that no later page has it again. Else the group stands where its best hit stood, under the
    hit that ``_worth`` puts first; in another order than by relevance under the first one, so that the order
    stays true of what is shown. ``known``: the text of hits by their ``ref``, where it has been taken apart.
    """
    card_of = {hit.ref: card.ref for card in shown for hit in (card, *card.copies)}
    comparison = Comparison([*(hit for card in shown for hit in (card, *card.copies)), *ranked], known or {})
    cards = {card.ref: card for card in (*shown, *ranked)}
    for group in comparison.groups():
        fresh = [hit for hit in group if hit.ref not in card_of]
        place = next((card_of[hit.ref] for hit in group if hit.ref in card_of), "")
        if place:
            head = cards[place]
        elif filters.sort == "relevance":
            place, head = fresh[0].ref, min(fresh, key=lambda hit: _worth(hit, filters))
        else:
            place, head = fresh[0].ref, fresh[0]
        cards[place] = _with_copies(head, [hit for hit in fresh if hit is not head], comparison)
        for hit in fresh:
            if hit.ref != place:
                del cards[hit.ref]
    return list(cards.values())


def _with_copies(
    head: DatasetSummary, copies: Sequence[DatasetSummary], comparison: "Comparison"
) -> DatasetSummary:
    told = (
        DatasetCopy(**dict(copy), why_same=" · ".join(comparison.reasons(head, copy)[:_REASONS]))
        for copy in copies
    )
    return head.model_copy(update={"copies": (*head.copies, *told)})


def under(card: DatasetSummary, head: DatasetCopy) -> DatasetSummary:
    """``card`` with another of its copies, ``head``, as what it shows."""
    others = [copy for copy in card.copies if copy is not head]
    fields = {name: value for name, value in card if name != "copies"}
    former = DatasetCopy(**fields, why_same=head.why_same)
    shown = {name: getattr(head, name) for name in DatasetSummary.model_fields}
    return DatasetSummary(**shown | {"copies": (former, *others)})


def _worth(hit: DatasetSummary, filters: SearchFilters) -> tuple[object, ...]:
    """Less for what should stand first: it leaves no filter in doubt, is no copy by its own words, since
    nobody can free what is another's, is open, better licensed, described, downloaded."""
    return (
        len(doubts(hit, filters) or ()),
        traits_of(hit).says_copied,
        hit.gated,
        _strictness(hit.license),
        not hit.description,
        -hit.downloads,
        hit.ref,
    )


def _strictness(license: str | None) -> tuple[int, ...]:
    reading = read_licence(license)
    return strictness(reading.terms if reading is not None else UNKNOWN_TERMS)


class Comparison:
    """How alike hits are, by their places; each pair is compared once, when it is asked for."""

    def __init__(self, hits: Sequence[DatasetSummary], known: Mapping[str, TextFields]) -> None:
        self._given = {hit.ref: place for place, hit in enumerate(hits)}
        # By ref, so that the order in which they are given is of no consequence.
        self._hits = sorted(hits, key=lambda hit: hit.ref)
        self._place = {hit.ref: place for place, hit in enumerate(self._hits)}
        self._traits = [traits_of(hit, known.get(hit.ref)) for hit in self._hits]
        spread = Counter(chain.from_iterable(one.name | one.described for one in self._traits))
        #: What each stem counts that two or more have.
        self._rarity = {
            stem: _rarity(stem, holders, len(hits)) for stem, holders in spread.items() if holders > 1
        }
        self._found: dict[Pair, Likeness] = {}

    def groups(self) -> list[list[DatasetSummary]]:
        """Those that are the same data, two or more in each, in the order of the hits."""
        found = [[self._hits[place] for place in group] for group in _clusters(self) if len(group) > 1]
        groups = [sorted(group, key=self._order) for group in found]
        return sorted(groups, key=lambda group: self._order(group[0]))

    def _order(self, hit: DatasetSummary) -> int:
        return self._given[hit.ref]

    def reasons(self, a: DatasetSummary, b: DatasetSummary) -> tuple[str, ...]:
        """What tells that they are the same, the weightiest first."""
        return self.of(self._place[a.ref], self._place[b.ref]).reasons

    def of(self, a: int, b: int) -> Likeness:
        pair = (a, b) if a < b else (b, a)
        if pair not in self._found:
            self._found[pair] = likeness(self._traits[pair[0]], self._traits[pair[1]], self._rarity)
        return self._found[pair]

    def likely(self) -> list[Pair]:
        """The pairs that are taken for the same, the surest first."""
        candidates = sorted(set(_candidates(self._traits)))
        likely = [(-self.of(a, b).score, (a, b)) for a, b in candidates if self.of(a, b).score > 0]
        return [pair for _, pair in sorted(likely)]


def _rarity(stem: str, holders: int, hits: int) -> float:
    if is_common(stem) or stem.isdigit():
        return _COMMON_RARITY
    return min(_MOST_RARE, math.log((hits + _UNSEEN) / holders))


def _candidates(traits: Sequence[Traits]) -> Iterator[Pair]:
    spread = Counter(chain.from_iterable(one.keys for one in traits))
    rare = {key for key, count in spread.items() if 1 < count <= _RARE}
    rare -= {key for key in rare if isinstance(key, str) and is_common(key)}
    holders: defaultdict[object, list[int]] = defaultdict(list)
    owners: defaultdict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(traits):
        for key in one.keys & rare:
            holders[key].append(place)
        if one.owner:
            owners[one.owner].append(place)
    in_common = Counter(pair for places in holders.values() for pair in combinations(places, 2))
    yield from (pair for pair, count in in_common.items() if count >= _ENOUGH_IN_COMMON)
    yield from _of_like_size(traits)
    yield from _of_one_owner(traits, owners, in_common)
    yield from _of_names(traits, owners, spread)


def _of_like_size(traits: Sequence[Traits]) -> Iterator[Pair]:
    by_size = sorted((one.size, place) for place, one in enumerate(traits) if one.size)
    for n, (size, place) in enumerate(by_size):
        # A well-known dataset is there a hundred times, with one size: not all are compared with all.
        for larger, other in by_size[n + 1 : n + 1 + _RARE]:
            if larger > size * (1 + NEAR_SIZE):
                break
            yield min(place, other), max(place, other)


def _of_one_owner(
    traits: Sequence[Traits], owners: Mapping[str, Sequence[int]], in_common: Mapping[Pair, int]
) -> Iterator[Pair]:
    for places in owners.values():
        for a, b in combinations(places, 2):
            if traits[a].source != traits[b].source or in_common.get((a, b)):
                yield a, b


def _of_names(
    traits: Sequence[Traits], owners: Mapping[str, Sequence[int]], spread: Mapping[object, int]
) -> Iterator[Pair]:
    """The description of one has the name or the owner of the other."""
    for place, one in enumerate(traits):
        named = [other for owner, places in owners.items() if one.spells(owner) for other in places]
        for phrase, text in one.phrases:
            rarest = min((word for word in phrase if word in spread), key=spread.__getitem__, default=None)
            if rarest is not None and spread[rarest] > 1:
                named += [
                    other for other, that in enumerate(traits) if rarest in that.keys and text in that.told
                ]
        yield from ((min(place, other), max(place, other)) for other in named if other != place)


def _clusters(comparison: Comparison) -> list[set[int]]:
    """Groups that agree pair by pair, made of the surest pairs first."""
    group_of: dict[int, set[int]] = {}
    for a, b in comparison.likely():
        first, second = group_of.setdefault(a, {a}), group_of.setdefault(b, {b})
        if first is second or len(first) + len(second) > _MOST_COPIES:
            continue
        if all(comparison.of(one, other).score >= AGREEING for one in first for other in second):
            first |= second
            group_of |= dict.fromkeys(first, first)
    return list({id(group): group for group in group_of.values()}.values())
