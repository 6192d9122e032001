"""The fit that conclusions rest on: the formula that was asked for, and what its data make of it by itself."""

from __future__ import annotations

from dataclasses import dataclass

from hpowh.analyses.mixed_models.inference.blocking import settled
from hpowh.analyses.mixed_models.model.cells import Cells
from hpowh.analyses.mixed_models.model.fit import Fit, fit
from hpowh.analyses.mixed_models.model.formula import Formula, parse_formula
from hpowh.analyses.mixed_models.reading.catalogue import RANK, mentioned
from hpowh.analyses.mixed_models.studies.strata import identifiable, left_out_sentences


@dataclass(frozen=True)
class Chosen:
    """A fit, and the sentences that say where it is not literally the one that was asked for."""

    fit: Fit
    said: tuple[str, ...] = ()


def fit_to_compare(formula: Formula | str, cells: Cells, *, is_reml: bool = True, is_literal: bool = False) -> Chosen:
    """Fit a model whose algorithms are to be compared.

    A random effect with a level for each row is the residual and is left out (`strata.identifiable`). A random
    benchmark that would break the tests' level becomes a fixed effect (`inference.blocking`).

    Args:
        is_literal: fit exactly the formula, as the published tool does.

    Raises:
        FormulaError, DataError: as `fit`.
    """
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    if is_literal:
        return Chosen(fit(parsed, cells, is_reml=is_reml))
    parsed, left_out = identifiable(parsed, cells)
    found = fit(parsed, cells, is_reml=is_reml)
    found, sentence = settled(found, is_ranked=bool(mentioned(parsed.response, (RANK,))))
    return Chosen(found, (*left_out_sentences(left_out), *((sentence,) if sentence else ())))
