"""How sizes and the states of jobs are written, to people and to models."""

from dataferry.core.job_types import JobView
from dataferry.core.sizes import readable_bytes, readable_duration


def format_size(size_bytes: int | None) -> str:
    """``24 kB``, ``1.5 GB``; decimal units, as the page writes them."""
    return "size not known" if size_bytes is None else readable_bytes(size_bytes)


def format_job_state(job: JobView) -> str:
    """``running, 42 % of 1.5 GB, about 80 s left``; no percentage once the bytes are being verified."""
    progress = job.progress
    words: list[str] = [job.state]
    if job.state in ("running", "waiting", "paused"):
        if progress.bytes_total:
            percent = min(99, 100 * progress.bytes_done // progress.bytes_total)
            words.append(f"{percent} % of {format_size(progress.bytes_total)}")
        elif progress.bytes_done:
            words.append(f"{format_size(progress.bytes_done)} so far")
    if job.state == "running" and progress.eta_s is not None:
        words.append(f"about {readable_duration(progress.eta_s)} left")
    return ", ".join(words)
