"""How fast the last downloads were, on both databases."""

from dataferry.core.db import Database, now
from dataferry.core.types import Progress
from dataferry.jobs.models import Job
from dataferry.jobs.rates import measured_rate


def job(source: str, size: int, seconds: float, **fields: object) -> Job:
    columns = {
        "kind": "download",
        "dataset_id": "ds",
        "ref": f"{source}:a/b",
        "source": source,
        "title": "b",
        "single_flight_key": f"{source} {size} {seconds}",
        "state": "succeeded",
        "progress": Progress(bytes_done=size).model_dump(mode="json"),
        "used_s": seconds,
        "finished_at": now(),
    }
    return Job.model_validate(columns | fields)


def test_the_median_of_those_that_are_large_enough_to_tell(database: Database) -> None:
    jobs = [job("kaggle", size, s) for size, s in ((40_000_000, 2.0), (30_000_000, 3.0), (90_000_000, 1.5))]
    jobs.append(job("kaggle", 7_000, 2.0))
    jobs.append(job("kaggle", 900_000_000, 2.0, state="failed"))
    jobs.append(job("kaggle", 800_000_000, 2.0, kind="delete"))
    jobs.append(job("huggingface", 500_000, 2.0))
    database.call(lambda session: session.add_all(jobs))
    assert database.read(measured_rate, "kaggle") == 20_000_000
    assert database.read(measured_rate, "huggingface") is None
