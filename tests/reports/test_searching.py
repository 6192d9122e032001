"""What the search box finds: findings, headings and names of a page as it was written, as text."""

from __future__ import annotations

from hpowh.reports.blocks import Findings, Prose
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import own
from hpowh.reports.page import Page
from hpowh.reports.render import Renderer
from hpowh.reports.searching import texts_of, with_texts

PAGE = """<nav><h2><bdi>Not this</bdi></h2></nav><main id="main">
<section class="block findings" id="findings"><h2>In short</h2>
<ul><li>A is better than B &lt;i&gt;. <a href="x.html#y">Show<span class="hidden">: again</span></a></li></ul></section>
<section class="block" id="ranks" aria-labelledby="ranks-title">
<h2 id="ranks-title"><bdi>Ranks</bdi><a class="anchor" href="#ranks">#</a></h2>
<table><tbody>
<tr><td data-sort="tpe"><span class="swatch"></span><a href="t.html"><bdi>tpe</bdi></a></td><td><bdi>1</bdi></td></tr>
<tr><td class="number" data-sort="1"><bdi>1.5</bdi></td></tr>
</tbody></table></section></main>"""


def test_findings_headings_and_names_are_found_with_their_place():
    assert texts_of(PAGE) == [("A is better than B <i>.", "findings"), ("Ranks", "ranks"), ("tpe", "ranks")]


def test_a_page_as_it_is_written_can_be_searched(warehouse, tmp_path):
    site = SiteContext(opened=warehouse)
    blocks = [Findings(own(["<b>One</b> & two"])), Prose("A heading", ["x"], id="here")]
    page = Page(key=("a",), title="t", section="About", build=lambda: blocks)
    site.announce([page, Page(key=("b",), title="not built", section="About", build=list)])
    renderer = Renderer(site=site, folder=tmp_path)
    renderer.write_page(page)
    found = {one["href"]: one["texts"] for one in with_texts(renderer.page_list(), tmp_path)}
    assert ("<b>One</b> & two", "findings") in found["a.html"]
    assert "A heading" in [text for text, _ in found["a.html"]]
    assert found["b.html"] == []
