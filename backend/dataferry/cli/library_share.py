"""``dataferry library share``."""

from typing import Annotated, Any

import typer

from dataferry.cli.client import connected
from dataferry.cli.download_options import Name, Source
from dataferry.cli.output import AsJson, AsUser, Column, Quiet, note, print_json, print_table
from dataferry.client.names import dataset_segment
from dataferry.core.errors import InvalidInput


def share(
    name: Name,
    source: Source = None,
    people: Annotated[
        list[str] | None, typer.Option("--with", metavar="EMAIL", help="With this account; repeatable.")
    ] = None,
    with_all: Annotated[bool, typer.Option("--all", help="With everybody who has an account here.")] = False,
    off: Annotated[bool, typer.Option("--off", help="Take it back, from all or from those --with.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Let others see a gated or private dataset, or say who does. Public ones everybody sees."""
    if off and with_all:
        raise InvalidInput("--all and --off contradict each other.", next_step="--off alone takes all back.")
    path = f"/api/datasets/{dataset_segment(name, source)}/sharing"
    with connected(user) as client:
        if off:
            for email in people or [""]:
                found = client.call("DELETE", path, params={"email": email} if email else {})
        elif people or with_all:
            body = {"emails": people or [], "everybody": with_all}
            found = client.call("POST", path, json=body, repeatable=True)
        else:
            found = client.call("GET", path)
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    print_table(
        (Column("SHARED WITH"), Column("BY"), Column("SINCE", minor=True)),
        [
            (one["email"] or "everybody", one["shared_by"] or "–", one["shared_at"][:10])
            for one in found["shares"]
        ],
    )
    if found["visibility"] == "public":
        note("It is public: everybody on this server sees it.")
    elif not found["shares"]:
        note("It is shared with nobody.")
    if found["terms"] and found["may_share"]:
        note(found["terms"])
