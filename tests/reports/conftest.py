"""A small warehouse with hostile names, the site built from it, and a real headless Chromium."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from hpowh.analyses.traces.job import analyse
from hpowh.reports.build import build_site
from hpowh.warehouse import Warehouse
from hpowh.warehouse.views import refresh_generated_views

SCRIPT = "</script><script>window.pwned=1</script>"
IMAGE = '"><img src=x onerror="window.pwned=1">'
BACKWARDS = "evil\u202egnp.exe"
LONG = "x" * 500
TEMPLATE = "{{ 7 * 7 }} {% raw %} %{x} ${y}"
PATH = "../../etc/passwd"
TOKEN = "@3"
MARKUP = "<b>bold</b> & <a href='javascript:alert(1)'>go</a>"
HOSTILE = (SCRIPT, IMAGE, BACKWARDS, LONG, TEMPLATE, PATH, TOKEN, MARKUP)


def fill_site(path: Path, *, experiment: str, algorithms: list[str], benchmarks: list[str], space: str) -> None:
    """Make a warehouse: runs of every algorithm (the last one lacks a seed) and a table of 12 configurations."""
    draw = random.Random(5)
    points = []
    for b in range(len(benchmarks)):
        for a in range(len(algorithms)):
            for seed in range(4):
                if a == len(algorithms) - 1 and b == 0 and seed == 3:
                    continue
                value = 1.0
                for budget in range(1, 21):
                    value *= draw.uniform(0.7 + 0.02 * a, 1.0)
                    points.append(
                        (1 + len(algorithms) * 4 * b + 4 * a + seed, a + 1, b + 1, seed, float(budget), value)
                    )
    names = ["run_id", "algorithm_id", "benchmark_id", "seed", "budget", "value"]
    frame = pl.DataFrame(points, schema=names, orient="row")
    with Warehouse.create(path).writing() as con:
        con.register("given", frame.to_arrow())
        con.execute("insert into core.source values (1, 'runs', ?, ?, 'f1', 100, 2, '{}', now(), '0')", [MARKUP, IMAGE])
        con.execute("insert into ops.ingest values (1, 1, 'load', 100, 2, now(), now(), '[]')")
        con.execute("insert into core.experiment values (1, ?)", [experiment])
        con.execute(
            "insert into core.metric values (1, 'error', 'min', 0, null, null), (2, ?, 'max', 0, 1, null)", [IMAGE]
        )
        con.executemany("insert into core.algorithm values (?, ?)", list(enumerate(algorithms, 1)))
        con.executemany("insert into core.benchmark values (?, ?)", list(enumerate(benchmarks, 1)))
        con.execute(
            "insert into core.run select distinct run_id, 1, algorithm_id, benchmark_id, seed, null, 1 from given"
        )
        con.execute("insert into core.run_factor select run_id, ?, null, ? from core.run", [MARKUP, SCRIPT])
        con.execute("insert into core.trace select run_id, 1, budget, value, 'ok', 1 from given")
        con.execute("insert into core.search_space values (1, ?, 'f', 12, 1)", [space])
        con.execute(
            "insert into core.hyperparameter values (1, 0, 'place', 'ordinal', 'float', 'log', 4, 3), "
            "(1, 1, ?, 'categorical', 'text', 'linear', 3, 1)",
            [SCRIPT],
        )
        con.execute(
            "insert into core.hyperparameter_level select 1, 0, l, power(10, -l), '1e-' || l from range(4) as t(l)"
        )
        con.execute("insert into core.hyperparameter_level select 1, 1, l, null, ? || l from range(3) as t(l)", [IMAGE])
        con.execute(
            "insert into core.evaluation select 1, c, b, null, s, null, m, 'valid', "
            "case when c = 7 and s = 1 then null else 0.01 * (c + b) + 0.001 * s end, null, "
            "case when c = 7 and s = 1 then 'failed' else 'ok' end, 1 "
            "from range(12) as x(c), range(1, 3) as y(b), range(2) as z(s), range(1, 3) as w(m)"
        )
        con.execute("insert into core.benchmark_feature values (1, ?, null, ?, 1)", [MARKUP, SCRIPT])
        con.unregister("given")
        refresh_generated_views(con)


@dataclass(frozen=True)
class Site:
    """A built site and the warehouse it was built from."""

    folder: Path
    warehouse: Path

    def page(self, start: str) -> str:
        """Return the file address of the page whose name starts so."""
        (found,) = self.folder.glob(f"{start}*.html")
        return found.as_uri()


def make_site(folder: Path, **names: Any) -> Site:
    path = folder / "hpowh.duckdb"
    fill_site(path, **names)
    with Warehouse(path) as opened:
        analyse(opened)
        build_site(opened, folder / "site")
    return Site(folder / "site", path)


@pytest.fixture(scope="session")
def plain_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with ordinary names."""
    folder = tmp_path_factory.mktemp("plain")
    return make_site(
        folder, experiment="trial", algorithms=["random", "tpe", "cma"], benchmarks=["digits", "wine"], space="mlp"
    )


