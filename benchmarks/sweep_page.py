"""A sweep's page in a real Chromium: how long it takes to open, to draw its lines, to follow a brush, to scroll."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

TRIALS = (200, 10_000, 50_000)
MOVES = 60
"""Steps of the brush that is dragged over the middle of the first axis."""

FRAMES = """
() => {
  window.frames = [];
  window.selections = [];
  let last = performance.now();
  (function next() {
    const now = performance.now();
    window.frames.push(now - last);
    last = now;
    requestAnimationFrame(next);
  })();
  const parallel = document.querySelector('#sweep-parallel .chart').hpowhParallel;
  const select = parallel.select.bind(parallel);
  parallel.select = () => {
    const began = performance.now();
    select();
    window.selections.push(performance.now() - began);
  };
}
"""
SCROLL = """
async () => {
  const frames = [];
  let last = performance.now();
  for (let y = 0; y < document.body.scrollHeight; y += 400) {
    scrollTo(0, y);
    await new Promise(done => requestAnimationFrame(done));
    frames.push(performance.now() - last);
    last = performance.now();
  }
  return frames;
}
"""
FRONT = "document.querySelector('#sweep-parallel canvas + canvas')"


def write_sweep(path: Path, count: int) -> None:
    """Write a messy sweep: correlated inputs, conditional and mixed ones, failed and running trials."""
    random = np.random.default_rng(0)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            rate = float(10 ** random.uniform(-5, -1))
            model = str(random.choice(["mlp", "cnn", "gbm"]))
            config: dict[str, Any] = {
                "rate": rate, "decay": rate * float(10 ** random.normal(0, 0.4)), "model": model,
                "batch": int(2 ** random.integers(4, 10)), "seed": number, "augment": bool(random.integers(2)),
                "depth": "None" if random.random() < 0.2 else int(random.integers(1, 20)),
            }  # fmt: skip
            config |= {f"x{j}": float(random.uniform()) for j in range(3)}
            if model == "cnn":
                config["kernel"] = int(random.choice([3, 5, 7]))
            loss = (np.log10(rate) + 3) ** 2 / 2 + (model == "mlp") + config["x0"] + 0.15 * random.standard_t(4)
            row = {"name": f"run-{number}", "config": config, "runtime": float(random.uniform(10, 90))}
            end = random.random()
            row["state"] = "failed" if end < 0.12 else "running" if end < 0.15 else "finished"
            file.write(json.dumps(row | ({"loss": float(loss)} if end >= 0.15 else {})) + "\n")


def build(folder: Path, count: int) -> Path:
    """Load, analyse and report one sweep; prints how long each took. Returns the page."""
    from hpowh.analyses.sweeps.job import analyse
    from hpowh.reports.build import build_site
    from hpowh.warehouse import Warehouse
    from hpowh.warehouse.ingest import Request, find_source, ingest

    write_sweep(folder / "trials.jsonl", count)
    times = []
    with Warehouse.create(folder / "w.duckdb") as warehouse:
        request = Request(str(folder / "trials.jsonl"), "sweep", {"loss": "metric"}, {"direction": "min"})
        for step in (
            lambda: ingest(warehouse, find_source("trials"), request),
            lambda: analyse(warehouse),
            lambda: build_site(warehouse, folder / "site"),
        ):
            began = time.perf_counter()
            step()
            times.append(time.perf_counter() - began)
    page = folder / "site" / "sweep-sweep.html"
    print(
        f"  {count:,} trials: load {times[0]:.1f} s, analyse {times[1]:.1f} s, report {times[2]:.1f} s, "
        f"page {page.stat().st_size / 1e6:.2f} MB"
    )
    return page


def measure(browser: Any, page_file: Path) -> None:
    """Open the page, drag a brush and scroll; prints times in milliseconds as the page itself sees them."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    began = time.perf_counter()
    page.goto(page_file.as_uri())
    opened = time.perf_counter() - began
    began = time.perf_counter()
    page.locator("#sweep-parallel .chart").scroll_into_view_if_needed()
    page.wait_for_function(f"({FRONT} || {{dataset: {{}}}}).dataset.complete > 0")
    drawn = time.perf_counter() - began
    page.locator("#sweep-parallel .axis-brush").first.scroll_into_view_if_needed()
    page.wait_for_timeout(1500)
    box = page.locator("#sweep-parallel .axis-brush").first.bounding_box()
    page.evaluate(FRAMES)
    x, top, height = box["x"] + box["width"] / 2, box["y"], box["height"]
    page.mouse.move(x, top + 0.3 * height)
    page.mouse.down()
    for step in range(MOVES):
        page.mouse.move(x, top + (0.3 + 0.4 * step / MOVES) * height)
        page.wait_for_timeout(16)
    frames, selections = page.evaluate("window.frames.slice(2)"), page.evaluate("window.selections")
    complete = page.evaluate(f"{FRONT}.dataset.complete")
    began = time.perf_counter()
    page.mouse.up()
    page.wait_for_function(f"{FRONT}.dataset.complete > {complete}")
    settled = time.perf_counter() - began
    print(f"    opened after {1000 * opened:.0f} ms, lines drawn after {1000 * drawn:.0f} ms")
    print(f"    while brushing: frame {_spread(frames)}, selection {_spread(selections)}")
    print(f"    all selected lines redrawn {1000 * settled:.0f} ms after the brush is let go")
    print(f"    scrolling the whole page: frame {_spread(page.evaluate(SCROLL))}")
    page.close()


def _spread(values: list[float]) -> str:
    low, middle, high = np.quantile(values, [0.5, 0.95, 1.0])
    return f"median {low:.0f} ms, 95 % {middle:.0f} ms, longest {high:.0f} ms"


def main() -> None:
    """Measure sweeps of 200, 10,000 and 50,000 trials (or those given as arguments)."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        sys.exit("This benchmark needs a Chromium.")
    counts = [int(text) for text in sys.argv[1:] if text.isdigit()] or TRIALS
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for count in counts:
            with tempfile.TemporaryDirectory() as folder:
                measure(browser, build(Path(folder), count))
        browser.close()


if __name__ == "__main__":
    main()
