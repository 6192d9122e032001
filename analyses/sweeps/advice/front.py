"""Several objectives at once: how much of the space is dominated, where the front bends, and what to try for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.advice import suggest
from hpowh.analyses.sweeps.advice.pareto import fronts
from hpowh.analyses.sweeps.advice.process import fit_process, judge
from hpowh.analyses.sweeps.reading.columns import Floats
from hpowh.analyses.sweeps.reading.prepare import Prepared
from hpowh.analyses.sweeps.reading.rules import NONE, Rules, Value
from hpowh.analyses.sweeps.reading.target import Unit, choose_target

MARGIN = 0.1
"""The reference point lies so far beyond the worst of the front, as a share of the front's width."""
MOST_OBJECTIVES = 4
"""The exact hypervolume of more objectives is not computed."""
LEAST_BENT = 3
"""A front of fewer points has no knee."""
DIRECTIONS, EACH = 5, 2
"""Suggestions are made in so many directions of trading the objectives, so many in each."""
LEAST = 10


@dataclass(frozen=True)
class Box:
    """What losses are measured in: 0 the best of each objective, 1 the reference point."""

    ideal: Floats
    reference: Floats

    @classmethod
    def of(cls, losses: Floats) -> Box | None:
        """Return the box of the first front; None where an objective does not vary."""
        first = losses[fronts(losses) == 1]
        ideal, nadir = first.min(axis=0), first.max(axis=0)
        width = np.where(nadir > ideal, nadir - ideal, losses.max(axis=0) - ideal)
        if (width <= 0).any():
            return None
        return cls(ideal, np.where(nadir > ideal, nadir, ideal) + np.where(nadir > ideal, MARGIN, 1.0) * width)

    def scaled(self, losses: Floats) -> Floats:
        """Return losses in the box's unit."""
        return np.asarray((losses - self.ideal) / (self.reference - self.ideal))


def dominated(points: Floats) -> float:
    """Return the volume of the unit box [.., 1] that some point dominates (the hypervolume), by slices.

    Args:
        points: (points, objectives), lower is better, measured so that the reference point is 1 in every objective.
    """
    inside = np.unique(points[(points < 1).all(axis=1)], axis=0)
    if not len(inside):
        return 0.0
    if points.shape[1] == 1:
        return float(1 - inside.min())
    total = 0.0
    ends = np.append(inside[1:, 0], 1.0)
    for i, end in enumerate(ends):
        if end > inside[i, 0]:
            total += (end - inside[i, 0]) * dominated(inside[: i + 1, 1:])
    return total


def hypervolumes(losses: Floats, box: Box) -> list[tuple[int, float]]:
    """Return, for every row at which it grows, its position and the hypervolume of all rows so far, as a share.

    The box goes from the ideal to the reference point, so that 1 would be a point that is best in everything.

    Args:
        losses: (configurations, objectives) in the order in which they were tried.
    """
    scaled = box.scaled(losses)
    front = np.empty((0, losses.shape[1]))
    found: list[tuple[int, float]] = []
    for at, row in enumerate(scaled):
        if (row >= 1).any() or (front <= row).all(axis=1).any():
            continue
        front = np.vstack([front[~(row <= front).all(axis=1)], row])
        found.append((at, dominated(front)))
    return found


def knee(losses: Floats) -> int | None:
    """Return the position of the front's knee: farthest below the plane through its extremes (Das 1999).

    Of two objectives that is the distance to the line between the ends. None where the front has fewer than three
    distinct points or bends the other way.
    """
    first = np.flatnonzero(fronts(losses) == 1)
    front = losses[first]
    width = np.ptp(front, axis=0)
    if len(np.unique(front, axis=0)) < LEAST_BENT or (width <= 0).any():
        return None
    total = ((front - front.min(axis=0)) / width).sum(axis=1)
    best = int(np.argmin(total))
    return int(first[best]) if total[best] < 1 - 1e-9 else None


@dataclass(frozen=True, kw_only=True)
class ForFront:
    """One configuration suggested for the front, with each objective's prediction and standard deviation, own units."""

    values: dict[str, Value]
    predicted: tuple[float, ...]
    deviation: tuple[float, ...]
    success: float | None


def suggest_for_front(
    prepared: Prepared,
    losses: Floats,
    seed: int,
    *,
    beyond: float = 0.0,
    rules: Rules = NONE,
    success: suggest.Success | None = None,
) -> list[ForFront]:
    """Return up to ten configurations that promise to move the front, spread over its directions.

    Each direction weighs the objectives' normal scores by a Tchebycheff sum and is searched like one objective (Knowles
    2006, ParEGO). Nothing is suggested where no process predicts any objective.

    Args:
        losses: (configurations, objectives), lower is better.
    """
    if len(losses) < LEAST or (np.ptp(losses, axis=0) == 0).any():
        return []
    units = [Unit.of(column) for column in losses.T]
    targets = [choose_target(unit.strip(column)) for unit, column in zip(units, losses.T, strict=True)]
    fitted = [fit_process(prepared, target.values, seed, beyond) for target in targets]
    processes = [one for one in fitted if one is not None]
    if len(processes) < len(fitted) or max(one.r_squared for one in processes) <= 0:
        return []
    worth = [judge(one, seed) for one in processes]
    values = np.column_stack([target.values for target in targets])
    scaled = (values - values.min(axis=0)) / np.ptp(values, axis=0)
    suggestions: list[ForFront] = []
    settings: list[Floats] = []
    for at, weight in enumerate(_directions(losses.shape[1], seed)):
        weighed = scaled * weight
        whole = weighed.max(axis=1) + 0.05 * weighed.sum(axis=1)
        process = fit_process(prepared, (whole - whole.mean()) / whole.std(), seed, beyond)
        if process is None:
            continue
        new = suggest.suggest(
            prepared, (whole - whole.mean()) / whole.std(), process.start, seed + at, count=EACH,
            beyond=beyond, rules=rules, success=success,
        )  # fmt: skip
        for one in new:
            if any((one.codes == before).all() for before in settings):
                continue
            settings.append(one.codes)
            states = [process.start(one.codes[None]) for process in processes]
            told = [j.told(float(p.mean[0]), float(p.whole_deviation[0])) for j, p in zip(worth, states, strict=True)]
            ends = [
                [float(unit.back(target.back(np.array([mean + side * sd]))[0])) for side in (-1.0, 0.0, 1.0)]
                for unit, target, (mean, sd) in zip(units, targets, told, strict=True)
            ]
            suggestions.append(ForFront(
                values=one.values, predicted=tuple(e[1] for e in ends),
                deviation=tuple(abs(e[2] - e[0]) / 2 for e in ends), success=one.success,
            ))  # fmt: skip
    return suggestions


def _directions(objectives: int, seed: int) -> NDArray[np.float64]:
    """Return weights that add up to 1: evenly spread of two objectives, of more the middle and others at random."""
    if objectives == 2:
        first = np.linspace(0.1, 0.9, DIRECTIONS)
        return np.column_stack([first, 1 - first])
    drawn = np.random.default_rng(seed).dirichlet(np.ones(objectives), DIRECTIONS - 1)
    return np.vstack([np.full(objectives, 1 / objectives), drawn])
