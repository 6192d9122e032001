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
from hpowh.analyses.mixed_models.reading.verdicts import FITTED, fitted_model
from hpowh.analyses.mixed_models.studies.analysis import Question, Rows, warn
from hpowh.analyses.mixed_models.studies.defaults import DEFAULT_RESPONSE, PRESETS
from hpowh.analyses.mixed_models.studies.model import Request, run_model
from hpowh.analyses.mixed_models.studies.tables import model_row, plain
from hpowh.warehouse import AnalysisRun, Warehouse
from hpowh.warehouse.errors import UsageError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import polars as pl

    from hpowh.analyses.elsewhere.places import Place
    from hpowh.warehouse import relation as in_warehouse

VERSION = "17"
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


def analyse_presets(
    warehouse: Warehouse,
    experiment: str | None = None,
    *,
    response: str = DEFAULT_RESPONSE,
    names: Sequence[str] = PRESETS,
    as_published: bool = False,
    where: str | None = None,
    metric: str | None = None,
    budget: float | str | None = None,
    failures: str = "exclude",
) -> Outcome:
    """Run the sanity checks of arXiv 2408.02533 and store `lmem_preset`.

    Args:
        names: which of `seed`, `informativeness`, `budget`, `features`.
        as_published: the published tool's tests instead of ours.
        where, metric, budget, failures: which rows, as in `Selection`.

    Raises:
        UsageError: a name or condition means nothing here, or the data cannot carry the tests.
    """
    from hpowh.analyses.mixed_models.studies import kinds as studies

    parameters = {"response": response, "names": list(names), "as_published": as_published}

    def study(reader: Reader, chosen: Selection) -> tuple[Rows, list[str]]:
        chosen = replace(chosen, is_literal=as_published)
        rows, said = studies.run_presets(reader, chosen, response, names, as_published)
        return {"lmem_preset": rows}, [*reader.known_of(chosen, response), *said]

    return run_study(
        warehouse, experiment, "mixed_models.presets", parameters, asked_of(where, metric, budget, failures), study
    )


def analyse_ladder(
    warehouse: Warehouse,
    experiment: str | None = None,
    *,
    response: str = DEFAULT_RESPONSE,
    terms: Sequence[str] = (),
    where: str | None = None,
    metric: str | None = None,
    budget: float | str | None = None,
    failures: str = "exclude",
) -> Outcome:
    """Build models up from the intercept and down from the full model, and store `lmem_ladder`. Raises UsageError."""
    from hpowh.analyses.mixed_models.studies import kinds as studies
    from hpowh.analyses.mixed_models.studies.ladder import end_sentences

    def study(reader: Reader, chosen: Selection) -> tuple[Rows, list[str]]:
        ladder, _, known = studies.run_ladder(reader, chosen, response, terms)
        notes = [*reader.known_of(chosen, response), *known]
        notes += [sentence for _, sentence in end_sentences(ladder.rows)]
        return {"lmem_ladder": ladder.rows}, notes

    parameters = {"response": response, "terms": list(terms)}
    return run_study(
        warehouse, experiment, "mixed_models.ladder", parameters, asked_of(where, metric, budget, failures), study
    )


def analyse_anomalies(
    warehouse: Warehouse,
    experiment: str | None = None,
    *,
    factor: str | None = None,
    levels: Sequence[str] = (),
    pair: Sequence[str] = (),
    budgets: Sequence[float] = (),
    where: str | None = None,
    metric: str | None = None,
    budget: float | str | None = None,
    failures: str = "exclude",
) -> Outcome:
    """Find benchmarks on which a contrast moves the wrong way between two levels of a factor; store `lmem_anomaly`.

    Raises:
        UsageError: the factor, a level or an algorithm does not exist, or which are meant is open.
    """
    from hpowh.analyses.mixed_models.studies import kinds as studies
    from hpowh.analyses.mixed_models.studies.anomalies import sentences
    from hpowh.analyses.mixed_models.studies.odd import why_sentences

    def study(reader: Reader, chosen: Selection) -> tuple[Rows, list[str]]:
        rows = studies.run_anomalies(reader, chosen, factor, levels, pair, budgets)
        notes = [*sentences(rows["lmem_anomaly"]), *why_sentences(rows["lmem_anomaly_why"])]
        return rows, notes or ["No benchmark is anomalous."]

    parameters = {"factor": factor, "levels": list(levels), "pair": list(pair), "budgets": list(budgets)}
    return run_study(
        warehouse, experiment, "mixed_models.anomalies", parameters, asked_of(where, metric, budget, failures), study
    )


