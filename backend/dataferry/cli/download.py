"""``dataferry download``."""

from typing import Annotated, Any

import typer

from dataferry.cli.client import Client, connected
from dataferry.cli.download_options import (
    REF_HELP,
    Config,
    DownloadOptions,
    Exclude,
    Files,
    Force,
    Include,
    KeepArchives,
    Revision,
    Source,
    Split,
    To,
)
from dataferry.cli.output import AsJson, AsUser, ExitCode, Quiet, note, out, print_json, warn
from dataferry.cli.progress import progress_report
from dataferry.core.errors import Conflict
from dataferry.core.job_types import JobView


def download(
    ref: Annotated[str, typer.Argument(help=REF_HELP)],
    source: Source = None,
    revision: Revision = None,
    files: Files = None,
    include: Include = None,
    exclude: Exclude = None,
    config: Config = None,
    split: Split = None,
    keep_archives: KeepArchives = False,
    to: To = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Download a dataset and watch it arrive. Ends with 0 when every byte is verified."""
    options = DownloadOptions(
        source=source,
        revision=revision,
        files=files,
        include=include,
        exclude=exclude,
        config=config,
        split=split,
        keep_archives=keep_archives,
        to=to,
        force=force,
    )
    with connected(user) as client:
        ticket = client.call(
            "POST", "/api/datasets/download-dataset", json=options.body(ref), repeatable=True
        )
        _print_disk_space(ticket)
        try:
            job = watch(client, ticket["job_id"], quiet=quiet)
        except KeyboardInterrupt:
            if not client.background:
                note("The download goes on in the server: `dataferry jobs --follow`.")
            raise
        raise_if_unsuccessful(job)
        receipt = client.call("GET", f"/api/datasets/{job.key}/receipt", params={"revision": job.revision})
    print_note(receipt)
    if as_json:
        print_json(receipt)
        return
    note(receipt["line"])
    out.print(job.file_path or receipt["local_path"])


def print_note(receipt: dict[str, Any]) -> None:
    """What a person should know of a download, such as what an archive held and is not here."""
    if receipt["note"]:
        warn(receipt["note"])


def _print_disk_space(ticket: dict[str, Any]) -> None:
    """What the download needs of the disk, before its first byte."""
    from dataferry.library.views import DiskSpace

    disk_space = ticket["disk_space"] and DiskSpace.model_validate(ticket["disk_space"])
    if disk_space and disk_space.summary:
        note(f"{ticket['ref']}: {disk_space.summary}")


def watch(client: Client, job_id: str, *, quiet: bool) -> JobView:
    """Follow a job to its end and tell how it gets on; returns its last view."""
    with progress_report(quiet=quiet) as show:
        for job in client.follow(job_id):
            show(job)
            last = job
    return last


def raise_if_unsuccessful(job: JobView) -> None:
    if job.state == "cancelled":
        note("The job was cancelled.")
        raise typer.Exit(ExitCode.CANCELLED)
    if job.state == "failed":
        problem = job.problem
        if problem is None:
            raise Conflict("The job failed.", next_step="Look at the server's log.")
        raise problem.restore()
