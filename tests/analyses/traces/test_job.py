"""The analysis end to end, against numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hpowh.analyses.findings.job import all_findings
from hpowh.analyses.traces.job import analyse
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError

Fill = Callable[..., None]
Points = Callable[..., list[Any]]


def finals(warehouse: Warehouse, column: str = "final_incumbent") -> dict[tuple[str, int], float | None]:
    rows = warehouse.sql(
        f"select r.algorithm, r.seed, g.{column} from result.run_regret as g join mart.run as r on r.run_id = g.run_id "
        "where g.analysis_run_id = (select max(analysis_run_id) from ops.analysis_run)"
    ).rows()
    return {(algorithm, seed): value for algorithm, seed, value in rows}


@pytest.mark.parametrize(("direction", "sign"), [("min", 1), ("max", -1)])
def test_incumbent_regret_and_rank_by_hand(warehouse: Warehouse, fill: Fill, points: Points, direction: str, sign: int):
    a = points("a", "b1", 0, [sign * one for one in (5, 3, 4, 1)])
    b = points("b", "b1", 0, [sign * one for one in (4, 4, 2, 2)])
    fill(warehouse, a + b, direction=direction)
    analyse(warehouse)
    rows = warehouse.sql(
        "select r.algorithm, p.budget, p.incumbent, p.regret, p.normalized_regret, p.block_rank "
        "from result.trace_point as p join mart.run as r on r.run_id = p.run_id order by r.algorithm, p.budget"
    ).rows()
    # Best known is 1 (a at budget 4), the worst incumbent 5 (a at budget 1): normalised regret is (value - 1) / 4.
    assert rows == [
        ("a", 1, sign * 5, 4, 1.0, 2),
        ("a", 2, sign * 3, 2, 0.5, 1),
        ("a", 3, sign * 3, 2, 0.5, 2),
        ("a", 4, sign * 1, 0, 0.0, 1),
        ("b", 1, sign * 4, 3, 0.75, 1),
        ("b", 2, sign * 4, 3, 0.75, 2),
        ("b", 3, sign * 2, 1, 0.25, 1),
        ("b", 4, sign * 2, 1, 0.25, 2),
    ]
    anytime = finals(warehouse, "anytime_normalized_regret")
    assert anytime == {("a", 0): pytest.approx((1 + 0.5 + 0.5) / 3), ("b", 0): pytest.approx((0.75 + 0.75 + 0.25) / 3)}
    axis = warehouse.sql("select best_known, best_found_in, worst from result.trace_axis").rows()
    assert axis == [(sign * 1, "trace", sign * 5)]


def test_ties_share_the_mean_rank(warehouse: Warehouse, fill: Fill, points: Points):
    fill(warehouse, points("a", "b", 0, [1, 1]) + points("b", "b", 0, [2, 1]) + points("c", "b", 0, [3, 3]))
    analyse(warehouse)
    assert finals(warehouse, "final_rank") == {("a", 0): 1.5, ("b", 0): 1.5, ("c", 0): 3}


def test_failed_values_never_improve_and_a_run_of_failures_has_a_reason(
    warehouse: Warehouse, fill: Fill, points: Points
):
    fill(
        warehouse,
        points("a", "b", 0, [3, None, 2])
        + points("b", "b", 0, [None, None, None])
        + points("b", "b", 1, [5, 4, 4])
        + points("a", "b", 1, [6, 6, 3]),
    )
    (outcome,) = analyse(warehouse)
    assert finals(warehouse) == {("a", 0): 2, ("b", 0): None, ("a", 1): 3, ("b", 1): 4}
    reasons = finals(warehouse, "reason")
    assert reasons["b", 0] == "no usable value"
    assert reasons["a", 0] == "another run of the block has no value at the end: no rank"
    assert finals(warehouse, "final_rank") == {("a", 0): None, ("b", 0): None, ("a", 1): 1, ("b", 1): 2}
    assert any("4 trace values not usable" in one for one in outcome.warnings)


def test_no_run_is_continued_beyond_its_end(warehouse: Warehouse, fill: Fill, points: Points):
    runs = [point for seed in range(5) for name in "ab" for point in points(name, "b", seed, [3, 2, 1, 1, 1])]
    short = [point for point in runs if not (point[0] == "a" and point[2] == 4 and point[3] > 2)]
    fill(warehouse, short)
    (outcome,) = analyse(warehouse)
    last = warehouse.sql(
        "select max(p.budget) from result.trace_point as p join mart.run as r on r.run_id = p.run_id "
        "where r.algorithm = 'a' and r.seed = 4"
    ).one()
    assert last == 2
    assert finals(warehouse)["a", 4] is None
    assert finals(warehouse, "reason")["a", 4] == "stopped at budget 2.0, before the end of the common axis"
    assert any("1 run stopped before the common budget axis ends" in one for one in outcome.warnings)
    counts = warehouse.sql(
        "select budget, run_count from result.trace_summary where algorithm_id = 1 order by budget"
    ).rows()
    assert counts == [(1, 5), (2, 5), (3, 4), (4, 4), (5, 4)]


def test_no_value_before_the_first(warehouse: Warehouse, fill: Fill):
    late = [("a", "b", 0, 3.0, 1.0), ("a", "b", 0, 4.0, 0.5)]
    fill(warehouse, [*late, *(("b", "b", 0, float(budget), 2.0) for budget in (1, 2, 3, 4))])
    analyse(warehouse)
    assert warehouse.sql("select distinct budget from result.trace_point order by budget").rows() == [(3,), (4,)]


def test_budgets_that_do_not_agree_hold_the_incumbent_until_the_next(warehouse: Warehouse, fill: Fill):
    a = [("a", "b", 0, budget, value) for budget, value in ((1.0, 9.0), (2.5, 4.0), (4.0, 3.0))]
    b = [("b", "b", 0, budget, value) for budget, value in ((1.0, 8.0), (3.0, 5.0), (4.0, 1.0))]
    fill(warehouse, a + b)
    analyse(warehouse)
    rows = warehouse.sql(
        "select p.budget, max(p.incumbent) filter (where r.algorithm = 'a'), "
        "max(p.incumbent) filter (where r.algorithm = 'b') from result.trace_point as p "
        "join mart.run as r on r.run_id = p.run_id group by p.budget order by p.budget"
    ).rows()
    assert rows == [(1, 9, 8), (2.5, 4, 8), (3, 4, 5), (4, 3, 1)]


def test_one_seed_gives_means_but_no_bands_and_says_why(warehouse: Warehouse, fill: Fill, points: Points):
    fill(warehouse, points("a", "b", 0, [3, 1]) + points("b", "b", 0, [2, 2]))
    analyse(warehouse)
    rows = warehouse.sql(
        "select normalized_regret_mean is null, normalized_regret_lower is null, reason from result.trace_summary"
    ).rows()
    assert set(rows) == {(False, True, "one run only: no band")}
    overall = warehouse.sql("select normalized_regret_lower is null, reason from result.trace_overall").rows()
    assert set(overall) == {(True, "one run only on some benchmark: no band")}


def test_values_that_all_equal_the_best_have_no_normalised_regret(warehouse: Warehouse, fill: Fill, points: Points):
    fill(warehouse, points("a", "flat", 0, [2, 2]) + points("b", "flat", 0, [2, 2]))
    (outcome,) = analyse(warehouse)
    assert finals(warehouse, "final_regret") == {("a", 0): 0, ("b", 0): 0}
    assert finals(warehouse, "final_normalized_regret") == {("a", 0): None, ("b", 0): None}
    assert set(finals(warehouse, "reason").values()) == {"all values equal the best known: no normalised regret"}
    assert any("Left out of the mean over benchmarks" in one and "flat" in one for one in outcome.warnings)


def test_missing_seeds_are_named_and_their_blocks_not_ranked(warehouse: Warehouse, fill: Fill, points: Points):
    runs = [point for seed in range(4) for point in points("a", "b1", seed, [2, 1])]
    runs += [point for seed in (0, 3) for point in points("b", "b1", seed, [3, 2])]
    runs += [point for seed in range(4) for point in points("a", "b2", seed, [2, 1])]
    fill(warehouse, runs)
    (outcome,) = analyse(warehouse)
    rows = warehouse.sql(
        "select a.name, b.name, c.run_count, c.expected_count, c.is_complete, c.missing_seeds "
        "from result.coverage as c "
        "join core.algorithm as a using (algorithm_id) join core.benchmark as b using (benchmark_id) order by all"
    ).rows()
    assert rows == [
        ("a", "b1", 4, 4, True, ""),
        ("a", "b2", 4, 4, True, ""),
        ("b", "b1", 2, 4, False, "1-2"),
        ("b", "b2", 0, 4, False, "0-3"),
    ]
    ranked = warehouse.sql(
        "select r.seed, count(g.final_rank) from result.run_regret as g join mart.run as r using (run_id) "
        "where r.benchmark = 'b1' group by r.seed order by r.seed"
    ).rows()
    assert ranked == [(0, 2), (1, 0), (2, 0), (3, 2)]
    assert any("2 combinations of algorithm, benchmark and setting out of 4" in one for one in outcome.warnings)
    reason = warehouse.sql(
        "select distinct g.reason from result.run_regret as g join mart.run as r using (run_id) "
        "where r.benchmark = 'b2'"
    ).rows()
    assert reason == [("an algorithm has no run in the block",)]


def test_runs_without_seeds_are_not_paired(warehouse: Warehouse, fill: Fill):
    fill(warehouse, [("a", "b", None, 1.0, 2.0), ("b", "b", None, 1.0, 3.0)])
    fill(warehouse, [("a", "b", None, 1.0, 4.0)])
    analyse(warehouse)
    assert warehouse.sql("select count(final_rank), any_value(reason) from result.run_regret").rows() == [
        (0, "several runs of one algorithm in the block: no pairing by seed")
    ]


def test_best_known_comes_from_a_table_of_configurations_where_that_is_better(
    warehouse: Warehouse, fill: Fill, points: Points
):
    fill(warehouse, points("a", "b", 0, [0.6, 0.7]) + points("b", "b", 0, [0.5, 0.5]), direction="max")
    with warehouse.writing() as con:
        con.execute("insert into core.search_space values (1, 's', 'f', 3, 1)")
        # Configuration 2 is best on train only; 1 has the best mean on valid, 0.9, over its seeds.
        for configuration, split, seed, value in (
            (0, "valid", 0, 0.2),
            (1, "valid", 0, 0.8),
            (1, "valid", 1, 1.0),
            (2, "train", 0, 5.0),
            (0, "test", 0, 4.0),
        ):
            con.execute(
                "insert into core.evaluation values (1, ?, 1, null, ?, null, 1, ?, ?, null, 'ok', 1)",
                [configuration, seed, split, value],
            )
    analyse(warehouse)
    assert warehouse.sql("select best_known, best_found_in from result.trace_axis").rows() == [(0.9, "landscape")]
    assert finals(warehouse, "final_regret") == {("a", 0): pytest.approx(0.2), ("b", 0): pytest.approx(0.4)}


def test_settings_are_kept_apart(warehouse: Warehouse, fill: Fill, points: Points):
    for setting, shift in (("good", 0), ("bad", 10)):
        runs = points("a", "b", 0, [3 + shift, 1 + shift]) + points("b", "b", 0, [4 + shift, 2 + shift])
        fill(warehouse, runs, setting=setting)
    analyse(warehouse)
    rows = warehouse.sql(
        "select setting, algorithm_id, incumbent_median from result.trace_summary where budget = 2 order by all"
    ).rows()
    assert rows == [("prior=bad", 1, 11), ("prior=bad", 2, 12), ("prior=good", 1, 1), ("prior=good", 2, 2)]


def test_unchanged_input_is_not_analysed_again_and_changed_input_is(warehouse: Warehouse, fill: Fill, points: Points):
    fill(warehouse, points("a", "b", 0, [3, 1]) + points("b", "b", 0, [2, 2]))
    (first,), (second,) = analyse(warehouse), analyse(warehouse)
    assert first.is_new and not second.is_new
    assert second.analysis_run_id == first.analysis_run_id
    fill(warehouse, points("c", "b", 0, [2, 0.5]), fingerprint="f2")
    (third,) = analyse(warehouse)
    assert third.is_new
    assert finals(warehouse, "final_rank") == {("a", 0): 2, ("b", 0): 3, ("c", 0): 1}


def test_another_experiment_leaves_an_analysis_alone_unless_they_share_a_benchmark(
    warehouse: Warehouse, fill: Fill, points: Points
):
    fill(warehouse, points("a", "b", 0, [3, 1]) + points("b", "b", 0, [2, 2]), experiment="one")
    analyse(warehouse)
    fill(warehouse, points("a", "elsewhere", 0, [3, 1]), experiment="two", fingerprint="f2")
    assert {one.experiment: one.is_new for one in analyse(warehouse)} == {"one": False, "two": True}
    fill(warehouse, points("a", "b", 0, [3, 0.1]), experiment="three", fingerprint="f3")
    assert {one.experiment: one.is_new for one in analyse(warehouse)} == {"one": True, "two": False, "three": True}
    best = warehouse.sql(
        "select best_known from result.trace_axis join ops.analysis_run using (analysis_run_id) "
        "where subject = 'one' order by analysis_run_id desc limit 1"
    ).one()
    assert best == 0.1


def test_benchmarks_by_their_own_metric_are_averaged_together(warehouse: Warehouse, fill: Fill, points: Points):
    fill(warehouse, points("a", "b1", 0, [4, 0]) + points("b", "b1", 0, [4, 2]), metric="loss")
    fill(warehouse, points("a", "b2", 0, [1, 9]) + points("b", "b2", 0, [1, 9]), metric="accuracy", direction="max")
    analyse(warehouse)
    rows = warehouse.sql(
        "select algorithm_id, metric_id, benchmark_count, normalized_regret_mean from result.trace_overall "
        "where position = 2 order by algorithm_id"
    ).rows()
    assert rows == [(1, None, 2, 0.0), (2, None, 2, 0.25)]


def test_an_unknown_experiment_is_named_with_those_there_are(warehouse: Warehouse, fill: Fill, points: Points):
    fill(warehouse, points("a", "b", 0, [1]), experiment="mine")
    with pytest.raises(UsageError, match="no experiment 'yours'.*mine"):
        analyse(warehouse, "yours")


def test_an_empty_warehouse_has_nothing_to_analyse(warehouse: Warehouse):
    assert analyse(warehouse) == []


def test_command_says_what_it_did(warehouse: Warehouse, fill: Fill, points: Points, hpowh: Callable[..., Any]):
    fill(warehouse, points("a", "b", 0, [3, 1]) + points("b", "b", 0, [2, 2]))
    warehouse.close()
    first, second = hpowh("analyse", "traces"), hpowh("analyse", "traces", "--json")
    assert first.returncode == 0 and "trial: analysis run 1" in first.stderr
    assert '"is_new": false' in second.stdout
    unknown = hpowh("analyse", "traces", "--experiment", "nope")
    assert unknown.returncode == 2 and "no experiment 'nope'" in unknown.stderr


def test_who_ends_lowest_is_not_said_without_the_number_that_may_stand_for_failures(warehouse: Warehouse, fill: Fill):
    """`a` is better wherever it ended; two 1e9 make it the worse by the mean."""
    points = [
        (name, f"b{b}", seed, 1.0, 1e9 if (name, seed) == ("a", 1) else 0.1 * seed + better + b)
        for b in range(2)
        for name, better in (("a", 0.0), ("c", 0.25))
        for seed in range(3)
    ]
    fill(warehouse, points)
    analyse(warehouse)
    (found,) = all_findings(warehouse)
    assert found.sentence.startswith("trial: c ends with the lowest")
    assert "loss is 1000000000 at the end of 2 runs (a; 2 benchmarks)" in found.sentence
