"""One model of an experiment, with what it leaves out fitted beside it: what `hpowh analyse lmem` answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.mixed_models.model.formula import Formula
from hpowh.analyses.mixed_models.reading.catalogue import Selection
from hpowh.analyses.mixed_models.reading.reader import Found, Reader
from hpowh.analyses.mixed_models.studies import tables
from hpowh.analyses.mixed_models.studies.analysis import (
    Question,
    Rows,
    default_factor,
    describe,
    merge_all,
    warn,
)
from hpowh.analyses.mixed_models.studies.failures import failure_rows
from hpowh.analyses.mixed_models.studies.fitting import fit_to_compare
from hpowh.analyses.mixed_models.studies.summary import (
    ResidualMoments,
    cell_coefficients,
    cell_residuals,
    residual_moments,
)
from hpowh.analyses.mixed_models.studies.wider import wider_models


@dataclass(frozen=True, kw_only=True)
class Request:
    """What `hpowh analyse lmem` is asked."""

    formula: str
    experiment: str | None = None
    where: str | None = None
    metric: str | None = None
    budget: float | str | None = None
    is_reml: bool = True
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
    )
    found = reader.find(parsed, selection)
    chosen = fit_to_compare(
        parsed, found.cells, is_reml=request.is_reml and not request.as_published, is_literal=request.as_published
    )
    fitted = chosen.fit
    direction, doubt = reader.direction(parsed.response, selection)
    question = replace(request.question, direction=direction)
    factor = question.factor or default_factor(fitted)
    said = [
        *([doubt] if doubt else []),
        *reader.known_of(selection, parsed.response),
        *chosen.said,
        *warn(fitted, factor),
    ]
    if found.cells.excluded:
        kinds = ", ".join(f"{count} {kind}" for kind, count in reader.excluded(found.plan).items())
        said.append(f"Rows without a finite response, by kind: {kinds or 'none'}.")
    rows, residuals = describe(fitted, question), None
    if request.with_residuals:
        residuals = _residuals(reader, found, fitted, rows)
    models = [tables.model_row(fitted, "model", residuals)]
    if factor is not None and not request.as_published:
        wider = wider_models(reader, selection, parsed, found.cells, fitted, replace(question, factor=factor))
        rows = merge_all([rows, *wider.rows])
        said += wider.said
        models += wider.models
        name, is_reml = models[-1]["model"], fitted.is_reml
        asked = replace(question, factor=factor)
        unlucky, hanging = failure_rows(reader, selection, wider.formula, asked, name, is_reml=is_reml)
        if unlucky:
            rows["lmem_failure"] = unlucky
        said += hanging
    models[-1]["is_basis"] = True
    at = reader.settle(selection, parsed.response).at
    models = [model | {"budget": at if isinstance(at, float) else None} for model in models]
    rows["lmem_model"] = models
    return rows, said


def _residuals(reader: Reader, found: Found, fitted: Fit, rows: Rows) -> ResidualMoments:
    """Add the tables of residuals to the rows, by a second pass over the data."""
    coefficients = cell_coefficients(fitted)
    middle = cell_residuals(fitted, coefficients)
    sums = reader.residual_sums(found, coefficients, middle, fitted.sigma)
    moments = residual_moments(sums, len(found.cells.count), middle)
    rows["lmem_residual"] = tables.residual_rows(fitted, moments, coefficients, "model")
    rows["lmem_residual_bin"] = tables.residual_bin_rows(moments, "model")
    return moments
