"""Every screen by axe's rules, light and dark, and nothing wider than a telephone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import check, check_in_both_themes
from tests.e2e.conftest import ask, register
from tests.fakes.catalogue import PIMA
from tests.support.hubs import Hubs
from tests.support.server import Server

pytestmark = pytest.mark.e2e
DATASET = f"/library/kaggle:{PIMA.replace('/', '~')}"
SCREENS = (
    "/",
    "/downloads",
    "/library",
    DATASET,
    *(f"{DATASET}?tab={tab}" for tab in ("statistics", "health", "versions")),
    "/uploads",
    "/settings/profile",
    "/settings/sources",
    "/settings/model",
    "/settings/privacy",
    "/settings/appearance",
)


def test_every_screen_at_a_desk_and_on_a_telephone(browser: Browser, hubs: Hubs, tmp_path: Path) -> None:
    """Of somebody with a chat, a finished download and one under way."""
    # axe is brought in as a script of the page, which the page's own policy would refuse.
    context = browser.new_context(
        viewport={"width": 1360, "height": 900}, bypass_csp=True, reduced_motion="reduce"
    )
    with Server(tmp_path / "data", **hubs.settings) as server:
        page = context.new_page()
        page.goto(f"{server.address}/login")
        settled(page)
        check(page, "login")
        register(page, server)
        ask(page, "find diabetes datasets")
        card = page.locator(f'[data-card="kaggle:{PIMA}"]')
        card.get_by_role("button", name="Download").click()
        expect(card.get_by_text("Downloaded and verified")).to_be_visible()
        chat = page.url
        ask(page, "find river gauge readings")
        slow = page.locator(f'[data-card="huggingface:{hubs.slow}"]')
        slow.get_by_role("button", name="Download").click()
        expect(slow.get_by_role("progressbar")).to_be_visible()
        check(page, "progress")
        addresses = [*(server.address + screen for screen in SCREENS), chat]
        for address in addresses:
            page.goto(address)
            settled(page)
            check_in_both_themes(page, address)
        telephone = browser.new_context(
            storage_state=context.storage_state(),
            viewport={"width": 390, "height": 844},
            is_mobile=True,
            has_touch=True,
            bypass_csp=True,
            reduced_motion="reduce",
        )
        context.close()
        page = telephone.new_page()
        for address in addresses:
            page.goto(address)
            settled(page)
            check(page, f"{address}, telephone")
            assert page.evaluate("innerWidth") == 390
        telephone.close()


def settled(page: Page) -> None:
    expect(page.get_by_role("main")).to_be_visible()
    expect(page.get_by_role("heading", level=1).first).to_be_attached()
    expect(page.get_by_text(re.compile("^Loading"))).to_have_count(0)
