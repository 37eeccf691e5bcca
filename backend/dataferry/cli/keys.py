"""``dataferry keys``: a person's own keys at the hubs."""

from datetime import datetime
from typing import Annotated, Any

import typer

from dataferry.cli.client import Client, connected
from dataferry.cli.completion import offer_hubs
from dataferry.cli.output import (
    AsJson,
    AsUser,
    Column,
    ExitCode,
    Quiet,
    age,
    note,
    out,
    print_failure,
    print_json,
    print_table,
)
from dataferry.cli.secret_input import SecretInput
from dataferry.cli.sources import key_in_words, problem_in_words
from dataferry.core.errors import InvalidInput, NotFound
from dataferry.core.specs import SOURCES, source_named

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Your own keys at the hubs: list, set, test, rm."
)

Hub = Annotated[
    str, typer.Argument(metavar="SOURCE", help="kaggle or huggingface.", autocompletion=offer_hubs)
]
KeyStdin = Annotated[
    bool, typer.Option("--key-stdin", help="Read the key from standard input; by default it is asked for.")
]
RefusedKey = Annotated[str | None, typer.Option("--key", hidden=True)]

_KEY = SecretInput("key", "Key", "--key-stdin", variable="DATAFERRY_NEW_KEY")


@app.command("list")
def list_keys(as_json: AsJson = False, user: AsUser = None) -> None:
    """Which key is used at each hub, yours or the server's."""
    with connected(user) as client:
        hubs = [one for one in client.call("GET", "/api/sources") if SOURCES[one["name"]].hub]
    if as_json:
        print_json(hubs)
        return
    columns = (Column("SOURCE"), Column("KEY"), Column("LAST USED"), Column("PROBLEM", gives="first"))
    rows = [(one["name"], key_in_words(one), _last_used(one), problem_in_words(one)) for one in hubs]
    print_table(columns, rows)


def _last_used(hub: dict[str, Any]) -> str:
    """Of one's own key; nothing of the server's, which everybody uses."""
    if not hub["own"]:
        return ""
    used = hub["last_used_at"]
    return "never" if used is None else age(datetime.fromisoformat(used))


@app.command("set", context_settings={"allow_extra_args": True})
def set_key(
    context: typer.Context,
    source: Hub,
    username: Annotated[
        str | None, typer.Option(help="For one of Kaggle's older keys, which have a name beside them.")
    ] = None,
    key_stdin: KeyStdin = False,
    refused: RefusedKey = None,
    as_json: AsJson = False,
    user: AsUser = None,
) -> None:
    """Use your own key at a hub, before the server's. It is tried there first, and kept encrypted."""
    name = _hub(source)
    key = _KEY.read(from_stdin=key_stdin, arguments=[refused, *context.args])
    with connected(user) as client:
        body = {"secret": key, "username": username}
        kept = client.call("PUT", f"/api/sources/{name}/credential", json=body)
    _print(kept, as_json=as_json)


@app.command("test")
def probe(source: Hub, as_json: AsJson = False, user: AsUser = None) -> None:
    """Show your key to its hub. Ends with 4 where it is refused."""
    with connected(user) as client:
        found = _own(client, _hub(source))
    _print(found, as_json=as_json)
    if found["problem"]:
        print_failure(problem_in_words(found))
        raise typer.Exit(ExitCode.UNREACHABLE if found["state"] == "unreachable" else ExitCode.NOT_ALLOWED)


@app.command()
def rm(source: Hub, as_json: AsJson = False, quiet: Quiet = False, user: AsUser = None) -> None:
    """Delete your key at a hub. The server's is used from then on, where it has one."""
    with connected(user) as client:
        name = _own(client, _hub(source))["name"]
        _print(client.call("DELETE", f"/api/sources/{name}/credential"), as_json=as_json)
    note(f"Your key at {SOURCES[name].label} is deleted.")


def _hub(word: str) -> str:
    """Errors: ``InvalidInput`` for what is no hub; a key in its place is not repeated."""
    name = source_named(word)
    if name is None or not SOURCES[name].hub:
        hubs = " or ".join(spec.name for spec in SOURCES.values() if spec.hub)
        raise InvalidInput("No hub has that name.", next_step=f"Use {hubs}.")
    return name


def _own(client: Client, name: str) -> dict[str, Any]:
    """Errors: ``NotFound`` where the person has no key there."""
    found: dict[str, Any] = next(one for one in client.call("GET", "/api/sources") if one["name"] == name)
    if not found["own"]:
        raise NotFound(
            f"You have no key of your own at {SOURCES[name].label}.",
            next_step=f"Set one: `dataferry keys set {name}`.",
        )
    return found


def _print(source: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(source)
    else:
        out.print(f"{source['name']}: {key_in_words(source)}")
