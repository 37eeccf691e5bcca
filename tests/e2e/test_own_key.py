"""A person's own key at a hub, in the page."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import register
from tests.fakes.catalogue import grace
from tests.support.hubs import Hubs
from tests.support.server import Server

pytestmark = pytest.mark.e2e


def test_a_key_is_checked_kept_and_removed(page: Page, hubs: Hubs, tmp_path: Path) -> None:
    with Server(tmp_path / "data", **hubs.settings) as server:
        register(page, server)
        page.goto(f"{server.address}/settings/sources")
        page.get_by_role("button", name="Use your own HuggingFace key").click()
        key = page.get_by_label("HuggingFace token or key", exact=True)
        key.fill("hf_notARealTokenAtAll")
        page.get_by_role("button", name="Check and keep").click()
        expect(page.get_by_role("alert")).to_be_visible()
        key.fill(grace().hf_token)
        page.get_by_role("button", name="Check and keep").click()
        expect(page.get_by_text("with your own key")).to_be_visible()
        expect(page.get_by_text(f"as {grace().name}")).to_be_visible()
        page.screenshot(path=tmp_path / "own-key.png")
        page.get_by_role("button", name="Remove your HuggingFace key").click()
        expect(page.get_by_text("with your own key")).to_have_count(0)
