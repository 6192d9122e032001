"""Pages as axe-core judges them, in light and dark, and what the keyboard reaches."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest

pytestmark = pytest.mark.browser

Browse = Callable[..., Any]
ALIKE = [["tbody tr:nth-child(n+4)"], [".xtick:nth-child(n+4)"], [".ytick:nth-child(n+4)"]]
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def serious(page: Any, *rules: str) -> list[str]:
    """Return axe-core's serious and critical findings on a page, each with its place; of all rules, or of some.

    Of rows and ticks of one kind the first three are looked at: a thousand more differ in nothing that a rule asks.
    """
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.evaluate(AXE)
    only = {"runOnly": list(rules)} if rules else {}
    options = {"resultTypes": ["violations"], "preload": False} | only
    found = page.evaluate("([of, options]) => axe.run(of, options)", [{"exclude": ALIKE}, options])["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("rules", [(), ("color-contrast", "link-in-text-block")], ids=["light", "dark"])
def test_no_page_has_serious_findings(rules: tuple[str, ...], plain_site: Any, browse: Browse):
    """All rules in the light; in the dark those on colours, for nothing else differs."""
    watched = browse(dark=bool(rules))
    pages = [path for path in sorted(plain_site.folder.glob("*.html")) if "wine" not in path.name]
    assert len(pages) >= 7
    for path in pages:
        page = watched.open(path.as_uri())
        assert serious(page, *rules) == [], path.name


def test_hostile_names_make_no_serious_findings(hostile_site: Any, browse: Browse):
    watched = browse()
    for start in ("experiment-", "coverage", "search-space-", "index"):
        page = watched.open(hostile_site.page(start))
        assert serious(page) == [], start


def test_axe_would_find_a_button_without_a_name(plain_site: Any, browse: Browse):
    page = browse().open(plain_site.page("index"))
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert any(one.startswith("button-name") for one in serious(page))


def test_the_keyboard_goes_through_a_page_in_reading_order(plain_site: Any, browse: Browse):
    """Skip link, theme, search, navigation, then the content from top to bottom; nothing traps the focus."""
    page = browse().open(plain_site.page("experiment-"), draw="#regret-overall")
    page.evaluate("scrollTo(0, 0)")
    stops = []
    for _ in range(150):
        page.keyboard.press("Tab")
        where = page.evaluate(
            "(() => { const e = document.activeElement; if (e === document.body) return null;"
            " const all = [...document.querySelectorAll('*')]; return [all.indexOf(e), e.className || e.tagName,"
            " getComputedStyle(e).outlineStyle] })()"
        )
        if where is None:
            break
        stops.append(where)
    places = [place for place, _, _ in stops]
    assert places == sorted(places) and len(set(places)) == len(places) > 20
    assert stops[0][1] == "skip"
    assert all(outline != "none" for _, _, outline in stops)


def test_the_skip_link_leads_into_the_content(plain_site: Any, browse: Browse):
    page = browse().open(plain_site.page("experiment-"), draw=False)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_headings_have_no_gaps(plain_site: Any, browse: Browse):
    watched = browse()
    for path in sorted(plain_site.folder.glob("*.html")):
        page = watched.open(path.as_uri(), draw=False)
        levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(one => Number(one.tagName[1]))")
        assert levels[0] == 1 and levels.count(1) == 1, path.name
        assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False)), path.name
