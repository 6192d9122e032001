"""Confidence sets of ranks, tiers, and what leaderboards print."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize

from hpowh.analyses.findings.job import all_findings
from hpowh.analyses.rankings import leaderboard
from hpowh.analyses.rankings.job import analyse_tiers
from hpowh.analyses.rankings.leaderboard import elo_of, improvability, measures, win_rates
from hpowh.analyses.rankings.tiers import rank_sets, stepped_sentence, tier_rows, tier_sentence
from hpowh.warehouse.ingest import Request, find_source, ingest

TRUE = np.array([0.0, 0.0, 0.5, 0.5, 1.2])


def sets_of(rng: np.random.Generator, *, is_marginal: bool = False):
    """Return the sets of 15 benchmarks' means by the analysis of variance."""
    y = rng.standard_normal((15, 5)) + TRUE
    mean = y.mean(axis=0)
    off = y - y.mean(axis=1, keepdims=True) - mean + y.mean()
    variance = float((off**2).sum()) / 56
    return rank_sets(mean, variance / 15 * np.eye(5), 56.0, is_marginal=is_marginal, seed=int(rng.integers(1 << 30)))


@pytest.mark.parametrize("count", [60, pytest.param(2000, marks=pytest.mark.slow)])
def test_the_sets_hold_the_true_ranks(count):
    """A tied algorithm's rank is any from its best to its worst: all of these must lie in the set."""
    rng = np.random.default_rng(1)
    best = 1 + (TRUE[None, :] < TRUE[:, None]).sum(axis=1)
    worst = 5 - (TRUE[None, :] > TRUE[:, None]).sum(axis=1)
    held = 0
    for _ in range(count):
        found = sets_of(rng)
        held += bool(((found.lower <= best) & (found.upper >= worst)).all())
    assert held >= stats.binom.ppf(0.001, count, 0.95)


def test_equal_variances_are_decided_by_tukeys_range():
    """Of three means the outer two differ by 3 % less or more than Tukey's critical value, the inner pairs by half."""
    critical = float(stats.studentized_range.isf(0.05, 3, 20.0)) / np.sqrt(2)
    for factor in (0.97, 1.03):
        found = rank_sets(np.array([0.0, 0.5, 1.0]) * critical * factor, 0.5 * np.eye(3), 20.0)
        assert bool(found.is_better[0, 2]) == (factor > 1)
        assert found.is_better.sum() == (factor > 1)


def test_sets_tiers_and_words_of_a_clear_order():
    found = rank_sets(np.array([3.0, 1.0, 2.0, 2.0]), 1e-4 * np.eye(4), 30.0)
    np.testing.assert_array_equal(found.lower, [4, 1, 2, 2])
    np.testing.assert_array_equal(found.upper, [4, 1, 3, 3])
    np.testing.assert_array_equal(found.tiers, [3, 1, 2, 2])
    rows = tier_rows(["d", "a", "b", "c"], np.zeros(4), np.ones(4), found, found, None, "")
    assert [row["algorithm"] for row in rows] == ["a", "b", "c", "d"]
    assert (
        tier_sentence(rows, "regret")
        == "By mean regret over all points, a is first. Of 4 ranks 2 are settled at 95 %, all taken together."
    )


def test_what_stepping_down_would_show_besides_is_told_apart():
    """Of three means two are 1.04 times Student's t apart, the third far off: the near pair is the last one left."""
    student, tukey = stats.t.isf(0.025, 20.0), stats.studentized_range.isf(0.05, 3, 20.0) / np.sqrt(2)
    near, names = 1.04 * student, ["a", "b", "c"]
    assert near < 0.9 * tukey
    found = rank_sets(np.array([0.0, near, 50.0]), 0.5 * np.eye(3), 20.0)
    np.testing.assert_array_equal(found.tiers, [1, 1, 2])
    np.testing.assert_array_equal(found.upper, [2, 2, 3])
    assert np.argwhere(found.by_stepping).tolist() == [[0, 1]]
    assert "would show a ahead of b at 5 %" in stepped_sentence(names, found)
    clear = rank_sets(np.array([0.0, 25.0, 50.0]), 0.5 * np.eye(3), 20.0)
    np.testing.assert_array_equal(clear.tiers, [1, 2, 3])
    assert stepped_sentence(names, clear) is None
    assert stepped_sentence(names, rank_sets(np.zeros(3), 0.5 * np.eye(3), 20.0)) is None


