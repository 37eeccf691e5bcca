"""Asking and reading: where the focus is, what covers what, long words, and what Markdown becomes."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.accessibility import check_everywhere
from tests.e2e.conftest import ask, register
from tests.e2e.staged import card, search, stage, text
from tests.support.hubs import make_hubs
from tests.support.server import Server

pytestmark = pytest.mark.e2e
WIDE, TELEPHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 700}
MARKDOWN = """\
| Model | Accuracy | Evaluation protocol | Licence | Parameters | Published |
|---|--:|---|---|--:|---|
| EfficientNetV2-Large | 85.7 | single-crop, after pretraining | Apache-2.0 | 118,515,272 | 2021 |
| ResNet-50 | 76.1 | single-crop | BSD-3-Clause | 25,557,032 | 2015 |

- [x] download the images
- [ ] convert the labels
  - [ ] of the **validation** split

```python
frame = pandas.read_csv("a/path/that/is/long/enough/to/be/wider/than/any/telephone/there/is/train.csv")
```

```
no language
```

هذه مجموعة بيانات `train.csv` عن مرض السكري.
"""


@pytest.fixture(scope="module")
def signed_in(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, Server]]:
    hubs = make_hubs()
    data = tmp_path_factory.mktemp("conversation") / "data"
    with hubs.kaggle, hubs.hub, Server(data, **hubs.settings) as server:
        context = browser.new_context(viewport=WIDE, bypass_csp=True)  # type: ignore[arg-type]
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        register(page, server)
        yield page, server
        context.close()
        assert errors == []


@pytest.fixture
def page(signed_in: tuple[Page, Server]) -> Iterator[Page]:
    page = signed_in[0]
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    yield page
    page.unroute_all()


@pytest.fixture
def server(signed_in: tuple[Page, Server]) -> Server:
    return signed_in[1]


def test_the_focus_stays_where_one_types_until_one_leaves(page: Page, server: Server) -> None:
    page.goto(server.address)
    ask(page, "find diabetes datasets")
    page.wait_for_url(re.compile("/c/"))
    composer = page.get_by_role("textbox", name="Message")
    expect(page.get_by_test_id("dataset-card").first).to_be_visible()
    expect(composer).to_be_focused()
    composer.fill("only CC0")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("article", name="Answer")).to_have_count(2)
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    expect(composer).to_be_focused()
    # Escape leaves it, and j goes to a card that is in view.
    page.keyboard.press("Escape")
    expect(composer).not_to_be_focused()
    page.keyboard.press("j")
    focused = page.locator("[data-card]:focus")
    expect(focused).to_have_count(1)
    expect(focused).to_be_in_viewport(ratio=0.99)


def test_the_way_down_covers_nothing(page: Page, server: Server) -> None:
    cards = [card(f"kaggle:a/set-{n}", f"Set {n}") for n in range(5)]
    for size in (WIDE, TELEPHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        stage(page, server, [search(cards), text("word " * 900)])
        below = page.get_by_role("button", name="More below")
        expect(below).to_be_visible()
        log = page.get_by_role("region", name="Conversation")
        assert bottom(log) <= top(below)
        assert not overlap(below, page.get_by_role("textbox", name="Message"))
        below.click()
        expect(below).to_have_count(0)


def test_a_long_message_is_folded_and_a_long_draft_leaves_room(page: Page, server: Server) -> None:
    long = "W" * 3_000 + " and many words" * 450 + "\n" * 200 + "the end"
    for size in (WIDE, TELEPHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        stage(page, server, [text("Short.")], question=long)
        question = page.locator("[data-question]")
        expect(page.get_by_text("Short.")).to_be_in_viewport()
        folded = height(question)
        assert folded < 330
        page.get_by_role("button", name=re.compile("^Show all .* characters")).click()
        assert height(question) > 2_000
        page.get_by_role("button", name="Show less").click()
        assert height(question) == folded
        expect(question).to_be_in_viewport()

        composer = page.get_by_role("textbox", name="Message")
        composer.fill(long)
        assert height(composer) < size["height"] * 0.4
        expect(page.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)
        composer.fill("")
    check_everywhere(page, "a folded message")


def test_what_markdown_becomes(page: Page, server: Server) -> None:
    stage(page, server, [text(MARKDOWN)])
    page.set_viewport_size(TELEPHONE)  # type: ignore[arg-type]
    table = page.get_by_role("group", name=re.compile("^Table: Model, Accuracy"))
    expect(table).to_be_visible()
    # It scrolls in its own box, and no word is broken to make it fit.
    assert table.evaluate("e => e.scrollWidth > e.clientWidth && e.clientWidth <= innerWidth")
    for words in ("EfficientNetV2-Large", "Accuracy", "BSD-3-Clause", "118,515,272"):
        assert height(table.get_by_text(words)) < 40, words
    table.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("e => e.scrollLeft > 0", arg=table.element_handle())

    code = page.get_by_role("group", name="Code, python")
    copy = page.get_by_role("button", name="Copy code")
    expect(copy).to_have_count(2)
    assert code.evaluate("e => e.scrollWidth > e.clientWidth")
    assert not overlap(copy.first, code)
    expect(page.get_by_text("code", exact=True)).to_be_visible()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copy.nth(1).click()
    expect(page.get_by_test_id("announcer")).to_have_text("Copied code")
    assert page.evaluate("navigator.clipboard.readText()") == "no language"

    done = page.get_by_role("listitem").filter(has_text="download the images")
    expect(done.get_by_role("img", name="Done:")).to_be_visible()
    arabic = page.get_by_text("مرض السكري")
    assert arabic.evaluate("e => getComputedStyle(e).direction") == "rtl"
    assert arabic.locator("code").evaluate("e => getComputedStyle(e).direction") == "ltr"
    check_everywhere(page, "Markdown")


def height(one: Locator) -> float:
    return box(one)["height"]


def top(one: Locator) -> float:
    return box(one)["y"]


def bottom(one: Locator) -> float:
    return box(one)["y"] + box(one)["height"]


def overlap(one: Locator, other: Locator) -> bool:
    a, b = box(one), box(other)
    apart = (
        a["x"] + a["width"] <= b["x"]
        or b["x"] + b["width"] <= a["x"]
        or a["y"] + a["height"] <= b["y"]
        or b["y"] + b["height"] <= a["y"]
    )
    return not apart


def box(one: Locator) -> dict[str, float]:
    found = one.bounding_box()
    assert found is not None
    return {"x": found["x"], "y": found["y"], "width": found["width"], "height": found["height"]}
