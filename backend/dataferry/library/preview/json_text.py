"""JSON in any of the shapes in which people keep tables: one document, or one a line."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from dataferry.library.preview.head import Head
from dataferry.library.preview.loaders import json_loader, pandas_loader
from dataferry.library.preview.table import MAX_COLUMNS, NotATable, Table, made_table
from dataferry.library.preview.text import decode
from dataferry.library.preview.values import Figure, text_of

#: Numbers stay as they are written.
DECODER = json.JSONDecoder(parse_float=Figure, parse_int=Figure, parse_constant=Figure, strict=False)
#: Between documents: blanks, and the mark of RFC 7464.
_BETWEEN = re.compile(r"[\s\x1e\ufeff]*")
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
#: How deep a table may lie in a document.
_MAX_DEPTH = 3
#: A whole number of more may not fit in 64 bits.
_MAX_DIGITS = 18

Records = list[Any]


@dataclass(frozen=True, slots=True)
class _Found:
    """A table in a document: the names of all its columns, its first rows and columns, and how many rows it
    has. ``expression``: what makes the table of the document in a loader."""

    names: list[str]
    rows: list[list[Any]]
    count: int
    expression: str = "pd.DataFrame(document)"


def read_json(head: Head, path: str, rows: int) -> Table:
    """Errors: ``NotATable`` for text that is no JSON, and for a document without a table."""
    text = decode(head.data, head.complete)
    try:
        documents, note = _documents(text.text, head.complete)
        found, loader = _table_of(documents, head, path, text.encoding, rows)
        cells = [[text_of(cell) for cell in row] for row in found.rows]
    except RecursionError as error:
        raise NotATable("It is nested too deeply.") from error
    notes = [one for one in (text.note, note, head.damage and f"The file is damaged: {head.damage}") if one]
    columns = min(len(found.names), MAX_COLUMNS)
    dtypes = [kind_of([row[number] for row in found.rows if number < len(row)]) for number in range(columns)]
    return made_table(
        found.names,
        cells,
        loader=loader,
        notes=notes,
        dtypes=dtypes,
        row_count=found.count if head.complete and note is None else None,
        least_row_count=found.count,
    )


def _documents(text: str, complete: bool) -> tuple[list[Any], str | None]:
    """The documents of the text, and what is wrong with it after them."""
    documents: list[Any] = []
    position = _end(text, 0)
    while position < len(text):
        try:
            value, end = DECODER.raw_decode(text, position)
        except json.JSONDecodeError as error:
            if not complete and not documents:
                return [_beginning(text[position:])], None
            if complete and not documents:
                raise NotATable(f"It is no JSON: line {error.lineno}, {error.msg}.") from error
            return (
                documents,
                None if not complete else f"Line {error.lineno} is no JSON; the rows before are shown.",
            )
        documents.append(value)
        position = _end(text, end)
    if not documents:
        raise NotATable("It is empty.")
    return documents, None


def _end(text: str, position: int) -> int:
    found = _BETWEEN.match(text, position)
    return found.end() if found else position


def _beginning(text: str) -> Any:
    try:
        return DECODER.decode(_closed(text))
    except json.JSONDecodeError as error:
        raise NotATable(f"It is no JSON: line {error.lineno}, {error.msg}.") from error


def _closed(text: str) -> str:
    """The beginning of a long document as a document: up to the last whole entry of its list.

    Errors: ``NotATable`` where not one entry ends within what was read.
    """
    stack: list[str] = []
    cuts: dict[tuple[str, ...], int] = {}
    for found in _STRUCTURE.finditer(text):
        match found[0]:
            case "[" | "{":
                stack.append(found[0])
            case "]" | "}":
                if not stack:
                    break
                stack.pop()
            case ",":
                if len(stack) <= _MAX_DEPTH:
                    cuts[tuple(stack)] = found.start()
    lists = [
        (opened, cut)
        for opened, cut in cuts.items()
        if opened[-1:] == ("[",) and tuple(stack[: len(opened)]) == opened
    ]
    open_ones = lists or [
        (opened, cut) for opened, cut in cuts.items() if tuple(stack[: len(opened)]) == opened
    ]
    if not open_ones:
        raise NotATable("Its first row is too long to be shown.")
    opened, cut = min(open_ones, key=lambda one: len(one[0]))
    return text[:cut] + "".join("]" if one == "[" else "}" for one in reversed(opened))


def _table_of(documents: Records, head: Head, path: str, encoding: str, rows: int) -> tuple[_Found, str]:
    """The table, and the code that loads it."""
    named = head.suffix in (".jsonl", ".ndjson")
    # pandas reads no whole number beyond 64 bits.
    exact = any(map(_has_big_number, documents))
    document = documents[0]
    lines = len(documents) > 1 or (named and not isinstance(document, list))
    if lines or isinstance(document, list):
        entries = documents if lines else document
        found = _rows(entries, rows)
        if not exact and (lines or all(isinstance(one, dict) for one in entries)):
            arguments = ({"lines": "True"} if lines else {}) | _as_written(head, encoding)
            return found, pandas_loader(path, "read_json", arguments)
    elif isinstance(document, dict):
        found = table_in(document, rows)
    else:
        raise NotATable("It is one value, and no table.")
    return found, json_loader(path, head.packing, encoding, found.expression, lines=lines)


def _has_big_number(value: Any) -> bool:
    match value:
        case Figure():
            return len(value) > _MAX_DIGITS and value.lstrip("-").isdecimal()
        case dict():
            return any(map(_has_big_number, value.values()))
        case list():
            return any(map(_has_big_number, value))
    return False


def _as_written(head: Head, encoding: str) -> dict[str, str]:
    """Else pandas makes numbers of text, and dates of numbers."""
    arguments = {"dtype": "False"}
    if encoding not in ("utf-8", "utf-8-sig"):
        arguments["encoding"] = repr(encoding)
    elif encoding == "utf-8-sig":
        arguments["encoding"] = '"utf-8-sig"'
    if head.packing != head.named_packing:
        arguments["compression"] = repr(head.packing)
    return arguments


def table_in(document: Mapping[str, Any], rows: int) -> _Found:
    """The table that an object holds, in whichever of the ways in which people write one."""
    values = list(document.values())
    columns, data = document.get("columns"), document.get("data")
    if isinstance(columns, list) and isinstance(data, list) and all(isinstance(row, list) for row in data):
        expression = 'pd.DataFrame(document["data"], columns=document["columns"])'
        first = [row[:MAX_COLUMNS] for row in data[:rows]]
        return _Found([str(one) for one in columns], first, len(data), expression)
    if values and all(isinstance(one, list) for one in values) and not any(map(_holds_records, values)):
        longest = max(map(len, values))
        shown = values[:MAX_COLUMNS]
        first = [[one[row] if row < len(one) else None for one in shown] for row in range(min(rows, longest))]
        return _Found(list(document), first, longest)
    if len(values) > 1 and all(isinstance(one, dict) for one in values) and _alike(values):
        return _of_objects(document, values, rows)
    where = _longest_list(document)
    found: Any = document
    for key in where:
        found = found[key]
    if where and (len(document) == 1 or len(found) > len(document) or _holds_records(found)):
        path = "".join(f"[{key!r}]" for key in where)
        return replace(_rows(found, rows), expression=f"pd.DataFrame(document{path})")
    return _Found(list(document), [values], 1, "pd.DataFrame([document])")


def _of_objects(document: Mapping[str, Any], values: Sequence[Mapping[str, Any]], rows: int) -> _Found:
    """Rows by key, or columns that are numbered as pandas writes them."""
    keys = list(dict.fromkeys(key for one in values for key in one))
    if all(key.isdecimal() for key in keys):
        first = [[one.get(key) for one in values[:MAX_COLUMNS]] for key in keys[:rows]]
        return _Found(list(document), first, len(keys))
    shown = keys[:MAX_COLUMNS]
    first = [[outer, *(one.get(key) for key in shown)] for outer, one in islice(document.items(), rows)]
    expression = 'pd.DataFrame.from_dict(document, orient="index").reset_index(names="")'
    return _Found(["", *keys], first, len(document), expression)


def _alike(objects: Sequence[Mapping[str, Any]]) -> bool:
    """Whether they have mostly the same keys, as rows have."""
    union = set().union(*objects)
    return 2 * len(union.intersection(*objects)) >= len(union)


def _holds_records(one: Sequence[Any]) -> bool:
    return bool(one) and all(isinstance(entry, dict) for entry in one)


def _longest_list(document: Mapping[str, Any], depth: int = 1) -> tuple[str, ...]:
    """Keys that lead to the longest list of records, or else to the longest list; none where none is."""
    best: tuple[tuple[bool, int], tuple[str, ...]] = ((False, 0), ())
    for key, value in document.items():
        if isinstance(value, list) and value:
            best = max(best, ((_holds_records(value), len(value)), (key,)), key=lambda one: one[0])
        elif isinstance(value, dict) and depth < _MAX_DEPTH:
            inner = _longest_list(value, depth + 1)
            if inner:
                found: Any = value
                for step in inner:
                    found = found[step]
                best = max(best, ((_holds_records(found), len(found)), (key, *inner)), key=lambda one: one[0])
    return best[1]


def _rows(entries: Records, rows: int) -> _Found:
    """A list of objects, of lists, or of values."""
    if not entries:
        raise NotATable("It is an empty list.")
    first = entries[:rows]
    objects = [one for one in entries if isinstance(one, dict)]
    if objects:
        names = list(dict.fromkeys(key for one in objects for key in one))
        if not names:
            raise NotATable("Its records are empty.")
        shown = names[:MAX_COLUMNS]
        cells = [[one.get(name) for name in shown] if isinstance(one, dict) else [one] for one in first]
        return _Found(names, cells, len(entries))
    longest = max((len(one) for one in entries if isinstance(one, list)), default=1)
    cells = [one[:MAX_COLUMNS] if isinstance(one, list) else [one] for one in first]
    return _Found([str(number) for number in range(longest)], cells, len(entries))


def kind_of(values: Sequence[Any]) -> tuple[str, bool]:
    """The type of a column, as JSON calls it."""
    kinds = {_type(value) for value in values if value is not None}
    if not kinds:
        return "", False
    return (kinds.pop() if len(kinds) == 1 else "mixed"), kinds == {"number"} or all(
        isinstance(value, Figure) for value in values if value is not None
    )


def _type(value: Any) -> str:
    if isinstance(value, Figure):
        return "number"
    if isinstance(value, bool):
        return "boolean"
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "text"
