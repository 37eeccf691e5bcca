"""A worker that stands still, and wakes when its download is another's: bytes, rows and disk agree.

``python -m tests.faults.overtaken`` repeats these and others.
"""

from collections.abc import Iterator

import pytest

from tests.faults.overtaken import World, frozen, overtaken, world
from tests.support.postgres import Postgres
from tests.support.redis import RedisServer


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, redis: RedisServer) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("overtaken"), postgres, redis) as made:
        yield made


def test_one_that_stands_still_costs_the_download_nothing(made: World) -> None:
    """apache/airflow#7925, celery/celery#5935: both run, and the one that comes late fails the other."""
    frozen(made, "frozen.bin")


def test_one_that_was_overtaken_brings_nothing_back(made: World) -> None:
    """oban-bg/oban#1141, aegra/aegra#547: a late finish overwrites what has been done since."""
    overtaken(made, "overtaken.bin")
