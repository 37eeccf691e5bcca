"""What stands around every screen: the rail and its chats, the drawer, the palette, and dead ends."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.e2e.accessibility import check, check_everywhere
from tests.support.server import PASSWORD, Client, Server

pytestmark = pytest.mark.e2e
WORD = "W" * 200
TITLES = {
    "long": WORD,
    "sentence": "which of the river gauge datasets has hourly readings " * 3,
    "rtl": "مجموعات بيانات عن مرض السكري من Kaggle في السنوات العشر الماضية كلها مع شرح",
    "mixed": "‏נתונים 2024 (CSV) על איכות האוויר בתל אביב ובחיפה — גרסה שנייה",
    "emoji": "🧪👩‍👩‍👧‍👦🏳️‍🌈" * 15,
    "cjk": "糖尿病データセット" * 20,
    "short": "a",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("frame") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Server) -> Client:
    client = server.client()
    for title in TITLES.values():
        assert client.post("/api/chats", {"title": title}).status_code == 201
    return client


@pytest.fixture(scope="module")
def state(browser: Browser, server: Server, client: Client) -> Iterator[BrowserContext]:
    """Signed in on a wide page."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    sign_in(context.new_page(), server)
    yield context
    context.close()


@pytest.fixture
def page(state: BrowserContext) -> Iterator[Page]:
    page = state.new_page()
    yield page
    page.close()


def sign_in(page: Page, server: Server, email: str = "ada@example.org") -> None:
    page.goto(f"{server.address}/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()


def row(page: Page, title: str) -> Locator:
    return (
        page.get_by_role("navigation", name="Main")
        .get_by_role("listitem")
        .filter(has=page.get_by_role("link", name=title.strip(), exact=True))
    )


def assert_fits(page: Page) -> None:
    """No row is wider than the rail, and nothing has been scrolled aside."""
    wide = page.evaluate(
        """() => {
            const nav = document.querySelector("nav[aria-label=Main]");
            const right = nav.getBoundingClientRect().right;
            const left = nav.getBoundingClientRect().left;
            return [...nav.querySelectorAll("*"), nav]
                .filter(e => {
                    if (e.matches("input")) return false;
                    const box = e.getBoundingClientRect();
                    const outside = box.right > right + 1 || (box.width > 0 && box.left < left - 1);
                    return outside || e.scrollLeft !== 0;
                })
                .map(e => e.outerHTML.slice(0, 100));
        }"""
    )
    assert wide == []


def test_titles_of_any_kind_fit_the_rail(page: Page, server: Server) -> None:
    page.goto(server.address)
    expect(row(page, WORD)).to_be_visible()
    assert_fits(page)
    for name in ("long", "rtl", "mixed", "emoji", "cjk"):
        title = row(page, TITLES[name]).locator("span[dir=auto]")
        cut = title.evaluate(
            "e => [e.scrollWidth > e.clientWidth, getComputedStyle(e).textOverflow,"
            " getComputedStyle(e).direction]"
        )
        assert cut == [True, "ellipsis", "rtl" if name in ("rtl", "mixed") else "ltr"], name
    check_everywhere(page, "titles of any kind")


def test_rename_and_delete_are_reached_by_pointer_and_by_keyboard(page: Page, server: Server) -> None:
    page.goto(server.address)
    for name in ("long", "rtl"):
        title = TITLES[name].strip()
        line = row(page, title)
        line.hover()
        for act in ("Rename", "Delete"):
            button = line.get_by_role("button", name=f"{act} {title}")
            # A click of Playwright waits until the point is the button's and nothing lies over it.
            button.click(trial=True)
            assert button.evaluate("e => getComputedStyle(e.parentElement).opacity") == "1"
        page.mouse.move(900, 500)
        line.get_by_role("link").focus()
        for act in ("Rename", "Delete"):
            page.keyboard.press("Tab")
            button = line.get_by_role("button", name=f"{act} {title}")
            expect(button).to_be_focused()
            assert button.evaluate("e => getComputedStyle(e.parentElement).opacity") == "1"
            assert_fits(page)
    line.get_by_role("button", name=re.compile("^Rename")).press("Enter")
    box = page.get_by_role("textbox", name=re.compile("^New title"))
    assert_fits(page)
    assert box.evaluate("e => getComputedStyle(e).direction") == "rtl"
    page.keyboard.press("Escape")


def test_the_open_chat_is_seen_in_the_dark(page: Page, server: Server, client: Client) -> None:
    """As open-webui/open-webui#26469 and openai/codex#11562 have it."""
    chat = next(c for c in client.get("/api/chats").json() if c["title"] == "a")
    page.goto(f"{server.address}/c/{chat['id']}")
    link = row(page, "a").get_by_role("link")
    expect(link).to_have_attribute("aria-current", "page")
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        seen = link.evaluate(CONTRASTS)
        assert seen["bar"] >= 3, (scheme, seen)
        assert seen["row"] >= 1.2, (scheme, seen)
        assert seen["text"] >= 4.5, (scheme, seen)
        assert seen["weight"] > seen["others"], (scheme, seen)


#: Contrasts of the open chat's row, as WCAG counts them, by way of what a canvas makes of each colour.
CONTRASTS = """link => {
    const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1});
    const context = canvas.getContext("2d", {willReadFrequently: true});
    const luminance = color => {
        context.fillStyle = color;
        context.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].slice(0, 3)
            .map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (a, b) => {
        const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
        return (x + 0.05) / (y + 0.05);
    };
    const style = getComputedStyle(link);
    const panel = getComputedStyle(link.closest("nav").parentElement).backgroundColor;
    const other = [...link.closest("nav").querySelectorAll("li a")].find(a => !a.ariaCurrent);
    return {
        bar: contrast(getComputedStyle(link, "::before").backgroundColor, panel),
        row: contrast(style.backgroundColor, panel),
        text: contrast(style.color, style.backgroundColor),
        weight: Number(style.fontWeight),
        others: Number(getComputedStyle(other).fontWeight),
    };
}"""


def test_the_drawer_of_a_telephone(browser: Browser, server: Server, client: Client) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True, bypass_csp=True
    )
    page = context.new_page()
    sign_in(page, server)
    page.get_by_role("button", name="Menu").tap()
    expect(row(page, WORD)).to_be_visible()
    assert_fits(page)
    check(page, "drawer")
    # Both acts of a row are in sight without a pointer, and large enough.
    for act in ("Rename", "Delete"):
        button = page.get_by_role("button", name=f"{act} {WORD}")
        box = button.bounding_box()
        assert box is not None
        assert box["width"] >= 44
        assert box["height"] >= 44
        button.tap(trial=True)
    # Where one is already: the drawer closes all the same.
    page.get_by_role("dialog").get_by_role("link", name="New chat").tap()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Menu").tap()
    page.get_by_role("dialog").get_by_role("button", name="Close").tap()
    expect(page.get_by_role("dialog")).to_have_count(0)
    context.close()


