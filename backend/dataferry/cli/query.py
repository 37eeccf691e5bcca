"""``dataferry query``: a question to a table that is here, in SQL or in words."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from dataferry.cli.client import Client, connected
from dataferry.cli.completion import offer_refs
from dataferry.cli.download_options import REF_HELP, Revision, Source
from dataferry.cli.output import (
    AsJson,
    AsUser,
    Column,
    Quiet,
    note,
    out,
    print_json,
    print_table,
    unwritable_output,
)
from dataferry.cli.tables import opened
from dataferry.client.names import asked_dataset
from dataferry.core.errors import InvalidInput
from dataferry.core.sizes import readable_bytes

#: Rows that are printed; a file has all of them.
_ROWS = 200
_JSON_ROWS = 10_000
_NUMBERS = ("number", "integer")
_FORMATS: dict[str, Literal["csv", "parquet"]] = {".csv": "csv", ".parquet": "parquet"}


def query(
    ref: Annotated[str, typer.Argument(help=REF_HELP, autocompletion=offer_refs)],
    question: Annotated[
        str | None, typer.Argument(help="SQL (one SELECT), or words; without, what can be asked.")
    ] = None,
    file: Annotated[str | None, typer.Option(help="Which of its tables; by default the first.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write all rows to FILE.csv or FILE.parquet."),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all rows as CSV.")] = False,
    source: Source = None,
    revision: Revision = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Ask a table that is here: SQL, or a question in words that becomes SQL."""
    if output is not None and output.suffix.lower() not in _FORMATS:
        raise InvalidInput("The file is of no known kind.", next_step="Name it FILE.csv or FILE.parquet.")
    segment, revision, named = asked_dataset(ref, source, revision)
    params: dict[str, Any] = {} if revision is None else {"revision": revision}
    with connected(user) as client:
        table = opened(client, segment, params, file or named)
        path = f"/api/datasets/{segment}/tables/{table['id']}"
        if question is None:
            _show_askable(client.call("GET", f"{path}/questions", params=params), as_json=as_json)
            return
        answer = client.call(
            "POST",
            f"{path}/ask",
            params=params,
            json={"question": question, "limit": _JSON_ROWS if as_json else _ROWS},
            repeatable=True,
        )
        if output is not None or as_csv:
            _tell_sql(answer)
            _export(client, path, params, answer["sql"], output)
            return
    if as_json:
        print_json(answer)
        return
    _tell_sql(answer)
    _print_rows(answer["result"])


def _show_askable(askable: dict[str, Any], *, as_json: bool) -> None:
    """The tables and columns by their names in SQL, and ready questions."""
    if as_json:
        print_json(askable)
        return
    rows = [
        [table["name"], column["written"], column["kind"]]
        for table in askable["tables"]
        for column in table["columns"]
    ]
    headings = ["table", "column", "kind"]
    columns = [Column(name, gives="first") for name in headings]
    print_table(columns, rows if out.is_terminal else [headings, *rows])
    for one in askable["questions"]:
        note(f"Ask: {one['question']}")


def _tell_sql(answer: dict[str, Any]) -> None:
    """On stderr: how an answer came about is no part of it."""
    if answer["notice"]:
        note(answer["notice"])
    if answer["written_by"] == "you":
        return
    if answer["why"]:
        note(answer["why"])
    for line in answer["sql"].splitlines():
        note(f"  {line}")


def _print_rows(result: dict[str, Any]) -> None:
    names = [column["name"] for column in result["columns"]]
    columns = [
        Column(column["name"], gives="first", right=column["kind"] in _NUMBERS)
        for column in result["columns"]
    ]
    rows = [["" if cell is None else cell for cell in row] for row in result["rows"]]
    print_table(columns, rows if out.is_terminal else [names, *rows])
    count = len(rows)
    if result["more"]:
        note(f"The first {count:,} rows; -o answer.parquet, or --csv, has all of them.")
    else:
        note(f"{count:,} row{'' if count == 1 else 's'} in {result['seconds']:.2f} s.")


def _export(client: Client, path: str, params: dict[str, Any], sql: str, output: Path | None) -> None:
    """All rows to a file, which is whole or not there, or to stdout as CSV."""
    kind = _FORMATS[output.suffix.lower()] if output is not None else "csv"
    address = f"{path}/query/export"
    with client.stream_answer(address, params={**params, "format": kind}, json={"sql": sql}) as response:
        if output is None:
            for text in response.iter_text():
                out.write(text)
            return
        partial = output.with_name(f".{output.name}.part")
        try:
            with partial.open("wb") as file:
                for piece in response.iter_bytes():
                    file.write(piece)
            partial.replace(output)
        except OSError as error:
            raise unwritable_output(error) from error
        finally:
            partial.unlink(missing_ok=True)
    note(f"{output}: {readable_bytes(output.stat().st_size)}.")
