"""``dataferry history``."""

from datetime import datetime
from typing import Annotated, Any

import typer

from dataferry.cli.client import Client, connected
from dataferry.cli.output import (
    AsJson,
    AsUser,
    Column,
    Quiet,
    confirm,
    note,
    print_json,
    print_table,
    size,
)
from dataferry.cli.paging import Limit, Page, chosen_page, note_page

_WORDS = {
    "download": "downloaded",
    "update": "updated",
    "delete": "deleted",
    "cleanup": "removed by the clean-up",
}
_PAGE_SIZE = 500


def history(
    limit: Limit = None,
    page: Page = None,
    clear: Annotated[bool, typer.Option("--clear", help="Delete all of it; the datasets stay.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """What you downloaded, updated and deleted, also what is gone. In a pipe all of it, with tabs."""
    with connected(user) as client:
        if clear:
            _clear(client, yes=yes, as_json=as_json)
            return
        chosen = chosen_page(limit, page, as_json=as_json)
        entries, total = _page(client, *chosen) if chosen else _all(client)
    if as_json:
        print_json(entries)
        return
    print_table(
        (
            Column("WHEN"),
            Column("WHAT"),
            Column("REF", gives="last"),
            Column("REVISION", gives="last", minor=True),
            Column("SIZE", right=True, minor=True),
        ),
        [
            (_when(one), _what(one), one["ref"], one["revision"] or "", size(one["size_bytes"]))
            for one in entries
        ],
    )
    if chosen is not None:
        shown, number = chosen
        note_page(len(entries), total, number, more=shown * number < total)
    if not total:
        note("You have not downloaded anything yet.")


def _page(client: Client, rows: int, number: int) -> tuple[list[dict[str, Any]], int]:
    wanted = {"limit": rows, "offset": rows * (number - 1)}
    answer = client.call("GET", "/api/history", params=wanted)
    return answer["entries"], answer["total"]


def _all(client: Client) -> tuple[list[dict[str, Any]], int]:
    """Every page as one."""
    answer = client.call("GET", "/api/history", params={"limit": _PAGE_SIZE})
    entries, total = answer["entries"], answer["total"]
    while answer["next"]:
        wanted = {"limit": _PAGE_SIZE, "cursor": answer["next"]}
        answer = client.call("GET", "/api/history", params=wanted)
        entries += answer["entries"]
    return entries, total


def _clear(client: Client, *, yes: bool, as_json: bool) -> None:
    if not yes:
        confirm("Delete all of your history?")
    cleared = client.call("DELETE", "/api/history")
    if as_json:
        print_json(cleared)
    note(f"{cleared['deleted_count']:,} entries are deleted.")


def _when(entry: dict[str, Any]) -> str:
    return f"{datetime.fromisoformat(entry['at']).astimezone():%Y-%m-%d %H:%M}"


def _what(entry: dict[str, Any]) -> str:
    return "failed" if entry["state"] == "failed" else _WORDS[entry["kind"]]
