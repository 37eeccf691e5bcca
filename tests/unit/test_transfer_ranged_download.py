"""Large files: several connections, byte-wise resume, and servers that change their mind."""

import os
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dataferry.core.errors import Cancelled, ChecksumMismatch, ContentChanged, DataferryError, NetworkFault
from dataferry.core.types import Checksum, Http, Manifest, Progress
from dataferry.transfer import FetchResult, Limits, fetch
from tests.fakes.files import FileServer

PIECE = 64 * 1024
LIMITS = Limits(connections=4, stall_timeout_s=2, piece_bytes=PIECE, span_bytes=4 * PIECE)
BODY = os.urandom(40 * PIECE + 123)
OTHER = os.urandom(len(BODY))


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer({"a.bin": BODY}) as server:
        yield server


def run(
    manifest: Manifest, target: Path, reports: list[Progress] | None = None, **limits: Any
) -> FetchResult:
    report = [] if reports is None else reports
    return fetch(manifest, target, report.append, threading.Event(), limits=replace(LIMITS, **limits))


def arrived(target: Path) -> bytes:
    return (target / "a.bin").read_bytes()


def asked_ranges(server: FileServer) -> list[tuple[int, int]]:
    """First and last byte of every request, in order."""
    ranges = []
    for request in server.requests:
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
        ranges.append((int(match[1]), int(match[2])) if match else (0, len(BODY) - 1))
    return ranges


def stopped_halfway(server: FileServer, target: Path, manifest: Manifest | None = None) -> int:
    """A fetch that was cancelled when its server had stalled; the bytes that were on disk."""
    cancel = threading.Event()
    done = 0

    def report(progress: Progress) -> None:
        nonlocal done
        done = progress.bytes_done
        if done >= 6 * PIECE:
            cancel.set()

    server.fault("a.bin", "stall", after=1000, skip=6)
    with pytest.raises(Cancelled):
        fetch(
            manifest or server.manifest(), target, report, cancel, limits=replace(LIMITS, stall_timeout_s=60)
        )
    server.heal("a.bin")
    server.requests.clear()
    return done


# -- several connections ---------------------------------------------------------------------------


def test_spans_come_over_several_kept_connections(server: FileServer, tmp_path: Path) -> None:
    server.bytes_per_s = 3_000_000
    result = run(server.manifest(), tmp_path / "set")
    assert arrived(tmp_path / "set") == BODY
    assert result.files[0].grade == "publisher"
    assert 2 <= server.most_at_once["a.bin"] <= 4
    assert server.connections <= 5
    covered = sorted(asked_ranges(server))
    assert covered[0][0] == 0
    assert all(after[0] == before[1] + 1 for before, after in pairwise(covered))
    assert covered[-1][1] == len(BODY) - 1


def test_the_first_answer_is_waited_for(server: FileServer, tmp_path: Path) -> None:
    """Whether there are ranges, and of which version, is asked once."""
    server.fault("a.bin", "slow_first_byte", seconds=0.2, times=1)
    run(server.manifest(), tmp_path / "set")
    assert "If-Match" not in server.requests[0].headers
    assert all("If-Match" in request.headers for request in server.requests[1:])


def test_an_unknown_size_is_learnt(server: FileServer, tmp_path: Path) -> None:
    reports: list[Progress] = []
    run(server.manifest(sized=False), tmp_path / "set", reports)
    assert arrived(tmp_path / "set") == BODY
    assert reports[-1].bytes_total == reports[-1].bytes_done == len(BODY)
    assert len(server.requests) > 2


def test_a_slow_connection_is_helped(tmp_path: Path) -> None:
    with FileServer({"a.bin": bytes(8 * 2**20)}) as server:
        server.fault("a.bin", "slow", bytes_per_s=100_000, times=1, skip=1)
        limits = replace(LIMITS, piece_bytes=4 * 2**20)
        fetch(server.manifest(), tmp_path / "set", lambda _: None, threading.Event(), limits=limits)
        assert (tmp_path / "set" / "a.bin").stat().st_size == 8 * 2**20
        assert len(server.requests) > 2, "the slow one's second half was taken over"


