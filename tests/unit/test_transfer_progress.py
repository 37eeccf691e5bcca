"""Progress: true bytes, honest totals."""

from dataferry.core.types import Progress
from dataferry.transfer.files.progress import ProgressMeter


def meter(
    *sizes: int | None, present_bytes: int = 0, present_files: int = 0
) -> tuple[ProgressMeter, list[Progress]]:
    reports: list[Progress] = []
    return ProgressMeter(
        reports.append, sizes=sizes, present_bytes=present_bytes, present_files=present_files
    ), reports


def test_begins_with_what_is_there() -> None:
    subject, reports = meter(100, 50, present_bytes=30, present_files=2)
    subject.report()
    assert reports[-1] == Progress(
        phase="fetching", bytes_done=30, bytes_total=180, files_done=2, files_total=4
    )


def test_total_is_unknown_until_every_size_is_known() -> None:
    subject, reports = meter(100, None)
    subject.add(60)
    subject.report()
    assert (reports[-1].bytes_done, reports[-1].bytes_total, reports[-1].eta_s) == (60, None, None)
    subject.add_total(40)
    subject.report()
    assert reports[-1].bytes_total == 140
    subject.remove_total(40)
    subject.report()
    assert reports[-1].bytes_total is None


def test_bytes_never_exceed_the_total() -> None:
    subject, reports = meter(10)
    subject.add(11)
    subject.report()
    assert reports[-1].bytes_done == 10


def test_useless_bytes_are_taken_back() -> None:
    subject, reports = meter(10)
    subject.add(8)
    subject.add(-8)
    subject.report()
    assert reports[-1].bytes_done == 0


def test_at_most_ten_reports_a_second() -> None:
    reports: list[Progress] = []
    now = iter(n / 1000 for n in range(100_000))
    subject = ProgressMeter(reports.append, sizes=[10], clock=lambda: next(now))
    for _ in range(1000):
        subject.report_if_due()
    assert 5 <= len(reports) <= 30


def test_rate_and_time_left() -> None:
    reports: list[Progress] = []
    now = 0.0
    subject = ProgressMeter(reports.append, sizes=[100_000], present_bytes=50_000, clock=lambda: now)
    subject.report()
    assert (reports[-1].rate_bps, reports[-1].eta_s) == (None, None)
    for _ in range(100):
        now += 0.1
        subject.add(100)
        subject.report()
    assert reports[-1].rate_bps is not None
    assert abs(reports[-1].rate_bps - 1000) < 1, "what was there before is not speed"
    assert reports[-1].eta_s is not None
    assert abs(reports[-1].eta_s - 90) < 1
    for _ in range(100):  # the line has gone silent
        now += 0.1
        subject.report()
    assert reports[-1].rate_bps < 50
    subject.add(-10_000)
    now += 0.1
    subject.report()
    assert reports[-1].rate_bps >= 0
    for _ in range(1000):
        now += 0.1
        subject.report()
    assert reports[-1].eta_s is None, "no guess from a rate of nothing"


def test_while_unpacking_files_count_anew() -> None:
    subject, reports = meter(10)
    subject.add(10)
    subject.file_completed()
    subject.enter_phase("unpacking")
    assert (reports[-1].files_done, reports[-1].files_total) == (0, None)
    subject.expect_files(3)
    subject.file_completed()
    subject.report()
    assert (reports[-1].files_done, reports[-1].files_total, reports[-1].bytes_done) == (1, 3, 10)
    assert reports[-1].rate_bps is None
