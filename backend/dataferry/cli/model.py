"""``dataferry model``: the language model that the page's Settings have a form for."""

from typing import Annotated, Any

import typer

from dataferry.cli.client import connected
from dataferry.cli.output import AsJson, AsUser, Quiet, note, out, print_json
from dataferry.cli.secret_input import SecretInput
from dataferry.core.telemetry import redact

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The language model: show, set, test, rm."
)

KeyStdin = Annotated[
    bool, typer.Option("--key-stdin", help="Read the key from standard input; by default it is asked for.")
]
RefusedKey = Annotated[str | None, typer.Option("--key", hidden=True)]

_KEY = SecretInput("key", "Gemini API key", "--key-stdin", variable="DATAFERRY_NEW_MODEL_KEY")


@app.command()
def show(as_json: AsJson = False, user: AsUser = None) -> None:
    """Which model answers, and where it is set."""
    with connected(user) as client:
        _print(client.call("GET", "/api/model"), as_json=as_json)


@app.command("set", context_settings={"allow_extra_args": True})
def set_model(
    context: typer.Context,
    model: Annotated[str, typer.Argument(help="A Gemini model; Google's current fast one by default.")] = "",
    untested: Annotated[
        bool, typer.Option("--untested", help="Keep it also where it cannot be reached now.")
    ] = False,
    key_stdin: KeyStdin = False,
    refused: RefusedKey = None,
    as_json: AsJson = False,
    user: AsUser = None,
) -> None:
    """Use a Gemini model: it is asked for a greeting first, and its key is kept encrypted."""
    if redact(model) != model:  # a key where the model's name belongs
        raise _KEY.refusal()
    key = _KEY.read(from_stdin=key_stdin, arguments=[refused, *context.args])
    with connected(user) as client:
        body = {"model": model, "key": key, "untested": untested}
        _print(client.call("PUT", "/api/model", json=body), as_json=as_json)


@app.command("test")
def probe(as_json: AsJson = False, quiet: Quiet = False, user: AsUser = None) -> None:
    """Ask the model for a greeting."""
    with connected(user) as client:
        client.call("POST", "/api/model/test")
    if as_json:
        print_json({"answered": True})
    note("The model answered.")


@app.command("rm")
def remove(as_json: AsJson = False, user: AsUser = None) -> None:
    """Delete the model that was set, and its key."""
    with connected(user) as client:
        _print(client.call("DELETE", "/api/model"), as_json=as_json)


def _print(model: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(model)
    elif model["model"] is None:
        out.print("No model: keyword search answers.")
    elif model["origin"] == "server":
        out.print(f"{model['model']}, set by {model['setting'] or 'the configuration'}")
    else:
        out.print(f"{model['model']}, {'tested' if model['tested_at'] else 'not tested yet'}")
