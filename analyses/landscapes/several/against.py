"""Where an optimiser's trials fell on a landscape, which way its incumbent took, in which basin it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOT_THERE = "the incumbent has no loss on this landscape"


def place_runs(
    node: Mapping[str, Any], trial: Mapping[str, NDArray]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of `landscape_run` and `landscape_run_step`.

    Args:
        node: the columns of `landscape_node` that `characterise` returns.
        trial: one row a finished trial: `run_id`, `algorithm_id`, `seed` (NaN where unknown), `number`,
            `configuration_id`, and `seen`, the value that the optimiser saw, minimised (NaN where it saw none).
    """
    ranks, loss, basin = (np.asarray(node[name]) for name in ("configuration_id", "loss", "basin_id"))
    optimum = np.asarray(node["is_local_optimum"])
    best = float(loss.min())
    global_basins = np.unique(basin[loss == best])
    at = np.minimum(np.searchsorted(ranks, trial["configuration_id"]), ranks.size - 1)
    there = ranks[at] == trial["configuration_id"]
    runs, steps = [], []
    for run_id in np.unique(trial["run_id"]):
        rows = np.flatnonzero(trial["run_id"] == run_id)
        rows = rows[np.argsort(trial["number"][rows], kind="stable")]
        inside = rows[there[rows]]
        path = _incumbents(rows, trial["seen"])
        for row in path:
            steps.append(
                {
                    "run_id": int(run_id),
                    "trial_number": int(trial["number"][row]),
                    "configuration_id": int(trial["configuration_id"][row]),
                    "loss": float(loss[at[row]]) if there[row] else None,
                    "basin_id": int(basin[at[row]]) if there[row] else None,
                }
            )
        seed = float(trial["seed"][rows[0]])
        summary: dict[str, Any] = {
            "run_id": int(run_id),
            "algorithm_id": int(trial["algorithm_id"][rows[0]]),
            "seed": None if np.isnan(seed) else int(seed),
            "trial_count": int(rows.size),
            "distinct_count": int(np.unique(trial["configuration_id"][rows]).size),
            "basin_count": int(np.unique(basin[at[inside]]).size),
            "global_basin_share": float(np.isin(basin[at[inside]], global_basins).mean()) if inside.size else None,
        }
        final = path[-1] if path else None
        if final is None:
            summary["reason"] = "no trial has a value"
        elif not there[final]:
            summary |= {"final_configuration_id": int(trial["configuration_id"][final]), "reason": NOT_THERE}
        else:
            node_id = at[final]
            summary |= {
                "final_configuration_id": int(ranks[node_id]),
                "final_loss": float(loss[node_id]),
                "final_regret": float(loss[node_id]) - best,
                "final_basin_id": int(basin[node_id]),
                "is_final_optimum": bool(optimum[node_id]),
                "is_final_global_basin": bool(np.isin(basin[node_id], global_basins)),
            }
        runs.append(summary)
    return runs, steps


def _incumbents(rows: NDArray[np.int64], seen: NDArray[np.float64]) -> list[int]:
    """Return the trials that improved on all earlier ones by the value that the optimiser saw."""
    path, lowest = [], np.inf
    for row in rows:
        if seen[row] < lowest:
            lowest = float(seen[row])
            path.append(int(row))
    return path
