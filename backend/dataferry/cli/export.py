"""``dataferry export``."""

from typing import Annotated

import typer

from dataferry.cli.client import connected
from dataferry.cli.download_options import Name, Revision, Source
from dataferry.cli.output import AsJson, AsUser, Quiet, print_json
from dataferry.client.names import dataset_segment
from dataferry.core.errors import InvalidInput


def export(
    name: Name,
    croissant: Annotated[
        bool, typer.Option("--croissant", help="As Croissant 1.0 (JSON-LD), files by their paths.")
    ] = False,
    source: Source = None,
    revision: Revision = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Print the description of a dataset for other tools: its files, checksums and columns."""
    if not croissant:
        raise InvalidInput("Export it as what?", next_step="Say it: `dataferry export REF --croissant`.")
    params = {"relative": "true"} | ({"revision": revision} if revision else {})
    with connected(user) as client:
        segment = dataset_segment(name, source)
        print_json(client.call("GET", f"/api/datasets/{segment}/croissant", params=params))
