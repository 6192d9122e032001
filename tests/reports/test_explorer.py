"""The runs that a page computes with: what is kept of them; the browser's numbers are those of the warehouse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hpowh.reports.charts.explorer import MOST_POINTS, kept, packed
from hpowh.warehouse import Warehouse


def row(algorithm: str, benchmark: str, budgets: list[float], regrets: list[float], metric: str = "loss") -> dict:
    return {"algorithm": algorithm, "benchmark": benchmark, "metric": metric, "setting": "", "seed": 0,
            "budgets": budgets, "regrets": regrets}  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, MOST_POINTS, MOST_POINTS + 1, 50, 1000])
def test_the_first_and_the_last_budget_are_kept(count: int):
    places = kept(count)
    assert places[0] == 0 and places[-1] == count - 1 and len(places) == min(count, MOST_POINTS)
    assert places == sorted(set(places))


def test_runs_share_their_axes_and_one_benchmark_with_two_metrics_is_two():
    rows = [row("B", "b", [1, 2], [0.123456, 0.0]), row("A", "b", [1, 2], [1.0, 0.5]), row("A", "c", [5], [0.25])]
    rows.append(row("A", "c", [5], [0.75], metric="time"))
    found = packed(rows, lambda name: f"@{name}", lambda name: "solid")
    assert found["algorithms"] == [["B", "@B", "solid"], ["A", "@A", "solid"]]
    assert found["benchmarks"] == ["b", "c: loss", "c: time"]
    assert found["axes"] == [[1, 2], [5]]
    assert found["runs"][0] == [0, 0, 0, 0, 0, [0.1235, 0.0]]
    assert [one[1] for one in found["runs"]] == [0, 0, 1, 2]


@pytest.mark.browser
def test_the_browsers_numbers_are_the_warehouses(plain_site: Any, browse: Any):
    page = browse().open(plain_site.page("experiment-"), draw=False)
    page.locator("#explore").scroll_into_view_if_needed()
    page.wait_for_selector("#explore[data-drawn]")
    with Warehouse(plain_site.warehouse) as opened:
        rows = opened.sql(
            "select a.name, b.name, r.seed, arg_max(p.normalized_regret, p.budget) from result.trace_point as p "
            "join core.run as r using (run_id) join core.algorithm as a using (algorithm_id) "
            "join core.benchmark as b using (benchmark_id) where p.normalized_regret is not null "
            "group by all"
        ).rows()
    shown = page.evaluate(
        "(() => { const one = document.querySelector('#explore').hpowhExplorer; return one.found.algorithms.map("
        "found => [one.data.algorithms[found.at][0], found.regret, found.rank]); })()"
    )
    assert {name for name, _, _ in shown} == {name for name, *_ in rows}
    blocks = sorted({(b, seed) for _, b, seed, _ in rows})
    value = {(a, b, seed): regret for a, b, seed, regret in rows}
    whole = [one for one in blocks if all((name, *one) in value for name, _, _ in shown)]
    for name, regret, rank in shown:
        means = [
            np.mean([v for (a, b, _), v in value.items() if (a, b) == (name, bench)])
            for bench in {b for b, _ in blocks}
        ]
        assert regret == pytest.approx(np.mean(means), rel=1e-3)
        places = []
        for one in whole:
            others = np.array([value[other, *one] for other, _, _ in shown])
            own = value[name, *one]
            places.append((others < own).sum() + ((others == own).sum() + 1) / 2)
        assert rank == pytest.approx(np.mean(places), rel=1e-2)
    page.locator("#explore [data-picks=algorithms] input").first.uncheck()
    page.wait_for_function(
        f"document.querySelector('#explore').hpowhExplorer.found.algorithms.length === {len(shown) - 1}"
    )
    assert page.locator("#explore [data-summary] tbody tr").count() == len(shown) - 1
