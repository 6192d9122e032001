"""The report as one file: all pages, one policy, links within it, nothing outside; a browser opens it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import shutil

import pytest

from hpowh.analyses.traces.job import analyse
from hpowh.reports.pages.coverage import page as coverage_page
from hpowh.reports.whole import packed, write_whole
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError

from ..analyses.traces.conftest import fill_runs
from .conftest import is_complaint

NAME = "</script><b>&"


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    points = [(a, "b0", s, k, 1.0 / k + s + i) for i, a in enumerate((NAME, "B")) for s in range(2) for k in (1.0, 2.0)]
    fill_runs(warehouse, points, experiment="x", metric="value", direction="min")
    analyse(warehouse)
    return warehouse


def parts_of(html: str) -> dict[str, str]:
    found = re.findall(r'<script type="text/plain" data-packed="([^"]+)">([^<]+)</script>', html)
    return {name: gzip.decompress(base64.b64decode(text)).decode() for name, text in found}


def data_of(html: str) -> dict[str, object]:
    return json.loads(re.search(r'id="site-data">(.*?)</script>', html, re.DOTALL)[1])


def test_one_file_holds_every_page_and_reaches_for_nothing(filled, tmp_path):
    whole = write_whole(filled, tmp_path / "r.html")
    html = whole.path.read_text(encoding="utf-8")
    parts, data = parts_of(html), data_of(html)
    assert whole.failures == []
    assert set(parts) == {page["href"] for page in data["pages"]} | {"script", "plotly"}
    assert whole.page_count == len(parts) - 2 and whole.size == whole.path.stat().st_size
    assert {"index.html", "experiment-x.html", "coverage.html"} <= set(parts)
    assert [path.name for path in tmp_path.iterdir()] == ["hpowh.duckdb", "r.html"] or whole.path.is_file()
    assert not re.search(r'(?:src|href)="(?!data:)[^"#]', html)  # nothing is loaded from elsewhere
    known = {page["href"] for page in data["pages"]}
    for name in known:
        links = set(re.findall(r'href="([^"#:]+\.html)', parts[name]))
        assert links <= known, (name, links - known)
        assert NAME not in parts[name]
    assert 'href="data:text/csv;charset=utf-8,' in parts["experiment-x.html"]
    policy = re.search(r'Policy" content="([^"]+)"', html)[1].replace("&#39;", "'")
    for text in (parts["script"], parts["plotly"]):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]


def test_the_same_warehouse_gives_the_same_pages(filled, tmp_path):
    first, second = (parts_of(write_whole(filled, tmp_path / name).path.read_text()) for name in ("a.html", "b.html"))
    timeless = [{name: re.sub(r"\d\d:\d\d:\d\d", "", text) for name, text in one.items()} for one in (first, second)]
    assert timeless[0] == timeless[1]
    assert packed("x") == packed("x")


def test_only_some_kinds_and_what_is_refused(filled, tmp_path):
    whole = write_whole(filled, tmp_path / "r.html", only=("experiment",))
    assert whole.page_count == 1 and data_of(whole.path.read_text())["first"] == "experiment-x.html"
    (tmp_path / "mine.html").write_text("mine")
    with pytest.raises(UsageError, match="did not make"):
        write_whole(filled, tmp_path / "mine.html")
    with pytest.raises(UsageError, match="no page of the kind"):
        write_whole(filled, tmp_path / "n.html", only=("nothing",))
    assert (tmp_path / "mine.html").read_text() == "mine" and not (tmp_path / "n.html").exists()


def test_a_page_that_fails_says_so_in_the_file(filled, tmp_path, monkeypatch):
    def broken(*_):
        raise ValueError("no number")

    monkeypatch.setattr(coverage_page, "_build", broken)
    whole = write_whole(filled, tmp_path / "r.html")
    assert [one.key for one in whole.failures] == [("coverage",)]
    assert "ValueError: no number" in parts_of(whole.path.read_text())["coverage.html"]


@pytest.mark.browser
def test_a_browser_opens_pages_draws_charts_and_follows_links(filled, tmp_path, chromium):
    whole = write_whole(filled, tmp_path / "r.html")
    (tmp_path / "alone").mkdir()
    shutil.move(whole.path, tmp_path / "alone" / "r.html")
    context = chromium.new_context()  # with the policy in force
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text) if is_complaint(message) else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((tmp_path / "alone" / "r.html").as_uri())
    page.wait_for_selector("html[data-opened='index.html']")
    page.locator("nav a[href='#experiment-x.html']").first.click()
    page.wait_for_selector("html[data-opened='experiment-x.html']")
    assert page.title() == "x · hpowh"
    page.locator(".chart[data-chart]").first.scroll_into_view_if_needed()
    page.wait_for_selector(".js-plotly-plot .main-svg", state="attached")
    page.locator("#search").fill("coverage")
    page.locator("#found a").first.click()
    page.wait_for_selector("html[data-opened='coverage.html']")
    page.go_back()
    page.wait_for_selector("html[data-opened='experiment-x.html']")
    page.goto((tmp_path / "alone" / "r.html").as_uri() + "#experiment-x.html~trust")
    page.wait_for_selector("html[data-opened='experiment-x.html']")
    context.close()
    assert said == []


def test_pages_begin_with_their_answer(filled, tmp_path):
    parts = parts_of(write_whole(filled, tmp_path / "r.html", only=("benchmark", "coverage")).path.read_text())
    assert "x: all 4 runs are there." in parts["coverage.html"]
    (benchmark,) = [text for name, text in parts.items() if name.startswith("benchmark-")]
    assert "mean rank 1.00 of 2 by value, over 2 runs. One benchmark says nothing of others." in benchmark
