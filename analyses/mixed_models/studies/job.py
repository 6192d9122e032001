"""Studies of an experiment in a warehouse: presets, the ladder, anomalies, anytime, power, comparisons, calibration.

From Python:
    >>> from hpowh.warehouse import Warehouse
    >>> from hpowh.analyses.mixed_models.studies.job import analyse_presets
    >>> analyse_presets(Warehouse("hpowh.duckdb")).tables["lmem_preset"]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hpowh.analyses.mixed_models.job import DEFAULT_MODEL, Outcome, asked_of, reader_of, run_study
from hpowh.analyses.mixed_models.model.formula import FormulaError, parse_formula
from hpowh.analyses.mixed_models.reading.catalogue import Selection
from hpowh.analyses.mixed_models.reading.reader import Reader
from hpowh.analyses.mixed_models.reading.verdicts import FITTED, fitted_model
from hpowh.analyses.mixed_models.studies.analysis import Rows, warn
from hpowh.analyses.mixed_models.studies.defaults import DEFAULT_RESPONSE, PRESETS
from hpowh.analyses.mixed_models.studies.tables import model_row
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from hpowh.analyses.elsewhere.places import Place


def analyse_presets(
    warehouse: Warehouse,
    experiment: str | None = None,
    *,
    response: str | None = None,
    names: Sequence[str] = PRESETS,
    as_published: bool = False,
    where: str | None = None,
    metric: str | None = None,
    budget: float | str | None = None,
    failures: str = "exclude",
) -> Outcome:
    """Run the sanity checks of arXiv 2408.02533 and store `lmem_preset`.

    Args:
        response: None: the response of the model that was last fitted, else `normalized_regret`.
        names: which of `seed`, `informativeness`, `budget`, `features`.
        as_published: the published tool's tests instead of ours.
        where, metric, budget, failures: which rows, as in `Selection`.

    Raises:
        UsageError: a name or condition means nothing here, or the data cannot carry the tests.
    """
    from hpowh.analyses.mixed_models.studies import kinds as studies

    response = response or _fitted_response(warehouse, experiment, where, metric)
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
    response: str | None = None,
    terms: Sequence[str] = (),
    where: str | None = None,
    metric: str | None = None,
    budget: float | str | None = None,
    failures: str = "exclude",
) -> Outcome:
    """Build models up from the intercept and down from the full model, and store `lmem_ladder`.

    Args:
        response: None: the response of the model that was last fitted, else `normalized_regret`.

    Raises:
        UsageError: a name or condition means nothing here, or the data cannot carry the models.
    """
    from hpowh.analyses.mixed_models.studies import kinds as studies
    from hpowh.analyses.mixed_models.studies.ladder import end_sentences

    response = response or _fitted_response(warehouse, experiment, where, metric)

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
    response: str | None = None,
    budgets: Sequence[float] = (),
    where: str | None = None,
    metric: str | None = None,
    failures: str = "exclude",
) -> Outcome:
    """Compare all pairs at all budgets, corrected for both; store `lmem_anytime` and `lmem_anytime_pair`.

    Args:
        response: what is compared. None: the response of the model that was last fitted, else `normalized_regret`.
        budgets: by default up to 30 that all runs have, evenly over those there are.

    Raises:
        UsageError: no budget is common to all runs, there are fewer than five benchmarks, or a name means nothing here.
    """
    from hpowh.analyses.mixed_models.studies import kinds as studies

    response = response or _fitted_response(warehouse, experiment, where, metric)

    def study(reader: Reader, chosen: Selection) -> tuple[Rows, list[str]]:
        rows, said = studies.run_anytime(reader, chosen, response, budgets)
        return rows, [*reader.known_of(replace(chosen, budget="final"), response), *said]

    parameters = {"response": response, "budgets": list(budgets)}
    return run_study(
        warehouse, experiment, "mixed_models.anytime", parameters, asked_of(where, metric, None, failures), study
    )


def _fitted_response(warehouse: Warehouse, experiment: str | None, where: str | None, metric: str | None) -> str:
    """Return the response of the model last fitted to an experiment, at whatever budget: a reader has one in mind."""
    name = reader_of(warehouse, experiment).catalogue.experiment
    fitted = fitted_model(warehouse, name, where=where, metric=metric)
    return DEFAULT_RESPONSE if fitted is None else str(parse_formula(fitted["formula"]).response)


def analyse_power(
    warehouse: Warehouse,
    experiment: str | None = None,
    *,
    response: str | None = None,
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

    Args:
        response: None: the response of the model that was last fitted, else `normalized_regret`.

    Raises:
        UsageError: the data cannot carry the default model, or a design is too small.
    """
    from hpowh.analyses.mixed_models.inference.power import power_sentences
    from hpowh.analyses.mixed_models.reading.known import known_benchmarks
    from hpowh.analyses.mixed_models.studies import kinds as studies
    from hpowh.analyses.mixed_models.studies.following import next_rows, next_sentences

    selection = asked_of(where, metric, "final" if budget is None else budget, failures)
    response = response or _fitted_response(warehouse, experiment, where, metric)

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
