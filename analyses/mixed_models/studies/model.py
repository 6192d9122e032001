"""One model of an experiment, with what it leaves out fitted beside it: what `hpowh analyse lmem` answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Cells, DataError, Floats
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.mixed_models.model.formula import Formula, parse_formula
from hpowh.analyses.mixed_models.model.subset import scaled_by
from hpowh.analyses.mixed_models.reading.catalogue import Selection
from hpowh.analyses.mixed_models.reading.ends import over
from hpowh.analyses.mixed_models.reading.found import Found
from hpowh.analyses.mixed_models.reading.reader import Reader
from hpowh.analyses.mixed_models.studies import tables
from hpowh.analyses.mixed_models.studies.analysis import (
    Question,
    Rows,
    compared,
    default_factor,
    describe,
    merge_all,
    pair_statements,
    warn,
)
from hpowh.analyses.mixed_models.studies.failures import failure_rows
from hpowh.analyses.mixed_models.studies.fitting import fit_to_compare
from hpowh.analyses.mixed_models.studies.sharing import sharing, sharing_sentence
from hpowh.analyses.mixed_models.studies.summary import (
    ResidualMoments,
    cell_coefficients,
    cell_residuals,
    cell_sds,
    residual_moments,
)
from hpowh.analyses.mixed_models.studies.wider import wider_models

SCALES = ("response", "benchmark")
"""The unit of the response: its own, or each benchmark's residual standard deviation."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What `hpowh analyse lmem` is asked."""

    formula: str
    experiment: str | None = None
    where: str | None = None
    metric: str | None = None
    budget: float | str | None = None
    is_reml: bool = True
    variance: str = "auto"
    scale: str = "response"
    question: Question = field(default_factory=Question)
    with_residuals: bool = True
    failures: str = "exclude"
    as_published: bool = False


def run_model(reader: Reader, parsed: Formula, request: Request) -> tuple[Rows, list[str]]:
    """Return the rows of every table that a model fills, and what to know about it.

    Raises:
        DataError, FormulaError: a name or condition means nothing here, or the data cannot carry the model.
    """
    selection = Selection(
        catalogue=reader.catalogue,
        metric=request.metric,
        where=request.where,
        budget=request.budget,
        failures=request.failures,
        is_literal=request.as_published,
    )
    located = reader.find(parsed, selection)
    cells, unit = _in_unit(located.cells, request.scale)
    chosen = fit_to_compare(
        parsed if unit is None else in_spreads(parsed),
        cells,
        is_reml=request.is_reml and not request.as_published,
        is_literal=request.as_published,
        variance=request.variance,
    )
    fitted = chosen.fit
    direction, doubt = reader.direction(parsed.response, selection)
    known = [*reader.known_of(selection, parsed.response), *reader.averaged(selection, parsed, request.question.by)]
    is_of_points = request.budget is None and reader.rows_per_run(selection, parsed.response) > 1
    question = replace(request.question, direction=direction, over=over(known) if is_of_points else "")
    factor = question.factor or default_factor(fitted)
    sentences = [
        *([doubt] if doubt else []),
        *known,
        *chosen.said,
        *warn(fitted, factor),
    ]
    if located.cells.excluded:
        kinds = ", ".join(f"{count} {kind}" for kind, count in reader.excluded(located.plan).items())
        sentences.append(f"Rows without a finite response, by kind: {kinds or 'none'}.")
    rows, residuals = describe(fitted, question), None
    basis = fitted
    rows["lmem_variance_test"] = tables.spread_test_rows(chosen.tests, "model")
    if request.with_residuals:
        residuals = _residuals(reader, located, fitted, rows, unit)
    models = [tables.model_row(fitted, "model", residuals)]
    if factor is not None and not request.as_published:
        source = reader if unit is None else InSpreads(reader, parsed.response)
        asked = parsed if unit is None else in_spreads(parsed)
        whole = replace(question, factor=factor)
        wider = wider_models(source, selection, asked, cells, fitted, whole, variance=request.variance)
        rows = merge_all([rows, *wider.rows])
        sentences += wider.said
        basis = wider.basis
        models += wider.models
        if unit is None:
            name, is_reml = models[-1]["model"], fitted.is_reml
            unlucky, hanging = failure_rows(reader, selection, wider.formula, whole, name, is_reml=is_reml)
            if unlucky:
                rows["lmem_failure"] = unlucky
            sentences += hanging
        if unit is None:
            alike = _sharing(reader, selection, parsed)
            sentences += [alike] if alike else []
    models[-1]["is_basis"] = True
    if factor is not None:
        rows["lmem_pair"] = pair_statements(basis, question, factor, models[-1]["model"])
    if unit is None and fitted.classes is not None and request.variance == "auto":
        model, more, sentence = _beside(basis, replace(question, factor=factor))
        rows = merge_all([rows, more])
        sentences.append(sentence)
        models.append(model)
    at = reader.settle(selection, parsed.response).at
    models = [model | {"budget": at if isinstance(at, float) else None} for model in models]
    rows["lmem_model"] = models
    return rows, sentences