def analyse_anytime(
    warehouse: Warehouse,
    experiment: str | None = None,
    *,
    response: str = DEFAULT_RESPONSE,
    budgets: Sequence[float] = (),
    where: str | None = None,
    metric: str | None = None,
    failures: str = "exclude",
) -> Outcome:
    """Compare all pairs at all budgets, corrected for both; store `lmem_anytime` and `lmem_anytime_pair`.

    Args:
        budgets: by default up to 30 that all runs have, evenly over those there are.

    Raises:
        UsageError: no budget is common to all runs, there are fewer than five benchmarks, or a name means nothing here.
    """
    from hpowh.analyses.mixed_models.studies import kinds as studies

    def study(reader: Reader, chosen: Selection) -> tuple[Rows, list[str]]:
        rows, said = studies.run_anytime(reader, chosen, response, budgets)
        return rows, [*reader.known_of(replace(chosen, budget="final"), response), *said]

    parameters = {"response": response, "budgets": list(budgets)}
    return run_study(
        warehouse, experiment, "mixed_models.anytime", parameters, asked_of(where, metric, None, failures), study
    )


def analyse_power(
    warehouse: Warehouse,
    experiment: str | None = None,
    *,
    response: str = DEFAULT_RESPONSE,
    benchmarks: Sequence[int] = (5, 10, 20, 40),
    seeds: Sequence[int] = (5, 10, 30),
    differences: Sequence[float] = (),
    count: int = 4000,
    seed: int = 0,
    where: str | None = None,
    metric: str | None = None,
    budget: float | str | None = "final",
    failures: str = "exclude",
) -> Outcome:
    """Say how many benchmarks and seeds would show a difference; store `lmem_power` and the model behind it.

    Raises:
        UsageError: the data cannot carry the default model, or a design is too small.
    """
    from hpowh.analyses.mixed_models.inference.power import power_sentences
    from hpowh.analyses.mixed_models.reading.known import known_benchmarks
    from hpowh.analyses.mixed_models.studies import kinds as studies
    from hpowh.analyses.mixed_models.studies.following import next_rows, next_sentences

    selection = asked_of(where, metric, "final" if budget is None else budget, failures)

    def study(reader: Reader, chosen: Selection) -> tuple[Rows, list[str]]:
        rows, fitted, know = studies.run_power(reader, chosen, response, benchmarks, seeds, differences, count, seed)
        known = known_benchmarks(warehouse, reader.catalogue.experiment)
        following = next_rows(known, len(fitted.problem.cells.levels["algorithm"]))
        found = {"lmem_power": rows, "lmem_model": [model_row(fitted, "default")], "lmem_next": following}
        notes = [
            *reader.known_of(chosen, response),
            *warn(fitted, "algorithm"),
            *power_sentences(rows, response),
            *know,
        ]
        return found, [*notes, *next_sentences(following)]

    parameters = {
        "response": response,
        "benchmarks": list(benchmarks),
        "seeds": list(seeds),
        "differences": list(differences),
        "count": count,
    }
    return run_study(warehouse, experiment, "mixed_models.power", parameters, selection, study, seed)


