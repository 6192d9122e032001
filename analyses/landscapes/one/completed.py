"""The numbers of a landscape with holes: means over its completions, with the interval between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.completing import MAX_CELLS, MIN_CONFIGURATIONS
from hpowh.analyses.landscapes.one.incomplete import STRUCTURE_COVERAGE
from hpowh.analyses.landscapes.values import percent

Columns = Mapping[str, Any]
Tables = Mapping[str, Columns]

IMPUTATIONS = 5
"""Completions of a landscape: enough for an interval (Student's t with four degrees of freedom makes up for so few)."""
FACTS = frozenset(("n_configurations", "coverage", "n_edges", "n_ties", "n_isolated", "loss_best", "loss_worst"))
"""Metrics that say what was evaluated; they are not completed."""
CORRELATIONS = ("assortativity", "fdc", "ndc", "basin_depth_correlation")
SHARES = ("neutrality", "near_best", "variance", "interaction", "monotone_share", "plateau_share", "basin_global_share",
          "basin_gini", "lo_ratio")  # fmt: skip
ANY_SIGN = ("loss_",)
INTERVALS = {"main_share": "main", "total_share": "total", "pair_share": "pair"}
"""Columns of shares that have an interval, and what its two columns' names begin with."""


def can_be_completed(surface: Surface) -> bool:
    """Return whether a landscape has holes that are filled by draws."""
    return (
        not surface.is_complete
        and surface.coverage >= STRUCTURE_COVERAGE
        and surface.size >= MIN_CONFIGURATIONS
        and surface.space.cardinality <= MAX_CELLS
        and bool(surface.ordered[0] < surface.ordered[-1])
    )


def completion_sentence(surface: Surface) -> str:
    """Return what must be said beside every number of a completed landscape."""
    cells = surface.space.cardinality
    return (
        f"{cells - surface.size:,} of {cells:,} configurations ({percent(1 - surface.coverage)}) have no value and "
        f"were imputed {IMPUTATIONS} times by draws of a random field that is as smooth as what was evaluated: metrics "
        "and importances are means over these completions, with 95 % intervals between them, if what is missing is no "
        "other than its surroundings tell; lists of optima, networks' edges and maps show what was evaluated."
    )


def completed_tables(surface: Surface, seen: Tables, completed: Sequence[Tables]) -> dict[str, Columns]:
    """Return the tables of what was evaluated, its metrics and importances replaced by those of the completions.

    An interval is that of one more draw, which the truth is by assumption: mean -+ t sqrt((1 + 1 / m) B), B the
    variance between the m completions. Nothing varies within one: all its cells are there.
    """
    tables = dict(seen)
    tables["landscape_metric"] = _metrics(surface, seen["landscape_metric"], [x["landscape_metric"] for x in completed])
    for name in ("landscape_quantile", "landscape_neutrality", "landscape_autocorrelation"):
        tables[name] = _means(seen[name], [one[name] for one in completed])
    cells = surface.space.cardinality
    method = f"exact on {len(completed)} completions, {cells - surface.size:,} of {cells:,} cells imputed"
    for name in ("landscape_importance", "landscape_interaction"):
        if name in completed[0]:
            tables[name] = _shares(completed[0][name], [one[name] for one in completed])
    if "landscape_importance" in tables:
        importance = dict(tables["landscape_importance"])
        importance["method"] = [method] * len(importance["method"])
        tables["landscape_importance"] = importance
    return tables


def _metrics(surface: Surface, seen: Columns, completed: Sequence[Columns]) -> Columns:
    """Return each metric as its mean and interval; what is known for sure, and how much was imputed, without one."""
    known = {name: at for at, name in enumerate(seen["name"])}
    rows: list[dict[str, Any]] = []
    for at, name in enumerate(completed[0]["name"]):
        row = {key: completed[0][key][at] for key in completed[0]}
        mine = known.get(name)
        if mine is not None:
            row["pair_count"] = seen["pair_count"][mine]
        if name in FACTS and mine is not None:
            row = {key: seen[key][mine] for key in seen}
        else:
            found = [_at(one, name) for one in completed]
            values = [value for value in found if value is not None]
            if len(values) == len(found):
                row["value"], row["lower"], row["upper"] = interval(name, values)
            else:
                row["value"] = None
                row["reason"] = row["reason"] or "some completions have none"
        rows.append(row)
    missing = 1 - surface.coverage
    rows.append({"name": "imputed_share", "value": missing, "reason": None, "lower": None, "upper": None,
                 "pair_count": surface.space.cardinality - surface.size})  # fmt: skip
    return {key: [row[key] for row in rows] for key in seen}


def _at(table: Columns, name: str) -> float | None:
    names = list(table["name"])
    return table["value"][names.index(name)] if name in names else None


def interval(name: str, values: Sequence[float]) -> tuple[float, float, float]:
    """Return mean and 95 % interval of one more draw like the given ones, within what the metric can be."""
    from scipy.special import stdtrit

    numbers = np.asarray(values, dtype=np.float64)
    count, mean = numbers.size, float(numbers.mean())
    half = float(stdtrit(count - 1, 0.975) * np.sqrt((1 + 1 / count) * numbers.var(ddof=1)))
    low, high = _bounds(name)
    return mean, max(mean - half, low), min(mean + half, high)


def _bounds(name: str) -> tuple[float, float]:
    if name.startswith(CORRELATIONS):
        return -1.0, 1.0
    if name.startswith(SHARES):
        return 0.0, 1.0
    return (-np.inf, np.inf) if name.startswith(ANY_SIGN) else (0.0, np.inf)


def _means(seen: Columns, completed: Sequence[Columns]) -> Columns:
    """Return a table's numbers as means over the completions; counts of pairs stay those that were evaluated."""
    table = dict(completed[0])
    for name, values in completed[0].items():
        if name == "pair_count" and len(seen.get(name, ())) == len(values):
            table[name] = seen[name]
        elif name != "reason":
            table[name] = _mean_column([one[name] for one in completed])
    return table


def _mean_column(columns: Sequence[Any]) -> list[Any]:
    """Return the mean of each row over the completions, None where one has none; texts as they are."""
    return [
        None if any(value is None for value in row) else row[0] if isinstance(row[0], str) else float(np.mean(row))
        for row in zip(*columns, strict=True)
    ]


WHOLE = ("position", "position_a", "position_b", "square_count", "reason")


def _shares(first: Columns, completed: Sequence[Columns]) -> Columns:
    """Return a table of shares as means, with the intervals' columns."""
    table = dict(first)
    for name in first:
        columns = [one[name] for one in completed]
        if name not in WHOLE:
            table[name] = _mean_column(columns)
        if name in INTERVALS:
            ends = [
                (None, None, None) if any(value is None for value in row) else interval("variance", row)
                for row in zip(*columns, strict=True)
            ]
            table[f"{INTERVALS[name]}_lower"] = [low for _, low, _ in ends]
            table[f"{INTERVALS[name]}_upper"] = [high for _, _, high in ends]
    return table
