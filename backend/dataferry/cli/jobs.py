"""``jobs``, and how fast they may be."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from dataferry.cli.client import Client, connected
from dataferry.cli.completion import offer_jobs
from dataferry.cli.output import (
    AsJson,
    AsUser,
    Column,
    Quiet,
    age,
    next_act,
    note,
    out,
    parse_size,
    print_json,
    print_table,
    size,
)
from dataferry.cli.paging import Limit, Page, chosen_page, note_page
from dataferry.cli.progress import amount, standing
from dataferry.client.names import job_segment
from dataferry.core.errors import InvalidInput
from dataferry.core.job_types import JobPriority, JobView
from dataferry.core.sizes import readable_bytes

app = typer.Typer(rich_markup_mode=None)

JobId = Annotated[str, typer.Argument(metavar="ID", help="One of your jobs.", autocompletion=offer_jobs)]

_COLUMNS = (
    Column("ID"),
    Column("KIND", minor=True),
    Column("REF", gives="last"),
    Column("STATE"),
    Column("PROGRESS", gives="first", minor=True),
    Column("AGE", minor=True),
)
#: Rows in one answer of the API.
_PAGE_SIZE = 200
#: What stands for no limit.
NO_LIMIT = "none"


@app.callback(invoke_without_command=True)
def jobs(
    context: typer.Context,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Print changes as they happen.")] = False,
    limit: Limit = None,
    page: Page = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """List your jobs, or follow them; or act on one."""
    if context.invoked_subcommand is not None:
        return
    with connected(user) as client:
        _list(client, limit, page, as_json=as_json, follow=follow)
        if follow:
            _follow(client, as_json=as_json)


def _list(client: Client, limit: int | None, page: int | None, *, as_json: bool, follow: bool) -> None:
    chosen = chosen_page(limit, page, as_json=as_json)
    if chosen is None:
        listed = _all(client)
        more = False
    else:
        rows, number = chosen
        listed = _page(client, rows + 1, (number - 1) * rows)
        listed, more = listed[:rows], len(listed) > rows
    if as_json and not follow:
        print_json(listed)
    else:
        print_jobs([JobView.model_validate(job) for job in listed], as_json=as_json)
    if chosen is not None:
        note_page(len(listed), None, chosen[1], more=more)
    if not listed and not follow:
        note("You have no jobs: `dataferry download REF` begins one.")


def _page(client: Client, rows: int, offset: int) -> list[dict[str, Any]]:
    page: list[dict[str, Any]] = client.call("GET", "/api/jobs", params={"limit": rows, "offset": offset})
    return page


def _all(client: Client) -> list[dict[str, Any]]:
    """Every job, once: one that ends meanwhile may be on two pages."""
    found: dict[str, dict[str, Any]] = {}
    offset = 0
    while page := _page(client, _PAGE_SIZE, offset):
        found |= {job["id"]: job for job in page}
        offset += len(page)
        if len(page) < _PAGE_SIZE:
            break
    return list(found.values())


def _follow(client: Client, *, as_json: bool) -> None:
    """A line for each change; of progress, for each percent."""
    me = client.call("GET", "/api/auth/me")["id"]
    told: dict[str, tuple[str, str]] = {}
    for job in client.follow_all(me):
        if as_json:
            print_jobs([job], as_json=True)
            continue
        change = (job.state, amount(job))
        if told.get(job.id) != change:
            told[job.id] = change
            out.print("\t".join(_row(job)) if not out.is_terminal else "  ".join(_row(job)[:5]))


def print_jobs(jobs: Sequence[JobView], *, as_json: bool) -> None:
    """A table of jobs, or a line of JSON for each."""
    if as_json:
        for job in jobs:
            print_json(job.model_dump(mode="json"), indent=None)
        return
    print_table(_COLUMNS, [_row(job) for job in jobs])


def _row(job: JobView) -> tuple[str, ...]:
    progress = job.progress
    if job.problem is not None and job.state in ("failed", "waiting"):
        progress_words = f"{job.problem.detail} {next_act(job.problem)}".strip()
    elif job.active and job.state != "queued":
        progress_words = standing(job).removeprefix(f"{job.state}, ")
    else:
        progress_words = size(progress.bytes_done) if progress.bytes_done else ""
    return (job.id, job.kind, job.ref, job.state, progress_words, age(job.finished_at or job.created_at))


@app.command()
def show(job_id: JobId, as_json: AsJson = False, user: AsUser = None) -> None:
    """Everything about one job. Its progress, times, problem, and how its state changed."""
    segment = job_segment(job_id)
    with connected(user) as client:
        job = client.call("GET", f"/api/jobs/{segment}")
        changes = client.call("GET", f"/api/jobs/{segment}/events")
        limit = client.call("GET", f"/api/jobs/{segment}/limit")["bytes_per_s"]
    if as_json:
        print_json(job | {"speed_limit_bytes_per_s": limit, "changes": changes})
        return
    rows = _facts(JobView.model_validate(job), limit)
    rows += [(_time(change["at"]), change["state"]) for change in changes]
    print_table((Column("WHAT"), Column("VALUE")), rows)


def _facts(job: JobView, limit: int | None) -> list[tuple[str, str]]:
    """What is known of a job, line by line; what is not is left out."""
    progress, problem = job.progress, job.problem
    files = f"{progress.files_done:,}" + (f" of {progress.files_total:,}" if progress.files_total else "")
    facts = {
        "id": job.id,
        "kind": job.kind,
        "ref": job.ref,
        "title": job.title,
        "revision": job.revision,
        "state": standing(job),
        "phase": progress.phase if job.active else None,
        "files": files if progress.files_done or progress.files_total else None,
        "bytes": f"{size(progress.bytes_done)} of {size(progress.bytes_total)}",
        "note": progress.note,
        "problem": f"{problem.detail} {next_act(problem)}".strip() if problem else None,
        "priority": job.priority,
        "speed limit": _format_rate(limit),
        "attempt": str(job.attempt),
        "created": _time(job.created_at),
        "started": job.started_at and _time(job.started_at),
        "waits until": job.waiting_until and _time(job.waiting_until),
        "finished": job.finished_at and _time(job.finished_at),
        "path": job.file_path,
    }
    return [(what, value) for what, value in facts.items() if value]


def _time(at: datetime | str) -> str:
    """``2026-11-30 06:12:03``, local time."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


