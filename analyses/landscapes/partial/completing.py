"""Holes of a landscape filled several times over: draws from what a random field on the grid's own graph allows.

The field is Gaussian and as smooth, and of as high an order, as the landscape: its variances are those of the
landscape's Fourier modes on the neighbourhood graph (products of each axis's modes), one variance a set of
hyperparameters and frequency. They are drawn together with the holes, in turn (data augmentation: Tanner and Wong 1987,
Journal of the American Statistical Association 82, 528), so that a draw differs from the truth as another draw does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.distribution import moments
from hpowh.analyses.landscapes.partial.modes import Modes, modes_of
from hpowh.analyses.landscapes.values import dot

Cells = NDArray[np.float64]

MAX_CELLS = 500_000
"""Grids with more cells are not completed (each draw costs some dozens of passes over the grid)."""
MIN_CONFIGURATIONS = 20
BURN_IN = 20
"""Draws that are thrown away times the share of holes (and two more), so that the variances forget where they began."""
PRIOR_WEIGHT = 2.0
"""How many modes the mean of all sets of the same size counts for."""
FLOOR = 1e-9
"""Smallest variance of a mode, relative to the mean: what exact structure leaves is rounding."""
ROUGHLY, TOLERANCE = 1e-2, 1e-4
"""Relative error of the equations' solution, while burning in and then."""
MAX_ITERATIONS = 100
FOLDS, FEW = 10, 500
"""Folds that are hidden in turn to see residuals; half of them where there are more than a few cells."""
HIDDEN = 4_000
"""Cells of a fold that are hidden at most."""
STRATUM, STRATA = 50, 200
"""Residuals that a stratum of like predictions has at least, and the most strata there are."""
SKEWED, HEAVY = 1.0, 3.0
"""Skewness and excess kurtosis from which the field is one of normal scores."""


def completions(
    surface: Surface, count: int, *, seed: int, is_bounded: bool = False, known: Known | None = None
) -> Iterator[Surface]:
    """Yield complete landscapes: what was observed as it is, the holes drawn anew each time.

    Assumed is that holes are no worse or better than what their neighbours tell. Skewed losses and those with heavy
    tails are drawn as normal scores, within the range that was observed; where losses repeat, draws take values that
    occur. In a conditional space the field is that of the whole grid, in which what is inactive changes nothing.

    Args:
        is_bounded: whether the loss or its negative lies in [0, 1], so that draws do.
        known: where the variances of a landscape's completions are kept; those of the same landscape with further
            holes begin there, and have less to forget.
    """
    rng = np.random.default_rng(seed)
    cells, seen, same = np.arange(surface.space.cardinality), surface, None
    if surface.space.conditions:
        seen, same = surface.expanded(), surface.space.canonical(cells)
        cells = np.unique(same)
    scores, back = _scale(seen, is_bounded)
    field = _Field(modes_of(seen.space), seen.ranks, scores, rng, same)
    burn_in = 2 + round(BURN_IN * (1 - surface.coverage))
    if known and known.relative is not None:
        field.variance, burn_in = known.relative * field.mean_square, 2
    for _ in range(burn_in):
        field.step()
    field.tolerance = TOLERANCE
    residuals = _Residuals(field, rng)
    for _ in range(count):
        field.step()
        if known is not None:
            known.relative = field.variance / field.mean_square
        loss = back(residuals.honest(field))[cells]
        loss[np.searchsorted(cells, surface.ranks)] = surface.loss
        yield Surface(space=surface.space, ranks=cells, loss=loss)


@dataclass
class Known:
    """What the completions of a landscape have found of its variances, relative to the mean square of its scores."""

    relative: Cells | None = None


