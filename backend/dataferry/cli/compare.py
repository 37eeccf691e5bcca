"""``dataferry compare``."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from dataferry.cli.client import connected
from dataferry.cli.completion import offer_refs
from dataferry.cli.output import (
    AsJson,
    AsUser,
    Column,
    ExitCode,
    Quiet,
    note,
    print_json,
    print_table,
    told_problem,
    warn,
)
from dataferry.client.names import dataset_address
from dataferry.core.errors import InvalidInput

_DIFFERENT, _UNKNOWN, _ABSENT = "≠", "–", "no such column"


def compare(
    refs: Annotated[
        list[str],
        typer.Argument(metavar="REF...", help="Two to six datasets.", autocompletion=offer_refs),
    ],
    differences: Annotated[
        bool, typer.Option("--differences", "-d", help="Only what differs between them.")
    ] = False,
    columns: Annotated[bool, typer.Option(help="With the columns of their tables.")] = True,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Compare datasets side by side. Licence, size, rows, splits, columns; ≠ marks what differs."""
    params = [("ref", _ref(name)) for name in refs]
    with connected(user) as client:
        found = client.call("GET", "/api/datasets/compare", params=params)
    if as_json:
        print_json(found)
    else:
        names = [one["ref"] for one in found["datasets"]]
        rows = [*_facts(found), *(_columns(found) if columns else ())]
        shown = [row for row in rows if row[0] or not differences]
        print_table((Column(_DIFFERENT), Column(""), *(Column(name, gives="first") for name in names)), shown)
    _note_what_is_missing(found)


def _ref(name: str) -> str:
    """Errors: ``InvalidInput`` for what names no source."""
    address = dataset_address(name)
    if address is None and ":" not in name:
        raise InvalidInput(
            f"{name[:80]!r} names no source.", next_step="Write each as source:owner/name, or as its address."
        )
    return name if address is None else str(address.ref)


def _facts(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for fact in found["facts"]:
        values = (_UNKNOWN if value is None else value for value in fact["values"])
        yield (_DIFFERENT if fact["differs"] else "", fact["label"], *values)


def _columns(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    known = [one["table_problem"] is None and one["problem"] is None for one in found["datasets"]]
    for column in found["columns"]:
        cells = zip(column["types"], column["empty"], known, found["datasets"], strict=True)
        yield (
            _DIFFERENT if column["differs"] else "",
            f"column {column['name']}",
            *(_cell(*cell) for cell in cells),
        )


def _cell(dtype: str | None, empty: int | None, known: bool, dataset: Mapping[str, Any]) -> str:
    if dtype is None:
        return _ABSENT if known else _UNKNOWN
    return f"{dtype}, {empty} of {dataset['read_rows']} empty" if empty else dtype


def _note_what_is_missing(found: Mapping[str, Any]) -> None:
    """Ends the command where nothing is known of any of them."""
    datasets: Sequence[Mapping[str, Any]] = found["datasets"]
    for one in datasets:
        if one["problem"] is not None:
            warn(f"{one['ref']}: {told_problem(one['problem'])}")
        elif one["table_problem"] is not None:
            note(f"{one['ref']}: {one['table_problem']}")
    if found["more_columns"]:
        note(f"{found['more_columns']:,} more columns are not shown.")
    codes = [one["problem"]["code"] for one in datasets if one["problem"] is not None]
    if len(codes) == len(datasets):
        raise typer.Exit(ExitCode.of(codes[0]))
