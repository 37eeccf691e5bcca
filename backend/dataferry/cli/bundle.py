"""``dataferry bundle``: datasets in one file, for a machine without a network."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from dataferry.cli.bundle_export import Export
from dataferry.cli.client import connected
from dataferry.cli.download import raise_if_unsuccessful, watch
from dataferry.cli.download_options import Exclude, Include
from dataferry.cli.output import AsJson, AsUser, Quiet, note, out, print_json
from dataferry.core.errors import InvalidInput
from dataferry.core.sizes import readable_bytes

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Datasets in one file, for a machine without a network: export, import.",
)


@app.command("export")
def export_bundle(
    refs: Annotated[list[str], typer.Argument(metavar="REF…", help="Datasets of the library.")],
    output: Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="The bundle; - is stdout.")],
    include: Include = None,
    exclude: Exclude = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Write datasets of the library into one tar file, and print its digest.

    The same command again goes on with an export that was interrupted.
    """
    with connected(user) as client:
        export = Export(client, refs, include or (), exclude or ())
        for words in export.cautions:
            note(f"! {words}")
        if output == "-":
            export.write_to_stdout()
            note(export.digest)
            return
        export.write(Path(output))
    if as_json:
        print_json({"path": os.path.abspath(output), "digest": export.digest, "size": export.size})
        return
    out.print(export.digest)
    note(
        f"{output}: {readable_bytes(export.size)}. Tell the digest by another way than the bundle goes:"
        f" `dataferry bundle import {Path(output).name} --digest …` compares it."
    )


@app.command("import")
def import_bundle(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A bundle on the server's machine.")],
    digest: Annotated[
        str | None, typer.Option(metavar="sha256:…", help="What the export printed: another one is refused.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Bring the datasets of a bundle into the library; each byte is compared with its manifest.

    The same command again goes on with an import that was interrupted, and takes what is here as it is.
    """
    with connected(user) as client:
        if client.elsewhere is None and not file.is_file():
            raise InvalidInput(f"There is no file {file}.", next_step="Check its path.")
        path = str(file) if client.elsewhere else os.path.abspath(file)
        body = {"path": path, "digest": digest}
        answer: dict[str, Any] = client.call("POST", "/api/bundles/import", json=body, repeatable=True)
        note(f"{answer['digest']}, made by {answer['made_by']}")
        if digest is None:
            note("! No digest was compared: whoever changed the bundle may have changed its manifest too.")
        jobs = [watch(client, one["job_id"], quiet=quiet) for one in answer["downloads"]]
        for job in jobs:
            raise_if_unsuccessful(job)
    if as_json:
        print_json([job.model_dump(mode="json") for job in jobs])
        return
    for job in jobs:
        out.print(job.file_path or "")
