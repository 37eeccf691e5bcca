"""Hubs that are away, or late: told first and once, with what helps; what the others found does not wait."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import check_everywhere
from tests.e2e.conftest import ask, register
from tests.support.hubs import Hubs, make_hubs
from tests.support.server import Server

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def world(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, Server, Hubs]]:
    hubs = make_hubs()
    data = tmp_path_factory.mktemp("outages") / "data"
    with hubs.kaggle, hubs.hub, Server(data, **hubs.settings, search_timeout_s="30") as server:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
        page = context.new_page()
        register(page, server)
        yield page, server, hubs
        context.close()


def test_both_hubs_away_is_one_notice_with_retry_above_all_else(world: tuple[Page, Server, Hubs]) -> None:
    page, server, hubs = world
    for hub in (hubs.kaggle, hubs.hub):
        hub.fault("hang_up")
    page.goto(server.address)
    ask(page, "find credit card fraud datasets")
    answer = page.get_by_role("article", name="Answer")
    failed = answer.get_by_role("list", name="Sources that failed")
    expect(failed).to_have_text(re.compile("^Kaggle and HuggingFace cannot be reached."))
    expect(failed.get_by_role("listitem")).to_have_count(1)
    expect(answer).to_have_attribute("aria-busy", "false")
    first = answer.evaluate("e => e.firstElementChild.innerText")
    assert first.startswith("Kaggle and HuggingFace cannot be reached.")
    # No tick for what did not come about.
    expect(answer.locator(".lucide-check")).to_have_count(0)
    check_everywhere(page, "both hubs are away")
    hubs.heal()
    answer.get_by_role("button", name="Retry").click()
    expect(page.get_by_test_id("dataset-card").first).to_be_visible()
    expect(failed).to_have_count(0)


def test_a_late_hub_holds_nothing_back_and_moves_nothing(world: tuple[Page, Server, Hubs]) -> None:
    page, server, hubs = world
    page.goto(server.address)
    # It is late until it is healed, however long the checks take.
    hubs.kaggle.fault("delay", seconds=60)
    ask(page, "find diabetes datasets")
    cards = page.get_by_test_id("dataset-card")
    expect(page.get_by_text("Kaggle has not answered yet…")).to_be_visible()
    expect(cards.first).to_be_visible()
    check_everywhere(page, "Kaggle is late")
    before = cards.evaluate_all("all => all.map(e => [e.dataset.card, e.getBoundingClientRect().top])")
    cards.last.get_by_role("checkbox").check()
    cards.last.evaluate("e => { e.focus({preventScroll: true}); window.held = e }")
    assert not any(ref.startswith("kaggle:") for ref, _top in before)
    hubs.heal()
    expect(page.get_by_text("Kaggle has not answered yet…")).to_have_count(0)
    after = cards.evaluate_all("all => all.map(e => [e.dataset.card, e.getBoundingClientRect().top])")
    assert after[: len(before)] == before
    assert any(ref.startswith("kaggle:") for ref, _top in after)
    assert page.evaluate("document.activeElement === window.held")
    expect(page.get_by_text("1 selected")).to_be_visible()
