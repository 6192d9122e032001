"""Put the sums of runs together into cells.

Sums of squares are turned into scatter about each run's mean, S = sum y^2 - n m^2, and runs into cells by the formula
for pooled samples, S = sum (S_r + n_r (m_r - m)^2) (Chan, Golub & LeVeque 1983, equation 2.1). The subtraction is where
digits go: `is_exact_enough` bounds what rounding may have done to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.mixed_models.model.cells import Cells, DataError, Floats, Integers
from hpowh.analyses.mixed_models.reading.moments import NOTHING_FINITE, NOTHING_SELECTED, level_order

if TYPE_CHECKING:
    from hpowh.analyses.mixed_models.reading.by_run import RunPlan

LOSS = 1e-10
"""The share of the scatter that rounding may have changed: far below what a log-likelihood shows."""

Sums = Mapping[str, NDArray[np.generic]]
Columns = Mapping[str, NDArray[Any]]
"""Columns of an answer, masked where they have NULLs."""


def is_exact_enough(sums: Sums, count: int) -> bool:
    """Whether every row is usable and the scatter of response and products within runs survives the subtraction.

    Rounding in a sum of n squares is bounded by about sqrt(n) units in the last place of the sum (n at worst, with
    errors all of one sign).

    Args:
        sums: the answer of `RunPlan.sums`; `count`: how many products there are.
    """
    n = _floats(sums["n"])
    counts = [sums["n"], *(sums[f"n{i}"] for i in range(count))]
    if any((np.asarray(each) != np.asarray(sums["rows"])).any() for each in counts):
        return False
    for first, second in [("y", "yy"), *((f"x{i}", f"x{i}x{i}") for i in range(count))]:
        total, squares = _floats(sums[first]), _floats(sums[second])
        if not (np.isfinite(total).all() and np.isfinite(squares).all()):
            return False
        scatter = float(np.maximum(squares - total**2 / n, 0.0).sum())
        lost = float((np.sqrt(n) * np.finfo(float).eps * squares).sum())
        if lost > LOSS * scatter:
            return False
    return True


def cells_from_runs(
    plan: RunPlan,
    sums: Sums,
    runs: Columns,
    names: Mapping[str, Mapping[int, str]],
    shift: float,
    shifts: Sequence[float],
) -> tuple[Cells, list[NDArray[Any]]]:
    """Return the cells of a plan, and the value of every key in each of them as the database has it.

    Args:
        runs: the answer of `RunPlan.runs`; `names`: for `algorithm` and `benchmark`, the name of every id.
        shift: what the response was measured from; `shifts`: what the distinct products were.

    Raises:
        DataError: no row is left, with how many there were.
    """
    rows, place = _matched(sums, runs)
    factors = _factors(plan, runs)
    keys = [_encoded(runs[f"k{i}"]) for i in range(len(plan.plan.keys))]
    usable = place >= 0
    for code, _ in keys:
        usable &= code[place] >= 0
    for factor in factors:
        usable &= np.isfinite(factor[place])
    selected = float(rows[place >= 0].sum())
    if not selected:
        raise DataError(NOTHING_SELECTED)
    if not usable.any():
        raise DataError(NOTHING_FINITE.format(int(selected)))
    place = place[usable]
    moments = _run_moments(plan, {name: _floats(values)[usable] for name, values in sums.items()}, shifts)
    codes: dict[str, Integers] = {}
    levels: dict[str, tuple[str, ...]] = {}
    raw: list[NDArray[Any]] = []
    for (name, is_named), (code, known) in zip(plan.plan.keys, keys, strict=True):
        codes[name], levels[name], present = _leveled(code[place], known, names[name] if is_named else None)
        raw.append(present)
    group, first = _grouped(codes, levels, len(place))
    return (
        _pooled(plan, moments, [factor[place] for factor in factors], group, first, codes, levels, shift, selected),
        [values[first] for values in raw],
    )


def _matched(sums: Sums, runs: Columns) -> tuple[Floats, Integers]:
    """Return the rows of every summed run, and its row in the table of runs (-1 where the run is not selected)."""
    wanted = np.asarray(runs["run_id"])
    is_ordered = bool((wanted[1:] > wanted[:-1]).all())
    order = np.arange(len(wanted)) if is_ordered else np.argsort(wanted, kind="stable")
    found = np.asarray(sums["run"])
    rows = _floats(sums["rows"])
    if not len(wanted):
        return rows, np.full(len(found), -1)
    at = np.minimum(np.searchsorted(wanted[order], found), len(wanted) - 1)
    place = order[at]
    return rows, np.where(wanted[place] == found, place, -1).astype(np.int64)


def _factors(plan: RunPlan, runs: Columns) -> list[Floats]:
    """Return the run's factor of every monomial; 1 where all of it is the point's."""
    found = []
    for i in range(len(plan.products)):
        if f"u{i}" in runs:
            found.append(_floats(runs[f"u{i}"]))
        else:
            found.append(np.ones(len(runs["run_id"])))
    return found


def _encoded(column: NDArray[Any]) -> tuple[Integers, NDArray[Any]]:
    """Return the code of every value (-1 for NULL and what is not finite), and the distinct values."""
    values = np.ma.getdata(column)
    is_there = ~np.ma.getmaskarray(column)
    if values.dtype == object:
        known: dict[Any, int] = {}
        listed = [
            known.setdefault(value, len(known)) if there else -1 for value, there in zip(values, is_there, strict=True)
        ]
        distinct = np.empty(len(known), dtype=object)
        distinct[:] = list(known)
        return np.array(listed, dtype=np.int64), distinct
    if values.dtype.kind == "f":
        is_there &= np.isfinite(values)
    distinct, inverse = np.unique(values[is_there], return_inverse=True)
    codes = np.full(len(values), -1, dtype=np.int64)
    codes[is_there] = inverse
    return codes, distinct


def _leveled(
    codes: Integers, values: NDArray[Any], names: Mapping[int, str] | None
) -> tuple[Integers, tuple[str, ...], NDArray[Any]]:
    """Return level numbers, the levels that occur in their order, and the value of every entry."""
    present = np.flatnonzero(np.bincount(codes, minlength=len(values)))
    labels, order = level_order(values[present], names)
    rank = np.empty(len(values), dtype=np.int64)
    rank[present[order]] = np.arange(len(order))
    return rank[codes], labels, values[codes]


def _grouped(
    codes: Mapping[str, Integers], levels: Mapping[str, Sequence[str]], size: int
) -> tuple[Integers, Integers]:
    """Return the cell number of every run and the first run of every cell."""
    code, span = np.zeros(size, dtype=np.int64), 1
    for name, values in codes.items():
        code, span = code * len(levels[name]) + values, span * len(levels[name])
    if span > 4 * size:
        _, first, group = np.unique(code, return_index=True, return_inverse=True)
        return group.astype(np.int64), first
    is_there = np.zeros(span, dtype=bool)
    is_there[code] = True
    group = (np.cumsum(is_there) - 1)[code]
    first = np.empty(group.max() + 1, dtype=np.int64)
    first[group[::-1]] = np.arange(size)[::-1]
    return group, first


def _run_moments(plan: RunPlan, sums: Mapping[str, Floats], shifts: Sequence[float]) -> dict[str, Floats]:
    """Return n, means and scatter of the response and the distinct products within runs."""
    n = sums["n"]
    found = {"n": n, "my": sums["y"] / n, "syy": np.maximum(sums["yy"] - sums["y"] ** 2 / n, 0.0)}
    for i in range(len(plan.distinct_products)):
        x = sums[f"x{i}"]
        found[f"m{i}"] = shifts[i] + x / n
        found[f"s{i}y"] = sums[f"x{i}y"] - x * sums["y"] / n
        for j in range(i + 1):
            scatter = sums[f"x{i}x{j}"] - x * sums[f"x{j}"] / n
            found[f"s{i},{j}"] = np.maximum(scatter, 0.0) if i == j else scatter
            found[f"s{j},{i}"] = found[f"s{i},{j}"]
    return found


def _pooled(
    plan: RunPlan,
    moments: Mapping[str, Floats],
    factors: Sequence[Floats],
    group: Integers,
    first: Integers,
    codes: Mapping[str, Integers],
    levels: Mapping[str, tuple[str, ...]],
    shift: float,
    selected: float,
) -> Cells:
    """Pool runs into cells; a monomial's moments are its product's, times the run's factor."""
    size, k = len(first), len(plan.products)
    n = moments["n"]
    count = np.asarray(np.bincount(group, weights=n, minlength=size), dtype=np.float64)

    def total(values: Floats) -> Floats:
        return np.bincount(group, weights=values, minlength=size).astype(float)

    distinct = {product: i for i, product in enumerate(plan.distinct_products)}
    at = [distinct.get(product) for product in plan.products]
    means = [factors[i] * (moments[f"m{j}"] if j is not None else 1.0) for i, j in enumerate(at)]
    mean_y = total(n * moments["my"]) / count
    off_y = moments["my"] - mean_y[group]
    mean_x = [total(n * mean) / count for mean in means]
    off_x = [mean - center[group] for mean, center in zip(means, mean_x, strict=True)]
    scatter_x, scatter_xy = np.zeros((size, k, k)), np.zeros((size, k))
    for i, j in enumerate(at):
        within = factors[i] * moments[f"s{j}y"] if j is not None else 0.0
        scatter_xy[:, i] = total(within + n * off_x[i] * off_y)
        for other, m in enumerate(at[: i + 1]):
            both = j is not None and m is not None
            within = factors[i] * factors[other] * moments[f"s{j},{m}"] if both else 0.0
            scatter_x[:, i, other] = scatter_x[:, other, i] = total(within + n * off_x[i] * off_x[other])
    return Cells(
        codes={name: values[first] for name, values in codes.items()},
        levels=levels,
        monomials=plan.plan.monomials,
        count=count,
        mean_y=mean_y,
        scatter_y=total(moments["syy"] + n * off_y**2),
        mean_x=np.column_stack(mean_x) if k else np.zeros((size, 0)),
        scatter_x=scatter_x,
        scatter_xy=scatter_xy,
        shift=shift,
        excluded=int(selected - count.sum()),
    )


def _floats(values: NDArray[np.generic]) -> Floats:
    return np.asarray(np.ma.filled(np.ma.asarray(values), np.nan) if np.ma.isMaskedArray(values) else values, float)
