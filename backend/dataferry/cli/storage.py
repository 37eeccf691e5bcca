"""``dataferry storage``."""

from typing import Annotated, Any

import typer

from dataferry.cli.client import connected
from dataferry.cli.output import AsJson, AsUser, Column, Quiet, note, print_json, print_table, size

_COLUMNS = (Column("WHAT"), Column("SIZE", right=True), Column("DATASETS", right=True, minor=True))


def storage(
    largest: Annotated[int, typer.Option(min=0, max=200, help="How many of the largest datasets.")] = 10,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Show the disk, and what takes it."""
    with connected(user) as client:
        disk = client.call("GET", "/api/storage")
        wanted = {"state": "here", "sort": "size", "page_size": max(1, largest)}
        found = client.call("GET", "/api/datasets", params=wanted)
    datasets = found["datasets"][:largest]
    if as_json:
        print_json(disk | {"largest": datasets})
        return
    print_table(_COLUMNS, [*_disk_rows(disk), *((one["ref"], size(one["size"]), "") for one in datasets)])
    note(f"The downloads are in {disk['path']}. Files that datasets share count once in their sum.")
    if datasets:
        note(f"The {len(datasets)} largest of {found['total']:,} datasets stand below.")


def _disk_rows(disk: dict[str, Any]) -> list[tuple[str, str, str]]:
    rows = [
        ("disk", size(disk["total_bytes"]), ""),
        ("free", size(disk["free_bytes"]), ""),
        ("kept free", size(disk["reserve_bytes"]), ""),
        ("used by datasets", size(disk["dataset_bytes"]), ""),
        *((one["source"], size(one["size_bytes"]), f"{one['dataset_count']:,}") for one in disk["sources"]),
        ("partial downloads", size(disk["partial_bytes"]), ""),
    ]
    other = disk["database_disk"]
    if other is not None:
        rows += [
            ("database's disk", size(other["total_bytes"]), ""),
            ("free there", size(other["free_bytes"]), ""),
        ]
    return rows
