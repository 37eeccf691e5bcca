"""``dataferry library verify`` and ``outdated``."""

from typing import Annotated, Any

import typer

from dataferry.cli.client import Client, connected
from dataferry.cli.completion import offer_refs
from dataferry.cli.download import raise_if_unsuccessful, watch
from dataferry.cli.download_options import Source
from dataferry.cli.output import (
    AsJson,
    AsUser,
    Column,
    ExitCode,
    Quiet,
    note,
    print_error,
    print_json,
    print_table,
)
from dataferry.client.library_rows import rows_here
from dataferry.client.names import dataset_segment
from dataferry.core.errors import DataferryError, InvalidInput

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="REF", help="Datasets: refs, keys or aliases.", autocompletion=offer_refs),
]
All = Annotated[bool, typer.Option("--all", help="Every dataset that is here.")]


def verify(
    names: Names = None,
    every: All = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Download again what is missing or changed.")
    ] = False,
    source: Source = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Compare every byte of a dataset with its checksums. It ends with 6 where files are damaged."""
    with connected(user) as client:
        reports, failed = [], ExitCode.OK
        for segment in _chosen(client, names, every=every, source=source):
            try:
                reports.append(verified(client, segment, repair=repair, quiet=quiet))
            except DataferryError as error:  # one that cannot be verified keeps no other from it
                print_error(error)
                failed = failed or ExitCode.of(error.code)
    if as_json:
        print_json(reports)
    else:
        _print(reports)
    if any(report["condition"] != "whole" for report in reports):
        raise typer.Exit(ExitCode.CORRUPT)
    if failed:
        raise typer.Exit(failed)


def _chosen(client: Client, names: list[str] | None, *, every: bool, source: str | None) -> list[str]:
    """The datasets that a command is about, as parts of the API's addresses. Errors: ``InvalidInput``."""
    if bool(names) == every:
        raise InvalidInput("Which datasets?", next_step="Name them, or give --all.")
    if not every:
        return [dataset_segment(name, source) for name in names or ()]
    return [row["id"] for row in rows_here(client)]


def verified(client: Client, segment: str, *, repair: bool, quiet: bool) -> dict[str, Any]:
    """The report of a dataset, once its job is done; with ``repair``, as it is after that."""
    path = f"/api/datasets/{segment}"
    job = client.call("POST", f"{path}/verify", repeatable=True)
    raise_if_unsuccessful(watch(client, job["id"], quiet=quiet))
    report: dict[str, Any] = client.call("GET", f"{path}/check")
    if repair and report["condition"] == "damaged":
        note(f"{report['ref']}: {report['line']} It is repaired.")
        ticket = client.call("POST", f"{path}/repair", repeatable=True)
        raise_if_unsuccessful(watch(client, ticket["job_id"], quiet=quiet))
        return verified(client, segment, repair=False, quiet=quiet)
    return report


def _print(reports: list[dict[str, Any]]) -> None:
    for report in reports:
        note(f"{report['ref']}: {report['line']}")
        if report["source_note"]:
            note(f"{report['ref']}: its source was not compared. {report['source_note']}")
        if report["condition"] == "damaged":
            note(f"`dataferry library verify {report['ref']} --repair` downloads again only that.")
    print_table(
        (Column("REF"), Column("CONDITION"), Column("FILE", minor=True), Column("FOUND", minor=True)),
        [
            (report["ref"], report["condition"], fault["path"], fault["fault"].replace("_", " "))
            for report in reports
            for fault in report["faults"] or [{"path": "", "fault": ""}]
        ],
    )
    for report in reports:
        if report["more_faults"]:
            note(f"{report['ref']}: there are more than the {len(report['faults']):,} that are listed.")


def outdated(
    names: Names = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep what is here: that revision is not told of again.")
    ] = False,
    source: Source = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """List datasets whose sources have a newer revision, by asking them. By default of all that are here."""
    with connected(user) as client:
        found = []
        for segment in _chosen(client, names, every=not names, source=source):
            path = f"/api/datasets/{segment}"
            told = client.call("GET", f"{path}/upstream", params={"fresh": True})
            if told["problem"]:
                note(f"{told['ref']}: {told['problem']['detail']}")
            if told["changed"]:
                found.append(client.call("POST", f"{path}/keep-revision") if keep else told)
    if as_json:
        print_json(found)
        return
    print_table(
        (Column("REF"), Column("HERE"), Column("NEWEST")),
        [(one["ref"], (one["revision"] or "")[:12], one["newest_revision"][:12]) for one in found],
    )
    if not found:
        note("Each is at its newest revision, as far as its source tells.")
    elif not keep:
        note("`dataferry library REF --update` fetches it; `library outdated REF --keep` keeps what is here.")
