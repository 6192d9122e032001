"""The report: how long a site takes to build, how soon its pages show something, and how large they are.

The demo's site is built from nothing and again unchanged; every page is opened in headless Chromium, its cache
empty. Then a warehouse of 500 benchmarks and 20 algorithms (1,000,000 trace points). `HPOWH_DEMO=folder` names a demo
that is there; otherwise one is made first.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.alternate import Figures, one

HPOWH = [sys.executable, "-m", "hpowh.warehouse"]
SHOWN = """
() => new Promise(done => {
  const near = one => { const r = one.getBoundingClientRect(); return r.top < innerHeight && r.bottom > 0; };
  const look = () => {
    const waiting = [...document.querySelectorAll('.chart[data-chart]')].filter(near).some(one => !one.dataset.drawn);
    if (waiting) return setTimeout(look, 20);
    requestAnimationFrame(() => done(performance.now()));
  };
  look();
})
"""
PAINT = "performance.getEntriesByType('paint').find(one => one.name === 'first-contentful-paint').startTime"
SCROLL = """
async () => {
  const frames = [];
  let last = performance.now();
  for (let y = 0; y < document.body.scrollHeight; y += 400) {
    scrollTo(0, y);
    await new Promise(done => requestAnimationFrame(done));
    const now = performance.now();
    frames.push(now - last);
    last = now;
  }
  return frames;
}
"""


def main(rounds: int = 3) -> None:
    """Measure the demo's site and the large one, and print the figures."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        warehouse = folder / "demo.duckdb"
        shutil.copy(_demo(folder) / "hpowh.duckdb", warehouse)
        _site("demo", warehouse, folder / "site", rounds)
        _site("500 benchmarks x 20 algorithms", _large(folder), folder / "large-site", 1)


def _demo(folder: Path) -> Path:
    given = os.environ.get("HPOWH_DEMO")
    if given:
        return Path(given)
    print("  making the demo first (HPOWH_DEMO=folder names one that is there)", flush=True)
    one([*HPOWH, "demo", "--folder", str(folder / "demo")])
    return folder / "demo"


def _large(folder: Path) -> Path:
    import numpy as np
    import polars as pl

    draw = np.random.default_rng(0)
    shape = (500, 20, 5, 20)
    benchmark, algorithm, seed, step = (index.ravel() for index in np.indices(shape))
    values = np.cumprod(draw.uniform(0.7 + 0.01 * np.arange(20)[None, :, None, None], 1.0, shape), axis=3).ravel()
    pl.DataFrame(
        {
            "algorithm": [f"algorithm-{index:02d}" for index in algorithm],
            "benchmark": [f"suite/benchmark-{index:03d}" for index in benchmark],
            "seed": seed,
            "budget": step + 1.0,
            "value": values,
        }
    ).write_parquet(folder / "large.parquet")
    path = folder / "large.duckdb"
    within = ["--warehouse", str(path)]
    one([*HPOWH, "init", *within])
    one([*HPOWH, "ingest", "runs", str(folder / "large.parquet"), "--as", "large", "--direction", "min", *within])
    one([*HPOWH, "analyse", "traces", *within])
    return path


def _site(title: str, warehouse: Path, out: Path, rounds: int) -> None:
    command = [*HPOWH, "report", "--warehouse", str(warehouse), "--out", str(out)]
    cold, unchanged = Figures(), Figures()
    for _ in range(rounds):
        for figures, options in ((cold, ["--force"]), (unchanged, [])):
            seconds, megabytes = one([*command, *options])
            figures.seconds.append(seconds)
            figures.megabytes.append(megabytes)
    pages = sorted(out.glob("*.html"))
    sizes = sorted((path.stat().st_size, path.name) for path in pages)
    print(f"  {title}: {len(pages)} pages")
    print(f"    built from nothing   {cold}")
    print(f"    unchanged            {unchanged}")
    print(f"    largest page         {sizes[-1][0] / 1000:,.0f} kB ({sizes[-1][1]})")
    with _chromium() as browser:
        if browser is None:
            print("    no Chromium: pages were not opened")
            return
        few = pages if len(pages) <= 150 else _of_each_kind(pages)
        _opened(browser, few)


def _of_each_kind(pages: list[Path]) -> list[Path]:
    largest: dict[str, Path] = {}
    for path in sorted(pages, key=lambda path: path.stat().st_size):
        largest[path.name.split("-")[0]] = path
    return sorted(largest.values())


def _opened(browser: Any, pages: list[Path]) -> None:
    paints, charts, frames = {}, {}, {}
    for path in pages:
        context = browser.new_context(viewport={"width": 1200, "height": 900})
        page = context.new_page()
        page.goto(path.as_uri(), wait_until="commit")
        page.wait_for_load_state("load")
        charts[path.name] = page.evaluate(SHOWN)
        frames[path.name] = max(page.evaluate(SCROLL), default=0.0)
        paints[path.name] = page.evaluate(PAINT)
        context.close()
    for title, found in (("first content", paints), ("visible charts", charts), ("slowest frame", frames)):
        slowest = max(found, key=lambda name: found[name])
        median = statistics.median(found.values()) / 1000
        print(f"    {title:<20} median {median:.2f} s, worst {found[slowest] / 1000:.2f} s ({slowest})")
    sys.stdout.flush()


@contextmanager
def _chromium() -> Iterator[Any]:
    from hpowh.reports.pdf import find_browser

    path = find_browser()
    if path is None:
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


if __name__ == "__main__":
    main()
