"""``python -m scripts.screenshots``: docs/images made anew from the demo, in Debian's chromium.

Three pictures: a chat with cards and a download under way, the downloads, and a dataset in the dark.
"""

import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

from scripts.demo import environment, fakes
from tests.e2e.conftest import BROWSER_ARGUMENTS, ask, find_chromium, register
from tests.fakes.catalogue import HEART, IMDB, PIMA, SLOW
from tests.support.server import Server

IMAGES = Path(__file__).parents[1] / "docs" / "images"
#: Twice as many pixels as CSS pixels, so that text is sharp where it is shown smaller.
SCALE = 2
OPEN = re.compile("^Open ")
SIZE = {"width": 1280, "height": 800}


def main() -> int:
    chromium = find_chromium()
    if chromium is None:
        print("Screenshots want Chromium: apt install chromium; on macOS install Chrome", file=sys.stderr)
        return 2
    with (
        tempfile.TemporaryDirectory(prefix="dataferry-") as folder,
        fakes() as addresses,
        Server(Path(folder) / "data", **settings(addresses, folder)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER_ARGUMENTS)
        page = browser.new_page(viewport=SIZE, device_scale_factor=SCALE, reduced_motion="reduce")  # type: ignore[arg-type]
        register(page, server)
        take_downloads(page, server)
        take_chat(page, server)
        take_dataset(page, server)
        browser.close()
    return 0


def settings(addresses: dict[str, str], folder: str) -> dict[str, str]:
    """What points the server at the demo's hubs and model, without the banner of a demo."""
    demo = environment(addresses, folder)
    wanted = ("GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "HF_ENDPOINT", "DATAFERRY_KAGGLE_ENDPOINT")
    return {name: demo[name] for name in wanted}


def take_downloads(page: Page, server: Server) -> None:
    for words, ref in (("heart failure", f"kaggle:{HEART}"), ("imdb", f"huggingface:{IMDB}")):
        download(page, server, words, ref)
        expect(card_of(page, ref).get_by_role("link", name=OPEN)).to_be_visible()
    download(page, server, "river gauge", f"huggingface:{SLOW}")
    page.goto(f"{server.address}/downloads")
    expect(page.get_by_role("row").get_by_text("kB/s").or_(page.get_by_text("MB/s")).first).to_be_visible()
    save(page, "downloads")


def take_chat(page: Page, server: Server) -> None:
    download(page, server, "diabetes", f"kaggle:{PIMA}")
    expect(card_of(page, f"kaggle:{PIMA}").get_by_role("link", name=OPEN)).to_be_visible()
    expect(page.get_by_role("article", name="Answer")).to_have_attribute("aria-busy", "false")
    page.get_by_role("textbox", name="Message").blur()
    save(page, "chat")


def download(page: Page, server: Server, words: str, ref: str) -> None:
    """Ask in a new chat, and press the card's button."""
    page.goto(server.address)
    ask(page, f"find {words} datasets")
    card_of(page, ref).get_by_role("button", name="Download").click()


def card_of(page: Page, ref: str) -> Locator:
    return page.locator(f'[data-card="{ref}"]')


def take_dataset(page: Page, server: Server) -> None:
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.goto(f"{server.address}/library/kaggle:{PIMA.replace('/', '~')}")
    expect(page.get_by_role("table").first).to_be_visible()
    save(page, "dataset")


def save(page: Page, name: str) -> None:
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    print(f"{path.relative_to(IMAGES.parents[1])}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
