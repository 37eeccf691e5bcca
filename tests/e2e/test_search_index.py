"""The search index in the page: offered once, built, searched without the hubs, removed."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import ask, register
from tests.fakes.snapshots import PARQUET
from tests.support.hubs import Hubs
from tests.support.server import Server

pytestmark = pytest.mark.e2e


def test_it_is_offered_built_and_searched_while_the_hubs_are_down(
    page: Page, hubs: Hubs, tmp_path: Path
) -> None:
    with Server(tmp_path / "data", **hubs.settings) as server:
        register(page, server)
        ask(page, "diabetes health indicators")
        offer = page.get_by_text(re.compile(r"Search all of both hubs here: [\d.]+ kB once"))
        expect(offer).to_be_visible()
        ask(page, "iris")
        expect(page.get_by_role("article", name="Answer")).to_have_count(2)
        expect(offer).to_have_count(1)
        page.get_by_role("link", name="Build").click()
        expect(page.get_by_text(re.compile(r"[\d.]+ kB to download"))).to_be_visible()
        hubs.hub.fault("slow", path=PARQUET, bytes_per_s=1000)
        page.get_by_role("button", name="Build").click()
        expect(page.locator("#index").get_by_role("progressbar")).to_be_visible()
        hubs.heal()
        expect(page.get_by_role("button", name="Update")).to_be_visible()
        expect(page.get_by_text("in use", exact=True)).to_be_visible()
        expect(page.get_by_text(re.compile(r"Updated by itself every 7 days"))).to_be_visible()
        hubs.kaggle.stop()
        hubs.hub.stop()
        page.get_by_role("link", name="New chat").click()
        ask(page, "credit card fraud")
        expect(page.get_by_text("Credit Card Fraud Detection").first).to_be_visible()
        expect(page.get_by_text(re.compile(r"from the hubs' catalogues as of"))).to_be_visible()
        expect(offer).to_have_count(0)
