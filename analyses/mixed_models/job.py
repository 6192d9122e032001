"""Mixed models of an experiment in a warehouse: read cells, fit, store `result.lmem_*`.

From Python:
    >>> from hpowh.warehouse import Warehouse
    >>> from hpowh.analyses.mixed_models.job import analyse_lmem
    >>> outcome = analyse_lmem(Warehouse("hpowh.duckdb"), "normalized_regret ~ algorithm + (1|benchmark)")
    >>> outcome.tables["lmem_contrast"]
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hpowh.analyses.mixed_models import checks, studies
from hpowh.analyses.mixed_models.analysis import Question, Rows, compared, default_factor, describe, merge_all, warn
from hpowh.analyses.mixed_models.anomalies import sentences
from hpowh.analyses.mixed_models.cells import Cells, DataError
from hpowh.analyses.mixed_models.compare import NotComparableError
from hpowh.analyses.mixed_models.fit import Fit, fit
from hpowh.analyses.mixed_models.formula import Formula, FormulaError, parse_formula
from hpowh.analyses.mixed_models.ladder import formula_of
from hpowh.analyses.mixed_models.moments import cells_from_moments
from hpowh.analyses.mixed_models.power import power_sentences
from hpowh.analyses.mixed_models.presets import PRESETS
from hpowh.analyses.mixed_models.query import (
    Catalogue,
    Plan,
    Selection,
    common_budgets_query,
    direction_of,
    excluded_query,
    level_counts_query,
    plan,
    repeats_query,
    residual_query,
    values_query,
)
from hpowh.warehouse import AnalysisRun, Warehouse
from hpowh.warehouse.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

VERSION = "1"


@dataclass(frozen=True)
class Outcome:
    """What an analysis found: its run, its tables (`lmem_…`, as stored), and what to know about it."""

    subject: str
    analysis_run_id: int
    is_new: bool
    warnings: list[str]
    tables: dict[str, pl.DataFrame] = field(repr=False)


@dataclass
class Reader:
    """Reads cells of one experiment; remembers the names of algorithms and benchmarks."""

    warehouse: Warehouse
    catalogue: Catalogue
    names: Mapping[str, Mapping[int, str]]
    fingerprint: str

    @classmethod
    def of(cls, warehouse: Warehouse, experiment: str | None) -> Reader:
        """Return the reader of an experiment; the only one where none is named. Raises UsageError."""
        known = warehouse.sql("select experiment_id, name from core.experiment order by name").rows()
        chosen = [row for row in known if experiment is None or row[1] == experiment]
        listed = ", ".join(row[1] for row in known)
        if not known:
            raise UsageError("There is no experiment in the warehouse.", "Load runs first: hpowh ingest runs FILE")
        if not chosen:
            raise UsageError(f"There is no experiment {experiment!r}.", f"There are: {listed}.")
        if len(chosen) > 1:
            raise UsageError("There are several experiments.", f"Say which: --experiment NAME, one of {listed}.")
        experiment_id, name = chosen[0]
        catalogue = _catalogue(warehouse, experiment_id, name)
        names = {
            dimension: dict(warehouse.sql(f"select {dimension}_id, name from core.{dimension}").rows())
            for dimension in ("algorithm", "benchmark")
        }
        return cls(warehouse, catalogue, names, _fingerprint(warehouse, experiment_id))

    def plan(self, formula: Formula, selection: Selection) -> Plan:
        return plan(formula, selection)

    def cells(self, formula: Formula | str, selection: Selection) -> Cells:
        """Return the cells of a formula on a selection. Raises DataError, FormulaError."""
        return self.cells_and_keys(formula, selection)[0]

    def cells_and_keys(self, formula: Formula | str, selection: Selection) -> tuple[Cells, dict[str, Any], Plan]:
        """Return the cells, the raw answer of the cell query, and its plan."""
        parsed = parse_formula(formula) if isinstance(formula, str) else formula
        planned = self.plan(parsed, selection)
        shift = 0.0
        if parsed.response.strip() == planned.metric:
            shift = float(self._ask(planned.sample()).one() or 0.0)
        found = self._ask(planned.cells(shift)).numpy()
        return cells_from_moments(planned, found, self.names, shift), found, planned

    def excluded(self, planned: Plan) -> dict[str, int]:
        """Return how many selected rows have no finite response, by kind."""
        rows = self._ask(excluded_query(planned)).rows()
        return {kind: count for kind, count in rows if not kind.startswith("a covariate")}

    def rows_per_run(self, selection: Selection, response: str) -> int:
        """Return how many rows the run with the most rows contributes."""
        return int(self._ask(repeats_query(selection, response)).one() or 0)

    def level_counts(self, selection: Selection, response: str) -> dict[str, int]:
        """Return how many levels every factor and meta-feature has in a selection."""
        query, names = level_counts_query(selection, response)
        return dict(zip(names, self._ask(query).rows()[0][1:], strict=True))

    def common_budgets(self, selection: Selection) -> list[float]:
        """Return the budgets at which every run has a value. Raises DataError where there is none."""
        found = [row[0] for row in self._ask(common_budgets_query(selection)).rows()]
        if not found:
            raise DataError("There is no budget at which all runs have a value; name some: --budgets 1,2,5.")
        return found

    def values_at(self, selection: Selection, factor: str, budgets: Sequence[float]) -> dict[str, Any]:
        """Return every run's best loss until each budget: see `studies.paired_shifts`."""
        import numpy as np
        import pyarrow as pa

        connection = self.warehouse.connection
        connection.register("budget_grid", pa.table({"g": np.array(budgets, dtype=float)}))
        try:
            found = self._ask(values_query(selection, factor)).pl()
        finally:
            connection.unregister("budget_grid")
        wide = found.pivot(on="g", index=["run", "algorithm", "benchmark", "level", "block"], values="loss")
        columns = [wide[str(float(budget))] for budget in budgets]
        return {name: wide[name].to_list() for name in ("algorithm", "benchmark", "level", "block")} | {
            "losses": np.column_stack([column.to_numpy().astype(float) for column in columns])
        }

    def residual_sums(self, planned: Plan, found: Mapping[str, Any], coefficients: Any, sigma: float) -> dict[str, Any]:
        """Return the answer of the residual query for the cells that were found."""
        import numpy as np
        import pyarrow as pa

        usable = np.asarray(np.ma.filled(found["n"], 0)) > 0
        columns: dict[str, Any] = {"cell": np.arange(int(usable.sum()))}
        for i in range(len(planned.keys)):
            values = np.ma.getdata(np.ma.asarray(found[f"k{i}"]))[usable]
            columns[f"k{i}"] = values.tolist() if values.dtype == object else values
        columns |= {f"c{i}": coefficients[:, i] for i in range(coefficients.shape[1])}
        connection = self.warehouse.connection
        connection.register("fitted_cell", pa.table(columns))
        try:
            return self._ask(residual_query(planned, sigma)).numpy()
        finally:
            connection.unregister("fitted_cell")

    def _ask(self, query: str) -> Any:
        import duckdb

        try:
            return self.warehouse.sql(query)
        except (duckdb.BinderException, duckdb.ParserException, duckdb.ConversionException) as error:
            first = str(error).splitlines()[0]
            raise DataError(f"{first} (columns: {', '.join(self.catalogue.columns)}, value)") from error


