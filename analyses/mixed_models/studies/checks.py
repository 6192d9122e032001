"""What a reader should know before believing a model: sentences, and the models to compare it with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Cells, Floats
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.mixed_models.model.formula import Expression, Formula, RandomTerm
from hpowh.analyses.wording import brief

SCALE_RATIO = 10.0
"""Benchmarks whose standard deviations differ by more than this are not on one scale."""
FEW_LEVELS = 5
ROUNDING = 1e-14
"""A spread below this share of the mean is one of rounding."""
ELSEWHERE = (
    "where there are none they are taken to be as elsewhere, which of whoever stays away from hard benchmarks is not "
    "so; result.lmem_coverage lists all."
)
"""Ends the sentence on incomplete blocks, which verdicts carry on."""
MOST_PARTLY = 3
"""So many levels that are not in all blocks are named."""
SCALE_FREE = ("normalized_regret", "log_regret", "rank")


def scale_warning(fit: Fit, block: str = "benchmark") -> str | None:
    """Return a sentence when the response's spread differs too much between benchmarks to share one variance."""
    cells = fit.problem.cells
    if block not in cells.codes:
        return None
    sds = spreads(cells, block)
    positive = sds[sds > 0]
    if len(positive) < 2 or positive.max() / positive.min() <= SCALE_RATIO:
        return None
    wide, narrow = (cells.levels[block][int(i)] for i in (sds.argmax(), np.where(sds > 0, sds, np.inf).argmin()))
    rest = (
        "each has its own residual variance here, but the means are those of the raw response"
        if fit.classes is not None
        else "the widest decide the result"
    )
    return (
        f"The response {fit.formula.response} is not on one scale: its standard deviation differs "
        f"{positive.max() / positive.min():,.0f}-fold between benchmarks ({wide} against {narrow}), so {rest}; "
        "--scale benchmark compares in units of each benchmark's spread, the response rank by order alone."
    )


def idle_warning(fit: Fit, factor: str = "algorithm", block: str = "benchmark") -> str | None:
    """Return a sentence on the blocks in which all rows have one value: nobody can be ahead there, and they count."""
    cells = fit.problem.cells
    if factor not in cells.codes or block not in cells.codes:
        return None
    idle = np.flatnonzero(spreads(cells, block) <= ROUNDING * np.abs(fit.problem.cells.response_mean))
    several = [code for code in idle if len(np.unique(cells.codes[factor][cells.codes[block] == code])) > 1]
    return idle_sentence([cells.levels[block][int(code)] for code in several], len(cells.levels[block]))


def idle_sentence(names: Sequence[str], total: int) -> str | None:
    """Return the sentence on blocks in which all algorithms have the same value; None where there is none."""
    if not names:
        return None
    more = f" and {len(names) - MOST_PARTLY} more" if len(names) > MOST_PARTLY else ""
    return (
        f"On {', '.join(names[:MOST_PARTLY])}{more} all algorithms have the same value: nobody can be ahead there, and "
        f"{'it counts' if len(names) == 1 else 'they count'} among the {total} benchmarks as no difference."
    )


def spreads(cells: Cells, block: str) -> np.ndarray:
    """Return the standard deviation of the response within each level of a factor."""
    code, size = cells.codes[block], len(cells.levels[block])
    count = np.bincount(code, weights=cells.count, minlength=size)
    mean = np.bincount(code, weights=cells.count * cells.mean_y, minlength=size) / np.maximum(count, 1.0)
    between = np.bincount(code, weights=cells.count * (cells.mean_y - mean[code]) ** 2, minlength=size)
    within = np.bincount(code, weights=cells.scatter_y, minlength=size)
    return np.sqrt((between + within) / np.maximum(count - 1.0, 1.0))


def fit_warnings(fit: Fit) -> list[str]:
    """Return sentences about the fit: convergence, singular terms, dropped columns, excluded rows, few levels."""
    sentences = []
    if not fit.optimum.is_converged:
        sentences.append(
            f"The fit did not converge (largest gradient {brief(fit.optimum.gradient, 2)}); do not rely on its numbers."
        )
    for block in fit.singular_blocks:
        what = "its variance is estimated as zero" if block.width == 1 else "some combination of its effects is zero"
        if block.term.is_diagonal and block.width > 1:
            what = "of some levels' own variances the estimate is zero"
        sentences.append(f"The random effect of {block.group} is singular: {what}.")
    if fit.problem.dropped:
        sentences.append(f"Dropped because the data cannot tell them apart: {', '.join(fit.problem.dropped)}.")
    if fit.problem.cells.excluded:
        sentences.append(
            f"{fit.problem.cells.excluded} of {fit.problem.cells.excluded + fit.problem.row_count} selected rows were "
            "left out: their response is missing or not finite, or a variable of the model is missing."
        )
    for block in fit.problem.blocks:
        if len(block.levels) < FEW_LEVELS:
            sentences.append(f"{block.group} has {len(block.levels)} levels only: its variance is poorly known.")
    return sentences


def coverage_warning(fit: Fit, factor: str, block: str) -> str | None:
    """Return a sentence when blocks are incomplete or unbalanced; the model uses them as they are."""
    cells = fit.problem.cells
    if factor not in cells.codes or block not in cells.codes:
        return None
    counts = np.zeros((len(cells.levels[factor]), len(cells.levels[block])))
    np.add.at(counts, (cells.codes[factor], cells.codes[block]), cells.count)
    if (counts == 0).any():
        return f"{_missing(counts, cells.levels[factor], cells.levels[block], factor, block)} {ELSEWHERE}"
    if counts.max() > 1.2 * counts.min():
        return (
            f"The design is unbalanced: {int(counts.min())} to {int(counts.max())} rows for a pair of {factor} and "
            f"{block}; result.lmem_coverage lists all."
        )
    return None


def _missing(counts: Floats, levels: Sequence[str], blocks: Sequence[str], factor: str, block: str) -> str:
    """Return who has rows on how many blocks only, where that are few; else how many pairs have none."""
    there = (counts > 0).sum(axis=1)
    partly = [i for i in range(len(levels)) if there[i] < len(blocks)]
    if len(partly) <= MOST_PARTLY:
        return f"{', '.join(f'{levels[i]} has rows on {there[i]} of {len(blocks)} {block}s only' for i in partly)}:"
    i, j = np.argwhere(counts == 0)[0]
    return (
        f"{int((counts == 0).sum())} of {counts.size} pairs of {factor} and {block} have no rows (such as {levels[i]} "
        f"on {blocks[j]}):"
    )


def lacks_interaction(formula: Formula, factor: str = "algorithm", block: str = "benchmark") -> bool:
    """Whether a model compares a factor over blocks without letting its effect vary between them."""
    is_compared = any(factor in term for term in formula.fixed.terms)
    has_block = any(block in random.group for random in formula.random)
    is_varying = any(
        {factor, block} <= set(random.group)
        or (block in random.group and any(factor in term for term in random.expression.terms))
        for random in formula.random
    )
    return is_compared and has_block and not is_varying


def with_group(formula: Formula, *group: str) -> Formula:
    """Return the formula with a random intercept for a grouping factor added."""
    return replace(formula, random=(*formula.random, RandomTerm(Expression(True, ()), group)))


def has_group(formula: Formula, *group: str) -> bool:
    """Whether the formula has a random effect of exactly this grouping factor."""
    return any(set(random.group) == set(group) for random in formula.random)
