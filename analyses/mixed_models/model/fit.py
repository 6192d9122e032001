"""Fit a model on its cells and keep what inference needs."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Cells, DataError, Floats
from hpowh.analyses.mixed_models.model.classes import Classes, residual_classes
from hpowh.analyses.mixed_models.model.dense import Factorised, NotPositiveDefiniteError
from hpowh.analyses.mixed_models.model.eliminate import Reduced
from hpowh.analyses.mixed_models.model.formula import Formula, parse_formula
from hpowh.analyses.mixed_models.model.likelihood import Likelihood
from hpowh.analyses.mixed_models.model.optimise import Optimum, minimise
from hpowh.analyses.mixed_models.model.problem import Block, Problem, build_problem, lower_factors
from hpowh.analyses.mixed_models.model.weighted import WeightedLikelihood

SINGULAR = 1e-4
"""A block whose factor's smallest singular value is below this is singular (lme4's `isSingular`)."""

EXACT = (
    "The model fits every row exactly: no residual variance is left to judge effects by. Where algorithms are in the "
    "same order on every benchmark and seed, hpowh analyse rankings tests that order."
)

EXACT_SHARE = 1e-12
"""A residual sum of squares below this share of the total is rounding."""

CONSTANT = 1e-15
"""A response whose standard deviation is below this share of its mean is constant."""

SMALL = 1200
"""Up to this many effects one BLAS thread is faster than several."""


@dataclass(frozen=True)
class OwnSpreads:
    """Covariance (A, A) of the algorithms' values over the blocks of a table that holds one value each.

    `from_means` (p, A) turns the algorithms' means into the fixed effects.
    """

    covariance: Floats
    blocks: int
    from_means: Floats


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A fitted model: parameters, effects and the factorised state at the optimum."""

    problem: Problem
    likelihood: Likelihood
    optimum: Optimum
    state: Factorised | Reduced
    sigma: float
    beta: Floats
    """Fixed effects (p,) of the response as it was given."""
    unscaled: Floats
    """Covariance of the fixed effects divided by sigma squared (p, p)."""
    own: OwnSpreads | None = None
    """Where every difference is judged by its own spread: what `covariance` rests on, instead of the model's one."""

    @property
    def is_reml(self) -> bool:
        return self.likelihood.is_reml

    @property
    def theta(self) -> Floats:
        return self.optimum.theta

    @property
    def formula(self) -> Formula:
        return self.problem.formula

    @property
    def term_names(self) -> list[str]:
        """Names of the estimable fixed effects, as R writes them."""
        return [column.name for column in self.problem.columns]

    @property
    def classes(self) -> Classes | None:
        """The classes of rows with a residual variance each; None where all rows have one."""
        return self.likelihood.own if isinstance(self.likelihood, WeightedLikelihood) else None

    @cached_property
    def class_sds(self) -> Floats:
        """The residual standard deviation of every class (K,); one number where all rows have one."""
        if self.classes is None:
            return np.array([self.sigma])
        return self.sigma * self.classes.ratios(self.theta[len(self.theta) - len(self.classes) + 1 :])

    @cached_property
    def residual_variance(self) -> float:
        """The residual variance, averaged over the rows."""
        classes = self.classes
        if classes is None:
            return self.sigma**2
        return float(classes.count @ self.class_sds**2) / float(classes.count.sum())

    @property
    def log_likelihood(self) -> float:
        return -0.5 * self.optimum.deviance

    @property
    def parameter_count(self) -> int:
        """Fixed effects, covariance parameters and the residual variance."""
        return self.problem.p + len(self.theta) + 1

    @property
    def aic(self) -> float:
        return self.optimum.deviance + 2.0 * self.parameter_count

    @property
    def bic(self) -> float:
        return self.optimum.deviance + self.parameter_count * float(np.log(self.problem.row_count))

    @property
    def covariance(self) -> Floats:
        """Covariance of the fixed effects (p, p)."""
        return self.sigma**2 * self.unscaled

    @property
    def standard_errors(self) -> Floats:
        """Standard errors of the fixed effects (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @cached_property
    def block_covariances(self) -> list[tuple[Block, Floats]]:
        """Each block with the covariance (width, width) of its random effects."""
        factors = lower_factors(self.theta, self.problem.blocks)
        return [(b, self.sigma**2 * f @ f.T) for b, f in zip(self.problem.blocks, factors, strict=True)]

    @cached_property
    def singular_blocks(self) -> list[Block]:
        """The blocks whose covariance is not of full rank; slopes count at their covariate's root mean square."""
        factors = lower_factors(self.theta, self.problem.blocks)
        found = []
        for block, factor, own in zip(self.problem.blocks, factors, self.likelihood.block_sums(), strict=True):
            size = np.where(block.is_slope, np.sqrt(np.maximum(np.diag(own), 0.0) / self.problem.row_count), 1.0)
            if np.linalg.svd(factor * size[:, None], compute_uv=False)[-1] < SINGULAR:
                found.append(block)
        return found

    @property
    def is_singular(self) -> bool:
        return bool(self.singular_blocks)

    @cached_property
    def random_effects(self) -> Floats:
        """Conditional modes of the random effects (q,), in the order of the problem's blocks."""
        return self.likelihood.random_effects(self.state)

    @cached_property
    def random_effect_sds(self) -> Floats:
        """Conditional standard deviations of the random effects given the parameters (q,)."""
        return self.sigma * np.sqrt(np.maximum(self.likelihood.conditional_variances(self.state), 0.0))


