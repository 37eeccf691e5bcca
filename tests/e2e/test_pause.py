"""Downloads that rest: paused and resumed in tray and list, told to all, with what each waits for."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import ask, register
from tests.fakes.catalogue import HEART
from tests.support.hubs import Hubs
from tests.support.server import Server

pytestmark = pytest.mark.e2e
RIVER = "River gauge readings"


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("pause") / "data", **hubs.settings) as server:
        yield server


def test_a_download_rests_and_goes_on_by_keys_alone(page: Page, server: Server, hubs: Hubs) -> None:
    register(page, server)
    card = start_slow(page, hubs)
    tray = page.get_by_role("complementary", name="Downloads").get_by_test_id("job").filter(has_text=RIVER)
    # Some bytes first, so that there is something to keep.
    expect(tray.get_by_text(re.compile(r"[1-9].* MB of 6\.0 MB"))).to_be_visible()
    tray.get_by_role("button", name=re.compile("^Pause")).press("Enter")
    expect(tray.get_by_text(re.compile(r"^Paused · .* MB of 6\.0 MB$"))).to_be_visible()
    expect(card.get_by_text(re.compile("^Paused · "))).to_be_visible()
    expect(page.get_by_test_id("announcer")).to_have_text(re.compile("River.*: paused"))
    expect(page.get_by_role("heading", name="Downloads 1 paused")).to_be_visible()
    resume = tray.get_by_role("button", name=re.compile("^Resume"))
    expect(resume).to_be_focused()

    # It stays so while nobody resumes it, on every screen, after a reload.
    page.goto(f"{server.address}/downloads")
    row = page.get_by_role("main").get_by_test_id("job").filter(has_text=RIVER)
    expect(row.get_by_text(re.compile(r"^Paused · .* MB of 6\.0 MB$"))).to_be_visible()
    row.get_by_role("button", name=re.compile("^Resume")).press("Enter")
    expect(row.get_by_text("Downloaded and verified")).to_be_visible()


def test_a_paused_card_resumes_and_a_paused_job_is_cancelled(page: Page, server: Server, hubs: Hubs) -> None:
    register(page, server)
    card = start_slow(page, hubs)
    expect(card.get_by_text(re.compile(r"[1-9].* MB of 6\.0 MB"))).to_be_visible()
    tray = page.get_by_role("complementary", name="Downloads").get_by_test_id("job").filter(has_text=RIVER)
    tray.get_by_role("button", name=re.compile("^Pause")).click()
    card.get_by_role("button", name=re.compile("^Resume")).click()
    expect(card.get_by_role("button", name=re.compile("^Cancel"))).to_be_visible()
    tray.get_by_role("button", name=re.compile("^Pause")).click()
    expect(tray.get_by_role("button", name=re.compile("^Resume"))).to_be_visible()
    tray.get_by_role("button", name=re.compile("^Cancel")).click()
    expect(tray.get_by_text("Cancelled")).to_be_visible()


def test_what_a_download_ran_into_is_told(page: Page, server: Server, hubs: Hubs) -> None:
    register(page, server)
    card = start_slow(page, hubs)
    expect(card.get_by_text(re.compile(r"[1-9].* MB of 6\.0 MB"))).to_be_visible()
    tray = page.get_by_role("complementary", name="Downloads").get_by_test_id("job").filter(has_text=RIVER)
    tray.get_by_role("button", name=re.compile("^Pause")).click()
    resume = tray.get_by_role("button", name=re.compile("^Resume"))
    expect(resume).to_be_visible()  # nothing is asked for any more that could take the fault for itself
    hubs.hub.fault("changed_etag", times=1)
    resume.click()
    note = "gauge.bin changed at its source; it is fetched anew."
    expect(tray.get_by_text(note)).to_be_visible()
    expect(card.get_by_text(note)).to_be_visible()
    expect(tray.get_by_text("Downloaded and verified")).to_be_visible()
    expect(tray.get_by_text(note)).to_have_count(0)


def test_a_wait_is_counted_down(page: Page, server: Server, hubs: Hubs) -> None:
    register(page, server)
    ask(page, "find heart failure data")
    card = page.locator(f'[data-card="kaggle:{HEART}"]')
    expect(card).to_be_visible()
    hubs.kaggle.fault("rate_limit", seconds=57)
    card.get_by_role("button", name="Download").click()
    expect(card.get_by_text(re.compile(r"^Waiting 5\d s for Kaggle's limit$"))).to_be_visible()
    before = seconds(card)
    expect(card.get_by_text(f"Waiting {before - 2} s for Kaggle's limit")).to_be_visible()
    hubs.heal()


def start_slow(page: Page, hubs: Hubs) -> Locator:
    ask(page, "find river gauge readings")
    card = page.locator(f'[data-card="huggingface:{hubs.slow}"]')
    card.get_by_role("button", name="Download").click()
    return card


def seconds(card: Locator) -> int:
    found = re.search(r"Waiting (\d+) s", card.inner_text())
    assert found is not None
    return int(found[1])
