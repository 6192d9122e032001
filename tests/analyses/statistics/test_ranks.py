"""Ranks are scipy's, by sorting and by counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from hpowh.analyses.statistics import ranks


@given(st.lists(st.sampled_from([-2.5, 0.0, 0.1, 3.0, np.inf]), min_size=1, max_size=30))
def test_numbers(values):
    values = np.array(values)
    assert ranks.ranked(values).tolist() == rankdata(values).tolist()
    order = np.argsort(values, kind="stable")
    assert ranks.average_ranks(values, order).tolist() == rankdata(values).tolist()


@pytest.mark.parametrize("most", [0, 1_000_000])
@given(values=st.lists(st.integers(-2, 8), min_size=1, max_size=30))
def test_whole_numbers_counted_or_sorted(most, values):
    counted, values = ranks.MOST_COUNTED, np.array(values)
    try:
        ranks.MOST_COUNTED = most
        assert ranks.ranked(values).tolist() == rankdata(values).tolist()
    finally:
        ranks.MOST_COUNTED = counted
