"""Numbers that stand for failures, and runs that are all alike: every verdict on them says so."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.analyses.mixed_models.reading.catalogue import Selection
from hpowh.analyses.mixed_models.reading.reader import Reader
from hpowh.analyses.mixed_models.reading.suspects import CODE, SAME
from hpowh.analyses.mixed_models.reading.verdicts import ONE_BENCHMARK, has_budgets, verdicts
from hpowh.analyses.rankings.job import analyse_rankings
from hpowh.analyses.traces.job import analyse as analyse_traces
from hpowh.warehouse import Warehouse, queries
from hpowh.warehouse.ingest import Request, find_source, ingest

from ...traces.conftest import fill_runs, run_points


def fill(warehouse: Warehouse, changed: Mapping[tuple[str, int, int], float], direction: str = "min") -> None:
    """Load 3 algorithms on 6 benchmarks with 4 seeds, values between 0.6 and 0.9, and some changed ones."""
    draw = random.Random(3)
    points = []
    for benchmark in range(6):
        for name in "ABC":
            for seed in range(4):
                value = changed.get((name, benchmark, seed), draw.uniform(0.6, 0.9))
                points += run_points(name, f"b{benchmark}", seed, [value])
    fill_runs(warehouse, points, direction=direction, metric="score")


def said(warehouse: Warehouse, **asked: str) -> list[str]:
    reader = Reader.of(warehouse, None)
    return reader.suspects(Selection(catalogue=reader.catalogue, budget="final", **asked), "score")


@pytest.mark.parametrize(("code", "direction"), [(1e9, "min"), (0.0, "max"), (0.0, "min"), (-1.0, "max")])
def test_a_repeated_value_far_from_all_others_is_said(warehouse: Warehouse, code: float, direction: str):
    failed = {("A", 0, 1): code, ("A", 3, 2): code, ("B", 3, 0): code}
    fill(warehouse, failed, direction)
    [sentence] = said(warehouse)
    assert sentence.startswith(f"score is {code:.10g} in 3 rows (A, B; 2 benchmarks), farther from all others")
    assert said(warehouse, where=f"value <> {code:.10g}") == []


def test_the_verdicts_of_model_and_ranking_carry_it(warehouse: Warehouse):
    fill(warehouse, {("A", b, s): 1e9 for b in (0, 4) for s in (0, 1)})
    analyse_rankings(warehouse, response="value")
    [alone] = verdicts(warehouse, warehouse.sql("select name from core.experiment").one())
    assert alone.job == "rankings" and CODE in alone.sentence
    analyse_lmem(warehouse, "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)", budget="final")
    [told] = verdicts(warehouse, alone.evidence.experiment)
    assert told.job == "mixed_models.fit" and told.sentence.count(CODE) == 1 and "A; 2 benchmarks" in told.sentence


def test_the_worst_of_many_is_no_code(warehouse: Warehouse):
    # Once, or no farther than the others are apart, or most of the rows: nothing to say.
    fill(warehouse, {("A", 0, 1): 5.0})
    assert said(warehouse) == []


@pytest.mark.parametrize(("code", "is_said"), [(None, False), (0.0, True), (0.5, True), (-1.0, True), (0.111, False)])
def test_rounded_values_of_who_is_behind_everywhere_are_no_codes(warehouse: Warehouse, code: float, is_said: bool):
    """One value each on thirty data sets in three decimals: 0.559 twice was told as a number for failures."""
    draw = random.Random(5)
    points = []
    for benchmark in range(30):
        level = draw.uniform(0.75, 0.95)
        for at, name in enumerate("ABCDE"):
            value = round(level + draw.uniform(-0.01, 0.01) - 0.2 * (at == 4), 3)
            if code is not None and name == "E" and benchmark in (3, 11):
                value = code
            points += run_points(name, f"b{benchmark}", 0, [value])
    fill_runs(warehouse, points, direction="max", metric="score")
    told = said(warehouse)
    assert bool(told) == is_said
    analyse_traces(warehouse)
    rows = warehouse.sql(queries.text("experiment/codes"), {"run": newest_regret(warehouse)}).dicts()
    assert [row["value"] for row in rows] == ([code] if is_said else [])


def newest_regret(warehouse: Warehouse) -> int:
    return warehouse.sql("select max(analysis_run_id) from result.run_regret").one()


def test_what_most_runs_reach_is_no_code(warehouse: Warehouse):
    solved = {(name, b, s): 0.0 for name in "AB" for b in range(6) for s in range(4)}
    fill(warehouse, solved)
    assert said(warehouse) == []


def test_runs_that_are_all_alike_are_said_unless_they_are_the_best(warehouse: Warehouse):
    alike = {("B", 2, s): 0.95 for s in range(4)} | {("C", 5, s): 0.1 for s in range(4)}
    fill(warehouse, alike)
    [sentence] = said(warehouse)
    assert SAME in sentence and "B on b2 (4 runs). " in sentence and "C on b5" not in sentence


@pytest.mark.parametrize(("runs", "said"), [(1, "In 6 of 18 rows the regret is zero"), (8, None)])
def test_what_the_logarithm_of_no_regret_hides_is_said(warehouse: Warehouse, runs: int, said: str | None):
    """With one run each the best has no regret, and the second best the least positive one: the same logarithm."""
    points = [
        (a, f"b{b}", s, 1.0, 1.0 + i + b + 0.01 * s + 0.05 * (5 * b + 3 * i) % 0.7)
        for i, a in enumerate("ABC")
        for b in range(6)
        for s in range(runs)
    ]
    fill_runs(warehouse, points, metric="value")
    formula = "log_regret ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
    found = [one for one in analyse_lmem(warehouse, formula, budget="final").warnings if "the regret is zero" in one]
    assert len(found) == (said is not None)
    assert all(one.startswith(said or "") and "ties with the second best" in one for one in found)


def test_what_was_loaded_under_two_names_is_said(warehouse: Warehouse):
    """One benchmark twice is no further evidence; one algorithm twice is tested twice. Solved by both is no twin."""
    draw = random.Random(5)
    value = {(name, b, s): draw.uniform(0.6, 0.9) for name in "ABC" for b in range(4) for s in range(3)}
    names = {"A": "A", "B": "B", "C": "C", "D": "A"}  # D has A's values; benchmark 4 has those of benchmark 1
    points = [
        point
        for name, of in names.items()
        for b in range(6)
        for s in range(3)
        for point in run_points(name, f"b{b}", s, [0.5 if b == 5 else value[of, 1 if b == 4 else b, (s + b // 4) % 3]])
    ]
    fill_runs(warehouse, points, metric="score")
    assert said(warehouse) == [
        "A, D have the same values in all 18 runs each: one algorithm under two names? Then pairs with it are tested "
        "twice.",
        "b1, b4 have the same values in all 12 runs each: one benchmark under two names? Then it counts as often, so "
        "that intervals are too narrow.",
    ]
    assert said(warehouse, where="algorithm <> 'D' and benchmark <> 'b4'") == []


def test_a_table_of_final_values_has_no_budget_in_its_sentences(warehouse: Warehouse):
    """Stored at budget 1, which nobody wrote."""
    fill(warehouse, {})
    experiment = warehouse.sql("select name from core.experiment").one()
    analyse_rankings(warehouse, response="value")
    [ranked] = verdicts(warehouse, experiment)
    analyse_lmem(warehouse, "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)", budget="final")
    [told] = verdicts(warehouse, experiment)
    assert told.job == "mixed_models.fit" and "budget" not in told.sentence + ranked.sentence
    assert not has_budgets(warehouse, experiment)
    fill_runs(warehouse, run_points("A", "b9", 1, [0.7, 0.6]), experiment="other", metric="score", fingerprint="f2")
    assert has_budgets(warehouse, "other")


def test_a_verdict_on_one_benchmark_speaks_of_it_alone(warehouse: Warehouse):
    draw = random.Random(8)
    points = [p for i, a in enumerate("AB") for s in range(5) for p in run_points(a, "b", s, [i + draw.random()])]
    fill_runs(warehouse, points, metric="score")
    analyse_lmem(warehouse, "value ~ algorithm", budget="final")
    [told] = verdicts(warehouse, warehouse.sql("select name from core.experiment").one())
    assert "A is better than B" in told.sentence and ONE_BENCHMARK in told.sentence


def test_a_verdict_over_settings_that_the_model_does_not_know_says_so(warehouse: Warehouse):
    """A is better with good priors and worse with bad ones: that neither is better holds for the mean only."""
    lines = ["algorithm,benchmark,seed,prior,value"]
    draw = random.Random(6)
    for prior, sign in (("good", -1), ("bad", 1)):
        for a, name in enumerate("AB"):
            lines += [
                f"{name},b{b},{s},{prior},{b + sign * (0.2 - 0.2 * a) + draw.gauss(0, 0.02):.5f}"
                for b in range(6)
                for s in range(3)
            ]
    path = warehouse.path.parent / "runs.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    ingest(warehouse, find_source("runs"), Request(str(path), "study", {}, {"direction": "min"}, None))
    formula = "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
    analyse_lmem(warehouse, formula, budget="final")
    [told] = verdicts(warehouse, "study")
    assert "cannot be told apart" in told.sentence
    assert "The runs differ in prior (2 levels), which the model does not know, so that its levels are averaged" in (
        told.sentence
    )
    analyse_lmem(warehouse, formula, budget="final", where="prior = 'good'")
    assert not any("averaged" in one.sentence for one in verdicts(warehouse, "study") if "good" in one.sentence)


def test_who_has_no_value_at_all_is_not_passed_over(warehouse: Warehouse):
    draw = random.Random(9)
    points = [
        (name, f"b{b}", s, 2.0, None if name == "C" else b + i + draw.random())
        for b in range(6)
        for i, name in enumerate("ABC")
        for s in range(2)
    ]
    fill_runs(warehouse, points, metric="score")
    analyse_lmem(warehouse, "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)", budget="final")
    [told] = verdicts(warehouse, warehouse.sql("select name from core.experiment").one())
    assert "C has no usable value by budget 2 in any of its runs: nothing is said of it." in told.sentence
