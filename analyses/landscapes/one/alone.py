"""Is it enough to tune one hyperparameter at a time? What changes of one tell about the same change elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.interactions import square_count
from hpowh.analyses.landscapes.partial.completing import MAX_CELLS
from hpowh.analyses.landscapes.partial.modes import MAX_LEVELS, modes_of
from hpowh.analyses.landscapes.values import EQUAL, Metric, dot, metric

Floats = NDArray[np.float64]

PASSES = 1000
"""Random starts, each with a random order of the hyperparameters."""
MAX_SQUARES = 30_000_000
"""Grids with more squares get no carry-over of effects."""
NAMES = (
    "gamma", "pass_optimal_share", "pass_better_share", "pass_regret_relative", "slice_unimodal_share",
    "slice_convex_share", "variance_order_3", "variance_order_4",
)  # fmt: skip
CONVEX = 1e-9
"""Rounding, relative to the range of the losses, within which a slice counts as convex."""


def alone_metrics(surface: Surface, epsilon: float, *, seed: int) -> list[Metric]:
    """Return carry-over of effects, one-at-a-time search, shapes of slices and the variance of orders 3 and 4.

    Args:
        epsilon: humps of a slice up to it do not count.
        seed: of the starts and orders.
    """
    space = surface.space
    if surface.ordered[0] == surface.ordered[-1]:
        return _nothing(EQUAL)
    if not surface.is_complete or space.cardinality > MAX_CELLS:
        return _nothing(f"it needs a complete grid of up to {MAX_CELLS:,} cells")
    middle = float(surface.ordered[0])
    grid = ((surface.loss - middle) / float(surface.ordered[-1] - middle)).reshape(space.shape)
    better, regret, optimal = one_at_a_time(surface, seed=seed)
    unimodal, convex = slices(grid, space.ordinal, epsilon / float(surface.ordered[-1] - middle))
    no_slice = "no ordered hyperparameter has three levels"
    squares = square_count(space.shape, space.ordinal)
    carried = gamma(grid, space.ordinal) if 0 < squares <= MAX_SQUARES else None
    why = f"there are more than {MAX_SQUARES:,} squares" if squares > MAX_SQUARES else "there is no square"
    third, fourth = variance_orders(surface)
    return [
        metric("gamma", carried, why, squares),
        metric("pass_optimal_share", optimal),
        metric("pass_better_share", better),
        metric("pass_regret_relative", regret, "the median is as good as the best"),
        metric("slice_unimodal_share", unimodal, no_slice),
        metric("slice_convex_share", convex, no_slice),
        metric("variance_order_3", third, "there are fewer than three hyperparameters, or one of too many levels"),
        metric("variance_order_4", fourth, "there are fewer than four hyperparameters, or one of too many levels"),
    ]


def _nothing(why: str) -> list[Metric]:
    return [Metric(name=name, value=None, reason=why) for name in NAMES]


def gamma(grid: Floats, ordinal: tuple[bool, ...]) -> float | None:
    """Return how far the effect of one move carries over when another hyperparameter moves too.

    The correlation of effects (Ferretti et al. 2016, Journal of Theoretical Biology 396, 132): 1 where effects add up,
    0 where a landscape is noise; -1 where every move turns every other around. None where there is no square.
    """
    products, squares = 0.0, 0.0
    for a in range(grid.ndim):
        for effect in _moves(grid, a, ordinal[a]):
            for b in range(grid.ndim):
                if b == a or grid.shape[b] < 2:
                    continue
                for low, high in _ends(effect, b, ordinal[b]):
                    x, y = low.ravel(), high.ravel()
                    products += dot(x, y)
                    squares += (dot(x, x) + dot(y, y)) / 2
    return products / squares if squares > 0 else None


def _moves(grid: Floats, axis: int, is_ordinal: bool) -> list[Floats]:
    return [np.ascontiguousarray(high - low) for low, high in _ends(grid, axis, is_ordinal)]


def _ends(grid: Floats, axis: int, is_ordinal: bool) -> list[tuple[Floats, Floats]]:
    """Return the lower and upper ends of all pairs of neighbouring levels of an axis, as contiguous arrays."""
    moved = np.moveaxis(grid, axis, 0)
    size = moved.shape[0]
    distances = range(1, min(2, size) if is_ordinal else size)
    return [
        (
            np.ascontiguousarray(np.moveaxis(moved[:-distance], 0, axis)),
            np.ascontiguousarray(np.moveaxis(moved[distance:], 0, axis)),
        )
        for distance in distances
    ]


def one_at_a_time(surface: Surface, *, seed: int) -> tuple[float, float | None, float]:
    """Set each hyperparameter once to its best level, the others as they are: from random starts, in random orders.

    Returns:
        Where such a pass ends, in the median: the share of configurations that are better, and the regret as a share
        of the way from the best to the median loss (None where there is none); and the share of passes that end in a
        global optimum (Pushak and Hoos 2022, ACM Transactions on Evolutionary Learning 2, test the same).
    """
    space, loss = surface.space, surface.loss
    rng = np.random.default_rng(seed)
    at = rng.integers(0, space.cardinality, PASSES)
    orders = rng.permuted(np.tile(np.arange(len(space.axes)), (PASSES, 1)), axis=1)
    for turn in range(orders.shape[1]):
        for axis, (size, stride) in enumerate(zip(space.shape, space.strides, strict=True)):
            mine = np.flatnonzero(orders[:, turn] == axis)
            base = at[mine] - space.levels(at[mine], axis) * stride
            choices = loss[base[:, None] + np.arange(size) * stride]
            at[mine] = base + choices.argmin(axis=1) * stride
    ended = loss[at]
    best, median = float(surface.ordered[0]), surface.quantile(0.5)
    better = np.searchsorted(surface.ordered, ended, side="left") / surface.size
    regret = float(np.median(ended) - best) / (median - best) if median > best else None
    return float(np.median(better)), regret, float(np.mean(ended == best))


def slices(grid: Floats, ordinal: tuple[bool, ...], epsilon: float) -> tuple[float | None, float | None]:
    """Return the shares of one-dimensional slices along ordered axes of three levels and more without hump, and convex.

    A hump is a level that is worse by more than epsilon than a level before it and one after it; convexity takes the
    levels as equally far apart.
    """
    smooth, convex, count = 0, 0, 0
    tolerance = CONVEX * float(np.ptp(grid))
    for axis, flag in enumerate(ordinal):
        if not flag or grid.shape[axis] < 3:
            continue
        rows = np.moveaxis(grid, axis, -1).reshape(-1, grid.shape[axis])
        before = np.minimum.accumulate(rows, axis=1)[:, :-2]
        after = np.minimum.accumulate(rows[:, ::-1], axis=1)[:, ::-1][:, 2:]
        humps = rows[:, 1:-1] - np.maximum(before, after)
        smooth += int(np.count_nonzero(humps.max(axis=1) <= epsilon))
        convex += int(np.count_nonzero(np.diff(rows, n=2, axis=1).min(axis=1) >= -tolerance))
        count += rows.shape[0]
    return (smooth / count, convex / count) if count else (None, None)


def variance_orders(surface: Surface) -> tuple[float | None, float | None]:
    """Return the shares of the variance that are interactions of exactly three and of exactly four hyperparameters."""
    wide = sum(size > 1 for size in surface.space.shape)
    if wide < 3 or max(surface.space.shape) > MAX_LEVELS:
        return None, None
    modes = modes_of(surface.space)
    coefficients = modes.analyse(surface.loss - surface.loss.mean())
    by_group = np.bincount(modes.group, weights=coefficients**2, minlength=modes.size.size)
    by_order = np.bincount(modes.order, weights=by_group)
    total = float(by_order.sum())
    third, fourth = (float(by_order[order]) / total if wide >= order else None for order in (3, 4))
    return third, fourth
