"""``dataferry preview``."""

from typing import Annotated, Any

import typer

from dataferry.cli.client import connected
from dataferry.cli.completion import offer_refs
from dataferry.cli.download_options import REF_HELP, Revision, Source
from dataferry.cli.output import AsJson, AsUser, Column, Quiet, note, out, print_json, print_table
from dataferry.cli.tables import rows_from
from dataferry.client.names import asked_dataset
from dataferry.core.sizes import readable_bytes

#: A longer cell is cut where it is printed; ``--json`` has more of it.
_CELL_CHARS = 200
#: Columns whose types are told.
_MAX_TYPES = 12


def preview(
    ref: Annotated[str, typer.Argument(help=REF_HELP, autocompletion=offer_refs)],
    file: Annotated[str | None, typer.Option(help="Which of its tables; by default the main one.")] = None,
    rows: Annotated[int, typer.Option(min=1, max=200, help="How many rows.")] = 10,
    offset: Annotated[
        int, typer.Option(min=0, help="Begin behind so many rows; the dataset must be here.")
    ] = 0,
    source: Source = None,
    revision: Revision = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Show the first rows of a dataset, downloaded or not. What is not here is not downloaded by it."""
    segment, revision, path = asked_dataset(ref, source, revision)
    params: dict[str, Any] = {"rows": rows, "revision": revision, "path": file or path}
    if not as_json:
        params["cell_chars"] = _CELL_CHARS
    if offset:
        _rows_from(segment, params, offset, rows, as_json=as_json, user=user)
        return
    with connected(user) as client:
        given = {name: value for name, value in params.items() if value is not None}
        shown = client.call("GET", f"/api/datasets/{segment}/preview", params=given)
    if as_json:
        print_json(shown)
        return
    _print(shown)
    note(_about(shown))
    for sentence in shown["notes"]:
        note(sentence)


def _rows_from(
    segment: str, params: dict[str, Any], offset: int, rows: int, *, as_json: bool, user: str | None
) -> None:
    """Rows from the middle of a table that is here."""
    given = {} if params["revision"] is None else {"revision": params["revision"]}
    with connected(user) as client:
        table, page = rows_from(client, segment, given, file=params["path"], offset=offset, rows=rows)
    if as_json:
        print_json(page)
        return
    columns = [table["columns"][place] for place in page["columns"]]
    _print({**page, "columns": [one | {"numeric": one["kind"] in ("number", "integer")} for one in columns]})
    last = offset + len(page["rows"])
    note(f"{table['label']}: rows {offset + 1:,} to {last:,} of {page['row_count']:,}.")


def _print(shown: dict[str, Any]) -> None:
    names = [column["name"] or str(place) for place, column in enumerate(shown["columns"])]
    columns = [
        Column(name, gives="first", right=column["numeric"])
        for name, column in zip(names, shown["columns"], strict=True)
    ]
    rows = [["" if cell is None else cell for cell in row] for row in shown["rows"]]
    # The names are of the data: whoever reads on needs them too.
    print_table(columns, rows if out.is_terminal else [names, *rows])


def _about(shown: dict[str, Any]) -> str:
    """``data.csv: 10 of about 400,000 rows, 2 columns (id number, name text); 524 kB of 9 MB fetched …``"""
    types = [f"{column['name']} {column['dtype']}".strip() for column in shown["columns"][:_MAX_TYPES]]
    more = ", …" if shown["column_count"] > _MAX_TYPES else ""
    told = f"{shown['path']}: {len(shown['rows'])} of {_row_count(shown)}"
    told += f", {shown['column_count']:,} columns ({', '.join(types)}{more})"
    if not shown["partial"]:
        return f"{told}."
    fetched, size = shown["fetched_bytes"], shown["size_bytes"]
    of = f" of {readable_bytes(size)}" if size and size > fetched else ""
    return f"{told}; {readable_bytes(fetched)}{of} fetched from {shown['fetched_from']}."


def _row_count(shown: dict[str, Any]) -> str:
    if shown["row_count"] is not None:
        return f"{shown['row_count']:,} rows"
    if shown["about_row_count"]:
        return f"about {shown['about_row_count']:,} rows"
    return f"more than {shown['least_row_count'] or len(shown['rows']):,} rows"
