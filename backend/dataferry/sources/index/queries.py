"""A search as a query of the index: words with their meanings and misspellings, filters in full."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time

from tantivy import FieldType, Occur, Query, Schema, Searcher

from dataferry.sources.base import SearchFilters
from dataferry.sources.index.documents import BOOSTS
from dataferry.sources.language import words
from dataferry.sources.licences import commercial_families, license_family, license_version
from dataferry.sources.metadata import modality_name
from dataferry.sources.relevance import MISSPELT_LENGTH, MISSPELT_WEIGHT
from dataferry.sources.vocabulary import SYNONYM_WEIGHT

#: From this length on a word may have two letters wrong.
_TWO_WRONG_LENGTH = 8
#: Above any score of words: datasets that surely pass a filter come before those that do not say.
_SURE = 1000.0
#: The least and the highest number of a field.
_LEAST = {FieldType.Unsigned: 0, FieldType.Integer: -(1 << 63)}
_MOST = (1 << 63) - 1

Meanings = Mapping[str, Mapping[str, float]]


def frequency(searcher: Searcher, stem: str) -> int:
    """In how many datasets a stem is, about: the most that one of the fields has."""
    return max(searcher.doc_freq(field, stem) for field in BOOSTS)


def _any_of(queries: Iterable[Query]) -> Query:
    return Query.boolean_query([(Occur.Should, query) for query in queries])


def _must(query: Query) -> tuple[Occur, Query]:
    """A condition that adds nothing to the score."""
    return Occur.Must, Query.const_score_query(query, 0.0)


def _surely_or_unknown(sure: Query, unknown: Query) -> Iterator[tuple[Occur, Query]]:
    """What surely passes comes first; what does not say may pass."""
    yield _must(_any_of([sure, unknown]))
    yield Occur.Should, Query.const_score_query(sure, _SURE)


class QueryBuilder:
    """Makes the queries of one search in one hub's index. ``frequency``: in how many datasets a stem is."""

    def __init__(
        self,
        schema: Schema,
        searcher: Searcher,
        frequency: Callable[[str], int],
        meanings: Meanings,
        filters: SearchFilters,
    ) -> None:
        self._schema = schema
        self._searcher = searcher
        self._frequency = frequency
        self._meanings = meanings
        self._filters = filters

    def any_word(self) -> Query:
        """Datasets with any of the words that pass the filters, or may; those with more of them first."""
        return self._filtered(_any_of(self._clauses()))

    def most_words(self, words: Sequence[str]) -> Query:
        """Datasets with at least two in three of the ``words``, or what surely means the same: for an order
        in which the relevance does not count."""
        each = [(Occur.Should, _any_of(self._word(word, meant))) for word, meant in self._surely_meant(words)]
        return self._filtered(Query.boolean_query(each, len(each) - len(each) // 3))

    def _surely_meant(self, words: Sequence[str]) -> Iterator[tuple[str, Mapping[str, float]]]:
        for word in dict.fromkeys(words):
            meant = self._meanings.get(word, {word: 1.0})
            # A part of a synonym of several words counts less, and means something else.
            yield word, {stem: share for stem, share in meant.items() if share >= SYNONYM_WEIGHT}

    def _clauses(self) -> Iterator[Query]:
        for word, meant in self._meanings.items():
            yield from self._word(word, meant)

    def _word(self, word: str, meant: Mapping[str, float]) -> Iterator[Query]:
        for stem, share in meant.items():
            for field, boost in BOOSTS.items():
                yield Query.boost_query(
                    Query.term_query(self._schema, field, stem, index_option="freq"), boost * share
                )
        if len(word) >= MISSPELT_LENGTH and word.isalpha() and not self._frequency(word):
            for field in ("title", "description"):
                distance = 2 if len(word) >= _TWO_WRONG_LENGTH else 1
                near = Query.fuzzy_term_query(self._schema, field, word, distance=distance)
                yield Query.boost_query(near, BOOSTS[field] * MISSPELT_WEIGHT)

    def _filtered(self, found: Query) -> Query:
        clauses = [(Occur.Must, found), *self._filter_clauses()]
        return Query.boolean_query(clauses) if len(clauses) > 1 else found

    def _filter_clauses(self) -> Iterator[tuple[Occur, Query]]:
        """Leave out what a filter surely leaves out; what does not say comes behind what surely passes."""
        asked = self._filters
        if asked.license:
            yield _must(self._license(asked.license))
        if asked.commercial:
            yield _must(self._commercial())
        if asked.gated is not None:
            gated = self._fact("gated")
            yield _must(gated) if asked.gated else (Occur.MustNot, gated)
        if asked.min_bytes is not None or asked.max_bytes is not None:
            yield from self._range("size", FieldType.Unsigned, asked.min_bytes, asked.max_bytes)
        if asked.updated_after is not None:
            midnight = datetime.combine(asked.updated_after, time(), UTC)
            yield from self._range("updated", FieldType.Integer, int(midnight.timestamp()), None)
        for name, value in (("language", asked.language), ("modality", asked.modality)):
            if value:
                yield from _surely_or_unknown(self._fact(f"{name}={value}"), self._fact(f"unknown={name}"))
        if asked.format:
            yield from _surely_or_unknown(self._format(asked.format), self._fact("unknown=format"))
        if asked.task:
            yield from _surely_or_unknown(self._labels(asked.task), self._fact("unknown=task"))

    def _range(
        self, name: str, kind: FieldType, least: int | None, most: int | None
    ) -> Iterator[tuple[Occur, Query]]:
        # As what is outside: a union with a range reads the numbers of most datasets, ten times as slowly.
        if least:
            yield Occur.MustNot, Query.range_query(self._schema, name, kind, _LEAST[kind], least - 1)
        if most is not None and most < _MOST:
            yield Occur.MustNot, Query.range_query(self._schema, name, kind, most + 1, _MOST)
        yield Occur.Should, Query.const_score_query(self._fact(f"unknown={name}"), -_SURE)

    def _license(self, name: str) -> Query:
        family, version = license_family(name), license_version(name)
        if family is None:
            return Query.empty_query()
        if family == "cc":
            return self._fact("license=cc*")
        if version is None:
            return self._fact(f"license={family}")
        return _any_of(self._fact(f"license={family}@{number}") for number in (version, ""))

    def _commercial(self) -> Query:
        if self._searcher.doc_freq("facts", "commercial"):
            return self._fact("commercial")
        # An index from before there was that fact: of what is found, the filters know better.
        return _any_of(self._fact(f"license={family}") for family in commercial_families())

    def _format(self, name: str) -> Query:
        modality = modality_name(name)
        labels = self._labels(name)
        return labels.or_should_match(self._fact(f"modality={modality}")) if modality else labels

    def _labels(self, label: str) -> Query:
        return Query.boolean_query(
            [
                (Occur.Must, Query.term_query(self._schema, "labels", word, index_option="basic"))
                for word in words(label)
            ]
        )

    def _fact(self, fact: str) -> Query:
        return Query.term_query(self._schema, "facts", fact, index_option="basic")
