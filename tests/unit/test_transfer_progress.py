"""Progress: true bytes, honest totals."""

from dataferry.core.types import Progress
from dataferry.transfer.files.progress import Meter


def meter(*sizes: int | None, there: int = 0, files_there: int = 0) -> tuple[Meter, list[Progress]]:
    told: list[Progress] = []
    return Meter(told.append, sizes=sizes, there=there, files_there=files_there), told


def test_begins_with_what_is_there() -> None:
    subject, told = meter(100, 50, there=30, files_there=2)
    subject.tell()
    assert told[-1] == Progress(phase="fetching", bytes_done=30, bytes_total=180, files_done=2, files_total=4)


def test_total_is_unknown_until_every_size_is_known() -> None:
    subject, told = meter(100, None)
    subject.add(60)
    subject.tell()
    assert (told[-1].bytes_done, told[-1].bytes_total, told[-1].eta_s) == (60, None, None)
    subject.learn(40)
    subject.tell()
    assert told[-1].bytes_total == 140
    subject.unlearn(40)
    subject.tell()
    assert told[-1].bytes_total is None


def test_bytes_never_exceed_the_total() -> None:
    subject, told = meter(10)
    subject.add(11)
    subject.tell()
    assert told[-1].bytes_done == 10


def test_useless_bytes_are_taken_back() -> None:
    subject, told = meter(10)
    subject.add(8)
    subject.add(-8)
    subject.tell()
    assert told[-1].bytes_done == 0


def test_at_most_ten_reports_a_second() -> None:
    told: list[Progress] = []
    now = iter(n / 1000 for n in range(100_000))
    subject = Meter(told.append, sizes=[10], clock=lambda: next(now))
    for _ in range(1000):
        subject.tick()
    assert 5 <= len(told) <= 30


def test_rate_and_time_left() -> None:
    told: list[Progress] = []
    now = 0.0
    subject = Meter(told.append, sizes=[100_000], there=50_000, clock=lambda: now)
    subject.tell()
    assert (told[-1].rate_bps, told[-1].eta_s) == (None, None)
    for _ in range(100):
        now += 0.1
        subject.add(100)
        subject.tell()
    assert told[-1].rate_bps is not None
    assert abs(told[-1].rate_bps - 1000) < 1, "what was there before is not speed"
    assert told[-1].eta_s is not None
    assert abs(told[-1].eta_s - 90) < 1
    for _ in range(100):  # the line has gone silent
        now += 0.1
        subject.tell()
    assert told[-1].rate_bps < 50
    subject.add(-10_000)
    now += 0.1
    subject.tell()
    assert told[-1].rate_bps >= 0
    for _ in range(1000):
        now += 0.1
        subject.tell()
    assert told[-1].eta_s is None, "no guess from a rate of nothing"


def test_while_unpacking_files_count_anew() -> None:
    subject, told = meter(10)
    subject.add(10)
    subject.landed()
    subject.enter("unpacking")
    assert (told[-1].files_done, told[-1].files_total) == (0, None)
    subject.expect_files(3)
    subject.landed()
    subject.tell()
    assert (told[-1].files_done, told[-1].files_total, told[-1].bytes_done) == (1, 3, 10)
    assert told[-1].rate_bps is None
