"""Pins, shares, the history and the clean-up, as a person meets them on the page."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import check_everywhere
from tests.e2e.conftest import register
from tests.fakes.catalogue import HEART, grace
from tests.support.hubs import Hubs, make_hubs
from tests.support.server import Client, Server, until

WAIT = {"Prefer": "wait"}


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(scope="module")
def server(hubs: Hubs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("upkeep") / "data", **hubs.settings) as server:
        yield server


@pytest.fixture(scope="module")
def page(browser: Browser, server: Server) -> Iterator[Page]:
    server.client("root@example.org")  # the first account is the admin's
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    page = context.new_page()
    register(page, server)
    yield page
    context.close()


@pytest.fixture(scope="module")
def ada(page: Page, server: Server, hubs: Hubs) -> Client:
    """She has a public dataset and a gated one."""
    client = server.client()
    key = {"secret": grace().hf_token}
    assert client.http.put("/api/sources/huggingface/credential", json=key).status_code == 200
    for name in (f"kaggle:{HEART}", f"huggingface:{hubs.gated}", "builtin:iris"):
        answer = client.post("/api/datasets/download-dataset", {"dataset_id": name}, headers=WAIT)
        assert answer.status_code == 200, answer.text
    return client


def test_what_is_pinned_stays_and_the_rest_goes(page: Page, server: Server, ada: Client) -> None:
    page.goto(f"{server.address}/library/builtin:iris")
    page.get_by_role("button", name="Pin", exact=True).click()
    expect(page.get_by_text("Pinned", exact=True)).to_be_visible()
    page.goto(f"{server.address}/library/clean-up")
    page.get_by_label("What was not used for").select_option("0")
    expect(page.get_by_text(re.compile("1 pinned"))).to_be_visible()
    check_everywhere(page, "clean-up")
    ids = [one["id"] for one in ada.get("/api/cleanup/plan").json()["datasets"]]
    page.get_by_role("button", name=re.compile("^Delete 2 datasets")).click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    until(lambda: not ada.get("/api/cleanup/plan").json()["datasets"], "they are gone")
    assert len(ids) == 2
    assert ada.get("/api/datasets/builtin:iris").json()["downloaded"]


def test_the_history_has_what_is_gone(page: Page, server: Server, ada: Client, tmp_path: Path) -> None:
    page.goto(f"{server.address}/library/history")
    expect(page.get_by_text("5 of 5 entries")).to_be_visible()
    check_everywhere(page, "history")
    with page.expect_download() as saved:
        page.get_by_role("button", name="JSON").click()
    saved.value.save_as(tmp_path / "history.json")
    kinds = [one["kind"] for one in json.loads((tmp_path / "history.json").read_text())]
    assert sorted(kinds) == ["delete", "delete", "download", "download", "download"]
    page.get_by_label("Find").fill("iris")
    expect(page.get_by_text("1 of 1 entry")).to_be_visible()
    page.get_by_role("button", name="Delete history…").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete history").click()
    page.get_by_label("Find").fill("")
    expect(page.get_by_text("No history yet")).to_be_visible()


def test_a_built_in_dataset_is_downloaded_from_its_card(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/library")
    page.get_by_role("link", name="Built-in").click()
    cards = page.get_by_role("list", name="Built-in datasets").get_by_test_id("dataset-card")
    expect(cards.filter(has_text="MNIST").first).to_contain_text("60K train")
    card = cards.filter(has_text="Wine recognition").first
    check_everywhere(page, "built-in datasets")
    card.get_by_role("button", name=re.compile("^Download")).click()
    expect(card.get_by_text("Downloaded and verified")).to_be_visible()
    expect(card.get_by_role("link", name=re.compile("^Open"))).to_be_visible()


def test_a_gated_dataset_is_shared_with_what_its_terms_may_say(
    page: Page, server: Server, ada: Client, hubs: Hubs
) -> None:
    bob = server.client("bob@example.org")
    body = {"dataset_id": hubs.gated}
    key = ada.post("/api/datasets/download/huggingface", body, headers=WAIT).json()["key"]
    page.goto(f"{server.address}/library/{key}")
    page.get_by_role("button", name="Share…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile("terms may forbid"))).to_be_visible()
    dialog.get_by_label("E-mail of an account here").fill("bob@example.org")
    dialog.get_by_role("button", name="Share", exact=True).click()
    expect(dialog.get_by_role("list", name="Shared with")).to_contain_text("bob@example.org")
    check_everywhere(page, "sharing")
    assert bob.get(f"/api/datasets/{key}").status_code == 200
    dialog.get_by_role("button", name="Take it back from bob@example.org").click()
    expect(dialog.get_by_text("It is shared with nobody")).to_be_visible()
    assert bob.get(f"/api/datasets/{key}").status_code == 404
