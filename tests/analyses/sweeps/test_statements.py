"""Single sentences of a sweep, on rows worked out by hand."""

from __future__ import annotations

import pytest

from hpowh.analyses.sweeps.saying.hyperparameters import at_edge

UPPER, LOWER = ", at the upper end of what was tried", ", at the lower end of what was tried"


@pytest.mark.parametrize(
    ("best", "tried", "is_log", "said"),
    [
        ((0.003, 0.007), (1e-4, 0.08), False, ""),  # the middle of the decades, whatever the scale was
        ((1e-4, 3e-4), (1e-4, 0.08), False, LOWER),
        ((1e-4, 3e-4), (1e-4, 0.08), True, LOWER),
        ((0.078, 0.08), (1e-4, 0.08), False, UPPER),
        ((0.05, 0.08), (1e-4, 0.08), True, UPPER),
        ((1.0, 1.2), (1.0, 4.0), False, LOWER),
        ((-4.9, -4.0), (-5.0, 5.0), False, LOWER),
        ((2.0, 2.0), (2.0, 2.0), False, ""),
    ],
)
def test_an_end_is_said_only_where_it_is_one_on_every_scale_that_may_be_meant(best, tried, is_log, said):
    row = {"lower": best[0], "upper": best[1], "tried_lower": tried[0], "tried_upper": tried[1]}
    assert at_edge(row, is_log) == said
