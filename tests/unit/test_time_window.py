"""A part of the day, as people write it."""

from datetime import time

import pytest

from dataferry.core.time_window import format_time_window, parse_time_window


@pytest.mark.parametrize(
    ("text", "window", "again"),
    [
        ("22:00-06:00", (time(22), time(6)), "22:00-06:00"),
        ("1:30 – 5:05", (time(1, 30), time(5, 5)), "01:30-05:05"),
        (" 00:00-23:59 ", (time(0), time(23, 59)), "00:00-23:59"),
    ],
)
def test_what_was_read_is_written_the_same(text: str, window: tuple[time, time], again: str) -> None:
    assert parse_time_window(text) == window
    assert format_time_window(window) == again
    assert parse_time_window(again) == window


@pytest.mark.parametrize("text", ["", "22-6", "22:00", "24:00-06:00", "22:60-06:00", "22:00-06:00-07:00"])
def test_what_is_no_part_of_a_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="22:00-06:00"):
        parse_time_window(text)


def test_a_night_of_no_length_is_refused() -> None:
    with pytest.raises(ValueError, match="different"):
        parse_time_window("06:00-06:00")
