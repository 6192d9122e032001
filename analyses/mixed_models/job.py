"""Mixed models of an experiment in a warehouse: read cells, fit, store `result.lmem_*`.

From Python:
    >>> from hpowh.warehouse import Warehouse
    >>> from hpowh.analyses.mixed_models.job import analyse_lmem
    >>> outcome = analyse_lmem(Warehouse("hpowh.duckdb"), "normalized_regret ~ algorithm + (1|benchmark)")
    >>> outcome.tables["lmem_contrast"]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hpowh.analyses.mixed_models.inference.compare import NotComparableError
from hpowh.analyses.mixed_models.model.cells import DataError
from hpowh.analyses.mixed_models.model.formula import FormulaError, parse_formula
from hpowh.analyses.mixed_models.reading.catalogue import Selection
from hpowh.analyses.mixed_models.reading.reader import Reader
from hpowh.analyses.mixed_models.studies.analysis import Question, Rows
from hpowh.analyses.mixed_models.studies.model import Request, run_model
from hpowh.analyses.mixed_models.studies.tables import plain
from hpowh.warehouse import AnalysisRun, Warehouse, queries
from hpowh.warehouse.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from hpowh.warehouse import relation as in_warehouse

VERSION = "19"
DEFAULT_MODEL = "normalized_regret ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"


@dataclass(frozen=True)
class Outcome:
    """What an analysis found: its run, its tables (`lmem_…`, as stored), and what to know about it."""

    subject: str
    analysis_run_id: int
    is_new: bool
    warnings: list[str]
    tables: Mapping[str, pl.DataFrame] = field(repr=False)


def reader_of(warehouse: Warehouse, experiment: str | None) -> Reader:
    """Return the reader of an experiment. Raises UsageError: there is none of that name, or which is meant is open."""
    try:
        return Reader.of(warehouse, experiment)
    except DataError as error:
        raise UsageError(str(error)) from error


def analyse_lmem(
    warehouse: Warehouse,
    formula: str,
    *,
    experiment: str | None = None,
    where: str | None = None,
    metric: str | None = None,
    budget: float | str | None = None,
    failures: str = "exclude",
    is_reml: bool = True,
    variance: str = "auto",
    scale: str = "response",
    question: Question | None = None,
    with_residuals: bool = True,
    as_published: bool = False,
) -> Outcome:
    """Fit a mixed model to an experiment and store its tables.

    Args:
        formula: in lme4's language; the response is a metric, `regret`, `normalized_regret`, `log_regret`, `rank` or an
            SQL expression of those and the columns.
        where, metric, budget, failures: which rows, as in `Selection`.
        is_reml: by restricted likelihood; else by likelihood, as models with different fixed effects are compared.
        variance: which may differ: `auto` (what the tests ask for), `equal`, `benchmark`, `algorithm`, `both`.
        scale: `response`, or `benchmark`: in residual standard deviations of each benchmark.
        question: which marginal means and contrasts; by default all pairs of `algorithm`, else of the first factor.
        with_residuals: also the residuals' moments by cell, which cost a second reading of the rows.
        as_published: the formula as it stands, by likelihood, as the published tool fits it.

    Raises:
        UsageError: a name, formula or condition means nothing here, or the data cannot carry the model; says why.
    """
    request = Request(
        formula=formula,
        experiment=experiment,
        where=where,
        metric=metric,
        budget=budget,
        failures=failures,
        is_reml=is_reml,
        variance=variance,
        scale=scale,
        question=question or Question(),
        with_residuals=with_residuals,
        as_published=as_published,
    )
    reader = reader_of(warehouse, request.experiment)
    try:
        parsed = parse_formula(request.formula)
        run = analysis_run(reader, "mixed_models.fit", request.__dict__ | {"formula": str(parsed)})
        found = warehouse.find_run(run)
        if found is not None:
            return stored(warehouse, reader.catalogue.experiment, found)
        rows, run.warnings = run_model(reader, parsed, request)
    except (FormulaError, DataError) as error:
        raise UsageError(str(error)) from error
    return save(warehouse, run, rows)


def asked_of(where: str | None, metric: str | None, budget: float | str | None, failures: str) -> dict[str, Any]:
    """Return what was asked of `Selection`; what was not is no parameter of the run."""
    asked = {"where": where, "metric": metric, "budget": budget, "failures": failures}
    return {name: value for name, value in asked.items() if value is not None}


def run_study(
    warehouse: Warehouse,
    experiment: str | None,
    job: str,
    parameters: Mapping[str, Any],
    selection: Mapping[str, Any],
    study: Callable[[Reader, Selection], tuple[Rows, list[str]]],
    seed: int | None = None,
) -> Outcome:
    """Run a study unless it was run on this input before, and store its rows; its sentences are the run's warnings."""
    reader = reader_of(warehouse, experiment)
    run = analysis_run(reader, job, {**parameters, **selection}, seed)
    found = warehouse.find_run(run)
    if found is not None:
        return stored(warehouse, reader.catalogue.experiment, found)
    try:
        rows, run.warnings = study(reader, Selection(catalogue=reader.catalogue, **selection))
    except (FormulaError, DataError, NotComparableError) as error:
        raise UsageError(str(error)) from error
    return save(warehouse, run, rows)


def analysis_run(reader: Reader, job: str, parameters: Mapping[str, Any], seed: int | None = None) -> AnalysisRun:
    """Return the identity of an analysis of the reader's experiment."""
    plain = {key: value.__dict__ if isinstance(value, Question) else value for key, value in parameters.items()}
    return AnalysisRun(
        job=job,
        subject=reader.catalogue.experiment,
        job_version=VERSION,
        parameters=plain,
        input_fingerprint=reader.fingerprint,
        seed=seed,
    )


def save(warehouse: Warehouse, run: AnalysisRun, rows: Rows) -> Outcome:
    """Store the rows as result tables and return them."""
    from hpowh.warehouse.relation import Tables

    tables = as_stored(rows)
    saved = warehouse.save_run(run, tables)
    if not warehouse.keeps_results:
        return Outcome(run.subject, saved, True, run.warnings, Tables(tables))
    return replace(stored(warehouse, run.subject, saved, sorted(tables)), is_new=True)


def as_stored(rows: Rows) -> dict[str, in_warehouse.Rows]:
    """Return the tables that are not empty, as the warehouse takes them: without NaN and infinity."""
    from hpowh.warehouse.relation import Rows as Stored

    whole = {name: Stored.of(found) for name, found in rows.items() if found}
    return {
        name: Stored(table.columns, [tuple(map(plain, row)) for row in table.values]) for name, table in whole.items()
    }


def stored(warehouse: Warehouse, subject: str, run_id: int, names: Sequence[str] | None = None) -> Outcome:
    """Return an analysis that was made before, from its tables.

    Args:
        names: the tables that it has, where that is known.
    """
    import json

    from hpowh.warehouse.relation import Tables

    if names is None:
        ours = {"beginnings": ["lmem_", "ranking_"]}
        found = warehouse.sql(queries.text("catalogue/tables_of_family"), ours).rows()
        names = [name for (name,) in found]
    tables = {}
    for name in names:
        table = warehouse.sql(
            f"select * exclude (analysis_run_id) from result.{name} where analysis_run_id = ?", [run_id]
        ).held()
        if table.height:
            tables[name] = table
    said = warehouse.sql("select warnings from ops.analysis_run where analysis_run_id = ?", [run_id]).one()
    return Outcome(subject, run_id, False, json.loads(said or "[]"), Tables(tables))
