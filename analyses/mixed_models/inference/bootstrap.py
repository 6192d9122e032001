"""Parametric bootstrap of a likelihood-ratio test, drawn as cells: a replicate costs no pass over rows.

The pseudo-rows are an orthogonal transformation of the data, so independent normal errors stay independent normal, and
the pure-error sum of squares is sigma squared times a chi-squared with the degrees of freedom that are left.
Source: Pinheiro & Bates (2000), section 2.4.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from hpowh.analyses.elsewhere.places import Place
from hpowh.analyses.mixed_models.inference.compare import Comparison
from hpowh.analyses.mixed_models.inference.replicates import Drawn, replicates
from hpowh.analyses.mixed_models.model.cells import Floats
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.mixed_models.model.optimise import minimise
from hpowh.analyses.mixed_models.model.problem import Problem, lower_factors, theta_of

STEP_AWAY = 0.05
"""Where a replicate's search begins for a variance that the null model does not have."""


@dataclass(frozen=True)
class Bootstrap:
    """Simulated statistics under the null model, and the share of them at or above the observed one (plus one)."""

    statistics: Floats
    p_value: float

    def quantile(self, level: float = 0.95) -> float:
        """Return a quantile of the statistics."""
        return float(np.quantile(self.statistics, level))


def simulate_response(fit: Fit, rng: np.random.Generator) -> tuple[Floats, float]:
    """Return a response (N,) of the fit's pseudo-rows and a pure-error sum of squares, drawn from the model."""
    problem = fit.problem
    effects = np.zeros(problem.q)
    for block, factor in zip(problem.blocks, lower_factors(fit.theta, problem.blocks), strict=True):
        noise = rng.standard_normal((len(block.levels), block.width))
        effects[block.span] = (fit.sigma * noise @ factor.T).ravel()
    fixed = problem.x @ (fit.beta - problem.center * problem.constant)
    y = fixed + problem.z @ effects + fit.sigma * rng.standard_normal(len(problem.y))
    pure = fit.sigma**2 * rng.chisquare(problem.rows.pure_df) if problem.rows.pure_df > 0 else 0.0
    return y, float(pure)


def bootstrap_test(
    comparison: Comparison,
    count: int,
    seed: int,
    on: Place | Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Bootstrap:
    """Return the statistic's distribution under the null model from `count` simulated experiments.

    Both models must have been fitted on the same cells (`compare_formulas` does that).

    Args:
        on: where the experiments are fitted instead of here. They are drawn here, so the numbers are the same.
        progress: called with how many experiments are done, and how many there are.

    Raises:
        PlaceError: the workers of `on` cannot do the work.
    """
    rng = np.random.default_rng(seed)
    draws = Drawn(count, lambda: simulate_response(comparison.null, rng))
    found = np.array(replicates(statistics_of, (comparison.null, comparison.full), draws, on, progress))
    beyond = int((found >= comparison.chi_square - 1e-9).sum())
    return Bootstrap(found, (beyond + 1) / (count + 1))


def statistics_of(null: Fit, full: Fit, responses: Sequence[tuple[Floats, float]]) -> list[float]:
    """Return the likelihood-ratio statistic of each response (N,) and pure-error sum of squares."""
    start_null, start_full = start_away_from_zero(null), start_of_full(full.problem, null)
    found = []
    for y, pure in responses:
        small = minimise(null.likelihood.with_response(y, pure), start_null, is_polished=False)
        wide = minimise(full.likelihood.with_response(y, pure), start_full, is_polished=False)
        found.append(max(0.0, small.deviance - wide.deviance))
    return found


def start_away_from_zero(null: Fit) -> Floats:
    """Return the null model's theta, slightly off zero, where a search would stand still."""
    return np.where(np.abs(null.theta) < STEP_AWAY, STEP_AWAY, null.theta)


def start_of_full(problem: Problem, null: Fit) -> Floats:
    """Begin at the null model's covariances where the full model has the same block, slightly off zero elsewhere."""
    known = {
        (block.group, block.columns): factor
        for block, factor in zip(null.problem.blocks, lower_factors(null.theta, null.problem.blocks), strict=True)
    }
    factors = []
    for block in problem.blocks:
        factor = known.get((block.group, block.columns), np.zeros((block.width, block.width))).copy()
        diagonal = np.arange(block.width)
        factor[diagonal, diagonal] = np.maximum(factor[diagonal, diagonal], STEP_AWAY)
        factors.append(factor)
    return theta_of(factors)
