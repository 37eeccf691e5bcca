"""Code that loads a dataset, as the API shows it."""

from typing import Literal

from dataferry.core.types import View

LoaderName = Literal["pandas", "polars", "arrow", "torch", "datasets", "duckdb", "r", "pillow"]


class Snippet(View):
    """Code for one library. ``install``: the command that brings what it needs beside Dataferry. ``server``:
    it reads the files where they lie on the server, and runs there alone."""

    loader: LoaderName
    label: str
    code: str
    install: str | None = None
    server: bool = False


class Snippets(View):
    """Code that loads a dataset, by library; none where no library here reads what it has."""

    snippets: tuple[Snippet, ...]
