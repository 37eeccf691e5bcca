"""``dataferry download``."""

import asyncio
from typing import Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from dataferry.cli.client import Client, connected
from dataferry.cli.output import AsJson, AsUser, ExitCode, err, note, out, print_json
from dataferry.core.errors import Conflict
from dataferry.core.job_types import JobView
from dataferry.core.visible import on_one_line


def download(
    ref: Annotated[str, typer.Argument(help="source:id, an https link, or owner/name with --source.")],
    source: Annotated[str | None, typer.Option(help="kaggle, huggingface, builtin or url.")] = None,
    revision: Annotated[str | None, typer.Option(help="By default the newest.")] = None,
    files: Annotated[
        list[str] | None, typer.Option("--files", "--file", help="Only this file or '*.csv'; repeatable.")
    ] = None,
    config: Annotated[str | None, typer.Option(help="Only this config, where the source knows them.")] = None,
    split: Annotated[str | None, typer.Option(help="Only this split, such as train.")] = None,
    keep_archives: Annotated[
        bool, typer.Option("--keep-archives", help="Leave archives beside what was in them.")
    ] = False,
    to: Annotated[str | None, typer.Option(help="A folder inside the store to link it into.")] = None,
    force: Annotated[bool, typer.Option(help="Fetch afresh over an existing copy.")] = False,
    as_json: AsJson = False,
    user: AsUser = None,
) -> None:
    """Download a dataset and watch it arrive. Ends with 0 when every byte is verified."""
    body = {
        "dataset_id": ref,
        "source": source,
        "revision": revision,
        "files": files or None,
        "config": config,
        "split": split,
        "keep_archives": keep_archives,
        "download_path": to,
        "force_download": force,
    }
    with connected(user) as client:
        ticket = client.call("POST", "/api/datasets/download-dataset", json=body)
        if not as_json:
            _print_disk_space(ticket)
        try:
            job = asyncio.run(watch(client, ticket["job_id"], quiet=as_json))
        except KeyboardInterrupt:
            if not client.own_server:
                note("The download goes on in the server: `dataferry jobs --follow`.")
            raise
        raise_if_unsuccessful(job)
        receipt = client.call("GET", f"/api/datasets/{job.key}/receipt", params={"revision": job.revision})
    if as_json:
        print_json(receipt)
        return
    note(receipt["line"])
    print_note(receipt)
    out.print(job.file_path or receipt["local_path"])


def print_note(receipt: dict[str, Any]) -> None:
    """What a person should know of a download, such as what an archive held and is not here."""
    if receipt["note"]:
        note(f"! {receipt['note']}")


def _print_disk_space(ticket: dict[str, Any]) -> None:
    """What the download needs of the disk, before its first byte."""
    from dataferry.library.views import DiskSpace

    disk_space = ticket["disk_space"] and DiskSpace.model_validate(ticket["disk_space"])
    if disk_space and disk_space.summary:
        note(f"{ticket['ref']}: {disk_space.summary}")


async def watch(client: Client, job_id: str, *, quiet: bool) -> JobView:
    """Follow a job to its end with a progress bar; returns its last view."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, disable=quiet or not err.is_terminal) as bar:
        row = bar.add_task("queued", total=None)
        async for job in client.follow(job_id):
            progress = job.progress
            words = job.problem.detail[:60] if job.state == "waiting" and job.problem else job.state
            bar.update(
                row, description=on_one_line(words), completed=progress.bytes_done, total=progress.bytes_total
            )
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
