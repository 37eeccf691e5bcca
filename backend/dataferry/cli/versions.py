"""``dataferry versions``: a dataset's versions on the server, and what differs between them."""

import sys
from typing import Annotated, Any

import typer

from dataferry.cli.client import connected
from dataferry.cli.download import raise_if_unsuccessful, watch
from dataferry.cli.output import AsJson, AsUser, Column, Quiet, note, print_json, print_table, size
from dataferry.client.names import dataset_segment
from dataferry.core.errors import InvalidInput

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Versions of a dataset that is here: ls, diff, record, restore.",
)

Key = Annotated[str, typer.Argument(help="The dataset: its ref, its key, or an alias.")]
Version = Annotated[str, typer.Argument(help="Its id, the beginning of that, its number, or HEAD.")]
Message = Annotated[str, typer.Option("--message", "-m", help="What has changed, and why.")]
Rows = Annotated[int, typer.Option("--limit", min=1, max=200, help="At most so many.")]


def _path(key: str) -> str:
    return f"/api/datasets/{dataset_segment(key, None)}/versions"


@app.command("ls")
def list_versions(key: Key, limit: Rows = 50, as_json: AsJson = False, user: AsUser = None) -> None:
    """A dataset's versions, newest first."""
    with connected(user) as client:
        page = client.call("GET", _path(key), params={"limit": limit})
    if as_json:
        print_json(page)
        return
    print_table(
        (
            Column("NUMBER", right=True),
            Column("ID", gives="last"),
            Column("WHEN"),
            Column("AUTHOR", minor=True),
            Column("FILES", right=True),
            Column("SIZE", right=True, minor=True),
            Column("CHANGED", minor=True),
            Column("MESSAGE", gives="first"),
        ),
        [_row(version) for version in page["versions"]],
    )
    if not page["versioned"]:
        note(f"It has no versions yet. The first: dataferry versions record {key}")
    elif page["next"]:
        note(f"{len(page['versions'])} of {page['total']}; --limit lists more.")


def _row(version: dict[str, Any]) -> tuple[str, ...]:
    subject = version["message"].splitlines()[0] if version["message"] else ""
    return (
        str(version["number"]),
        version["short"],
        version["at"][:16].replace("T", " "),
        version["author"],
        str(version["file_count"]),
        size(version["size_bytes"]),
        f"+{version['added']} −{version['removed']} ~{version['changed']}",
        f"{subject} (here)" if version["current"] else subject,
    )


@app.command()
def diff(
    key: Key,
    older: Version,
    newer: Version = "HEAD",
    table: Annotated[str | None, typer.Option(help="A class of the index file, such as Files.")] = None,
    limit: Rows = 50,
    as_json: AsJson = False,
    user: AsUser = None,
) -> None:
    """What differs between two versions, row by row."""
    wanted = {"from": older, "to": newer, "limit": limit} | ({"table": table} if table else {})
    with connected(user) as client:
        found = client.call("GET", f"{_path(key)}/diff", params=wanted)
    if as_json:
        print_json(found)
        return
    for one in found["tables"]:
        fields = [f"+{name}" for name in one["new_fields"]] + [f"−{name}" for name in one["dropped_fields"]]
        counts = f"{one['added']} added, {one['removed']} removed, {one['changed']} changed"
        note(" ".join([f"{one['name']}: {counts}.", *fields]))
    if not found["tables"]:
        note("No row and no field differs.")
        return
    print_table(
        (Column("CHANGE"), Column("ROW", gives="last"), Column("FIELD", minor=True), Column("VALUES")),
        [
            (row["change"], _name(row), cell["field"], _values(cell))
            for row in found["rows"]
            for cell in row["cells"]
        ],
    )
    if found["next"]:
        note(f"{len(found['rows'])} of {found['total']} rows of {found['table']}; --limit shows more.")


def _name(row: dict[str, Any]) -> str:
    return row["name"] or str(row["before"] if row["after"] is None else row["after"])


def _values(cell: dict[str, Any]) -> str:
    return " → ".join(_shown(cell[side]) for side in ("before", "after") if cell[side] is not None)


def _shown(value: dict[str, Any]) -> str:
    return f"{value['text']} {value['sha256'][:10]}" if value["sha256"] else str(value["text"])


@app.command()
def record(
    key: Key, message: Message = "", as_json: AsJson = False, quiet: Quiet = False, user: AsUser = None
) -> None:
    """Record what is in the dataset's folder as its next version; the first makes it a versioned one."""
    with connected(user) as client:
        job = client.call("POST", _path(key), json={"message": message})
        job = watch(client, job["id"], quiet=quiet)
        raise_if_unsuccessful(job)
    if as_json:
        print_json(job.model_dump(mode="json"))
    else:
        note(job.progress.note or "It is recorded.")


def _confirm(question: str) -> None:
    if not sys.stdin or not sys.stdin.isatty():
        raise InvalidInput("Nothing is brought back without an answer.", next_step="Add --yes to do it.")
    typer.confirm(question, err=True, abort=True)


@app.command()
def restore(
    key: Key,
    version: Version,
    message: Message = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Bring a version's files back, as a new version; what is here stays until they are verified."""
    with connected(user) as client:
        if not yes:
            _confirm(f"Bring version {version} of {key} back, for everybody?")
        job = client.call("POST", f"{_path(key)}/{version}/restore", json={"message": message})
        job = watch(client, job["id"], quiet=quiet)
        raise_if_unsuccessful(job)
    if as_json:
        print_json(job.model_dump(mode="json"))
    else:
        note(job.progress.note or "Its files are here.")
