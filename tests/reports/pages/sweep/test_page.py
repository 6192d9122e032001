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
from hpowh.analyses.sweeps.options import Options
from hpowh.reports.build import build_site
from hpowh.reports.context import SiteContext
from hpowh.reports.pages.sweep.page import addresses
from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest import Request, find_source, ingest

from ...test_accessibility import serious

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


def add_steps(warehouse: Warehouse) -> None:
    """Give every finished trial values at four steps that come ever nearer to its final loss."""
    random = np.random.default_rng(4)
    rows = [
        (number + 1, step, trials()[number]["loss"] + float((4 - step) ** 3 / 20 * random.normal()))
        for number in range(COUNT)
        for step in range(1, 5)
    ]
    with warehouse.writing() as connection:
        connection.executemany(
            "insert into core.trial_metric select trial_id, metric_id, $2, $3, 'ok' from core.trial, core.metric "
            "where trial.number = $1 and metric.name = 'loss'",
            rows,
        )


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
        add_steps(warehouse)
        analyse(warehouse, options=Options(as_published=True))
        build_site(warehouse, folder / "site")
    return folder / "site"


def page_of(site: Path) -> Path:
    (found,) = site.glob("sweep-*.html")
    return found


def test_the_page_begins_with_what_mattered(site: Path):
    text = re.sub(r"<[^>]+>", "", page_of(site).read_text())
    findings = text[text.index("What mattered, and what next?") :]
    best = min(range(COUNT), key=lambda i: trials()[i]["loss"])
    assert "rate mattered most for loss" in findings
    assert f"is trial {best + 1}, loss =" in findings
    assert "Next to try:" in findings
    used = f"the {COUNT} of {COUNT + 1} trials that finished with a finite value"
    assert f"Asked: what mattered for loss (lower is better) and size (lower is better) in {used}." in text
    assert "The best trials are the best 10 % of these. Loaded from" in text
    assert re.search(r"The best \d+ trials by loss have rate between", findings)
    assert re.search(r"The best \d+ trials by size have rate between", findings)
    assert "momentum" in text[text.index("As it is commonly published") :]
    assert "extremely randomised trees" in text[text.index("How far the models can be believed") :]
    assert "Not used: 1 failed." in text
    assert "Not used because they never vary: same." in text
    assert "rate mattered most for loss" in (site / "index.html").read_text()
    assert "rate" in (site / "sweeps.html").read_text()


def test_a_page_stays_below_a_megabyte(site: Path):
    assert page_of(site).stat().st_size < 1_000_000


PARALLEL = "document.querySelector('#sweep-parallel .chart').hpowhParallel"


