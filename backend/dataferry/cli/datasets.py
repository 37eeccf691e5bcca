"""``search``, ``download`` and ``library``."""

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
from rich.table import Table

from dataferry.cli.client import Client, connected
from dataferry.cli.output import AsJson, AsUser, ExitCode, next_act, out, parse_size, print_json, size
from dataferry.core.errors import Conflict, InvalidInput
from dataferry.core.job_types import JobView
from dataferry.core.sizes import readable_count
from dataferry.core.types import GRADE_WORDS, DatasetRef, SourceProblem
from dataferry.core.visible import on_one_line


def search(
    query: Annotated[list[str], typer.Argument(help="What to look for, in words.")],
    source: Annotated[list[str] | None, typer.Option(help="kaggle, huggingface or builtin.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    license: Annotated[str | None, typer.Option(help="cc0, mit, cc-by …")] = None,
    format: Annotated[str | None, typer.Option(help="csv, parquet, image …")] = None,
    max_size: Annotated[str | None, typer.Option(help="100MB, 2GB …")] = None,
    as_json: AsJson = False,
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
        answer = client.call("POST", "/api/datasets/search-all", json=body)
    if as_json:
        print_json(answer)
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("REF", "TITLE", "SIZE", "LICENCE", "DOWNLOADS", "HERE"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "DOWNLOADS" else "left")
    for card in answer["datasets"]:
        table.add_row(
            card["ref"],
            card["title"],
            size(card["size_bytes"]),
            card["license"] or "–",
            f"{card['downloads']:,}",
            "yes" if card["local_status"] == "downloaded" else "",
        )
    out.print(table)
    for problem in answer["source_errors"]:
        out.print(f"! {problem['source']}: {problem['detail']} {next_act(SourceProblem(**problem))}")


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
            job = asyncio.run(_watch(client, ticket["job_id"], quiet=as_json))
        except KeyboardInterrupt:
            if not client.own_server:
                out.print("The download goes on in the server: `dataferry jobs --follow`.")
            raise
        _raise_if_unsuccessful(job)
        receipt = client.call("GET", f"/api/datasets/{job.key}/receipt", params={"revision": job.revision})
    if as_json:
        print_json(receipt)
        return
    out.print(receipt["line"])
    _print_note(receipt)
    out.print(job.file_path or receipt["local_path"])


def _print_note(receipt: dict[str, Any]) -> None:
    """What a person should know of a download, such as what an archive held and is not here."""
    if receipt["note"]:
        out.print(f"! {receipt['note']}")


def _print_disk_space(ticket: dict[str, Any]) -> None:
    """What the download needs of the disk, before its first byte."""
    from dataferry.library.views import DiskSpace

    disk_space = ticket["disk_space"] and DiskSpace.model_validate(ticket["disk_space"])
    if disk_space and disk_space.summary:
        out.print(f"{ticket['ref']}: {disk_space.summary}")


async def _watch(client: Client, job_id: str, *, quiet: bool) -> JobView:
    """Follow a job to its end with a progress bar; returns its last view."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=out, disable=quiet or not out.is_terminal) as bar:
        row = bar.add_task("queued", total=None)
        async for job in client.follow(job_id):
            progress = job.progress
            words = job.problem.detail[:60] if job.state == "waiting" and job.problem else job.state
            bar.update(
                row, description=on_one_line(words), completed=progress.bytes_done, total=progress.bytes_total
            )
            last = job
    return last


def library(
    name: Annotated[str | None, typer.Argument(help="A dataset: its ref, key or alias.")] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Delete its files.")] = False,
    as_json: AsJson = False,
    user: AsUser = None,
) -> None:
    """List the datasets on this machine, show one's receipt, or delete it."""
    with connected(user) as client:
        if name is None:
            if delete:
                raise InvalidInput("Which dataset?", next_step="Name it: dataferry library REF --delete")
            _print_library(client.call("GET", "/api/datasets", params={"page_size": 200}), as_json)
            return
        dataset = client.call("GET", f"/api/datasets/{_key(name)}")
        if delete:
            deletion = client.call("DELETE", f"/api/datasets/{dataset['key']}/data")
            job = asyncio.run(_watch(client, deletion["job_id"], quiet=True))
            _raise_if_unsuccessful(job)
            if deletion["stays"]:
                out.print(f"{dataset['ref']} is not yours any more; its files stay for others who asked too.")
            else:
                out.print(f"{dataset['ref']} is deleted; {size(deletion['freed_bytes'])} freed.")
            return
        receipt = client.call("GET", f"/api/datasets/{dataset['key']}/receipt")
        if as_json:
            print_json(receipt)
            return
        out.print(receipt["line"])
        _print_note(receipt)
        for file in receipt["files"]:
            out.print(f"{file['sha256']}  {file['path']}  {size(file['size'])}  {GRADE_WORDS[file['grade']]}")


def _print_library(page: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(page)
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("REF", "STATUS", "SIZE", "FILES", "PATH"):
        table.add_column(heading, overflow="fold")
    for dataset in page["datasets"]:
        table.add_row(
            dataset["ref"],
            dataset["status"],
            size(dataset["size"]),
            file_count(dataset),
            dataset["local_path"] or "",
        )
    out.print(table)


def file_count(dataset: dict[str, Any]) -> str:
    """Of a row of the library, for its column."""
    count = dataset["file_count"]
    return readable_count(count, more=dataset["more_files"]) if count else "–"


def _raise_if_unsuccessful(job: JobView) -> None:
    if job.state == "cancelled":
        out.print("The job was cancelled.")
        raise typer.Exit(ExitCode.CANCELLED)
    if job.state == "failed":
        problem = job.problem
        if problem is None:
            raise Conflict("The job failed.", next_step="Look at the server's log.")
        raise problem.restore()


def _key(name: str) -> str:
    """A ref typed by a person as the API's key; keys and aliases stay as they are."""
    return DatasetRef.parse(name).key if ":" in name and "/" in name else name
