"""``fetch`` against servers that drop, stall, lie and expire."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dataferry.core.errors import (
    Cancelled,
    ChecksumMismatch,
    ContentChanged,
    CredentialRejected,
    DataferryError,
    Forbidden,
    GatedDataset,
    NetworkFault,
    NotFound,
    PrivateAddress,
    SourceRateLimited,
    TransferError,
)
from dataferry.core.types import DatasetRef, HashName, Http, Manifest, Progress
from dataferry.transfer import FetchResult, Limits, fetch
from dataferry.transfer.scheduler import MAX_ATTEMPTS
from tests.fakes.files import FileServer

BODY = os.urandom(200_000)
QUICK = Limits(connections=2, connect_timeout_s=2, stall_timeout_s=0.3)


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer({"a.bin": BODY, "b.bin": BODY[::-1], "c.bin": b"c"}) as server:
        yield server


def run(manifest: Manifest, target: Path, **options: Any) -> FetchResult:
    return fetch(manifest, target, lambda _: None, threading.Event(), limits=QUICK, **options)


def fails(manifest: Manifest, target: Path) -> DataferryError:
    """The error of a fetch that must fail, and leave nothing that looks whole."""
    with pytest.raises(DataferryError) as caught:
        run(manifest, target)
    assert not target.exists()
    return caught.value


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# -- the line ------------------------------------------------------------------------------------


@pytest.mark.parametrize("promised", ["sha256", None])
@pytest.mark.parametrize("sized", [True, False])
def test_a_dropped_line_fails_and_the_next_run_fetches_only_that_file(
    server: FileServer, tmp_path: Path, sized: bool, promised: Any
) -> None:
    server.fault("a.bin", "drop", after=70_000)
    manifest = server.manifest(sized=sized, promised=promised)
    error = fails(manifest, tmp_path / "set")
    assert isinstance(error, NetworkFault)
    assert error.transient
    server.heal("a.bin")
    run(manifest, tmp_path / "set")
    assert tree(tmp_path / "set") == server.files
    assert (server.asked("a.bin"), server.asked("b.bin"), server.asked("c.bin")) == (MAX_ATTEMPTS + 1, 1, 1)


@pytest.mark.parametrize("after", [0, 70_000])
def test_a_stalled_connection_ends(server: FileServer, tmp_path: Path, after: int) -> None:
    server.fault("a.bin", "stall", after=after)
    started = time.monotonic()
    error = fails(server.manifest(), tmp_path / "set")
    assert isinstance(error, NetworkFault)
    assert "sent nothing for 0.3 s" in error.detail
    assert time.monotonic() - started < 3


def test_a_slow_first_byte_is_waited_for(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "slow_first_byte", seconds=0.15)
    run(server.manifest(), tmp_path / "set")
    assert tree(tmp_path / "set") == server.files


def test_nobody_listens(tmp_path: Path) -> None:
    with FileServer({"a.bin": BODY}) as gone:
        manifest = gone.manifest()
    assert isinstance(fails(manifest, tmp_path / "set"), NetworkFault)


def test_a_kept_connection_that_the_server_closed_is_no_fault(server: FileServer, tmp_path: Path) -> None:
    server.files = {f"{n}.bin": bytes([n]) for n in range(8)}
    server.fault("5.bin", "hang_up", times=1)
    run(server.manifest(), tmp_path / "set")
    assert tree(tmp_path / "set") == server.files


def test_a_server_that_only_hangs_up(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "hang_up")
    assert isinstance(fails(server.manifest(), tmp_path / "set"), NetworkFault)
    assert server.asked("a.bin") <= 2 * MAX_ATTEMPTS, "a kept connection may have been closed: one more each"


# -- lies ----------------------------------------------------------------------------------------


def test_wrong_bytes_of_the_right_size_are_fetched_once_more(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "wrong_bytes", times=1)
    server.fault("a.bin", "slow_first_byte", seconds=0.8)
    reports: list[Progress] = []
    fetch(
        server.manifest(),
        tmp_path / "set",
        reports.append,
        threading.Event(),
        limits=replace(QUICK, stall_timeout_s=5),
    )
    assert tree(tmp_path / "set") == server.files
    assert server.asked("a.bin") == 2
    again = [request for request in server.requests if request.path == "a.bin"][1]
    assert again.headers["Cache-Control"] == "no-cache", "a cache on the way may hold the wrong ones"
    assert len(BODY) + 1 in {p.bytes_done for p in reports}, "the wrong bytes are no progress"
    assert reports[-1].bytes_done == reports[-1].bytes_total == 2 * len(BODY) + 1


@pytest.mark.parametrize("promised", ["sha256", "md5", "git-sha1", "crc32"])
def test_wrong_bytes_are_never_a_success(server: FileServer, tmp_path: Path, promised: Any) -> None:
    server.fault("a.bin", "wrong_bytes")
    error = fails(server.manifest(promised=promised), tmp_path / "set")
    assert isinstance(error, ChecksumMismatch)
    assert "a.bin" in error.detail
    assert server.asked("a.bin") == 2
    assert tree(tmp_path / ".incomplete" / "set" / "tree").keys() == {"b.bin", "c.bin"}


@pytest.mark.parametrize(
    ("fault", "how", "sized", "expected"),
    [
        ("short_body", {"after": 1000}, True, ContentChanged),
        ("short_body", {"after": 1000}, False, ChecksumMismatch),
        ("short_chunked", {"after": 1000}, True, NetworkFault),
        ("short_chunked", {"after": 1000}, False, ChecksumMismatch),
        ("too_long", {}, True, ContentChanged),
        ("too_long", {}, False, ChecksumMismatch),
    ],
)
def test_bodies_of_the_wrong_size(
    server: FileServer, tmp_path: Path, fault: Any, how: dict[str, int], sized: bool, expected: type
) -> None:
    server.fault("a.bin", fault, **how)
    error = fails(server.manifest("a.bin", sized=sized), tmp_path / "set")
    assert type(error) is expected
    assert error.transient


@pytest.mark.parametrize("sized", [True, False])
@pytest.mark.parametrize("promised", ["sha256", None])
def test_what_is_packed_on_the_way_is_unpacked(
    server: FileServer, tmp_path: Path, sized: bool, promised: HashName | None
) -> None:
    server.fault("*", "gzip")
    run(server.manifest(sized=sized, promised=promised), tmp_path / "set")
    assert tree(tmp_path / "set") == server.files


def test_a_packed_file_may_be_called_so(server: FileServer, tmp_path: Path) -> None:
    server.files = {"table.csv.gz": BODY}
    server.headers["table.csv.gz"] = {"Content-Encoding": "x-gzip"}
    run(server.manifest(), tmp_path / "set")
    assert tree(tmp_path / "set") == server.files


# -- answers that are not the file ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"Retry-After": "7"}, 7),
        (429, {"RateLimit": '"resolvers";r=0;t=87'}, 87),
        (503, {"Retry-After": "3"}, 3),
        (429, {}, None),
    ],
)
def test_a_rate_limit_says_how_long(
    server: FileServer, tmp_path: Path, status: int, headers: dict[str, str], wait: float | None
) -> None:
    server.fault("a.bin", "status", status=status, headers=headers)
    error = fails(server.manifest("a.bin"), tmp_path / "set")
    assert isinstance(error, SourceRateLimited)
    assert error.retry_after == wait
    assert error.transient


def test_at_a_rate_limit_no_other_file_is_begun(server: FileServer, tmp_path: Path) -> None:
    server.files = {f"{n:02}.bin": b"x" for n in range(40)}
    server.fault("05.bin", "status", status=429, headers={"Retry-After": "30"})
    assert isinstance(fails(server.manifest(), tmp_path / "set"), SourceRateLimited)
    assert len(server.requests) < 12


def test_a_limit_is_told_before_a_passing_fault(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "status", status=429, headers={"Retry-After": "9"})
    server.fault("b.bin", "stall")
    error = fails(server.manifest("a.bin", "b.bin"), tmp_path / "set")
    assert error.retry_after == 9


@pytest.mark.parametrize(
    ("source", "status", "token", "expected"),
    [
        ("huggingface", 401, True, CredentialRejected),
        ("huggingface", 403, True, GatedDataset),
        ("huggingface", 401, False, GatedDataset),
        ("kaggle", 403, False, GatedDataset),
        ("url", 403, False, Forbidden),
        ("url", 401, True, Forbidden),
        ("url", 404, False, NotFound),
        ("url", 410, False, NotFound),
        ("url", 418, False, TransferError),
    ],
)
def test_refusals_are_for_good(
    server: FileServer, tmp_path: Path, source: Any, status: int, token: bool, expected: type
) -> None:
    server.fault("a.bin", "status", status=status)
    headers = {"Authorization": "Bearer hf_secret"} if token else {}
    manifest = server.manifest("a.bin")
    entry = replace(manifest.files[0], origin=Http(server.url("a.bin", "sig=secret"), headers))
    error = fails(Manifest(DatasetRef(source, "o/n"), "1", (entry,)), tmp_path / "set")
    assert type(error) is expected
    assert not error.transient
    assert "secret" not in f"{error.detail} {error.next_step} {error.__cause__}"
    assert server.asked("a.bin") == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_server_errors_pass(server: FileServer, tmp_path: Path, status: int) -> None:
    server.fault("a.bin", "status", status=status)
    error = fails(server.manifest("a.bin"), tmp_path / "set")
    assert type(error) is NetworkFault
    assert str(status) in error.detail


def test_a_flaky_server_costs_only_the_files_it_failed(server: FileServer, tmp_path: Path) -> None:
    server.files = {f"{n:02}.bin": bytes([n]) * 100 for n in range(40)}
    for n in range(3, 40, 7):
        server.fault(f"{n:02}.bin", "status", status=500, times=1)
    run(server.manifest(), tmp_path / "set")
    assert tree(tmp_path / "set") == server.files
    assert len(server.requests) == 40 + 6


def test_a_dead_server_is_not_asked_for_every_file(server: FileServer, tmp_path: Path) -> None:
    server.files = {f"{n:02}.bin": b"x" for n in range(40)}
    server.fault("*", "status", status=500)
    fails(server.manifest(), tmp_path / "set")
    assert len(server.requests) <= 6


def test_a_refusal_for_good_stops_what_is_under_way(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "stall", after=10)
    server.fault("b.bin", "slow_first_byte", seconds=0.1)
    del server.files["b.bin"]
    manifest = replace(
        server.manifest("a.bin"),
        files=(
            *server.manifest("a.bin").files,
            replace(server.manifest("c.bin").files[0], path="b.bin", origin=Http(server.url("b.bin"))),
        ),
    )
    started = time.monotonic()
    with pytest.raises(NotFound):
        fetch(manifest, tmp_path / "set", lambda _: None, threading.Event(), limits=Limits(connections=2))
    assert time.monotonic() - started < 2


# -- links that expire, lead away, or lead inside --------------------------------------------------


def test_an_expired_link_is_renewed(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "expired")
    server.leases["a.bin"] = "2"
    renewals: list[int] = []

    def refresh() -> Http:
        renewals.append(1)
        return Http(server.url("a.bin", "lease=2"), refresh=refresh)

    manifest = server.manifest("a.bin")
    entry = replace(manifest.files[0], origin=Http(server.url("a.bin", "lease=1"), refresh=refresh))
    run(replace(manifest, files=(entry,)), tmp_path / "set")
    assert tree(tmp_path / "set") == {"a.bin": BODY}
    assert len(renewals) == 1


def test_a_link_that_cannot_be_renewed_is_a_refusal(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "expired")
    server.leases["a.bin"] = "never"
    renewals: list[int] = []

    def refresh() -> Http:
        renewals.append(1)
        return Http(server.url("a.bin", f"lease={len(renewals)}"), refresh=refresh)

    manifest = server.manifest("a.bin")
    entry = replace(manifest.files[0], origin=refresh())
    assert isinstance(fails(replace(manifest, files=(entry,)), tmp_path / "set"), Forbidden)
    assert len(renewals) == 2


def test_a_redirect_to_another_host_gets_no_token(server: FileServer, tmp_path: Path) -> None:
    with FileServer({"blob": BODY}, host="127.0.0.2") as store:
        server.fault("a.bin", "redirect", to=store.url("blob", "sig=1"))
        manifest = server.manifest("a.bin")
        origin = Http(server.url("a.bin"), {"Authorization": "Bearer secret"})
        run(replace(manifest, files=(replace(manifest.files[0], origin=origin),)), tmp_path / "set")
        assert server.requests[0].headers["Authorization"] == "Bearer secret"
        assert "Authorization" not in store.requests[0].headers
    assert tree(tmp_path / "set") == {"a.bin": BODY}


def test_a_link_to_a_private_address(server: FileServer, tmp_path: Path) -> None:
    manifest = server.manifest("a.bin")
    entry = replace(manifest.files[0], origin=Http(server.url("a.bin"), public_only=True))
    error = fails(replace(manifest, files=(entry,)), tmp_path / "set")
    assert isinstance(error, PrivateAddress)
    assert error.status == 422
    assert server.connections == 0


# -- cancel ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0, 1000])
def test_cancel_does_not_wait_for_a_stalled_server(server: FileServer, tmp_path: Path, after: int) -> None:
    server.fault("a.bin", "stall", after=after)
    cancel = threading.Event()
    asked_at: list[float] = []

    def listen(progress: Progress) -> None:
        if not asked_at and progress.files_done == 2 and progress.bytes_done >= len(BODY) + 1 + after:
            asked_at.append(time.monotonic())
            cancel.set()

    with pytest.raises(Cancelled):
        fetch(server.manifest(), tmp_path / "set", listen, cancel)
    assert time.monotonic() - asked_at[0] < 1
    assert not (tmp_path / "set").exists()
    assert not [t for t in threading.enumerate() if t.name.startswith("transfer-")]
    server.heal("a.bin")
    run(server.manifest(), tmp_path / "set")
    assert tree(tmp_path / "set") == server.files
    assert (server.asked("b.bin"), server.asked("c.bin")) == (1, 1), "what was whole is kept"


def test_cancel_before_the_start(server: FileServer, tmp_path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        fetch(server.manifest(), tmp_path / "set", lambda _: None, cancel)
    assert server.requests == []


def test_a_listener_that_fails_ends_the_fetch(server: FileServer, tmp_path: Path) -> None:
    def listen(progress: Progress) -> None:
        raise RuntimeError("the listener is broken")

    with pytest.raises(RuntimeError, match="listener"):
        fetch(server.manifest(), tmp_path / "set", listen, threading.Event())
    run(server.manifest(), tmp_path / "set")
