"""``dataferry library health``."""

from typing import Annotated, Any

import typer

from dataferry.cli.client import connected
from dataferry.cli.download import raise_if_unsuccessful, watch
from dataferry.cli.download_options import Name, Source
from dataferry.cli.output import AsJson, AsUser, Column, Quiet, note, print_json, print_table
from dataferry.client.names import dataset_segment
from dataferry.core.errors import Conflict


def health(
    name: Name,
    again: Annotated[bool, typer.Option("--again", help="Look at everything anew.")] = False,
    source: Source = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Look for what is wrong with a dataset that is here: copies, leaks between splits, unreadable images."""
    with connected(user) as client:
        path = f"/api/datasets/{dataset_segment(name, source)}/health"
        report: dict[str, Any] = client.call("GET", path)
        if report["state"] == "downloading":
            raise_if_unsuccessful(watch(client, report["job"]["id"], quiet=quiet))
            report = client.call("GET", path)
        if again or report["state"] == "stopped":
            job = client.call("POST", path, repeatable=True)
            raise_if_unsuccessful(watch(client, job["id"], quiet=quiet))
        elif report["state"] == "computing":
            raise_if_unsuccessful(watch(client, report["job"]["id"], quiet=quiet))
        report = client.call("GET", path)
    if report["of"] is None:
        raise Conflict("The report is not there yet.", next_step="Ask for it again.")
    if as_json:
        print_json(report)
        return
    print_table(
        (Column("FINDING"), Column("GROUPS"), Column("WHAT", minor=True)),
        [(one["kind"].replace("_", " "), f"{one['total']:,}", one["says"]) for one in report["findings"]],
    )
    if not report["findings"]:
        note(f"Nothing was found. It was looked for: {'; '.join(report['checked'])}.")
    for sentence in report["unchecked"]:
        note(f"Not looked for: {sentence}")
    if report["reason"]:
        note(report["reason"])
