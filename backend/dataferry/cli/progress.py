"""How jobs get on, told on stderr while a command waits for them."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from dataferry.cli.output import err
from dataferry.core.job_types import JobView
from dataferry.core.settings import load_settings
from dataferry.core.sizes import readable_bytes, readable_duration
from dataferry.core.visible import on_one_line

Show = Callable[[JobView], None]


@contextlib.contextmanager
def progress_report(*, quiet: bool = False) -> Iterator[Show]:
    """A function that is told each view of each job, from any thread, while the body runs.

    On a terminal each job has a bar. Elsewhere each job that is under way has a line every
    ``DATAFERRY_REPORT_S`` seconds. ``--quiet`` leaves out both.
    """
    if quiet or err.quiet:
        yield lambda job: None
    elif err.is_terminal:
        with _bars() as show:
            yield show
    else:
        with _lines(load_settings().report_s) as show:
            yield show


@contextlib.contextmanager
def _bars() -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        ProgressColumn,
        Task,
        TaskID,
        TaskProgressColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.table import Column
    from rich.text import Text

    rows: dict[str, TaskID] = {}

    class State(ProgressColumn):
        """Drawn anew as time goes by: what waits counts down."""

        max_refresh = 0.5

        def render(self, task: Task) -> Text:
            words = brief_standing(task.fields["job"])
            return Text(words if len(rows) == 1 else f"{task.fields['job'].ref} {words}")

    def one_line() -> Column:
        """A job takes one line, however long its words are."""
        return Column(no_wrap=True, overflow="ellipsis")

    columns = (
        State(table_column=one_line()),
        BarColumn(),
        TaskProgressColumn(table_column=one_line()),
        DownloadColumn(table_column=one_line()),
        TransferSpeedColumn(table_column=one_line()),
        TimeRemainingColumn(table_column=one_line()),
    )
    # Lines between the bars, such as errors, are the terminal's to wrap.
    console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
    # What is written to stdout is a result: it stays there, whatever is drawn on stderr.
    with Progress(*columns, console=console, redirect_stdout=False) as bars:

        def show(job: JobView) -> None:
            if job.id not in rows:
                rows[job.id] = bars.add_task("", total=None, job=job)
            progress = job.progress
            bars.update(rows[job.id], job=job, completed=progress.bytes_done, total=progress.bytes_total)

        yield show


@contextlib.contextmanager
def _lines(every_s: float) -> Iterator[Show]:
    jobs: dict[str, JobView] = {}
    told: dict[str, str] = {}
    ended = threading.Event()

    def show(job: JobView) -> None:
        jobs[job.id] = job
        if job.state == "waiting" and job.problem and told.get(job.id) != job.problem.detail:
            told[job.id] = job.problem.detail
            err.print(f"{job.ref}: {standing(job)}")

    def report() -> None:
        while not ended.wait(every_s):
            for job in list(jobs.values()):
                if job.active:
                    err.print(f"{job.ref}: {standing(job)}")

    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield show
    finally:
        ended.set()
        thread.join()


def standing(job: JobView) -> str:
    """How far a job is or what it waits for: ``running, 34 %, 12 MB of 36 MB, 1.2 MB/s, 20 s left``."""
    progress = job.progress
    parts: list[str] = [job.state]
    how_far = amount(job)
    if job.state == "waiting" and job.problem is not None:
        parts = [f"waiting: {job.problem.detail.rstrip('.')}"]
    if job.waiting_until is not None and job.state == "waiting":
        seconds = (job.waiting_until - datetime.now(UTC)).total_seconds()
        parts.append(f"next try in {readable_duration(max(0, seconds))}")
    if job.active and how_far:
        parts.append(how_far)
    if job.state == "running" and progress.rate_bps is not None:
        parts.append(f"{readable_bytes(int(progress.rate_bps))}/s")
    if job.state == "running" and progress.eta_s is not None:
        parts.append(f"{readable_duration(progress.eta_s)} left")
    return ", ".join(parts)


def amount(job: JobView) -> str:
    """``34 %, 12 MB of 36 MB``, or what there is of it."""
    if job.progress.phase == "indexing":
        return f"{job.progress.rows_done or 0:,} rows read"
    if job.progress.phase == "measuring" and job.progress.files_total:
        return f"{job.progress.files_done:,} of {job.progress.files_total:,} images"
    done, total = job.progress.bytes_done, job.progress.bytes_total
    if total:
        return f"{int(100 * done / total)} %, {readable_bytes(done)} of {readable_bytes(total)}"
    return readable_bytes(done) if done else ""


def brief_standing(job: JobView) -> str:
    """The state, or what it waits for and how long yet: ``next try in 12 s: Kaggle cannot be reached``."""
    if job.state == "running" and job.progress.phase in ("indexing", "converting", "measuring"):
        return amount(job)
    if job.state != "waiting" or job.problem is None:
        return on_one_line(job.state)
    why = on_one_line(job.problem.detail[:60].rstrip("."))
    if job.waiting_until is None:
        return f"waiting: {why}"
    seconds = (job.waiting_until - datetime.now(UTC)).total_seconds()
    return f"next try in {readable_duration(max(0, seconds))}: {why}"
