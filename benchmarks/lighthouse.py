"""``python -m benchmarks.lighthouse``: what Lighthouse says of the first screen, of signing in and of a chat.

On a desktop and on a telephone (Lighthouse's own slow 4G and slow processor), the median of 3 runs
each. Lighthouse comes from npm into ``.setup/lighthouse`` on the first use, apart from the page's own
packages; Chromium is the system's. A busy machine lowers the performance: its load is printed. The
command fails below the goals.
"""

import argparse
import contextlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.conftest import ask, find_chromium, register
from tests.support.hubs import make_hubs
from tests.support.server import Server, until

VERSION = "13.5.0"
ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
FOLDER = ROOT / ".setup" / "lighthouse"
PROGRAM = FOLDER / "node_modules" / "lighthouse" / "cli" / "index.js"

GOALS = {"performance": 98, "accessibility": 100, "best-practices": 100, "seo": 100}
FORMS: dict[str, list[str]] = {"desktop": ["--preset=desktop"], "phone": ["--form-factor=mobile"]}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update"]


@dataclass
class Row:
    """The medians of one screen on one form."""

    screen: str
    form: str
    scores: dict[str, float]
    #: First and largest contentful paint and total blocking time in ms, cumulative layout shift.
    fcp: float
    lcp: float
    tbt: float
    cls: float
    #: What an audit held against it, beside performance.
    failed: list[str]

    @property
    def ok(self) -> bool:
        return all(self.scores[name] >= goal for name, goal in GOALS.items())


def main() -> int:
    options = _options()
    program = find_chromium()
    if program is None:
        print("not measured: no Chromium (apt install chromium)")
        return 1
    _install()
    print(_machine(program))
    rows = []
    hubs = make_hubs()
    with (
        hubs.kaggle,
        hubs.hub,
        tempfile.TemporaryDirectory() as folder,
        Server(
            Path(folder) / "data", DATAFERRY_POLL_S="0.25", DATAFERRY_RECONCILE_S="10", **hubs.settings
        ) as server,
        _chromium(program, Path(folder) / "stranger") as stranger,
        _chromium(program, Path(folder) / "person") as person,
    ):
        chat = _chat_of_somebody(person, server)
        screens = {"/": (person, "/"), "/login": (stranger, "/login"), "a chat": (person, chat)}
        for screen, (port, path) in screens.items():
            for form in FORMS:
                rows.append(_measure(screen, form, port, server.address + path, options.runs))
                print(_line(rows[-1]), flush=True)
    if options.markdown:
        options.markdown.write_text(f"{_machine(program)}\n\n{_markdown(rows)}")
    return 0 if all(row.ok for row in rows) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lighthouse", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each screen and form; the median counts")
    parser.add_argument("--markdown", type=Path, help="write the table there too")
    return parser.parse_args()


def _install() -> None:
    package = FOLDER / "node_modules" / "lighthouse" / "package.json"
    if package.is_file() and json.loads(package.read_text())["version"] == VERSION:
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    print(f"Installing Lighthouse {VERSION} into .setup/lighthouse …", flush=True)
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    command = [BIN / "npm", "install", *quiet, "--prefix", FOLDER, f"lighthouse@{VERSION}"]
    subprocess.run(command, env=_environment(), cwd=FOLDER, check=True)


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


@contextlib.contextmanager
def _chromium(program: str, profile: Path) -> Iterator[int]:
    """A browser with a profile of its own; its debugging port."""
    command = [program, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}", *FLAGS]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    told = profile / "DevToolsActivePort"
    try:
        yield int(until(lambda: told.is_file() and told.read_text().split(), "Chromium says its port")[0])
    finally:
        process.terminate()
        process.wait()


def _chat_of_somebody(port: int, server: Server) -> str:
    """Sign in where Lighthouse will look; the path of a chat with cards and words."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        page: Page = browser.contexts[0].new_page()
        register(page, server)
        ask(page, "find diabetes datasets")
        page.wait_for_url(re.compile("/c/"))
        expect(page.get_by_role("button", name="Regenerate")).to_be_visible()
        path = page.url.removeprefix(server.address)
        page.close()
    return path


def _measure(screen: str, form: str, port: int, address: str, runs: int) -> Row:
    reports = [_report(form, port, address) for _ in range(runs)]

    def median(of: Any) -> float:
        return statistics.median(of(report) for report in reports)

    def audit(name: str) -> float:
        return median(lambda report: report["audits"][name]["numericValue"])

    return Row(
        screen,
        form,
        {name: median(lambda r, name=name: round(100 * r["categories"][name]["score"])) for name in GOALS},
        audit("first-contentful-paint"),
        audit("largest-contentful-paint"),
        audit("total-blocking-time"),
        audit("cumulative-layout-shift"),
        sorted({found for report in reports for found in _failed(report)}),
    )


def _report(form: str, port: int, address: str) -> dict[str, Any]:
    command = [BIN / "node", PROGRAM, address, f"--port={port}", *FORMS[form], "--output=json", "--quiet"]
    wanted = [f"--only-categories={','.join(GOALS)}", "--no-enable-error-reporting"]
    run = subprocess.run([*command, *wanted], env=_environment(), capture_output=True, text=True, timeout=300)
    if run.returncode != 0:
        raise RuntimeError(f"Lighthouse ended with {run.returncode}: {run.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(run.stdout)
    if report["finalDisplayedUrl"] != address:
        raise RuntimeError(f"{address} led to {report['finalDisplayedUrl']}")
    return report


def _failed(report: dict[str, Any]) -> list[str]:
    """The audits of the other categories that count and are not passed."""
    counted = [
        item["id"]
        for name in GOALS
        if name != "performance"
        for item in report["categories"][name]["auditRefs"]
        if item["weight"]
    ]
    return [name for name in counted if report["audits"][name]["score"] not in (None, 1)]


def _line(row: Row) -> str:
    scores = "  ".join(f"{name} {row.scores[name]:.0f}" for name in GOALS)
    figures = (
        f"FCP {row.fcp / 1000:.2f} s  LCP {row.lcp / 1000:.2f} s  TBT {row.tbt:.0f} ms  CLS {row.cls:.3f}"
    )
    return f"{row.screen:8} {row.form:8} {scores}  {figures}  {' '.join(row.failed)}".rstrip()


def _markdown(rows: list[Row]) -> str:
    lines = [
        "| screen | on | performance | accessibility | best practices | SEO | FCP | LCP | TBT | CLS |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        scores = " | ".join(f"{row.scores[name]:.0f}" for name in GOALS)
        figures = f"{row.fcp / 1000:.2f} s | {row.lcp / 1000:.2f} s | {row.tbt:.0f} ms | {row.cls:.3f}"
        lines.append(f"| {row.screen} | {row.form} | {scores} | {figures} |")
    return "\n".join(lines) + "\n"


def _machine(program: str) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    chromium = " ".join(said.split()[:2])
    cores, load = os.cpu_count(), os.getloadavg()[0]
    return (
        f"Lighthouse {VERSION}, {chromium}, {cores} cores, Linux {platform.release()}, "
        f"Python {platform.python_version()}, load at the start {load:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main())
