"""``dataferry users``: accounts, from the machine that holds them."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from dataferry.cli.output import AsJson, Column, Quiet, age, confirm, note, print_json, print_table
from dataferry.cli.secret_input import SecretInput
from dataferry.core.lock import make_data_folder
from dataferry.core.settings import load_settings

if TYPE_CHECKING:
    from dataferry.accounts.service import Accounts

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Accounts: list, create, reset-password, disable, erase.",
)

Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]
PasswordStdin = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read it from standard input; by default it is asked for."),
]
RefusedPassword = Annotated[str | None, typer.Option("--password", hidden=True)]

_PASSWORD = SecretInput(
    "password", "Password", "--password-stdin", variable="DATAFERRY_NEW_PASSWORD", confirmed=True
)
#: A password behind the e-mail address is refused by us: the parser's own words would repeat it.
_EXTRA = {"allow_extra_args": True}


#: How often it is asked whether an erasure has ended.
_LOOK_S = 0.2


@contextlib.contextmanager
def _accounts() -> "Iterator[Accounts]":
    """The accounts of the data folder. A running server sees the change at once."""
    from dataferry.accounts.service import Accounts
    from dataferry.core.db import Database
    from dataferry.core.migrate import upgrade

    settings = load_settings()
    make_data_folder(settings.data_dir)
    database = Database(settings.sqlalchemy_url, threads=1, wait_s=settings.database_wait_s)
    accounts = Accounts(database, settings)
    try:
        upgrade(database)
        yield accounts
    finally:
        accounts.close()
        database.close()


@app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """Every account."""
    with _accounts() as accounts:
        users = asyncio.run(accounts.administration.list_users())
    if as_json:
        print_json([user.model_dump(mode="json") for user in users])
        return
    print_table(
        [Column("E-MAIL"), Column("ROLE"), Column("STATE"), Column("SINCE")],
        [
            (
                user.email,
                "admin" if user.admin else "member",
                "disabled" if user.disabled else "active",
                age(user.created_at),
            )
            for user in users
        ],
    )


@app.command(context_settings=_EXTRA)
def create(
    context: typer.Context,
    email: Email,
    admin: Annotated[bool, typer.Option(help="May see and delete everything.")] = False,
    password_stdin: PasswordStdin = False,
    refused: RefusedPassword = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make an account. Its password is asked for."""
    password = _PASSWORD.read(from_stdin=password_stdin, arguments=[refused, *context.args])
    with _accounts() as accounts:
        user = asyncio.run(accounts.administration.create_user(email, password, admin=admin))
        _tell(accounts, user.email, f"{user.email} can sign in.", as_json=as_json)


@app.command("reset-password", context_settings=_EXTRA)
def reset_password(
    context: typer.Context,
    email: Email,
    password_stdin: PasswordStdin = False,
    refused: RefusedPassword = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Set a new password, which is asked for, and end every session of the account."""
    password = _PASSWORD.read(from_stdin=password_stdin, arguments=[refused, *context.args])
    with _accounts() as accounts:
        asyncio.run(accounts.administration.reset_password(email, password))
        _tell(accounts, email, f"{email} has a new password; other sessions are ended.", as_json=as_json)


@app.command()
def disable(
    email: Email,
    undo: Annotated[bool, typer.Option("--undo", help="Let them in again.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Keep an account from signing in; its sessions end now."""
    with _accounts() as accounts:
        asyncio.run(accounts.administration.disable(email, disabled=not undo))
        outcome = "can sign in again" if undo else "can no longer sign in"
        _tell(accounts, email, f"{email} {outcome}.", as_json=as_json)


@app.command()
def erase(
    email: Email,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Erase an account and all that is its owner's, for ever. What they share goes to those they share it
    with."""
    from dataferry.cli.client import connected

    if not yes:
        confirm(f"Erase {email}, with all chats, uploads and private datasets? Nothing brings them back.")
    with connected(None) as client:
        erasure = client.call("POST", "/api/erasures", json={"email": email}, repeatable=True)
        while erasure["finished_at"] is None:
            time.sleep(_LOOK_S)
            erasure = client.call("GET", f"/api/erasures/{erasure['id']}")
    if as_json:
        print_json(erasure)
    note(f"{email} is erased.")


def _tell(accounts: "Accounts", email: str, outcome: str, *, as_json: bool) -> None:
    """What has become of an account, and as JSON the account."""
    from dataferry.accounts.rules import normal_email

    if as_json:
        users = asyncio.run(accounts.administration.list_users())
        print_json(next(u.model_dump(mode="json") for u in users if u.email == normal_email(email)))
    note(outcome)