class _Residuals:
    """How far hidden evaluated cells lie from what the field says of them, by what it says.

    Landscapes are flat where they are good and rough where they are bad, and no Gaussian field is: of a drawn residual
    only its place in the normal distribution is kept, and with it the way that neighbours' residuals go together; its
    size is the residual at the same place among those of hidden cells of which the field says about the same.
    """

    def __init__(self, field: _Field, rng: np.random.Generator) -> None:
        own, owner = field.configurations()
        order = rng.permutation(own.size)
        folds = [order[i::FOLDS][:HIDDEN] for i in range(FOLDS)][: FOLDS if own.size < FEW else FOLDS // 2]
        said, left = [], []
        for hidden in folds:
            is_kept = np.ones(own.size, dtype=bool)
            is_kept[hidden] = False
            is_seen = is_kept[owner]  # all cells of a hidden configuration are hidden
            mean = field.mean(field.observed[is_seen], field.scores[is_seen])[field.observed[own[hidden]]]
            said.append(mean)
            left.append(field.scores[own[hidden]] - mean)
        means, rest = np.concatenate(said), np.concatenate(left)
        by_mean = np.argsort(means)
        parts = np.array_split(by_mean, int(np.clip(by_mean.size // STRATUM, 1, STRATA)))
        self._bounds = np.array([means[part[0]] for part in parts[1:]])
        self._sorted = [np.sort(rest[part]) for part in parts]
        self._doubts = [3 * float(np.median(np.abs(known))) for known in self._sorted]
        scores = means + rest
        self._mean: Cells | None = None
        self._ends = [(float(scores[part].min()), float(scores[part].max())) for part in parts]

    def honest(self, field: _Field) -> Cells:
        """Return all cells, the holes with the sizes of residuals that hidden cells had."""
        from scipy.special import ndtr

        cells = field.values.copy()
        self._mean = field.mean(field.observed, field.scores, self._mean)
        mean = self._mean[field.holes]
        drawn = cells[field.holes] - mean
        wide = float(np.sqrt(np.mean(drawn**2)))
        place = ndtr(drawn / wide) if wide > 0 else np.full(drawn.size, 0.5)
        stratum = np.searchsorted(self._bounds, mean, side="right")
        by_stratum = np.argsort(stratum, kind="stable")
        ends = np.searchsorted(stratum[by_stratum], np.arange(1, len(self._sorted)))
        for i, (known, mine) in enumerate(zip(self._sorted, np.split(by_stratum, ends), strict=True)):
            one = mean[mine] + np.interp(place[mine] * known.size - 0.5, np.arange(known.size), known)
            drawn[mine] = _within(one, mean[mine], self._ends[i], self._doubts[i])
        cells[field.holes] = drawn
        return cells


def _within(drawn: Cells, mean: Cells, ends: tuple[float, float], doubt: float) -> Cells:
    """Return draws turned back at the ends of the scores that cells with such means have.

    A mean beyond an end by more than the doubt about it is an end of its own.
    """
    low, high = ends
    below, above = np.where(mean < low - doubt, mean, low), np.where(mean > high + doubt, mean, high)
    drawn = np.where(drawn < below, 2 * below - drawn, drawn)
    return np.clip(np.where(drawn > above, 2 * above - drawn, drawn), below, above)


def _scale(surface: Surface, is_bounded: bool) -> tuple[Cells, Callable[[Cells], Cells]]:
    """Return the scores of the evaluated configurations that a Gaussian field suits, and the way back to losses."""
    loss, ordered = surface.loss, surface.ordered
    _, _, skewness, kurtosis = moments(loss)
    distinct = np.unique(ordered)

    def occurring(drawn: Cells) -> Cells:
        """Return draws as losses that can occur: nearest ones where losses repeat, within the metric's bounds."""
        if 2 * distinct.size < loss.size:
            at = np.clip(np.searchsorted(distinct, drawn), 1, distinct.size - 1)
            return np.where(drawn - distinct[at - 1] <= distinct[at] - drawn, distinct[at - 1], distinct[at])
        if is_bounded:
            return np.clip(drawn, *((0.0, 1.0) if ordered[-1] > 0 else (-1.0, 0.0)))
        return drawn

    if abs(skewness or 0.0) <= SKEWED and (kurtosis or 0.0) <= HEAVY:
        middle = float(loss.mean())
        return loss - middle, lambda drawn: occurring(drawn + middle)
    from scipy.special import ndtri

    scores = ndtri((surface.average_rank - 0.5) / loss.size)
    places = np.unique(scores)
    return scores, lambda drawn: occurring(np.interp(drawn, places, distinct))


class _Field:
    """The state of the chain: all cells, and the variances of the groups of modes.

    Args:
        same: for each cell the one that is the same configuration (conditional spaces); None: all are different.
    """

    def __init__(
        self,
        modes: Modes,
        ranks: NDArray[np.int64],
        scores: Cells,
        rng: np.random.Generator,
        same: NDArray[np.int64] | None = None,
    ) -> None:
        self._modes, self._rng, self._same = modes, rng, same
        self.observed, self.scores = ranks, scores
        is_hole = np.ones(modes.group.size, dtype=bool)
        is_hole[ranks] = False
        self.holes = np.flatnonzero(is_hole)
        self.mean_square = float(scores.var()) or 1.0
        # The higher the order, the smaller at first; a dozen draws forget it.
        self.variance = self.mean_square * np.power(0.2, np.maximum(modes.order - 1, 0))
        self.values = np.zeros(modes.group.size)
        self.tolerance = ROUGHLY

    def step(self) -> None:
        """Draw the holes given the variances, then the variances given all cells."""
        self._draw_holes()
        self._draw_variances()

    def _draw_holes(self) -> None:
        """A draw of the field, corrected by what makes it agree with the observed cells (Matheron's rule)."""
        variance = self.variance[self._modes.group]
        coefficients = self._rng.standard_normal(variance.size) * np.sqrt(variance)
        coefficients[0] = 0.0
        drawn = self._modes.synthesise(coefficients)
        self.values = drawn + self.mean(self.observed, self.scores - drawn[self.observed])
        self.values[self.observed] = self.scores
        if self._same is not None:
            self.values = self.values[self._same]

    def configurations(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the places among the observed cells of one cell a configuration, and for each cell which of these."""
        if self._same is None:
            every = np.arange(self.observed.size)
            return every, every
        of = self._same[self.observed]
        own = np.flatnonzero(of == self.observed)
        return own, np.searchsorted(self.observed[own], of)

    def mean(self, observed: NDArray[np.int64], scores: Cells, near: Cells | None = None) -> Cells:
        """Return what the field, its variances given, says of all cells by some of them; these as they are.

        Args:
            near: what it said of all cells under almost the same conditions, from where the solution is sought.
        """
        modes = self._modes
        variance = self.variance[modes.group]
        weight = self.variance[1:].min() / variance
        weight[0] = 0.0
        is_hole = np.ones(variance.size)
        is_hole[observed] = 0.0
        found = np.zeros(variance.size)
        found[observed] = scores
        room = np.empty(found.size), np.empty(found.size)

        def precision(cells: Cells) -> Cells:
            coefficients = modes.analyse(cells, room)
            coefficients *= weight
            image = modes.synthesise(coefficients, room)
            image *= is_hole
            return image

        start = None if near is None else near * is_hole
        steps = int(is_hole.sum()) + 5
        found += _solve(precision, -precision(found), min(MAX_ITERATIONS, steps), self.tolerance, start)
        return found

    def _draw_variances(self) -> None:
        """Scaled inverse chi-square draws; each group leans on the mean square of all groups of its order."""
        modes = self._modes
        coefficients = modes.analyse(self.values)
        squares = np.bincount(modes.group, weights=coefficients * coefficients, minlength=modes.size.size)
        of_order = np.bincount(modes.order, weights=squares) / np.maximum(
            np.bincount(modes.order, weights=modes.size), 1
        )
        freedom = modes.size + PRIOR_WEIGHT
        drawn = (squares + PRIOR_WEIGHT * of_order[modes.order]) / self._rng.chisquare(freedom)
        self.variance = np.maximum(drawn, FLOOR * self.mean_square)


def _solve(
    precision: Callable[[Cells], Cells], target: Cells, steps: int, tolerance: float, start: Cells | None = None
) -> Cells:
    """Solve by conjugate gradients (Hestenes and Stiefel 1952), from 0 or from where one is told.

    All is 0 but at the holes, which costs less than to gather and scatter them in each step.

    Args:
        precision: may return the same array each time.
    """
    enough = tolerance**2 * dot(target, target)
    solution = np.zeros(target.size) if start is None else start.copy()
    residual = target.copy() if start is None else target - precision(start)
    direction, spare = residual.copy(), np.empty(target.size)
    square = dot(residual, residual)
    for _ in range(steps):
        if square <= enough:
            break
        image = precision(direction)
        step = square / dot(direction, image)
        solution += np.multiply(direction, step, out=spare)
        residual -= np.multiply(image, step, out=spare)
        following = dot(residual, residual)
        direction *= following / square
        direction += residual
        square = following
    return solution
