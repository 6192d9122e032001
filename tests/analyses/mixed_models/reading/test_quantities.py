"""One definition of response, regret, rank, failed run and a run's value at a budget, whoever asks."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.analyses.mixed_models.model.cells import DataError
from hpowh.analyses.mixed_models.reading.catalogue import Selection
from hpowh.analyses.mixed_models.reading.ends import GRID
from hpowh.analyses.mixed_models.reading.observations import observations
from hpowh.analyses.mixed_models.reading.reader import Reader
from hpowh.analyses.mixed_models.reading.verdicts import verdicts
from hpowh.analyses.mixed_models.studies.job import analyse_presets
from hpowh.analyses.rankings.job import analyse_rankings
from hpowh.analyses.traces.job import analyse
from hpowh.reports.context import SiteContext
from hpowh.reports.pages.coverage.page import _ends
from hpowh.warehouse import Warehouse

from ...traces.conftest import fill_runs, run_points

RESPONSES = ("value", "regret", "normalized_regret", "log_regret", "rank")
DEFAULT = "{} ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
Points = list[tuple[str, str, int | None, float, float | None]]


def untidy(seed: int) -> Points:
    """Return runs with failures, missing seeds and ends of their own."""
    draw = random.Random(seed)
    found: Points = []
    ends = {name: draw.choice([4, 5, 8]) for name in "ABC"}
    for benchmark in range(5):
        for name in "ABC":
            for run in range(6):
                if draw.random() < 0.1:
                    continue
                last = ends[name] - (draw.random() < 0.05)
                is_failed = draw.random() < 0.12
                values = [None if is_failed or draw.random() < 0.1 else draw.gauss(benchmark, 1.0) for _ in range(last)]
                found += run_points(name, f"b{benchmark}", run, values)
    return found


def rows_of(warehouse: Warehouse, response: str, budget: float | str | None) -> dict[int, float | None]:
    """Return the response of every run's row, as the models see it."""
    reader = Reader.of(warehouse, None)
    selection = reader.settle(Selection(catalogue=reader.catalogue, budget=budget), response)
    metric = reader.catalogue.metric(None)
    base = observations(selection, metric, ("benchmark", "seed"), response)
    return dict(warehouse.sql(f"select run, ({response})::double from ({base})").rows())


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(one, marks=pytest.mark.slow) for one in range(2, 6))])
@pytest.mark.parametrize("budget", ["final", 3.0, "benchmark"])
def test_the_same_rows_are_excluded_under_every_response(warehouse: Warehouse, seed: int, budget: float | str):
    fill_runs(warehouse, untidy(seed), direction=("min", "max")[seed % 2], metric="value")
    found = {response: rows_of(warehouse, response, budget) for response in RESPONSES}
    missing = {response: {run for run, value in rows.items() if value is None} for response, rows in found.items()}
    assert missing["value"] == missing["regret"] == missing["normalized_regret"] == missing["log_regret"]
    runs = dict(warehouse.sql("select run_id, (benchmark, seed) from mart.run").rows())
    algorithm = dict(warehouse.sql("select run_id, algorithm from mart.run").rows())
    blocks: dict[Any, set[str]] = {}
    for run, value in found["value"].items():
        if value is not None:
            blocks.setdefault(runs[run], set()).add(algorithm[run])
    complete = {block for block, there in blocks.items() if there == {"A", "B", "C"}}
    assert {runs[run] for run in runs if found["rank"][run] is not None} == complete
    assert missing["rank"] >= missing["value"]
    for block in complete:
        assert sum(found["rank"][run] for run in runs if runs[run] == block) == pytest.approx(6.0)


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(one, marks=pytest.mark.slow) for one in (2, 3))])
def test_models_views_and_traces_give_a_run_the_same_value_regret_and_rank(warehouse: Warehouse, seed: int):
    fill_runs(warehouse, untidy(seed), direction=("min", "max")[seed % 2], metric="value")
    analyse(warehouse)
    view = {
        run: (value, regret, rank)
        for run, value, regret, rank in warehouse.sql(
            "select v.run_id, v.final_incumbent, v.regret, b.block_rank from mart.run_regret as v "
            "join mart.block_rank as b using (run_id, metric_id)"
        ).rows()
    }
    traces = {
        run: found
        for run, *found in warehouse.sql(
            "select run_id, final_incumbent, final_regret, final_rank, final_normalized_regret from result.run_regret"
        ).rows()
    }
    for place, response in enumerate(("value", "regret", "rank")):
        model = rows_of(warehouse, response, "benchmark")
        assert model == {run: found[place] for run, found in view.items()}
        assert model == {run: found[place] for run, found in traces.items()}
    normalized = rows_of(warehouse, "normalized_regret", "benchmark")
    assert normalized == pytest.approx({run: found[3] for run, found in traces.items()}, nan_ok=True)


