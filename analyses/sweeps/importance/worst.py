"""Importances with trials that failed or diverged as the worst ones: survivors are not drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hpowh.analyses.sweeps.importance.importances import Importances
from hpowh.analyses.sweeps.importance.surrogate import fit_surrogate
from hpowh.analyses.sweeps.reading.columns import Floats, Raw
from hpowh.analyses.sweeps.reading.configurations import configurations, repeat_columns
from hpowh.analyses.sweeps.reading.prepare import TooLittleError, prepare

METHOD = "permutation_worst"
SAMPLE = 2000
"""Of more trials than this so many are used, drawn at random."""


def with_failures(raw: Sequence[Raw], loss: Floats, seed: int) -> list[dict[str, Any]]:
    """Return rows of `sweep_importance`: permutation importances of ranks, trials without a value last.

    Ranks, since how much worse a failure is than the worst value is known to nobody.

    Args:
        raw: hyperparameters of the trials that ended. loss: lower is better; NaN where a trial failed or diverged.
    """
    if loss.size > SAMPLE:
        rows = np.sort(np.random.default_rng(seed).choice(loss.size, SAMPLE, replace=False))
        raw, loss = [one.take(rows) for one in raw], loss[rows]
    repeats = repeat_columns(raw)
    _, rank = np.unique(np.where(np.isnan(loss), np.inf, loss), return_inverse=True)
    groups = configurations([one for one in raw if one.name not in repeats], rank.astype(float))
    found: list[dict[str, Any]] = []
    try:
        prepared = prepare([one.take(groups.first) for one in raw], repeats)
        spread = float(groups.mean.std()) or 1.0
        fit = fit_surrogate(prepared, (groups.mean - groups.mean.mean()) / spread, seed)
    except (TooLittleError, ValueError):
        return found
    Importances(lambda _table, rows: found.extend(rows), prepared).add(
        METHOD, fit.permutation, {"deviation": fit.permutation_sd}, {"r_squared": fit.r_squared, "verdict": fit.verdict}
    )
    return found
