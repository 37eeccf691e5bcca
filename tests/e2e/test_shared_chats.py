"""Two people and one chat: shared, read live with the reader's own rights, continued, and taken back."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import check_everywhere
from tests.e2e.conftest import register
from tests.fakes.gemini import GeminiFake, call, say
from tests.support.links import LinkServer
from tests.support.links import Page as LinkPage
from tests.support.server import Client, Server

SECRET_WORD = "rosebud"


@pytest.fixture(scope="module")
def model() -> Iterator[GeminiFake]:
    with GeminiFake() as fake:
        yield fake


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, model: GeminiFake) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("threads") / "data"
    with Server(folder, GOOGLE_API_KEY="key", GOOGLE_GEMINI_BASE_URL=model.url) as server:
        server.client("root@example.org")  # the first account is the admin's
        yield server


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1360, "height": 900}, bypass_csp=True)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def bob(server: Server) -> Client:
    return server.client("bob@example.org")


def test_a_chat_is_shared_read_live_continued_and_taken_back(
    page: Page, server: Server, bob: Client, model: GeminiFake
) -> None:
    """Bob shares by the API what ada then reads on the page; and she shares one of hers there."""
    with LinkServer() as links:
        links.pages["/letter.csv"] = LinkPage(f"word\n{SECRET_WORD}\n".encode())
        asked = {"source": "url", "dataset_id": f"http://{links.host}/letter.csv?sig=s3cr3t"}
        ref = bob.post("/api/datasets/download-dataset", asked, headers={"Prefer": "wait"}).json()["ref"]
    chat = bob.post("/api/chats").json()["id"]
    model.script(call("preview_dataset", ref=ref), say(f"It says {SECRET_WORD}."))
    assert bob.post(f"/api/chats/{chat}/messages", {"content": "read my letter"}).status_code == 200
    register(page, server)
    bob.post(f"/api/chats/{chat}/sharing", {"emails": ["ada@example.org"]})
    page.reload()
    page.get_by_role("region", name="Shared with me").get_by_role("link").click()
    conversation = page.get_by_role("region", name="Conversation")
    expect(conversation.get_by_text("read my letter")).to_be_visible()
    expect(conversation.get_by_text(re.compile("A dataset that you may not see"))).to_be_visible()
    expect(page.get_by_text("Shared by bob@example.org")).to_be_visible()
    expect(page.get_by_role("textbox", name="Message")).to_have_count(0)
    check_everywhere(page, "shared chat")
    # A new question comes by itself.
    model.script(say("You are welcome."))
    bob.post(f"/api/chats/{chat}/messages", {"content": "thank you"})
    expect(conversation.get_by_text("thank you")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text(SECRET_WORD)
    page.get_by_role("button", name="Continue in a chat of my own").click()
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    expect(conversation.get_by_text("thank you")).to_be_visible()
    own = page.url
    page.get_by_role("region", name="Shared with me").get_by_role("link").click()
    expect(page.get_by_text("Shared by bob@example.org")).to_be_visible()
    bob.http.delete(f"/api/chats/{chat}/sharing")
    expect(page.get_by_role("heading", name="Chat not found")).to_be_visible()
    # Hers stays, and she shares it on the page.
    page.goto(own)
    page.get_by_role("button", name="Share…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("E-mail of an account here").fill("bob@example.org")
    dialog.get_by_role("button", name="Share", exact=True).click()
    expect(dialog.get_by_role("list", name="Shared with")).to_contain_text("bob@example.org")
    check_everywhere(page, "sharing a chat")
    assert bob.get(f"/api/chats/{own.rpartition('/')[2]}").status_code == 200