def _catalogue(warehouse: Warehouse, experiment_id: int, name: str) -> Catalogue:
    metrics = warehouse.sql(
        "select name, metric_id, direction from core.metric where metric_id in (select distinct t.metric_id from "
        "core.trace as t join core.run as r on r.run_id = t.run_id where r.experiment_id = ?) order by name",
        [experiment_id],
    ).rows()
    factors = warehouse.sql(
        "select f.name, bool_and(f.numeric_value is not null) from core.run_factor as f join core.run as r "
        "on r.run_id = f.run_id where r.experiment_id = ? group by f.name order by f.name",
        [experiment_id],
    ).rows()
    features = warehouse.sql(
        "select name, bool_and(numeric_value is not null) from core.benchmark_feature where benchmark_id in "
        "(select benchmark_id from core.run where experiment_id = ?) group by name order by name",
        [experiment_id],
    ).rows()
    taken = dict(factors)
    return Catalogue(
        experiment_id,
        name,
        {metric: (metric_id, direction) for metric, metric_id, direction in metrics},
        taken,
        {feature: is_numeric for feature, is_numeric in features if feature not in taken},
    )


_SOURCES = """
with run as (select * from core.run where experiment_id = ?),
benchmark as (select distinct benchmark_id from run),
used as (
  select source_id from run
  union select source_id from core.run where benchmark_id in (from benchmark)
  union select source_id from core.evaluation where benchmark_id in (from benchmark)
  union select source_id from core.benchmark_feature where benchmark_id in (from benchmark)
)
select string_agg(name || ':' || fingerprint, '|' order by name, fingerprint)
from core.source
where source_id in (from used)
"""


