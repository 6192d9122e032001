"""The analysis of variance of a fitted model: for each fixed term the joint test that nothing of it is there.

A term's hypothesis is about means over a balanced grid of the other factors (equal weights), covariates at their means:
all differences of a factor's levels, all differences of differences for an interaction, the slopes of a covariate. So
the test of `algorithm` in `algorithm * prior` is about the algorithms, not about the algorithms under the first prior.
Sources: Searle, Speed & Milliken (1980), Am. Stat. 34 (hypotheses of marginal means); these are the "type III" tests of
other programs.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from hpowh.analyses.mixed_models.inference.margins import numeric_at
from hpowh.analyses.mixed_models.model.cells import DataError, Floats
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.mixed_models.model.formula import Term

MOST_CONTRASTS = 300
ESTIMABLE = 1e-8


def term_hypothesis(fit: Fit, term: Term) -> Floats:
    """Return the contrasts (r, p) that are all zero where a fixed term has no effect.

    What the data do not determine (an algorithm that was never run under one prior) is left out of the hypothesis.

    Raises:
        DataError: none of it is estimable, or it has more than `MOST_CONTRASTS` contrasts.
    """
    levels = fit.problem.cells.term_levels
    factors = tuple(name for name in term if name in levels)
    numbers = tuple(sorted(name for name in term if name not in levels))
    whole = np.vstack([_contrasts(fit, part, numbers) for part in _parts(fit, factors, numbers)])
    hidden = whole @ fit.problem.null_space
    if hidden.size:
        left, singular, _ = np.linalg.svd(hidden, full_matrices=True)
        rank = int((singular > ESTIMABLE * max(1.0, float(np.abs(whole).max()))).sum())
        whole = left[:, rank:].T @ whole
    kept = [i for i, column in enumerate(fit.problem.all_columns) if column in set(fit.problem.columns)]
    found = whole[:, kept]
    if not found.size or np.abs(found).max() < ESTIMABLE:
        raise DataError(f"Nothing of {':'.join(term)} can be estimated.")
    return found


def _parts(fit: Fit, factors: Term, numbers: Term) -> list[Term]:
    """Return the sets of factors whose differences are in a term: its own, and those that no other term has."""
    present = {frozenset(term) for term in fit.formula.fixed.terms}
    found = [factors]
    for size in range(1, len(factors)):
        found += [part for part in itertools.combinations(factors, size) if {*part, *numbers} not in present]
    return found


def _contrasts(fit: Fit, factors: Term, numbers: Term) -> Floats:
    """Return the differences of all levels of the factors from their first ones, as functions of all columns."""
    levels = fit.problem.cells.term_levels
    sizes = [len(levels[name]) for name in factors]
    if int(np.prod([size - 1 for size in sizes])) > MOST_CONTRASTS:
        raise DataError(
            f"{':'.join(factors)} has more than {MOST_CONTRASTS} differences: they are not tested together."
        )
    grid = np.array(
        [_row(fit, dict(zip(factors, at, strict=True)), numbers) for at in itertools.product(*map(range, sizes))]
    )
    differences: Floats = np.ones((1, 1))
    for size in sizes:
        one = np.column_stack([-np.ones(size - 1), np.eye(size - 1)])
        differences = np.asarray(np.kron(differences, one), dtype=np.float64)
    return np.asarray(differences @ grid)


def _row(fit: Fit, held: dict[str, int], numbers: Sequence[str]) -> Floats:
    """Return the mean of every column where factors are held at levels; of a slope only the columns that have it."""
    levels = fit.problem.cells.term_levels
    row = np.zeros(len(fit.problem.all_columns))
    for j, column in enumerate(fit.problem.all_columns):
        if any(name in held and held[name] != level for name, level in column.levels):
            continue
        share = float(np.prod([1.0 / len(levels[name]) for name, _ in column.levels if name not in held]))
        if numbers:
            row[j] = share if tuple(sorted(column.numeric)) == tuple(numbers) else 0.0
        else:
            row[j] = share * float(np.prod([numeric_at(fit, name, {}) for name in column.numeric]))
    return row
