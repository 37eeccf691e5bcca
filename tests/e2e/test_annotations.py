"""Images annotated on the page: drawn with the mouse, moved with keys, undone, saved, compared."""

import io
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import check, check_everywhere
from tests.e2e.conftest import signed_in
from tests.fakes.content import Blob, InMemory, text
from tests.fakes.dataset import FakeDataset
from tests.support.hubs import Hubs, make_hubs
from tests.support.server import Client, Server, until
from tests.support.uploaded import picture, uploaded

pytestmark = pytest.mark.e2e
DATASET = "huggingface:acme~street"
PATH = f"/api/datasets/{DATASET}/annotations"


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((320, 200)).save(file, "PNG")
    files = {"README.md": text("# Street\n")}
    files |= {f"train/{name}/0.png": Blob(InMemory(file.getvalue())) for name in ("bus", "car")}
    made = FakeDataset("huggingface", "acme/street", "Street", "", "mit", lambda: files, bare=True)
    hubs.hub.catalogue.add(made)
    folder = tmp_path_factory.mktemp("annotations") / "data"
    with Server(folder, DATAFERRY_MODEL="none", **hubs.settings) as server:
        wanted = {"dataset_id": made.id}
        path = "/api/datasets/download/huggingface"
        assert server.client().post(path, wanted, headers={"Prefer": "wait"}).is_success
        yield server


@pytest.fixture(scope="module")
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with signed_in(browser, server) as page:
        yield page


def mine(client: Client) -> list[dict[str, Any]]:
    page = client.get(PATH, params={"split": "train", "image": 0}).json()
    return [one for one in page["annotations"] if one["mine"]]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """In parts of the picture."""
    place = page.get_by_test_id("drawing").bounding_box()
    assert place is not None
    points = [(place["x"] + x * place["width"], place["y"] + y * place["height"]) for x, y in (start, end)]
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move(*points[1], steps=4)
    page.mouse.up()


def test_boxes_are_drawn_moved_undone_and_kept_while_the_server_is_away(page: Page, server: Server) -> None:
    ada, bob = server.client(), server.client("bob@example.org")
    theirs = {"id": f"annotation_{uuid4().hex}", "split": "train", "image": 0, "kind": "box"}
    assert bob.post(PATH, {**theirs, "label": "tram", "box": [150, 100, 100, 60]}).is_success
    page.goto(f"{server.address}/library/{DATASET}?tab=samples&sample=0")
    page.get_by_role("button", name="Annotate", exact=True).click()
    rows = page.get_by_role("list", name="My annotations").get_by_role("group")
    others = page.get_by_role("list", name="Annotations of others")
    expect(others).to_contain_text("bob@example.org")
    # From the lower right to the upper left.
    drag(page, (0.5, 0.5), (0.1, 0.2))
    expect(rows).to_have_count(1)
    expect(page.get_by_text("All saved")).to_be_visible()
    [box] = mine(ada)
    assert (box["label"], box["origin"]["kind"]) == ("bus", "drawn")
    assert box["box"] == pytest.approx([32, 40, 128, 60], abs=2)

    page.get_by_test_id("annotator").focus()
    page.keyboard.press("2")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    until(
        lambda: mine(ada)[0]["box"][:2] == [box["box"][0] + 10, box["box"][1] + 1], "the keys have moved it"
    )
    assert mine(ada)[0]["label"] == "car"
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    until(lambda: mine(ada)[0]["label"] == "bus", "it is as it was drawn")
    check_everywhere(page, "annotator")

    away = re.compile("/annotations")
    page.route(away, lambda route: route.abort())
    page.get_by_test_id("annotator").focus()
    page.keyboard.press("n")
    expect(page.get_by_text("1 change not saved")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Annotate", exact=True).wait_for()
    page.unroute(away)
    page.get_by_role("button", name="Annotate", exact=True).click()
    expect(rows).to_have_count(2)
    until(lambda: len(mine(ada)) == 2, "what was not saved before the page was left is saved now")
    # All without a mouse: fields in place of handles.
    rows.nth(1).get_by_label("width").fill("20")
    rows.nth(1).get_by_label("Box 2: label").fill("night bus")
    page.keyboard.press("Enter")
    until(lambda: {(one["label"], one["box"][2]) for one in mine(ada)} >= {("night bus", 20)}, "typed")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Annotations", exact=True).click()
    agreement = page.get_by_role("region", name="Agreement")
    expect(agreement).to_contain_text("There is nothing that both have labelled.")
    check(page, "annotations")
    with page.expect_download() as saved:
        page.get_by_role("button", name="COCO").click()
    assert saved.value.suggested_filename.endswith("-coco.zip")


def test_an_upload_is_annotated_below_its_picture(page: Page, server: Server) -> None:
    upload = uploaded(server.client(), "traffic", "street.jpg", picture(size=(300, 200)))
    page.goto(f"{server.address}/uploads/traffic/{upload['id']}")
    page.get_by_role("button", name="Annotate", exact=True).click()
    page.get_by_label("Other label").fill("wet road")
    page.get_by_role("button", name="Label the whole image").click()
    drag(page, (0.2, 0.2), (0.6, 0.9))
    expect(page.get_by_role("list", name="My annotations").get_by_role("group")).to_have_count(2)
    expect(page.get_by_text("All saved")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    check(page, "upload that is annotated")
