"""``dataferry stats``, and the rows of a table that is here, from any place on."""

from typing import Annotated, Any

import typer

from dataferry.cli.client import Client, connected
from dataferry.cli.completion import offer_refs
from dataferry.cli.download import raise_if_unsuccessful, watch
from dataferry.cli.download_options import REF_HELP, Revision, Source
from dataferry.cli.output import AsJson, AsUser, Column, Quiet, note, out, print_json, print_table
from dataferry.client.names import asked_dataset
from dataferry.core.errors import Conflict, NotFound

#: Columns of one request.
_COLUMNS = 100
_FIGURES = ("column", "type", "empty", "different", "least", "greatest", "mean", "most frequent")


def stats(
    ref: Annotated[str, typer.Argument(help=REF_HELP, autocompletion=offer_refs)],
    file: Annotated[str | None, typer.Option(help="Which of its tables; by default the first.")] = None,
    source: Source = None,
    revision: Revision = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Show the statistics of a dataset's table that is here, over all its rows."""
    segment, revision, named = asked_dataset(ref, source, revision)
    params: dict[str, Any] = {} if revision is None else {"revision": revision}
    with connected(user) as client:
        table = opened(client, segment, params, file or named)
        path = f"/api/datasets/{segment}/tables/{table['id']}/statistics"
        answer: dict[str, Any] | None = None
        for start in range(0, table["column_count"], _COLUMNS):
            places = list(range(start, min(start + _COLUMNS, table["column_count"])))
            part = client.call("GET", path, params={**params, "column": places})
            answer = part if answer is None else {**answer, "columns": answer["columns"] | part["columns"]}
    if answer is None:
        raise NotFound("The table has no columns.")
    if as_json:
        print_json(answer)
        return
    rows = [_figures(one) for one in answer["columns"].values()]
    columns = [Column(name, gives="first") for name in _FIGURES]
    print_table(columns, rows if out.is_terminal else [list(_FIGURES), *rows])
    note(f"{table['label']}: {answer['row_count']:,} rows, computed {answer['made_at'][:10]}.")


def rows_from(
    client: Client, segment: str, params: dict[str, Any], *, file: str | None, offset: int, rows: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A table of what is here, and a page of its rows."""
    table = opened(client, segment, params, file)
    path = f"/api/datasets/{segment}/tables/{table['id']}/rows"
    return table, client.call("GET", path, params={**params, "offset": offset, "limit": rows})


def opened(client: Client, segment: str, params: dict[str, Any], file: str | None) -> dict[str, Any]:
    """The table of that file, or the first; it is prepared where it was not. Errors: ``NotFound``."""
    path = f"/api/datasets/{segment}/tables"
    found = client.call("POST", path, params=params)
    if not found["prepared"]:
        note("Its tables are prepared once, so that every row can be read.")
        if found["job"]:
            raise_if_unsuccessful(watch(client, found["job"]["id"], quiet=False))
        found = client.call("GET", path, params=params)
        if not found["prepared"]:
            raise Conflict("Its tables were not prepared.", next_step="Try it again.")
    for table in found["tables"]:
        if table["state"] == "ready" and file in (None, table["path"], table["name"]):
            return table  # type: ignore[no-any-return]
    why = next((one["problem"] for one in found["tables"] if one["problem"]), found["reason"])
    detail = f"There is no such table here. {why or ''}".strip()
    raise NotFound(detail, next_step="Look at its list of files.")


def _figures(one: dict[str, Any]) -> list[str]:
    distinct = one["distinct"]
    different = "" if distinct is None else f"{'' if one['distinct_exact'] else '~'}{distinct:,}"
    mean = "" if one["mean"] is None else f"{one['mean']:.6g}"
    top = ", ".join(bar["value"] for bar in (one["top"] or [])[:3])
    return [
        one["name"] or "(no name)",
        one["dtype"],
        f"{one['nulls']:,}",
        different,
        one["min"] or "",
        one["max"] or "",
        mean,
        top,
    ]
