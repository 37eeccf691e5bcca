"""What a screen costs that is opened by its address: the JavaScript that Chromium fetches for it, and how
far things move while it comes, on a telephone with a slow line."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from dataferry.api.static import WEB
from tests.e2e.conftest import BROWSER_ARGUMENTS, ask, find_chromium, register
from tests.support.hubs import Hubs, make_hubs
from tests.support.server import Server

pytestmark = pytest.mark.e2e

MOST_JAVASCRIPT = 180_000
MOST_SHIFT = 0.02
#: What an answer without marks, tables and dialogs does without.
LATER = re.compile(r"/assets/(AnswerView|Dialog|Markdown|Palette|PreviewTable|ResultTable|WholeTables)-")
#: A slow 4G, as Lighthouse has it.
LINE = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000}
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}

#: https://web.dev/articles/cls: what moves without anybody's doing.
OBSERVER = """
// What the worker keeps for later is not the screen's.
if (navigator.serviceWorker) navigator.serviceWorker.register = () => new Promise(() => {});
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput)
      window.shifts.push({
        value: entry.value,
        nodes: entry.sources.map(({ node }) => (node?.outerHTML ?? String(node)).slice(0, 80)),
      });
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("first") / "data", **hubs.settings) as server:
        yield server


@pytest.fixture(scope="module")
def signed_in(browser: Browser, server: Server) -> Iterator[tuple[BrowserContext, dict[str, str]]]:
    """Somebody with an answer, a dataset and a finished download, and the addresses of their screens."""
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    page = context.new_page()
    register(page, server)
    ask(page, "find heart failure data")
    expect(page.get_by_role("button", name="Regenerate")).to_be_visible()
    chat = urlsplit(page.url).path
    page.get_by_role("main").get_by_role("button", name=re.compile("^Download ")).first.click()
    expect(page.get_by_role("main").get_by_text("Downloaded and verified")).to_be_visible()
    page.goto(f"{server.address}/library")
    page.get_by_role("main").get_by_role("link", name=re.compile("^Heart")).first.click()
    page.wait_for_url(re.compile("/library/."))
    screens = {"/c/$id": chat, "/library/$key": urlsplit(page.url).path}
    page.close()
    yield context, screens
    context.close()


def on_a_phone(context: BrowserContext) -> Page:
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    cdp.send("Emulation.setDeviceMetricsOverride", PHONE)
    cdp.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    cdp.send("Network.enable")
    cdp.send("Network.emulateNetworkConditions", LINE)
    page.add_init_script(OBSERVER)
    return page


def first_load(page: Page, address: str, shows: str) -> set[str]:
    """The paths of its scripts."""
    scripts: set[str] = set()

    def note(response: Response) -> None:
        path = urlsplit(response.url).path
        if path.endswith(".js"):
            scripts.add(path)

    page.on("response", note)
    page.goto(address)
    expect(page.get_by_role("heading", name=re.compile(shows)).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    shifts = page.evaluate("window.shifts")
    assert sum(shift["value"] for shift in shifts) <= MOST_SHIFT, shifts
    sizes = {path: compressed(WEB / path.lstrip("/")) for path in scripts}
    assert len(sizes) > 3
    assert sum(sizes.values()) <= MOST_JAVASCRIPT, sizes
    return scripts


def compressed(file: Path) -> int:
    return len(gzip.compress(file.read_bytes(), 6))


@pytest.mark.parametrize(
    ("screen", "shows"),
    [
        ("/", "What data do you need"),
        ("/c/$id", "heart failure"),
        ("/downloads", "Downloads"),
        ("/library", "Library"),
        ("/library/$key", "Heart"),
        ("/settings/profile", "Settings"),
        ("/settings/sources", "Settings"),
        ("/settings/model", "Settings"),
        ("/settings/privacy", "Settings"),
        ("/settings/appearance", "Settings"),
    ],
)
def test_a_screen_is_light_and_stands_still(
    signed_in: tuple[BrowserContext, dict[str, str]], server: Server, screen: str, shows: str
) -> None:
    context, screens = signed_in
    page = on_a_phone(context)
    scripts = first_load(page, server.address + screens.get(screen, screen), shows)
    if screen == "/c/$id":
        assert [path for path in scripts if LATER.match(path)] == []
    page.close()


@pytest.mark.parametrize(("screen", "shows"), [("/login", "Sign in"), ("/register", "Register")])
def test_so_do_the_screens_before_signing_in(
    browser: Browser, server: Server, screen: str, shows: str
) -> None:
    with browser.new_context() as context:
        first_load(on_a_phone(context), server.address + screen, shows)


def test_no_scrollbar_moves_a_chat(
    browser: Browser, server: Server, signed_in: tuple[BrowserContext, dict[str, str]]
) -> None:
    """On a desktop scrollbars take room, which Playwright's browsers do without."""
    context, screens = signed_in
    with_scrollbars = browser.browser_type.launch(
        executable_path=find_chromium(), args=BROWSER_ARGUMENTS, ignore_default_args=["--hide-scrollbars"]
    )
    page = with_scrollbars.new_page(
        storage_state=context.storage_state(), viewport={"width": 1350, "height": 940}
    )
    page.add_init_script(OBSERVER)
    page.goto(server.address + screens["/c/$id"])
    expect(page.get_by_role("button", name="Regenerate")).to_be_visible()
    shifts = page.evaluate("window.shifts")
    with_scrollbars.close()
    assert sum(shift["value"] for shift in shifts) <= MOST_SHIFT / 4, shifts


def test_code_is_compiled_while_it_comes() -> None:
    """Chromium heeds the hint at the very beginning of a file alone."""
    files = list((WEB / "assets").glob("*.js"))
    assert len(files) > 3
    assert [file.name for file in files if not file.read_text().startswith("//# allFunctionsCalled")] == []


def test_the_page_shows_before_its_code(
    browser: Browser, server: Server, signed_in: tuple[BrowserContext, dict[str, str]]
) -> None:
    """Without any code the first look stands, and takes nothing that would be lost."""
    state = signed_in[0].storage_state()
    for path, shows in (("/", "What data do you need?"), ("/login", "Find, download and keep datasets")):
        # The worker would have the code at hand.
        context = browser.new_context(storage_state=state if path == "/" else None, service_workers="block")
        page = context.new_page()
        page.route("**/assets/*.js", lambda route: route.abort())
        page.goto(server.address + path)
        expect(page.get_by_text(shows)).to_be_visible()
        for field in page.locator("textarea, input").all():
            expect(field).to_be_disabled()
        context.close()
