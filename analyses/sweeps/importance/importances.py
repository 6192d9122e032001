"""Rows of `result.sweep_importance`: one number a method and hyperparameter, each with what its model is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.importance import fanova, near_best
from hpowh.analyses.sweeps.importance.correlate import Correlation
from hpowh.analyses.sweeps.importance.linear import Linear
from hpowh.analyses.sweeps.importance.surrogate import verdict
from hpowh.analyses.sweeps.reading.columns import Floats
from hpowh.analyses.sweeps.reading.prepare import Prepared

Row = dict[str, Any]


class Importances:
    """Collects rows of `sweep_importance` and the numbers that the methods are compared by."""

    def __init__(self, add: Callable[[str, Sequence[Row]], None], prepared: Prepared) -> None:
        self.add_rows, self.prepared = add, prepared
        self.values: dict[str, dict[str, float]] = {}

    def add(self, method: str, importance: Floats, spread: dict[str, Floats], more: Row) -> None:
        """Add one row a hyperparameter, ranked from the largest."""
        names = self.prepared.names
        self.values[method] = dict(zip(names, importance.tolist(), strict=True))
        place = np.argsort(np.argsort(-importance, kind="stable"), kind="stable")
        verdicts = more.get("verdict")
        self.add_rows("sweep_importance", [
            {
                "method": method, "hyperparameter": name, "importance": float(importance[i]),
                "place": int(place[i]) + 1, **{key: float(values[i]) for key, values in spread.items()}, **more,
                "verdict": verdicts[i] if isinstance(verdicts, list) else verdicts,
            }
            for i, name in enumerate(names)
        ])  # fmt: skip

    def nothing(self, method: str, reason: str) -> None:
        """Add rows that say why there is no importance."""
        self.add_rows("sweep_importance", [
            {"method": method, "hyperparameter": name, "verdict": "unknown", "reason": reason}
            for name in self.prepared.names
        ])  # fmt: skip

    def correlations(self, found: Sequence[Correlation]) -> None:
        """Compare by |Spearman|, or the root of eta squared: both are then a correlation's size."""
        self.values["correlation"] = {
            c.hyperparameter: abs(c.coefficient) if c.method == "spearman" else c.coefficient**0.5
            for c in found
            if c.coefficient is not None and c.method != "pearson"
        }

    def linear(self, fit: Linear) -> None:
        """Add by how much least squares loses without the hyperparameter."""
        if fit.reason:
            self.nothing("ols_drop", fit.reason)
            return
        drops = np.array([fit.drop[name] for name in self.prepared.names])
        left_out = fit.r_squared_left_out
        self.add("ols_drop", drops, {}, {"r_squared": left_out, "verdict": verdict(left_out)})

    def pairs(self, forest: fanova.Fanova, more: Row) -> None:
        """Add the interactions."""
        names = self.prepared.names
        ordered = sorted(forest.pair.items(), key=lambda item: -item[1][0])
        self.add_rows("sweep_importance", [
            {"method": "fanova_pair", "hyperparameter": names[a], "hyperparameter_b": names[b], "importance": share,
             "deviation": sd, "place": place, **more}
            for place, ((a, b), (share, sd)) in enumerate(ordered, start=1)
        ])  # fmt: skip

    def near_best(self, prepared: Prepared, loss: Floats, seed: int, share: float) -> dict[str, float]:
        """Add PED-ANOVA of all configurations, its verdict by what chance alone gives; return its p-values."""
        try:
            found = near_best.near_best(prepared, loss, seed, share)
        except ValueError as error:
            self.nothing("near_best", str(error))
            return {}
        clear: NDArray[np.bool_] = found.importance > found.chance
        spread = {"lower": found.lower, "upper": found.upper, "chance": found.chance}
        verdicts = ["usable" if one else "worthless" for one in clear]
        self.add("near_best", found.importance, spread, {"verdict": verdicts})
        return dict(zip(prepared.names, found.p.tolist(), strict=True))
