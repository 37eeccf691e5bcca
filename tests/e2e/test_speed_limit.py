"""The speed limit on the downloads screen, by an admin and by somebody else, on a telephone too."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import register
from tests.e2e.test_accessibility import check, settled
from tests.support.server import Server

pytestmark = pytest.mark.e2e


def test_an_admin_sets_the_speed_of_all_downloads(browser: Browser, tmp_path: Path) -> None:
    # axe is brought in as a script of the page, which the page's own policy would refuse.
    context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
    with Server(tmp_path / "data") as server:
        page = context.new_page()
        register(page, server)
        for scheme, width in (("light", 1360), ("dark", 390)):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 844})
            page.goto(f"{server.address}/downloads")
            settled(page)
            page.get_by_role("button", name="Change the speed limit").click()
            check(page, f"the form, {scheme}, {width} px")
        page.get_by_label("All downloads, MB/s").fill("2.5")
        page.get_by_label("Night, from").fill("22:00")
        page.get_by_label("Night, to").fill("06:00")
        page.get_by_role("button", name="Set", exact=True).click()
        told = page.get_by_role("main").get_by_text("Speed limit: 2.5 MB/s; no limit 22:00–06:00")
        expect(told).to_be_visible()
        check(page, "a limit")
        limits = server.client("bob@example.org").get("/api/transfer/limits").json()
        assert (limits["bytes_per_s"], limits["night"], limits["set_by"]) == (
            2_500_000,
            "22:00-06:00",
            "admin",
        )
        page.reload()
        expect(told).to_be_visible()
    context.close()
