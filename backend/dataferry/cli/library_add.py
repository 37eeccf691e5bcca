"""``dataferry library add``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from dataferry.cli.client import connected
from dataferry.cli.download import raise_if_unsuccessful, watch
from dataferry.cli.download_options import MakeRoom
from dataferry.cli.output import AsJson, AsUser, Quiet, note, out, print_json
from dataferry.core.errors import InvalidInput
from dataferry.core.sizes import readable_bytes


def add(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Files of yours; or one file.")],
    name: Annotated[
        str | None, typer.Option("--name", help="What the dataset is called; by default as the folder is.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="REF", help="Add the files to this dataset of yours.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="With --to: in place of its files.")] = False,
    licence: Annotated[
        str | None, typer.Option("--licence", "--license", help="Its licence, by name or in your own words.")
    ] = None,
    description: Annotated[str, typer.Option(help="What it is, in a few words.")] = "",
    public: Annotated[
        bool,
        typer.Option("--public", help="Everybody on the server sees it, not you alone."),
    ] = False,
    unpack: Annotated[bool, typer.Option("--unpack", help="Unpack zip and tar archives.")] = False,
    make_room: MakeRoom = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Make a dataset of a folder of yours. The same command again goes on with what was interrupted."""
    from dataferry.client.adding import Sending, send
    from dataferry.client.folder import read_folder
    from dataferry.client.progress import progress

    if replace and to is None:
        raise InvalidInput("--replace needs --to.", next_step="Name the dataset whose files it replaces.")
    found = read_folder(folder)
    for words in found.cautions():
        note(f"! {words}")
    wanted: dict[str, Any] = {
        "name": "" if to else name or folder.resolve().name,
        "to": to,
        "mode": "new" if to is None else "replace" if replace else "add",
        "license": licence,
        "description": description,
        "visibility": "public" if public else "restricted",
        "unpack": unpack,
        "make_room": make_room,
    }

    def begun(sending: Sending) -> None:
        words = f"{len(found.files)} files, {readable_bytes(found.size)}"
        note(f"{sending.ref}: {words}{f', {readable_bytes(sending.here)} there' if sending.here else ''}")

    with connected(user) as client:
        with progress(folder.name, False if quiet else None) as show:
            ticket = send(client, found, wanted, begun, show)
        job = watch(client, ticket["job_id"], quiet=quiet)
        raise_if_unsuccessful(job)
        if as_json:
            print_json(client.call("GET", f"/api/datasets/{job.dataset_id}"))
            return
    out.print(ticket["ref"])
    note(f'dataferry.load("{ticket["ref"]}") loads it, in {job.file_path}')
