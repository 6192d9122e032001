"""Read the answer of the cell query into cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.mixed_models.model.cells import Cells, DataError, Floats, Integers, level_text
from hpowh.analyses.mixed_models.reading.query import Plan

NOTHING_SELECTED = "No row is selected: look at the experiment's name, the condition and the budget."
NOTHING_FINITE = (
    "None of the {} selected rows has a finite response and all variables of the model; one that no row has, such as a "
    "seed in a table of one value each, leaves nothing."
)


def cells_from_moments(
    plan: Plan, found: Mapping[str, NDArray[np.generic]], names: Mapping[str, Mapping[int, str]], shift: float
) -> tuple[Cells, list[NDArray[np.generic]]]:
    """Return the cells of a plan, and the value of every key in each of them as the database has it.

    Args:
        found: the cell query's columns as NumPy arrays, masked where NULL.
        names: for `algorithm` and `benchmark`, the name of every id.

    Raises:
        DataError: no row is left, with how many there were.
    """
    count = _filled(found["n"])
    rows = float(_filled(found["rows"]).sum()) if len(count) else 0.0
    usable = count > 0
    for i in range(len(plan.keys)):
        mask = np.ma.getmaskarray(np.ma.asarray(found[f"k{i}"]))
        usable &= ~mask
        values = np.ma.asarray(found[f"k{i}"])
        if values.dtype.kind == "f":
            usable &= np.isfinite(_filled(values))
    if not usable.any():
        if rows:
            raise DataError(NOTHING_FINITE.format(int(rows)))
        raise DataError(NOTHING_SELECTED)
    codes: dict[str, Integers] = {}
    levels: dict[str, tuple[str, ...]] = {}
    raw: list[NDArray[np.generic]] = [
        np.ma.getdata(np.ma.asarray(found[f"k{i}"]))[usable] for i in range(len(plan.keys))
    ]
    for keys, (name, is_named) in zip(raw, plan.keys, strict=True):
        codes[name], levels[name] = _coded(keys, names[name] if is_named else None)
    k = len(plan.monomials)
    take = {column: _filled(found[column])[usable] for column in found if column[0] in "ms"}
    scatter = np.zeros((int(usable.sum()), k, k))
    for i in range(k):
        for j in range(i + 1):
            scatter[:, i, j] = scatter[:, j, i] = take[f"s_x{i}_x{j}"]
    cells = Cells(
        codes=codes,
        levels=levels,
        monomials=plan.monomials,
        count=count[usable],
        mean_y=take["mean_y"],
        scatter_y=np.maximum(take["s_y"], 0.0),
        mean_x=np.column_stack([take[f"mean_x{i}"] for i in range(k)]) if k else np.zeros((int(usable.sum()), 0)),
        scatter_x=scatter,
        scatter_xy=np.column_stack([take[f"s_x{i}_y"] for i in range(k)]) if k else np.zeros((int(usable.sum()), 0)),
        shift=shift,
        excluded=int(rows - count[usable].sum()),
    )
    return cells, raw


def _filled(values: NDArray[np.generic]) -> Floats:
    return np.asarray(np.ma.filled(np.ma.asarray(values), 0), dtype=np.float64)


def _coded(values: NDArray[np.generic], names: Mapping[int, str] | None) -> tuple[Integers, tuple[str, ...]]:
    unique, codes = np.unique(values, return_inverse=True)
    labels, order = level_order(unique, names)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place[codes], labels


def level_order(values: NDArray[Any], names: Mapping[int, str] | None) -> tuple[tuple[str, ...], Integers]:
    """Return the levels of distinct values as text, in order, and the order: by name where there are names."""
    if names is None:
        order = np.argsort(values, kind="stable").astype(np.int64)
        return tuple(level_text(value) for value in values[order].tolist()), order
    labels = [names[int(value)] for value in values]
    order = np.argsort(np.array(labels), kind="stable").astype(np.int64)
    return tuple(labels[i] for i in order), order
