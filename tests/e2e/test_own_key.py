"""A person's own key at a hub, in the page."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.accessibility import check_everywhere
from tests.e2e.conftest import register
from tests.fakes.catalogue import ada, grace
from tests.support.hubs import Hubs
from tests.support.server import Server

pytestmark = pytest.mark.e2e


def test_a_key_is_checked_kept_and_removed(browser: Browser, hubs: Hubs, tmp_path: Path) -> None:
    """Kaggle's three forms: a token, an older key with a name beside it, and all of kaggle.json."""
    with Server(tmp_path / "data", **hubs.settings) as server:
        page = browser.new_context(bypass_csp=True).new_page()
        register(page, server)
        page.goto(f"{server.address}/settings/sources#kaggle")
        key = page.get_by_label("Kaggle token or key", exact=True)
        expect(key).to_be_focused()
        user = page.get_by_label("Kaggle user name")
        expect(user).to_have_count(0)
        key.fill("KGAT_notARealToken")
        page.get_by_role("button", name="Save key").click()
        expect(page.get_by_role("alert")).to_contain_text("Kaggle refuses your Kaggle token")
        key.fill(ada().kaggle_key)
        user.fill(ada().name)
        check_everywhere(page, "an older key of Kaggle's")
        key.fill(f'{{"username": "{grace().name}", "key": "{grace().kaggle_key}"}}')
        expect(user).to_have_count(0)
        page.get_by_role("button", name="Save key").click()
        expect(page.get_by_text(f"as {grace().name}")).to_be_visible()
        expect(page.get_by_text("with your own key")).to_be_visible()
        page.get_by_role("button", name="Remove Kaggle key").click()
        expect(page.get_by_text("with your own key")).to_have_count(0)
        page.context.close()
