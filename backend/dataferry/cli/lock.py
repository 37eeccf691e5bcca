"""``dataferry lock`` and ``dataferry sync``."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from dataferry.cli.batch import Batch, Outcome
from dataferry.cli.client import Client, connected
from dataferry.cli.completion import offer_refs
from dataferry.cli.download_options import Files, Revision, Source
from dataferry.cli.library_checks import verified
from dataferry.cli.output import (
    AsJson,
    AsUser,
    Quiet,
    note,
    out,
    print_error,
    print_json,
    warn,
)
from dataferry.cli.progress import progress_report
from dataferry.client.library_rows import rows_here
from dataferry.client.lock_file import (
    NAME,
    LockedDataset,
    LockedFile,
    chosen_paths,
    differences,
    read_lock,
    write_lock,
)
from dataferry.core.errors import Conflict, ContentChanged, DataferryError, NotFound
from dataferry.core.files.digests import tree_checksum

#: Of a dataset with more tables the rows are not counted.
_COUNTED_TABLES = 20
#: Differences that are listed.
_MAX_LISTED = 20
#: Of the names of files that are none of a dataset's.
_NAMES_CHARS = 400

LockFile = Annotated[Path, typer.Option("--lock-file", metavar="FILE", help="In place of datasets.lock.")]


def lock(
    refs: Annotated[
        list[str] | None,
        typer.Argument(metavar="REF...", help="By default those of the file.", autocompletion=offer_refs),
    ] = None,
    source: Source = None,
    revision: Revision = None,
    files: Files = None,
    lock_file: LockFile = Path(NAME),
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Write datasets.lock: which bytes a project works with. What is not here is downloaded; the lines of
    other datasets stay as they are.

    Without REF the file's datasets are locked as they are here now; without a file, all that are here.
    """
    locked = read_lock(lock_file) if lock_file.exists() else {}
    with connected(user) as client:
        if refs:
            bodies = {
                ref: {"dataset_id": ref, "source": source, "revision": revision, "files": files or None}
                for ref in refs
            }
            ids = [dataset_id for dataset_id, _ in _arrived(client, bodies, quiet=quiet).values()]
        else:
            ids = _ids_here(client, locked)
        made = [_locked(client, dataset_id) for dataset_id in ids]
    if not made and not locked:
        raise NotFound("There is nothing to lock yet.", next_step="Name it: `dataferry lock REF`.")
    write_lock(lock_file, locked | {one.ref: one for one in made})
    if as_json:
        print_json([_summary(one) for one in made])
    for one in made:
        count = f"{len(one.files):,} file{'s' * (len(one.files) != 1)}"
        note(f"{one.ref}@{one.revision[:12]}: {count} locked in {lock_file}")


