"""Models and comparisons on the page: chosen cards side by side, what differs, on a telephone."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import check_everywhere
from tests.e2e.conftest import ask, register
from tests.support.hubs import make_hubs
from tests.support.server import Server

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    hubs = make_hubs()
    with (
        hubs.kaggle,
        hubs.hub,
        Server(tmp_path_factory.mktemp("comparison") / "data", **hubs.settings) as server,
    ):
        yield server


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    register(page, server)
    yield page
    context.close()


def test_models_have_no_download_and_chosen_datasets_stand_side_by_side(page: Page, server: Server) -> None:
    ask(page, "which model can transcribe Welsh speech?")
    models = page.get_by_role("region", name="Models found")
    expect(models.get_by_role("link", name="Open techiaith/wav2vec2-xlsr-ft-cy")).to_be_visible()
    assert page.get_by_role("button", name=re.compile("Download")).count() == 0
    check_everywhere(page, "models")

    ask(page, "find diabetes datasets")
    boxes = page.get_by_role("checkbox", name=re.compile("^Select"))
    boxes.nth(0).check()
    expect(page.get_by_role("button", name="Compare")).to_be_disabled()
    boxes.nth(1).check()
    page.get_by_role("link", name="Compare").click()
    table = page.get_by_role("region", name="Datasets side by side")
    expect(table.get_by_role("row").first).to_be_visible()
    assert page.url.count("ref=") == 2

    address = f"{server.address}/compare?ref=kaggle:uciml/pima-indians-diabetes-database&ref=builtin:iris"
    page.goto(f"{address}&ref=huggingface:nobody/nothing")
    expect(page.get_by_text("No answer: see below")).to_be_visible()
    check_everywhere(page, "comparison")
    rows = table.locator("tbody tr")
    everything = rows.count()
    page.get_by_role("switch", name="Only differences").press("Space")
    expect(table.get_by_role("rowheader", name="Access")).to_have_count(0)
    assert 0 < rows.count() < everything
    page.get_by_role("link", name="Take huggingface:nobody/nothing out").press("Enter")
    expect(page.get_by_text("No answer: see below")).to_have_count(0)
    page.set_viewport_size({"width": 390, "height": 700})
    table.evaluate("box => box.scrollTo(60, 400)")
    # The names of the datasets stay in sight above, and those of the rows beside.
    expect(table.get_by_role("columnheader").nth(1)).to_be_in_viewport()
    expect(table.get_by_role("rowheader", name=re.compile("Glucose"))).to_be_in_viewport()