def _fingerprint(warehouse: Warehouse, experiment_id: int) -> str:
    """Return a hash of the states of all sources of the runs, of their benchmarks' best known values and features."""
    facts = warehouse.sql(_SOURCES, [experiment_id]).one()
    return hashlib.sha256(str(facts).encode()).hexdigest()


@dataclass(frozen=True)
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
    as_published: bool = False


def analyse_lmem(warehouse: Warehouse, formula: str, **options: Any) -> Outcome:
    """Fit a mixed model to an experiment and store its tables.

    Args:
        formula: in lme4's language; the response is a metric, `regret`, `normalized_regret`, `log_regret`, `rank` or an
            SQL expression of those and the columns.
        options: the fields of `Request`.

    Raises:
        UsageError: a name, formula or condition means nothing here, or the data cannot carry the model; says why.
    """
    request = Request(formula, **options)
    reader = Reader.of(warehouse, request.experiment)
    try:
        return _analyse(reader, request)
    except (FormulaError, DataError) as error:
        raise UsageError(str(error)) from error


def _analyse(reader: Reader, request: Request) -> Outcome:
    parsed = parse_formula(request.formula)
    selection = Selection(reader.catalogue, request.metric, request.where, request.budget)
    run = analysis_run(reader, "mixed_models.fit", request.__dict__ | {"formula": str(parsed)})
    found_id = reader.warehouse.find_run(run)
    if found_id is not None:
        return stored(reader.warehouse, reader.catalogue.experiment, found_id)
    cells, found, planned = reader.cells_and_keys(parsed, selection)
    is_reml = request.is_reml and not request.as_published
    fitted = fit(parsed, cells, is_reml=is_reml)
    question = replace(request.question, direction=direction_of(parsed.response, selection))
    factor = question.factor or default_factor(fitted)
    run.warnings = warn(fitted, factor)
    if cells.excluded:
        kinds = ", ".join(f"{count} {kind}" for kind, count in reader.excluded(planned).items())
        run.warnings.append(f"Rows without a finite response, by kind: {kinds or 'none'}.")
    rows, residuals = describe(fitted, question), None
    if request.with_residuals:
        rows, residuals = _with_residuals(reader, planned, found, fitted, rows)
    models = [_model(fitted, "model", residuals)]
    if factor == "algorithm" and not request.as_published:
        more, said = _comparisons(reader, selection, fitted, question)
        rows, run.warnings = merge_all([rows, *(part for _, part in more)]), run.warnings + said
        models += [model for model, _ in more]
    rows["lmem_model"] = models
    return save(reader, run, rows)


def _model(fitted: Fit, name: str, residuals: Any = None) -> dict[str, Any]:
    from hpowh.analyses.mixed_models.tables import model_row

    return model_row(fitted, name, residuals)


def _with_residuals(reader: Reader, planned: Plan, found: Any, fitted: Fit, rows: Rows) -> tuple[Rows, Any]:
    from hpowh.analyses.mixed_models import tables
    from hpowh.analyses.mixed_models.summary import cell_coefficients, residual_moments

    coefficients = cell_coefficients(fitted)
    sums = reader.residual_sums(planned, found, coefficients, fitted.sigma)
    moments = residual_moments(sums, len(fitted.problem.cells.count))
    rows["lmem_residual"] = tables.residual_rows(fitted, moments, coefficients, "model")
    rows["lmem_residual_bin"] = tables.residual_bin_rows(moments, "model")
    return rows, moments


