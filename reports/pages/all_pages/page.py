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
    sections: dict[tuple[int, str, str], list[Page]] = {}
    for page in site.pages.values():
        known = SECTIONS.index(page.section) if page.section in SECTIONS else len(SECTIONS)
        sections.setdefault((known, page.section, page.group), []).append(page)
    return [
        Links(
            f"{section}: {group}" if group else section,
            [(page.title, page.file, "") for page in sorted(found, key=lambda page: (page.order, page.title))],
        )
        for (_, section, group), found in sorted(sections.items())
    ]
