"""The page while its server is away: it opens, says so once, and goes on by itself."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dataferry.api.static import WEB
from tests.e2e.accessibility import check_everywhere
from tests.e2e.conftest import BROWSER_ARGUMENTS, find_chromium
from tests.support.pages import PageServer
from tests.support.server import Server

pytestmark = pytest.mark.e2e
AWAY = "The server cannot be reached. Trying again…"
#: Screens, and the heading that each has.
SCREENS = {
    "/downloads": "Downloads",
    "/library": "Library",
    "/settings/sources": "Settings",
    "/settings/privacy": "Settings",
    "/settings/appearance": "Settings",
    "/": "What data do you need?",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    names = {"DATAFERRY_ALLOWED_HOSTS": "far.test"}
    with Server(tmp_path_factory.mktemp("offline") / "data", **names) as server:
        server.client().post("/api/chats", {"title": "A chat of before"})
        yield server


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Only the page's own errors fail a test: what it could not fetch is on the console as well."""
    context = browser.new_context(viewport={"width": 1360, "height": 900}, bypass_csp=True)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert errors == []


def sign_in(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/login")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="A chat of before")).to_be_visible(timeout=30_000)


def kept(page: Page) -> None:
    """Wait until the worker has the page's files and answers for it."""
    page.wait_for_function("navigator.serviceWorker.controller?.state === 'activated'")


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1, name=text)).to_be_visible()


def test_every_screen_opens_while_the_server_is_gone(context: BrowserContext, server: Server) -> None:
    page = context.new_page()
    sign_in(page, server)
    kept(page)
    server.kill()
    try:
        # By links: none of these screens was loaded before.
        page.get_by_role("link", name="Library").first.click()
        heading(page, "Library")
        expect(page.get_by_text(AWAY)).to_have_count(1)
        page.get_by_role("link", name="Settings").click()
        page.get_by_role("link", name="Appearance").click()
        expect(page.get_by_role("heading", name="Theme")).to_be_visible()
        page.keyboard.press("Control+k")
        expect(page.get_by_role("combobox", name="Go to")).to_be_visible()
        page.keyboard.press("Escape")
        page.get_by_role("link", name="A chat of before").hover()
        page.get_by_role("button", name="Delete A chat of before").click()
        page.get_by_role("button", name="Delete", exact=True).click()
        expect(page.get_by_role("alertdialog").get_by_text("does not answer")).to_be_visible()
        page.get_by_role("button", name="Keep").click()
        # By their addresses, as in a new tab.
        for path, name in SCREENS.items():
            page.goto(server.address + path)
            heading(page, name)
            expect(page.get_by_text(AWAY)).to_have_count(1)
            assert page.url == server.address + path
        check_everywhere(page, "away")
        page.goto(f"{server.address}/library")
    finally:
        server.start()
    # It comes back by itself: the session, and what the server has.
    expect(page.get_by_text(AWAY)).to_have_count(0)
    expect(page.get_by_role("link", name="A chat of before")).to_be_visible()
    expect(page.get_by_text("ada@example.org")).to_be_visible()
    assert page.url == f"{server.address}/library"


@pytest.mark.parametrize("status", [502, 404])
def test_a_proxy_that_has_lost_its_server_is_the_same(
    context: BrowserContext, server: Server, status: int
) -> None:
    """Traefik answers 404 for a container that is gone, others 502 (docs/adr/0026)."""
    page = context.new_page()
    sign_in(page, server)
    kept(page)
    server.kill()
    with PageServer(port=int(server.address.rpartition(":")[2]), status=status):
        page.goto(f"{server.address}/downloads")
        heading(page, "Downloads")
        expect(page.get_by_text(AWAY)).to_have_count(1)
        page.get_by_role("link", name="Library").first.click()
        heading(page, "Library")
    server.start()
    expect(page.get_by_text(AWAY)).to_have_count(0)
    expect(page.get_by_role("link", name="A chat of before")).to_be_visible()


def test_a_proxy_that_wants_a_sign_in_gets_it(context: BrowserContext, server: Server) -> None:
    """What people behind Cloudflare Access and Authelia miss (FlowFuse/node-red-dashboard#2068)."""
    page = context.new_page()
    sign_in(page, server)
    kept(page)
    server.kill()
    with PageServer(port=int(server.address.rpartition(":")[2]), status=401):
        page.goto(f"{server.address}/downloads")
        heading(page, "A proxy's page")
    server.start()
    page.goto(server.address)
    expect(page.get_by_text("ada@example.org")).to_be_visible()


def test_without_a_network_the_page_opens(context: BrowserContext, server: Server) -> None:
    page = context.new_page()
    sign_in(page, server)
    kept(page)
    context.set_offline(True)
    expect(page.get_by_text(AWAY)).to_be_visible()
    page.goto(f"{server.address}/settings/appearance")
    expect(page.get_by_role("heading", name="Theme")).to_be_visible()
    context.set_offline(False)
    expect(page.get_by_text(AWAY)).to_have_count(0)
    expect(page.get_by_text("ada@example.org")).to_be_visible()


