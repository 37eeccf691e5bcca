"""``dataferry``: the server, and a client of it.

Search, download, jobs and library are requests to the server that owns the data folder; where none
runs, one is started for the length of the command.
"""

import sys
from typing import Annotated

import typer

from dataferry import __version__
from dataferry.cli import datasets, doctor, jobs, model, serving, users
from dataferry.cli.output import ExitCode, print_error
from dataferry.core.errors import DataferryError

app = typer.Typer(
    name="dataferry",
    help="Ask for a dataset in words; it arrives on your own machine, verified.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(serving.serve)
app.command()(serving.worker)
app.command()(datasets.search)
app.command()(datasets.download)
app.add_typer(jobs.app, name="jobs")
app.command()(jobs.limits)
app.command()(datasets.library)
app.command()(doctor.doctor)
app.add_typer(model.app, name="model")
app.add_typer(users.app, name="users")


def _version(shown: bool) -> None:
    if shown:
        print(f"dataferry {__version__}")
        raise typer.Exit


@app.callback()
def options(
    _version_shown: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of every command."""


def main() -> None:
    """Run a command; an error is one line on stderr and an exit code that tells its kind."""
    try:
        app()
    except DataferryError as error:
        print_error(error)
        sys.exit(ExitCode.of(error.code))
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
