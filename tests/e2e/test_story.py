"""The main job, as a newcomer does it: register, ask, download, watch, find verified files."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import ask, register
from tests.fakes.catalogue import PIMA
from tests.fakes.gemini import GeminiFake
from tests.support.hubs import Hubs
from tests.support.server import Server, until

pytestmark = pytest.mark.e2e
SLOW_TITLE = "River gauge readings (slow line)"


def sha256_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_ask_find_download_watch_it_arrive(page: Page, hubs: Hubs, tmp_path: Path) -> None:
    gemini = GeminiFake(token_s=0.3)
    settings = hubs.settings | {"GOOGLE_API_KEY": "any", "GOOGLE_GEMINI_BASE_URL": gemini.url}
    with gemini, Server(tmp_path / "data", **settings) as server:
        register(page, server)
        ask(page, "find diabetes datasets")
        answer = page.get_by_role("article", name="Answer")
        cards = page.get_by_test_id("dataset-card")
        expect(cards.first).to_be_visible()

        # Reload in mid-answer: what is stored shows, the rest follows, nothing is doubled.
        until(lambda: answer.get_attribute("aria-busy") == "true", "the answer is being written")
        page.reload()
        expect(cards.first).to_be_visible()
        expect(answer).to_have_attribute("aria-busy", "false")
        expect(answer).to_have_count(1)
        sources = set(
            page.locator("[data-card]").evaluate_all("all => all.map(e => e.dataset.card.split(':')[0])")
        )
        assert {"kaggle", "huggingface"} <= sources

        pima = page.locator(f'[data-card="kaggle:{PIMA}"]')
        pima.get_by_role("button", name="Download").click()
        expect(pima.get_by_role("link", name="Open Pima")).to_be_visible()

        # It lasts until the page has been reloaded, however long that takes.
        hubs.hub.fault("slow", dataset=hubs.slow, bytes_per_s=40_000)
        ask(page, "find river gauge readings")
        slow = page.locator(f'[data-card="huggingface:{hubs.slow}"]')
        slow.get_by_role("button", name=f"Download {SLOW_TITLE}").click()
        bar = slow.get_by_role("progressbar")
        percent = percent_of(page, hubs)
        until(lambda: percent() > 5, "progress moves")

        # Reload in mid-download: the bar is where it was.
        before = percent()
        page.reload()
        expect(bar).to_be_visible()
        until(lambda: percent() >= before, "progress goes on after the reload")

        # Kill the server in mid-download: the page says so, comes back, and the files arrive.
        server.kill()
        hubs.heal()
        expect(page.get_by_text("The server cannot be reached").first).to_be_visible()
        server.start()
        opened = slow.get_by_role("link", name=f"Open {SLOW_TITLE}")
        expect(opened).to_be_visible(timeout=45_000)

        opened.click()
        page.wait_for_url(re.compile("/library/"))
        expect(page.get_by_text("publisher").first).to_be_visible()
        folder = next((server.data_dir / "downloads" / "huggingface" / hubs.slow).iterdir())
        blobs = hubs.hub.catalogue.find("huggingface", hubs.slow)
        assert blobs is not None
        expected = {path: blob.sha256 for path, blob in blobs.latest.files.items()}
        assert expected.items() <= sha256_of(folder).items()
        assert not any((server.data_dir / "downloads" / ".incomplete").iterdir())


def percent_of(page: Page, hubs: Hubs) -> Callable[[], float]:
    bar = page.locator(f'[data-card="huggingface:{hubs.slow}"]').get_by_role("progressbar")
    return lambda: float(bar.get_attribute("aria-valuenow") or 0) if bar.count() else 0.0


def test_with_no_key_and_no_network_the_built_in_datasets_do(page: Page, tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        register(page, server)
        ask(page, "find diabetes datasets")
        card = page.locator('[data-card="builtin:diabetes"]')
        expect(card).to_be_visible()
        expect(page.get_by_text("Kaggle and HuggingFace cannot be reached")).to_have_count(1)
        card.get_by_role("button", name="Download").click()
        expect(card.get_by_text("Downloaded and verified")).to_be_visible()
        card.get_by_role("link", name="Open Diabetes progression").click()
        page.wait_for_url(re.compile("/library/"))
        expect(page.get_by_role("table").get_by_text("train.csv").first).to_be_visible()
        folder = next((server.data_dir / "downloads" / "builtin" / "_" / "diabetes").iterdir())
        assert {"train.csv", "test.csv"} <= set(sha256_of(folder))
