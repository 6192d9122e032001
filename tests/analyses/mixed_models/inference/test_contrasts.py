"""Letters, bars and custom contrasts."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpowh.analyses.mixed_models.inference.contrasts import (
    against_control,
    compact_letters,
    contrast_weights,
    critical_difference_groups,
    pairwise,
)
from hpowh.analyses.mixed_models.inference.margins import marginal_means
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.model.cells import DataError
from hpowh.analyses.mixed_models.model.fit import fit

from ..conftest import cells_of, simulate


@settings(max_examples=60)
@given(st.integers(2, 7), st.integers(0, 2**21))
def test_letters_are_shared_exactly_without_a_difference(size, bits):
    different = np.zeros((size, size), dtype=bool)
    for n, (i, j) in enumerate(itertools.combinations(range(size), 2)):
        different[i, j] = different[j, i] = bool(bits >> n & 1)
    letters = compact_letters(np.arange(size)[::-1], different)
    for i, j in itertools.combinations(range(size), 2):
        assert bool(set(letters[i]) & set(letters[j])) != different[i, j]


def test_letters_begin_at_the_lowest_estimate():
    different = np.ones((3, 3), dtype=bool) & ~np.eye(3, dtype=bool)
    assert compact_letters(np.array([0.3, 0.1, 0.2]), different) == ["c", "a", "b"]


@settings(max_examples=60)
@given(st.integers(2, 7), st.integers(0, 2**21))
def test_bars_join_runs_without_any_difference_and_are_longest(size, bits):
    different = np.zeros((size, size), dtype=bool)
    for n, (i, j) in enumerate(itertools.combinations(range(size), 2)):
        different[i, j] = different[j, i] = bool(bits >> n & 1)
    bars = critical_difference_groups(range(size), different)
    runs = [
        tuple(range(a, b + 1))
        for a in range(size)
        for b in range(a + 1, size)
        if not any(different[i, j] for i, j in itertools.combinations(range(a, b + 1), 2))
    ]
    assert bars == [run for run in runs if not any(set(run) < set(other) for other in runs)]


def test_custom_contrasts_are_read():
    levels = ("HB", "PB", "RS")
    assert contrast_weights("HB - 0.5*PB - 0.5 * RS", levels).tolist() == [1.0, -0.5, -0.5]
    assert contrast_weights("-RS + PB", levels).tolist() == [0.0, 1.0, -1.0]
    with pytest.raises(DataError, match="Cannot read the contrast"):
        contrast_weights("HB - XX", levels)


@pytest.mark.parametrize("method", ["tukey", "dunnett", "holm", "none"])
def test_without_degrees_of_freedom_nothing_is_told_apart(method):
    """A singular fit may know nothing of its variances: p is 1 and there is no interval, whatever the difference."""
    rows = simulate(np.random.default_rng(0))
    formula = "y ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
    found = fit(formula, cells_of(formula, rows))
    known = satterthwaite(found)
    unknown = replace(known, parameters=known.parameters * 1e12)
    means = marginal_means(found, "algorithm")[0]
    pairs = (
        against_control(found, unknown, means, means.levels[0])
        if method == "dunnett"
        else pairwise(found, unknown, means, method)
    )
    assert (pairs.p_adjusted == 1.0).all()
    assert np.isnan(pairs.lower).all() and np.isnan(pairs.upper).all() and np.isnan(pairs.df).all()
    assert (known.df(means.matrix) > 0.01).all()
