"""Are the benchmarks' residual variances equal, and does every algorithm vary between benchmarks as the others do?

Sources: Bartlett & Kendall (1946), Suppl. J. R. Stat. Soc. 8 (analysis of variance of log variances: unlike a
likelihood ratio it measures its error on the data, so heavy tails do not look like unequal variances); Pinheiro & Bates
(2000), section 2.4 (likelihood ratios of variance structures); Self & Liang (1987) for variances at zero; Russell &
Bradley (1958), Ann. Math. Stat. 29 (one row of a two-way table that varies more than the others).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Cells, DataError, Floats
from hpowh.analyses.mixed_models.model.fit import Fit, fit, one_thread
from hpowh.analyses.mixed_models.model.formula import Expression, Formula, RandomTerm
from hpowh.analyses.statistics import distributions as stats

RESIDUAL, INTERACTION = "residual by benchmark", "interaction by algorithm"
RESIDUAL_LEVEL = 0.01
"""Residual variances get classes below this p-value: with equal ones the weights only cost."""
INTERACTION_LEVEL = 0.2
"""Interaction variances are separated below this one: taken as equal when they are not, intervals miss; a test of few
benchmarks seldom sees it, and separate variances cost little."""
LEAST_OWN_DF = 8
"""With fewer degrees of freedom within cells a benchmark's own variance is too uncertain a weight: forced with 3 to 6,
comparisons of equal algorithms found a difference in 8 to 12 % of experiments, with 8 in 4 %."""
LEAST_ROWS = 3
"""Cells with fewer rows have no log variance worth the name."""
LEAST_BLOCKS, LEAST_ALGORITHMS, MOST_ALGORITHMS = 4, 3, 40


@dataclass(frozen=True, kw_only=True)
class SpreadTest:
    """A test of equal variances; NaN with a reason where it is not defined. `is_used`: the model follows it."""

    question: str
    method: str
    statistic: float
    df1: float
    df2: float
    p_value: float
    is_used: bool = False
    reason: str | None = None


def _undefined(question: str, method: str, why: str) -> SpreadTest:
    nothing = np.nan
    return SpreadTest(
        question=question, method=method, statistic=nothing, df1=nothing, df2=nothing, p_value=nothing, reason=why
    )


def residual_test(cells: Cells, block: str = "benchmark", factor: str = "algorithm") -> SpreadTest:
    """Return the F test of equal residual variances between blocks, on the logarithms of the variances within cells.

    The other factor's levels may differ in theirs; what is left between cells is the error.
    """
    method = "F of log variances within cells"

    def undefined(why: str) -> SpreadTest:
        return _undefined(RESIDUAL, method, why)

    if block not in cells.codes or factor not in cells.codes:
        return undefined(f"the model has no {block} or no {factor}")
    usable = (cells.count >= LEAST_ROWS) & (cells.scatter_y > 0)
    if usable.sum() < 2:
        return undefined(f"fewer than two cells have {LEAST_ROWS} rows that differ")
    logs = np.log(cells.scatter_y[usable] / (cells.count[usable] - 1.0))
    narrow = _indicators(cells.codes[factor][usable])
    wide = np.column_stack([narrow, _indicators(cells.codes[block][usable])])
    (left, rank), (more, fewer) = _left(wide, logs), _left(narrow, logs)
    df1, df2 = rank - fewer, len(logs) - rank
    if df1 < 1 or df2 < 1 or left <= 0:
        return undefined("too few cells to tell benchmarks from chance")
    statistic = (more - left) / df1 / (left / df2)
    return SpreadTest(
        question=RESIDUAL,
        method=method,
        statistic=statistic,
        df1=float(df1),
        df2=float(df2),
        p_value=float(stats.f.sf(statistic, df1, df2)),
    )


def own_df(cells: Cells, block: str = "benchmark") -> float:
    """Return the fewest degrees of freedom within cells of any block whose rows differ there at all."""
    size = len(cells.levels[block])
    code = cells.codes[block]
    df = np.bincount(code, weights=cells.count - 1.0, minlength=size)
    spread = np.bincount(code, weights=cells.scatter_y, minlength=size)
    return float(df[spread > 0].min(initial=np.inf))


def _indicators(codes: np.ndarray) -> Floats:
    return (codes[:, None] == np.unique(codes)).astype(float)


def _left(design: Floats, values: Floats) -> tuple[float, int]:
    """Return the residual sum of squares and the rank of a least-squares fit."""
    design = np.column_stack([np.ones(len(values)), design])
    with one_thread():
        found, _, rank, _ = np.linalg.lstsq(design, values, rcond=None)
    return float(((values - design @ found) ** 2).sum()), int(rank)


def with_diagonal(formula: Formula, block: str = "benchmark", factor: str = "algorithm") -> Formula | None:
    """Return the formula in which each level of the factor has a variance of its own over blocks; None if it has none.

    `(1 | benchmark:algorithm)` becomes `diag(0 + algorithm | benchmark)`.
    """
    plain = [each for each in formula.random if set(each.group) == {block, factor} and str(each.expression) == "1"]
    if len(plain) != 1:
        return None
    own = RandomTerm(Expression(False, ((factor,),)), (block,), is_diagonal=True)
    return replace(formula, random=tuple(own if each is plain[0] else each for each in formula.random))


def interaction_test(found: Fit, block: str = "benchmark", factor: str = "algorithm") -> tuple[SpreadTest, Fit | None]:
    """Return the likelihood-ratio test of equal interaction variances, and the fit in which they are separate.

    Both fits are REML (or both ML) with the same fixed part. Where the common variance is positive the ratio is
    chi-squared with A - 1 degrees of freedom; where it is zero, every one of the A variances may be zero or more, and
    the ratio is bounded by that of A independent variances: a binomial mixture of chi-squared (Self & Liang, case 9).
    """
    method = "likelihood ratio"
    size = len(found.problem.cells.levels.get(factor, ()))
    blocks = len(found.problem.cells.levels.get(block, ()))
    formula = with_diagonal(found.formula, block, factor)

    def undefined(why: str) -> tuple[SpreadTest, None]:
        return _undefined(INTERACTION, method, why), None

    if formula is None:
        return undefined(f"the model has no (1|{block}:{factor})")
    if not LEAST_ALGORITHMS <= size <= MOST_ALGORITHMS or blocks < LEAST_BLOCKS:
        return undefined(
            f"{size} levels of {factor} on {blocks} of {block}: separate variances need {LEAST_ALGORITHMS} to "
            f"{MOST_ALGORITHMS} and {LEAST_BLOCKS} or more"
        )
    variance = found.classes.factor if found.classes else None
    try:
        other = fit(formula, found.problem.cells, is_reml=found.is_reml, variance=variance)
    except DataError as error:
        return undefined(str(error))
    ratio = max(0.0, found.optimum.deviance - other.optimum.deviance)
    is_zero = any(set(each.term.group) == {block, factor} for each in found.singular_blocks)
    p_value = mixture_sf(ratio, size) if is_zero else float(stats.chi2.sf(ratio, size - 1))
    test = SpreadTest(question=INTERACTION, method=method, statistic=ratio, df1=size - 1.0, df2=np.nan, p_value=p_value)
    return test, other


def widest_test(found: Fit, block: str = "benchmark", factor: str = "algorithm") -> tuple[SpreadTest, str | None]:
    """Return the test of whether one level of a factor varies more over blocks than the others, and its name.

    Means of blocks that hold all levels are taken. For each level, the variance over blocks of its distance from the
    mean of the others is independent of what is left of the others' table, and their ratio is F where all vary alike
    (Russell & Bradley 1958); the p-value is the least one, by Bonferroni. Where blocks have residual variances of their
    own, interactions may go with a block's scale or not: of the means as they are and in residual standard deviations
    of their blocks, the larger p-value counts.
    """
    method = "F of the widest against the others"
    cells, classes = found.problem.cells, found.classes
    if block not in cells.codes or factor not in cells.codes:
        return _undefined(INTERACTION, method, f"the model has no {block} or no {factor}"), None
    shape = len(cells.levels[block]), len(cells.levels[factor])
    at = np.ravel_multi_index((cells.codes[block], cells.codes[factor]), shape)
    size = np.bincount(at, minlength=shape[0] * shape[1]).reshape(shape)
    total = np.bincount(at, weights=cells.mean_y, minlength=shape[0] * shape[1]).reshape(shape)
    is_whole = (size > 0).all(axis=1)
    means = total[is_whole] / size[is_whole]
    blocks, levels = means.shape
    if not LEAST_ALGORITHMS <= levels <= MOST_ALGORITHMS or blocks < LEAST_BLOCKS:
        return _undefined(INTERACTION, method, f"{levels} levels of {factor} on {blocks} whole levels of {block}"), None
    tables = [means]
    if classes is not None and classes.factor == block:
        tables.append(means / found.class_sds[classes.of_level[is_whole]][:, None])
    df1, df2 = blocks - 1.0, (levels - 2.0) * (blocks - 1.0)
    widths = [[_width(table, level) for level in range(levels)] for table in tables]
    widest = min(widths, key=max)
    statistic = max(widest)
    p_value = min(1.0, levels * float(stats.f.sf(statistic, df1, df2)))
    test = SpreadTest(question=INTERACTION, method=method, statistic=statistic, df1=df1, df2=df2, p_value=p_value)
    return test, cells.levels[factor][widest.index(statistic)]


def _width(means: Floats, level: int) -> float:
    """Return the F ratio of a level's variance over blocks (rows) to that of the other levels."""
    others = np.delete(means, level, axis=1)
    centre = others.mean(axis=1)
    left = others - centre[:, None] - others.mean(axis=0) + others.mean()
    df = (others.shape[1] - 1) * (len(means) - 1)
    own = np.var(means[:, level] - centre, ddof=1) * others.shape[1] / means.shape[1]
    rest = float((left**2).sum()) / df
    return float(own / rest) if rest > 0 else 0.0


def mixture_sf(ratio: float, size: int) -> float:
    """Return the upper tail of chi-squared with as many degrees of freedom as of `size` fair coins fall heads."""
    weights = stats.binom.pmf(np.arange(size + 1), size, 0.5)
    tails = [float(ratio <= 0), *stats.chi2.sf(ratio, np.arange(1, size + 1))]
    return float(weights @ np.array(tails)) if ratio > 0 else 1.0
