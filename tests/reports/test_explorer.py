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
    _compare_a_choice(page, plain_site.warehouse)


TARGETS = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0]
CHOSEN = """
() => {
  const box = document.querySelector('#explore');
  const one = box.hpowhExplorer;
  [one.choice.share, one.choice.target, one.choice.shown, one.choice.less] = [0.5, 0.2, 1, 2];
  box.querySelectorAll('[data-picks]').forEach(picks => picks.querySelector('input').click());
  const name = at => one.data.algorithms[at][0];
  return {
    benchmarks: one.data.benchmarks.filter((_, at) => one.choice.benchmarks[at]), shown: name(1), less: name(2),
    unit: one.choice.unit, shares: one.drawn.shares, attained: one.drawn.attained,
    means: one.drawn.means.map(line => [line.name, line.y]),
    reached: one.drawn.reached.map(line => [line.name, line.y]),
    rows: one.found.algorithms.map(found => [name(found.at), found.regret, found.rank, found.reached, found.time]),
    shown_rows: box.querySelectorAll('[data-summary] tbody tr').length,
  };
}
"""


def _compare_a_choice(page: Any, warehouse: Any) -> None:
    """Two of three algorithms, all benchmarks but one, half the budget: each number and curve against the warehouse."""
    found = page.evaluate(CHOSEN)
    with Warehouse(warehouse) as opened:
        rows = opened.sql(
            "select a.name, b.name, r.seed, list(budget order by budget), list(normalized_regret order by budget) "
            "from result.trace_point as p join core.run as r using (run_id) "
            "join core.algorithm as a using (algorithm_id) join core.benchmark as b using (benchmark_id) "
            "where p.normalized_regret is not null group by all"
        ).rows()
    runs = [row for row in rows if row[1] in found["benchmarks"] and row[0] in {one for one, *_ in found["rows"]}]
    assert (
        len({row[1] for row in rows}) - len(found["benchmarks"]) == 1 and found["shown_rows"] == len(found["rows"]) == 2
    )

    def until(run: Any, share: float) -> list[tuple[float, float]]:
        limit = share * max(run[3]) * (1 + 1e-9)
        return [(at, regret) for at, regret in zip(run[3], run[4], strict=True) if at <= limit]

    def mean(name: str, value: Any) -> float:
        per = {b: [value(run) for run in runs if run[:2] == (name, b)] for b in found["benchmarks"]}
        known = [[one for one in values if one is not None] for values in per.values()]
        return float(np.mean([np.mean(values) for values in known if values])) if any(known) else np.nan

    def last(run: Any, share: float) -> float | None:
        return until(run, share)[-1][1] if until(run, share) else None

    def near(value: float, target: float) -> bool:
        return float(f"{value:.4g}") <= target

    def has(run: Any, target: float, share: float) -> bool:
        return any(near(regret, target) for _, regret in until(run, share))

    def spent(run: Any) -> float:
        hits = [at for at, regret in until(run, 0.5) if near(regret, 0.2)]
        return found["unit"] * (hits[0] / max(run[3]) if hits else 0.5)

    for name, regret, rank, reached, time in found["rows"]:
        mine = [run for run in runs if run[0] == name]
        assert regret == pytest.approx(mean(name, lambda run: last(run, 0.5)), rel=1e-3)
        own = {run[1:3]: last(run, 0.5) for run in mine}
        other = {run[1:3]: last(run, 0.5) for run in runs if run[0] != name}
        places = [1 + (other[one] < own[one]) + 0.5 * (other[one] == own[one]) for one in own.keys() & other.keys()]
        assert rank == pytest.approx(np.mean(places))
        assert reached == pytest.approx(np.mean([has(run, 0.2, 0.5) for run in mine]))
        times = []
        for benchmark in found["benchmarks"]:
            part = [run for run in mine if run[1] == benchmark]
            hits = sum(has(run, 0.2, 0.5) for run in part)
            times.append(sum(map(spent, part)) / hits if hits else np.inf)
        assert (np.inf if time is None else time) == pytest.approx(np.mean(times))
    for name, line in found["means"]:
        wanted = [mean(name, lambda run, share=share: last(run, share)) for share in found["shares"]]
        assert [np.nan if one is None else one for one in line] == pytest.approx(wanted, rel=1e-3, nan_ok=True)
    for name, line in found["reached"]:
        wanted = [
            mean(name, lambda run, share=share: np.mean([has(run, target, share) for target in TARGETS]))
            for share in found["shares"]
        ]
        assert line == pytest.approx(wanted)
    for target, line in zip(TARGETS, found["attained"], strict=True):
        wanted = [
            mean(found["shown"], lambda run, share=share, target=target: has(run, target, share))
            - mean(found["less"], lambda run, share=share, target=target: has(run, target, share))
            for share in found["shares"]
        ]
        assert line == pytest.approx(wanted)
