"""A person's tokens, in the page."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.accessibility import check_everywhere
from tests.e2e.conftest import register
from tests.support.server import Server

pytestmark = pytest.mark.e2e


def test_a_token_is_made_shown_once_and_revoked(browser: Browser, tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        context = browser.new_context(bypass_csp=True, permissions=["clipboard-read", "clipboard-write"])
        page = context.new_page()
        register(page, server)
        page.goto(f"{server.address}/settings/tokens")
        expect(page.get_by_text("No tokens")).to_be_visible()
        page.get_by_role("button", name="New token").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Create token").click()
        expect(dialog.get_by_text("Give it a name.")).to_be_visible()
        dialog.get_by_label("Name").fill("nightly")
        dialog.get_by_label("download", exact=False).check()
        check_everywhere(page, "a new token")
        dialog.get_by_role("button", name="Create token").click()
        shown = page.get_by_role("alertdialog")
        token = shown.locator("code").inner_text()
        assert re.fullmatch(r"dft_\w{36}", token)
        check_everywhere(page, "a token that is shown once")
        shown.get_by_role("button", name="Copy token").click()
        assert page.evaluate("navigator.clipboard.readText()") == token
        shown.get_by_role("button", name="Done").click()

        bearer = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{server.address}/api/jobs", headers=bearer).status_code == 200
        row = page.get_by_role("list", name="Tokens").get_by_role("listitem")
        expect(row).to_contain_text(f"dft_…{token[-4:]}")
        expect(page.get_by_text(token)).to_have_count(0)
        page.get_by_label("Assistant").select_option("Cursor")
        expect(page.get_by_label("Cursor, elsewhere", exact=True)).to_contain_text(f"{server.address}/mcp")
        check_everywhere(page, "a list of tokens")
        row.get_by_role("button", name="Revoke nightly").click()
        page.get_by_role("alertdialog").get_by_role("button", name="Revoke").click()
        expect(page.get_by_text("No tokens")).to_be_visible()
        assert httpx.get(f"{server.address}/api/jobs", headers=bearer).status_code == 401
        context.close()
