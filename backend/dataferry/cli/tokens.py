"""``dataferry tokens``: what scripts show in place of a password."""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

import typer

from dataferry.accounts.views import TokenScope
from dataferry.cli.client import Client, connected
from dataferry.cli.output import AsJson, AsUser, Column, Quiet, age, note, out, print_json, print_table
from dataferry.core.errors import InvalidInput, NotFound

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Personal tokens for scripts: list, create, revoke.",
)

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "y": timedelta(days=365)}


@app.command("list")
def list_tokens(as_json: AsJson = False, user: AsUser = None) -> None:
    """Your tokens, with their end and their last use; the token itself was shown when it was made."""
    with connected(user) as client:
        tokens = client.call("GET", "/api/auth/tokens")
    if as_json:
        print_json(tokens)
        return
    print_table(
        [
            Column("ID"),
            Column("NAME", gives="last"),
            Column("SCOPE"),
            Column("ENDS"),
            Column("LAST USED", minor=True),
            Column("TOKEN", minor=True),
        ],
        [
            (token["id"], token["name"], token["scope"], _ends(token), _last_used(token), token["hint"])
            for token in tokens
        ],
    )


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What will use it, such as nightly-backup.")],
    scope: Annotated[
        TokenScope,
        typer.Option(help="read looks; download also starts and deletes; admin also manages (admins)."),
    ] = "read",
    expires: Annotated[
        str, typer.Option(help="When it ends: 12h, 90d, 2w, 1y, a date as 2027-06-30, or never.")
    ] = "90d",
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Make a token and print it, this once."""
    end = parse_end(expires)
    body = {"name": name, "scope": scope, "expires_at": end and end.isoformat()}
    with connected(user) as client:
        made = client.call("POST", "/api/auth/tokens", json=body)
    if as_json:
        print_json(made)
        return
    out.print(made["token"])
    note(
        f"It is shown this once. Scope {made['scope']}, ends {_ends(made)}. Send it as Authorization: Bearer."
    )


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(help="Its id, or its name where only one has it.")],
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """End a token at once, with what it has open and the tokens that were made with it."""
    with connected(user) as client:
        found = _find(client, token)
        client.call("DELETE", f"/api/auth/tokens/{found['id']}")
    if as_json:
        print_json(found)
    note(f"{found['name']} ({found['hint']}) is revoked.")


def parse_end(text: str) -> datetime | None:
    """``90d`` from now, the end of a day, a time, or None for ``never``. Errors: ``InvalidInput``."""
    text = text.strip().lower()
    if text in ("never", "none"):
        return None
    here = datetime.now().astimezone()
    try:
        if match := re.fullmatch(r"(\d+)([hdwy])", text):
            return here + int(match[1]) * _UNITS[match[2]]
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return datetime.combine(date.fromisoformat(text), time(23, 59, 59)).astimezone()
        return datetime.fromisoformat(text.upper()).astimezone()
    except (ValueError, OverflowError, OSError):
        raise InvalidInput(
            f"{text!r} is no time at which a token could end.",
            next_step="Write it as 90d, 12h, 2w, 1y, 2027-06-30 or never.",
        ) from None


def _find(client: Client, wanted: str) -> dict[str, Any]:
    """A token by its id or its name. Errors: ``NotFound``, ``InvalidInput`` for a name that several have."""
    tokens: list[dict[str, Any]] = client.call("GET", "/api/auth/tokens")
    found = [token for token in tokens if token["id"] == wanted]
    found = found or [token for token in tokens if token["name"] == wanted]
    if len(found) > 1:
        ids = ", ".join(token["id"] for token in found)
        raise InvalidInput(f"Several tokens are called {wanted}: {ids}.", next_step="Give the id of one.")
    if not found:
        raise NotFound(f"You have no token {wanted}.", next_step="See `dataferry tokens list`.")
    return found[0]


def _ends(token: dict[str, Any]) -> str:
    if token["expires_at"] is None:
        return "never"
    end = datetime.fromisoformat(token["expires_at"]).astimezone()
    return f"{end:%Y-%m-%d}" + (" (over)" if token["expired"] else "")


def _last_used(token: dict[str, Any]) -> str:
    used = token["last_used_at"]
    return "never" if used is None else age(datetime.fromisoformat(used))
