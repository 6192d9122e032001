"""The stratum in which each fixed term is tested: what its effect varies between.

A factor that takes several levels within a benchmark (an algorithm, the quality of a prior) has an effect of its own on
every benchmark, so its mean effect is known no better than the number of benchmarks allows. A model without the random
effect that says so tests it against the rows' residual, with thousands of degrees of freedom that are not there. The
rule looks at the structure, not at names: every fixed term, within every grouping factor of the model.

Source: Barr, Levy, Scheepers & Tily (2013), Random effects structure for confirmatory hypothesis testing: keep it
maximal, J. Mem. Lang. 68; strata as in Milliken & Johnson (2009), Analysis of messy data 1, chapter 26.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.inference.kenward_roger import JointTests
from hpowh.analyses.mixed_models.inference.satterthwaite import Satterthwaite
from hpowh.analyses.mixed_models.model.cells import Cells, DataError, Integers
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.mixed_models.model.formula import Expression, Formula, RandomTerm, Term
from hpowh.analyses.wording import p_value

IN_FORMULA, ADDED, RESIDUAL, BETWEEN = "in the formula", "added", "the residual", "between"
"""How a term's stratum comes into the model; `BETWEEN`: the term is constant within the grouping factor."""
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """Where a fixed term is tested: `random` is the random effect that varies as the term's effect does.

    `group`: the grouping factor within which the term varies. `levels`: how many levels the stratum has.
    """

    term: Term
    group: str
    random: RandomTerm
    state: str
    levels: int

    @property
    def name(self) -> str:
        """The stratum in words: `benchmark:prior`, or `(0 + budget | benchmark)` where it is a slope."""
        return ":".join(self.random.group) if not self.random.expression.terms else str(self.random)


def strata(formula: Formula, cells: Cells) -> list[Stratum]:
    """Return the stratum of every fixed term within every grouping factor, from the cells of the formula."""
    singles = [group[0] for group in formula.grouping if len(group) == 1 and group[0] in cells.codes]
    found = []
    for term in formula.fixed.terms:
        for group in singles:
            varying = [name for name in term if name != group and _varies(name, group, cells)]
            others = [other for other in singles if other != group and _is_nested(group, other, cells)]
            # What varies between the levels of an outer factor has its stratum there, which holds the inner one.
            if any(_varies(name, other, cells) for other in others for name in term if name != other):
                continue
            found.append(_stratum(term, group, varying, formula, cells))
    return found


def _stratum(term: Term, group: str, varying: Sequence[str], formula: Formula, cells: Cells) -> Stratum:
    if not varying:
        random = RandomTerm(Expression(True, ()), (group,))
        return Stratum(term=term, group=group, random=random, state=BETWEEN, levels=len(cells.levels[group]))
    factors = tuple(name for name in varying if name in cells.term_levels)
    numbers = tuple(name for name in varying if name not in cells.term_levels)
    expression = Expression(False, (numbers,)) if numbers else Expression(True, ())
    random = RandomTerm(expression, (group, *factors))
    levels = _level_count(random.group, cells)
    wanted = {group, *varying}
    is_there = any(
        group in other.group and _within(other, effect, group, cells) == wanted
        for other in formula.random
        for effect in (*([()] if other.expression.intercept else []), *other.expression.terms)
    )
    is_saturated = levels * (1 + len(numbers)) >= cells.row_count
    state = RESIDUAL if is_saturated else IN_FORMULA if is_there else ADDED
    return Stratum(term=term, group=group, random=random, state=state, levels=levels)


def _within(random: RandomTerm, effect: Term, group: str, cells: Cells) -> set[str]:
    """Return the variables that one effect of a random term varies with within a grouping factor, and that factor."""
    return {group, *(name for name in (*random.group, *effect) if name != group and _varies(name, group, cells))}


def _varies(name: str, group: str, cells: Cells) -> bool:
    """Whether a variable takes several values within some level of a grouping factor."""
    code = cells.codes[group]
    if name in cells.term_levels:
        return len(np.unique(code * len(cells.levels[name]) + cells.codes[name])) > len(np.unique(code))
    for place, product in enumerate(cells.monomials):
        if name not in product:
            continue
        mean, scatter = cells.mean_x[:, place], cells.scatter_x[:, place, place]
        if float(scatter.max(initial=0.0)) > 0:
            return True
        lowest, highest = np.full(code.max() + 1, np.inf), np.full(code.max() + 1, -np.inf)
        np.minimum.at(lowest, code, mean)
        np.maximum.at(highest, code, mean)
        if (highest > lowest).any():
            return True
    return False


