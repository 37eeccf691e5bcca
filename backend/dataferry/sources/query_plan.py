"""What a hub is asked for one search: the whole query, and parts of it.

A hub that matches names finds "wind turbine sensor readings" in none, and "turbine" in many. So the query
is asked whole, in pairs of words that stand side by side, and word by word, the telling words first. What
comes back is merged by reciprocal rank fusion (Cormack, Clarke & Büttcher, SIGIR 2009) and ranked once.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from dataferry.core.types import DatasetSummary
from dataferry.sources.vocabulary import english_for, synonyms_in

#: Searches of one query at one hub. They run side by side; each counts against the hub's quota.
MAX_SEARCHES = 8
_TELLING_WORDS, _MAX_PAIRS, _MAX_SYNONYMS = 3, 2, 2
#: A hub that reads more than names is asked for parts where the whole brought fewer hits than this.
ENOUGH = 5
#: The constant of reciprocal rank fusion, as published.
_RANK_CONSTANT = 60

_COMMON = """
analysis annotated annotation array audio based benchmark binary category categories classification classify
cleaned clustering collected column corpora csv daily dataset detect detection document english estimate
estimation event example extraction feature field file forecast forecasting free generation history hourly
human image images instance json label labeled labelled labels large learning machine mapping measurement
measurements model monthly multi natural new number object online open parquet photo photos picture pictures
predict prediction processing public quality question raw reading readings recognition record recorded
recording recordings records sample samples science score scores segmentation sensor sequence sequences series
set simple single size small sound sounds statistics study synthetic table tabular task test text texts time
topic train type value values various video videos word world year yearly
"""
#: Words that very many names have: they tell little alone.
COMMON_WORDS = frozenset(_COMMON.split())


async def search_in_parts(
    search: Callable[[str], Awaitable[list[DatasetSummary]]], text: str, *, names_alone: bool
) -> list[DatasetSummary]:
    """The hits for ``text`` and for parts of it, each once: all asked side by side where the hub reads
    ``names_alone``, else parts only where the whole brought little.

    A part that fails is left out. Errors: those of the search for the whole.
    """
    parts = parts_of(text)
    if not names_alone:
        hits = await search(text)
        if len(hits) >= ENOUGH or not parts:
            return hits
        others = await asyncio.gather(*map(search, parts), return_exceptions=True)
    else:
        whole, *others = await asyncio.gather(*map(search, (text, *parts)), return_exceptions=True)
        if isinstance(whole, BaseException):
            raise whole
        hits = whole
    return fused([hits, *(answer for answer in others if not isinstance(answer, BaseException))])


def parts_of(text: str) -> tuple[str, ...]:
    """What to ask for beside the whole of ``text``, the most telling first, at most ``MAX_SEARCHES`` - 1.

    The whole in English; its telling words; a synonym of each of these; pairs of words; all other words.
    """
    english = english_for(text)
    typed = list(dict.fromkeys(word for word in (english or text).split() if len(word) > 1))
    # The order of equals is theirs in the query: what is named first is what it is about.
    words = sorted(typed, key=lambda word: (not _is_telling(word), -min(len(word), 7)))
    pairs = [f"{a} {b}" for a, b in pairwise(typed) if len(typed) > 2 and (_is_telling(a) or _is_telling(b))]
    synonyms = [others[0] for _phrase, others in synonyms_in(english or text)]
    planned = (
        *([english] if english else ()),
        *words[:_TELLING_WORDS],
        *synonyms[:_MAX_SYNONYMS],
        *pairs[:_MAX_PAIRS],
        *words[_TELLING_WORDS:],
    )
    once = dict.fromkeys(part for part in planned if part.casefold() != text.casefold())
    return tuple(once)[: MAX_SEARCHES - 1]


def _is_telling(word: str) -> bool:
    return len(word) > 2 and word.casefold() not in COMMON_WORDS


def fused(answers: Sequence[Sequence[DatasetSummary]]) -> list[DatasetSummary]:
    """The hits of several searches as one list, each once; what stands high in several comes first."""
    hits = {hit.ref: hit for answer in reversed(answers) for hit in answer}
    scores: defaultdict[str, float] = defaultdict(float)
    for rank, hit in _ranked(answers):
        scores[hit.ref] += 1 / (_RANK_CONSTANT + rank)
    return sorted(hits.values(), key=lambda hit: -scores[hit.ref])


def _ranked(answers: Iterable[Sequence[DatasetSummary]]) -> Iterator[tuple[int, DatasetSummary]]:
    for answer in answers:
        yield from enumerate(answer, start=1)
