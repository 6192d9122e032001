"""The page of a sweep: what it says, in a real Chromium with names that try to be something else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpowh.analyses.sweeps.job import analyse
from hpowh.reports.build import build_site
from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest import Request, find_source, ingest

SCRIPT = "</script><script>window.pwned=1</script>"
IMAGE = '"><img src=x onerror="window.pwned=1">'
COUNT = 60


def trials() -> list[dict[str, Any]]:
    random = np.random.default_rng(3)
    rows = []
    for i in range(COUNT):
        rate, kind = float(10 ** random.uniform(-5, -1)), str(random.choice(["sgd", IMAGE]))
        config: dict[str, Any] = {"rate": rate, "kind": kind, SCRIPT: float(random.uniform()), "same": 1}
        if kind == "sgd":
            config["momentum"] = float(random.uniform())
        loss = (np.log10(rate) + 3) ** 2 + (kind == "sgd") + 0.1 * float(random.normal())
        row = {"name": IMAGE, "state": "finished", "started_at": 1.7e9 + i, "runtime": 2.0 + i, "config": config}
        rows.append(row | {"loss": float(loss), "size": float(np.log10(rate))})
    rows.append({"name": "f", "state": "failed", "config": {"rate": 0.1}})
    return rows


@pytest.fixture(scope="module")
def site(empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with one analysed sweep of two metrics."""
    folder = tmp_path_factory.mktemp("sweep")
    path = folder / "w.duckdb"
    path.write_bytes(empty_warehouse.read_bytes())
    (folder / "t.jsonl").write_text("\n".join(map(json.dumps, trials())))
    with Warehouse(path) as warehouse:
        roles = {"loss": "metric", "size": "metric"}
        ingest(warehouse, find_source("trials"), Request(str(folder / "t.jsonl"), SCRIPT, roles, {"direction": "min"}))
        analyse(warehouse)
        build_site(warehouse, folder / "site")
    return folder / "site"


def page_of(site: Path) -> Path:
    (found,) = site.glob("sweep-*.html")
    return found


def test_the_page_begins_with_what_mattered(site: Path):
    text = re.sub(r"<[^>]+>", "", page_of(site).read_text())
    findings = text[text.index("Findings") :]
    best = min(range(COUNT), key=lambda i: trials()[i]["loss"])
    assert "rate mattered most for loss" in findings
    assert f"is trial {best + 1}, loss =" in findings
    assert "next to try:" in findings
    assert "Not used: 1 failed." in text
    assert "Not used because they never vary: same." in text
    assert "rate mattered most for loss" in (site / "index.html").read_text()
    assert "rate" in (site / "sweeps.html").read_text()


def test_a_page_stays_below_a_megabyte(site: Path):
    assert page_of(site).stat().st_size < 1_000_000


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True])
def test_every_chart_is_drawn_and_names_are_text(site: Path, browse: Callable[..., Any], dark: bool):
    page = browse(dark=dark).open(page_of(site).as_uri())
    drawn = page.locator(".chart[data-drawn=yes] .plot:has(.main-svg)").count()
    assert drawn == page.locator(".chart[data-chart]").count()
    names = {one["data"] for one in page.evaluate(
        "[...document.querySelectorAll('.chart[data-chart]')].map(c => ({data: c.dataset.chart}))")}  # fmt: skip
    wanted = {"parallel", "matters", "slices", "pair", "history", "duration"}
    assert names == {f"sweep-{one}{end}" for one in wanted for end in ("", "-2")} | {"sweep-front"}
    assert page.evaluate("window.pwned") is None
    labels = page.locator("#sweep-parallel .axis-title").all_text_contents()
    assert labels[0] == "rate (log)"
    assert not any("same" in label for label in labels)
    assert IMAGE[:8] in " ".join(page.locator("#sweep-parallel .axis text").all_text_contents())


@pytest.mark.browser
def test_a_brush_selects_whole_trials_here_and_in_the_table(site: Path, browse: Callable[..., Any]):
    page = browse().open(page_of(site).as_uri())
    page.locator("#sweep-parallel").scroll_into_view_if_needed()
    shown = page.locator("#sweep-trials tbody tr:visible")
    assert shown.count() == COUNT + 1
    box = page.locator("#sweep-parallel .axis-brush").first.bounding_box()
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + 0.45 * box["height"])
    page.mouse.down()
    page.mouse.move(x, box["y"] + 0.6 * box["height"], steps=8)
    page.mouse.up()
    page.wait_for_function("document.querySelector('[data-brushed]').textContent.includes('are selected')")
    low, high = page.evaluate("document.querySelector('#sweep-parallel .plot').data[0].dimensions[0].constraintrange")
    wanted = [i + 1 for i, row in enumerate(trials()[:COUNT]) if low <= np.log10(row["config"]["rate"]) <= high]
    assert 0 < len(wanted) < COUNT
    assert [
        int(text) for text in page.locator("#sweep-trials tbody tr:visible td:first-child").all_inner_texts()
    ] == wanted
    assert page.locator("[data-brushed]").first.inner_text().startswith(f"{len(wanted)} of {COUNT} trials")
    page.locator("#sweep-trials thead button").nth(1).click()
    losses = [trials()[i - 1]["loss"] for i in wanted]
    first = page.locator("#sweep-trials tbody tr:visible td:first-child").first.inner_text()
    assert int(first) == wanted[int(np.argmin(losses))]


@pytest.mark.browser
def test_the_page_fits_a_phone(site: Path, browse: Callable[..., Any]):
    page = browse(width=390).open(page_of(site).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
