"""``python -m benchmarks.long_tasks``: for how long a telephone does not answer while a screen opens.

The time of the page's thread counts, not the clock's: other programs on the machine do not matter much. As
Lighthouse does, the time of each task is taken by four for a telephone's processor, and what is beyond 50 ms
after the first picture is summed up: the total blocking time. The median of 5, each in a fresh process of the
browser, with nothing kept from before.
"""

import argparse
import re
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, StorageState, expect, sync_playwright

from tests.e2e.conftest import BROWSER_ARGUMENTS, ask, find_chromium, register
from tests.support.hubs import make_hubs
from tests.support.server import Server

SLOWER = 4
LONG_MS = 50
#: What still comes after the network is quiet: cards are drawn one by one.
REST_MS = 700
PHONE = {"width": 412, "height": 823, "deviceScaleFactor": 1.75, "mobile": True}
TIMELINE = "devtools.timeline"
CATEGORIES = ["toplevel", "loading", TIMELINE, f"disabled-by-default-{TIMELINE}"]

Event = dict[str, Any]


@dataclass
class Load:
    """One screen, opened once: milliseconds of a telephone."""

    blocking: float
    longest: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_tasks", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of each screen; the median counts")
    runs = parser.parse_args().runs
    program = find_chromium()
    if program is None:
        print("not measured: no Chromium (apt install chromium)")
        return 1
    hubs = make_hubs()
    with (
        hubs.kaggle,
        hubs.hub,
        tempfile.TemporaryDirectory() as folder,
        Server(Path(folder) / "data", DATAFERRY_RECONCILE_S="10", **hubs.settings) as server,
        sync_playwright() as playwright,
    ):
        # A busy machine is given time.
        expect.set_options(timeout=60_000)
        browser = playwright.chromium.launch(executable_path=program, args=BROWSER_ARGUMENTS)
        chat, person = _chat_of_somebody(browser, server)
        for path, signed_in in (("/", True), ("/login", False), (chat, True)):
            loads = []
            for _ in range(runs):
                events, state = _traced(browser, server.address + path, person if signed_in else None)
                # A session's token works once: the next load goes on with what this one was given.
                person = state if signed_in else person
                loads.append(_measured(events, server.address + path))
            print(_line("a chat" if path == chat else path, loads), flush=True)
        browser.close()
    return 0


def _chat_of_somebody(browser: Browser, server: Server) -> tuple[str, StorageState]:
    """The path of a chat with cards and words, and a session that may see it."""
    with browser.new_context() as context:
        page = context.new_page()
        register(page, server)
        ask(page, "find diabetes datasets")
        page.wait_for_url(re.compile("/c/"))
        expect(page.get_by_role("button", name="Regenerate")).to_be_visible()
        return page.url.removeprefix(server.address), context.storage_state()


def _traced(browser: Browser, address: str, state: StorageState | None) -> tuple[list[Event], StorageState]:
    """What Chromium's processes did while the page opened, and the session afterwards."""
    events: list[Event] = []
    with browser.new_context(storage_state=state, service_workers="block") as context:
        page = context.new_page()
        cdp = context.new_cdp_session(page)
        cdp.send("Emulation.setDeviceMetricsOverride", PHONE)
        cdp.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
        with _tracing(cdp, events):
            page.goto(address)
            page.wait_for_load_state("networkidle")
            page.wait_for_timeout(REST_MS)
        return events, context.storage_state()


@contextmanager
def _tracing(cdp: Any, events: list[Event]) -> Iterator[None]:
    ended: list[object] = []
    cdp.on("Tracing.dataCollected", lambda data: events.extend(data["value"]))
    cdp.on("Tracing.tracingComplete", lambda told: ended.append(told))
    cdp.send("Tracing.start", {"traceConfig": {"includedCategories": CATEGORIES}})
    yield
    cdp.send("Tracing.end")
    while not ended:
        # Playwright hands over what has come with its next command.
        cdp.send("Target.getTargetInfo")


def _measured(events: list[Event], address: str) -> Load:
    committed = [
        event["args"]["data"]
        for event in events
        if event["name"] == "FrameCommittedInBrowser" and event["args"]["data"].get("url") == address
    ]
    process = committed[-1]["processId"]
    paint = next(e for e in events if e["name"] == "firstContentfulPaint" and e["pid"] == process)
    tasks = [
        SLOWER * event["tdur"] / 1000
        for event in events
        if event["name"] == "ThreadControllerImpl::RunTask"
        and (event["pid"], event["tid"]) == (process, paint["tid"])
        and event["ts"] >= paint["ts"]
        and "tdur" in event
    ]
    return Load(sum(max(0.0, task - LONG_MS) for task in tasks), max(tasks))


def _line(screen: str, loads: list[Load]) -> str:
    blocking = statistics.median(load.blocking for load in loads)
    longest = statistics.median(load.longest for load in loads)
    each = ", ".join(f"{load.blocking:.0f}" for load in loads)
    return f"{screen:8} blocking {blocking:4.0f} ms ({each})  longest task {longest:4.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
