"""The page's tab Ask: a question becomes SQL that is seen and can be changed, with rows, a chart, files."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import check_everywhere
from tests.e2e.conftest import signed_in
from tests.support.server import Server, until

COUNTED = "SELECT species, count(*) AS rows\nFROM train\nGROUP BY ALL\nORDER BY ALL\nLIMIT 1000"
pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("asking") / "data") as server:
        ada = server.client()
        wanted = {"dataset_id": "builtin:iris"}
        ada.post("/api/datasets/download-dataset", wanted, headers={"Prefer": "wait"})
        begun = ada.post("/api/datasets/builtin:iris/tables").json()
        if begun["job"]:
            ada.finished(begun["job"]["id"])
        yield server


@pytest.fixture(scope="module")
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with signed_in(browser, server, permissions=["clipboard-read"]) as page:
        page.goto(f"{server.address}/library/builtin:iris?tab=ask")
        yield page


def _answered(page: Page, words: str) -> None:
    expect(page.get_by_text(f"{words} ·")).to_be_visible()


def test_a_ready_question_a_chart_and_a_file(page: Page, tmp_path: Path) -> None:
    ready = page.get_by_role("list", name="Ready questions").get_by_role("button")
    ready.first.click()
    _answered(page, "3 rows")
    sql = page.get_by_label("SQL of the answer")
    expect(sql).to_have_value(COUNTED)
    bars = page.get_by_role("list", name="rows by species").get_by_role("listitem")
    expect(bars).to_have_count(3)
    check_everywhere(page, "bars")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Parquet").click()
    saving.value.save_as(tmp_path / "answer.parquet")
    assert parquet.read_table(tmp_path / "answer.parquet").num_rows == 3
    for kind in ("Histogram of", "Scatter of"):
        ready.filter(has_text=kind).click()
        expect(page.locator("figure svg")).to_be_visible()
    check_everywhere(page, "scatter")
    # What was asked before is still there, and needs not be asked again.
    page.get_by_role("region", name="Earlier questions").get_by_role("button").last.click()
    expect(sql).to_have_value(COUNTED)


def test_sql_is_changed_fails_runs_and_is_cancelled(page: Page, server: Server) -> None:
    sql = page.get_by_label("SQL of the answer")
    sql.fill("SELECT nothing FROM train")
    sql.press("Control+Enter")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text('"nothing" not found')
    expect(alert).to_contain_text("The table is train, with the columns")
    check_everywhere(page, "an error")
    sql.fill("SELECT count(*) AS n FROM train")
    page.get_by_role("button", name="Run").click()
    _answered(page, "1 row")
    expect(alert).to_be_hidden()
    question = page.get_by_role("textbox", name="Ask this table")
    question.fill("SELECT count(*) FROM range(10000000000) a, range(1000) b")
    question.press("Enter")
    scratch = server.data_dir / "downloads" / ".trash"
    until(lambda: list(scratch.glob("query-*")), "it runs")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible(timeout=10_000)
    until(lambda: not list(scratch.glob("query-*")), "it has ended", timeout=10)


def test_what_rules_do_not_understand_is_said(page: Page) -> None:
    question = page.get_by_role("textbox", name="Ask this table")
    question.fill("who painted them?")
    question.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("“painted”")
    expect(page.get_by_role("alert")).to_contain_text("ready questions")
