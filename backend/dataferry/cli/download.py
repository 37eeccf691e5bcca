"""``dataferry download``."""

import contextlib
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from dataferry.cli.batch import Batch, Outcome
from dataferry.cli.client import Client, connected
from dataferry.cli.completion import offer_refs
from dataferry.cli.destination import Destination, check_local_dir
from dataferry.cli.download_options import (
    REF_HELP,
    Config,
    DownloadOptions,
    DryRun,
    Exclude,
    Files,
    Force,
    Include,
    KeepArchives,
    LocalDir,
    MakeRoom,
    Revision,
    Source,
    Split,
    To,
)
from dataferry.cli.output import (
    AsJson,
    AsUser,
    ExitCode,
    Quiet,
    err,
    note,
    out,
    print_error,
    print_json,
    warn,
)
from dataferry.cli.progress import progress_report
from dataferry.core.errors import Conflict, InvalidInput
from dataferry.core.job_types import JobView

RefList = Annotated[
    list[str] | None,
    typer.Option(
        "--input-file", "-i", metavar="FILE", help="A list: a REF a line, # begins a comment; - is stdin."
    ),
]


def download(
    refs: Annotated[
        list[str] | None, typer.Argument(metavar="REF...", help=REF_HELP, autocompletion=offer_refs)
    ] = None,
    lists: RefList = None,
    source: Source = None,
    revision: Revision = None,
    files: Files = None,
    include: Include = None,
    exclude: Exclude = None,
    config: Config = None,
    split: Split = None,
    keep_archives: KeepArchives = False,
    to: To = None,
    local_dir: LocalDir = None,
    force: Force = False,
    make_room: MakeRoom = False,
    is_dry_run: DryRun = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Download datasets and watch them arrive. Ends with 0 when every byte is verified.

    The paths are printed in the order of the names. One that fails keeps no other back; the exit code is
    that of the first that failed.
    """
    named = [*(refs or []), *(ref for path in lists or [] for ref in read_refs(path))]
    if not named:
        raise InvalidInput("Which dataset?", next_step="Name it: `dataferry download REF`, or `-i FILE`.")
    options = DownloadOptions(
        source=source,
        revision=revision,
        files=files,
        include=include,
        exclude=exclude,
        config=config,
        split=split,
        keep_archives=keep_archives,
        to=to,
        force=force,
        local_dir=local_dir,
        make_room=make_room,
    )
    bodies = {ref: options.body(ref) for ref in named}
    if is_dry_run:
        from dataferry.cli.files import dry_run

        with connected(user) as client:
            dry_run(client, bodies, as_json=as_json)
        return
    check_local_dir(local_dir, len(bodies))
    with connected(user) as client:
        destination = Destination(client, options)
        with result_printer(client, destination, single=len(bodies) == 1, as_json=as_json) as tell:
            codes = _watched(client, bodies, tell, on_ticket=destination.note_ticket, quiet=quiet)
    if client.elsewhere and not all(codes):
        note(f"The files are on {client.elsewhere}.")
    if any(codes):
        raise typer.Exit(next(code for code in codes if code))


def read_refs(path: str) -> Iterator[str]:
    """The refs of a list. Errors: ``InvalidInput``, naming what cannot be read."""
    try:
        text = (sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()).decode("utf-8-sig")
    except OSError as error:
        raise InvalidInput(
            f"The list {path} cannot be read: {error.strerror}.", next_step="Check its name and rights."
        ) from None
    except ValueError:
        raise InvalidInput(
            f"The list {path} is no UTF-8 text.", next_step="Write a ref or a link a line."
        ) from None
    for line in text.splitlines():
        ref = re.sub(r"(^|\s)#.*", "", line).strip()
        if ref:
            yield ref


def _watched(
    client: Client,
    bodies: dict[str, dict[str, Any]],
    tell: Callable[[Outcome], int],
    *,
    on_ticket: Callable[[dict[str, Any]], None],
    quiet: bool,
) -> list[int]:
    """The exit code of each download; ``tell`` prints its outcome and returns it.

    Of those that Ctrl+C leaves under way it is said how to go on.
    """

    def told(ticket: dict[str, Any]) -> None:
        on_ticket(ticket)
        _print_outset(ticket)

    with progress_report(quiet=quiet) as show:
        batch = Batch(client, bodies, on_ticket=told, on_change=show)
        try:
            return [tell(outcome) for outcome in batch.outcomes()]
        except KeyboardInterrupt:
            interrupted = list(batch.under_way)
    if interrupted:
        warn(how_to_go_on(client, interrupted))
    raise KeyboardInterrupt


def how_to_go_on(client: Client, job_ids: list[str], what: str = "download") -> str:
    """What becomes of jobs that Ctrl+C leaves under way."""
    several = len(job_ids) > 1
    what = f"{len(job_ids)} {what}s" if several else f"The {what} {job_ids[0]}"
    if client.background:
        return (
            f"{what} {'are' if several else 'is'} kept, with what has come of {'them' if several else 'it'}:"
            f" the same command goes on there, `dataferry jobs cancel {job_ids[0]}` drops it."
        )
    return (
        f"{what} {'go' if several else 'goes'} on in the server at {client.address}:"
        f" `dataferry jobs --follow` watches, `dataferry jobs cancel {job_ids[0]}` stops it."
    )


@contextlib.contextmanager
def result_printer(
    client: Client, destination: Destination, *, single: bool, as_json: bool
) -> Iterator[Callable[[Outcome], int]]:
    """A function that prints what came of a download, and returns its exit code.

    On a terminal that shows progress as well, results are printed at the end, below it.
    """
    lines: list[Callable[[], None]] = []
    later = out.is_terminal and err.is_terminal

    def tell(outcome: Outcome) -> int:
        if outcome.job is None or outcome.exit_code:
            _print_failure(outcome, single=single)
            return outcome.exit_code
        job = outcome.job
        # By the dataset's own id: its ref names all of it, and this may be a part.
        receipt = client.call("GET", f"/api/datasets/{job.dataset_id}/receipt")
        path = destination.path(job, receipt)

        def show() -> None:
            print_note(receipt)
            if as_json:
                print_json(receipt, indent=2 if single else None)
                return
            note(receipt["line"])
            out.print(path)

        if later:
            lines.append(show)
        else:
            show()
        return ExitCode.OK

    try:
        yield tell
    finally:
        for show in lines:
            show()


def _print_failure(outcome: Outcome, *, single: bool) -> None:
    error = outcome.error
    if error is None:
        note("The job was cancelled." if single else f"{outcome.ref}: the job was cancelled.")
        return
    if not single and outcome.ref not in error.detail:
        error.detail = f"{outcome.ref}: {error.detail}"
    print_error(error)


def print_note(receipt: dict[str, Any]) -> None:
    """What a person should know of a download, such as what an archive held and is not here."""
    if receipt["note"]:
        warn(receipt["note"])


def _print_outset(ticket: dict[str, Any]) -> None:
    """What the download needs of the disk, before its first byte; or that nothing is to be fetched."""
    from dataferry.library.views import DiskSpace

    ref = ticket["ref"]
    if ticket["status"] == "succeeded":
        note(f"{ref} is here already, in {ticket['file_path']}: nothing is fetched.")
        note(f"To fetch it again: dataferry download {shlex.quote(ref)} --force")
        return
    disk_space = ticket["disk_space"] and DiskSpace.model_validate(ticket["disk_space"])
    if disk_space and disk_space.summary:
        note(f"{ref}: {disk_space.summary}")


def watch(client: Client, job_id: str, *, quiet: bool) -> JobView:
    """Follow a job to its end and tell how it gets on; returns its last view."""
    with progress_report(quiet=quiet) as show:
        for job in client.follow(job_id):
            show(job)
            last = job
    return last


def raise_if_unsuccessful(job: JobView) -> None:
    if job.state == "cancelled":
        note("The job was cancelled.")
        raise typer.Exit(ExitCode.CANCELLED)
    if job.state == "failed":
        problem = job.problem
        if problem is None:
            raise Conflict("The job failed.", next_step="Look at the server's log.")
        raise problem.restore()