def test_the_worker_keeps_files_of_the_build_and_nothing_of_anybody(
    context: BrowserContext, server: Server
) -> None:
    page = context.new_page()
    sign_in(page, server)
    kept(page)
    page.goto(f"{server.address}/settings/profile")
    page.get_by_role("button", name="Sign out").click()
    heading(page, "Sign in")
    paths = page.evaluate(
        """async () => (await Promise.all((await caches.keys()).map(async name =>
            (await (await caches.open(name)).keys()).map(request => new URL(request.url).pathname)
        ))).flat()"""
    )
    built = {"/" + str(path.relative_to(WEB)) for path in WEB.rglob("[!.]*.*") if path.is_file()}
    assert set(paths) == {
        path for path in built if not path.startswith("/.vite/") and not path.endswith(".br")
    } - {"/sw.js"}
    # The next person on this browser: another session, none of the first one's chats.
    page.goto(server.address)
    page.get_by_role("link", name="Register").click()
    page.get_by_label("E-mail").fill("bob@example.org")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("No chats yet.")).to_be_visible()
    server.kill()
    page.reload()
    heading(page, "What data do you need?")
    expect(page.get_by_text("A chat of before")).to_have_count(0)
    server.start()
    expect(page.get_by_text("bob@example.org")).to_be_visible()


def test_plain_http_to_another_machine(browser: Browser, server: Server) -> None:
    """No browser has workers there: what was opened goes on, and nothing ends on the browser's own page."""
    far = browser.browser_type.launch(
        executable_path=find_chromium(),
        args=[*BROWSER_ARGUMENTS, "--host-resolver-rules=MAP far.test 127.0.0.1"],
    )
    page = far.new_page()
    address = server.address.replace("127.0.0.1", "far.test")
    page.goto(f"{address}/login")
    assert not page.evaluate("isSecureContext")
    # Before the code of the other screens is there.
    page.route(re.compile("/assets/(Library|Dialog)"), lambda route: route.abort())
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="A chat of before")).to_be_visible()
    server.kill()
    try:
        page.get_by_role("link", name="Library").first.click()
        heading(page, "Waiting for the server")
        expect(page.get_by_text(AWAY)).to_have_count(1)
        expect(page.get_by_role("button", name="Try again")).to_be_visible()
        expect(page.get_by_role("link", name="New chat")).to_be_visible()
        # A dialog's code is not there either: the page stays.
        page.get_by_role("link", name="A chat of before").hover()
        page.get_by_role("button", name="Delete A chat of before").click()
        heading(page, "Waiting for the server")
        page.unroute_all()
    finally:
        server.start()
    # The dialog that was asked for comes, and the screen below it.
    page.get_by_role("button", name="Keep").click()
    heading(page, "Library")
    expect(page.get_by_text(AWAY)).to_have_count(0)
    far.close()


def test_a_tab_from_before_an_update_goes_on(context: BrowserContext, tmp_path: Path) -> None:
    """Its chunks are gone from the server (vitejs/vite#11804)."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        shutil.copytree(WEB, folder)
    renamed(second, "RegisterPage")
    with PageServer(first) as server:
        page = context.new_page()
        page.goto(f"{server.address}/login")
        kept(page)
        server.folder = second
        page.evaluate(
            """async () => {
                const changed = new Promise(done =>
                    navigator.serviceWorker.addEventListener("controllerchange", done));
                await (await navigator.serviceWorker.ready).update();
                await changed;
            }"""
        )
        page.evaluate("window.same = true")
        page.get_by_role("link", name="Register").click()
        heading(page, "Register")
        assert page.evaluate("window.same")
        # The next load is the new release's.
        page.goto(f"{server.address}/login")
        with page.expect_response(re.compile("RegisterPage-updated")):
            page.get_by_role("link", name="Register").click()
        heading(page, "Register")


def test_an_update_without_a_worker_loads_the_page_anew(browser: Browser, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        shutil.copytree(WEB, folder)
    renamed(second, "RegisterPage")
    context = browser.new_context(service_workers="block")
    with PageServer(first) as server:
        page = context.new_page()
        page.goto(f"{server.address}/login")
        heading(page, "Sign in")
        server.folder = second
        page.get_by_role("link", name="Register").click()
        heading(page, "Register")
    context.close()


def renamed(folder: Path, chunk: str) -> None:
    """As a new release has it: the chunk's name is another, wherever it stands."""
    old = next((folder / "assets").glob(f"{chunk}-*.js"))
    new = f"{chunk}-updated.js"
    old.rename(old.with_name(new))
    for file in [folder / "index.html", folder / "sw.js", *(folder / "assets").glob("*.js")]:
        file.write_text(file.read_text("utf-8").replace(old.name, new), "utf-8")
