"""Silverman's test: two groups are two modes, one group is one, and the level is held."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hpowh.analyses.statistics.modes import two_modes


def test_two_groups_have_two_modes_where_they_are():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(1.0, 0.2, 25), rng.normal(4.0, 0.2, 25)])
    found = two_modes(values)
    assert found.p_value < 0.02
    assert [found.lower, found.upper] == pytest.approx([1.0, 4.0], abs=0.5)
    unit = two_modes(values * 1e-9 + 5.0, draws=100)
    assert unit.p_value < 0.05


def test_what_cannot_be_tested_has_a_reason():
    assert "fewer than" in str(two_modes(np.arange(5.0)).reason)
    assert "do not differ" in str(two_modes(np.full(20, 3.0)).reason)


@pytest.mark.parametrize("count", [20, pytest.param(400, marks=pytest.mark.slow)], ids=["reduced", "whole"])
def test_one_mode_is_seldom_taken_for_two(count):
    rng = np.random.default_rng(1)
    hits = sum(two_modes(rng.standard_normal(40), draws=60).p_value < 0.05 for _ in range(count))
    assert hits <= stats.binom.isf(0.001, count, 0.05)
