"""``jobs``, and how fast they may be."""

from typing import Annotated, Any

import typer

from dataferry.cli.client import Client, connected
from dataferry.cli.output import AsJson, AsUser, age, next_act, out, parse_size, print_json, size
from dataferry.core.errors import InvalidInput
from dataferry.core.job_types import JobPriority, JobView
from dataferry.core.sizes import readable_bytes

app = typer.Typer(rich_markup_mode=None)

JobId = Annotated[str, typer.Argument(metavar="ID", help="One of your jobs.")]

#: What stands for no limit.
NO_LIMIT = "none"


@app.callback(invoke_without_command=True)
def jobs(
    context: typer.Context,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Print changes as they happen.")] = False,
    as_json: AsJson = False,
    user: AsUser = None,
) -> None:
    """List your jobs, or follow them; or act on one."""
    if context.invoked_subcommand is not None:
        return
    with connected(user) as client:
        listed = client.call("GET", "/api/jobs")
        if as_json and not follow:
            print_json(listed)
            return
        for job in reversed(listed):
            _print_job(JobView.model_validate(job), as_json=as_json)
        if follow:
            _follow(client, as_json=as_json)


def _follow(client: Client, *, as_json: bool) -> None:
    me = client.call("GET", "/api/auth/me")["id"]
    for job in client.follow_all(me):
        _print_job(job, as_json=as_json)


def _print_job(job: JobView, *, as_json: bool) -> None:
    if as_json:
        print_json(job.model_dump(mode="json"), indent=None)
        return
    progress = job.progress
    parts = [job.id, job.kind, job.ref, job.state]
    if job.active and progress.bytes_done:
        parts.append(f"{size(progress.bytes_done)} of {size(progress.bytes_total)}")
    if job.problem is not None:
        parts.append(f"{job.problem.detail} {next_act(job.problem)}".strip())
    parts.append(age(job.finished_at or job.created_at))
    out.print("  ".join(parts))


@app.command()
def pause(job_id: JobId, user: AsUser = None) -> None:
    """Let a job rest. What has come stays, and a restart leaves it at rest."""
    _act(job_id, "pause", user)


@app.command()
def resume(job_id: JobId, user: AsUser = None) -> None:
    """Go on with a paused job."""
    _act(job_id, "resume", user)


@app.command()
def cancel(job_id: JobId, user: AsUser = None) -> None:
    """Leave a job. It stops when nobody else asked for it."""
    _act(job_id, "cancel", user)


@app.command()
def retry(job_id: JobId, user: AsUser = None) -> None:
    """Start a failed or cancelled job again, or a waiting one at once."""
    _act(job_id, "retry", user)


def _act(job_id: str, action: str, user: str | None) -> None:
    with connected(user) as client:
        job = client.call("POST", f"/api/jobs/{job_id}/{action}")
    _print_job(JobView.model_validate(job), as_json=False)


@app.command()
def priority(
    job_id: JobId,
    priority: Annotated[JobPriority, typer.Argument(help="high, normal or low.")],
    user: AsUser = None,
) -> None:
    """Say which job in the queue starts first, and its share of the line beside your others."""
    with connected(user) as client:
        job = client.call("POST", f"/api/jobs/{job_id}/priority", json={"priority": priority})
    _print_job(JobView.model_validate(job), as_json=False)


@app.command()
def limit(
    job_id: JobId,
    speed: Annotated[str | None, typer.Argument(help="2MB, or none; without it the limit is shown.")] = None,
    user: AsUser = None,
) -> None:
    """Limit the speed of one job, from now on until it ends."""
    path = f"/api/jobs/{job_id}/limit"
    with connected(user) as client:
        if speed is None:
            answer = client.call("GET", path)
        else:
            answer = client.call("POST", path, json={"bytes_per_s": _speed(speed)})
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