def test_a_failed_run_is_not_the_best(warehouse: Warehouse):
    """The regret of a missing value is missing; a logarithm of the best one would reward failing."""
    values = {
        ("A", "b1"): (0.1, 0.2), ("A", "b2"): (0.3, 0.25), ("A", "b3"): (0.5, 0.4),
        ("B", "b1"): (0.15, None), ("B", "b2"): (None, None), ("B", "b3"): (0.6, None),
    }  # fmt: skip
    fill_runs(
        warehouse,
        [(a, b, seed, 1.0, value) for (a, b), each in values.items() for seed, value in enumerate(each)],
        metric="value",
    )
    for response in ("log_regret", "regret", "normalized_regret", "value"):
        outcome = analyse_lmem(warehouse, f"{response} ~ algorithm + (1|benchmark)", budget="final")
        model = outcome.tables["lmem_model"].to_dicts()[0]
        assert (model["row_count"], model["excluded_count"]) == (8, 4)
        means = outcome.tables["lmem_marginal_mean"]
        first, second = means.filter(means["model"] == "model").sort("level")["estimate"]
        assert first < second
        assert any("B 4 of 6" in said and "left out of every response alike" in said for said in outcome.warnings)


def test_a_benchmark_on_which_all_are_best_has_no_log_regret(warehouse: Warehouse):
    points = [(a, "b1", s, 1.0, 1.0) for a in "AB" for s in range(3)]
    points += [(a, "b2", s, 1.0, float(s + (a == "B"))) for a in "AB" for s in range(3)]
    fill_runs(warehouse, points, metric="value")
    found = rows_of(warehouse, "log_regret", "final")
    assert sum(value is None for value in found.values()) == 6


def far_worst(seeds: Sequence[int] = range(5), last: int = 20) -> Points:
    """Return A and B near 1 and C near 3, C with seeds or with a last budget of its own."""
    draw = np.random.default_rng(3)
    found: Points = []
    for b in range(6):
        for name in "ABC":
            chosen, end = (seeds, last) if name == "C" else (range(5), 20)
            for seed in chosen:
                values = (3.0 if name == "C" else 1.0) + 0.05 * draw.standard_normal(end)
                found += run_points(name, f"b{b}", seed, values.tolist())
    return found


def test_who_ends_one_budget_later_is_not_alone_in_its_block(warehouse: Warehouse):
    fill_runs(warehouse, far_worst(last=21), metric="value")
    outcome = analyse_lmem(warehouse, DEFAULT.format("rank"), budget="final", with_residuals=False)
    means = outcome.tables["lmem_marginal_mean"]
    found = dict(means.filter(means["model"] == "model").select("level", "estimate").rows())
    assert found["C"] == pytest.approx(3.0)
    assert any("Not all runs reach budget 21" in said and "at budget 20" in said for said in outcome.warnings)


def test_blocks_without_a_common_seed_have_no_rank(warehouse: Warehouse):
    fill_runs(warehouse, far_worst(seeds=range(100, 105)), metric="value")
    assert set(rows_of(warehouse, "rank", "final").values()) == {None}
    reader = Reader.of(warehouse, None)
    with pytest.raises(DataError, match="finite"):
        reader.cells(DEFAULT.format("rank"), Selection(catalogue=reader.catalogue, budget="final"))


def same_curve(last_of_b: int = 10, benchmarks: Sequence[int] = range(6)) -> Points:
    """Return A and B on the same curve 1/k, A recorded to 20 and B to another end on some benchmarks."""
    draw = np.random.default_rng(5)
    found: Points = []
    for b in range(6):
        for name in "AB":
            end = last_of_b if name == "B" and b in benchmarks else 20
            for seed in range(5):
                shift = 0.01 * draw.random()
                values = [(b + 1) / k + shift + 0.001 * draw.random() for k in range(1, end + 1)]
                found += run_points(name, f"b{b}", seed, values)
    return found


@pytest.mark.parametrize("budget", ["final", 20.0, 10.0, "benchmark"])
def test_a_run_that_ended_early_is_not_set_beside_one_that_went_on(warehouse: Warehouse, budget: float | str):
    fill_runs(warehouse, same_curve(), metric="value")
    outcome = analyse_lmem(warehouse, DEFAULT.format("log_regret"), budget=budget, with_residuals=False)
    table = outcome.tables["lmem_contrast"]
    assert table["p_adjusted"][0] > 0.05
    said = [one for one in outcome.warnings if "ends at 10 on 6 of 6 benchmarks; A goes on to 20" in one]
    assert len(said) == (budget != 10.0)
    assert all("Compared at budget 10" in one for one in said)


