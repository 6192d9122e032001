"""A list of every page, for sites with more pages than the navigation can hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hpowh.reports.blocks import Block, Links
from hpowh.reports.context import SiteContext
from hpowh.reports.page import SECTIONS, Page


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield the list of pages."""
    yield Page(
        key=("pages",),
        title="All pages",
        section="About",
        build=lambda: _build(site),
        lead="Every page of this site.",
        order=9,
    )


def _build(site: SiteContext) -> Sequence[Block]:
    sections: dict[str, list[Page]] = {name: [] for name in SECTIONS}
    for page in site.pages.values():
        sections.setdefault(page.section, []).append(page)
    return [
        Links(name, [(page.title, page.file, "") for page in sorted(pages, key=lambda page: (page.order, page.title))])
        for name, pages in sections.items()
        if pages
    ]
