"""The whole tables of a dataset on its page: every row is reached, sorted, filtered, searched and counted, by
keyboard too; what is shown stands in the address."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.accessibility import check_everywhere
from tests.e2e.conftest import signed_in
from tests.fakes.content import Blob, binary, text
from tests.fakes.dataset import FakeDataset
from tests.support.hubs import Hubs, make_hubs
from tests.support.plugins import png
from tests.support.server import Client, Server

pytestmark = pytest.mark.e2e
WAIT = {"Prefer": "wait"}
ROWS = 5_000
README = """---
configs:
- config_name: prices
  data_files: [{split: calibration, path: "data/*.csv"}]
- config_name: nested
  data_files: notes.jsonl
---
# Prices
"""


def files() -> dict[str, Blob]:
    prices = "".join(f"{n},item {n % 7},{n * 37 % ROWS}\n" for n in range(ROWS))
    notes = [{"id": n, "tags": ["a, b", {"k": n}], "long": "words " * 900, "none": None} for n in range(40)]
    return {
        "README.md": text(README),
        "data/prices.csv": text(f"id,name,price\n{prices}"),
        "notes.jsonl": text("".join(json.dumps(note) + "\n" for note in notes)),
    }


def photos() -> dict[str, Blob]:
    lines = "".join(f"{n}.png,{'cat' if n % 2 else 'dog'}\n" for n in range(30))
    images = {f"train/{n}.png": binary(png(40, 30, n)) for n in range(30)}
    return {"train/metadata.csv": text(f"file_name,label\n{lines}"), **images}


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(scope="module")
def server(hubs: Hubs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("whole") / "data", **hubs.settings) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server, hubs: Hubs) -> Client:
    client = server.client()
    offered = {"whole": files(), "photos": photos(), "broken": {"broken.parquet": binary(b"PAR1" * 300)}}
    for name, content in offered.items():
        hubs.hub.catalogue.add(
            FakeDataset(
                "huggingface", f"acme/{name}", f"Of {name}", "Words", "mit", lambda content=content: content
            )
        )
        asked = {"dataset_id": f"acme/{name}"}
        assert client.post("/api/datasets/download/huggingface", asked, headers=WAIT).status_code == 200
    return client


@pytest.fixture(scope="module")
def page(browser: Browser, server: Server, ada: Client) -> Iterator[Page]:
    with signed_in(browser, server) as page:
        yield page


def open_rows(page: Page, server: Server, query: str = "") -> Locator:
    page.goto(f"{server.address}/library/huggingface:acme~whole?tab=rows{query}")
    grid = page.get_by_role("grid")
    expect(grid).to_be_visible()
    return grid


def cell(grid: Locator, row: int, column: int) -> Locator:
    """Rows and columns counted from 1, as people do."""
    place = f'[role=row][aria-rowindex="{row + 1}"] [aria-colindex="{column + 1}"]'
    return grid.locator(place)


def test_every_row_is_reached_sorted_and_filtered(page: Page, server: Server) -> None:
    grid = open_rows(page, server)
    expect(page.get_by_role("combobox", name="Table")).to_contain_text(
        "prices / calibration: data/prices.csv"
    )
    expect(cell(grid, 1, 2)).to_have_text("item 0")
    assert grid.get_by_role("row").count() < 60
    expect(grid.get_by_role("img", name="Histogram from 0 to 4999").first).to_be_visible()
    expect(grid.get_by_text("7 different")).to_be_visible()
    grid.focus()
    page.keyboard.press("Control+End")
    expect(cell(grid, ROWS, 1)).to_have_text(str(ROWS - 1))
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="price, row 5,000")).to_be_visible()
    page.keyboard.press("Escape")
    grid.evaluate("grid => grid.scrollTop = 2000 * 32")
    expect(cell(grid, 2_004, 1)).to_have_text("2003")
    grid.get_by_role("button", name="price", exact=True).click()
    grid.get_by_role("button", name="price", exact=True).click()
    expect(cell(grid, 1, 3)).to_have_text("4999")
    grid.get_by_role("button", name="Filter name").click()
    asked = page.get_by_role("dialog", name="Filter name")
    asked.get_by_label("Value", exact=True).fill("item 3")
    asked.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("status").filter(has_text="714 rows of 5,000")).to_be_visible()
    check_everywhere(page, "a whole table, sorted and filtered")


def test_a_link_leads_to_the_same_view(page: Page, server: Server) -> None:
    grid = open_rows(page, server)
    expect(cell(grid, 1, 1)).to_have_text("0")
    grid.get_by_role("button", name="id", exact=True).click()
    grid.get_by_role("button", name="id", exact=True).click()
    expect(cell(grid, 1, 1)).to_have_text("4999")
    page.get_by_role("searchbox", name="Search in all columns").fill("item 6")
    expect(page.get_by_role("status").filter(has_text="714 rows of 5,000")).to_be_visible()
    first = cell(grid, 1, 1).inner_text()
    top = grid.evaluate("grid => grid.closest('.overflow-y-auto').scrollTop")
    expect(page).to_have_url(re.compile("descending=true"))
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    expect(page.get_by_role("searchbox", name="Search in all columns")).to_have_value("item 6")
    expect(cell(page.get_by_role("grid"), 1, 1)).to_have_text(first)
    assert top == page.get_by_role("grid").evaluate("grid => grid.closest('.overflow-y-auto').scrollTop")
    picker = page.get_by_role("combobox", name="Table")
    nested = picker.get_by_role("option").filter(has_text="nested").get_attribute("value")
    picker.select_option(nested)
    expect(page.get_by_role("status").filter(has_text="40 rows")).to_be_visible()
    expect(page.get_by_role("searchbox", name="Search in all columns")).to_have_value("")
    page.go_back()
    expect(page.get_by_role("searchbox", name="Search in all columns")).to_have_value("item 6")
    expect(cell(page.get_by_role("grid"), 1, 1)).to_have_text(first)
    wrong = page.goto(f"{address}&sort=99&filters=%5B%7B%22column%22%3A99%2C%22op%22%3A%22eq%22%7D%5D")
    assert wrong is not None
    expect(page.get_by_role("grid")).to_be_visible()


def test_pictures_that_a_table_names_are_shown_in_it(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/library/huggingface:acme~photos?tab=rows")
    grid = page.get_by_role("grid")
    expect(cell(grid, 1, 1)).to_have_text("0.png")
    expect(cell(grid, 1, 1).locator("img")).to_have_attribute("src", re.compile("^data:image/webp"))
    expect(cell(grid, 1, 2).locator("img")).to_have_count(0)
    cell(grid, 2, 1).click()
    view = page.get_by_role("dialog", name="file_name, row 2")
    expect(view.get_by_text("40 × 30")).to_be_visible()
    check_everywhere(page, "a picture that a table names")


def test_the_library_that_it_is_loaded_with_is_remembered(page: Page, server: Server) -> None:
    address = f"{server.address}/library/huggingface:acme~photos"
    page.goto(address)
    code = page.get_by_role("region", name="code that loads it", exact=True)
    expect(code).to_contain_text("to_pandas()")
    page.get_by_role("combobox", name="With").select_option("polars")
    expect(code).to_contain_text("to_polars()")
    page.reload()
    expect(code).to_contain_text("to_polars()")
    page.get_by_role("combobox", name="With").select_option("r")
    expect(code).to_contain_text("metadata.csv")


def test_a_table_that_cannot_be_read_and_a_server_that_goes(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/library/huggingface:acme~broken?tab=rows")
    expect(page.get_by_text(re.compile("broken.parquet cannot be shown as a table"))).to_be_visible()
    grid = open_rows(page, server)
    expect(cell(grid, 1, 1)).to_have_text("0")
    server.stop()
    grid.focus()
    page.keyboard.press("Control+End")
    expect(page.get_by_text(re.compile("server cannot be reached"))).to_be_visible()
    server.start()
    expect(cell(grid, ROWS, 1)).to_have_text(str(ROWS - 1))
