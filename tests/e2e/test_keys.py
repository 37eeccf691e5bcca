"""Keys in the page: errors lead to the form that mends them and back, and a model is set by an admin."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import check_everywhere
from tests.e2e.conftest import ask, register
from tests.fakes.catalogue import grace
from tests.fakes.gemini import GeminiFake
from tests.support.hubs import Hubs, make_hubs
from tests.support.server import Server

pytestmark = pytest.mark.e2e

KEY = "AIzaSyA-0123456789_abcdefghijklmnopqrstu"


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(scope="module")
def gemini() -> Iterator[GeminiFake]:
    with GeminiFake() as fake:
        fake.keys = {KEY}
        yield fake


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs, gemini: GeminiFake) -> Iterator[Server]:
    settings = hubs.settings | {
        "GOOGLE_GEMINI_BASE_URL": gemini.url,
        "DATAFERRY_RETRIES": "0",
        "DATAFERRY_SEARCH_CACHE_S": "0",
    }
    with Server(tmp_path_factory.mktemp("keys") / "data", **settings) as server:
        yield server


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def test_a_model_is_set_on_the_page_and_answers_at_once(
    page: Page, server: Server, gemini: GeminiFake
) -> None:
    register(page, server)
    banner = page.get_by_label("About this installation")
    expect(banner).to_contain_text("No model: keyword search")
    expect(banner).not_to_contain_text("Offline")
    ask(page, "hello")
    expect(page.get_by_role("button", name="Regenerate")).to_be_visible()
    here = page.url
    banner.get_by_role("link", name="Use a model").click()

    key = page.get_by_label("Gemini API key", exact=True)
    expect(key).to_be_focused()
    expect(key).to_have_attribute("autocomplete", "new-password")
    save = page.get_by_role("button", name="Test and save")
    save.click()
    expect(page.get_by_text("Paste your Gemini key.")).to_be_visible()
    key.fill("sk-proj-of-somebody-else")
    save.click()
    expect(page.get_by_role("alert")).to_contain_text("for OpenAI, not for Gemini")
    key.fill("AIzaSy-not-one-of-ours")
    save.click()
    expect(page.get_by_role("alert")).to_contain_text("The model refuses the key.")
    expect(page.get_by_role("button", name="Save anyway")).to_have_count(0)
    check_everywhere(page, "a key that the model refuses")
    gemini.fault("server_error")
    key.fill(KEY)
    save.click()
    expect(page.get_by_role("button", name="Save anyway")).to_be_visible()
    gemini.heal()
    save.click()

    expect(page).to_have_url(here)
    expect(banner).to_have_count(0)
    ask(page, "hello")
    expect(page.get_by_role("article", name="Answer").last).to_contain_text(
        "Hello! Tell me what data you need"
    )
    assert gemini.requests[-1].key == KEY

    page.goto(f"{server.address}/settings/model")
    expect(page.get_by_text("Google Gemini (gemini-flash-latest)")).to_be_visible()
    expect(page.get_by_text("Key •••••••• is stored encrypted · last tested")).to_be_visible()
    assert KEY not in page.content()
    page.get_by_role("button", name="Test").click()
    expect(page.get_by_text("The model answered.").first).to_be_visible()
    check_everywhere(page, "a model in use")
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_label("Gemini API key", exact=True)).to_have_value("")
    page.get_by_label("Model", exact=True).fill("gemini-2.5-pro")
    save.click()
    expect(page.get_by_text("Google Gemini (gemini-2.5-pro)")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(banner).to_contain_text("No model: keyword search")


def test_others_than_admins_are_told_whom_to_ask(page: Page, server: Server) -> None:
    server.client()  # somebody else is the admin
    register(page, server, "bob@example.org")
    banner = page.get_by_label("About this installation")
    expect(banner).to_contain_text("No model: keyword search")
    expect(banner.get_by_role("link")).to_have_count(0)
    page.goto(f"{server.address}/settings/model")
    expect(page.get_by_text("An admin of this server can set one.")).to_be_visible()
    expect(page.get_by_label("Gemini API key", exact=True)).to_have_count(0)
    check_everywhere(page, "no model, and no admin")


def test_a_missing_key_leads_to_its_form_and_back_to_a_retry(page: Page, server: Server) -> None:
    """No word of variables; no Retry where it cannot help; nothing stale once the key is saved."""
    server.client()
    register(page, server, "carol@example.org")
    ask(page, "clinical notes on terms at HuggingFace")
    card = page.locator('[data-card^="huggingface:"]').filter(has_text="Clinical notes")
    card.get_by_role("button", name="Download Clinical notes").click()
    add = card.get_by_role("link", name="Add key for HuggingFace: Clinical notes")
    expect(add).to_be_visible()
    expect(page.get_by_role("button", name="Retry")).to_have_count(0)
    for word in ("HF_TOKEN", "KAGGLE_", "GOOGLE_API_KEY"):
        expect(page.locator("body")).not_to_contain_text(word)
    check_everywhere(page, "a card that wants a key")
    here = page.url
    add.click()

    key = page.get_by_label("HuggingFace token", exact=True)
    expect(key).to_be_focused()
    key.fill(f"Bearer {grace().hf_token}\n")
    page.get_by_role("button", name="Save key").click()
    expect(page).to_have_url(here)
    card.get_by_role("button", name="Download Clinical notes").click()
    expect(card.get_by_role("link", name="Open Clinical notes")).to_be_visible()
    expect(page.get_by_role("link", name="Add key")).to_have_count(0)
