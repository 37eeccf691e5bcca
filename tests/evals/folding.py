"""Folds the datasets of a set that are the same data into cards."""

from collections.abc import Mapping, Sequence
from typing import Any

from dataferry.sources.base import SearchFilters
from dataferry.sources.folding import fold
from tests.evals import score
from tests.evals.ranking import summary_of

Run = list[dict[str, Any]]


def fold_catalogue() -> Run:
    """The cards of the development set's catalogue that have several sources."""
    return _fold(score.load("catalogue.jsonl"))


def fold_unseen() -> Run:
    """The same of the datasets of the unseen pairs, all of them at once."""
    return _fold({row["ref"]: row for pair in _unseen() for row in (pair["a"], pair["b"])}.values())


def score_unseen(run: Run) -> None:
    print("unseen pairs")
    score.folding(run, unseen_pairs())


def unseen_pairs() -> list[dict[str, Any]]:
    """The unseen pairs in the form of ``duplicates.jsonl``."""
    return [{**pair, "a": pair["a"]["ref"], "b": pair["b"]["ref"]} for pair in _unseen()]


def _unseen() -> Sequence[Mapping[str, Any]]:
    return score.load("unseen_pairs.jsonl")


def _fold(rows: Any) -> Run:
    cards = fold([summary_of(row) for row in rows], SearchFilters())
    return [{"refs": [card.ref, *(copy.ref for copy in card.copies)]} for card in cards if card.copies]
