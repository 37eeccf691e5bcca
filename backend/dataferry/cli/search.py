"""``dataferry search``."""

from typing import Annotated

import typer

from dataferry.cli.client import connected
from dataferry.cli.output import (
    AsJson,
    AsUser,
    Column,
    next_act,
    note,
    parse_size,
    print_json,
    print_table,
    size,
)
from dataferry.core.types import SourceProblem


def search(
    query: Annotated[list[str], typer.Argument(help="What to look for, in words.")],
    source: Annotated[list[str] | None, typer.Option(help="kaggle, huggingface or builtin.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    license: Annotated[str | None, typer.Option(help="cc0, mit, cc-by …")] = None,
    format: Annotated[str | None, typer.Option(help="csv, parquet, image …")] = None,
    max_size: Annotated[str | None, typer.Option(help="100MB, 2GB …")] = None,
    as_json: AsJson = False,
    user: AsUser = None,
) -> None:
    """Search every source at once."""
    filters = {"license": license, "format": format, "max_bytes": parse_size(max_size)}
    body = {
        "query": " ".join(query),
        "sources": source,
        "limit": limit,
        "filters": {name: value for name, value in filters.items() if value is not None},
    }
    with connected(user) as client:
        answer = client.call("POST", "/api/datasets/search-all", json=body, repeatable=True)
    if as_json:
        print_json(answer)
        return
    print_table(
        (
            Column("REF"),
            Column("TITLE", elastic=True),
            Column("SIZE"),
            Column("LICENCE"),
            Column("DOWNLOADS", right=True),
            Column("HERE"),
        ),
        [
            (
                card["ref"],
                card["title"],
                size(card["size_bytes"]),
                card["license"] or "–",
                f"{card['downloads']:,}",
                "yes" if card["local_status"] == "downloaded" else "",
            )
            for card in answer["datasets"]
        ],
    )
    for problem in answer["source_errors"]:
        note(f"! {problem['source']}: {problem['detail']} {next_act(SourceProblem(**problem))}")
