"""The library: found, sorted and filtered by its address; several at a time; what failed; the disk."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from dataferry.core.db import Database
from dataferry.library.models import Dataset, DatasetAccess, DatasetFile
from tests.e2e.accessibility import check_everywhere
from tests.e2e.conftest import register
from tests.fakes.catalogue import HEART
from tests.support.hubs import Hubs, make_hubs
from tests.support.server import Client, Server

pytestmark = pytest.mark.e2e
MANY = 1000
TITLES = (
    "A short one",
    "بيانات مرضى السكري",
    "😀 Emoji",
    "Supercalifragilistic" * 20,
    "A long title with words " * 9,
)


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(scope="module")
def server(hubs: Hubs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = hubs.settings | {"DATAFERRY_RETRIES": "0"}
    with Server(tmp_path_factory.mktemp("library") / "data", **settings) as server:
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
    """She has a thousand datasets, of which every second is hers to delete, and one that failed."""
    client = server.client()
    me = client.get("/api/auth/me").json()["id"]
    database = Database(f"sqlite:///{server.data_dir / 'dataferry.sqlite'}")
    with database.unit_of_work() as session:
        for number in range(MANY):
            session.add(one(number))
        session.flush()
        for number in range(0, MANY, 2):
            session.add(DatasetAccess(dataset_id=f"ds_{number}", user_id=me, owner=True))
            session.add(
                DatasetFile(
                    dataset_id=f"ds_{number}",
                    path="a.bin",
                    size=1_000_000,
                    sha256="ab" * 32,
                    grade="recorded",
                )
            )
    database.close()
    hubs.kaggle.fault("wrong_bytes")
    ticket = client.post("/api/datasets/download/kaggle", {"dataset_id": HEART}).json()
    assert client.finished(ticket["job_id"])["state"] == "failed"
    hubs.heal()
    return client


def one(number: int) -> Dataset:
    given: dict[str, Any] = {
        "id": f"ds_{number}",
        "source": ("kaggle", "huggingface")[number % 2],
        "source_id": f"acme/number-{number:04}",
        "revision": "1",
        "name": f"acme/number-{number:04}",
        "title": f"{TITLES[number % 5]} {number:04}",
        "status": "downloaded",
        "downloaded": True,
        "size": 1_000_000 * (number + 1),
        "file_count": number,
        "grade": ("publisher", "transport", "recorded")[number % 3],
        "downloaded_at_ms": 1_790_000_000_000 + number,
        "updated_at_ms": number,
    }
    return Dataset(**given)


def rows(page: Page) -> Any:
    return page.get_by_role("table", name="Datasets on this machine").locator("tbody tr")


def test_an_empty_library_says_how_to_fill_it(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/library")
    expect(page.get_by_text("Nothing is here yet")).to_be_visible()
    expect(page.get_by_role("search")).to_have_count(0)


def test_what_is_looked_for_is_in_the_address_and_back_undoes_it(
    page: Page, server: Server, ada: Client
) -> None:
    page.goto(f"{server.address}/library")
    expect(rows(page)).to_have_count(100)
    page.get_by_role("button", name="Size").click()
    expect(rows(page).first).to_contain_text("number-0999")
    expect(page.get_by_role("columnheader", name="Size")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("combobox", name="Source").select_option("kaggle")
    expect(rows(page).first).to_contain_text("number-0998")
    page.get_by_role("searchbox", name="Search the library").press_sequentially("NUMBER-01")
    expect(page.get_by_text("50 datasets")).to_be_visible()
    assert "q=NUMBER-01" in page.url
    page.reload()
    expect(page.get_by_role("searchbox", name="Search the library")).to_have_value("NUMBER-01")
    expect(rows(page)).to_have_count(50)
    page.go_back()
    expect(page.get_by_role("searchbox", name="Search the library")).to_have_value("")
    expect(rows(page).first).to_contain_text("number-0998")
    page.go_back()
    expect(rows(page).first).to_contain_text("number-0999")
    page.get_by_role("searchbox", name="Search the library").fill("no such thing")
    expect(page.get_by_text("Nothing in the library matches")).to_be_visible()
    page.get_by_role("button", name="Clear filters").first.click()
    expect(rows(page)).to_have_count(100)


def test_only_what_the_server_would_do_is_offered(page: Page, server: Server, ada: Client) -> None:
    """A delete button answered 403."""
    page.goto(f"{server.address}/library?sort=name&q=short")
    expect(rows(page)).to_have_count(100)
    hers = rows(page).filter(has_text="number-0010").get_by_role("button", name="Delete")
    expect(hers).to_have_count(1)
    others = rows(page).filter(has_text="number-0005").get_by_role("button", name="Delete")
    expect(others).to_have_count(0)


def test_several_are_deleted_and_the_true_space_is_said(page: Page, server: Server, ada: Client) -> None:
    """Every file here is one file: the sizes of rows, added up, would be a lie (lerd-env/lerd#1798)."""
    page.goto(f"{server.address}/library?sort=size&descending=false&source=kaggle&state=here")
    expect(rows(page).first).to_contain_text("number-0000")
    rows(page).nth(0).get_by_role("checkbox").check()
    rows(page).nth(4).get_by_role("checkbox").click(modifiers=["Shift"])
    bar = page.get_by_role("region", name="Selected datasets")
    expect(bar).to_contain_text("5 selected · 25.0 MB")
    page.get_by_role("checkbox", name="Select all on this page").check()
    expect(bar).to_contain_text("100 selected")
    page.get_by_role("button", name="Select all 500").click()
    expect(bar).to_contain_text("500 selected")
    bar.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("alertdialog", name="Delete 500 datasets?")
    # It looks at every one.
    expect(dialog).to_contain_text("This frees 1.0 MB", timeout=30_000)
    page.keyboard.press("Escape")
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_have_count(0)

    rows(page).nth(0).get_by_role("checkbox").check()
    rows(page).nth(1).get_by_role("checkbox").check()
    bar.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("alertdialog", name="Delete 2 datasets?")
    expect(dialog).to_contain_text("This frees 0 B: the rest belongs to other datasets too.")
    dialog.get_by_role("button", name="Delete").click()
    expect(bar).to_have_count(0)
    expect(rows(page).first).to_contain_text("number-0004")


def test_what_failed_is_tried_again_or_removed(page: Page, server: Server, ada: Client, hubs: Hubs) -> None:
    page.goto(f"{server.address}/library?state=failed")
    row = rows(page)
    expect(row).to_have_count(1)
    expect(row.get_by_role("button", name="Remove Heart")).to_be_visible()
    check_everywhere(page, "a library with a failed download")
    row.get_by_role("button", name="Retry Heart").click()
    expect(page.get_by_text("Nothing in the library matches")).to_be_visible()
    page.get_by_role("button", name="Clear filters").first.click()
    expect(rows(page).first).to_contain_text("verified")


def test_rows_are_low_on_a_telephone_whatever_their_names(page: Page, server: Server, ada: Client) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server.address}/library")
    expect(rows(page)).to_have_count(100)
    heights = rows(page).evaluate_all("rows => rows.map(row => row.getBoundingClientRect().height)")
    assert max(heights) <= 72
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 1440, "height": 900})


def test_the_disk_is_told_as_it_is(page: Page, server: Server, ada: Client) -> None:
    page.goto(f"{server.address}/library")
    disk = page.get_by_role("region", name="Disk space")
    expect(disk).to_contain_text(re.compile(r"free of .* GB"))
    expect(disk).to_contain_text(re.compile(r"Dataferry .*everything else"))


def test_what_is_not_here_shows_its_first_rows_and_is_downloaded_from_there(
    page: Page, server: Server, ada: Client
) -> None:
    page.goto(f"{server.address}/library/kaggle:uciml~iris")
    expect(page.get_by_text("Not on this machine")).to_be_visible()
    rows = page.get_by_role("region", name="First rows of Iris.csv")
    expect(rows.get_by_role("columnheader", name="species")).to_be_visible()
    expect(page.get_by_text(re.compile(r"of 150 rows · 5 columns · .* fetched from Kaggle"))).to_be_visible()
    page.get_by_role("button", name="Download", exact=True).click()
    expect(page.get_by_role("heading", name="Iris Species")).to_be_visible()
    expect(page.get_by_text("Not on this machine")).to_have_count(0)
    expect(page.get_by_text(re.compile(r"150 rows · 5 columns$"))).to_be_visible()