def sync(
    frozen: Annotated[
        bool, typer.Option("--frozen", help="The file's bytes, all read, or an error; it is never changed.")
    ] = False,
    lock_file: LockFile = Path(NAME),
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Bring what datasets.lock names, byte by byte. Prints the folder of each. What is here is looked at, and
    with --frozen read: every byte is compared. Files that were written to, damaged or deleted come again.

    Where a source has other bytes for the revision now, or the revision no longer, the newest comes in its
    place and the file is changed; with --frozen that is an error, which names the lines.
    """
    locked = read_lock(lock_file)
    with connected(user) as client:
        here = {_identity(row): row for row in rows_here(client)}
        found: dict[str, str] = {}
        for ref, one in locked.items():
            row = here.get((ref, one.revision, _checksum(one), one.size))
            if row is not None and _is_whole(client, row, every_byte=frozen, quiet=quiet):
                found[ref] = row["local_path"]
        missing = {ref: one for ref, one in locked.items() if ref not in found}
        changed = _brought(client, lock_file, missing, found, frozen=frozen, quiet=quiet)
    if changed:
        write_lock(lock_file, locked | changed)
    if as_json:
        print_json([{**_summary((locked | changed)[ref]), "path": found[ref]} for ref in locked])
    else:
        for ref in locked:
            out.print(found[ref])
    several = (
        f"{len(locked)} datasets of {lock_file} are" if len(locked) != 1 else f"dataset of {lock_file} is"
    )
    note(f"The {several} here.")


def _brought(
    client: Client,
    lock_file: Path,
    missing: Mapping[str, LockedDataset],
    found: dict[str, str],
    *,
    frozen: bool,
    quiet: bool,
) -> dict[str, LockedDataset]:
    """Download what is missing, and add its folders to ``found``. Returns what has other bytes than the lock,
    as it is now. Errors: ``ContentChanged`` for that if ``frozen``; the first that keeps one from
    arriving."""
    bodies = {ref: _request(one) for ref, one in missing.items()}
    gone: dict[str, str] = {}
    arrived = _arrived(client, bodies, quiet=quiet, gone=gone)
    other = {ref: [f"{lock_file}:{missing[ref].line}: {why}"] for ref, why in gone.items()}
    for ref, (dataset_id, path) in arrived.items():
        now = _locked(client, dataset_id)
        differing = list(differences(lock_file, missing[ref], now.files))
        if differing:
            other[ref] = differing
        else:
            found[ref] = path
    if other and frozen:
        versions = {ref: missing[ref].version for ref in other}
        raise _changed([line for lines in other.values() for line in lines], versions)
    if not other:
        return {}
    for line in [line for lines in other.values() for line in lines][:_MAX_LISTED]:
        warn(line)
    newest = _arrived(client, {ref: _request(missing[ref], newest=True) for ref in other}, quiet=quiet)
    found |= {ref: path for ref, (_, path) in newest.items()}
    return {ref: _locked(client, dataset_id) for ref, (dataset_id, _) in newest.items()}


def _arrived(
    client: Client,
    bodies: Mapping[str, dict[str, Any]],
    *,
    quiet: bool,
    gone: dict[str, str] | None = None,
) -> dict[str, tuple[str, str]]:
    """The id and the folder of each dataset, once all are here. ``gone`` gets those that their source
    has not at the revision, with its words; without it that is an error. Errors: that of the last that
    failed; the others are told."""
    arrived = {}
    failed: list[DataferryError] = []
    with progress_report(quiet=quiet) as show:
        for outcome in Batch(client, bodies, on_ticket=lambda ticket: None, on_change=show).outcomes():
            if outcome.job is not None and not outcome.exit_code:
                dataset_id = outcome.job.dataset_id or ""
                arrived[outcome.ref] = dataset_id, outcome.job.file_path or ""
            elif gone is not None and isinstance(outcome.error, NotFound):
                gone[outcome.ref] = _failure(outcome).detail
            else:
                failed.append(_failure(outcome))
    for error in failed[:-1]:
        print_error(error)
    if failed:
        raise failed[-1]
    return arrived


def _failure(outcome: Outcome) -> DataferryError:
    error = outcome.error or Conflict("The job was cancelled.", next_step="Run the command again.")
    if outcome.ref not in error.detail:
        error.detail = f"{outcome.ref}: {error.detail}"
    return error


def _request(one: LockedDataset, *, newest: bool = False) -> dict[str, Any]:
    return {
        "dataset_id": one.ref,
        "revision": None if newest else one.revision,
        "files": chosen_paths(one.files) if one.selected else None,
    }


def _ids_here(client: Client, locked: Mapping[str, LockedDataset]) -> list[str]:
    """Of the datasets that are here the row to lock of each: the last that arrived. ``locked``: only these,
    and as much of each as that has; without any, all of them."""
    newest: dict[str, dict[str, Any]] = {}
    for row in rows_here(client):
        ref = row["ref"]
        wanted = row["selected"] == locked[ref].selected if ref in locked else not (locked or row["selected"])
        last = newest.get(ref)
        if wanted and (last is None or row["downloaded_at_ms"] > last["downloaded_at_ms"]):
            newest[ref] = row
    for ref in sorted(set(locked) - set(newest)):
        warn(f"{ref} is not here, so that its lines stay as they are: `dataferry sync` brings it.")
    return [newest[ref]["id"] for ref in sorted(newest)]


def _locked(client: Client, dataset_id: str) -> LockedDataset:
    """A dataset of the library as a lock has it."""
    segment = quote(dataset_id, safe="")
    row = client.call("GET", f"/api/datasets/{segment}")
    receipt = client.call("GET", f"/api/datasets/{segment}/receipt")
    return LockedDataset(
        ref=receipt["ref"],
        revision=receipt["revision"],
        files=tuple(LockedFile(file["path"], file["size"], file["sha256"]) for file in receipt["files"]),
        license=receipt["license"],
        date=datetime.fromisoformat(receipt["downloaded_at"]).date().isoformat(),
        rows=_row_count(client, segment),
        selected=row["selected"],
        version=_version(client, segment),
    )


def _version(client: Client, segment: str) -> str | None:
    """The recorded version that the files here are; None where there is none, or they are another's, and
    where the server is an older one, which has no versions."""
    try:
        newest = client.call("GET", f"/api/datasets/{segment}/versions", params={"limit": 1})["versions"]
    except NotFound:
        return None
    return newest[0]["id"] if newest and newest[0]["current"] else None


def _row_count(client: Client, segment: str) -> int | None:
    """Of all its tables together; None where one of them is too long to be counted."""
    address = f"/api/datasets/{segment}/preview"
    try:
        tables = client.call("GET", f"{address}/files")["files"]
        if not tables or len(tables) > _COUNTED_TABLES:
            return None
        counts = [
            client.call("GET", address, params={"path": table["path"], "rows": 1})["row_count"]
            for table in tables
        ]
    except DataferryError:  # it is no table, whatever its name says
        return None
    return None if None in counts else sum(counts)


def _identity(row: dict[str, Any]) -> tuple[str, str, str, int]:
    """What tells that a dataset of the library is the locked one."""
    return row["ref"], row["revision"], row["checksum"], row["size_bytes"]


def _is_whole(client: Client, row: dict[str, Any], *, every_byte: bool, quiet: bool) -> bool:
    """Whether the files of a dataset that is here are those that arrived: as far as a look at them shows, and
    what was written to since is compared; with ``every_byte``, all of it is. A time can be set back, and a
    disk can lose a byte that no look shows."""
    segment = quote(row["id"], safe="")
    report = None if every_byte else client.call("GET", f"/api/datasets/{segment}/check")
    if report is None or report["condition"] == "unsure":
        report = verified(client, segment, repair=False, quiet=quiet)
    if report["condition"] == "damaged":
        warn(f"{row['ref']}: {report['line']} What is damaged comes again.")
    elif every_byte and report["counts"]["foreign"]:
        names = ", ".join(one["path"] for one in report["faults"] if one["fault"] == "foreign")
        warn(f"{row['ref']}: its folder has what is not the dataset's: {names[:_NAMES_CHARS]}")
    return bool(report["condition"] == "whole")


def _checksum(one: LockedDataset) -> str:
    return tree_checksum((file.path, file.sha256) for file in one.files)


def _changed(lines: Iterable[str], versions: Mapping[str, str | None]) -> ContentChanged:
    """The error for bytes that are others. All lines but the last are told here. ``versions``: those that the
    lock names, by refs."""
    *before, last = list(lines)[:_MAX_LISTED]
    for line in before:
        warn(line)
    restores = [f"`dataferry versions restore {ref} {name[:10]}`" for ref, name in versions.items() if name]
    brings = (
        f" What was locked is a recorded version: {', '.join(restores)} brings it back." if restores else ""
    )
    return ContentChanged(
        last,
        next_step="Correct the line if it was edited; `dataferry lock REF` takes what there is now." + brings,
    )


def _summary(one: LockedDataset) -> dict[str, Any]:
    return {
        "ref": one.ref,
        "revision": one.revision,
        "license": one.license,
        "rows": one.rows,
        "size_bytes": one.size,
        "file_count": len(one.files),
        "selected": one.selected,
        "version": one.version,
    }
