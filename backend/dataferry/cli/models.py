"""``dataferry search --models``."""

from collections.abc import Mapping
from typing import Any

import typer

from dataferry.cli.client import Client
from dataferry.cli.output import Column, ExitCode, note, print_failure, print_table, told_problem
from dataferry.core.errors import InvalidInput
from dataferry.core.sizes import readable_parameters

_MOST = 50
_COLUMNS = (
    Column("MODEL"),
    Column("TASK", gives="first"),
    Column("PARAMETERS", right=True),
    Column("LICENCE", minor=True),
    Column("DOWNLOADS", right=True, minor=True),
    Column("LANGUAGES", minor=True, gives="last"),
)


def ask_for_models(client: Client, query: str, filters: Mapping[str, Any], limit: int) -> dict[str, Any]:
    """Models on HuggingFace. Errors: ``InvalidInput`` for filters that models do not have."""
    kept = {"license", "task", "language", "sort"}
    wrong = sorted(name for name in filters if name not in kept)
    if wrong or filters.get("sort") == "size":
        what = "--sort size" if not wrong else f"--{wrong[0].replace('_bytes', '-size').replace('_', '-')}"
        raise InvalidInput(
            f"{what} is for datasets, not for models.",
            next_step="With --models there are --task, --language, --license, --sort and --limit.",
        )
    body = {"query": query, "filters": dict(filters), "limit": min(limit, _MOST)}
    answer: dict[str, Any] = client.call("POST", "/api/models/search", json=body, repeatable=True)
    return answer


def print_models(answer: dict[str, Any]) -> None:
    print_table(_COLUMNS, [_row(model) for model in answer["models"]])


def note_models(answer: dict[str, Any]) -> None:
    """Tell what models are, and what failed. Ends the command where the hub could not be asked."""
    for problem in answer["source_errors"]:
        print_failure(f"{problem['source']}: {told_problem(problem)}")
        raise typer.Exit(ExitCode.of(problem["code"]))
    if answer["models"]:
        note(f"Models are not downloaded here: each has its page. All of them: {answer['url']}")
    else:
        note(f"No model found for {answer['query']!r}. Other or fewer words, or fewer filters, find more.")


def _row(model: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        model["id"],
        model["task"] or "–",
        "–" if model["parameters"] is None else readable_parameters(model["parameters"]),
        f"{model['license'] or '–'}{' (gated)' if model['gated'] else ''}",
        f"{model['downloads']:,}",
        ", ".join(model["languages"][:6]) or "–",
    )
