"""``dataferry index``: both hubs' whole catalogues on this machine."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import typer

from dataferry.cli.client import connected
from dataferry.cli.download import how_to_go_on, raise_if_unsuccessful, watch
from dataferry.cli.output import (
    AsJson,
    AsUser,
    Column,
    Quiet,
    age,
    next_act,
    note,
    print_json,
    print_table,
    size,
    warn,
)
from dataferry.core.errors import NotFound
from dataferry.core.job_types import JobView
from dataferry.core.problems import ProblemView, ProblemWords

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The search index of both hubs: build, update, status, remove.",
)

_PATH = "/api/index"
_COLUMNS = (
    Column("SOURCE"),
    Column("DATASETS", right=True),
    Column("SIZE", right=True),
    Column("AS OF", minor=True),
    Column("LICENCE OR PROBLEM", gives="first", minor=True),
)


@app.command()
def build(as_json: AsJson = False, quiet: Quiet = False, user: AsUser = None) -> None:
    """Build it, and watch. Every public dataset of both hubs is then found here, without them."""
    _build(user, as_json=as_json, quiet=quiet)


@app.command()
def update(as_json: AsJson = False, quiet: Quiet = False, user: AsUser = None) -> None:
    """Bring it up to date. What the hubs have not changed is not fetched again."""
    _build(user, as_json=as_json, quiet=quiet, must_exist=True)


def _build(user: str | None, *, as_json: bool, quiet: bool, must_exist: bool = False) -> None:
    with connected(user) as client:
        before = client.call("GET", _PATH, params={"costs": True})
        if must_exist and before["state"] == "absent":
            raise NotFound("There is no search index to update.", next_step="Run `dataferry index build`.")
        for line in _told_before(before):
            note(line)
        job = JobView.model_validate(client.call("POST", _PATH))
        try:
            job = watch(client, job.id, quiet=quiet)
        except KeyboardInterrupt:
            warn(how_to_go_on(client, [job.id], what="update of the search index"))
            raise
        raise_if_unsuccessful(job)
        view = client.call("GET", _PATH)
    if job.progress.note:
        warn(job.progress.note)
    _print(view, as_json=as_json)


def _told_before(view: dict[str, Any]) -> Iterator[str]:
    """What it costs, and whose work it is."""
    for source, cost in zip(view["sources"], view["costs"], strict=True):
        if cost["problem"] is None:
            licence = f", licence {cost['license']}" if cost["license"] else ""
            yield f"{source['attribution']} {size(cost['download_bytes'])}{licence}, {source['url']}"


@app.command()
def status(as_json: AsJson = False, quiet: Quiet = False, user: AsUser = None) -> None:
    """What it has and how fresh it is. Where there is none: what it would cost."""
    with connected(user) as client:
        view = client.call("GET", _PATH)
        if view["state"] == "absent":
            view = client.call("GET", _PATH, params={"costs": True})
    _print(view, as_json=as_json)


@app.command()
def remove(as_json: AsJson = False, quiet: Quiet = False, user: AsUser = None) -> None:
    """Delete it. Searches go to the hubs again."""
    with connected(user) as client:
        view = client.call("DELETE", _PATH)
    if as_json:
        print_json(view)
    else:
        note("The search index is deleted: searches go to the hubs.")


def _print(view: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(view)
        return
    costs = view["costs"] or [None] * len(view["sources"])
    print_table(_COLUMNS, [_row(*pair) for pair in zip(view["sources"], costs, strict=True)])
    for line in _told(view):
        note(line)


def _row(source: dict[str, Any], cost: dict[str, Any] | None) -> tuple[str, ...]:
    fetched = size(cost["download_bytes"]) if cost and cost["download_bytes"] else ""
    problem = source["problem"] or (cost and cost["problem"])
    words = f"{problem['detail']} {next_act(ProblemWords.model_validate(problem))}".strip() if problem else ""
    return (
        source["label"],
        f"{source['datasets']:,}" if source["datasets"] is not None else "none",
        size(source["size_bytes"]) if source["size_bytes"] else f"{fetched} to fetch" if fetched else "",
        age(datetime.fromisoformat(source["snapshot_at"])) if source["snapshot_at"] else "",
        words or (cost and cost["license"]) or "",
    )


def _told(view: dict[str, Any]) -> Iterator[str]:
    job = view["job"]
    if view["state"] == "absent":
        yield "There is no search index: `dataferry index build` makes one, once, and searches need no hub."
    elif view["problem"]:
        yield f"{view['problem']} `dataferry index build` does."
    elif view["update_h"] and view["checked_at"]:
        yield f"A server updates it every {view['update_h']:g} hours (DATAFERRY_INDEX_UPDATE_H)."
    if job and job["state"] == "failed" and job["problem"]:
        problem = ProblemView.model_validate(job["problem"])
        yield f"The last update failed: {problem.detail} {next_act(problem)}".strip()
    elif job:
        yield f"Job {job['id']}: {job['state']}."
