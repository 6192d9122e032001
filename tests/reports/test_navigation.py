"""The navigation: sections, folded groups, short names."""

from __future__ import annotations

import re

from hpowh.reports.context import SiteContext
from hpowh.reports.page import Page
from hpowh.reports.render import Renderer


def test_navigation_folds_the_pages_of_a_group_and_opens_the_one_that_is_read(warehouse, tmp_path):
    """Short names inside a group; a group that is not being read is closed; every page is one click away."""
    site = SiteContext(opened=warehouse)
    pages = [
        Page(
            key=("a", str(i)),
            title=f"space/data {i}",
            section="Landscapes",
            build=list,
            group="space",
            short=f"data {i}",
        )
        for i in range(3)
    ]
    pages.append(Page(key=("b", "x"), title="other/<b>", section="Landscapes", build=list, group="<i>", short="<b>"))
    pages.append(Page(key=("c",), title="Alone", section="About", build=list))
    site.announce(pages)
    text = Renderer(site=site, folder=tmp_path).write_page(pages[1]).read_text()
    side = text[text.index("<nav") : text.index("</nav>")]
    folds = re.findall(r"<details class=\"fold\"( open)?>\s*<summary><bdi>(.*?)</bdi>", side)
    assert sorted(folds) == [("", "&lt;i&gt;"), (" open", "space")]
    assert 'aria-current="page"><bdi>data 1</bdi>' in side
    assert "<bdi>&lt;b&gt;</bdi>" in side
    assert side.count("<li><a ") == len(pages)
