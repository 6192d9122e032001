"""Benchmarks as fixed effects where a random one would break the test's level.

Ranks add up to the same in every block, and a response scaled within its benchmark nearly does: the values of two
algorithms on one benchmark are then negatively correlated. A random intercept cannot say so: its variance is estimated
as zero, the benchmarks' stratum (with no scatter in it) is pooled into the algorithms' error, and standard errors come
out too small by sqrt((A - 1) / A) with A (B - 1) instead of (A - 1) (B - 1) degrees of freedom. With the benchmark
among the fixed effects every comparison is made within benchmarks, whatever the covariance (the intra-block analysis).
Source: Nelder (1954), Biometrika 41, on negative components of variance; Scheffe (1959), The Analysis of Variance, 8.1.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Cells, DataError
from hpowh.analyses.mixed_models.model.fit import Fit, fit
from hpowh.analyses.mixed_models.model.formula import Expression, Formula, RandomTerm

MOST_BLOCKS = 1000
"""More benchmarks than this stay random: their fixed effects would take longer than the rest of the model."""


def settled(found: Fit, *, block: str = "benchmark", is_ranked: bool = False) -> tuple[Fit, str | None]:
    """Return the fit that comparisons within blocks may rest on, and a sentence where it is not the one given.

    That is the fit itself, unless its formula has a random intercept of the block whose variance is estimated as zero
    (or the response is a rank, whose block means are no measurement): then the block is moved into the fixed part, if
    something in the fixed part varies within blocks and nothing between them.

    Raises:
        DataError: the data cannot carry the model with fixed blocks.
    """
    formula = found.formula
    if not has_random_block(formula, block) or block in found.problem.cells.monomials:
        return found, None
    is_zero = any(each.group == block and each.width == 1 for each in found.singular_blocks)
    if not (is_zero or is_ranked):
        return found, None
    between = terms_between(formula, found.problem.cells, block)
    if between is None or len(found.problem.cells.levels[block]) > MOST_BLOCKS:
        return found, None
    if between:
        return found, (
            f"The variance of {block} is estimated as zero and {between[0]} varies between its levels only: standard "
            "errors may be too small."
        )
    fixed = with_fixed_block(formula, block)
    try:
        other = fit(fixed, found.problem.cells, is_reml=found.is_reml)
    except DataError as error:
        if not is_zero:
            return found, None
        return found, f"The variance of {block} is estimated as zero, and it cannot be a fixed effect: {error}"
    why = "ranks add up to the same in every block" if is_ranked else "its variance is estimated as zero"
    return other, (
        f"{block} is a fixed effect here ({why}): comparisons are made within each {block}, and the means' intervals "
        f"are those of the average over these {len(found.problem.cells.levels[block])}."
    )


def has_random_block(formula: Formula, block: str) -> bool:
    """Whether a formula has a plain random intercept of the block and no other effect of its own by it."""
    own = [random for random in formula.random if random.group == (block,)]
    return len(own) == 1 and str(own[0].expression) == "1" and not any(block in term for term in formula.fixed.terms)


def with_fixed_block(formula: Formula, block: str) -> Formula:
    """Return the formula with the block's random intercept moved into the fixed part."""
    random = tuple(each for each in formula.random if each != RandomTerm(Expression(True, ()), (block,)))
    terms = tuple(sorted((*formula.fixed.terms, (block,)), key=len))
    return replace(formula, fixed=Expression(formula.fixed.intercept, terms), random=random)


def terms_between(formula: Formula, cells: Cells, block: str) -> list[str] | None:
    """Return the fixed terms that are constant within every block; None where no term varies within blocks."""
    if not formula.fixed.terms:
        return None
    constant = {name: _is_constant_within(name, cells, block) for term in formula.fixed.terms for name in term}
    between = [":".join(term) for term in formula.fixed.terms if all(constant[name] for name in term)]
    return None if len(between) == len(formula.fixed.terms) else between


def _is_constant_within(name: str, cells: Cells, block: str) -> bool:
    codes = cells.codes[block]
    if name in cells.term_levels:
        return len(np.unique(codes * len(cells.levels[name]) + cells.codes[name])) == len(np.unique(codes))
    if (name,) not in cells.monomials:
        return False
    at = cells.monomials.index((name,))
    if float(cells.scatter_x[:, at, at].max(initial=0.0)) > 0:
        return False
    values = cells.mean_x[:, at]
    return all(float(np.ptp(values[codes == level])) == 0 for level in np.unique(codes))
