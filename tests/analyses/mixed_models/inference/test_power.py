"""Power with variances that are estimates, and the benchmarks to run next."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hpowh.analyses.mixed_models.inference.contrasts import pairwise
from hpowh.analyses.mixed_models.inference.margins import marginal_means
from hpowh.analyses.mixed_models.inference.power import (
    Spread,
    Squares,
    analytic_power,
    choice_sentence,
    power_table,
    simulate,
    squares_of,
    zero_sentences,
)
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.model.cells import DataError
from hpowh.analyses.mixed_models.model.fit import fit
from hpowh.analyses.mixed_models.studies.fitting import fit_to_compare
from hpowh.analyses.mixed_models.studies.following import next_rows, next_sentences

from ..conftest import cells_of
from ..conftest import simulate as experiment

DEFAULT = "y ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"


def test_mean_squares_are_those_of_the_fitted_model():
    rows = experiment(np.random.default_rng(0), benchmarks=8, seeds=5)
    found = fit(DEFAULT, cells_of(DEFAULT, rows))
    squares = squares_of(found.problem.cells)
    (tau,) = [float(c[0, 0]) for b, c in found.block_covariances if "algorithm" in b.term.group]
    assert (squares.cell_df, squares.run_df, squares.share) == (14, 96, pytest.approx(0.2))
    assert squares.run == pytest.approx(found.sigma**2, rel=1e-6)
    assert float(squares.spread().interaction) ** 2 == pytest.approx(tau, rel=1e-5)


def test_a_variance_estimated_as_zero_is_no_zero():
    squares = Squares(cell=0.08, cell_df=22, run=1.0, run_df=324, share=0.1, algorithms=3)
    assert float(squares.spread().interaction) == 0.0
    (said,) = zero_sentences(squares)
    limit = float(squares.careful().interaction)
    assert limit == pytest.approx(np.sqrt(0.08 * 22 / stats.chi2.ppf(0.1, 22) - 0.1))
    assert f"{limit:.3g}" in said
    # With ever more runs the estimate would promise any power; what is not known of benchmarks does not go away.
    row = power_table(squares, [5], [1000], [0.15], 4000)[0]
    assert row["power_analytic"] > 0.99
    assert row["power"] < 0.9
    assert row["power_low"] < row["power_analytic"]


def test_averaged_power_is_that_of_the_drawn_variances():
    squares = Squares(cell=0.4, cell_df=10, run=1.0, run_df=100, share=0.2, algorithms=3)
    rng = np.random.default_rng(1)
    drawn = squares.drawn(300, rng)
    each = [
        analytic_power(Spread(float(i), float(r), 3), 12, 5, 1.0)
        for i, r in zip(drawn.interaction, drawn.residual, strict=True)
    ]
    found = float((simulate(squares.drawn(20_000, rng), 12, 5, 1.0, 20_000, rng) > 1).mean())
    assert found == pytest.approx(np.mean(each), abs=0.05)


def test_one_value_a_cell_has_power_over_benchmarks_only():
    rows = experiment(np.random.default_rng(2), benchmarks=9, seeds=1)
    squares = squares_of(cells_of(DEFAULT, rows))
    assert (squares.run_df, squares.cell_df) == (0, 16)
    assert "one value" in zero_sentences(squares)[0]
    assert "twice the runs" not in choice_sentence(squares, 9, 1, 1.0, "value")
    few, many = power_table(squares, [9], [5, 50], [1.0], 4000)
    assert few["power"] == pytest.approx(many["power"], abs=0.05)
    with pytest.raises(DataError, match="two algorithms"):
        squares_of(cells_of(DEFAULT, {name: values[:1] for name, values in rows.items()}))


def test_what_the_simulation_cannot_tell_apart_is_worth_as_much():
    squares = Squares(cell=0.4, cell_df=18, run=1.0, run_df=100, share=0.2, algorithms=3)
    assert choice_sentence(squares, 10, 5, 1e-4, "regret", 400).endswith("with twice the runs: as much.")
    assert "A difference of 1 in regret is" in choice_sentence(squares, 10, 5, 1.0, "regret")
    noisy = Squares(cell=0.2, cell_df=18, run=1.0, run_df=100, share=0.2, algorithms=3)
    assert choice_sentence(noisy, 10, 5, 0.5, "regret").endswith("more runs on these benchmarks are worth more.")
    few = Squares(cell=2.0, cell_df=18, run=0.1, run_df=100, share=0.2, algorithms=3)
    assert choice_sentence(few, 5, 5, 3.0, "regret").endswith("three more benchmarks are worth more.")


def test_cells_closer_than_their_runs_would_have_them_share_something():
    squares = Squares(cell=0.001, cell_df=14, run=4.0, run_df=120, share=0.2, algorithms=3)
    (said,) = zero_sentences(squares)
    assert "(1|benchmark:seed)" in said and "up to" not in said


def test_the_simulated_test_is_the_one_that_comparisons_make():
    """Without a difference, pooled mean squares keep the cells' degrees of freedom: far below 5 %."""
    rng = np.random.default_rng(4)
    spread = Spread(0.0, 1.0, 2)
    found = float((simulate(spread, 2, 20, 0.0, 20_000, rng) > 1).mean())
    held = 0
    for _ in range(60):
        rows = experiment(rng, benchmarks=2, algorithms=2, seeds=20, interaction_sd=0.0)
        chosen = fit_to_compare(DEFAULT, cells_of(DEFAULT, rows), variance="equal").fit
        pairs = pairwise(chosen, satterthwaite(chosen), marginal_means(chosen, "algorithm")[0], "tukey")
        held += pairs.p_adjusted[0] < 0.05
    assert found < 0.01
    assert held / 60 < 0.06


def test_next_are_incomplete_benchmarks_then_the_most_unlike():
    known = [
        ("done", 3, {"size": 1.0, "classes": 2.0}),
        ("gap", 2, {"size": 1.1, "classes": 2.0}),
        ("near", 0, {"size": 1.05, "classes": 2.0}),
        ("far", 0, {"size": 9.0, "classes": 2.0}),
        ("between", 0, {"size": 5.0, "classes": 2.0}),
    ]
    rows = next_rows(known, 3)
    assert [(row["position"], row["benchmark"], row["kind"]) for row in rows] == [
        (1, "gap", "incomplete"), (2, "far", "new"), (3, "between", "new"),
    ]  # fmt: skip
    assert rows[1]["distance"] > rows[2]["distance"] > 0
    bare = next_rows([("a", 2, None), ("b", 0, None)], 2)
    assert [row["benchmark"] for row in bare] == ["b"] and "without meta-features" in bare[0]["why"]
    assert "knows no other benchmark" in next_sentences(next_rows([("a", 2, None)], 2))[0]