@app.command()
def pause(job_id: JobId, as_json: AsJson = False, user: AsUser = None) -> None:
    """Let a job rest. What has come stays, and a restart leaves it at rest."""
    _act(job_id, "pause", user, as_json=as_json)


@app.command()
def resume(job_id: JobId, as_json: AsJson = False, user: AsUser = None) -> None:
    """Go on with a paused job."""
    _act(job_id, "resume", user, as_json=as_json)


@app.command()
def cancel(job_id: JobId, as_json: AsJson = False, user: AsUser = None) -> None:
    """Leave a job. It stops when nobody else asked for it."""
    _act(job_id, "cancel", user, as_json=as_json)


@app.command()
def retry(job_id: JobId, as_json: AsJson = False, user: AsUser = None) -> None:
    """Start a failed or cancelled job again, or a waiting one at once."""
    _act(job_id, "retry", user, as_json=as_json)


def _act(
    job_id: str, action: str, user: str | None, *, as_json: bool, body: dict[str, Any] | None = None
) -> None:
    path = f"/api/jobs/{job_segment(job_id)}/{action}"
    with connected(user) as client:
        job = client.call("POST", path, json=body)
    print_jobs([JobView.model_validate(job)], as_json=as_json)


@app.command()
def priority(
    job_id: JobId,
    priority: Annotated[JobPriority, typer.Argument(help="high, normal or low.")],
    as_json: AsJson = False,
    user: AsUser = None,
) -> None:
    """Say which job in the queue starts first, and its share of the line beside your others."""
    _act(job_id, "priority", user, as_json=as_json, body={"priority": priority})


@app.command()
def limit(
    job_id: JobId,
    speed: Annotated[str | None, typer.Argument(help="2MB, or none; without it the limit is shown.")] = None,
    as_json: AsJson = False,
    user: AsUser = None,
) -> None:
    """Limit the speed of one job, from now on until it ends."""
    path = f"/api/jobs/{job_segment(job_id)}/limit"
    with connected(user) as client:
        if speed is None:
            answer = client.call("GET", path)
        else:
            answer = client.call("POST", path, json={"bytes_per_s": _speed(speed)})
    if as_json:
        print_json({"id": job_id, **answer})
    else:
        out.print(f"{job_id}: {_format_rate(answer['bytes_per_s'])}")


def limits(
    speed: Annotated[str | None, typer.Option(help="20MB, or none.")] = None,
    night: Annotated[str | None, typer.Option(help="Hours of another speed: 22:00-06:00, or none.")] = None,
    night_speed: Annotated[str | None, typer.Option(help="The speed in these hours, or none.")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Back to the settings of the server.")] = False,
    as_json: AsJson = False,
    user: AsUser = None,
) -> None:
    """Show or set how fast all downloads together may be. What is not named stays as it is."""
    path = "/api/transfer/limits"
    if reset and (speed, night, night_speed) != (None, None, None):
        raise InvalidInput("--reset leaves nothing to set.", next_step="Run it alone.")
    with connected(user) as client:
        answer = client.call("DELETE" if reset else "GET", path)
        body = _updated_limits(answer, speed, night, night_speed)
        if body is not None:
            answer = client.call("PUT", path, json=body)
    if as_json:
        print_json(answer)
        return
    out.print(f"All downloads together: {_format_rate(answer['bytes_per_s'])}")
    if answer["night"] is not None:
        out.print(f"{answer['night']}, the server's time: {_format_rate(answer['night_bytes_per_s'])}")


def _updated_limits(
    now: dict[str, Any], speed: str | None, night: str | None, night_speed: str | None
) -> dict[str, Any] | None:
    """All three limits with what was given; None where nothing was."""
    if (speed, night, night_speed) == (None, None, None):
        return None
    body = {name: now[name] for name in ("bytes_per_s", "night", "night_bytes_per_s")}
    if speed is not None:
        body["bytes_per_s"] = _speed(speed)
    if night is not None:
        body["night"] = None if night.lower() == NO_LIMIT else night
    if night_speed is not None:
        body["night_bytes_per_s"] = _speed(night_speed)
    elif body["night"] is None:
        body["night_bytes_per_s"] = None
    return body


def _speed(text: str) -> int | None:
    """``2MB``, ``2MB/s`` or ``none``. Errors: ``InvalidInput``."""
    if text.lower() == NO_LIMIT:
        return None
    count = parse_size(text.removesuffix("/s"))
    if not count or count < 0:
        raise InvalidInput(f"{text!r} is no speed.", next_step="Write it as 2MB, or none for no limit.")
    return count


def _format_rate(count: int | None) -> str:
    return "no limit" if count is None else f"{readable_bytes(count)}/s"
