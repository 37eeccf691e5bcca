"""Limits that several processes keep together: over a real Redis, with real downloads. Here each process is a
governor of its own with a connection of its own to Redis; nothing else is between them."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from dataferry.accounts.redis_state import connect
from dataferry.core.types import DatasetRef, FileEntry, Http, Manifest
from dataferry.library.redis_limits import RedisLimits
from dataferry.transfer import Limits, fetch
from dataferry.transfer.limits.governor import Governor, Shares
from tests.fakes.files import FileServer
from tests.support.redis import RedisServer

PROCESSES = 3
RATE = 600_000


class Process:
    """What a process has of the limits."""

    def __init__(self, url: str, shares: Shares) -> None:
        self.shared = RedisLimits(connect(url), connections_per_host=shares.connections_per_host)
        self.shared.processes = PROCESSES
        self.governor = Governor(shares, shared=self.shared)
        self.shared.start(self.governor.slots)

    def download(self, server: FileServer, target: Path, limits: Limits = Limits()) -> None:
        files = tuple(
            FileEntry(path, Http(server.url(path)), len(body)) for path, body in server.files.items()
        )
        manifest = Manifest(DatasetRef.make("url", server.url("")), "r1", files)
        with self.governor.join("ada") as member:
            fetch(manifest, target, lambda _: None, threading.Event(), limits=limits, member=member)


@contextmanager
def processes(redis: RedisServer, shares: Shares) -> Iterator[list[Process]]:
    started = [Process(redis.url, shares) for _ in range(PROCESSES)]
    try:
        yield started
    finally:
        for process in started:
            process.shared.stop()


def together(acts: list[Callable[[], None]]) -> float:
    """Seconds that they took, all at a time."""
    began = time.monotonic()
    with ThreadPoolExecutor(len(acts)) as pool:
        for act in [pool.submit(act) for act in acts]:
            act.result()
    return time.monotonic() - began


def check_deadline(began: float) -> Callable[[], None]:
    def check() -> None:
        assert time.monotonic() - began < 20

    return check


@pytest.mark.parametrize("away", [False, True], ids=["agreed", "redis-is-away"])
def test_the_rate_of_all_is_one_for_three_processes(redis: RedisServer, tmp_path: Path, away: bool) -> None:
    """celery/celery#5732, rclone/rclone#2711: a limit that each process has for itself is none of all."""
    size = RATE // 3
    with FileServer({"a.bin": bytes(size)}) as server, processes(redis, Shares(bytes_per_s=RATE)) as several:
        if away:
            redis.stop()
        try:
            acts = [
                lambda p=process, n=n: p.download(server, tmp_path / str(n))  # type: ignore[misc]
                for n, process in enumerate(several)
            ]
            seconds = together(acts)
        finally:
            if away:
                redis.start()
    # Each alone would have taken a third of that.
    assert seconds > 0.8 * size * PROCESSES / RATE


def test_one_who_downloads_alone_has_all_of_the_rate(redis: RedisServer, tmp_path: Path) -> None:
    with (
        FileServer({"a.bin": bytes(RATE)}) as server,
        processes(redis, Shares(bytes_per_s=RATE)) as (one, *_others),
    ):
        # Its part alone would take three seconds.
        assert together([lambda: one.download(server, tmp_path / "a")]) < 2


def test_a_host_has_no_more_connections_than_one_process_could_make(redis: RedisServer) -> None:
    lock = threading.Lock()
    most = open_now = 0

    def connect_again_and_again(process: Process) -> None:
        nonlocal most, open_now
        with process.governor.join("ada") as member:
            for _ in range(30):
                slot = member.acquire_slot("hub", check_deadline(began))
                with lock:
                    open_now += 1
                    most = max(most, open_now)
                time.sleep(0.01)
                with lock:
                    open_now -= 1
                member.release_slot(slot)

    began = time.monotonic()
    with processes(redis, Shares(connections_per_host=4)) as several:
        together([lambda p=process: connect_again_and_again(p) for process in several * 4])  # type: ignore[misc]
    assert most == 4


_HOLDS = """
import sys, time
from dataferry.accounts.redis_state import connect
from dataferry.library.redis_limits import RedisLimits
from dataferry.transfer.limits.governor import Governor, Shares
shared = RedisLimits(connect(sys.argv[1]), connections_per_host=2, expiry_s=1.5)
governor = Governor(Shares(connections_per_host=2), shared=shared)
shared.start(governor.slots)
with governor.join("ada") as member:
    slots = [member.acquire_slot("hub", lambda: None) for _ in range(2)]
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_connections_of_a_process_that_was_killed_are_free_after_a_while(redis: RedisServer) -> None:
    """triggerdotdev/trigger.dev#4540, redisson/redisson#2045: its places were never given back."""
    with processes(redis, Shares(connections_per_host=2)) as (survivor, *_others):
        holder = subprocess.Popen(
            [sys.executable, "-c", _HOLDS, redis.url], stdout=subprocess.PIPE, text=True
        )
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
        finally:
            holder.kill()
            holder.communicate()
        killed = time.monotonic()
        with survivor.governor.join("bob") as member:
            slots = [member.acquire_slot("hub", check_deadline(killed)) for _ in range(2)]
            # They were held until their lease had ended.
            assert time.monotonic() - killed > 0.5
            for slot in slots:
                member.release_slot(slot)