@pytest.mark.parametrize("promised", ["sha256", "md5", "git-sha1", "crc32", "crc32c", None])
def test_every_checksum_is_followed(server: FileServer, tmp_path: Path, promised: Any) -> None:
    result = run(server.manifest(promised=promised), tmp_path / "set")
    assert arrived(tmp_path / "set") == BODY
    expected = {"crc32": "transport", "crc32c": "transport", None: "recorded"}.get(promised, "publisher")
    assert result.files[0].grade == expected


# -- resume ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("promised", ["sha256", None])
def test_what_has_come_is_not_fetched_again(server: FileServer, tmp_path: Path, promised: Any) -> None:
    manifest = server.manifest(promised=promised)
    there = stopped_halfway(server, tmp_path / "set", manifest)
    reports: list[Progress] = []
    run(manifest, tmp_path / "set", reports)
    assert arrived(tmp_path / "set") == BODY
    again = sum(last - first + 1 for first, last in asked_ranges(server))
    assert again <= len(BODY) - there
    assert reports[0].bytes_done >= there


def test_another_version_meanwhile_starts_the_file_anew_and_says_so(
    server: FileServer, tmp_path: Path
) -> None:
    stopped_halfway(server, tmp_path / "set", server.manifest(promised=None))
    server.files["a.bin"] = OTHER
    reports: list[Progress] = []
    run(server.manifest(promised=None), tmp_path / "set", reports)
    assert arrived(tmp_path / "set") == OTHER
    assert any("changed at its source" in (progress.note or "") for progress in reports)


