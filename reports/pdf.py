"""Pages as PDF, printed by a Chromium that is installed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.checks.doctor import BROWSERS
from hpowh.warehouse.errors import HpowhError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOLDER = "pdf"
"""Where the PDFs lie within a site."""
PATIENCE = 120_000
"""Milliseconds for one page to draw its charts."""

EVERY_CHART = """
async () => {
  document.querySelectorAll("main :is(.fold, .part, .rest)").forEach(one => { one.open = true; });
  await Promise.all(window.hpowh.charts.map(chart => chart.draw()));
  document.querySelectorAll("a[href]").forEach(one => {
    if (!one.getAttribute("href").startsWith("#")) one.removeAttribute("href");
  });
}
"""
"""Open what is folded, draw all, and take links to other files away: in a PDF they would name the build's folder."""

FOOT = (
    '<div style="font: 8px sans-serif; color: #666; width: 100%; padding: 0 12mm; display: flex; '
    'justify-content: space-between"><span class="title"></span>'
    '<span><span class="pageNumber"></span> / <span class="totalPages"></span></span></div>'
)


def find_browser() -> str | None:
    """Return the path of an installed Chromium or Chrome, or None."""
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


def file_of(page: str) -> str:
    """Return where the PDF of a page lies within the site."""
    return f"{FOLDER}/{Path(page).stem}.pdf"


def check() -> None:
    """Raise where pages cannot be printed on this machine.

    Raises:
        HpowhError: the package playwright or a Chromium is missing; says how to get it.
    """
    from importlib.util import find_spec

    if find_spec("playwright") is None:
        raise HpowhError(
            "PDFs need the package playwright, which is not installed.", "Install it: pip install 'hpowh[pdf]'"
        )
    if find_browser() is None:
        raise HpowhError(
            "PDFs need Chromium or Chrome, and none was found on the PATH.",
            "Install one, such as Debian's package chromium, or print from your browser.",
        )


def print_pages(folder: Path, names: Sequence[str], *, progress: Callable[[int, int, str], None] | None = None) -> None:
    """Print pages of a site that lies in `folder` to `folder/pdf/*.pdf`: A4, light, all charts, page numbers.

    Args:
        folder: a whole site, with its shared files.
        names: file names of pages.
        progress: called before each page with PDFs done, PDFs in all, and the page's file name.

    Raises:
        HpowhError: as `check`; or the browser could not print a page.
    """
    from concurrent.futures import ThreadPoolExecutor

    check()
    (folder / FOLDER).mkdir(exist_ok=True)
    # In a thread of its own: playwright's plain interface refuses to work beside a running event loop (as in Jupyter).
    with ThreadPoolExecutor(1) as thread:
        thread.submit(_print_all, folder, names, progress).result()


def _print_all(folder: Path, names: Sequence[str], progress: Callable[[int, int, str], None] | None) -> None:
    with _browser() as browser:
        page = browser.new_page(viewport={"width": 1000, "height": 1400}, color_scheme="light")
        for done, name in enumerate(names):
            if progress:
                progress(done, len(names), name)
            _print(page, folder / name, folder / FOLDER / f"{Path(name).stem}.pdf")


@contextmanager
def _browser() -> Iterator[Browser]:
    import os

    from playwright.sync_api import Error, sync_playwright

    quiet = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
    # Chromium refuses to run with its sandbox as the superuser, as in a container.
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=find_browser(), args=[*quiet, *as_root])
            try:
                yield browser
            finally:
                browser.close()
    except Error as error:
        raise HpowhError(
            f"The browser could not print the pages: {error.message.splitlines()[0]}",
            f"Check that {find_browser()} starts, or build without --pdf.",
        ) from error


def _print(page: Any, source: Path, target: Path) -> None:
    page.set_default_timeout(PATIENCE)
    page.goto(source.as_uri())
    page.evaluate(EVERY_CHART)
    page.pdf(
        path=str(target),
        format="A4",
        print_background=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOT,
        margin={"top": "14mm", "bottom": "16mm", "left": "12mm", "right": "12mm"},
    )
