"""``dataferry library``."""

from typing import Annotated, Any

import typer

from dataferry.cli.client import Client, connected
from dataferry.cli.download import print_note, raise_if_unsuccessful, watch
from dataferry.cli.download_options import Name, Source
from dataferry.cli.library_add import add
from dataferry.cli.library_checks import outdated, verify
from dataferry.cli.library_group import LibraryGroup
from dataferry.cli.library_health import health
from dataferry.cli.library_retention import pin, prune
from dataferry.cli.library_share import share
from dataferry.cli.output import AsJson, AsUser, Column, Quiet, note, print_json, print_table, size
from dataferry.cli.paging import Limit, Page, chosen_page, note_page
from dataferry.client.library_rows import all_here, page_here
from dataferry.client.names import dataset_segment
from dataferry.core.sizes import readable_count
from dataferry.core.types import GRADE_WORDS

app = typer.Typer(cls=LibraryGroup, rich_markup_mode=None)
app.command()(add)
app.command()(pin)
app.command()(prune)
app.command()(share)
app.command()(verify)
app.command()(outdated)
app.command()(health)


@app.callback(invoke_without_command=True)
def library(
    context: typer.Context,
    limit: Limit = None,
    page: Page = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """List what is on this machine; or act on a dataset. `library REF` is `library show REF`."""
    if context.invoked_subcommand is None:
        with connected(user) as client:
            _list(client, limit, page, as_json=as_json)


@app.command("ls")
def list_datasets(
    limit: Limit = None,
    page: Page = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """List what is on this machine."""
    with connected(user) as client:
        _list(client, limit, page, as_json=as_json)


@app.command()
def show(
    name: Name,
    source: Source = None,
    update: Annotated[bool, typer.Option("--update", help="Fetch its newest revision.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Delete its files.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Show the receipt of a dataset: its files, and whose word their checksums are."""
    segment = dataset_segment(name, source)
    with connected(user) as client:
        if delete:
            _delete(client, segment, as_json=as_json)
        elif update:
            _print_receipt(_update(client, segment, quiet=quiet), as_json=as_json)
        else:
            _note_condition(client, segment)
            _print_receipt(client.call("GET", f"/api/datasets/{segment}/receipt"), as_json=as_json)


def _note_condition(client: Client, segment: str) -> None:
    """Say of a dataset's files what a look at them has found."""
    report = client.call("GET", f"/api/datasets/{segment}/check")
    if report["condition"] != "whole":
        note(f"{report['line']} {report['next_step']} `dataferry library verify {report['ref']} --repair`")


@app.command()
def rm(
    name: Name, source: Source = None, as_json: AsJson = False, quiet: Quiet = False, user: AsUser = None
) -> None:
    """Delete a dataset's files. Those that others asked for too stay for them."""
    with connected(user) as client:
        _delete(client, dataset_segment(name, source), as_json=as_json)


def _list(client: Client, limit: int | None, page: int | None, *, as_json: bool) -> None:
    chosen = chosen_page(limit, page, as_json=as_json)
    answer = page_here(client, *chosen) if chosen else all_here(client)
    if as_json:
        print_json(answer)
    else:
        print_table(
            (
                Column("REF"),
                Column("STATUS"),
                Column("SIZE"),
                Column("FILES", minor=True),
                Column("PATH", gives="first", minor=True),
            ),
            [
                (
                    dataset["ref"],
                    dataset["status"],
                    size(dataset["size"]),
                    file_count(dataset),
                    dataset["local_path"] or "",
                )
                for dataset in answer["datasets"]
            ],
        )
    rows, total = answer["datasets"], answer["total"]
    if chosen is not None:
        shown, number = chosen
        note_page(len(rows), total, number, more=shown * number < total)
    if not total:
        note("There are no datasets on this machine yet: `dataferry search WORDS` finds some.")
    _note_others(client, total)


def _note_others(client: Client, here: int) -> None:
    """Those that did not arrive, or not yet, are in no list of what is here."""
    every = client.call("GET", "/api/datasets", params={"page_size": 1, "registered": False})["total"]
    if every > here:
        note(f"{every - here:,} more under way or failed: `dataferry jobs` shows them.")


def _delete(client: Client, segment: str, *, as_json: bool) -> None:
    dataset = client.call("GET", f"/api/datasets/{segment}")
    deletion = client.call("DELETE", f"/api/datasets/{segment}/data")
    job = watch(client, deletion["job_id"], quiet=True)
    raise_if_unsuccessful(job)
    if as_json:
        print_json({"ref": dataset["ref"], **deletion, "status": job.state})
    if deletion["stays"]:
        note(f"{dataset['ref']} is not yours any more; its files stay for others who asked too.")
    else:
        note(f"{dataset['ref']} is deleted; {size(deletion['freed_bytes'])} freed.")


def _update(client: Client, segment: str, *, quiet: bool) -> dict[str, Any]:
    """The receipt of a dataset's newest revision, once that is here."""
    before = client.call("GET", f"/api/datasets/{segment}")
    ticket = client.call("POST", f"/api/datasets/{segment}/update", repeatable=True)
    job = watch(client, ticket["job_id"], quiet=quiet)
    raise_if_unsuccessful(job)
    if job.revision == before["revision"]:
        note(f"{before['ref']} is at its newest revision already.")
    receipt: dict[str, Any] = client.call(
        "GET", f"/api/datasets/{segment}/receipt", params={"revision": job.revision}
    )
    return receipt


def _print_receipt(receipt: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(receipt)
        return
    note(receipt["line"])
    print_note(receipt)
    print_table(
        (
            Column("FILE"),
            Column("SIZE", right=True),
            Column("CHECKSUM", gives="last"),
            Column("SHA-256", minor=True),
        ),
        [
            (file["path"], size(file["size"]), GRADE_WORDS[file["grade"]], file["sha256"])
            for file in receipt["files"]
        ],
    )


def file_count(dataset: dict[str, Any]) -> str:
    """Of a row of the library, for its column."""
    count = dataset["file_count"]
    return readable_count(count, more=dataset["more_files"]) if count else "–"
