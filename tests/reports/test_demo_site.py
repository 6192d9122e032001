"""Every page of the demo's site in a real Chromium, as somebody would open it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]  # test_browser.py has a smaller site for every run

Browse = Callable[..., Any]
MARKS = ".main-svg :is(path, circle, rect.bg ~ *), canvas, .parcoords, image"
"""What a drawn Plotly chart leaves behind, whatever its kind."""


@pytest.fixture(scope="module")
def pages(demo_folder: Path) -> list[Path]:
    """All pages of the site, the overview first."""
    found = sorted((demo_folder / "site").glob("*.html"), key=lambda path: (path.name != "index.html", path.name))
    assert len(found) >= 20
    return found


def kinds(pages: list[Path]) -> list[Path]:
    """Return the largest page of each kind."""
    largest: dict[str, Path] = {}
    for path in pages:
        kind = path.name.split("-")[0]
        if kind not in largest or path.stat().st_size > largest[kind].stat().st_size:
            largest[kind] = path
    return list(largest.values())


def test_every_page_opens_without_a_complaint_and_draws_its_charts(pages: list[Path], browse: Browse):
    """No console error and no request that leaves the page (`browse` fails otherwise); every chart has marks."""
    watched = browse()
    drawn = 0
    for path in pages:
        page = watched.open(path.as_uri())
        empty = page.evaluate(
            "marks => [...document.querySelectorAll('.chart[data-chart]')].filter(chart => !chart.querySelector(marks)"
            " && chart.querySelector('[data-none]').hidden).map(chart => chart.dataset.chart)",
            MARKS,
        )
        assert empty == [], path.name
        assert page.locator("h1").inner_text().strip(), path.name
        drawn += page.locator(".chart[data-drawn=yes]").count()
    assert drawn > 100


def test_pages_can_be_kept_as_pictures(pages: list[Path], browse: Browse, tmp_path: Path):
    """One page of each kind, from top to bottom; `HPOWH_SCREENSHOTS=folder` keeps them, as `.ci/run` does."""
    folder = Path(os.environ.get("HPOWH_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    watched = browse()
    for path in kinds(pages):
        page = watched.open(path.as_uri())
        page.evaluate("scrollTo(0, 0)")
        picture = page.screenshot(path=str(folder / f"{path.stem}.png"), full_page=True)
        assert picture.startswith(b"\x89PNG") and len(picture) > 20_000, path.name


def test_pages_are_small(pages: list[Path]):
    sizes = {path.name: path.stat().st_size for path in pages}
    assert {name: size for name, size in sizes.items() if size > 1_000_000} == {}


def test_pages_fit_a_desktop_and_a_phone(pages: list[Path], browse: Browse):
    watched = browse()
    for path in kinds(pages):
        page = watched.open(path.as_uri())
        for width in (1200, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(150)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path.name, width)


def test_dark_pages_have_no_light_surface(pages: list[Path], browse: Browse):
    """Backgrounds of the page, its figures and tables are dark, and their text is light."""
    watched = browse(dark=True)
    brightness = """
      () => [...document.querySelectorAll('body, .chart, .scroll, th, .drawer, .warnings')].map(one => {
        const parts = getComputedStyle(one).backgroundColor.match(/[\\d.]+/g).map(Number);
        return parts.length === 4 && parts[3] === 0 ? 0 : (parts[0] + parts[1] + parts[2]) / 3;
      })
    """
    for path in kinds(pages):
        page = watched.open(path.as_uri(), draw=False)
        assert max(page.evaluate(brightness)) < 90, path.name


def test_every_link_and_anchor_leads_somewhere(pages: list[Path], browse: Browse):
    """As the browser resolves them: to a file of the site, and to an element on it."""
    watched = browse()
    ids: dict[str, set[str]] = {}
    links: dict[str, list[str]] = {}
    for path in pages:
        page = watched.open(path.as_uri(), draw=False)
        ids[path.name] = set(page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)"))
        links[path.name] = page.evaluate(
            "[...document.querySelectorAll('a[href]')].map(one => one.getAttribute('href'))"
        )
    folder = pages[0].parent
    broken = []
    for name, targets in links.items():
        for target in targets:
            file, _, anchor = target.partition("#")
            is_missing = bool(file) and not (folder / file).is_file()
            if is_missing or (anchor and anchor not in ids.get(file or name, {anchor})):
                broken.append((name, target))
    assert broken == []
    assert sum(map(len, links.values())) > 1000