@pytest.mark.parametrize(
    ("benchmarks", "options", "rows", "up_to"),
    [
        (range(6), {}, 600, "budget 10"),
        ([2], {}, 1100, "a budget of each benchmark's own (10 to 20)"),
        (range(6), {"where": "budget > 0"}, 900, None),
        (range(6), {"as_published": True}, 900, None),
    ],
)
def test_a_mean_over_all_points_is_over_the_budgets_that_all_runs_have(
    warehouse: Warehouse, benchmarks: Sequence[int], options: dict[str, Any], rows: int, up_to: str | None
):
    fill_runs(warehouse, same_curve(benchmarks=benchmarks), metric="value")
    outcome = analyse_lmem(warehouse, DEFAULT.format("value"), with_residuals=False, **options)
    assert set(outcome.tables["lmem_model"]["row_count"]) == {rows}
    if up_to is not None:
        assert outcome.tables["lmem_pair"]["p_adjusted"][0] > 0.05
        (said,) = [one for one in outcome.warnings if "points count up to" in one]
        assert f"up to {up_to}, the largest that all runs have; left out are later ones of A on" in said
    # Wherever who is better is said, it is said that this is no comparison at a budget.
    (verdict,) = verdicts(warehouse, outcome.subject)
    whole = "over all points up to the budget that all runs have" if up_to else "over all points"
    assert f"({whole}" in verdict.sentence
    assert all(f"in value {whole}, 95" in one for one in outcome.tables["lmem_pair"]["sentence"])


def test_on_the_same_benchmark_algorithms_that_went_on_do_not_differ_from_the_others_by_that(warehouse: Warehouse):
    fill_runs(warehouse, same_curve(), metric="value")
    table = analyse_presets(warehouse, names=["informativeness", "seed"]).tables["lmem_preset"]
    assert not table["is_significant"].any()


def test_points_at_unlike_budgets_are_said_wherever_the_verdict_goes(warehouse: Warehouse):
    points = [point for point in same_curve(20) if point[0] == "A" or point[3] > 10]
    fill_runs(warehouse, points, metric="value")
    outcome = analyse_lmem(warehouse, DEFAULT.format("value"), with_residuals=False)
    (said,) = [one for one in outcome.warnings if GRID in one]
    assert "on b0 their mean is 10.5 for A, 15.5 for B" in said
    (verdict,) = verdicts(warehouse, outcome.subject)
    assert said in verdict.sentence


def test_the_few_runs_that_ended_before_do_not_count_with_their_points(warehouse: Warehouse):
    points = [point for point in same_curve(20) if not (point[:3] == ("A", "b0", 0) and point[3] > 4)]
    fill_runs(warehouse, points, metric="value")
    outcome = analyse_lmem(warehouse, DEFAULT.format("value"), with_residuals=False)
    assert set(outcome.tables["lmem_model"]["row_count"]) == {1180}
    assert "Left out as not comparable: 1 run that ended before that budget (A 1)." in outcome.warnings


def test_one_benchmark_that_ends_early_is_named(warehouse: Warehouse):
    fill_runs(warehouse, same_curve(benchmarks=[2]), metric="value")
    known = Reader.of(warehouse, None)
    said = known.known_of(Selection(catalogue=known.catalogue, budget="final"), "value")
    assert said == [
        "Not all runs reach budget 20: B ends at 10 on b2; A goes on to 20. Compared at budget 10, the largest that "
        "all have."
    ]
    assert dict(warehouse.sql("select benchmark, budget from mart.compared_budget").rows())["b2"] == 10
    by_benchmark = known.settle(Selection(catalogue=known.catalogue, budget="benchmark"), "value").at
    assert sorted(by_benchmark.values()) == [10, 20, 20, 20, 20, 20]


def test_the_coverage_page_says_where_runs_end(warehouse: Warehouse):
    fill_runs(warehouse, same_curve(benchmarks=[2]), metric="value")
    (table,) = _ends(SiteContext(opened=warehouse), "trial")
    row = table.query.rows()[0]
    assert (row["benchmark"], row["earliest_end"], row["latest_end"], row["compared_budget"]) == ("b2", 10, 20, 10)
    assert table.query.frame.height == 1


