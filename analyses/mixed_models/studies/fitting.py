"""The fit that conclusions rest on: the formula that was asked for, and what its data make of it by themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hpowh.analyses.mixed_models.inference.blocking import settled
from hpowh.analyses.mixed_models.inference.paired import with_own_spreads
from hpowh.analyses.mixed_models.inference.spreads import (
    INTERACTION_LEVEL,
    LEAST_OWN_DF,
    RESIDUAL_LEVEL,
    SpreadTest,
    interaction_test,
    own_df,
    residual_test,
    widest_test,
)
from hpowh.analyses.mixed_models.model.cells import Cells, DataError
from hpowh.analyses.mixed_models.model.fit import Fit, fit
from hpowh.analyses.mixed_models.model.formula import Formula, parse_formula
from hpowh.analyses.mixed_models.reading.catalogue import BOUNDED, RANK, mentioned
from hpowh.analyses.mixed_models.studies.strata import identifiable, left_out_sentences
from hpowh.analyses.wording import brief, p_said

UNLIKE_LEVEL = 0.05
"""Below this p-value it is said that an algorithm varies more, where the model cannot follow it."""
VARIANCES = ("auto", "equal", "benchmark", "algorithm", "both")
"""Which variances may differ: what the tests ask for, none, the benchmarks' residual ones, the algorithms' ones over
benchmarks, both."""


@dataclass(frozen=True)
class Chosen:
    """A fit, sentences where it is not literally the one that was asked for, and the tests of its variances."""

    fit: Fit
    said: tuple[str, ...] = ()
    tests: tuple[SpreadTest, ...] = ()


def fit_to_compare(
    formula: Formula | str,
    cells: Cells,
    *,
    is_reml: bool = True,
    is_literal: bool = False,
    variance: str = "auto",
    with_tests: bool = True,
) -> Chosen:
    """Fit a model whose algorithms are to be compared.

    A random effect with a level for each row is the residual and is left out (`strata.identifiable`). A random
    benchmark that would break the tests' level becomes a fixed effect (`inference.blocking`); variances that differ are
    modelled (`inference.spreads`).

    Args:
        is_literal: fit exactly the formula, as the published tool does.
        variance: one of `VARIANCES`.
        with_tests: also a test that cannot change the fit, for its own sake.

    Raises:
        FormulaError, DataError: as `fit`; a variance that was asked for cannot be estimated.
    """
    if variance not in VARIANCES:
        raise DataError(f"Variances are one of {', '.join(VARIANCES)}, not {variance!r}.")
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    if is_literal:
        return Chosen(fit(parsed, cells, is_reml=is_reml))
    parsed, left_out = identifiable(parsed, cells)
    found = fit(parsed, cells, is_reml=is_reml)
    own = _own(found, variance)
    if own is not None:
        return replace(own, said=(*left_out_sentences(left_out), *own.said))
    found, sentence = settled(found, is_ranked=bool(mentioned(parsed.response, (RANK,))))
    sentences = [*left_out_sentences(left_out), *([sentence] if sentence else [])]
    if not any("algorithm" in term for term in parsed.fixed.terms):
        return Chosen(found, tuple(sentences))
    found, residual, more = _residual(found, variance)
    sentences += more
    if not (with_tests or variance in ("auto", "algorithm", "both")):
        return Chosen(found, tuple(sentences), (residual,))
    found, interaction, more = _interaction(found, variance, is_settled=residual.is_used)
    return Chosen(found, (*sentences, *more), (residual, interaction))


def _residual(found: Fit, variance: str) -> tuple[Fit, SpreadTest, list[str]]:
    """Give the benchmarks residual variances of their own where that is asked for or the test says so."""
    test = residual_test(found.problem.cells)
    is_asked = variance in ("benchmark", "both")
    if not is_asked and not (variance == "auto" and test.p_value < RESIDUAL_LEVEL):
        return found, test, []
    bounded = mentioned(found.formula.response, BOUNDED)
    if bounded and not is_asked:
        return (
            found,
            test,
            [
                f"Residual variances differ between benchmarks (equal ones: {p_said(test.p_value)}) and are taken as "
                f"one: {bounded[0]} is scaled within its benchmark, so its spread there is small where algorithms "
                "differ much, and weights by it would favour these; --variance benchmark sets them."
            ],
        )
    fewest = own_df(found.problem.cells) if "benchmark" in found.problem.cells.codes else np.inf
    if fewest < LEAST_OWN_DF and not is_asked:
        return (
            found,
            test,
            [
                f"Residual variances differ between benchmarks (equal ones: {p_said(test.p_value)}) and are taken as "
                f"one, which is careful: a benchmark's own would rest on {fewest:.0f} degrees of freedom, and weights "
                f"that rest on fewer than {LEAST_OWN_DF} make intervals too narrow; --variance benchmark sets them."
            ],
        )
    try:
        other = fit(found.formula, found.problem.cells, is_reml=found.is_reml, variance="benchmark")
    except DataError:
        if is_asked:
            raise
        return found, test, []
    if not other.optimum.is_converged and not is_asked:
        return found, test, ["Residual variances differ between benchmarks, but a model of them did not converge."]
    sds, classes = other.class_sds, other.classes
    assert classes is not None
    sentence = (
        f"Every benchmark has its own residual variance in this model (standard deviations from {brief(sds.min())} to "
        f"{brief(sds.max())}{_because(test, is_asked)}); --variance equal takes them as one."
    )
    if fewest < LEAST_OWN_DF:
        sentence += (
            f" They rest on as few as {fewest:.0f} degrees of freedom each: of such experiments 8 to 12 % show a "
            "difference at 5 % that is not there."
        )
    if classes.sharing:
        sentence += f" Without a spread of their own, and given the narrowest: {', '.join(classes.sharing[:5])}."
    return other, replace(test, is_used=True), [sentence]


def _interaction(found: Fit, variance: str, *, is_settled: bool) -> tuple[Fit, SpreadTest, list[str]]:
    """Give the algorithms variances over benchmarks of their own where that is asked for or the test says so."""
    is_asked = variance in ("algorithm", "both")
    if is_settled and variance == "auto":
        # A likelihood ratio takes benchmarks on unlike scales for algorithms of unlike variances.
        widest, _ = widest_test(found)
        if not widest.p_value < INTERACTION_LEVEL:
            return found, widest, []
        test, other = widest, interaction_test(found)[1]
    else:
        test, other = interaction_test(found)
    if other is None:
        if is_asked:
            raise DataError(f"A variance for every algorithm cannot be estimated: {test.reason}.")
        return found, *_inseparable(found, test, variance)
    is_told = variance == "auto" and test.p_value < INTERACTION_LEVEL and other.optimum.is_converged
    if not (is_asked or is_told):
        return found, test, []
    sds = [float(np.sqrt(each[0, 0])) for block, each in other.block_covariances if block.term.is_diagonal]
    sentence = (
        f"Every algorithm has its own variance over benchmarks in this model (standard deviations from "
        f"{brief(min(sds))} "
        f"to {brief(max(sds))}{_because(test, is_asked)}); --variance equal takes them as one."
    )
    return other, replace(test, is_used=True), [sentence]


def _own(found: Fit, variance: str) -> Chosen | None:
    """Judge differences by their own spreads where one value each leaves no other way to follow unlike algorithms."""
    is_asked = variance in ("algorithm", "both")
    other = with_own_spreads(found) if is_asked or variance == "auto" else None
    if other is None:
        return None
    test, name = widest_test(found)
    if not is_asked and not test.p_value < INTERACTION_LEVEL:
        return None
    may = "varies" if test.p_value < UNLIKE_LEVEL else "may vary"
    why = f"{name} {may} more between benchmarks than the others ({p_said(test.p_value)})"
    sentence = (
        f"{'As asked' if is_asked else why}: with one value for each benchmark and algorithm every difference is "
        f"judged by its own spread over the {len(found.problem.cells.levels['benchmark'])} benchmarks (paired t tests, "
        "Bonferroni); --variance equal takes all as varying alike."
    )
    return Chosen(other, (sentence,), (residual_test(found.problem.cells), replace(test, is_used=True)))


def _inseparable(found: Fit, test: SpreadTest, variance: str) -> tuple[SpreadTest, list[str]]:
    """Say of one value for each benchmark and algorithm that an algorithm varies more, and cannot be given that."""
    if variance != "auto" or not _has_one_each(found.problem.cells):
        return test, []
    widest, name = widest_test(found)
    if np.isnan(widest.p_value):
        return test, []
    if not widest.p_value < UNLIKE_LEVEL:
        return widest, []
    return widest, [
        f"{name} varies more between benchmarks than the others ({p_said(widest.p_value)}), and with one value for "
        "each benchmark and algorithm it cannot have a variance of its own: differences from it may be called sure too "
        "soon (with five times the others' spread, on 5 benchmarks, 9 to 12 % of experiments showed one that is not "
        "there). Several seeds for each pair let the model separate it."
    ]


def _has_one_each(cells: Cells) -> bool:
    """Return whether no benchmark and algorithm have more than one row together."""
    if "benchmark" not in cells.codes or "algorithm" not in cells.codes:
        return False
    pair = cells.codes["benchmark"] * len(cells.levels["algorithm"]) + cells.codes["algorithm"]
    return bool(np.bincount(pair, weights=cells.count).max(initial=0.0) <= 1)


def _because(test: SpreadTest, is_asked: bool) -> str:
    return "" if is_asked or not np.isfinite(test.p_value) else f"; equal ones: {p_said(test.p_value)}"
