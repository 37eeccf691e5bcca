"""``dataferry search``."""

from typing import Annotated, Any

import typer

from dataferry.cli.client import connected
from dataferry.cli.output import (
    AsJson,
    AsUser,
    Column,
    ExitCode,
    Quiet,
    next_act,
    note,
    parse_size,
    print_failure,
    print_json,
    print_table,
    size,
    warn,
)
from dataferry.core.specs import SOURCES
from dataferry.core.types import ProblemWords

_COLUMNS = (
    Column("REF"),
    Column("TITLE", gives="first"),
    Column("SIZE"),
    Column("LICENCE", minor=True),
    Column("DOWNLOADS", right=True, minor=True),
    Column("HERE"),
)


def search(
    query: Annotated[list[str], typer.Argument(help="What to look for, in words.")],
    source: Annotated[list[str] | None, typer.Option(help="kaggle, huggingface or builtin.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    license: Annotated[str | None, typer.Option(help="cc0, mit, cc-by …")] = None,
    format: Annotated[str | None, typer.Option(help="csv, parquet, image …")] = None,
    max_size: Annotated[str | None, typer.Option(help="100MB, 2GB …")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
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
    else:
        print_table(_COLUMNS, [_row(card) for card in answer["datasets"]])
    _note_outcome(answer, source)


def _row(card: dict[str, Any]) -> tuple[str, ...]:
    return (
        card["ref"],
        card["title"],
        size(card["size_bytes"]),
        card["license"] or "–",
        f"{card['downloads']:,}",
        "yes" if card["local_status"] == "downloaded" else "",
    )


def _note_outcome(answer: dict[str, Any], source: list[str] | None) -> None:
    """Tell what failed and whether there is more. Ends the command where nobody could be asked."""
    problems = answer["source_errors"]
    for problem in problems:
        warn(f"{problem['source']}: {problem['detail']} {next_act(ProblemWords(**_words(problem)))}")
    found = len(answer["datasets"])
    if answer["more"]:
        note(f"These are the first {found:,}; a larger --limit or more words show others.")
    if found:
        return
    # The built-in tables always answer: that they hold nothing of the kind is no answer of the hubs.
    asked = {name for name, spec in SOURCES.items() if spec.hub and (not source or name in source)}
    if asked and asked <= {problem["source"] for problem in problems}:
        codes = {ExitCode.of(problem["code"]) for problem in problems}
        print_failure("No source could be searched. Try again later, or mend what is named above.")
        raise typer.Exit(codes.pop() if len(codes) == 1 else ExitCode.UNREACHABLE)
    note(f"Nothing found for {answer['query']!r}. Other or fewer words, or fewer filters, find more.")


def _words(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name in ProblemWords.model_fields}