def fit(formula: Formula | str, cells: Cells, *, is_reml: bool = True, variance: str | None = None) -> Fit:
    """Fit a formula on cells by REML or ML.

    Args:
        variance: a factor of the model whose levels have residual variances of their own; by default all rows have one.

    Raises:
        FormulaError: the formula cannot be read.
        DataError: the data cannot carry the model (constant response, one level, too few rows).
    """
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    problem = build_problem(parsed, cells)
    if variance is None:
        return fit_problem(problem, is_reml=is_reml)
    classes = residual_classes(problem, variance)
    return fit_problem(
        problem, is_reml=is_reml, likelihood=WeightedLikelihood(problem=problem, is_reml=is_reml, classes=classes)
    )


def fit_problem(
    problem: Problem, *, is_reml: bool = True, start: Floats | None = None, likelihood: Likelihood | None = None
) -> Fit:
    """Fit a problem whose cross-products may already be there; `start` skips the search for a start.

    Raises:
        DataError: the response is constant.
    """
    from contextlib import nullcontext

    # A few units in the last place of the largest value are rounding, whatever the response's unit.
    rounding = CONSTANT * abs(problem.cells.response_mean)
    if float(problem.y @ problem.y) + problem.pure_error <= problem.row_count * rounding**2:
        raise DataError("The response is constant in the selected rows: there is nothing to explain.")
    limit: AbstractContextManager[object] = one_thread() if dense_size(problem) <= SMALL else nullcontext()
    with limit:
        objective = likelihood or Likelihood(problem=problem, is_reml=is_reml)
        optimum = minimise(objective, start, is_thorough=start is None)
        return finish(objective, optimum)


def dense_size(problem: Problem) -> int:
    """Return the order of the matrix that is factorised: all effects, or all but the eliminated block's."""
    return problem.q + problem.p - (problem.blocks[0].size if problem.is_eliminated else 0)


def finish(likelihood: Likelihood, optimum: Optimum) -> Fit:
    """Return the fit at an optimum. Raises DataError where the model fits the data exactly."""
    try:
        state = likelihood.state(optimum.theta)
    except NotPositiveDefiniteError as error:
        raise DataError(EXACT) from error
    inner = state.innermost if isinstance(state, Reduced) else state
    problem = likelihood.problem
    total = float(problem.y @ problem.y) + problem.pure_error
    if inner.residual <= EXACT_SHARE * total:
        raise DataError(EXACT)
    sigma = float(np.sqrt(inner.residual / likelihood.degrees))
    beta = inner.beta + problem.center * problem.constant
    return Fit(
        problem=problem,
        likelihood=likelihood,
        optimum=optimum,
        state=state,
        sigma=sigma,
        beta=beta,
        unscaled=likelihood.unscaled_covariance(state),
    )


def one_thread() -> AbstractContextManager[object]:
    """Hold the linear algebra library at one thread: small problems are slower with two."""
    return _controller().limit(limits=1, user_api="blas")


@lru_cache(maxsize=1)
def _controller() -> Any:
    """Looking for the libraries takes longer than a small fit, so it is done once."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
