"""What of the library is kept, and what goes: ``dataferry library pin`` and ``prune``."""

import re
from datetime import datetime
from typing import Annotated, Any

import typer

from dataferry.cli.client import Client, connected
from dataferry.cli.download import watch
from dataferry.cli.download_options import Name, Source
from dataferry.cli.output import (
    AsJson,
    AsUser,
    Column,
    Quiet,
    age,
    confirm,
    note,
    parse_size,
    print_json,
    print_table,
    size,
    told_problem,
    warn,
)
from dataferry.client.names import dataset_segment
from dataferry.core.errors import InvalidInput

_DAYS = {"h": 1 / 24, "d": 1, "w": 7, "y": 365}


def pin(
    name: Name,
    source: Source = None,
    off: Annotated[bool, typer.Option("--off", help="Keep it no longer.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Keep a dataset: neither `prune` nor the automatic clean-up takes it."""
    segment = dataset_segment(name, source)
    with connected(user) as client:
        client.call("DELETE" if off else "POST", f"/api/datasets/{segment}/pin", repeatable=True)
        dataset = client.call("GET", f"/api/datasets/{segment}")
    if as_json:
        print_json(dataset)
    if off and dataset["pinned"]:
        note(f"{dataset['ref']} is pinned by others still.")
    else:
        note(f"{dataset['ref']} is {'no longer pinned' if off else 'pinned: it is kept'}.")


def prune(
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="What nobody has used for so long: 30d, 12h, 2w, 1y.")
    ] = None,
    keep_bytes: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Only as much as leaves that: 100GB.")
    ] = None,
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and delete nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    user: AsUser = None,
) -> None:
    """Delete what is not used, least recently used first. What is pinned, or being read, stays.

    It goes for your own datasets; an admin's for everybody's. What goes is shown before it does.
    """
    if older_than is None and keep_bytes is None:
        raise InvalidInput(
            "What may go?",
            next_step="Say --older-than 30d, or --keep-bytes 100GB; --older-than 0d means all.",
        )
    limits = {"unused_days": parse_days(older_than), "keep_bytes": parse_size(keep_bytes)}
    wanted = {name: value for name, value in limits.items() if value is not None}
    with connected(user) as client:
        plan = client.call("GET", "/api/cleanup/plan", params=wanted)
        if not as_json:
            _print_plan(plan)
        answer = plan
        if plan["datasets"] and not is_dry_run:
            if not yes:
                count = len(plan["datasets"])
                confirm(f"Delete {'it' if count == 1 else f'these {count:,}'}?")
            body = wanted | {"only": [one["id"] for one in plan["datasets"]]}
            answer = client.call("POST", "/api/cleanup/prune", json=body)
            _follow(client, answer)
    if as_json:
        print_json(answer)


def parse_days(text: str | None) -> float | None:
    """``30d`` → 30. Errors: ``InvalidInput``."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)([hdwy])", text.strip().lower())
    if match is None:
        raise InvalidInput(f"{text!r} is no age.", next_step="Write it as 30d, 12h, 2w or 1y.")
    return float(match[1]) * _DAYS[match[2]]


def _print_plan(plan: dict[str, Any]) -> None:
    print_table(
        (
            Column("REF"),
            Column("LAST USED"),
            Column("SIZE", right=True, minor=True),
            Column("FREES", right=True),
        ),
        [
            (one["ref"], _last_used(one), size(one["size_bytes"]), size(one["freed_bytes"]))
            for one in plan["datasets"]
        ],
    )
    words = {
        "pinned_count": "pinned",
        "busy_count": "in use",
        "irreplaceable_count": "with versions or added here",
    }
    kept = [f"{plan[name]:,} {word}" if plan.get(name) else "" for name, word in words.items()]
    stays = f" What stays: {', '.join(filter(None, kept))}." if any(kept) else ""
    count = len(plan["datasets"])
    if not count:
        note(f"Nothing can go.{stays}")
        return
    note(
        f"{count:,} dataset{'s' if count > 1 else ''} would go, which frees {size(plan['freed_bytes'])}."
        f" Files that others have too free nothing.{stays}"
    )
    if not plan["enough"]:
        note("That does not suffice, and nothing else can go.")


def _follow(client: Client, pruned: dict[str, Any]) -> None:
    """Wait for every deletion."""
    gone = freed = 0
    for one, result in zip(pruned["datasets"], pruned["results"], strict=True):
        job = watch(client, result["job_id"], quiet=True) if result["job_id"] else None
        problem = job.problem.model_dump() if job and job.problem else result["problem"]
        if job is None or job.state != "succeeded":
            warn(f"{one['ref']} stays. {told_problem(problem) if problem else ''}")
        elif job.progress.note:
            warn(f"{one['ref']}: {job.progress.note}")
        else:
            gone, freed = gone + 1, freed + one["freed_bytes"]
    note(f"{gone:,} deleted; {size(freed)} freed.")
    if pruned["more"]:
        note("There are more: run it again.")


def _last_used(one: dict[str, Any]) -> str:
    return age(datetime.fromisoformat(one["last_used_at"])) if one["last_used_at"] else "never"