def test_every_command_compares_at_the_same_budget(warehouse: Warehouse):
    fill_runs(warehouse, same_curve(), metric="value")
    outcome = analyse_rankings(warehouse, response="log_regret")
    assert any("Compared at budget 10" in said for said in outcome.warnings)
    pairs = outcome.tables["ranking_pair"]
    assert (pairs.filter(pairs["test"] == "wilcoxon_holm")["p_adjusted"] > 0.05).all()
    view = warehouse.sql("select distinct compared_budget, last_budget from mart.run_regret order by all").rows()
    assert view == [(10.0, 10.0), (10.0, 20.0)]


def test_few_runs_that_stop_early_count_as_failed(warehouse: Warehouse):
    points = [point for point in same_curve(20) if not (point[:3] == ("A", "b0", 0) and point[3] > 4)]
    fill_runs(warehouse, points, metric="value")
    reader = Reader.of(warehouse, None)
    said = " ".join(reader.known_of(Selection(catalogue=reader.catalogue, budget="final"), "value"))
    assert "1 run ended before the budget of the comparison" in said
    assert "A 1 of 30" in said
    assert sum(value is None for value in rows_of(warehouse, "log_regret", "final").values()) == 1


def test_benchmarks_of_other_lengths_are_compared_at_their_own_end_where_they_share_none(warehouse: Warehouse):
    draw = np.random.default_rng(1)
    points = [(a, "short", s, float(k), draw.random()) for a in "AB" for s in range(3) for k in (1, 2)]
    points += [(a, "long", s, float(k), draw.random()) for a in "AB" for s in range(3) for k in (100, 200)]
    fill_runs(warehouse, points, metric="value")
    reader = Reader.of(warehouse, None)
    assert sorted(reader.settle(Selection(catalogue=reader.catalogue, budget="final"), "value").at.values()) == [2, 200]
    said = reader.known_of(Selection(catalogue=reader.catalogue, budget="final"), "value")
    assert "from 2 (short) to 200 (long)" in said[0]


@pytest.fixture
def rule(warehouse: Warehouse) -> Callable[[list[tuple[int, float | None, float]]], tuple[float, float] | None]:
    """`rule([(algorithm, first, last), …])`: the two budgets of `mart.common_budget`."""

    def ask(runs: list[tuple[int, float | None, float]]) -> tuple[float, float] | None:
        rows = ", ".join(
            f"(1, 1, 1, {a}, {'null' if first is None else first}::double, {last}::double)" for a, first, last in runs
        )
        found = warehouse.sql(
            f"with ends as (from (values {rows}) as t(experiment_id, metric_id, benchmark_id, algorithm_id, "
            "first_budget, last_budget)) select lower_budget, budget from mart.common_budget(ends)"
        ).rows()
        return found[0] if found else None

    return ask


def test_the_rule_of_the_common_budget(rule):
    assert rule([(1, 2.0, 9.0), (2, 3.0, 7.0)]) == (3.0, 7.0)
    # Slightly earlier shortens it; one crashed run of five does not; two do.
    assert rule([(1, 1.0, 10.0), (1, 1.0, 9.5), (2, 1.0, 10.0)]) == (1.0, 9.5)
    assert rule([(1, 1.0, 10.0)] * 4 + [(1, 1.0, 2.0)] + [(2, 1.0, 10.0)] * 5) == (1.0, 10.0)
    assert rule([(1, 1.0, 10.0)] * 3 + [(1, 1.0, 2.0)] * 2 + [(2, 1.0, 10.0)] * 5) == (1.0, 2.0)
    assert rule([(1, 1.0, 4.0), (2, None, 2.0)]) == (1.0, 4.0)
    assert rule([(1, None, 4.0)]) is None


def unlucky(seed: int = 2) -> Points:
    """Return A, B, C on six benchmarks; C is best where it does not fail, and fails on half of its runs."""
    draw = np.random.default_rng(seed)
    found: Points = []
    for b in range(6):
        for i, name in enumerate("ABC"):
            for run in range(6):
                value = None if name == "C" and run % 2 else b + (1.0, 1.5, 0.8)[i] + 0.1 * draw.standard_normal()
                found.append((name, f"b{b}", run, 1.0, value))
    return found


