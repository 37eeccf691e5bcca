"""``dataferry library``."""

from typing import Annotated, Any

import typer

from dataferry.cli.client import connected
from dataferry.cli.download import print_note, raise_if_unsuccessful, watch
from dataferry.cli.output import AsJson, AsUser, Column, out, print_json, print_table, size
from dataferry.core.errors import InvalidInput
from dataferry.core.sizes import readable_count
from dataferry.core.types import GRADE_WORDS, DatasetRef


def library(
    name: Annotated[str | None, typer.Argument(help="A dataset: its ref, key or alias.")] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Delete its files.")] = False,
    as_json: AsJson = False,
    user: AsUser = None,
) -> None:
    """List the datasets on this machine, show one's receipt, or delete it."""
    with connected(user) as client:
        if name is None:
            if delete:
                raise InvalidInput("Which dataset?", next_step="Name it: dataferry library REF --delete")
            _print_library(client.call("GET", "/api/datasets", params={"page_size": 200}), as_json)
            return
        dataset = client.call("GET", f"/api/datasets/{_key(name)}")
        if delete:
            deletion = client.call("DELETE", f"/api/datasets/{dataset['key']}/data")
            job = watch(client, deletion["job_id"], quiet=True)
            raise_if_unsuccessful(job)
            if deletion["stays"]:
                out.print(f"{dataset['ref']} is not yours any more; its files stay for others who asked too.")
            else:
                out.print(f"{dataset['ref']} is deleted; {size(deletion['freed_bytes'])} freed.")
            return
        receipt = client.call("GET", f"/api/datasets/{dataset['key']}/receipt")
        if as_json:
            print_json(receipt)
            return
        out.print(receipt["line"])
        print_note(receipt)
        for file in receipt["files"]:
            out.print(f"{file['sha256']}  {file['path']}  {size(file['size'])}  {GRADE_WORDS[file['grade']]}")


def _print_library(page: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(page)
        return
    print_table(
        [Column("REF"), Column("STATUS"), Column("SIZE"), Column("FILES"), Column("PATH", elastic=True)],
        [
            (
                dataset["ref"],
                dataset["status"],
                size(dataset["size"]),
                file_count(dataset),
                dataset["local_path"] or "",
            )
            for dataset in page["datasets"]
        ],
    )


def file_count(dataset: dict[str, Any]) -> str:
    """Of a row of the library, for its column."""
    count = dataset["file_count"]
    return readable_count(count, more=dataset["more_files"]) if count else "–"


def _key(name: str) -> str:
    """A ref typed by a person as the API's key; keys and aliases stay as they are."""
    return DatasetRef.parse(name).key if ":" in name and "/" in name else name
