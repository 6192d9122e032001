"""Take a part of the cells: one benchmark, one algorithm, one half of the benchmarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.mixed_models.model.cells import Cells, DataError, Floats


def subset(cells: Cells, levels: Mapping[str, str] | None = None, *, keep: NDArray[np.bool_] | None = None) -> Cells:
    """Return the cells with these factor levels (or those of a mask), with levels that no longer occur removed.

    Raises:
        DataError: no cell is left.
    """
    chosen = np.ones(len(cells.count), dtype=bool) if keep is None else np.asarray(keep, dtype=bool)
    for name, level in (levels or {}).items():
        if level not in cells.levels[name]:
            raise DataError(f"{name} has no level {level}.")
        chosen = chosen & (cells.codes[name] == cells.levels[name].index(level))
    if not chosen.any():
        raise DataError("No row is left in this part of the data.")
    codes, names = {}, {}
    for name, values in cells.codes.items():
        present, fresh = np.unique(values[chosen], return_inverse=True)
        codes[name] = fresh.astype(np.int64)
        names[name] = tuple(cells.levels[name][int(i)] for i in present)
    return replace(
        cells,
        codes=codes,
        levels=names,
        count=cells.count[chosen],
        mean_y=cells.mean_y[chosen],
        scatter_y=cells.scatter_y[chosen],
        mean_x=cells.mean_x[chosen],
        scatter_x=cells.scatter_x[chosen],
        scatter_xy=cells.scatter_xy[chosen],
        excluded=0,
    )


def one_row_a_run(cells: Cells) -> Cells:
    """Return cells that hold one run each as single rows: the run's means, without its scatter.

    Raises:
        DataError: the cells are not split by run.
    """
    if "run" not in cells.codes or len(np.unique(cells.codes["run"])) != len(cells.count):
        raise DataError("These cells hold several runs, or a run has several cells.")
    return replace(
        cells,
        count=np.ones(len(cells.count)),
        scatter_y=np.zeros(len(cells.count)),
        scatter_x=np.zeros_like(cells.scatter_x),
        scatter_xy=np.zeros_like(cells.scatter_xy),
    )


def scaled_by(cells: Cells, factor: str) -> tuple[Cells, Floats]:
    """Return the cells of the response in residual standard deviations of each level, and those of every cell (C,).

    The standard deviations are those within cells. A level whose rows do not differ within cells gets the smallest one.

    Raises:
        DataError: no two rows of a cell differ.
    """
    code, size = cells.codes[factor], len(cells.levels[factor])
    scatter = np.bincount(code, weights=cells.scatter_y, minlength=size)
    df = np.bincount(code, weights=cells.count - 1.0, minlength=size)
    variance = np.divide(scatter, df, out=np.zeros(size), where=df > 0)
    own = variance > 1e-10 * float(variance.max(initial=0.0))
    if not own.any():
        raise DataError(f"No two rows of a cell differ: there is no spread to measure each {factor} by.")
    sd = np.sqrt(np.where(own, variance, variance[own].min()))[code]
    mean = (cells.mean_y + cells.shift) / sd
    shift = float(cells.count @ mean) / float(cells.count.sum())
    scaled = replace(
        cells,
        mean_y=mean - shift,
        scatter_y=cells.scatter_y / sd**2,
        scatter_xy=cells.scatter_xy / sd[:, None],
        shift=shift,
    )
    return scaled, sd