def _comparisons(
    reader: Reader, selection: Selection, fitted: Fit, question: Question
) -> tuple[list[tuple[dict[str, Any], Rows]], list[str]]:
    """Fit what the model omits (benchmark x algorithm, run) and say what changes."""
    found: list[tuple[dict[str, Any], Rows]] = []
    said: list[str] = []
    formula = fitted.formula
    wider: list[tuple[str, Formula, str]] = []
    if checks.lacks_interaction(formula):
        wider.append(
            (
                "with benchmark:algorithm",
                checks.with_group(formula, "benchmark", "algorithm"),
                "The model has no (1|benchmark:algorithm): it takes an algorithm's advantage to be the same on every "
                "benchmark, and its p-values are too small.",
            )
        )
    repeats = reader.rows_per_run(selection, formula.response)
    if repeats > 1 and not checks.has_group(formula, "run"):
        wider.append(
            (
                "with run",
                checks.with_group(formula, "run"),
                f"A run contributes up to {repeats} rows and the model has no (1|run): it takes the budgets of one run "
                "to be independent.",
            )
        )
    for name, other, sentence in wider:
        try:
            refit = fit(other, reader.cells(other, selection), is_reml=fitted.is_reml)
        except DataError as error:
            said.append(f"{sentence} The comparison could not be made: {error}")
            continue
        found.append((_model(refit, name), describe(refit, question, name)))
        said.append(compared(fitted, refit, "algorithm", sentence))
    return found, said


def analyse_presets(
    warehouse: Warehouse,
    experiment: str | None = None,
    *,
    response: str = studies.DEFAULT_RESPONSE,
    names: Sequence[str] = PRESETS,
    as_published: bool = False,
    **selection: Any,
) -> Outcome:
    """Run the sanity checks of arXiv 2408.02533 and store `lmem_preset`.

    Args:
        names: which of `seed`, `informativeness`, `budget`, `features`.
        as_published: the published tool's tests instead of ours.
        selection: `where`, `metric`, `budget` as in `Selection`.

    Raises:
        UsageError: a name or condition means nothing here, or the data cannot carry the tests.
    """
    parameters = {"response": response, "names": list(names), "as_published": as_published}

    def study(reader: Reader, chosen: Selection) -> tuple[Rows, list[str]]:
        rows, said = studies.run_presets(reader, chosen, response, names, as_published)
        return {"lmem_preset": rows}, said

    return _study(warehouse, experiment, "mixed_models.presets", parameters, selection, study)


def analyse_ladder(
    warehouse: Warehouse,
    experiment: str | None = None,
    *,
    response: str = studies.DEFAULT_RESPONSE,
    terms: Sequence[str] = (),
    **selection: Any,
) -> Outcome:
    """Build models up from the intercept and down from the full model, and store `lmem_ladder`. Raises UsageError."""

    def study(reader: Reader, chosen: Selection) -> tuple[Rows, list[str]]:
        ladder, _ = studies.run_ladder(reader, chosen, response, terms)
        ends = [("Forward", ladder.forward), ("Backward", ladder.backward)]
        said = [f"{name}: {formula_of(response, kept)}" for name, kept in ends]
        if set(ladder.forward) != set(ladder.backward):
            said.append("The two directions end at different models: which terms matter is not settled by these data.")
        return {"lmem_ladder": ladder.rows}, said

    parameters = {"response": response, "terms": list(terms)}
    return _study(warehouse, experiment, "mixed_models.ladder", parameters, selection, study)


def analyse_anomalies(
    warehouse: Warehouse,
    experiment: str | None = None,
    *,
    factor: str | None = None,
    levels: Sequence[str] = (),
    pair: Sequence[str] = (),
    budgets: Sequence[float] = (),
    **selection: Any,
) -> Outcome:
    """Find benchmarks on which a contrast moves the wrong way between two levels of a factor; store `lmem_anomaly`.

    Raises:
        UsageError: the factor, a level or an algorithm does not exist, or which are meant is open.
    """

    def study(reader: Reader, chosen: Selection) -> tuple[Rows, list[str]]:
        rows = studies.run_anomalies(reader, chosen, factor, levels, pair, budgets)
        return {"lmem_anomaly": rows}, sentences(rows) or ["No benchmark is anomalous."]

    parameters = {"factor": factor, "levels": list(levels), "pair": list(pair), "budgets": list(budgets)}
    return _study(warehouse, experiment, "mixed_models.anomalies", parameters, selection, study)