def test_a_difference_without_error_is_certain_and_none_is_none():
    found = rank_sets(np.array([1.0, 1.0, 2.0]), np.zeros((3, 3)), 10.0)
    np.testing.assert_array_equal(found.lower, [1, 1, 3])
    np.testing.assert_array_equal(found.upper, [2, 2, 3])


def test_marginal_sets_lie_within_simultaneous_ones():
    for seed in range(10):
        together = sets_of(np.random.default_rng(seed))
        alone = sets_of(np.random.default_rng(seed), is_marginal=True)
        assert (alone.lower >= together.lower).all()
        assert (alone.upper <= together.upper).all()


def test_win_rate_elo_and_improvability_by_hand():
    losses = np.array([[1.0, 2.0, 4.0], [2.0, 2.0, 1.0]])
    np.testing.assert_allclose(win_rates(losses), [2.5 / 4, 1.5 / 4, 2 / 4])
    np.testing.assert_allclose(improvability(losses), [25.0, 50.0, 37.5])
    # Two players: the odds of winning are 10^(difference / 400).
    rating = elo_of(np.array([[0.0, 30.0], [10.0, 0.0]]))
    odds = (30 + 0.25) / (10 + 0.25)
    assert rating[0] - rating[1] == pytest.approx(400 * np.log10(odds), abs=1e-4)
    assert rating.mean() == pytest.approx(1000.0)
    assert np.isnan(improvability(-losses)).all()


def tables_of_games() -> list[np.ndarray]:
    """Draw losses (benchmarks, algorithms) of unlike sizes, some with ties, in which nobody always wins."""
    rng, found = np.random.default_rng(7), []
    while len(found) < 20:
        blocks, size = int(rng.integers(5, 40)), int(rng.integers(2, 9))
        losses = rng.uniform(0.1, 1, (blocks, 1)) + 0.3 * rng.random((blocks, size)) + 0.02 * np.arange(size)
        losses = np.round(losses, int(rng.integers(2, 6)))
        won = leaderboard._wins(losses)
        if (won + np.eye(size) > 0).all():
            found.append(losses)
    return found


def test_elo_is_where_the_likelihood_of_the_games_is_largest():
    for losses in tables_of_games():
        won = leaderboard._wins(losses)

        def lost(strengths: np.ndarray, won: np.ndarray = won) -> float:
            return float((won * np.logaddexp(0.0, strengths[None, :] - strengths[:, None])).sum())

        best = minimize(lost, np.zeros(len(won)), options={"gtol": 1e-8}).x
        assert elo_of(won, drawn=0.0) == pytest.approx(1000 + 400 / np.log(10) * (best - best.mean()), abs=0.01)


def test_what_leaderboards_print_is_what_bencheval_prints():
    """An oracle where it is installed (`pip install bencheval`)."""
    pandas = pytest.importorskip("pandas")
    evaluator = pytest.importorskip("bencheval.evaluator").BenchmarkEvaluator(
        method_col="method", task_col="task", error_col="error"
    )
    helper = pytest.importorskip("bencheval.elo_utils").EloHelper(error_col="error")
    for losses in tables_of_games():
        names = [f"m{at}" for at in range(losses.shape[1])]
        rows = [
            {"method": names[a], "task": f"t{b}", "error": losses[b, a]} for b, a in np.ndindex(*losses.shape)
        ]  # fmt: skip
        frame = pandas.DataFrame(rows)
        share = (
            100.0
            * frame.assign(share=evaluator.compute_improvability_per(frame, ["task"])).groupby("method").share.mean()
        )
        assert win_rates(losses) == pytest.approx(evaluator.compute_winrate(frame)[names].to_numpy(), abs=1e-12)
        assert improvability(losses) == pytest.approx(share[names].to_numpy(), abs=1e-9)
        theirs = helper.compute_mle_elo_from_ranks(frame)[names].to_numpy()
        assert elo_of(leaderboard._wins(losses), drawn=0.0) == pytest.approx(theirs, abs=0.01)


def test_intervals_over_benchmarks_hold_the_numbers():
    found = measures(np.random.default_rng(3).lognormal(size=(12, 3)), seed=1)
    for measure in found.values():
        assert (measure.lower <= measure.value).all()
        assert (measure.upper >= measure.value).all()


