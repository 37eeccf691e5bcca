"""``make bench``: how soon a click on Download shows progress in the browser.

Counted inside the page, from the end of the 202 to the first bar that has moved; medians of 5, each on
a fresh server with the intervals that users have.
"""

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.conftest import find_chromium
from tests.support.hubs import Hubs, make_hubs
from tests.support.server import PASSWORD, Server

RUNS = 5
#: Milliseconds from the answer to the click until the card's bar stands above zero.
MEASURE = """
card => new Promise(resolve => {
  const element = document.querySelector(`[data-card="${card}"]`);
  let accepted;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries())
      if (entry.name.includes("/api/datasets/download/")) accepted = entry.responseEnd;
  }).observe({ type: "resource" });
  const seen = new MutationObserver(() => {
    const bar = element.querySelector("[role=progressbar]");
    if (accepted !== undefined && Number(bar?.getAttribute("aria-valuenow")) > 0) {
      seen.disconnect();
      resolve(performance.now() - accepted);
    }
  });
  seen.observe(element, { subtree: true, childList: true, attributes: true });
  element.querySelector("[data-download]").click();
})
"""


def main() -> None:
    program = find_chromium()
    if program is None:
        print("click → progress  not measured: no Chromium (apt install chromium)")
        return
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        measured = [once(browser, hubs) for _ in range(RUNS)]
        browser.close()
    print(f"click → progress  {statistics.median(measured):6.0f} ms   goal ≤ 400 from the 202")


def once(browser: Browser, hubs: Hubs) -> float:
    usual = {"DATAFERRY_POLL_S": "0.25", "DATAFERRY_RECONCILE_S": "10"}
    with (
        tempfile.TemporaryDirectory() as folder,
        Server(Path(folder) / "data", **hubs.settings, **usual) as server,
    ):
        page = browser.new_page()
        page.goto(f"{server.address}/register")
        page.get_by_label("E-mail").fill("ada@example.org")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("textbox", name="Message").fill("find river gauge readings")
        page.keyboard.press("Enter")
        card = f"huggingface:{hubs.slow}"
        expect(page.locator(f'[data-card="{card}"]').get_by_role("button")).to_be_visible()
        milliseconds: float = page.evaluate(MEASURE, card)
        page.close()
        return milliseconds


if __name__ == "__main__":
    main()
