"""A number that stands for failures is told beside whatever is said of the metric."""

from __future__ import annotations

import numpy as np
import pytest

from hpowh.analyses.sweeps.reading.codes import Code, code_of
from hpowh.analyses.sweeps.result import Result
from hpowh.analyses.sweeps.statements import statements

OTHERS = [0.1, 0.4, 0.2, 0.3, 0.9]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ([999.0, 999.0], Code(999.0, 2)),
        ([-1.0, -1.0, -1.0], Code(-1.0, 3)),
        ([999.0], None),  # one alone may have diverged
        ([999.0, 998.0], None),
        ([1.5, 1.5], None),  # no farther than the others are apart
        ([999.0] * 6, None),  # most trials are no exception
        ([], None),
    ],
)
def test_a_repeated_value_far_from_all_others(more: list[float], found: Code | None):
    metric = np.array(OTHERS + more)
    assert code_of(metric) == found
    assert code_of(1e6 * metric + 3e6) == (found and Code(1e6 * found.value + 3e6, found.count))


def test_the_headline_does_not_go_without_it():
    said = statements(Result(code=Code(999.0, 47)), "val_loss")
    assert said[0].sentence.endswith("(hpowh ingest … --option failed-value=999 loads them as failed).")
    assert "val_loss is 999 in 47 trials, farther from all others" in said[0].sentence
    assert "999" not in statements(Result(), "val_loss")[0].sentence
