"""``dataferry``: the server, and a client of it.

Search, download, jobs and library are requests to the server that owns the data folder; where none
runs, one is started for the length of the command. A command's module is imported when it is called.
"""

import os
import signal
import sys
from difflib import get_close_matches
from importlib import import_module
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info, get_group
from typer.models import CommandInfo

from dataferry import __version__
from dataferry.cli.server_options import moved_to_front, use

#: Name → where it is, and its line of the help: the first sentence of its docstring or of its group's help.
COMMANDS = {
    "serve": ("serving:serve", "Serve the page, the API and the jobs."),
    "worker": ("serving:worker", "Run jobs for other processes: needs Postgres and Redis."),
    "search": ("search:search", "Search every source at once."),
    "compare": ("compare:compare", "Compare datasets side by side."),
    "download": ("download:download", "Download datasets and watch them arrive."),
    "files": ("files:files", "List the files of a dataset, downloaded or not."),
    "preview": ("preview:preview", "Show the first rows of a dataset, downloaded or not."),
    "stats": ("tables:stats", "Show the statistics of a dataset's table that is here, over all its rows."),
    "query": ("query:query", "Ask a table that is here: SQL, or a question in words that becomes SQL."),
    "library": ("library:app", "List what is on this machine; or act on a dataset."),
    "versions": ("versions:app", "Versions of a dataset that is here: ls, diff, record, restore."),
    "lock": ("lock:lock", "Write datasets.lock: which bytes a project works with."),
    "sync": ("lock:sync", "Bring what datasets.lock names, byte by byte."),
    "export": (
        "export:export",
        "Print the description of a dataset for other tools: its files, checksums and columns.",
    ),
    "jobs": ("jobs:app", "List your jobs, or follow them; or act on one."),
    "history": ("history:history", "What you downloaded, updated and deleted, also what is gone."),
    "storage": ("storage:storage", "Show the disk, and what takes it."),
    "sources": ("sources:sources", "Show whether each source answers, and whose key is used."),
    "index": ("index:app", "The search index of both hubs: build, update, status, remove."),
    "keys": ("keys:app", "Your own keys at the hubs: list, set, test, rm."),
    "limits": ("jobs:limits", "Show or set how fast all downloads together may be."),
    "model": ("model:app", "The language model: show, set, test, rm."),
    "users": ("users:app", "Accounts: list, create, reset-password, disable, erase."),
    "tokens": ("tokens:app", "Personal tokens for scripts: list, create, revoke."),
    "bundle": ("bundle:app", "Datasets in one file, for a machine without a network: export, import."),
    "mcp": ("mcp:mcp", "Serve an assistant's program over stdin and stdout (Model Context Protocol)."),
    "validate": ("validate:validate", "Check a plugin against the whole contract, line by line."),
    "training": (
        "validate:training",
        "Write data.yaml and its folders, for tools that train on images.",
    ),
    "doctor": ("doctor:doctor", "Look at settings, disk and versions, and say what to mend."),
}


class LazyGroup(TyperGroup):
    """Commands that are imported once one of them is called; the help and completion have their names."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:
        if cmd_name not in COMMANDS:
            return None
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name][1], rich_markup_mode=None)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, moved_to_front(args))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            meant = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean `dataferry {meant[0]}`?" if meant else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        name, command, rest = super().resolve_command(ctx, args)
        loaded = load_command(name) if name and command else None
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
            # It is imported, and may have begun what it must end: see ``dataferry.__main__``.
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return name, loaded, rest


def load_command(name: str) -> TyperCommand | TyperGroup:
    """A command of the table, imported."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    found: Any = getattr(import_module(f"dataferry.cli.{module}"), attribute)
    if isinstance(found, typer.Typer):
        return get_group(found)
    command = CommandInfo(name=name, callback=found)
    return cast(
        TyperCommand, get_command_from_info(command, pretty_exceptions_short=False, rich_markup_mode=None)
    )


app = typer.Typer(
    name="dataferry",
    cls=LazyGroup,
    help="Ask for a dataset in words; it arrives on your own machine, verified.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(shown: bool) -> None:
    if shown:
        print(f"dataferry {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    server: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Work with the server there, by a token of it."),
    ] = None,
    token: Annotated[
        str | None, typer.Option(help="Better DATAFERRY_TOKEN or --token-file: a shell remembers this one.")
    ] = None,
    token_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Its first line is the token; - is stdin.")
    ] = None,
    _version_shown: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of every command."""
    use(server, token, token_file, context.invoked_subcommand)


def main() -> int:
    """Run a command; returns its exit code. What went wrong is one line on stderr."""
    from dataferry.cli.failures import end_of

    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            # An ASCII terminal shows a question mark for what it does not have.
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]

    def command() -> int | None:
        return app(prog_name="dataferry", standalone_mode=False)  # type: ignore[no-any-return]

    if os.environ.get("_DATAFERRY_COMPLETE") == "complete_bash":
        from dataferry.cli.completion import complete_in_bash

        return complete_in_bash(lambda: end_of(command))
    return end_of(command)