def test_another_version_than_the_promised_is_never_a_success(server: FileServer, tmp_path: Path) -> None:
    manifest = server.manifest()
    stopped_halfway(server, tmp_path / "set", manifest)
    server.files["a.bin"] = OTHER
    with pytest.raises(ChecksumMismatch):
        run(manifest, tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_a_stale_part_that_the_server_answers_416(server: FileServer, tmp_path: Path) -> None:
    stopped_halfway(server, tmp_path / "set")
    server.fault("a.bin", "stale_416", times=1)
    run(server.manifest(), tmp_path / "set")
    assert arrived(tmp_path / "set") == BODY


def test_without_a_validator_and_a_promise_nothing_is_added_to(server: FileServer, tmp_path: Path) -> None:
    """Two versions could be mixed, and nobody would know."""
    server.headers["a.bin"] = {"ETag": ""}
    manifest = server.manifest(promised=None)
    stopped_halfway(server, tmp_path / "set", manifest)
    run(manifest, tmp_path / "set")
    assert arrived(tmp_path / "set") == BODY
    assert sum(last - first + 1 for first, last in asked_ranges(server)) == len(BODY)


def test_a_power_cut_takes_what_was_not_synced(server: FileServer, tmp_path: Path) -> None:
    stopped_halfway(server, tmp_path / "set")
    journal = tmp_path / ".incomplete" / "set" / "journal.jsonl"
    text = journal.read_text()
    journal.write_text(re.sub(r'"boot": "[^"]*"', '"boot": "another"', text))
    run(server.manifest(), tmp_path / "set")
    assert arrived(tmp_path / "set") == BODY
    assert sum(last - first + 1 for first, last in asked_ranges(server)) == len(BODY)


def test_what_was_synced_outlasts_a_power_cut(server: FileServer, tmp_path: Path) -> None:
    server.bytes_per_s = 1_000_000
    cancel = threading.Event()
    journal = tmp_path / ".incomplete" / "set" / "journal.jsonl"

    def report(progress: Progress) -> None:
        if journal.exists() and '"synced"' in journal.read_text():
            cancel.set()

    with pytest.raises(Cancelled):
        fetch(
            server.manifest(), tmp_path / "set", report, cancel, limits=replace(LIMITS, sync_interval_s=0.1)
        )
    server.bytes_per_s = None
    server.requests.clear()
    journal.write_text(re.sub(r'"boot": "[^"]*"', '"boot": "another"', journal.read_text()))
    run(server.manifest(), tmp_path / "set")
    assert arrived(tmp_path / "set") == BODY
    assert sum(last - first + 1 for first, last in asked_ranges(server)) < len(BODY)


def test_bytes_that_were_lost_after_all_are_found_out(server: FileServer, tmp_path: Path) -> None:
    stopped_halfway(server, tmp_path / "set")
    part = next((tmp_path / ".incomplete" / "set" / "parts").iterdir())
    with part.open("r+b") as file:
        file.write(bytes(1000))
    reports: list[Progress] = []
    run(server.manifest(), tmp_path / "set", reports)
    assert arrived(tmp_path / "set") == BODY
    assert any("arrived damaged" in (progress.note or "") for progress in reports)


# -- servers -------------------------------------------------------------------------------------------


def test_a_server_without_ranges_gives_it_in_one_answer(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "no_range")
    run(server.manifest(), tmp_path / "set")
    assert arrived(tmp_path / "set") == BODY
    assert len(server.requests) == 1


def test_a_server_that_forgets_ranges_in_the_middle(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "no_range", skip=3)
    run(server.manifest(), tmp_path / "set")
    assert arrived(tmp_path / "set") == BODY


@pytest.mark.parametrize(("honest", "promised"), [(True, "sha256"), (True, None), (False, "sha256")])
def test_lies_about_ranges(server: FileServer, tmp_path: Path, honest: bool, promised: Any) -> None:
    server.fault("a.bin", "lying_range", skip=2, honest=honest)
    run(server.manifest(promised=promised), tmp_path / "set")
    assert arrived(tmp_path / "set") == BODY


def test_a_lie_that_nothing_can_show_is_not_called_verified(server: FileServer, tmp_path: Path) -> None:
    """Neither headers nor a checksum show that these are the wrong bytes: what is here is only recorded."""
    server.fault("a.bin", "lying_range", skip=2, honest=False)
    result = run(server.manifest(promised=None), tmp_path / "set")
    body = arrived(tmp_path / "set")
    assert body != BODY
    assert len(body) == len(BODY)
    assert [(file.sha256, file.grade) for file in result.files] == [(sha256(body).hexdigest(), "recorded")]


def test_a_file_that_changes_under_way(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "changed_etag", skip=3, body=OTHER, times=1)
    reports: list[Progress] = []
    run(server.manifest(promised=None), tmp_path / "set", reports)
    assert arrived(tmp_path / "set") == OTHER
    assert any("changed at its source" in (progress.note or "") for progress in reports)
    assert reports[-1].bytes_done == reports[-1].bytes_total == len(OTHER)


def test_a_file_that_changes_its_size(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "changed_etag", skip=3, body=OTHER[:-1], times=1)
    with pytest.raises(ContentChanged):
        run(server.manifest(promised=None), tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_a_server_that_dislikes_if_match(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "mismatch")
    run(server.manifest(), tmp_path / "set")
    assert arrived(tmp_path / "set") == BODY


def test_drops_cost_no_byte_that_has_come(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "drop", after=PIECE + 17, times=8)
    run(server.manifest(), tmp_path / "set")
    assert arrived(tmp_path / "set") == BODY
    assert server.served_bytes <= len(BODY) + 8 * 2 * 128 * 1024


def test_a_stalled_connection_is_cut_and_replaced(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "stall", after=1000, times=1, skip=2)
    run(server.manifest(), tmp_path / "set", stall_timeout_s=0.3)
    assert arrived(tmp_path / "set") == BODY


def test_a_server_that_gives_nothing_any_more(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "drop", after=0, skip=3)
    with pytest.raises(NetworkFault):
        run(server.manifest(), tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_wrong_bytes_are_fetched_once_more_past_all_caches(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "wrong_bytes", times=1, skip=1)
    run(server.manifest(), tmp_path / "set")
    assert arrived(tmp_path / "set") == BODY
    assert server.requests[-1].headers["Cache-Control"] == "no-cache"


def test_wrong_bytes_for_good(server: FileServer, tmp_path: Path) -> None:
    server.files["b.bin"] = b"small"
    server.fault("a.bin", "wrong_bytes")
    with pytest.raises(ChecksumMismatch):
        run(server.manifest(), tmp_path / "set")
    assert not (tmp_path / "set").exists()


# -- addresses -------------------------------------------------------------------------------------------


def test_where_a_redirect_led_is_remembered(server: FileServer, tmp_path: Path) -> None:
    """Hubs count what they resolve: one question for a file, however many pieces."""
    with FileServer({"hub/a.bin": b""}) as hub:
        hub.fault("hub/a.bin", "redirect", to=server.url("a.bin"))
        entry = replace(server.manifest().files[0], origin=Http(hub.url("hub/a.bin"), {"Authorization": "x"}))
        run(replace(server.manifest(), files=(entry,)), tmp_path / "set")
        assert arrived(tmp_path / "set") == BODY
        assert hub.asked("hub/a.bin") == 1
        assert len(server.requests) > 2
        assert not any("Authorization" in request.headers for request in server.requests)


def test_a_link_that_expires_under_way_is_renewed_once_for_all(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "expired", skip=3)
    server.leases["a.bin"] = "2"
    renewals = []

    def refresh() -> Http:
        renewals.append(1)
        return Http(server.url("a.bin", "lease=2"), refresh=refresh)

    entry = replace(server.manifest().files[0], origin=Http(server.url("a.bin", "lease=1"), refresh=refresh))
    run(replace(server.manifest(), files=(entry,)), tmp_path / "set")
    assert arrived(tmp_path / "set") == BODY
    assert len(renewals) == 1


def test_a_refusal_in_the_middle_ends_everything(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "status", status=404, skip=3)
    with pytest.raises(DataferryError, match="has no file"):
        run(server.manifest(), tmp_path / "set")
    assert not (tmp_path / "set").exists()


# -- bytes that are here already ---------------------------------------------------------------------------


def test_a_file_of_the_promised_bytes_is_linked_and_not_fetched(server: FileServer, tmp_path: Path) -> None:
    server.files["b.bin"] = b"another"
    here = tmp_path / "here.bin"
    here.write_bytes(BODY)
    asked = []

    def reuse(checksum: Checksum, size: int) -> Path | None:
        asked.append(size)
        return here if size == len(BODY) else None

    reports: list[Progress] = []
    manifest = server.manifest()
    result = fetch(manifest, tmp_path / "set", reports.append, threading.Event(), limits=LIMITS, reuse=reuse)
    assert arrived(tmp_path / "set") == BODY
    assert {file.path: file.grade for file in result.files} == {"a.bin": "publisher", "b.bin": "publisher"}
    assert (server.asked("a.bin"), server.asked("b.bin")) == (0, 1)
    assert sorted(asked) == [len(b"another"), len(BODY)]
    assert reports[-1].bytes_done == reports[-1].bytes_total == len(BODY) + len(b"another")


def test_a_file_that_was_damaged_here_is_fetched(server: FileServer, tmp_path: Path) -> None:
    here = tmp_path / "here.bin"
    here.write_bytes(OTHER)
    fetch(
        server.manifest(),
        tmp_path / "set",
        lambda _: None,
        threading.Event(),
        limits=LIMITS,
        reuse=lambda checksum, size: here,
    )
    assert arrived(tmp_path / "set") == BODY
    assert server.asked("a.bin") > 0
