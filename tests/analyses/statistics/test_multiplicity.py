"""Adjusted p-values beside statsmodels' and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from hpowh.analyses.statistics.multiplicity import benjamini_hochberg, holm


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_both_agree_with_statsmodels(p_values):
    p = np.array(p_values)
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1])


def test_holm_by_hand():
    """The second may not be smaller than the first, and none is more than 1."""
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])
    assert holm(np.array([0.8, 0.6])) == pytest.approx([1.0, 1.0])


def test_unknown_p_values_stay_and_do_not_count():
    given = np.array([0.01, np.nan, 0.04])
    for adjust in (holm, benjamini_hochberg):
        adjusted = adjust(given)
        assert np.isnan(adjusted[1])
        assert adjusted[[0, 2]] == pytest.approx([0.02, 0.04])
    assert given[0] == 0.01  # the caller's array is left alone
    assert holm(np.array([])).size == 0