@pytest.mark.browser
@pytest.mark.parametrize(("dark", "width"), [(False, 1200), (True, 390)], ids=["light", "dark, on a phone"])
def test_every_chart_is_drawn_and_names_are_text(site: Path, browse: Callable[..., Any], dark: bool, width: int):
    page = browse(dark=dark, width=width).open(page_of(site).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    drawn = page.locator(".chart[data-drawn=yes] .plot:has(.main-svg)").count()
    drawn += page.locator(".chart[data-parallel][data-drawn=yes] canvas + canvas").count()
    assert drawn == page.locator(".chart[data-chart]").count()
    names = {one["data"] for one in page.evaluate(
        "[...document.querySelectorAll('.chart[data-chart]')].map(c => ({data: c.dataset.chart}))")}  # fmt: skip
    wanted = {"parallel", "matters", "shapley", "slices", "pair", "history", "duration"}
    both = {f"sweep-{one}{end}" for one in wanted for end in ("", "-2")}
    assert names == both | {
        "sweep-curves",
        "sweep-steps",
        "sweep-rungs",
        "sweep-front",
        "sweep-per-metric",
        "sweep-hypervolume",
    }
    assert page.evaluate("window.pwned") is None
    labels = page.locator("#sweep-parallel .axis-title title").all_text_contents()
    assert labels[0] == "rate (log)"
    assert not any("same" in label for label in labels)
    assert IMAGE[:6] in " ".join(page.locator("#sweep-parallel .tick").all_text_contents())
    assert page.evaluate(
        "(() => { const c = document.querySelector('#sweep-parallel canvas + canvas');"
        " return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0); })()"
    )


@pytest.mark.browser
def test_levels_stand_in_one_order_and_no_line_joins_them(site: Path, browse: Callable[..., Any]):
    page = browse().open(page_of(site).as_uri(), draw="#sweep-slices")
    chosen = page.locator("#sweep-slices select")
    chosen.select_option(label="kind")
    data, axis = page.evaluate(
        "(() => { const p = document.querySelector('#sweep-slices .plot'); return [p.data, p.layout.xaxis]; })()"
    )
    assert axis["categoryorder"] == "array"
    assert len(axis["categoryarray"]) == 2
    assert [trace["mode"] for trace in data] == ["markers", "markers"]
    assert data[1]["error_y"]["array"]


def brush(page: Any, axis: int, low: float, high: float) -> None:
    """Drag along an axis of the first parallel coordinates; 0 is its lower end, 1 its upper one."""
    page.locator("#sweep-parallel .axis-brush").nth(axis).scroll_into_view_if_needed()
    box = page.locator("#sweep-parallel .axis-brush").nth(axis).bounding_box()
    x, top, height = box["x"] + box["width"] / 2, box["y"] + 4, box["height"] - 8
    page.mouse.move(x, top + (1 - low) * height)
    page.mouse.down()
    page.mouse.move(x, top + (1 - high) * height, steps=8)
    page.mouse.up()


def has_come_to(page: Any, wanted: list[int] | int) -> bool:
    """Wait until the table shows these trials, or so many."""
    numbers = "[...document.querySelectorAll('#sweep-trials tbody td:first-child')].map(one => Number(one.innerText))"
    test = (
        f"{numbers}.length === {wanted}"
        if isinstance(wanted, int)
        else f"String({numbers}) === '{','.join(map(str, wanted))}'"
    )
    page.wait_for_function(test, timeout=60_000)
    return True


@pytest.mark.browser
def test_a_brush_selects_whole_trials_in_the_table_and_in_the_other_figures(site: Path, browse: Callable[..., Any]):
    page = browse().open(page_of(site).as_uri(), draw="#sweep-parallel, #sweep-history")
    page.locator("#sweep-parallel").scroll_into_view_if_needed()
    assert has_come_to(page, COUNT + 1)
    brush(page, 0, 0.4, 0.6)
    page.wait_for_function("document.querySelector('[data-brushed]').textContent.includes('are selected')")
    low, high = page.evaluate(f"{PARALLEL}.axes[0].brushes[0].map({PARALLEL}.axes[0].scale)")
    wanted = [i + 1 for i, row in enumerate(trials()[:COUNT]) if low <= row["config"]["rate"] <= high]
    assert 0 < len(wanted) < COUNT
    assert has_come_to(page, wanted)
    assert page.locator("[data-brushed]").first.inner_text().startswith(f"{len(wanted)} of {COUNT + 1} trials")
    page.wait_for_function(
        "wanted => { const t = document.querySelector('#sweep-history .plot').data[0];"
        " return String((t.selectedpoints || []).map(i => t.customdata[i])) === String(wanted); }",
        arg=wanted, timeout=60_000,
    )  # fmt: skip
    page.locator("#sweep-trials thead button").nth(2).click()
    losses = [trials()[i - 1]["loss"] for i in wanted]
    best = wanted[int(np.argmin(losses))]
    page.wait_for_function(
        f"document.querySelector('#sweep-trials tbody td:first-child').innerText === '{best}'", timeout=60_000
    )
    brush(page, 0, 0.5, 0.5)  # a click clears the axis
    assert has_come_to(page, COUNT + 1)
    page.wait_for_function("!document.querySelector('#sweep-history .plot').data[0].selectedpoints", timeout=60_000)


@pytest.mark.browser
def test_what_is_typed_over_the_table_selects_lines_and_points(site: Path, browse: Callable[..., Any]):
    page = browse().open(page_of(site).as_uri(), draw="#sweep-parallel")
    full = page.evaluate("document.querySelector('#sweep-parallel canvas + canvas').dataset.complete")
    page.locator("#sweep-trials input").fill("rate<0.001 finished kind=sgd")
    wanted = [
        i + 1 for i, row in enumerate(trials()[:COUNT])
        if row["config"]["rate"] < 0.001 and row["config"]["kind"] == "sgd"
    ]  # fmt: skip
    assert has_come_to(page, wanted)
    page.wait_for_function(
        f"document.querySelector('#sweep-parallel canvas + canvas').dataset.complete > {full}", timeout=60_000
    )
    assert page.evaluate(f"{PARALLEL}.trials.kept") == len(wanted)
    page.locator("#sweep-trials [data-clear]").click()
    assert has_come_to(page, COUNT + 1)
    page.locator("#sweep-trials input").fill("failed")
    assert has_come_to(page, [COUNT + 1])


@pytest.mark.browser
def test_axes_by_keyboard_order_and_colour(site: Path, browse: Callable[..., Any]):
    page = browse().open(page_of(site).as_uri(), draw="#sweep-parallel")
    page.locator("#sweep-parallel .axis").first.focus()
    page.keyboard.press("ArrowUp")
    assert page.evaluate(f"{PARALLEL}.axes[0].brushes") == [[0.8, 1]]
    page.keyboard.press("ArrowDown")
    assert page.evaluate(f"{PARALLEL}.axes[0].brushes[0][1]") == pytest.approx(0.95)
    assert 0 < page.evaluate(f"{PARALLEL}.trials.kept") < COUNT
    page.keyboard.press("Escape")
    assert page.evaluate(f"{PARALLEL}.trials.mask") is None
    page.locator("#sweep-parallel .axis-title").first.scroll_into_view_if_needed()
    first = page.locator("#sweep-parallel .axis-title").first.bounding_box()
    second = page.locator("#sweep-parallel .axis-title").nth(1).bounding_box()
    page.mouse.move(first["x"] + first["width"] / 2, first["y"] + 5)
    page.mouse.down()
    page.mouse.move(second["x"] + second["width"] / 2 + 20, first["y"] + 5, steps=4)
    page.mouse.up()
    assert page.locator("#sweep-parallel .axis-title title").nth(1).text_content() == "rate (log)"
    page.locator("#sweep-parallel select").select_option(label="size")
    assert page.evaluate(f"{PARALLEL}.metric.name") == "size"
    page.locator("#sweep-parallel .axes summary").click()
    titles = page.locator("#sweep-parallel .axis-title title")
    before = titles.all_text_contents()
    page.locator("#sweep-parallel .axes").get_by_label("rate", exact=True).uncheck()
    page.locator("#sweep-parallel .axes").get_by_label("Seconds").check()
    after = titles.all_text_contents()
    assert set(after) == {*before, "Seconds"} - {"rate (log)"}
    assert after[-1] == before[-1]


@pytest.mark.browser
def test_the_best_lines_are_yellow_and_on_top(site: Path, browse: Callable[..., Any]):
    page = browse().open(page_of(site).as_uri(), draw="#sweep-parallel")
    rows = page.evaluate(f"[...{PARALLEL}.lines]")
    by_loss = sorted(range(COUNT), key=lambda i: -trials()[i]["loss"])
    assert rows == by_loss
    steps = page.evaluate(f"[...{PARALLEL}.step]")
    assert steps[by_loss[-1]] == 0
    assert steps[by_loss[0]] == 9


@pytest.mark.browser
def test_axe_finds_nothing_serious(site: Path, browse: Callable[..., Any]):
    assert serious(browse().open(page_of(site).as_uri())) == []


@pytest.mark.browser
def test_parallel_coordinates_are_saved_with_their_lines(site: Path, browse: Callable[..., Any], tmp_path: Path):
    page = browse().open(page_of(site).as_uri(), draw="#sweep-parallel")
    with page.expect_download() as saved:
        page.locator("#sweep-parallel [data-save=svg]").click()
    saved.value.save_as(tmp_path / "x.svg")
    text = (tmp_path / "x.svg").read_text()
    assert "data:image/png;base64," in text
    assert "rate (log)" in text


def test_findings_of_several_metrics_and_of_early_stopping(site: Path):
    text = re.sub(r"<[^>]+>", "", page_of(site).read_text())
    assert "loss and size" in text
    assert "rank correlation of their losses" in text
    assert "foretells its final value" in text


def test_the_best_trials_link_to_where_their_tracker_shows_them(warehouse, tmp_path):
    (tmp_path / "t.csv").write_text("number,params_lr,loss\n" + "".join(f"{i},{i},{(i - 3) ** 2}\n" for i in range(6)))
    request = Request(str(tmp_path / "t.csv"), "s", {"loss": "metric"}, {"direction": "min"})
    ingest(warehouse, find_source("trials"), request)
    said = {3: "https://tracker/a/b/runs/3", 4: "http://tracker/4", 2: "javascript:alert(1)", 1: 'https://x/" on='}
    with warehouse.writing() as connection:
        connection.executemany(
            "insert into core.trial_attribute select trial_id, 'url', $2 from core.trial where number = $1",
            [(number, json.dumps(text)) for number, text in said.items()],
        )
    found = warehouse.sql("select any_value(sweep_id), any_value(metric_id) from core.sweep_metric").rows()[0]
    (block,) = addresses(SiteContext(opened=warehouse), dict(zip(("sweep_id", "metric_id"), found, strict=True)))
    assert [(text.partition(" (")[0], href, note) for text, href, note in block.links] == [
        ("Trial 3", "https://tracker/a/b/runs/3", "loss 0"),
        ("Trial 4", "http://tracker/4", "loss 1.000"),
    ]


def test_a_line_break_of_a_title_is_no_text(site: Path):
    """`axis` shows names as they are; a title of two lines is made beside it."""
    pages = {path.name: path.read_text() for path in site.glob("*.html")}
    assert any("Correlation\\u003cbr\\u003e(" in text for text in pages.values())
    assert [name for name, text in pages.items() if "\\u0026lt;br" in text] == []
