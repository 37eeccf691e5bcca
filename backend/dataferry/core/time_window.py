"""A part of the day, as people write it: ``22:00-06:00``."""

import re
from datetime import time

TimeWindow = tuple[time, time]
"""From (included) to (not included), local time; may cross midnight."""

_FORM = re.compile(r"\s*(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*")


def parse_time_window(text: str) -> TimeWindow:
    """The start and end of ``22:00-06:00``. Errors: ``ValueError`` with a message for people."""
    match = _FORM.fullmatch(text)
    try:
        hours = [int(part) for part in match.groups()] if match else []
        start, end = time(hours[0], hours[1]), time(hours[2], hours[3])
    except (ValueError, IndexError):
        raise ValueError("must be two times of day, as in 22:00-06:00") from None
    if start == end:
        raise ValueError("must begin and end at different times, as in 22:00-06:00")
    return start, end


def format_time_window(window: TimeWindow) -> str:
    """The inverse of ``parse_time_window``."""
    return f"{window[0]:%H:%M}-{window[1]:%H:%M}"


def is_within(at: time, window: TimeWindow) -> bool:
    """Whether a time of day is in the window."""
    start, end = window
    return start <= at < end if start < end else at >= start or at < end
