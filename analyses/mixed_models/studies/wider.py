"""What a model leaves out, fitted beside it: the strata of its fixed terms, and the runs where they give several rows.

The widest of these models is the one that conclusions rest on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hpowh.analyses.mixed_models.inference.satterthwaite import Satterthwaite, satterthwaite
from hpowh.analyses.mixed_models.model.cells import Cells, DataError
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.mixed_models.model.formula import Formula
from hpowh.analyses.mixed_models.model.problem import effects_besides_largest
from hpowh.analyses.mixed_models.reading.catalogue import Selection
from hpowh.analyses.mixed_models.studies import checks, tables
from hpowh.analyses.mixed_models.studies.analysis import Question, Rows, compared, describe
from hpowh.analyses.mixed_models.studies.fitting import fit_to_compare
from hpowh.analyses.mixed_models.studies.strata import (
    ADDED,
    Stratum,
    audit_rows,
    strata,
    stratum_sentence,
    with_strata,
)

MOST_EFFECTS = 2500
"""A wider model with more random effects besides its largest term's is not fitted while somebody waits."""


@dataclass
class Wider:
    """The wider models in order, their rows, what changes (sentences), and the widest one: its formula and fit."""

    formula: Formula
    basis: Fit
    models: list[tables.Row] = field(default_factory=list)
    rows: list[Rows] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


class CellSource(Protocol):
    """What is needed of a reader."""

    def cells(self, formula: Formula | str, selection: Selection) -> Cells: ...
    def rows_per_run(self, selection: Selection, response: str) -> int: ...


def wider_models(
    reader: CellSource,
    selection: Selection,
    formula: Formula,
    cells: Cells,
    fitted: Fit,
    question: Question,
    *,
    variance: str = "auto",
) -> Wider:
    """Fit the model with every stratum that the formula lacks, and its runs where they give several rows each.

    Where runs do, a model with the strata alone would still be wrong; it is fitted only where that with runs cannot be.

    Args:
        cells: those of the formula; `fitted`: the model that was asked for.
        variance: `equal` keeps the variances equal; otherwise each model's tests decide.
    """
    out = Wider(formula, fitted)
    needed = strata(formula, cells)
    lacking = [stratum for stratum in needed if stratum.state == ADDED]
    asked = (fitted, satterthwaite(fitted))
    right: tuple[Fit, Satterthwaite] | None = None
    names = list(dict.fromkeys(stratum.name for stratum in lacking))
    wider = with_strata(formula, needed)

    def add(model: Formula, with_names: Sequence[str], sentence: str = "") -> tuple[Fit, Satterthwaite] | None:
        return _fitted(reader, selection, model, with_names, question, out, fitted, sentence, variance=variance)

    repeats = reader.rows_per_run(selection, formula.response)
    if repeats > 1 and not checks.has_group(formula, "run"):
        sentence = (
            f"A run contributes up to {repeats} rows and the model has no (1|run): it takes the budgets of one run "
            "to be independent."
        )
        right = add(checks.with_group(wider, "run"), [*names, "run"], sentence)
    if lacking and right is None:
        right = add(wider, names)
    audit = audit_rows(needed, asked, right, out.models[-1]["model"] if right else "model")
    if audit:
        out.rows.append({"lmem_stratum": audit})
    rows = {(row["term"], row["grouping_factor"]): row for row in audit}
    out.said += _sentences(lacking, rows, fitted, right, question)
    return out


def _fitted(
    reader: CellSource,
    selection: Selection,
    formula: Formula,
    names: Sequence[str],
    question: Question,
    out: Wider,
    fitted: Fit,
    sentence: str = "",
    *,
    variance: str = "auto",
) -> tuple[Fit, Satterthwaite] | None:
    """Fit one wider model and add its rows; None, with the reason said, where it cannot be fitted."""
    name = f"with {', '.join(names)}"
    try:
        cells = reader.cells(formula, selection)
        count = effects_besides_largest(formula, cells)
        if count > MOST_EFFECTS:
            raise DataError(f"{count:,} random effects besides the largest term's are more than {MOST_EFFECTS:,}.")
        kind = "equal" if variance == "equal" else "auto"
        refit = fit_to_compare(formula, cells, is_reml=fitted.is_reml, variance=kind, with_tests=False).fit
    except DataError as error:
        out.said.append(
            f"{sentence or f'The model {name} is the right one.'} The comparison could not be made: {error}"
        )
        return None
    out.formula, out.basis = formula, refit
    out.models.append(tables.model_row(refit, name))
    out.rows.append(describe(refit, question, name))
    if sentence:
        out.said.append(compared(fitted, refit, question.factor or "algorithm", sentence))
    return refit, satterthwaite(refit)


def _sentences(
    lacking: Sequence[Stratum],
    rows: dict[tuple[str, str], tables.Row],
    fitted: Fit,
    right: tuple[Fit, Satterthwaite] | None,
    question: Question,
) -> list[str]:
    """Say for every stratum that was lacking what its term's test is with it; of a contrast for the compared factor."""
    sentences = []
    for stratum in lacking:
        row = rows[":".join(stratum.term), stratum.group]
        if right is not None and stratum.term == (question.factor,):
            bare = stratum_sentence(stratum, {"p_right": None, "p_asked": None})
            sentences.append(compared(fitted, right[0], stratum.term[0], bare))
        else:
            sentences.append(stratum_sentence(stratum, row))
    return sentences
