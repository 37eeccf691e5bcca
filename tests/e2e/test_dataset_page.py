"""A dataset's page: its tables whole, its README, its files, and whether there is a newer version."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.accessibility import check, check_everywhere
from tests.fakes.content import Blob, binary, generated, text
from tests.fakes.dataset import FakeDataset
from tests.support.hubs import Hubs, make_hubs
from tests.support.server import Client, Server, until

pytestmark = pytest.mark.e2e
WAIT = {"Prefer": "wait"}
NINE = ("id", "when", "flag", "ratio", "note", "empty", "name", "very_long_column_name_of_the_eighth", "last")
LONG = "A sentence that is a good deal longer than its column. " * 30
#: The fake hub writes the front matter above it.
README = """# Nine columns

<p align="center"><img src="https://evil.example/logo.png" alt="Logo"></p>
<script>document.title = "owned"</script>

See [the table](data/nine.csv), [the terms](https://example.org/terms) or [this](javascript:alert(1)).

""" + "\n\n".join(f"Paragraph {n} of a card that is long." for n in range(60))


def nine_columns() -> Blob:
    """What other viewers get wrong, each in a column of its own."""
    rows = [
        ["9007199254740993", "2024-03-31T02:30:00+05:45", "True", "NaN", LONG, "", "שלום עולם", "x", "1.10"],
        ["-9223372036854775808", "2024-03-31 02:30", "FALSE", "Infinity", "a\nb", "NA", "مرحبا", "y", "02"],
        *[[str(n), "", "0", "1e400", "short", "null", f"name {n}", "z", f"{n}.0"] for n in range(1022)],
    ]
    return table([list(NINE), *rows])


def wide() -> Blob:
    return table([[f"c{n}" for n in range(200)], *[[str(n * row) for n in range(200)] for row in range(300)]])


def table(rows: list[list[str]]) -> Blob:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return text(out.getvalue())


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(scope="module")
def server(hubs: Hubs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("page") / "data", **hubs.settings) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server, hubs: Hubs) -> Client:
    """Whose library has one dataset of each kind."""
    client = server.client()
    offers: dict[str, dict[str, Blob]] = {
        "nine": {"data/nine.csv": nine_columns(), "data/few.tsv": text("a\tb\n1\t2\n")},
        "wide": {"wide.csv": wide()},
        "long": {"long.csv": table([["n", "text"], *[[str(n), "x" * 500] for n in range(9000)]])},
        "pictures": {f"{n:04}.png": binary(b"\x89PNG" + bytes([n % 256])) for n in range(450)},
        "packed": {"all.7z": generated(500, 3)},
        "small": {"a.csv": text("a,b\n1,2\n")},
    }
    for name, files in offers.items():
        readme = README if name == "nine" else ""
        made = FakeDataset(
            "huggingface",
            f"acme/{name}",
            f"Of {name}",
            "Words",
            "mit",
            lambda files=files: files,
            readme=readme,
        )
        hubs.hub.catalogue.add(made)
        answer = client.post("/api/datasets/download/huggingface", {"dataset_id": made.id}, headers=WAIT)
        assert answer.status_code == 200, answer.text
    return client


@pytest.fixture(scope="module")
def page(browser: Browser, server: Server, ada: Client) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{server.address}/login")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    yield page
    context.close()


def open_dataset(page: Page, server: Server, name: str) -> Locator:
    page.goto(f"{server.address}/library/huggingface:acme~{name}")
    expect(page.get_by_role("heading", name=f"Of {name}", level=1)).to_be_visible()
    return page.get_by_role("region", name=re.compile("First rows of"))


def test_nine_columns_are_all_in_sight(page: Page, server: Server) -> None:
    """The last ones were out of sight at 1920 px; a number's head stood at the other side of its column."""
    box = open_dataset(page, server, "nine")
    heads = box.get_by_role("columnheader")
    expect(heads).to_have_count(10)
    outer = box.bounding_box()
    assert outer is not None
    for head in heads.all():
        inner = head.bounding_box()
        assert inner is not None
        assert inner["x"] >= outer["x"] - 1
        assert inner["x"] + inner["width"] <= outer["x"] + outer["width"] + 1
    aligned = box.evaluate(
        """box => [...box.querySelectorAll("thead th")].slice(1).map((th, n) =>
            [getComputedStyle(th).textAlign,
             getComputedStyle(box.querySelectorAll("tbody tr:first-child td")[n]).textAlign])"""
    )
    assert [
        head for head, cell in aligned if head.replace("start", "left") != cell.replace("start", "left")
    ] == []
    assert [cell for _, cell in aligned].count("right") == 2
    expect(page.get_by_text(re.compile(r"^First 100 of 1,024 rows · 9 columns"))).to_be_visible()


def test_cells_are_what_the_file_has(page: Page, server: Server) -> None:
    """Digits of big integers (microsoft/vscode-jupyter#5236), null and empty text (supabase/grid#8), NaN,
    true in any case, times with their zone."""
    box = open_dataset(page, server, "nine")
    row = box.get_by_role("row").nth(1)
    for words in ("9007199254740993", "2024-03-31T02:30:00+05:45", "True", "NaN", "שלום עולם", "1.10"):
        expect(row.get_by_text(words, exact=True)).to_be_visible()
    second = box.get_by_role("row").nth(2)
    for words in ("-9223372036854775808", "Infinity", "FALSE", "NA", "02"):
        expect(second.get_by_text(words, exact=True)).to_be_visible()
    row.get_by_role("button", name=re.compile("^A sentence")).click()
    dialog = page.get_by_role("dialog", name="note, row 1")
    expect(dialog.locator("pre")).to_have_text(LONG)
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="File").select_option("data/few.tsv")
    expect(page.get_by_text("All 1 row · 2 columns")).to_be_visible()
    check_everywhere(page, "a dataset with a table")
    page.go_back()
    expect(page.get_by_text(re.compile("First 100 of 1,024"))).to_be_visible()


