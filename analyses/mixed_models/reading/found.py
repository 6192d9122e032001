"""Cells that were found, and what is worked out of rows beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Cells
from hpowh.analyses.mixed_models.reading.query import Plan, residual_query


@dataclass(frozen=True)
class Found:
    """Cells, the plan they were read by, and the value of every key in each cell as the database has it."""

    cells: Cells
    plan: Plan
    keys: Sequence[Any]


def residual_sums_of(
    connection: Any,
    ask: Callable[[str], Mapping[str, Any]],
    found: Found,
    coefficients: Any,
    middle: Any,
    sds: Any,
) -> dict[str, Any]:
    """Ask the residual query for the cells that were found, on a connection; see `Reader.residual_sums`."""
    import pyarrow as pa

    columns: dict[str, Any] = {"cell": np.arange(len(found.cells.count))}
    for i, values in enumerate(found.keys):
        columns[f"k{i}"] = values.tolist() if values.dtype == object else values
    columns |= {f"c{i}": coefficients[:, i] for i in range(coefficients.shape[1])}
    columns |= {"middle": middle, "sd": sds}
    connection.register("fitted_cell", pa.table(columns))
    try:
        return dict(ask(residual_query(found.plan)))
    finally:
        connection.unregister("fitted_cell")


def rank_correlation(first: Any, second: Any, block: Any) -> float:
    """Return Spearman's rank correlation within blocks, all blocks together; NaN where there is no variation."""
    from scipy.stats import rankdata

    places = [np.flatnonzero(block == one) for one in np.unique(block)]
    pairs = [[rankdata(values[place]) - (len(place) + 1) / 2 for values in (first, second)] for place in places]
    along, one, other = (sum(float(pair[i] @ pair[j]) for pair in pairs) for i, j in ((0, 1), (0, 0), (1, 1)))
    return along / float(np.sqrt(one * other)) if one and other else float("nan")


def finite_means(sample: Mapping[str, Any]) -> list[float]:
    """Return the mean of each column's finite values; 0 where there is none."""
    columns: list[Any] = [np.ma.asarray(values, dtype=float).filled(np.nan) for values in sample.values()]
    finite = [values[np.isfinite(values)] for values in columns]
    return [float(values.mean()) if len(values) else 0.0 for values in finite]
