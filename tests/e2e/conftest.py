"""A real browser. Debian's and the common ones are found by themselves."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.accessibility import THOROUGH, check_everywhere
from tests.support.hubs import Hubs, make_hubs
from tests.support.programs import unavailable
from tests.support.server import PASSWORD, Server

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
#: No sandbox: CI runs as root. The rest keeps it from talking to anybody else.
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    found = [path for path in map(shutil.which, _NAMES) if path]
    return found[0] if found else str(_MAC) if _MAC.exists() else None


# Not for the session: while Playwright runs, no other test of this thread can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        unavailable("wants Chromium: apt install chromium; on macOS install Chrome")
    with sync_playwright() as playwright:
        # A busy machine is given time: only a failing test waits this long.
        expect.set_options(timeout=30_000)
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh profile; an error on the page's console fails the test."""
    context = browser.new_context(viewport={"width": 1360, "height": 900}, bypass_csp=THOROUGH)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    if THOROUGH and not page.is_closed() and page.url.startswith("http"):
        check_everywhere(page, request.node.name)
    context.close()
    assert errors == []


@pytest.fixture
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@contextmanager
def signed_in(browser: Browser, server: Server, **options: Any) -> Iterator[Page]:
    """A page of ada's, who has an account, for the tests of a module; an error on its console fails the last
    of them."""
    context = browser.new_context(viewport={"width": 1360, "height": 900}, bypass_csp=True, **options)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server.address}/login")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    yield page
    context.close()
    assert errors == []


def register(page: Page, server: Server, email: str = "ada@example.org") -> None:
    page.goto(server.address)
    page.wait_for_url(re.compile("/(register|login)"))
    if "/login" in page.url:
        page.get_by_role("link", name=re.compile("Register|Create the first one")).click()
    expect(page.get_by_role("heading", name="Register")).to_be_visible()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()


def ask(page: Page, words: str) -> None:
    page.get_by_role("textbox", name="Message").fill(words)
    page.keyboard.press("Enter")
