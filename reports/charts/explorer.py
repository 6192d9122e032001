"""Run-level data for a page that computes means, ranks, targets reached and running times of whatever is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

MOST_POINTS = 25
"""So many budgets of a benchmark are kept, evenly over its axis: the first and the last are among them."""
MOST_RUNS = 4000
"""Experiments of more runs are not explored on the page: their data would be larger than all its figures."""
DIGITS = 4


def kept(count: int) -> list[int]:
    """Return the places of the budgets that are kept of so many."""
    if count <= MOST_POINTS:
        return list(range(count))
    return sorted({round(i * (count - 1) / (MOST_POINTS - 1)) for i in range(MOST_POINTS)})


def packed(rows: Sequence[Row], token: Callable[[str], str], dash: Callable[[str], str]) -> dict[str, Any]:
    """Return the runs as plain lists.

    Returns:
        `algorithms` (name, colour token, dash), `benchmarks` (names, with their metric where it is not one for all),
        `settings`, `axes` (lists of budgets), and `runs`: algorithm, benchmark, setting, seed, axis, regrets at the
        axis's budgets (four significant digits).
    """
    algorithms, settings = _distinct(row["algorithm"] for row in rows), _distinct(row["setting"] for row in rows)
    pairs = list(dict.fromkeys((row["benchmark"], row["metric"]) for row in rows))
    names = [one for one, _ in pairs]
    benchmarks = [name if names.count(name) == 1 else f"{name}: {metric}" for name, metric in pairs]
    axes: list[list[float]] = []
    runs = []
    for row in rows:
        places = kept(len(row["budgets"]))
        budgets = [row["budgets"][place] for place in places]
        if budgets not in axes:
            axes.append(budgets)
        runs.append(
            [
                algorithms.index(row["algorithm"]),
                pairs.index((row["benchmark"], row["metric"])),
                settings.index(row["setting"]),
                row["seed"],
                axes.index(budgets),
                [float(f"{row['regrets'][place]:.{DIGITS}g}") for place in places],
            ]
        )
    return {
        "algorithms": [[name, token(name), dash(name)] for name in algorithms],
        "benchmarks": benchmarks,
        "settings": settings,
        "axes": axes,
        "runs": runs,
    }


def _distinct(values: Any) -> list[str]:
    return list(dict.fromkeys(values))
