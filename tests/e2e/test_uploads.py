"""Images of one's own on the page: agreed to, uploaded, looked at, masked, deleted."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import check_everywhere
from tests.e2e.conftest import signed_in
from tests.support.server import Server
from tests.support.street import street
from tests.support.uploaded import PLANTED, planted_dicom, uploaded

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("uploads") / "data", DATAFERRY_MODEL="none") as server:
        server.client()
        yield server


@pytest.fixture(scope="module")
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with signed_in(browser, server) as page:
        yield page


def test_a_medical_image_from_consent_to_deletion(page: Page, server: Server, tmp_path: Path) -> None:
    page.goto(f"{server.address}/uploads")
    page.get_by_role("button", name="I agree").click()
    scan, script = tmp_path / "ultrasound.dcm", tmp_path / ("a very long name of a file " * 6 + ".jpg")
    scan.write_bytes(planted_dicom("US"))
    script.write_bytes(b"<script>alert(1)</script>")
    page.get_by_label("Choose images").and_(page.locator("input")).set_input_files([scan, script])
    queue = page.get_by_role("region", name="On their way")
    expect(queue.get_by_text("Uploaded", exact=True)).to_be_visible()
    expect(queue.get_by_text("Not taken", exact=True)).to_be_visible()
    expect(queue).to_contain_text("It is no DICOM, JPEG, PNG or TIFF file")
    mine = page.get_by_role("region", name="My uploads")
    expect(mine.get_by_text("Look at its pixels")).to_be_visible()
    check_everywhere(page, "uploads")

    mine.get_by_role("link", name="ultrasound.dcm").click()
    expect(page.get_by_role("img", name="ultrasound.dcm")).to_be_visible()
    expect(page.get_by_role("button", name="Save the file")).to_be_disabled()
    expect(page.get_by_role("region", name="Tags of the file")).to_contain_text("Patient's Name")
    expect(page.get_by_role("region", name="Tags of the file")).not_to_contain_text(PLANTED)
    check_everywhere(page, "upload")
    page.get_by_role("button", name="Mask, or say that you have looked").click()
    page.get_by_role("button", name="I have looked; there is nothing").click()
    expect(page.get_by_role("button", name="Save the file")).to_be_enabled()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Nothing here yet")).to_be_visible()


def test_what_was_found_is_seen_over_the_picture(page: Page, server: Server) -> None:
    one = uploaded(server.client(), "traffic", "street.jpg", street([(200, 100, 200)]))
    page.goto(f"{server.address}/uploads/traffic/{one['id']}")
    expect(page.get_by_role("img", name="street.jpg, with what was found")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="pedestrian, classical")).to_contain_text(
        "it gives no confidence"
    )
    expect(page.get_by_text("None: there is no score.")).to_be_visible()
    expect(page.get_by_text("Download it to compare")).to_be_visible()
    check_everywhere(page, "analysis")