def test_two_hundred_columns_are_reached_by_keyboard_and_it_is_said(page: Page, server: Server) -> None:
    box = open_dataset(page, server, "wide")
    expect(page.get_by_text("First 50 of 300 rows · 200 columns")).to_be_visible()
    expect(page.get_by_text("Scroll sideways for more columns")).to_be_visible()
    last = box.get_by_role("columnheader", name="c199")
    assert not in_sight(last, box)
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("box => box.scrollLeft > 0", arg=box.element_handle())
    box.evaluate("box => box.scrollLeft = box.scrollWidth")
    expect(page.get_by_text("Scroll back for the first columns")).to_be_visible()
    assert in_sight(last, box)
    box.evaluate("box => box.scrollTop = box.scrollHeight")
    # Names of columns and numbers of rows stay.
    assert in_sight(last, box)
    assert in_sight(box.get_by_role("rowheader", name="50", exact=True), box)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 1920, "height": 1080})


def test_a_long_table_says_that_there_are_more_rows_than_were_read(page: Page, server: Server) -> None:
    open_dataset(page, server, "long")
    expect(page.get_by_text(re.compile(r"^First 100 of more than 4,\d\d\d rows · 2 columns"))).to_be_visible()


def test_the_readme_is_shown_without_its_tricks(page: Page, server: Server) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_dataset(page, server, "nine")
    expect(page.get_by_role("heading", name="README")).to_be_visible()
    show = page.get_by_role("button", name="Show all of it")
    show.scroll_into_view_if_needed()
    expect(page.get_by_role("heading", name="Nine columns")).to_be_visible()
    expect(page.get_by_text("license: mit")).to_have_count(0)
    expect(page.get_by_text("[picture: Logo]")).to_be_visible()
    show.click()
    expect(page.get_by_text("Paragraph 59 of")).to_be_visible()
    expect(page.get_by_role("link", name="the table")).to_have_attribute(
        "href", re.compile(r"/datasets/acme/nine/blob/[0-9a-f]+/data/nine\.csv$")
    )
    expect(page.get_by_role("link", name="the terms")).to_have_attribute("target", "_blank")
    expect(page.get_by_role("link", name="this")).to_have_count(0)
    expect(page).to_have_title("Of nine · Dataferry")
    assert [url for url in asked if not url.startswith(server.address)] == []


def test_why_there_is_no_preview_and_every_file_is_listed(page: Page, server: Server) -> None:
    open_dataset(page, server, "packed")
    expect(page.get_by_text("What is in all.7z is still packed.")).to_be_visible()
    open_dataset(page, server, "pictures")
    expect(page.get_by_text("Most of its files are pictures (.png).")).to_be_visible()
    files = page.get_by_role("table", name="Files and their checksums")
    expect(files.get_by_role("row")).to_have_count(201)
    for _ in range(2):
        page.get_by_role("button", name="Show more").click()
    expect(files.get_by_role("row", name=re.compile("0449.png"))).to_be_visible()
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
    expect(page.get_by_text("Verified against the publisher's checksum", exact=False).first).to_be_visible()


def test_files_are_saved_to_the_computer_in_front_of_the_person(page: Page, server: Server) -> None:
    open_dataset(page, server, "small")
    with page.expect_download() as whole:
        page.get_by_role("button", name="Save to this computer").click()
    assert whole.value.suggested_filename == "small.zip"
    with zipfile.ZipFile(whole.value.path()) as archive:
        assert archive.read("small/a.csv") == b"a,b\n1,2\n"
    with page.expect_download() as one:
        page.get_by_role("button", name="Save a.csv to this computer").click()
    assert one.value.path().read_bytes() == b"a,b\n1,2\n"
    context = page.context
    assert [cookie["path"] for cookie in context.cookies() if cookie["name"] == "dataferry_files"]