def test_what_a_failed_run_counts(warehouse: Warehouse):
    fill_runs(warehouse, unlucky(), metric="value")
    reader = Reader.of(warehouse, None)

    def values(response: str, failures: str) -> dict[tuple[str, str, int], float | None]:
        selection = reader.settle(Selection(catalogue=reader.catalogue, budget="final", failures=failures), response)
        base = observations(selection, "value", ("benchmark", "seed"), response)
        rows = warehouse.sql(
            f"select r.algorithm, r.benchmark, r.seed, ({response})::double from ({base}) as o "
            "join mart.run as r on r.run_id = o.run"
        ).rows()
        return {row[:3]: row[3] for row in rows}

    kept, last, worst = (values("value", one) for one in ("exclude", "last", "impute"))
    by_baseline, ranks = values("value", "impute:A"), values("rank", "last")
    for (name, benchmark, run), value in kept.items():
        if value is not None:
            assert last[name, benchmark, run] == worst[name, benchmark, run] == value
            continue
        mine = [v for (_, b, r), v in kept.items() if (b, r) == (benchmark, run) and v is not None]
        assert last[name, benchmark, run] == max(mine)
        assert worst[name, benchmark, run] == max(
            v for (_, b, _), v in kept.items() if b == benchmark and v is not None
        )
        of_a = [v for (a, b, _), v in kept.items() if (a, b) == ("A", benchmark)]
        assert by_baseline[name, benchmark, run] == pytest.approx(np.mean(of_a))
        assert ranks[name, benchmark, run] == 3.0
    assert values("normalized_regret", "impute")["C", "b0", 1] == 1.0
    assert None in values("rank", "exclude").values()
    assert None not in values("rank", "last").values()


@pytest.mark.parametrize("direction", ["min", "max"])
def test_a_comparison_with_failed_runs_shows_all_policies(warehouse: Warehouse, direction: str):
    sign = 1.0 if direction == "min" else -1.0
    points = [(a, b, s, t, None if v is None else sign * v) for a, b, s, t, v in unlucky()]
    fill_runs(warehouse, points, metric="value", direction=direction)
    outcome = analyse_lmem(warehouse, DEFAULT.format("value"), budget="final", with_residuals=False)
    rows = {(r["policy"], r["first"], r["second"]): r for r in outcome.tables["lmem_failure"].to_dicts()}
    assert {row["failed_count"] for row in rows.values()} == {18}
    assert rows["exclude", "A", "C"]["verdict"] == "C better"
    assert rows["last", "A", "C"]["verdict"] != "C better"
    assert (rows["exclude", "A", "C"]["row_count"], rows["last", "A", "C"]["row_count"]) == (90, 108)
    said = " ".join(outcome.warnings)
    assert "A and C: the verdict hangs on what failed runs count: left out: C better" in said
    contrasts = outcome.tables["lmem_contrast"]
    asked = {row["contrast"]: row["p_adjusted"] for row in contrasts.to_dicts() if row["model"] == "model"}
    assert rows["exclude", "A", "C"]["p_adjusted"] == pytest.approx(asked["A - C"])
    again = analyse_lmem(warehouse, DEFAULT.format("value"), budget="final", failures="last", with_residuals=False)
    first = again.tables["lmem_contrast"].to_dicts()[1]
    assert first["p_adjusted"] == pytest.approx(rows["last", "A", "C"]["p_adjusted"])
    assert any("count as the worst of their block" in said for said in again.warnings)


@pytest.mark.parametrize(
    ("failures", "budget", "message"),
    [
        ("first", "final", "exclude, last, impute"),
        ("last:A", "final", "exclude, last, impute"),
        ("impute:Z", "final", "no algorithm 'Z'; there are: A, B, C"),
        ("last", None, "choose a budget"),
    ],
)
def test_a_policy_that_means_nothing_is_refused(warehouse: Warehouse, failures: str, budget: str | None, message: str):
    fill_runs(warehouse, unlucky(), metric="value")
    reader = Reader.of(warehouse, None)
    with pytest.raises(DataError, match=message):
        reader.cells(DEFAULT.format("value"), Selection(catalogue=reader.catalogue, budget=budget, failures=failures))


@pytest.mark.parametrize(
    ("response", "kind"),
    [("normalized_regret", "4 missing, 8 on benchmarks whose values are all equal"),
     ("rank", "6 in blocks that lack an algorithm, 4 missing"), ("value", "4 missing")],
)  # fmt: skip
def test_why_rows_have_no_response_is_said_by_kind(warehouse: Warehouse, response: str, kind: str):
    draw = random.Random(4)
    points: Points = []
    for benchmark in range(5):
        for name in "AB":
            for seed in range(4):
                value = 1.0 if benchmark == 0 else draw.gauss(0, 1)
                is_failed = name == "A" and benchmark == 1
                is_missing = name == "B" and benchmark == 2 and seed > 1
                points += [] if is_missing else run_points(name, f"b{benchmark}", seed, [None if is_failed else value])
    fill_runs(warehouse, points)
    outcome = analyse_lmem(warehouse, DEFAULT.format(response))
    assert any(f"Rows without a finite response, by kind: {kind}." in one for one in outcome.warnings), outcome.warnings
