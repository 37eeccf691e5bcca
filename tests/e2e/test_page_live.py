"""The page while something happens: pushed and not asked for, told whether it went well or not."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Request, expect

from tests.e2e.conftest import ask, register
from tests.fakes.catalogue import HEART, IMDB
from tests.support.hubs import Hubs
from tests.support.server import PASSWORD, Server

pytestmark = pytest.mark.e2e


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    settings = hubs.settings | {"DATAFERRY_RETRIES": "0"}
    with Server(tmp_path_factory.mktemp("live") / "data", **settings) as server:
        yield server


def test_progress_is_pushed_and_the_end_is_told(page: Page, server: Server, hubs: Hubs) -> None:
    register(page, server)
    ask(page, "find river gauge readings")
    card = page.locator(f'[data-card="huggingface:{hubs.slow}"]')
    # The click asks for its job once; what happens to it from then on is pushed.
    with page.expect_response(re.compile("/api/jobs/job_")):
        card.get_by_role("button", name="Download").click()
    expect(card.get_by_role("progressbar")).to_be_visible()

    asked: list[str] = []
    page.on("request", lambda request: asked.append(path_of(request)))
    expect(card.get_by_text("Downloaded and verified")).to_be_visible()
    assert [path for path in asked if path.startswith(("/api/jobs", "/api/chats"))] == []

    # The list of what is here has it, with its size, and so has the list after a reload.
    page.get_by_role("link", name="Library").first.click()
    page.wait_for_url(re.compile("/library$"))
    expect(page.get_by_text("River gauge readings").first).to_be_visible()
    page.reload()
    expect(page.get_by_text("River gauge readings").first).to_be_visible()

    # Another tab renews the session; here it goes on.
    other = page.context.new_page()
    other.goto(f"{server.address}/downloads")
    expect(other.get_by_role("heading", name="Downloads", level=1)).to_be_visible()
    page.get_by_role("link", name="Settings").first.click()
    page.wait_for_url(re.compile("/settings"))
    expect(page.get_by_role("heading", name="Settings").first).to_be_visible()
    assert "/login" not in other.url


def test_a_failure_is_told_with_the_next_act(page: Page, server: Server, hubs: Hubs) -> None:
    register(page, server)
    ask(page, "find heart failure data")
    card = page.locator(f'[data-card="kaggle:{HEART}"]')
    hubs.kaggle.fault("wrong_bytes")
    card.get_by_role("button", name="Download").click()
    expect(card.get_by_text("the bytes are not those that the source promises")).to_be_visible()
    expect(card.get_by_text("Try again")).to_be_visible()
    hubs.heal()
    card.get_by_role("button", name="Retry").click()
    expect(card.get_by_text("Downloaded and verified")).to_be_visible()


def test_the_older_pages_own_code_works(page: Page, server: Server) -> None:
    """``fetch`` with a bearer token and ``download_path: null``, as older pages send it."""
    register(page, server)
    token = page.request.post(
        f"{server.address}/api/auth/token", form={"username": "ada@example.org", "password": PASSWORD}
    ).json()["access_token"]
    answer = page.evaluate(
        """async ([token, dataset_id]) => {
            const response = await fetch("/api/datasets/download/huggingface", {
                method: "POST",
                headers: {"Content-Type": "application/json", Authorization: `Bearer ${token}`},
                body: JSON.stringify({dataset_id, download_path: null}),
            });
            return [response.ok, await response.json()];
        }""",
        [token, IMDB],
    )
    ok, ticket = answer
    assert ok
    assert (ticket["success"], ticket["dataset_id"], ticket["source"]) == (True, IMDB, "HuggingFace")
    assert ticket["file_path"]


def path_of(request: Request) -> str:
    return "/" + request.url.partition("://")[2].partition("/")[2]