# -- the palette ----------------------------------------------------------------------------------


def test_the_palette(page: Page, server: Server, client: Client) -> None:
    for name in ("iris", "wine"):
        ticket = client.post(
            "/api/datasets/download-dataset", {"source": "builtin", "dataset_id": name}
        ).json()
        client.finished(ticket["job_id"])
    with closing(connect(server.data_dir / "dataferry.sqlite", timeout=10)) as connection, connection:
        connection.execute("UPDATE datasets SET title = 'Twin flowers' WHERE downloaded")
    page.goto(f"{server.address}/settings/appearance")
    expect(page.get_by_role("heading", name="Theme")).to_be_visible()
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Go to")
    expect(box).to_be_focused()
    expect(page.get_by_role("group", name="Screens")).to_be_visible()
    check_everywhere(page, "palette")

    # Twins are told apart, and each leads to its own.
    box.fill("twin flow")
    datasets = page.get_by_role("group", name="Datasets").get_by_role("option")
    expect(datasets).to_have_count(2)
    texts = datasets.all_inner_texts()
    assert texts[0] != texts[1]
    box.fill("twin wine")
    expect(datasets).to_have_count(1)
    expect(box).to_have_attribute("aria-activedescendant", str(datasets.first.get_attribute("id")))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/library/builtin:wine"))
    expect(page.get_by_role("dialog")).to_have_count(0)

    # Downloads and chats, without case and accents; a chat by its title in any script.
    page.keyboard.press("Control+k")
    box.fill("DOWNLOADED wíne")
    expect(page.get_by_role("group", name="Downloads").get_by_role("option")).to_have_count(1)
    box.fill("糖尿病")
    expect(page.get_by_role("group", name="Chats").get_by_role("option")).to_have_count(1)
    # An input method's own Enter chooses nothing (get-bb/bb#3413).
    box.evaluate(
        "e => e.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    expect(box).to_be_visible()
    box.fill("no such thing anywhere")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "false")
    check(page, "palette, nothing found")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_keys_go_through_the_palette(page: Page, server: Server, client: Client) -> None:
    page.goto(server.address)
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Go to")
    options = page.get_by_role("option")
    expect(page.get_by_role("group", name="Chats")).to_be_visible()
    page.keyboard.press("ArrowUp")
    last = options.last
    expect(last).to_have_attribute("aria-selected", "true")
    expect(last).to_be_in_viewport()
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    box.fill("dark theme")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_class(re.compile("dark"))
    page.keyboard.press("Control+k")
    box.fill("theme of the system")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+k")
    box.fill("shortcuts")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()


