"""What was typed is there until the server has stored it, and is stored once."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.accessibility import check_everywhere
from tests.e2e.conftest import ask, register
from tests.support.server import PASSWORD, Server

pytestmark = pytest.mark.e2e

CHATS = re.compile("/api/chats$")
MESSAGES = re.compile("/api/chats/[^/]+/messages$")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("kept") / "data") as server:
        yield server


@pytest.fixture
def mine(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Somebody of their own, at the first screen."""
    with browser.new_context(viewport={"width": 1360, "height": 900}, bypass_csp=True) as context:
        page = context.new_page()
        register(page, server, email_of(request))
        yield page


def email_of(request: pytest.FixtureRequest) -> str:
    return re.sub(r"\W", "", request.node.name)[-40:] + "@example.org"


def stored(server: Server, request: pytest.FixtureRequest) -> list[list[str]]:
    """The person's messages at the server, by chat."""
    form = {"username": email_of(request), "password": PASSWORD}
    with httpx.Client(base_url=server.address) as http:
        token = http.post("/api/auth/token", data=form).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        chats = [http.get(f"/api/chats/{chat['id']}").json() for chat in http.get("/api/chats").json()]
    return [[m["content"] for m in chat["messages"] if m["role"] == "user"] for chat in chats]


def answered(page: Page) -> None:
    expect(page.get_by_role("button", name="Regenerate")).to_be_visible()
    expect(page.get_by_text("Not sent.")).to_have_count(0)


def test_a_new_chats_message_outlives_the_server(
    mine: Page, server: Server, request: pytest.FixtureRequest
) -> None:
    """open-webui/computer#267, boldsoftware/sketch#87: sent while the server is away, it was lost."""
    server.kill()
    ask(mine, "find iris")
    unsent = mine.get_by_role("region", name="Message that was not sent")
    expect(unsent.get_by_text("find iris")).to_be_visible()
    expect(unsent.get_by_text("Not sent.")).to_be_visible()
    check_everywhere(mine, "a message that was not sent")
    server.start()
    mine.reload()
    expect(unsent.get_by_text("find iris")).to_be_visible()
    unsent.get_by_role("button", name="Send again").click()
    mine.wait_for_url(re.compile("/c/"))
    answered(mine)
    mine.reload()
    answered(mine)
    assert stored(server, request) == [["find iris"]]


def test_a_double_press_makes_one_chat(mine: Page, server: Server, request: pytest.FixtureRequest) -> None:
    mine.route(CHATS, lambda route: (mine.wait_for_timeout(300), route.continue_()))
    box = mine.get_by_role("textbox", name="Message")
    box.fill("find iris")
    # In one task, before anything can be drawn.
    box.evaluate("""(box) => { for (let press = 0; press < 3; press++)
        box.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true})) }""")
    mine.wait_for_url(re.compile("/c/"))
    answered(mine)
    mine.get_by_role("link", name="New chat").first.click()
    example = mine.get_by_role("list", name="Examples").get_by_role("button").last
    words = example.inner_text()
    example.dblclick()
    mine.wait_for_url(re.compile("/c/"))
    answered(mine)
    assert stored(server, request) == [[words], ["find iris"]]


def fault(route: Route) -> None:
    route.fulfill(status=502, content_type="text/html", body="<h1>Bad gateway</h1>")


def lost_answer(route: Route) -> None:
    """The server has it; nobody hears."""
    route.fetch()
    route.abort()


@pytest.mark.parametrize("way", [fault, lost_answer])
def test_a_refused_message_is_sent_again_once(
    mine: Page, server: Server, request: pytest.FixtureRequest, way: object
) -> None:
    ask(mine, "find iris")
    answered(mine)
    mine.route(MESSAGES, way)  # type: ignore[arg-type]
    ask(mine, "find wine")
    expect(mine.get_by_text("Not sent.")).to_be_visible()
    mine.unroute(MESSAGES)
    mine.get_by_role("button", name="Send again").click()
    answered(mine)
    assert stored(server, request) == [["find iris", "find wine"]]


def test_a_reload_in_the_middle_and_a_closed_tab_keep_words(
    mine: Page, server: Server, request: pytest.FixtureRequest
) -> None:
    ask(mine, "find iris")
    answered(mine)
    # A line so slow that nothing arrives.
    mine.route(MESSAGES, lambda route: None)
    ask(mine, "find wine")
    expect(mine.get_by_text("Thinking…")).to_be_visible()
    box = mine.get_by_role("textbox", name="Message")
    box.fill("and then, half a thought")
    mine.reload()
    expect(box).to_have_value("and then, half a thought")
    expect(mine.get_by_text("Not sent.")).to_be_visible()
    # Another tab of the same person, after this one was closed.
    address, context = mine.url, mine.context
    mine.close()
    other = context.new_page()
    other.goto(address)
    expect(other.get_by_role("textbox", name="Message")).to_have_value("and then, half a thought")
    other.get_by_role("button", name="Send again").click()
    answered(other)
    assert stored(server, request) == [["find iris", "find wine"]]
    # A draft is of its chat: the first screen has none.
    other.get_by_role("link", name="New chat").first.click()
    expect(other.get_by_role("textbox", name="Message")).to_have_value("")


def test_words_outlive_a_session_but_not_a_sign_out(
    mine: Page, server: Server, request: pytest.FixtureRequest
) -> None:
    """danny-avila/LibreChat#6491: the session had ended, and what was sent was gone after signing in."""
    ask(mine, "find iris")
    answered(mine)
    address = mine.url
    mine.route(MESSAGES, lambda route: refused(route))
    mine.route(re.compile("/api/auth/refresh$"), lambda route: refused(route))
    ask(mine, "find wine")
    mine.wait_for_url(re.compile("/login"))
    mine.unroute_all()
    mine.get_by_label("E-mail").fill(email_of(request))
    mine.get_by_label("Password", exact=True).fill(PASSWORD)
    mine.get_by_role("button", name="Sign in").click()
    # Back where the words are.
    mine.wait_for_url(address)
    expect(mine.get_by_text("find wine")).to_be_visible()
    expect(mine.get_by_text("Not sent.")).to_be_visible()
    mine.get_by_role("textbox", name="Message").fill("half a thought")
    mine.goto(f"{server.address}/settings/profile")
    mine.get_by_role("button", name="Sign out").click()
    mine.wait_for_url(re.compile("/login"))
    kept = mine.evaluate("JSON.stringify(localStorage)")
    assert "wine" not in kept
    assert "thought" not in kept


def refused(route: Route) -> None:
    problem = '{"title": "Unauthorized", "status": 401, "code": "unauthorized", "detail": "Sign in again."}'
    route.fulfill(status=401, content_type="application/problem+json", body=problem)
