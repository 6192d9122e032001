"""Likelihood-ratio tests of nested models, with the distribution that a variance on its boundary needs.

Sources: Self & Liang (1987), J. Am. Stat. Assoc. 82; Stram & Lee (1994), Biometrics 50. A new variance adds
1/2 chi2(0) + 1/2 chi2(1); a new covariance matrix the projection of a Gaussian matrix on the semidefinite cone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Cells, Floats
from hpowh.analyses.mixed_models.model.designs import estimable, gram_of, side_by_side
from hpowh.analyses.mixed_models.model.fit import Fit, fit
from hpowh.analyses.mixed_models.model.formula import Formula, RandomTerm, parse_formula
from hpowh.analyses.mixed_models.model.problem import build_problem
from hpowh.analyses.statistics import distributions as stats

CONE_DRAWS = 200_000
CONE_SEED = 1987


class NotComparableError(ValueError):
    """Two models whose likelihoods cannot be compared by this test; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A likelihood-ratio test. `chi_square` keeps its sign: negative means that a search failed.

    `p_chi_square` is the naive p-value of chi2(df); `p_value` takes the boundary into account; `distribution` says how.
    """

    null: Fit
    full: Fit
    chi_square: float
    df: int
    p_value: float
    p_chi_square: float
    distribution: str


@dataclass(frozen=True)
class Boundary:
    """The asymptotic null distribution: free parameters, and the sizes of covariance matrices that start at zero."""

    free: int
    cones: tuple[int, ...]

    @property
    def df(self) -> int:
        """All parameters that the full model has more."""
        return self.free + sum(k * (k + 1) // 2 for k in self.cones)

    @property
    def weights(self) -> Mapping[int, float] | None:
        """Mixture weights by degrees of freedom, or None where a cone of order 3 or more has no closed form."""
        mixture = {self.free: 1.0}
        for order in self.cones:
            own = CONE_WEIGHTS.get(order)
            if own is None:
                return None
            mixed: dict[int, float] = {}
            for df, weight in mixture.items():
                for extra, share in own.items():
                    mixed[df + extra] = mixed.get(df + extra, 0.0) + weight * share
            mixture = mixed
        return mixture

    def sf(self, statistic: float) -> float:
        """Return P(LR >= statistic) under the null model."""
        if statistic <= 0:
            return 1.0
        weights = self.weights
        if weights is not None:
            return float(sum(w * _chi2_sf(statistic, df) for df, w in weights.items()))
        draws = cone_draws(self.free, self.cones)
        beyond = int((draws >= statistic).sum())
        # Far out the draws are few; half of the naive tail is an upper bound for every such mixture.
        return (
            beyond / len(draws)
            if beyond >= 100
            else 0.5 * (_chi2_sf(statistic, self.df) + _chi2_sf(statistic, self.df - 1))
        )

    def text(self) -> str:
        """Return the distribution in words."""
        weights = self.weights
        if not self.cones:
            return f"chi2({self.free})"
        if weights is not None:
            return " + ".join(f"{w:.3g} chi2({df})" for df, w in sorted(weights.items()))
        orders = ", ".join(f"{k}x{k}" for k in self.cones)
        return f"projection on the cone of {orders} covariance matrices" + (
            f" + chi2({self.free})" if self.free else ""
        )


CONE_WEIGHTS: dict[int, dict[int, float]] = {
    1: {0: 0.5, 1: 0.5},
    2: {0: (2 - 2**0.5) / 4, 1: 2**0.5 / 4, 2: 2**0.5 / 4, 3: (2 - 2**0.5) / 4},
}
"""Intrinsic volumes of the semidefinite cones of order 1 (a half line) and 2 (a circular cone of 45 degrees)."""


def _chi2_sf(value: float, df: int) -> float:
    return float(stats.chi2.sf(value, df)) if df > 0 else float(value <= 0)


@lru_cache(maxsize=32)
def cone_draws(free: int, cones: tuple[int, ...]) -> Floats:
    """Return draws of the squared length of a Gaussian symmetric matrix projected on the semidefinite cone."""
    rng = np.random.default_rng(CONE_SEED)
    total = rng.chisquare(free, CONE_DRAWS) if free else np.zeros(CONE_DRAWS)
    for order in cones:
        noise = rng.standard_normal((CONE_DRAWS, order, order))
        matrices = 0.5 * (noise + noise.transpose(0, 2, 1))
        # Off-diagonal entries have variance 1/2, diagonal ones 1: the squared norm is chi2 with k(k+1)/2 df.
        total = total + (np.maximum(np.linalg.eigvalsh(matrices), 0.0) ** 2).sum(axis=1)
    return total


def compare_formulas(
    null: Formula | str, full: Formula | str, cells: Cells, *, is_reml: bool | None = None
) -> Comparison:
    """Fit two nested models on the full model's cells and test the one against the other.

    Args:
        is_reml: by default REML when the fixed parts are equal and ML when they differ.

    Raises:
        NotComparableError: the models are not nested, or REML was asked for with different fixed parts.
    """
    null = parse_formula(null) if isinstance(null, str) else null
    full = parse_formula(full) if isinstance(full, str) else full
    reason = refusal(null, full, cells, is_reml)
    if reason:
        raise NotComparableError(reason)
    if is_reml is None:
        is_reml = has_same_fixed_part(null, full)
    return compare(fit(null, cells, is_reml=is_reml), fit(full, cells, is_reml=is_reml))


def compare(null: Fit, full: Fit) -> Comparison:
    """Test a fitted model against a wider one.

    Raises:
        NotComparableError: different rows, different responses, different criteria, or not nested.
    """
    if null.problem.row_count != full.problem.row_count:
        raise NotComparableError(
            f"the models use different rows ({null.problem.row_count} and {full.problem.row_count})"
        )
    one, other = null.problem.cells, full.problem.cells
    if abs(one.total_scatter - other.total_scatter) > 1e-8 * max(one.total_scatter, other.total_scatter):
        raise NotComparableError("the models' responses are not the same numbers")
    if null.is_reml != full.is_reml:
        raise NotComparableError("one model was fitted by REML, the other by ML")
    reason = refusal(null.formula, full.formula, other, null.is_reml)
    if reason:
        raise NotComparableError(reason)
    boundary = boundary_of(null, full)
    statistic = null.optimum.deviance - full.optimum.deviance
    naive = float(stats.chi2.sf(statistic, boundary.df)) if statistic > 0 else 1.0
    return Comparison(
        null=null,
        full=full,
        chi_square=statistic,
        df=boundary.df,
        p_value=boundary.sf(statistic),
        p_chi_square=naive,
        distribution=boundary.text(),
    )


def refusal(null: Formula, full: Formula, cells: Cells, is_reml: bool | None) -> str | None:
    """Return why two models cannot be compared on these cells, or None."""
    if null.response != full.response:
        return f"the responses differ ({null.response} and {full.response})"
    missing = [name for name in null.variables if name not in full.variables]
    if missing:
        return f"not nested: {', '.join(missing)} is only in the smaller model"
    if is_reml and not has_same_fixed_part(null, full):
        return "REML likelihoods of different fixed parts are of different data; use ML"
    narrow, wide = build_problem(null, cells), build_problem(full, cells)
    if len(estimable(gram_of(side_by_side([wide.x, narrow.x])))) > wide.p:
        return "not nested: the smaller model's fixed part is not inside the larger one's"
    for term in null.random:
        if not any(_covers(other, term, cells) for other in full.random):
            return f"not nested: no random effect of the larger model contains {term}"
    if narrow.p == wide.p and _parameters(null, cells) >= _parameters(full, cells):
        return "the larger model has no parameter more than the smaller one"
    return None


def has_same_fixed_part(null: Formula, full: Formula) -> bool:
    """Whether two formulas have the same fixed terms."""
    one, other = null.fixed, full.fixed
    return one.intercept == other.intercept and set(map(frozenset, one.terms)) == set(map(frozenset, other.terms))


def _parameters(formula: Formula, cells: Cells) -> int:
    return sum(block.parameter_count for block in build_problem(formula, cells).blocks)


def _covers(wide: RandomTerm, narrow: RandomTerm, cells: Cells) -> bool:
    """Whether the covariances that one random term can give include those of another."""
    extra = set(narrow.group) - set(wide.group)
    if narrow.is_diagonal and extra:
        return False
    if extra:
        # (1 | g:a) is (0 + a | g) with equal variances and no correlations.
        spans = any(set(term) == extra for term in wide.expression.terms)
        return set(wide.group) < set(narrow.group) and narrow.expression.terms == () and spans
    if set(wide.group) != set(narrow.group) or (wide.is_diagonal and not narrow.is_diagonal):
        return False
    if wide.expression == narrow.expression:
        return True
    inside = (
        replace(parse_formula("y ~ 1"), fixed=wide.expression, random=(), response="y"),
        replace(parse_formula("y ~ 1"), fixed=narrow.expression, random=(), response="y"),
    )
    x_wide, x_narrow = (build_problem(formula, cells).x for formula in inside)
    return len(estimable(gram_of(side_by_side([x_wide, x_narrow])))) == len(estimable(gram_of(x_wide)))


def boundary_of(null: Fit, full: Fit) -> Boundary:
    """Return the null distribution's shape from the two models' parameters."""
    free = full.problem.p - null.problem.p
    total = full.parameter_count - null.parameter_count
    cones = []
    remaining = list(null.problem.blocks)
    for block in full.problem.blocks:
        same = [other for other in remaining if set(other.term.group) == set(block.term.group)]
        inside = [other for other in same if _covers(block.term, other.term, full.problem.cells)]
        if not inside:
            cones.append(block.width)
            continue
        for other in inside:
            remaining.remove(other)
        kept = sum(other.width for other in inside)
        if block.width > kept:
            cones.append(block.width - kept)
    cone_df = sum(k * (k + 1) // 2 for k in cones)
    # Covariances between old and new effects, and whatever else is left, are free of any boundary.
    free += max(0, total - free - cone_df)
    if free + cone_df != total:
        cones, free = [], total
    return Boundary(free, tuple(sorted(cones)))