@pytest.fixture(scope="session")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site in which every name tries to be something else."""
    folder = tmp_path_factory.mktemp("hostile")
    algorithms, benchmarks = [SCRIPT, MARKUP, TOKEN, BACKWARDS, LONG], [IMAGE, PATH, LONG, TEMPLATE]
    return make_site(folder, experiment=SCRIPT, algorithms=algorithms, benchmarks=benchmarks, space=TEMPLATE)


@dataclass
class Watched:
    """A browser page and what it said: console errors, page errors, dialogs, requests that leave the site."""

    page: Any
    complaints: list[str] = field(default_factory=list)

    def open(self, address: str, *, draw: bool | str = True) -> Any:
        """Open a page; with `draw`, open what is folded and scroll through it until every chart is drawn.

        Drawing is what a page takes long for: a test that looks at some figures names them (`draw="#a, #b"`).
        """
        self.page.goto(address)
        if draw:
            charts = f":is({'*' if draw is True else draw}) .chart[data-chart]"
            self.page.evaluate("document.querySelectorAll('details.part').forEach(part => { part.open = true; })")
            assert self.page.locator(charts).count() or draw is True, f"no chart in {draw}"
            self.page.wait_for_function(
                "charts => [...document.querySelectorAll(charts)].every(chart => {"
                " if (!chart.dataset.drawn) chart.scrollIntoView(); return chart.dataset.drawn; })",
                arg=charts,
                polling=50,  # every frame would draw the page sixty times a second
                timeout=60_000,
            )
        return self.page


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium of the system; tests that need one say that they skip where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium is installed: the report's pages are NOT tested in a browser")
    from playwright.sync_api import sync_playwright

    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=[*options, "--no-first-run", "--disable-sync"])
        browser.new_context = partial(patient, browser.new_context)
        yield browser
        browser.close()


def patient(make: Callable[..., Any], **options: Any) -> Any:
    """Return a context whose pages may take their time: no test depends on how fast the machine is."""
    context = make(**options)
    context.set_default_timeout(300_000)
    return context


def is_complaint(message: Any) -> bool:
    """Whether a console message is the page's fault; a slow driver's remark on WebGL is not."""
    return message.type in ("error", "warning") and "GPU stall due to ReadPixels" not in message.text


@pytest.fixture(scope="session")
def contexts(chromium: Any) -> Callable[[bool], Any]:
    """A light and a dark place to open pages in; new ones would start a process of the browser's for each test."""
    made: dict[bool, Any] = {}

    def find(dark: bool) -> Any:
        if dark not in made:
            made[dark] = chromium.new_context(
                color_scheme="dark" if dark else "light",
                accept_downloads=True,
                bypass_csp=True,  # the driver's waiting evaluates texts; test_policy.py has the policy in force
            )
        return made[dark]

    return find


@pytest.fixture
def browse(contexts: Callable[[bool], Any]) -> Iterator[Callable[..., Watched]]:
    """`browse(width=…, dark=…)`: a watched page; the test fails when the page complains."""
    opened: list[Watched] = []

    def start(*, width: int = 1200, dark: bool = False) -> Watched:
        watched = Watched(contexts(dark).new_page())
        page, said = watched.page, watched.complaints
        page.set_viewport_size({"width": width, "height": 900})
        page.on("console", lambda m: said.append(f"console: {m.text}") if is_complaint(m) else None)
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on(
            "request",
            lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else said.append(f"request: {r.url}"),
        )
        page.on(
            "requestfailed",
            lambda r: None if r.failure == "net::ERR_ABORTED" else said.append(f"failed: {r.url}: {r.failure}"),
        )
        opened.append(watched)
        return watched

    yield start
    complaints = [one for watched in opened for one in watched.complaints]
    for watched in opened:
        forget(watched.page)
    assert complaints == []


def forget(page: Any) -> None:
    """Close a page and what it remembers, such as the theme that was chosen."""
    if page.url.startswith("file:"):
        page.evaluate("localStorage.clear(); sessionStorage.clear()")
    page.close()
