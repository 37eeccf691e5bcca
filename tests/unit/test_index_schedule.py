"""When an index that is there is updated by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from dataferry.core.job_types import JobState, JobView
from dataferry.core.time_window import is_within, parse_time_window
from dataferry.library.search_index.schedule import is_due

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


def job(state: JobState, ended: timedelta | None) -> JobView:
    return JobView(
        id="job_1",
        kind="index",
        state=state,
        ref="huggingface:cfahlgren1/hub-stats",
        key="huggingface:cfahlgren1~hub-stats",
        source="huggingface",
        title="Search index",
        dataset_id="search-index",
        created_at=NOW - WEEK,
        finished_at=None if ended is None else NOW - ended,
    )


@pytest.mark.parametrize(
    ("age_days", "last", "usable", "due"),
    [
        (6.9, job("succeeded", timedelta(days=6.9)), True, False),
        (7.1, job("succeeded", timedelta(days=7.1)), True, True),
        # One at a time: what runs, or rests as somebody wishes, is not started again.
        (30, job("running", None), True, False),
        (30, job("paused", None), True, False),
        # A hub that is down, or a full disk, is not tried every ten minutes.
        (30, job("failed", timedelta(hours=23)), True, False),
        (30, job("cancelled", timedelta(hours=23)), True, False),
        (30, job("failed", timedelta(hours=25)), True, True),
        # Another version has built it.
        (1, job("succeeded", timedelta(days=1.1)), False, True),
        # It was built again just now, and cannot be read again.
        (0, job("succeeded", timedelta(minutes=10)), False, False),
        (8, None, True, True),
    ],
)
def test_when_it_is_due(age_days: float, last: JobView | None, usable: bool, due: bool) -> None:
    assert is_due(NOW, WEEK, NOW - timedelta(days=age_days), last, usable=usable) is due


def test_the_hours_of_the_night() -> None:
    night, lunch = parse_time_window("22:00-06:00"), parse_time_window("12:00-13:00")
    hours = [datetime(2026, 5, 4, hour).time() for hour in (5, 6, 12, 13, 22, 23)]
    assert [is_within(hour, night) for hour in hours] == [True, False, False, False, True, True]
    assert [is_within(hour, lunch) for hour in hours] == [False, False, True, False, False, False]
