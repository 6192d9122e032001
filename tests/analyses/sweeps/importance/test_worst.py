"""Importances with failed trials as the worst ones."""

import numpy as np

from hpowh.analyses.sweeps.importance.worst import with_failures
from hpowh.analyses.sweeps.reading.columns import Raw


def test_what_decides_failure_matters_most_once_failures_are_the_worst():
    x = np.random.default_rng(0).uniform(size=(60, 2))
    loss = np.where(x[:, 0] > 0.6, np.nan, x[:, 1])  # of survivors, b is all that matters
    raw = [Raw(name, x[:, j], [str(v) for v in x[:, j]], None) for j, name in enumerate("ab")]
    first = next(row for row in with_failures(raw, loss, 0) if row["place"] == 1)
    assert first["hyperparameter"] == "a" and first["verdict"] == "usable"
