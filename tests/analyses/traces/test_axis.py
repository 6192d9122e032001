"""The common budget axis: recorded budgets between its two ends (their rule: reading/test_quantities)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpowh.analyses.traces.axis import NoCommonBudgetError, choose_axis, step_weights, thin


def test_axis_lies_between_the_two_budgets():
    assert choose_axis(3.0, 7.0, np.array([9.0, 1, 2, 3, 4, 7, 8])).budgets.tolist() == [3, 4, 7]


def test_no_usable_value_at_all_is_an_error_that_says_so():
    with pytest.raises(NoCommonBudgetError, match="no run has a usable value"):
        choose_axis(None, None, np.array([1.0, 2.0]))


def test_ranges_that_do_not_meet_are_an_error_that_says_so():
    with pytest.raises(NoCommonBudgetError, match="no budget that every algorithm reaches"):
        choose_axis(5.0, 2.0, np.array([1.0, 2.0, 5.0, 9.0]))


def test_budgets_over_more_than_two_orders_are_thinned_by_logarithm():
    chosen, scale = thin(np.arange(1.0, 10_001.0))
    assert scale == "log"
    assert chosen[0] == 1 and chosen[-1] == 10_000 and chosen.size <= 100
    assert chosen.size > 50
    ratios = chosen[1:] / chosen[:-1]
    assert ratios[-20:].max() / ratios[-20:].min() < 1.01


def test_budgets_within_two_orders_are_thinned_evenly():
    chosen, scale = thin(np.linspace(10.0, 1000.0, 991))
    assert scale == "linear"
    assert chosen.size == 100
    assert np.diff(chosen).max() <= 11 and np.diff(chosen).min() >= 9


def test_zero_budget_is_never_spaced_by_logarithm():
    assert thin(np.array([0.0, 1.0, 1e6]))[1] == "linear"


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=400, unique=True), st.integers(2, 120))
def test_thinning_keeps_recorded_budgets_and_both_ends(budgets: list[float], limit: int):
    given_ = np.array(sorted(budgets))
    chosen, _ = thin(given_, limit)
    assert set(chosen) <= set(given_)
    assert chosen[0] == given_[0] and chosen[-1] == given_[-1]
    assert (np.diff(chosen) > 0).all()
    assert chosen.size <= max(limit, 1)


def test_weights_are_the_widths_of_the_steps():
    assert step_weights(np.array([1.0, 2.0, 5.0]), "linear").tolist() == [0.25, 0.75, 0.0]
    assert step_weights(np.array([1.0, 10.0, 1000.0]), "log") == pytest.approx([1 / 3, 2 / 3, 0.0])
    assert step_weights(np.array([7.0]), "linear").tolist() == [1.0]
