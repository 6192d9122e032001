"""A model of Parquet files as they lie: what `hpowh analyse lmem --from` answers."""

from __future__ import annotations

from dataclasses import replace

from hpowh.analyses.mixed_models.model.formula import Formula
from hpowh.analyses.mixed_models.reading.catalogue import Catalogue, Selection
from hpowh.analyses.mixed_models.reading.ends import over
from hpowh.analyses.mixed_models.reading.file_ends import failed_sentence, refuse_unequal_ends
from hpowh.analyses.mixed_models.reading.files import FileReader
from hpowh.analyses.mixed_models.studies import tables
from hpowh.analyses.mixed_models.studies.analysis import (
    Question,
    Rows,
    default_factor,
    describe,
    merge_all,
    pair_statements,
    warn,
)
from hpowh.analyses.mixed_models.studies.fitting import fit_to_compare
from hpowh.analyses.mixed_models.studies.summary import (
    cell_coefficients,
    cell_residuals,
    cell_sds,
    residual_moments,
)
from hpowh.analyses.mixed_models.studies.wider import wider_models

SMALLER = (
    "Files do not say which way a response is better: a smaller one is taken to be (where a larger one is, model "
    "`-accuracy` or `1 - accuracy`)."
)
UNKNOWN_RUNS = (
    "No column tells which rows are of one run (`run`, or algorithm, benchmark and `seed`): rows are taken to be "
    "independent, which points of one run are not."
)


def run_on_files(
    reader: FileReader,
    formula: Formula,
    question: Question,
    *,
    is_reml: bool = True,
    variance: str = "auto",
    with_residuals: bool = True,
) -> tuple[Rows, list[str]]:
    """Return the rows of every table that the model fills, with what it leaves out fitted beside it, and what to know.

    Raises:
        DataError, FormulaError: a name or condition means nothing here, or the data cannot carry the model.
    """
    reader.refuse_mixtures(formula)
    refuse_unequal_ends(reader, formula)
    found = reader.find(formula)
    chosen = fit_to_compare(formula, found.cells, is_reml=is_reml, variance=variance)
    fitted = chosen.fit
    question = replace(question, direction="min", over=over([]) if reader.rows_per_run(None, "") > 1 else "")
    factor = question.factor or default_factor(fitted)
    said = [SMALLER, *([] if reader.run_columns else [UNKNOWN_RUNS]), *chosen.said, *warn(fitted, factor)]
    if found.cells.excluded:
        kinds = ", ".join(f"{count} {kind}" for kind, count in reader.excluded(found.plan).items())
        said.append(f"Rows without a finite response, by kind: {kinds or 'none'}.")
        failed = failed_sentence(reader, found.plan)
        said += [failed] if failed else []
    rows, residuals = describe(fitted, question), None
    rows["lmem_variance_test"] = tables.spread_test_rows(chosen.tests, "model")
    if with_residuals:
        coefficients = cell_coefficients(fitted)
        middle = cell_residuals(fitted, coefficients)
        sums = reader.residual_sums(found, coefficients, middle, cell_sds(fitted))
        residuals = residual_moments(sums, len(found.cells.count), middle)
        rows["lmem_residual"] = tables.residual_rows(fitted, residuals, coefficients, "model")
        rows["lmem_residual_bin"] = tables.residual_bin_rows(residuals, "model")
    models = [tables.model_row(fitted, "model", residuals)]
    basis = fitted
    if factor is not None:
        whole = replace(question, factor=factor)
        nothing = Selection(catalogue=Catalogue(experiment_id=0, experiment="", metrics={}))
        wider = wider_models(reader, nothing, formula, found.cells, fitted, whole, variance=variance)
        rows = merge_all([rows, *wider.rows])
        said += wider.said
        basis = wider.basis
        models += wider.models
        rows["lmem_pair"] = pair_statements(basis, question, factor, models[-1]["model"])
    models[-1]["is_basis"] = True
    rows["lmem_model"] = models
    return rows, said
