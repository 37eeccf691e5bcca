"""A question in words, read against the columns and values of a table. Nothing is guessed: a word that means
nothing here is told."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dataferry.explorer.question_words import LONGEST, WORDS, Role
from dataferry.explorer.sql_names import SqlColumn, SqlTable
from dataferry.explorer.statistics_views import ColumnStatistics

_TOKEN = re.compile(
    r"\"[^\"]*\"|'[^']*'|“[^”]*”|\d+(?:[.,]\d+)*|[<>]=?|[≤≥=]|[^\W\d_]+(?:['’][^\W\d_]+)?|\d*\w+"
)
_WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![^\W\d_A-Z])|\d+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


class NotUnderstood(Exception):
    """``str``: why, as a sentence for people."""


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a question: a role of ours, a column, a value of one, a number or a quoted text."""

    text: str
    role: Role | None = None
    column: SqlColumn | None = None
    #: Of ``column``.
    value: str | None = None
    number: str | None = None
    quoted: str | None = None


def read_question(
    question: str, table: SqlTable, statistics: Sequence[ColumnStatistics] | None
) -> list[Item]:
    """The parts of a question that matter, in their order. Errors: ``NotUnderstood`` for a word that is none
    of ours, of no column and of no value."""
    tokens = _TOKEN.findall(question)
    columns = _column_names(table)
    values = _values(table, statistics)
    items: list[Item] = []
    unknown: list[str] = []
    place = 0
    while place < len(tokens):
        item, length = _longest(tokens, place, columns, values)
        if item is None:
            unknown.append(tokens[place])
        elif item.role != "filler":
            items.append(item)
        place += length
    if unknown:
        words = ", ".join(f"“{word[:40]}”" for word in dict.fromkeys(unknown[:5]))
        raise NotUnderstood(f"No column and no value here is called {words}, and no rule knows the word.")
    return items


def _longest(
    tokens: Sequence[str],
    place: int,
    columns: dict[tuple[str, ...], list[SqlColumn]],
    values: dict[tuple[str, ...], list[tuple[SqlColumn, str]]],
) -> tuple[Item | None, int]:
    first = tokens[place]
    if first[0] in "\"'“":
        return Item(first, quoted=first[1:-1]), 1
    most = max(LONGEST, *(len(name) for name in columns), *(len(name) for name in values), 1)
    for length in range(min(most, len(tokens) - place), 0, -1):
        words = tuple(token.lower() for token in tokens[place : place + length])
        text = " ".join(tokens[place : place + length])
        named = columns.get(name_words(text))
        if named is not None and (words not in WORDS or WORDS[words] in ("filler", "day", "month", "year")):
            return Item(text, column=_one(text, named)), length
        if words in WORDS:
            return Item(text, role=WORDS[words]), length
        found = values.get(words)
        if found is not None:
            column, value = found[0]
            if len(found) > 1:
                where = " and ".join(f"“{one.name}”" for one, _ in found[:3])
                raise NotUnderstood(f"“{text}” is a value of {where}: write the column too, as SQL.")
            return Item(text, column=column, value=value), length
    if _NUMBER.fullmatch(first):
        return Item(first, number=first.replace(",", "")), 1
    return None, 1


def _one(text: str, columns: Sequence[SqlColumn]) -> SqlColumn:
    if len(columns) == 1:
        return columns[0]
    names = ", ".join(f"“{column.name}”" for column in columns[:5])
    raise NotUnderstood(f"“{text}” may be any of the columns {names}: write the whole name.")


def _column_names(table: SqlTable) -> dict[tuple[str, ...], list[SqlColumn]]:
    """The words of names, of what stands before a bracket, and single words of names that are long enough."""
    found: dict[tuple[str, ...], list[SqlColumn]] = {}
    partly: dict[tuple[str, ...], list[SqlColumn]] = {}
    for column in table.columns:
        whole = name_words(column.name)
        short = name_words(column.name.partition("(")[0])
        for words in dict.fromkeys((whole, short)):
            if words:
                found.setdefault(words, []).append(column)
        for word in set(whole):
            if len(word) > 2:
                partly.setdefault((word,), []).append(column)
    return partly | found


def name_words(name: str) -> tuple[str, ...]:
    """``sepal_length (cm)``, ``SepalLength`` → their words, in lower case and in the singular."""
    return tuple(_singular(word.lower()) for word in _WORD.findall(name))


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4 and word != "species":
        return f"{word[:-3]}y"
    return (
        word[:-1] if word.endswith("s") and len(word) > 3 and not word.endswith(("ss", "us", "is")) else word
    )


def _values(
    table: SqlTable, statistics: Sequence[ColumnStatistics] | None
) -> dict[tuple[str, ...], list[tuple[SqlColumn, str]]]:
    """The frequent values of columns of text."""
    found: dict[tuple[str, ...], list[tuple[SqlColumn, str]]] = {}
    for column, one in zip(table.columns, statistics or (), strict=False):
        for bar in (one.top or ()) if column.kind == "text" else ():
            words = tuple(word.lower() for word in _TOKEN.findall(bar.value))
            if words and not _NUMBER.fullmatch(words[0]):
                found.setdefault(words, []).append((column, bar.value))
    return found
