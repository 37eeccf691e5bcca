"""The samples of built-in datasets on the page: by split and class, with boxes and names, and large."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import check_everywhere
from tests.e2e.conftest import signed_in
from tests.fakes.files import FileServer
from tests.plugin_fixtures import Fixture, fixture_of
from tests.support.dataset_files import encoded, idx_pair, zipped
from tests.support.plugins import small_plugin
from tests.support.server import Server

pytestmark = pytest.mark.e2e
DIGITS = 3_000


def digits() -> Fixture:
    files = {}
    for prefix, count in (("train", DIGITS), ("t10k", 8)):
        images, labels = idx_pair(count, count)
        files |= {f"{prefix}-images-idx3-ubyte.gz": images, f"{prefix}-labels-idx1-ubyte.gz": labels}
    return Fixture(files, {"train_size": DIGITS, "test_size": 8})


def street() -> dict[str, bytes]:
    """A picture wider than high, whose size no list tells, and its mask."""
    classes = np.zeros((200, 300), np.uint8)
    classes[50:150, 100:200] = 15
    picture = Image.effect_noise((300, 200), 60)
    return {"images/a.png": encoded(picture, "PNG"), "masks/a.png": encoded(Image.fromarray(classes), "PNG")}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("samples") / "data"
    (folder / "plugins").mkdir(parents=True)
    fixtures = {"mnist": digits(), "coco128": fixture_of("coco128"), "humaneval": fixture_of("humaneval")}
    with FileServer({"street.zip": zipped(street())}) as files:
        for name, fixture in fixtures.items():
            assert fixture is not None
            text = small_plugin(name, fixture, files)
            (folder / "plugins" / f"small_{name}.py").write_text(text, encoding="utf-8")
        with Server(folder, DATAFERRY_RETRIES="0") as server:
            ada = server.client()
            for name in (*(f"small_{name}" for name in fixtures), "iris"):
                wanted = {"dataset_id": f"builtin:{name}"}
                answer = ada.post("/api/datasets/download-dataset", wanted, headers={"Prefer": "wait"})
                assert answer.json()["status"] == "succeeded", answer.text
            asked = {"dataset_id": files.url("street.zip")}
            ada.finished(ada.post("/api/datasets/download-dataset", asked).json()["job_id"])
            yield server


@pytest.fixture(scope="module")
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with signed_in(browser, server) as page:
        yield page


def open_dataset(page: Page, server: Server, name: str, query: str = "") -> None:
    page.goto(f"{server.address}/library/builtin:small_{name}{query}")
    expect(page.get_by_role("tab", name="Samples")).to_have_attribute("aria-selected", "true")


def is_drawn(page: Page, selector: str) -> None:
    page.wait_for_function(
        "selector => [...document.querySelectorAll(selector)].some(image => image.naturalWidth > 0)",
        arg=selector,
    )


def test_a_gallery_is_browsed_by_keyboard_class_and_link(page: Page, server: Server) -> None:
    open_dataset(page, server, "mnist")
    gallery = page.get_by_role("list", name="Samples")
    expect(page.get_by_text("3,000 samples")).to_be_visible()
    is_drawn(page, "ul[aria-label=Samples] img")
    assert gallery.get_by_role("listitem").count() < 100
    gallery.get_by_role("button", name="Sample 1: 0", exact=True).focus()
    page.keyboard.press("End")
    last = gallery.get_by_role("button", name=re.compile("^Sample 3,000:"))
    expect(last).to_be_focused()
    page.get_by_role("combobox", name="Class").select_option("7")
    expect(page.get_by_text("293 samples", exact=True)).to_be_visible()
    gallery.get_by_role("button", name="Sample 2: 7", exact=True).click()
    view = page.get_by_role("dialog")
    expect(view.get_by_role("heading", name="train 2 of 293")).to_be_visible()
    is_drawn(page, "[role=dialog] img")
    page.keyboard.press("ArrowRight")
    expect(view.get_by_role("heading", name="train 3 of 293")).to_be_visible()
    before = view.get_by_role("img").bounding_box()
    page.keyboard.press("+")
    expect(view.get_by_role("button", name="Smaller")).to_be_enabled()
    after = view.get_by_role("img").bounding_box()
    assert before is not None
    assert after is not None
    assert round(after["width"]) == round(2 * before["width"])
    address = page.url
    page.keyboard.press("Escape")
    expect(view).to_be_hidden()
    page.goto(address)
    expect(page.get_by_role("dialog").get_by_role("heading", name="train 3 of 293")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Split").select_option("test")
    expect(page.get_by_text("1 sample", exact=True)).to_be_visible()
    page.go_back()
    expect(page.get_by_text("293 samples", exact=True)).to_be_visible()
    page.get_by_role("combobox", name="Class").select_option("")
    check_everywhere(page, "a gallery of samples")


def test_boxes_have_their_names(page: Page, server: Server) -> None:
    open_dataset(page, server, "coco128")
    gallery = page.get_by_role("list", name="Samples")
    expect(gallery.get_by_role("button", name="Sample 1: No objects")).to_be_visible()
    second = gallery.get_by_role("button", name="Sample 2: 1 × toothbrush, 1 × person")
    expect(second.locator("svg rect")).to_have_count(4)
    second.click()
    view = page.get_by_role("dialog")
    expect(view.get_by_text("toothbrush", exact=True)).to_be_visible()
    is_drawn(page, "[role=dialog] img")
    drawn = view.locator("svg[viewBox] rect").first.bounding_box()
    image = view.get_by_role("img").bounding_box()
    assert drawn is not None
    assert image is not None
    # Of 64 × 48 pixels, 16 from 24 on.
    assert abs(drawn["width"] / image["width"] - 16 / 64) < 0.02
    assert abs((drawn["x"] - image["x"]) / image["width"] - 24 / 64) < 0.02
    check_everywhere(page, "an image with boxes")
    view.get_by_role("switch", name="Boxes").click()
    expect(view.locator("svg[viewBox] rect")).to_have_count(0)
    page.keyboard.press("Escape")


def test_an_x_ray_keeps_its_proportions_and_masks_can_be_hidden(page: Page, server: Server) -> None:
    shelf = server.client().get("/api/datasets?registered=false").json()["datasets"]
    (key,) = [one["key"] for one in shelf if "street" in one["key"]]
    page.goto(f"{server.address}/library/{key}?tab=samples&sample=0")
    view = page.get_by_role("dialog")
    expect(view.get_by_text("300 × 200")).to_be_visible()
    image = view.get_by_role("img").bounding_box()
    assert image is not None
    assert abs(image["width"] / image["height"] - 1.5) < 0.02
    mask = view.locator("img[src*='/mask']")
    expect(mask).to_have_js_property("naturalWidth", 300)
    check_everywhere(page, "an image with masks")
    view.get_by_role("switch", name="Masks").click()
    expect(mask).to_have_count(0)
    page.keyboard.press("Escape")
    expect(view).to_be_hidden()


def test_rows_of_text_and_a_table(page: Page, server: Server) -> None:
    open_dataset(page, server, "humaneval")
    gallery = page.get_by_role("list", name="Samples")
    expect(gallery.get_by_text("HumanEval/2")).to_be_visible()
    gallery.get_by_role("button", name="Sample 2").click()
    view = page.get_by_role("dialog")
    expect(view.locator("pre").filter(has_text="Add 1.")).to_be_visible()
    check_everywhere(page, "a row of text")
    page.keyboard.press("ArrowRight")
    expect(view.get_by_text("HumanEval/2")).to_be_visible()
    page.keyboard.press("Escape")
    page.goto(f"{server.address}/library/builtin:iris")
    expect(page.get_by_role("tab", name="First rows")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tab", name="Samples")).to_have_count(0)
