"""Benchmarks as fixed effects where a random one would break the level: ranks and values scaled within a benchmark."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hpowh.analyses.mixed_models.inference.blocking import settled
from hpowh.analyses.mixed_models.inference.contrasts import Estimates, pairwise
from hpowh.analyses.mixed_models.inference.margins import marginal_means
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.model.cells import Cells, cells_from_rows
from hpowh.analyses.mixed_models.model.fit import Fit, fit
from hpowh.analyses.mixed_models.studies.fitting import fit_to_compare

DEFAULT = "algorithm + (1|benchmark) + (1|benchmark:algorithm)"


def cells_of(y: np.ndarray, **more: np.ndarray) -> Cells:
    """Return the cells of values (benchmarks, algorithms, seeds); NaN is missing. `more`: one value a benchmark."""
    b, a, _ = (index.ravel() for index in np.indices(y.shape))
    numeric = {name: values[b] for name, values in more.items()}
    products = [(name,) for name in numeric]
    return cells_from_rows(y.ravel(), {"algorithm": np.array(list("ABCDEF"))[a], "benchmark": b}, numeric, products)


def pairs_of(found: Fit) -> Estimates:
    return pairwise(found, satterthwaite(found), marginal_means(found, "algorithm")[0], "tukey")


@pytest.mark.parametrize("algorithms", [2, 3, 5])
def test_ranks_are_tested_by_the_interaction_of_the_analysis_of_variance(algorithms):
    rng = np.random.default_rng(algorithms)
    ranks = stats.rankdata(rng.standard_normal((8, algorithms, 6)), axis=1)
    chosen = fit_to_compare(f"rank ~ {DEFAULT}", cells_of(ranks), variance="equal")
    means = ranks.mean(axis=2)
    off = means - means.mean(axis=0) - means.mean(axis=1, keepdims=True) + means.mean()
    df = 7 * (algorithms - 1)
    between = 6 * float((off**2).sum()) / df
    within = float(((ranks - means[:, :, None]) ** 2).sum()) / (8 * algorithms * 5)
    pairs = pairs_of(chosen.fit)
    if between > within:
        np.testing.assert_allclose(pairs.standard_error, np.sqrt(2 * between / 48), rtol=1e-6)
        np.testing.assert_allclose(pairs.df, df, rtol=1e-4)
    else:
        pooled = (between * df + within * 8 * algorithms * 5) / (df + 8 * algorithms * 5)
        np.testing.assert_allclose(pairs.standard_error, np.sqrt(2 * pooled / 48), rtol=1e-6)
    assert "benchmark is a fixed effect here" in chosen.said[0]


def test_one_rank_a_block_is_friedmans_design():
    """With one row a pair what is left after benchmarks and algorithms is the error: two-way analysis of variance."""
    ranks = stats.rankdata(np.random.default_rng(3).standard_normal((9, 4, 1)), axis=1)
    pairs = pairs_of(fit_to_compare("rank ~ algorithm + (1|benchmark)", cells_of(ranks)).fit)
    off = ranks[:, :, 0] - ranks.mean(axis=(0, 2))
    np.testing.assert_allclose(pairs.standard_error, np.sqrt(2 * float((off**2).sum()) / 24 / 9), rtol=1e-8)
    np.testing.assert_allclose(pairs.df, 24)


def test_a_positive_variance_stays_random_and_gives_the_same_comparisons():
    y = np.random.default_rng(4).standard_normal((8, 3, 5)) + 3 * np.arange(8.0)[:, None, None]
    chosen = fit_to_compare(f"value ~ {DEFAULT}", cells_of(y))
    assert chosen.said == ()
    fixed = fit("value ~ algorithm + benchmark + (1|benchmark:algorithm)", cells_of(y))
    np.testing.assert_allclose(pairs_of(chosen.fit).standard_error, pairs_of(fixed).standard_error, rtol=1e-6)


def test_a_meta_feature_keeps_the_benchmark_random_and_is_told():
    y = np.random.default_rng(5).standard_normal((8, 3, 5))
    y = (y - y.mean(axis=(1, 2), keepdims=True)) / y.std(axis=(1, 2), keepdims=True)
    cells = cells_of(y, size=np.arange(8.0))
    found = fit(f"value ~ size + {DEFAULT}", cells)
    assert found.is_singular
    other, sentence = settled(found)
    assert other is found
    assert "size varies between its levels only" in sentence


@pytest.mark.parametrize("algorithms", [2, 4])
def test_ranks_of_equal_algorithms_hold_the_level(algorithms):
    rng, count = np.random.default_rng(6), 60
    hits = 0
    for _ in range(count):
        ranks = stats.rankdata(rng.standard_normal((6, algorithms, 4)), axis=1)
        hits += bool(pairs_of(fit_to_compare(f"rank ~ {DEFAULT}", cells_of(ranks)).fit).p_adjusted.min() < 0.05)
    assert hits <= stats.binom.isf(0.001, count, 0.05)