def _sharing(reader: Reader, selection: Selection, formula: Formula) -> str | None:
    """Say that runs of one benchmark and seed go together, where the formula compares algorithms and has no seeds."""
    if any("seed" in random.group for random in formula.random) or not any(
        "algorithm" in term for term in formula.fixed.terms
    ):
        return None
    factors = [name for name in reader.catalogue.factors if not reader.catalogue.is_numeric(name)]
    keys = ("benchmark", "seed", *factors)
    groups = ":".join(["algorithm", "benchmark", "seed", *(f"`{name}`" for name in factors)])
    try:
        cells = reader.cells(f"{formula.response} ~ 1 + (1|{groups})", selection)
    except DataError:  # no seeds
        return None
    return sharing_sentence(sharing(cells, keys))


def _in_unit(cells: Cells, scale: str) -> tuple[Cells, Floats | None]:
    """Return the cells in the unit asked for, and what each cell's values were divided by (None: nothing)."""
    if scale not in SCALES:
        raise DataError(f"A scale is one of {', '.join(SCALES)}, not {scale!r}.")
    return scaled_by(cells, "benchmark") if scale == "benchmark" else (cells, None)


def in_spreads(formula: Formula) -> Formula:
    """Return the formula with a response that says in which unit it is measured."""
    return replace(formula, response=f"{formula.response} / residual SD of its benchmark")


@dataclass(frozen=True)
class InSpreads:
    """Reads cells in each benchmark's residual spread, whatever the formula calls its response."""

    reader: Reader
    response: str

    def cells(self, formula: Formula | str, selection: Selection) -> Cells:
        """Return the scaled cells of a formula. Raises DataError, FormulaError."""
        parsed = parse_formula(formula) if isinstance(formula, str) else formula
        return scaled_by(self.reader.cells(replace(parsed, response=self.response), selection), "benchmark")[0]

    def rows_per_run(self, selection: Selection, response: str) -> int:
        """Return how many rows the run with the most rows contributes."""
        return self.reader.rows_per_run(selection, self.response)


def _beside(basis: Fit, question: Question) -> tuple[tables.Row, Rows, str]:
    """Compare the levels in residual standard deviations of each benchmark, by the model that conclusions rest on.

    Where benchmarks are on unlike scales, an effect is likelier the same in these than in the response's unit. A model
    without the strata that its terms need would be as sure of itself in these units as in any other.
    """
    cells, _ = scaled_by(basis.problem.cells, "benchmark")
    chosen = fit_to_compare(in_spreads(basis.formula), cells, is_reml=basis.is_reml, with_tests=False)
    name = "in each benchmark's spread"
    sentence = compared(
        basis,
        chosen.fit,
        question.factor or "algorithm",
        "The benchmarks' scales differ: the means are those of the raw response, to which wide benchmarks contribute "
        "most. In units of each benchmark's residual spread (--scale benchmark) the answer may differ.",
        ("in the response's unit", "in spreads"),
    )
    return tables.model_row(chosen.fit, name), describe(chosen.fit, question, name), sentence


def _residuals(reader: Reader, found: Found, fitted: Fit, rows: Rows, unit: Floats | None) -> ResidualMoments:
    """Add the tables of residuals to the rows, by a second pass over the data.

    `unit` (C,): what each cell's values were divided by, if anything.
    """
    coefficients = cell_coefficients(fitted)
    middle = cell_residuals(fitted, coefficients)
    by = np.ones(len(middle)) if unit is None else unit
    sums = reader.residual_sums(found, coefficients * by[:, None], middle, cell_sds(fitted) * by)
    moments = residual_moments(sums, len(found.cells.count), middle)
    rows["lmem_residual"] = tables.residual_rows(fitted, moments, coefficients, "model")
    rows["lmem_residual_bin"] = tables.residual_bin_rows(moments, "model")
    return moments
