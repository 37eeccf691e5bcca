"""``dataferry files``, and what a download would bring."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from dataferry.cli.client import Client, connected
from dataferry.cli.completion import offer_refs
from dataferry.cli.download_options import REF_HELP, Revision, Source
from dataferry.cli.output import AsJson, AsUser, Column, Quiet, note, print_json, print_table, size
from dataferry.cli.verdict import note_verdict
from dataferry.client.names import asked_dataset
from dataferry.core.errors import DiskFull
from dataferry.core.sizes import readable_bytes, readable_count

_COLUMNS = (Column("PATH"), Column("SIZE", right=True), Column("CHECKSUM", minor=True), Column("HERE"))
#: Files that are asked for at a time.
_PAGE = 1000

AskPage = Callable[[dict[str, Any]], dict[str, Any]]


def files(
    ref: Annotated[str, typer.Argument(help=REF_HELP, autocompletion=offer_refs)],
    source: Source = None,
    revision: Revision = None,
    limit: Annotated[int | None, typer.Option(min=1, help="No more than this many; by default all.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """List the files of a dataset, downloaded or not. With sizes, and whose word their checksums are."""
    segment, revision, _ = asked_dataset(ref, source, revision)
    with connected(user) as client:

        def ask(page: dict[str, Any]) -> dict[str, Any]:
            path = f"/api/datasets/{segment}/manifest"
            params = page | ({"revision": revision} if revision else {})
            answer: dict[str, Any] = client.call("GET", path, params=params)
            return answer

        plan = _all_files(ask, limit)
    if as_json:
        print_json(plan)
        return
    _print_files(plan)
    note(f"{plan['ref']}@{plan['revision'][:12]}: {_counted(plan)}")
    note_verdict(plan)
    if plan["origin"] == "library":
        note(f"The source of {plan['ref']} cannot be asked: these are the files on this machine.")


def dry_run(client: Client, bodies: Mapping[str, dict[str, Any]], *, as_json: bool) -> None:
    """Print what downloads would bring, each by its request, and start nothing.

    Errors: ``DiskFull`` for the first that would not fit.
    """
    for body in bodies.values():
        _dry_run_of_one(client, body, as_json=as_json, single=len(bodies) == 1)


def _dry_run_of_one(client: Client, body: dict[str, Any], *, as_json: bool, single: bool) -> None:

    def ask(page: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = client.call(
            "POST", "/api/datasets/plan-download", json=body, params=page, repeatable=True
        )
        return answer

    plan = _all_files(ask, None)
    if as_json:
        print_json(plan, indent=2 if single else None)
    else:
        _print_files(plan)
        note(f"{plan['ref']}@{plan['revision'][:12]}: {_counted(plan)}; {_to_fetch(plan)}")
        note_verdict(plan)
    if not plan["fits"]:
        room = plan["disk_space"]
        raise DiskFull(
            f"It needs {readable_bytes(room['peak_bytes'] or room['needed_bytes'])},"
            f" and {readable_bytes(room['free_bytes'])} are free.",
            next_step="Free some space, or choose fewer files.",
        )


def _all_files(ask: AskPage, limit: int | None) -> dict[str, Any]:
    """A plan with all of its files, or the first ``limit`` of them."""
    plan = ask({"limit": min(limit or _PAGE, _PAGE)})
    following = plan["next"]
    while following is not None and (limit is None or len(plan["files"]) < limit):
        rest = _PAGE if limit is None else min(_PAGE, limit - len(plan["files"]))
        page = ask({"limit": rest, "cursor": following})
        plan["files"] += page["files"]
        following = page["next"]
    return plan | {"next": following}


def _print_files(plan: dict[str, Any]) -> None:
    print_table(
        _COLUMNS,
        [
            (file["path"], size(file["size_bytes"]), file["grade"], "yes" if file["here"] else "")
            for file in plan["files"]
        ],
    )


def _counted(plan: dict[str, Any]) -> str:
    """``2 files, 4.1 GB, 1 of them here``."""
    count, shown = plan["file_count"], len(plan["files"])
    if not count:
        return "files that are known once they are here"
    files = f"{readable_count(count, more=plan['more_files'])} file{'' if count == 1 else 's'}"
    parts = [files if shown == count else f"{shown:,} of {files}"]
    if plan["total_bytes"] is not None and not plan["more_files"]:
        parts.append(readable_bytes(plan["total_bytes"]))
    here = plan["here_count"]
    parts.append("all here" if here == count else f"{here:,} of them here" if here else "none here")
    return ", ".join(parts)


def _to_fetch(plan: dict[str, Any]) -> str:
    fetch, free = plan["fetch_bytes"], readable_bytes(plan["disk_space"]["free_bytes"])
    if fetch == 0:
        return f"nothing to fetch, {free} free"
    whole = " (one archive, which comes as a whole)" if plan["archive"] else ""
    return f"{'an unknown size' if fetch is None else readable_bytes(fetch)} to fetch{whole}, {free} free"
