"""Nodes and weights are NumPy's, and integrate what they should."""

from __future__ import annotations

import numpy as np
import pytest

from hpowh.analyses.statistics.quadrature import leggauss


@pytest.mark.parametrize("count", [2, 3, 7, 96, 128, 192])
def test_nodes_and_weights(count):
    nodes, weights = leggauss(count)
    wanted = np.polynomial.legendre.leggauss(count)
    np.testing.assert_allclose(nodes, wanted[0], atol=4e-16)
    np.testing.assert_allclose(weights, wanted[1], rtol=1e-10)  # at the ends its own lose four digits
    degree = 2 * count - 2
    assert weights @ nodes**degree == pytest.approx(2 / (degree + 1), rel=1e-11)
    assert weights.sum() == pytest.approx(2.0, rel=1e-14)
