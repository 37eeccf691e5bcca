"""axe's rules and the width of a telephone, for any state that a browser test has brought a page to.

``make axe`` is thorough, which takes a few minutes longer than the suite may: every rule in both themes, and
also in the state in which each browser test leaves its page.
"""

import os
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
#: The widths of a page, in CSS pixels, at which every state must hold.
WIDTHS = (390, 1440)
THOROUGH = "DATAFERRY_AXE" in os.environ


def check(page: Page, state: str, *, colours_alone: bool = False) -> None:
    """No violation, no overflow to the side in any region, and none of the page as a whole.
    ``colours_alone``: only the rule on contrast.

    The page's context must be made with ``bypass_csp=True``: axe is brought in as a script of the page, which
    its policy would refuse.
    """
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    violations = page.evaluate(
        """async (rules) => (await axe.run(document, {
                resultTypes: ["violations"], ...(rules && {runOnly: {type: "rule", values: rules}}),
            })).violations.map(v => `${v.id}: ${v.nodes.map(n => n.target).join(" ")}`)""",
        ["color-contrast"] if colours_alone else None,
    )
    assert violations == [], f"{state}: {violations}"
    wide = page.evaluate(
        """() => [document.documentElement, ...document.querySelectorAll("main, nav, aside, [role=region]")]
            .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== "auto")
            .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert wide == [], state
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state
    # Its regions scroll, never the page itself: that would take the composer out of sight.
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), state


def check_everywhere(page: Page, state: str) -> None:
    """``check`` in light, and of the colours in dark (of everything by ``make axe``); as wide as a telephone
    and as a screen. It leaves the page as it was."""
    before = page.viewport_size
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        check_in_both_themes(page, f"{state}, {width} px")
    page.emulate_media(color_scheme="null", reduced_motion="null")
    if before:
        page.set_viewport_size(before)


def check_in_both_themes(page: Page, state: str) -> None:
    """``check`` in light, and of the colours in dark (of everything by ``make axe``)."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        # The page hears of it a little later, and has its new colours with the next frame.
        page.wait_for_function(
            """scheme => matchMedia(`(prefers-color-scheme: ${scheme})`).matches
                && (["dark", "light"].includes(localStorage.getItem("dataferry.theme"))
                    || document.documentElement.classList.contains("dark") === (scheme === "dark"))""",
            arg=scheme,
        )
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        # Another theme has other colours, and mostly the same elements.
        check(page, f"{state}, {scheme}", colours_alone=scheme == "dark" and not THOROUGH)
