"""``dataferry search``."""

from datetime import datetime
from typing import Annotated, Any, Literal

import typer

from dataferry.cli.client import connected
from dataferry.cli.completion import offer_sources
from dataferry.cli.output import (
    AsJson,
    AsUser,
    Column,
    ExitCode,
    Quiet,
    age,
    note,
    out,
    parse_size,
    print_failure,
    print_json,
    print_table,
    size,
    told_problem,
    warn,
)
from dataferry.core.specs import SOURCES

SortBy = Literal["relevance", "downloads", "size", "date"]

#: The options whose names are not those of the filters.
_OPTIONS = {"updated_after": "updated-after", "min_bytes": "min-size", "max_bytes": "max-size"}
_COLUMNS = (
    Column("REF"),
    Column("TITLE", gives="first"),
    Column("SIZE"),
    Column("LICENCE"),
    Column("DOWNLOADS", right=True, minor=True),
    Column("HERE"),
)


def search(
    query: Annotated[list[str], typer.Argument(help="What to look for, in words.")],
    source: Annotated[
        list[str] | None, typer.Option(help="kaggle, huggingface or builtin.", autocompletion=offer_sources)
    ] = None,
    sort: Annotated[
        SortBy, typer.Option(help="By relevance, downloads, size (largest first) or date of change.")
    ] = "relevance",
    limit: Annotated[int, typer.Option(min=1, max=100, help="Datasets on a page.")] = 10,
    page: Annotated[int, typer.Option(min=1, help="Which page, from 1.")] = 1,
    license: Annotated[str | None, typer.Option(help="cc0, mit, cc-by …")] = None,
    commercial: Annotated[
        bool,
        typer.Option("--commercial", help="Only datasets whose licence is known to allow commercial use."),
    ] = False,
    format: Annotated[str | None, typer.Option(help="csv, parquet, json …")] = None,
    modality: Annotated[
        str | None,
        typer.Option(help="text, image, audio, video, tabular, timeseries, geospatial …"),
    ] = None,
    language: Annotated[str | None, typer.Option(help="The data's language: de, pt …, or its name.")] = None,
    task: Annotated[str | None, typer.Option(help="text-classification, object-detection …")] = None,
    min_size: Annotated[str | None, typer.Option(help="100MB, 2GB …")] = None,
    max_size: Annotated[str | None, typer.Option(help="100MB, 2GB …")] = None,
    updated_after: Annotated[
        str | None, typer.Option(help="Changed on that day or later: 2024-06-30, 2024-06 or 2024.")
    ] = None,
    gated: Annotated[
        bool | None,
        typer.Option(help="Only datasets whose terms must be accepted, or none of them; both by default."),
    ] = None,
    models: Annotated[
        bool,
        typer.Option("--models", help="Models on HuggingFace in place of datasets; they are only listed."),
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Search every source at once."""
    filters = {
        "license": license,
        "commercial": commercial or None,
        "format": format,
        "task": task,
        "language": language,
        "modality": modality,
        "updated_after": first_day(updated_after) if updated_after else None,
        "gated": gated,
        "min_bytes": parse_size(min_size),
        "max_bytes": parse_size(max_size),
        "sort": "updated" if sort == "date" else sort,
    }
    narrowed = {name: value for name, value in filters.items() if value is not None}
    if models:
        others = {"source": source, "page": page if page > 1 else None}
        given = narrowed | {name: value for name, value in others.items() if value}
        _search_models(" ".join(query), given, limit, as_json=as_json, user=user)
        return
    body = {
        "query": " ".join(query),
        "sources": source,
        "limit": limit,
        "offset": limit * (page - 1),
        "filters": narrowed,
    }
    with connected(user) as client:
        answer = client.call("POST", "/api/datasets/search-all", json=body, repeatable=True)
    if as_json:
        print_json(answer)
    else:
        print_table(_COLUMNS, [row for card in answer["datasets"] for row in _rows(card)])
    if answer["index_snapshot_at"]:
        fresh = age(datetime.fromisoformat(answer["index_snapshot_at"]))
        note(f"From the hubs' catalogues as of {fresh}, and what their search has newer.")
    _note_outcome(answer, source, page)


def _search_models(
    query: str, filters: dict[str, Any], limit: int, *, as_json: bool, user: str | None
) -> None:
    from dataferry.cli.models import ask_for_models, note_models, print_models

    with connected(user) as client:
        answer = ask_for_models(client, query, filters, limit)
    if as_json:
        print_json(answer)
    else:
        print_models(answer)
    note_models(answer)


def first_day(text: str) -> str:
    """The first day of a year or a month, or the day itself; anything else is left to the server."""
    parts = text.strip().split("-")
    return "-".join([*parts, "01", "01"][: max(3, len(parts))])


def _rows(card: dict[str, Any]) -> list[tuple[str, ...]]:
    """A dataset, and below it, indented on a terminal, where the same data can be had elsewhere."""
    indent = "  " if out.is_terminal else ""
    copies = [
        _row(copy, f"{indent}{copy['ref']}", f"the same: {copy['why_same']}") for copy in card["copies"]
    ]
    return [_row(card, card["ref"], card["title"]), *copies]


def _row(offer: dict[str, Any], ref: str, title: str) -> tuple[str, ...]:
    return (
        ref,
        title,
        size(offer["size_bytes"]),
        _licence(offer),
        f"{offer['downloads']:,}",
        "yes" if offer["local_status"] == "downloaded" else "",
    )


def _licence(card: dict[str, Any]) -> str:
    """Whole, with what keeps a person from using the data."""
    licence = card["licence"]
    words = [licence["name"]]
    if card["license"] and licence["commercial"] != "allowed":
        words.append(licence["short"])
    return " · ".join([*words, *(["terms to accept"] if card["gated"] else [])])


def _note_outcome(answer: dict[str, Any], source: list[str] | None, page: int) -> None:
    """Tell what failed and whether there is more. Ends the command where nobody could be asked."""
    problems = answer["source_errors"]
    for problem in problems:
        warn(f"{problem['source']}: {told_problem(problem)}")
    found = len(answer["datasets"])
    if answer["more"]:
        first = answer["offset"] + 1
        note(f"These are {first:,} to {first + found - 1:,}: --page {page + 1} shows more.")
    if answer["nothing_about"]:
        note(f"None of these is about {answer['nothing_about']!r}: they share other words of the search.")
    if found:
        return
    # The built-in tables always answer: that they hold nothing of the kind is no answer of the hubs.
    asked = {name for name, spec in SOURCES.items() if spec.hub and (not source or name in source)}
    if asked and asked <= {problem["source"] for problem in problems}:
        codes = {ExitCode.of(problem["code"]) for problem in problems}
        print_failure("No source could be searched. Try again later, or mend what is named above.")
        raise typer.Exit(codes.pop() if len(codes) == 1 else ExitCode.UNREACHABLE)
    if page > 1:
        note(f"There is no page {page} for {answer['query']!r}.")
        return
    if answer["left_out"]:
        options = (
            f"{one['count']:,} by --{_OPTIONS.get(one['filter'], one['filter'])}"
            for one in answer["left_out"]
        )
        note(f"Nothing passes every filter. Found, but left out: {', '.join(options)}.")
        return
    note(f"Nothing found for {answer['query']!r}. Other or fewer words, or fewer filters, find more.")