def analyse_comparison(
    warehouse: Warehouse,
    null: str,
    full: str,
    experiment: str | None = None,
    *,
    bootstrap: int = 0,
    permutations: int = 0,
    seed: int = 0,
    where: str | None = None,
    metric: str | None = None,
    budget: float | str | None = None,
    failures: str = "exclude",
    on: Place | Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Test a model against a wider one; store `lmem_comparison`. A refused pair is a row with the reason.

    Args:
        bootstrap: how many experiments to simulate from the smaller model.
        permutations: how often to shuffle its residuals.
        seed: of the simulation and the shuffling.
        where, metric, budget, failures: which rows, as in `Selection`.
        on: where simulated and shuffled experiments are fitted instead of here: a place, or an executor of the
            caller's. The numbers are the same.
        progress: called with how many of them are done, and how many there are.

    Raises:
        UsageError: a formula cannot be read or a name means nothing here.
        PlaceError: the workers of `on` cannot do the work.
    """
    from hpowh.analyses.mixed_models.studies import kinds as studies

    def study(reader: Reader, chosen: Selection) -> tuple[Rows, list[str]]:
        counts = bootstrap, permutations, seed
        rows, said = studies.run_comparison(reader, chosen, null, full, *counts, on=on, progress=progress)
        return rows, [*reader.known_of(chosen, parse_formula(full).response), *said]

    parameters = {"null": null, "full": full, "bootstrap": bootstrap, "permutations": permutations}
    return run_study(
        warehouse,
        experiment,
        "mixed_models.compare",
        parameters,
        asked_of(where, metric, budget, failures),
        study,
        seed,
    )


def analyse_calibration(
    warehouse: Warehouse,
    formula: str | None = None,
    experiment: str | None = None,
    *,
    count: int = 200,
    seed: int = 0,
    variance: str = "auto",
    where: str | None = None,
    metric: str | None = None,
    budget: float | str | None = FITTED,
    failures: str = "exclude",
    on: Place | Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Shuffle the algorithms' labels within benchmarks, compare as ever, and store how often a difference was found.

    Args:
        formula: by default that of the model that was last fitted to such rows, else the default model of
            `normalized_regret`.
        count: how many shuffles.
        where, metric, budget, failures: which rows, as in `Selection`; by default those of that model, else final
            values.
        on: where they are fitted instead of here: a place, or an executor of the caller's. The numbers are the same.
        progress: called with how many of them are done, and how many there are.

    Raises:
        UsageError: a name or condition means nothing here, or the data cannot carry the model.
        PlaceError: the workers of `on` cannot do the work.
    """
    from hpowh.analyses.mixed_models.studies.calibrate import calibrate, calibration_rows, calibration_sentence

    name = reader_of(warehouse, experiment).catalogue.experiment
    try:
        fitted = fitted_model(
            warehouse, name, formula=formula, where=where, metric=metric, budget=budget, failures=failures
        )
    except FormulaError as error:
        raise UsageError(str(error)) from error
    if fitted is not None:
        where, metric, budget = fitted["where"], fitted["metric"], fitted["budget"]
        variance = fitted["variance"] if variance == "auto" else variance
    budget = "final" if budget == FITTED else budget
    text = formula or (fitted["formula"] if fitted is not None else DEFAULT_MODEL)

    def study(reader: Reader, chosen: Selection) -> tuple[Rows, list[str]]:
        parsed = parse_formula(text)
        cells = reader.cells(parsed, chosen)
        found = calibrate(parsed, cells, count=count, seed=seed, variance=variance, progress=progress, on=on)
        notes = [*reader.known_of(chosen, parsed.response), calibration_sentence(found)]
        return calibration_rows(found, parsed), notes

    parameters = {"formula": text, "count": count, "variance": variance}
    selection = asked_of(where, metric, budget, failures)
    return run_study(warehouse, experiment, "mixed_models.calibrate", parameters, selection, study, seed)


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
        found = warehouse.sql(
            "select distinct table_name from duckdb_columns() where schema_name = 'result' and "
            "(table_name like 'lmem_%' or table_name like 'ranking_%') order by table_name"
        ).rows()
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