def analyse_power(
    warehouse: Warehouse,
    experiment: str | None = None,
    *,
    response: str = studies.DEFAULT_RESPONSE,
    benchmarks: Sequence[int] = (5, 10, 20, 40),
    seeds: Sequence[int] = (5, 10, 30),
    differences: Sequence[float] = (),
    count: int = 4000,
    seed: int = 0,
    **selection: Any,
) -> Outcome:
    """Say how many benchmarks and seeds would show a difference; store `lmem_power` and the model behind it.

    Raises:
        UsageError: the data cannot carry the default model, or a design is too small.
    """
    selection = {"budget": "final"} | {key: value for key, value in selection.items() if value is not None}

    def study(reader: Reader, chosen: Selection) -> tuple[Rows, list[str]]:
        rows, fitted = studies.run_power(reader, chosen, response, benchmarks, seeds, differences, count, seed)
        found = {"lmem_power": rows, "lmem_model": [_model(fitted, "default")]}
        return found, [*warn(fitted, "algorithm"), *power_sentences(rows)]

    parameters = {
        "response": response,
        "benchmarks": list(benchmarks),
        "seeds": list(seeds),
        "differences": list(differences),
        "count": count,
    }
    return _study(warehouse, experiment, "mixed_models.power", parameters, selection, study, seed)


def analyse_comparison(
    warehouse: Warehouse,
    null: str,
    full: str,
    experiment: str | None = None,
    *,
    bootstrap: int = 0,
    seed: int = 0,
    **selection: Any,
) -> Outcome:
    """Test a model against a wider one; store `lmem_comparison`. A refused pair is a row with the reason.

    Raises:
        UsageError: a formula cannot be read or a name means nothing here.
    """

    def study(reader: Reader, chosen: Selection) -> tuple[Rows, list[str]]:
        return studies.run_comparison(reader, chosen, null, full, bootstrap, seed)

    parameters = {"null": null, "full": full, "bootstrap": bootstrap}
    return _study(warehouse, experiment, "mixed_models.compare", parameters, selection, study, seed)


def _study(
    warehouse: Warehouse,
    experiment: str | None,
    job: str,
    parameters: Mapping[str, Any],
    selection: Mapping[str, Any],
    study: Callable[[Reader, Selection], tuple[Rows, list[str]]],
    seed: int | None = None,
) -> Outcome:
    """Run a study unless it was run on this input before, and store its rows; its sentences are the run's warnings."""
    reader = Reader.of(warehouse, experiment)
    given = {key: value for key, value in selection.items() if value is not None}
    run = analysis_run(reader, job, {**parameters, **given}, seed)
    found = warehouse.find_run(run)
    if found is not None:
        return stored(warehouse, reader.catalogue.experiment, found)
    try:
        rows, run.warnings = study(reader, Selection(reader.catalogue, **given))
    except (FormulaError, DataError, NotComparableError) as error:
        raise UsageError(str(error)) from error
    return save(reader, run, rows)


def analysis_run(reader: Reader, job: str, parameters: Mapping[str, Any], seed: int | None = None) -> AnalysisRun:
    """Return the identity of an analysis of the reader's experiment."""
    plain = {key: value.__dict__ if isinstance(value, Question) else value for key, value in parameters.items()}
    return AnalysisRun(job, reader.catalogue.experiment, VERSION, plain, reader.fingerprint, seed)


def save(reader: Reader, run: AnalysisRun, rows: Rows) -> Outcome:
    """Store the rows as result tables and return them."""
    from hpowh.analyses.mixed_models.tables import frames

    saved = reader.warehouse.save_run(run, frames(rows))
    return replace(stored(reader.warehouse, run.subject, saved), is_new=True)


def stored(warehouse: Warehouse, subject: str, run_id: int) -> Outcome:
    """Return an analysis that was made before, from its tables."""
    import json

    names = warehouse.sql(
        "select table_name from duckdb_tables() where schema_name = 'result' and "
        "(table_name like 'lmem_%' or table_name like 'ranking_%') order by table_name"
    ).rows()
    tables = {}
    for (name,) in names:
        found = warehouse.sql(
            f"select * exclude (analysis_run_id) from result.{name} where analysis_run_id = ?", [run_id]
        )
        table = found.pl()
        if table.height:
            tables[name] = table
    said = warehouse.sql("select warnings from ops.analysis_run where analysis_run_id = ?", [run_id]).one()
    return Outcome(subject, run_id, False, json.loads(said), tables)
