"""Quasi-Newton descent with a dense Hessian that starts from differences of gradients.

The covariance parameters of a mixed model and the lengths of a Gaussian process are few, and their likelihood is
costly: what counts is the number of evaluations. A Hessian from as many further gradients as there are parameters makes
the first step nearly Newton's; BFGS updates keep it, and the search ends when the decrease that the quadratic model
still promises is nothing.
Source: Nocedal & Wright (2006), chapters 3 and 6: sufficient decrease, BFGS update and its positive definiteness.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Objective = Callable[[Floats], tuple[float, Floats]]

DIFFERENCE = 1e-5
"""Relative step of the gradients' differences."""
FLOOR = 1e-9
"""Curvatures below this share of the largest are taken as that: flat directions get a bounded step."""
LONGEST = 2.0
"""A step moves no parameter by more than this many times its size (or this, where it is below one)."""
HALVINGS = 25
SUFFICIENT = 1e-4
NOISE = 4e-13
"""Relative rounding of the objective: below it only the gradient tells up from down."""
FLATTER = 0.9
"""What of the slope may be left after a step that rounding hides: more, and the search stands still where it is."""


@dataclass(frozen=True, kw_only=True)
class Descent:
    """Where a descent ended: point, value, gradient, Hessian, the decrease still promised, and whether that is small.

    `promise` is half the squared gradient in the Hessian's metric: in deviance units, what another step would gain.
    """

    point: Floats
    value: float
    gradient: Floats
    hessian: Floats
    promise: float
    is_converged: bool


def descend(
    objective: Objective, start: Floats, *, tolerance: float, most: int = 200, hessian: Floats | None = None
) -> Descent:
    """Return where the objective is stationary, going down from `start`.

    Args:
        objective: the value and its gradient; a huge value where it does not exist.
        tolerance: the promised decrease at which the search ends.
        most: steps at most.
        hessian: what is known of the second derivatives; by default they are taken from differences of gradients.
    """
    point = np.asarray(start, dtype=float)
    value, gradient = objective(point)
    if hessian is None:
        hessian = difference_hessian(objective, point, gradient)
    is_fresh = True
    for _ in range(most):
        step, promise = newton_step(hessian, gradient)
        if promise <= tolerance:
            return Descent(
                point=point, value=value, gradient=gradient, hessian=hessian, promise=promise, is_converged=True
            )
        step = step / max(1.0, float((np.abs(step) / (LONGEST * np.maximum(1.0, np.abs(point)))).max()))
        moved = _line_search(objective, point, value, gradient, step)
        if moved is None:
            # The updates may have lost the curvature; measured once more, and then this is the end.
            if is_fresh:
                break
            hessian, is_fresh = difference_hessian(objective, point, gradient), True
            continue
        new_point, new_value, new_gradient = moved
        hessian = updated(hessian, new_point - point, new_gradient - gradient)
        point, value, gradient, is_fresh = new_point, new_value, new_gradient, False
    promise = newton_step(hessian, gradient)[1]
    return Descent(
        point=point,
        value=value,
        gradient=gradient,
        hessian=hessian,
        promise=promise,
        is_converged=promise <= max(tolerance, NOISE * abs(value)),
    )


def difference_hessian(objective: Objective, point: Floats, gradient: Floats) -> Floats:
    """Return the second derivatives by forward differences of the gradient (m evaluations)."""
    size = len(point)
    found = np.empty((size, size))
    for i in range(size):
        length = DIFFERENCE * max(1e-2, abs(float(point[i])))
        beside = point.copy()
        beside[i] += length
        found[i] = (objective(beside)[1] - gradient) / length
    return 0.5 * (found + found.T)


def newton_step(hessian: Floats, gradient: Floats) -> tuple[Floats, float]:
    """Return the step to the quadratic model's minimum and the decrease it promises.

    Negative curvatures are taken by their size, so that the step goes down there too.
    """
    values, vectors = np.linalg.eigh(hessian)
    size = np.abs(values)
    size = np.maximum(size, max(FLOOR * float(size.max(initial=0.0)), 1e-300))
    along = vectors.T @ gradient
    return -vectors @ (along / size), 0.5 * float((along**2 / size).sum())


def updated(hessian: Floats, step: Floats, change: Floats) -> Floats:
    """Return the symmetric rank-one update, which follows negative curvature too; without one where it is undefined."""
    missed = change - hessian @ step
    along = float(missed @ step)
    if abs(along) <= 1e-8 * float(np.linalg.norm(missed) * np.linalg.norm(step)):
        return hessian
    return hessian + np.outer(missed, missed) / along


def _line_search(
    objective: Objective, point: Floats, value: float, gradient: Floats, step: Floats
) -> tuple[Floats, float, Floats] | None:
    """Return the first point on the way back from the full step that decreases enough, or None."""
    slope = float(gradient @ step)
    noise = NOISE * abs(value)
    length = 1.0
    for _ in range(HALVINGS):
        candidate = point + length * step
        reached, there = objective(candidate)
        if reached <= value + SUFFICIENT * length * slope + noise and (
            reached < value - noise or np.abs(there @ step) <= FLATTER * abs(slope)
        ):
            return candidate, reached, there
        # The minimum of the parabola through both values and the slope, kept away from both ends.
        excess = reached - value - length * slope
        best = -slope * length**2 / (2.0 * excess) if excess > 0 else 0.5 * length
        length = float(np.clip(best, 0.1 * length, 0.5 * length))
    return None
