"""Which of the cards that were shown fits: by the words of its title, its format, licence or size."""

import re
from collections.abc import Collection, Iterable

from dataferry.chat.characters import fold, normalized
from dataferry.library.card_views import DatasetCard
from dataferry.sources.language import words as singulars
from dataferry.sources.licence_table import strictness
from dataferry.sources.licences import read_licence
from dataferry.sources.metadata import format_of


def title_words(*texts: str) -> set[str]:
    """The folded words of titles and ids."""
    return set(re.findall(r"[^\W_]+", fold(normalized(" ".join(texts)))))


def is_named(word: str, titled: Collection[str]) -> bool:
    """Whether a folded word stands in a title, be it as its plural: "the trilobites"."""
    return word in titled or not set(singulars(word)).isdisjoint(singulars(" ".join(titled)))


def is_of(card: DatasetCard, kind: str | None, licence: str | None) -> bool:
    """Whether a card has files of a format, such as ``csv`` or ``image``, and a licence; None is any."""
    formats = {*card.formats, *map(format_of, card.formats)}
    licensed = licence is None or (card.license or "").casefold().startswith(licence)
    return licensed and (kind is None or kind in formats)


def best_by(name: str, cards: Iterable[DatasetCard]) -> list[DatasetCard]:
    """Those of ``cards`` that are the first by a property of ``SUPERLATIVES``, as far as it is known."""
    known = [(value, card) for card in cards if (value := _compared(card, name)) is not None]
    best = max((value for value, _card in known), default=())
    return [card for value, card in known if value == best]


def _compared(card: DatasetCard, name: str) -> tuple[float, ...] | None:
    """The value by which ``card`` is the first of ``SUPERLATIVES``'s ``name``; None where it is not known."""
    if name == "freest":
        licence = read_licence(card.license)
        return None if licence is None else tuple(-float(one) for one in strictness(licence.terms))
    number = _number(card, name)
    return None if number is None else (number,)


def _number(card: DatasetCard, name: str) -> float | None:
    sign = -1 if name in ("smallest", "oldest") else 1
    if name in ("smallest", "largest"):
        return None if card.size_bytes is None else sign * float(card.size_bytes)
    if name in ("newest", "oldest"):
        return None if card.updated_at is None else sign * card.updated_at.timestamp()
    if name == "most_rows":
        return None if card.row_count is None else float(card.row_count)
    return float(card.downloads)