def test_tiers_of_an_experiment_are_stored(warehouse, tmp_path):
    rng, lines = np.random.default_rng(4), ["algorithm,benchmark,seed,budget,value"]
    for a, name in enumerate(("tpe", "cma", "random")):
        for b in range(8):
            lines += [f"{name},b{b},{s},1,{2 + b + 2 * (a == 2) + 0.3 * rng.standard_normal():.6f}" for s in range(4)]
    path = tmp_path / "runs.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    ingest(warehouse, find_source("runs"), Request(str(path), "study", {}, {"direction": "min"}, None))
    outcome = analyse_tiers(warehouse, response="value")
    rows = {row["algorithm"]: row for row in outcome.tables["ranking_tier"].to_dicts()}
    assert (rows["random"]["rank_lower"], rows["random"]["rank_upper"], rows["random"]["tier"]) == (3, 3, 2)
    assert rows["tpe"]["is_tied_with_best"]
    assert rows["random"]["win_rate"] == 0.0
    assert outcome.warnings[-1].startswith("By mean value, first may be any of 2 of 3")  # there are no budgets
    assert not analyse_tiers(warehouse, response="value").is_new


@pytest.mark.parametrize(("unit", "is_defined"), [("percent", True), ("none", False)])
def test_improvability_is_of_errors_and_of_no_regret(warehouse, tmp_path, unit, is_defined):
    rng = np.random.default_rng(9)
    table = 100 - np.array([2.0, 4.0, 8.0]) * rng.uniform(0.9, 1.1, (9, 1)) * rng.uniform(0.97, 1.03, (9, 3))
    rows = [f"{name},t{b},{table[b, a]:.6f}" for a, name in enumerate("ABC") for b in range(9)]
    path = tmp_path / "accuracies.csv"
    path.write_text("\n".join(["method,task,accuracy", *rows]), encoding="utf-8")
    options = {"direction": "max", "unit": unit}
    ingest(warehouse, find_source("runs"), Request(str(path), "study", {"accuracy": "value"}, options, None))
    outcome = analyse_tiers(warehouse, response="normalized_regret")
    found = {row["algorithm"]: row["improvability"] for row in outcome.tables["ranking_tier"].to_dicts()}
    if is_defined:
        known = improvability(100 - np.round(table, 6))
        assert [found[name] for name in "ABC"] == pytest.approx(known, rel=1e-6)
        assert found["B"] == pytest.approx(50, abs=3)
    else:
        assert set(found.values()) == {None}
        assert any(said.startswith("No improvability") for said in outcome.warnings)


def test_ranks_hang_on_neither_units_nor_names():
    """Second and third at t = 2.174, where 11.6 degrees of freedom ask for 2.187: in some units draws settled it."""
    losses = np.array([0.0642114, 0.1496452, 0.3434845, 0.2084931])
    covariance = np.diag(np.array([0.00793477, 0.0206864, 0.0126909, 0.0174613]) ** 2)
    known = rank_sets(losses, covariance, 11.59, seed=2017)
    assert known.lower.tolist() == [1, 2, 4, 2]
    for unit in (1e-9, 1 / 3, 7.0, 1e6):
        assert rank_sets(unit * losses, unit**2 * covariance, 11.59, seed=2017).upper.tolist() == [1, 3, 4, 3]
    for order in ([3, 2, 1, 0], [1, 0, 3, 2]):
        found = rank_sets(losses[order], covariance[np.ix_(order, order)], 11.59, seed=2017)
        assert found.upper.tolist() == known.upper[order].tolist()


def test_an_order_that_failed_runs_decide_is_said_to_be_that(warehouse, tmp_path, monkeypatch):
    """`best` has no run that ended on the two hard benchmarks: left out it is first, counted as last it is not."""
    monkeypatch.setattr(leaderboard, "RESAMPLES", 10)
    rng, lines = np.random.default_rng(4), ["algorithm,benchmark,seed,budget,value"]
    for a, name in enumerate(("best", "good", "poor")):
        for b in range(8):
            for s in range(3):
                value = "" if a == 0 and b > 5 else f"{b + a + 0.1 * rng.standard_normal():.6f}"
                lines.append(f"{name},b{b},{s},1,{value}")
    path = tmp_path / "runs.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    ingest(warehouse, find_source("runs"), Request(str(path), "study", {}, {"direction": "min"}, None))
    outcome = analyse_tiers(warehouse, response="value")
    said = outcome.warnings[-1]
    assert "best has rows on 6 of 8 benchmarks only:" in said
    assert "Who may be first hangs on what failed runs count: left out: best; last: best, good" in said
    (found,) = (one for one in all_findings(warehouse) if one.kind == "tiers")
    assert found.sentence == said
