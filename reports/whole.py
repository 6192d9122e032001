"""The whole report as one file that can be sent: pages, style, scripts and Plotly once, packed; no network."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hpowh.reports.assets import plotly_text
from hpowh.reports.blocks import Warnings
from hpowh.reports.charts.palette import DARK, LIGHT
from hpowh.reports.context import SiteContext, is_fatal, sentence_of
from hpowh.reports.keeping import is_wanted
from hpowh.reports.page import Failure, Page
from hpowh.reports.registry import collect
from hpowh.reports.render import Renderer
from hpowh.reports.searching import texts_of
from hpowh.warehouse import Warehouse
from hpowh.warehouse.output.targets import written_file

LEVEL = 9
"""Of gzip; what is packed once is sent often."""


@dataclass(frozen=True)
class Whole:
    """What was written: how many pages in how many bytes, and which pages say that they could not be built."""

    path: Path
    page_count: int
    size: int
    failures: list[Failure] = field(default_factory=list)


def write_whole(
    warehouse: Warehouse,
    target: Path,
    *,
    only: tuple[str, ...] = (),
    is_forced: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> Whole:
    """Write all pages of a warehouse's report into one HTML file.

    Args:
        only: kinds of page, such as `model`; all when empty.
        is_forced: overwrite a file that hpowh did not make.
        progress: called before each page with pages done, pages in all, and the page's title.

    Raises:
        UsageError: `target` is a folder, a warehouse or another's file, or `only` names no kind of page.
        HpowhError: the file cannot be written; what was there is as it was.
    """
    with written_file(target, option="--one-file", force=is_forced) as place:
        site = SiteContext(opened=warehouse)
        collect(site, only, lambda page: is_wanted(page, only))
        renderer = Renderer(site=site, folder=place.parent, is_single_file=True, is_whole=True)
        bodies: dict[str, str] = {}
        pages = sorted(site.pages.values(), key=lambda page: page.key == ("overview",))  # it tells of what failed
        for done, page in enumerate(pages):
            if progress:
                progress(done, len(pages), page.title)
            bodies[page.file] = _body(renderer, page)
        place.write_text(_html(renderer, bodies), encoding="utf-8")
        size = place.stat().st_size if place.is_file() else 0
    return Whole(target, len(bodies), size, site.failures)


def _body(renderer: Renderer, page: Page) -> str:
    """Return a page's body; of one that cannot be built, a sentence that says why."""
    try:
        return renderer.body(page)
    except Exception as error:  # noqa: BLE001 - whatever a page raises, the others must be built
        if is_fatal(error):
            raise
        renderer.site.fail(page.title, error, page.key)
        said = Warnings([f"This page could not be built: {sentence_of(error)}"], title="Not built")
        stand_in = Page(key=page.key, title=page.title, section=page.section, build=lambda: [said], order=page.order)
        return renderer.body(stand_in, is_alone=True)


def _html(renderer: Renderer, bodies: dict[str, str]) -> str:
    shared = renderer.shared
    listed = [page | {"texts": texts_of(bodies[page["href"]])} for page in renderer.page_list()]
    first = "index.html" if "index.html" in bodies else listed[0]["href"]
    parts = {**bodies, "script": shared.script, "plotly": plotly_text()}
    return renderer.environment.get_template("whole.html.j2").render(
        title=renderer.site.warehouse.path.stem,
        policy=shared.whole_policy(),
        assets=shared,
        palette={"light": LIGHT, "dark": DARK},
        pages=listed,
        first=first,
        parts=[(name, packed(text)) for name, text in parts.items()],
    )


def packed(text: str) -> str:
    """Return a text as base64 of its gzip: the same text is the same."""
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=LEVEL, mtime=0)).decode("ascii")