# -- dead ends ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/nothing", "/settings/nothing", "/library/a/b/c", "/c"])
def test_an_address_of_no_screen(page: Page, server: Server, path: str) -> None:
    page.goto(server.address + path)
    expect(page.get_by_role("heading", level=1, name="Page not found")).to_be_visible()
    expect(page).to_have_title("Page not found · Dataferry")
    nav = page.get_by_role("navigation", name="Main")
    expect(nav.get_by_role("link", name="Dataferry")).to_be_visible()
    expect(row(page, WORD)).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="New chat").click()
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()


def test_an_address_of_no_screen_for_nobody(browser: Browser, server: Server, client: Client) -> None:
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(f"{server.address}/nothing")
    expect(page.get_by_role("heading", level=1, name="Page not found")).to_be_visible()
    nav = page.get_by_role("navigation", name="Main")
    expect(nav.get_by_role("link", name="Dataferry")).to_be_visible()
    check_everywhere(page, "not found, signed out")
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    # A chat's address leads to it by way of the sign-in.
    page.goto(f"{server.address}/c/chat_none")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="Chat not found")).to_be_visible()
    context.close()


def test_a_chat_that_is_missing_or_another_persons(page: Page, server: Server, client: Client) -> None:
    theirs = server.client("bob@example.org").post("/api/chats", {"title": "Bob's own"}).json()["id"]
    for chat in ("chat_none", theirs, "no.such.id"):
        page.goto(f"{server.address}/c/{chat}")
        expect(page.get_by_role("heading", level=1, name="Chat not found")).to_be_visible()
        expect(page).to_have_title("Chat not found · Dataferry")
        expect(row(page, WORD)).to_be_visible()
        expect(page.get_by_text("Bob's own")).to_have_count(0)
    check_everywhere(page, "missing chat")
    page.get_by_role("main").get_by_role("link", name="New chat").click()
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()


def test_a_thousand_chats(server: Server, client: Client, page: Page) -> None:
    """All are reached, a page of them at a time, and the rail stays quick."""
    many = server.client("many@example.org")
    first = many.post("/api/chats", {"title": "chat 0"}).json()["id"]
    fill(server.data_dir, first, 1000)
    context = page.context.browser.new_context(viewport={"width": 1440, "height": 900})  # type: ignore[union-attr]
    page = context.new_page()
    sign_in(page, server, "many@example.org")
    links = page.get_by_role("navigation", name="Main").locator("a[href^='/c/']")
    expect(links).to_have_count(100)
    while links.count() < 1000:
        before = links.count()
        links.last.scroll_into_view_if_needed()
        expect(links).not_to_have_count(before)
    expect(links).to_have_count(1000)
    assert len(set(links.evaluate_all("all => all.map(a => a.href)"))) == 1000
    links.last.scroll_into_view_if_needed()
    expect(page.get_by_role("button", name=re.compile("Older chats|Loading"))).to_have_count(0)
    # From one to another with all of them listed.
    links.nth(500).click()
    expect(links.nth(500)).to_have_attribute("aria-current", "page")
    assert_fits(page)
    context.close()


def fill(data_dir: Path, chat_id: str, count: int) -> None:
    """As many chats as that, copies of one, each a minute older than the one before."""
    database = data_dir / "dataferry.sqlite"
    with closing(connect(database)) as connection, connection:
        columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(chats)")]
        chat = dict(
            zip(
                columns,
                connection.execute("SELECT * FROM chats WHERE id = ?", [chat_id]).fetchone(),
                strict=True,
            )
        )
        marks = ", ".join("?" * len(columns))
        for number in range(1, count):
            copy = chat | {"id": f"{chat_id[:-6]}{number:06}", "title": f"chat {number}"}
            connection.execute(f"INSERT INTO chats VALUES ({marks})", [copy[name] for name in columns])
