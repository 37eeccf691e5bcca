"""The list of downloads: a thousand rows, selected, sorted and acted on; what ended is seen and cleared."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.e2e.accessibility import check, check_everywhere
from tests.e2e.conftest import ask, register
from tests.support.hubs import Hubs
from tests.support.job_rows import add_ended_jobs
from tests.support.server import Server

pytestmark = pytest.mark.e2e
RIVER = "River gauge readings"


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    settings = {**hubs.settings, "DATAFERRY_BANDWIDTH_BYTES_PER_S": "150000"}
    with Server(tmp_path_factory.mktemp("downloads") / "data", **settings) as server:
        yield server


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    # axe is brought in as a script of the page, which the page's own policy would refuse.
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, bypass_csp=True, reduced_motion="reduce"
    )
    yield context
    context.close()


def rows(page: Page) -> Locator:
    return page.get_by_role("main").get_by_test_id("job")


def start_river(page: Page, hubs: Hubs) -> None:
    ask(page, "find river gauge readings")
    card = page.locator(f'[data-card="huggingface:{hubs.slow}"]')
    # Asked for before anybody goes to another screen.
    with page.expect_response(re.compile("/api/datasets/download")):
        card.get_by_role("button", name="Download").click()


def test_a_long_download_that_ended_is_first_and_what_is_done_is_cleared(
    context: BrowserContext, server: Server, hubs: Hubs
) -> None:
    page = context.new_page()
    register(page, server)
    start_river(page, hubs)
    tray = page.get_by_role("complementary", name="Downloads")
    running = tray.get_by_test_id("job").filter(has_text=RIVER)
    # The time left is told from two seconds on, and runs down.
    expect(running.get_by_text(re.compile(r"(\d+ s|\d min) left$"))).to_be_visible()
    client = server.client()
    # Many that were asked for later have ended: the tray had no room for the one that took long.
    add_ended_jobs(server, client.get("/api/auth/me").json()["id"], 1000, apart=timedelta(milliseconds=1))
    page.reload()
    tray.get_by_role("button", name=re.compile("^Pause")).click()
    resume = tray.get_by_role("button", name=re.compile("^Resume"))
    expect(resume).to_be_visible()
    kept = kept_percent(running)
    assert kept > 0
    resume.click()
    client.http.put("/api/transfer/limits", json={"bytes_per_s": None}).raise_for_status()
    # What was kept stays on screen while it waits for its turn and asks for the list of files.
    while (percent := kept_percent(running)) < 99:
        assert percent >= kept
    first = tray.get_by_test_id("job").first
    expect(first).to_contain_text(RIVER)
    expect(first).to_contain_text("Downloaded and verified")
    failed = tray.get_by_test_id("job").filter(has_text="broke off")
    expect(failed).to_have_count(1)
    for height in [each.bounding_box()["height"] for each in tray.get_by_test_id("job").all()]:  # type: ignore[index]
        assert height <= 72
    check_everywhere(page, "the tray of a person with a thousand downloads")
    expect(failed).to_have_count(1)

    clear = failed.get_by_role("button", name=re.compile("^Clear"))
    name = clear.get_attribute("aria-label")
    clear.click()
    expect(tray.get_by_role("button", name=str(name))).to_have_count(0)
    page.goto(f"{server.address}/downloads")
    state = page.get_by_role("combobox", name="State")
    expect(state).to_contain_text("All (1000)")
    expect(state).to_contain_text("Cleared (1)")
    expect(page.get_by_role("complementary", name="Downloads")).to_have_count(0)
    page.get_by_role("button", name="Clear done").click()
    expect(state).to_contain_text("All (199)")
    page.get_by_role("button", name="Undo").click()
    expect(state).to_contain_text("All (1000)")


def kept_percent(row: Locator) -> int:
    """What the bar shows; 99 once it is gone."""
    bar = "row => row.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow') ?? '99'"
    return int(row.evaluate(bar))


def test_chosen_cards_are_downloaded_together(context: BrowserContext, server: Server) -> None:
    page = context.new_page()
    register(page, server)
    ask(page, "find diabetes datasets")
    names = ["Select Diabetes, 442 patients", "Select Pima Indians Diabetes Database"]
    for name in names:
        page.get_by_role("checkbox", name=name, exact=True).check()
    expect(page.get_by_text(re.compile(r"^2 selected"))).to_be_visible()
    page.get_by_role("button", name="Download selected").click()
    done = page.get_by_role("complementary", name="Downloads").get_by_test_id("job")
    expect(done).to_have_count(2)
    expect(done.filter(has_text="Downloaded and verified")).to_have_count(2)
    expect(page.get_by_text(re.compile("selected"))).to_have_count(0)


def test_rows_are_selected_sorted_and_acted_on(context: BrowserContext, server: Server, hubs: Hubs) -> None:
    page = context.new_page()
    register(page, server)
    add_ended_jobs(server, server.client().get("/api/auth/me").json()["id"], 1000)
    start_river(page, hubs)
    page.goto(f"{server.address}/downloads")
    running = rows(page).filter(has_text=RIVER)
    expect(rows(page).first).to_contain_text(RIVER)
    expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", "1002")
    assert rows(page).count() < 80, "a thousand rows cost no more than a screen"

    # From the first to the fifth with Shift; sorted anew, the same ones are selected.
    boxes = page.get_by_role("main").locator("tbody input")
    boxes.nth(1).click()
    boxes.nth(5).click(modifiers=["Shift"])
    bar = page.get_by_role("toolbar", name="Selected downloads")
    expect(bar.get_by_text("5 selected")).to_be_visible()
    chosen = [box.get_attribute("aria-label") for box in boxes.all()[1:6]]
    page.get_by_role("columnheader", name="Added").get_by_role("button").click()
    page.get_by_role("columnheader", name="Added").get_by_role("button").click()
    expect(bar.get_by_text("5 selected")).to_be_visible()
    page.get_by_role("searchbox", name="Filter downloads").fill("iris 0")
    expect(bar.get_by_text("1 selected")).to_be_visible()
    page.get_by_role("searchbox", name="Filter downloads").fill("")
    assert {box.get_attribute("aria-label") for box in boxes.all() if box.is_checked()} <= set(chosen)
    page.get_by_role("columnheader", name="Finished").get_by_role("button").click()

    # By keys: down, with Shift a range, all, none; updates of the running one take no focus.
    running.get_by_role("checkbox").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+ArrowDown")
    expect(bar.get_by_text("2 selected")).to_be_visible()
    page.keyboard.press("ArrowDown")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    expect(running.get_by_text(re.compile(r"[1-9]\d*%"))).to_be_visible()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == focused
    page.keyboard.press("Control+a")
    expect(bar.get_by_text("1001 selected")).to_be_visible()
    page.keyboard.press("Escape")
    expect(bar).to_have_count(0)

    # Under the pointer nothing moves: the running one, paused and resumed, keeps its place.
    page.get_by_role("button", name="Pause all").click()
    expect(running.get_by_text(re.compile("^Paused"))).to_be_visible()
    running.get_by_role("button", name=re.compile("^River")).click()
    details = page.get_by_role("complementary", name="Details")
    details.get_by_role("combobox", name=re.compile("^Priority")).select_option("high")
    expect(running.get_by_text("High priority")).to_be_attached()
    details.get_by_label("Speed limit, MB/s").fill("0.3")
    details.get_by_role("button", name="Set").click()
    expect(page.get_by_test_id("announcer")).to_contain_text("300 kB/s")
    page.get_by_role("button", name="Resume all").click()
    expect(details.get_by_role("img", name=re.compile("^Rate of the last minutes"))).to_be_visible()
    expect(details.get_by_text("Resumed")).to_be_visible()
    page.reload()
    expect(details.get_by_role("img", name=re.compile("^Rate of the last minutes"))).to_be_visible()
    check_everywhere(page, "the list of downloads with one open")

    # On a telephone each is a card of 72 px at most, whose action is in reach.
    details.get_by_role("button", name="Close the details").click()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("list", name="Downloads")).to_be_visible()
    for row in rows(page).all()[:12]:
        box = row.bounding_box()
        assert box is not None
        assert box["height"] <= 72
        expect(
            row.get_by_role("button", name=re.compile("^(Pause|Cancel|Retry|Clear)")).first
        ).to_be_visible()
    rows(page).nth(1).get_by_role("checkbox").check()
    check(page, "cards, one selected")


def test_the_bar_of_a_telephone_is_there_only_when_there_is_something(
    context: BrowserContext, server: Server, hubs: Hubs
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    register(page, server)
    add_ended_jobs(server, server.client().get("/api/auth/me").json()["id"], 12)
    page.reload()
    bar = page.get_by_role("button", name=re.compile("download", re.I)).and_(
        page.locator("[aria-haspopup=dialog]")
    )
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    expect(bar).to_have_count(0)
    start_river(page, hubs)
    expect(bar).to_contain_text("1 downloading")
    server.client().http.put("/api/transfer/limits", json={"bytes_per_s": None}).raise_for_status()
    expect(bar).to_contain_text("1 download ended")
    bar.click()
    sheet = page.get_by_role("dialog", name="Downloads")
    expect(sheet.get_by_test_id("job").first).to_contain_text(RIVER)
    for row in sheet.get_by_test_id("job").all():
        box = row.bounding_box()
        assert box is not None
        assert box["height"] <= 72
    check(page, "the sheet")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(bar).to_have_count(0)
