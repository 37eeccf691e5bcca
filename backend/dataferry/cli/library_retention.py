"""What of the library is kept: ``dataferry library pin``."""

from typing import Annotated

import typer

from dataferry.cli.client import connected
from dataferry.cli.download_options import Name, Source
from dataferry.cli.output import AsJson, AsUser, Quiet, note, print_json
from dataferry.client.names import dataset_segment


def pin(
    name: Name,
    source: Source = None,
    off: Annotated[bool, typer.Option("--off", help="Keep it no longer.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Keep a dataset: neither `prune` nor the automatic clean-up takes it."""
    segment = dataset_segment(name, source)
    with connected(user) as client:
        client.call("DELETE" if off else "POST", f"/api/datasets/{segment}/pin", repeatable=True)
        dataset = client.call("GET", f"/api/datasets/{segment}")
    if as_json:
        print_json(dataset)
    if off and dataset["pinned"]:
        note(f"{dataset['ref']} is pinned by others still.")
    else:
        note(f"{dataset['ref']} is {'no longer pinned' if off else 'pinned: it is kept'}.")
