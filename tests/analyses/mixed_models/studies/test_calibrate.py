"""Shuffled labels: what stays, what the level is, and that a true difference stands out."""

from __future__ import annotations

import numpy as np
import pytest

from hpowh.analyses.mixed_models.model.cells import Cells, DataError, cells_from_rows
from hpowh.analyses.mixed_models.model.formula import parse_formula
from hpowh.analyses.mixed_models.studies.calibrate import (
    calibrate,
    calibration_rows,
    calibration_sentence,
    shuffled,
)

FORMULA = parse_formula("y ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)")


def drawn(effect: float, seed: int = 1) -> Cells:
    rng = np.random.default_rng(seed)
    y = rng.standard_normal((8, 3, 4)) + rng.standard_normal((8, 1, 1))
    y[:, 2] += effect
    b, a, _ = (index.ravel() for index in np.indices(y.shape))
    return cells_from_rows(y.ravel(), {"algorithm": np.array(list("ABC"))[a], "benchmark": b}, {})


def test_shuffling_moves_whole_cells_within_their_benchmark():
    cells = drawn(0.0)
    other = shuffled(cells, np.random.default_rng(0))
    assert (other.codes["algorithm"] != cells.codes["algorithm"]).any()
    for block in range(8):
        inside = cells.codes["benchmark"] == block
        assert sorted(other.codes["algorithm"][inside]) == [0, 1, 2]
    assert other.mean_y is cells.mean_y


def test_a_true_difference_has_the_smallest_calibrated_p_and_shuffles_have_none():
    found = calibrate(FORMULA, drawn(2.5), count=40, seed=3, variance="equal")
    rows = calibration_rows(found, FORMULA)
    pairs = {row["contrast"]: row["p_calibrated"] for row in rows["lmem_calibration_pair"]}
    assert pairs["A - C"] == pytest.approx(1 / 41)
    assert pairs["A - B"] > 0.05
    assert rows["lmem_calibration"][0]["replicate_count"] == 40
    assert found.rejected <= 8
    assert f"in {found.rejected} of 40" in calibration_sentence(found)


def test_labels_need_benchmarks():
    cells = cells_from_rows(np.arange(6.0), {"algorithm": np.array(list("AABBCC"))}, {})
    with pytest.raises(DataError, match="needs benchmark"):
        calibrate(parse_formula("y ~ algorithm"), cells, count=20, seed=0)