def test_an_update_says_what_it_does_and_what_came_of_it(page: Page, server: Server, hubs: Hubs) -> None:
    open_dataset(page, server, "small")
    expect(page.get_by_text("All 1 row · 2 columns")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Checks for a newer version")).to_be_visible()
    page.get_by_role("button", name="Update").click()
    expect(page.get_by_text(re.compile("This is the newest version, as of"))).to_be_visible(timeout=30_000)
    made = hubs.hub.catalogue.find("huggingface", "acme/small")
    assert made is not None
    made.publish(lambda: {"a.csv": text("new,columns,three\n1,2,3\n")})
    page.get_by_role("button", name="Update").click()
    newer = page.get_by_text("A newer version was there: it is here now, verified.")
    expect(newer).to_be_visible(timeout=30_000)
    expect(page.get_by_text("All 1 row · 3 columns")).to_be_visible(timeout=30_000)


def in_sight(one: Locator, box: Locator) -> bool:
    inner, outer = one.bounding_box(), box.bounding_box()
    assert inner is not None
    assert outer is not None
    fits_x = outer["x"] - 1 <= inner["x"] and inner["x"] + inner["width"] <= outer["x"] + outer["width"] + 1
    fits_y = outer["y"] - 1 <= inner["y"] and inner["y"] + inner["height"] <= outer["y"] + outer["height"] + 1
    return fits_x and fits_y


def test_a_newer_version_is_said_and_may_be_declined(
    page: Page, server: Server, ada: Client, hubs: Hubs
) -> None:
    dataset = hubs.hub.catalogue.find("huggingface", "acme/wide")
    assert dataset is not None
    dataset.publish(lambda: {"wide.csv": wide(), "more.csv": text("a\n1\n")})
    ada.get("/api/datasets/huggingface:acme~wide/upstream?fresh=true")
    open_dataset(page, server, "wide")
    told = page.get_by_text(re.compile("HuggingFace has a newer version"))
    expect(told).to_be_visible()
    page.get_by_role("button", name="Keep this one").click()
    expect(told).to_be_hidden()
    assert ada.get("/api/datasets/huggingface:acme~wide").json()["outdated"] is False


CHECK = "/api/datasets/huggingface:acme~small/check"


def test_damage_is_said_verified_and_repaired(page: Page, server: Server, ada: Client) -> None:
    row = ada.get("/api/datasets/huggingface:acme~small").json()
    file = Path(row["local_path"], "a.csv")
    open_dataset(page, server, "small")
    expect(page.get_by_text("It is as it was verified: 3 files.")).to_be_visible()
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_text(re.compile("Every byte compared .* It is whole: 3 files"))).to_be_visible()
    before = file.read_bytes()
    file.unlink()
    file.with_name("mine.txt").write_text("notes")
    # Looks pause for ten times as long as they take.
    until(lambda: ada.get(CHECK).json()["condition"] == "damaged", "a look finds it")
    page.reload()
    expect(page.get_by_text("1 file is missing, 1 is not the dataset's, of 3.")).to_be_visible()
    expect(page.get_by_text("damaged", exact=True)).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="missing").filter(has_text="a.csv")).to_be_visible()
    page.get_by_role("button", name="Repair").click()
    expect(
        page.get_by_text("It is as it was verified: 3 files; 1 file is not the dataset's.")
    ).to_be_visible()
    assert file.read_bytes() == before
    page.goto(f"{server.address}/library?q=acme")
    page.get_by_role("checkbox", name="Select Of small").check()
    chosen = page.get_by_role("region", name="Selected datasets")
    chosen.get_by_role("button", name="Verify").click()
    expect(chosen.get_by_text("1 job started")).to_be_visible()


def test_a_dataset_becomes_a_versioned_one(page: Page, server: Server) -> None:
    open_dataset(page, server, "nine")
    page.get_by_role("tab", name="Versions").click()
    page.get_by_role("button", name="Turn it into a versioned dataset").click()
    box = page.get_by_role("dialog")
    box.get_by_label("What has changed, and why").fill("As it came")
    box.get_by_role("button", name="Turn it into a versioned dataset").click()
    expect(page.get_by_text("1 of 1 version")).to_be_visible()
    expect(page.get_by_text("As it came", exact=True)).to_be_visible()
    page.get_by_role("button", name="Index file of version 1").click()
    expect(box.get_by_text("@dataset").first).to_be_visible()
    check(page, "a version's index file")
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
