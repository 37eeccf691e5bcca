"""Lists that are longer than a screen."""

from typing import Annotated

import typer

from dataferry.cli.output import note, out

#: Rows that a terminal is shown at a time.
_ROWS = 50

Limit = Annotated[
    int | None,
    typer.Option(
        min=1, max=200, show_default=False, help="Rows of a page: 50 on a terminal, all in a pipe or as JSON."
    ),
]
Page = Annotated[int | None, typer.Option(min=1, show_default=False, help="Which page, from 1.")]


def chosen_page(limit: int | None, page: int | None, *, as_json: bool) -> tuple[int, int] | None:
    """Rows of a page and its number, or None where all are wanted."""
    if limit is None and page is None and (as_json or not out.is_terminal):
        return None
    return limit or _ROWS, page or 1


def note_page(shown: int, total: int | None, page: int, *, more: bool) -> None:
    """``50 of 208: --page 2 shows more.`` ``total``: None where it is not known."""
    if more or page > 1:
        counted = f"{shown:,} of {total:,}" if total is not None else f"{shown:,} shown"
        note(f"{counted}: --page {page + 1} shows more." if more else f"{counted}.")