def _is_nested(inner: str, outer: str, cells: Cells) -> bool:
    pairs = np.unique(cells.codes[inner] * len(cells.levels[outer]) + cells.codes[outer])
    return len(pairs) == len(np.unique(cells.codes[inner]))


def _level_count(group: Term, cells: Cells) -> int:
    code: Integers = np.zeros(len(cells.count), dtype=np.int64)
    for name in group:
        code = code * len(cells.levels[name]) + cells.codes[name]
    return len(np.unique(code))


def with_strata(formula: Formula, found: Sequence[Stratum]) -> Formula:
    """Return the formula with the random effects of the strata that it lacks."""
    added = dict.fromkeys(stratum.random for stratum in found if stratum.state == ADDED)
    return replace(formula, random=(*formula.random, *added))


def identifiable(formula: Formula, cells: Cells) -> tuple[Formula, list[RandomTerm]]:
    """Return the formula without random intercepts that have a level for each row, and what was left out.

    With one value for each benchmark and algorithm, what varies between these pairs is the residual: the model without
    (1|benchmark:algorithm) is then the right one.
    """
    left_out = [
        random
        for random in formula.random
        if not random.expression.terms
        and len(random.group) > 1
        and all(name in cells.codes for name in random.group)
        and _level_count(random.group, cells) >= cells.row_count
    ]
    return replace(formula, random=tuple(one for one in formula.random if one not in left_out)), left_out


def left_out_sentences(left_out: Sequence[RandomTerm]) -> list[str]:
    """Say for every random effect that was left out why the model without it is the right one."""
    return [
        f"There is one value for each level of {':'.join(random.group)}, so what varies between them is the residual: "
        f"the model is fitted without {written(random)}."
        for random in left_out
    ]


def written(random: RandomTerm) -> str:
    """Return a random effect as it stands in a formula, without blanks."""
    return f"({'1' if not random.expression.terms else str(random.expression)}|{':'.join(random.group)})"


def term_test(tests: JointTests, term: Term) -> tuple[int, float, float]:
    """Return df1, df2 and p of the joint F test of a term's coefficients (at the first levels of what it meets).

    Raises:
        DataError: none of its coefficients can be estimated.
    """
    chosen = [
        j
        for j, column in enumerate(tests.fit.problem.columns)
        if {*column.numeric, *(name for name, _ in column.levels)} == set(term)
    ]
    if not chosen:
        raise DataError(f"No coefficient of {':'.join(term)} can be estimated.")
    found = tests.of(np.eye(tests.fit.problem.p)[chosen])
    return found.df1, found.df2, found.p_value


def audit_rows(
    found: Sequence[Stratum], asked: tuple[Fit, Satterthwaite], right: tuple[Fit, Satterthwaite] | None, model: str
) -> list[Row]:
    """Return the rows of `lmem_stratum`: each term's stratum, and its test as asked and in its own stratum.

    Args:
        right: the model with all strata; None where the one asked for has them, or the wider one cannot be fitted.
        model: the name of the model with all strata.
    """
    rows: list[Row] = []
    before = JointTests(*asked)
    after = JointTests(*right) if right else before
    for stratum in found:
        row: Row = {
            "model": model,
            "term": ":".join(stratum.term),
            "grouping_factor": stratum.group,
            "stratum": "Residual" if stratum.state == RESIDUAL else stratum.name,
            "random_term": written(stratum.random),
            "state": stratum.state,
            "level_count": stratum.levels,
            **dict.fromkeys(("df1", "df_asked", "p_asked", "df_right", "p_right", "reason")),
        }
        try:
            df1, df2, p = term_test(before, stratum.term)
            row |= {"df1": df1, "df_asked": df2, "p_asked": p}
            df1, df2, p = term_test(after, stratum.term)
            row |= {"df_right": df2, "p_right": p}
        except DataError as error:
            row |= {"reason": str(error)}
        if right is None and stratum.state == ADDED:
            row |= {"df_right": None, "p_right": None, "reason": "the model with this stratum could not be fitted"}
        rows.append(row)
    return rows


def stratum_sentence(stratum: Stratum, row: Row) -> str:
    """Say what a model without a term's stratum takes for granted, and what the term's test is with it."""
    term = ":".join(stratum.term)
    what = "an algorithm's advantage" if term == "algorithm" else f"the effect of {term}"
    sentence = (
        f"The model has no {written(stratum.random)}: it takes {what} to be the same on every {stratum.group}, and "
        "its p-values are too small."
    )
    if row["p_right"] is None or row["p_asked"] is None:
        return sentence
    return (
        f"{sentence} {term}: p {p_value(row['p_asked'])} (df {row['df_asked']:.0f}) without it, p "
        f"{p_value(row['p_right'])} "
        f"(df {row['df_right']:.1f}) with it."
    )
