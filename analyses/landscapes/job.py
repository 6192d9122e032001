"""Analyse the landscapes of a warehouse, incrementally, and store what was found."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.reading.keys import Key, Rows, Selection, read_keys, read_space, select
from hpowh.analyses.landscapes.several.families import Family, families
from hpowh.warehouse import AnalysisRun, Warehouse
from hpowh.warehouse.errors import UsageError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from hpowh.analyses.elsewhere.places import Place
    from hpowh.analyses.landscapes.grid.space import Space
    from hpowh.analyses.landscapes.grid.surface import Surface
    from hpowh.analyses.landscapes.one.characterise import Characterisation, Options
    from hpowh.analyses.landscapes.values import Metric

JOB, SIMILARITY_JOB, OVERFITTING_JOB = "landscapes", "landscapes.similarity", "landscapes.overfitting"
VERSION = "13"
SAVE_EVERY = 5.0
"""Seconds of work that an interruption may cost."""
SHARE = 5.0
"""So many times what storing last took is worked before it is done again: on a busy disk it would take most of it."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Conventions and extent of an analysis; stored as the parameters of the analysis run."""

    epsilon: str | None = None
    """Neutrality threshold, such as `0.001` or `0.1%iqr`; by default chosen by the metric's bounds."""
    default: int | None = None
    """Default configuration of the tunability game; by default the best on average over benchmarks."""
    lags: int = 10
    has_network: bool = True
    has_similarity: bool = True
    seed: int = 0
    jobs: int = 1
    """Worker processes; 0 chooses by the amount of work."""


@dataclass(frozen=True)
class Outcome:
    """What became of one landscape or family of landscapes."""

    subject: str
    analysis_run_id: int | None
    """None where it was refused."""
    is_new: bool
    warnings: list[str]
    error: str | None = None


@dataclass
class _Task:
    key: Key
    run: AnalysisRun
    options: Options
    has_trials: bool


def analyse(
    warehouse: Warehouse,
    selection: Selection = Selection(),
    settings: Settings = Settings(),
    progress: Callable[[int, int, str], None] | None = None,
    on: Place | Executor | None = None,
) -> list[Outcome]:
    """Characterise the selected landscapes and compare them, unless the same input was analysed before.

    Args:
        progress: called as each landscape is characterised, with how many are done, how many there are, and its name.
        on: where landscapes are characterised instead of here: a place, or an executor of the caller's.

    Returns:
        One outcome a landscape, then one a family (benchmarks of a space; metrics, seeds, … of a benchmark). A
        landscape that cannot be analysed has an `error` and does not stop the others.

    Raises:
        UsageError: the selection names nothing that is there, or the threshold is none.
        PlaceError: the workers of `on` cannot do the work; what was finished before is stored.
    """
    from hpowh.analyses.landscapes.reading.rows import read_trial_digests

    everything, chosen = _chosen(warehouse, selection)
    defaults = _defaults(warehouse, chosen, settings)
    trials = read_trial_digests(warehouse)
    tasks = [_plan(key, settings, defaults[key.comparable], trials.get(key.place)) for key in chosen]
    ledger = _Ledger(warehouse)
    new = [task for task in tasks if ledger.is_new(task.run)]
    try:
        _characterise_all(warehouse, new, settings, ledger, progress, on)
    finally:
        ledger.flush()  # whatever stopped it: what was finished is stored
    if settings.has_similarity:
        for family in families(chosen, everything):
            _compare_family(warehouse, family, ledger)
    _overfit_all(warehouse, chosen, everything, settings, ledger)
    if settings.has_similarity:
        _study_all(warehouse, chosen, everything, settings, ledger)
    ledger.flush()
    return list(ledger.outcomes.values())


class _Ledger:
    """Collects analyses and stores several in one transaction, so that an interruption costs seconds of work."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self._warehouse = warehouse
        self._ready: list[tuple[AnalysisRun, Mapping[str, Any]]] = []
        self._saved, self._took = time.monotonic(), 0.0

    def is_new(self, run: AnalysisRun) -> bool:
        """Return whether the analysis has still to be made; note it, in order, either way."""
        found = self._warehouse.find_run(run)
        self.outcomes[run.subject] = Outcome(run.subject, found, False, [])
        return found is None

    def refuse(self, run: AnalysisRun, error: LandscapeError) -> None:
        """Note that an analysis could not be made."""
        self.outcomes[run.subject] = Outcome(run.subject, None, False, [], str(error))

    def add(self, run: AnalysisRun, tables: Mapping[str, Mapping[str, Any]]) -> None:
        """Note an analysis, and store what has gathered every few seconds; more seldom where storing takes long."""
        from hpowh.analyses.landscapes.frames import arrow_table

        self._ready.append((run, {name: arrow_table(columns) for name, columns in tables.items() if columns}))
        if time.monotonic() - self._saved > max(SAVE_EVERY, SHARE * self._took):
            self.flush()

    def flush(self) -> None:
        """Store everything that has gathered."""
        began = time.monotonic()
        if self._ready:
            run_ids = self._warehouse.save_runs(self._ready, keep=1)
            for (run, _), run_id in zip(self._ready, run_ids, strict=True):
                self.outcomes[run.subject] = Outcome(run.subject, run_id, True, run.warnings)
        self._ready, self._saved = [], time.monotonic()
        self._took = self._saved - began


def _chosen(warehouse: Warehouse, selection: Selection) -> tuple[list[Key], list[Key]]:
    """Return all landscapes and the selected ones."""
    from hpowh.analyses.landscapes.reading.rows import rows_of

    try:
        everything = read_keys(rows_of(warehouse))
        return everything, select(everything, selection)
    except LandscapeError as error:
        raise UsageError(error.message, error.hint) from error


def _defaults(warehouse: Warehouse, keys: list[Key], settings: Settings) -> dict[tuple[Any, ...], int | None]:
    """Return the default configuration of each group of landscapes that differ in their benchmark only."""
    from hpowh.analyses.landscapes.reading.rows import read_default

    groups = {key.comparable: key for key in keys}
    if settings.default is not None:
        return dict.fromkeys(groups, settings.default)
    return {group: read_default(warehouse, key) for group, key in groups.items()}


def _plan(key: Key, settings: Settings, default: int | None, trials: str | None) -> _Task:
    """Return the identity of one landscape's analysis, with everything that its numbers depend on.

    Args:
        trials: digest of the optimiser trials on it, if any.
    """
    from hpowh.analyses.landscapes.one.characterise import Options
    from hpowh.analyses.landscapes.reading.rows import digest

    parameters = {
        "epsilon": settings.epsilon,
        "default": settings.default,
        "lags": settings.lags,
        "network": settings.has_network,
    }
    options = Options(
        is_bounded=key.is_bounded,
        epsilon=settings.epsilon,
        default=default,
        lags=settings.lags,
        has_network=settings.has_network,
        seed=settings.seed,
    )
    run = AnalysisRun(
        job=JOB,
        subject=key.subject,
        job_version=VERSION,
        parameters=parameters,
        input_fingerprint=digest(key, default, trials),
        seed=settings.seed,
    )
    return _Task(key, run, options, trials is not None)


def _characterise_all(
    warehouse: Warehouse,
    tasks: list[_Task],
    settings: Settings,
    ledger: _Ledger,
    progress: Callable[[int, int, str], None] | None,
    on: Place | Executor | None,
) -> None:
    """Characterise landscapes, in worker processes where it pays."""
    from hpowh.analyses.landscapes.one.portfolio import characterise_all, worker_count
    from hpowh.analyses.landscapes.reading.rows import read_ahead, rows_of

    rows = rows_of(warehouse)
    spaces = {task.key.search_space_id: _space(rows, task.key.search_space_id) for task in tasks}
    surfaces = read_ahead(warehouse, [task.key for task in tasks], spaces)
    landscapes = ((task, surface, task.options) for task, surface in zip(tasks, surfaces, strict=True))
    jobs = worker_count(settings.jobs, sum(task.key.cardinality for task in tasks), len(tasks))
    for done, (task, surface, result) in enumerate(characterise_all(landscapes, jobs=jobs, on=on)):
        if progress:
            progress(done, len(tasks), task.key.subject)
        if isinstance(result, LandscapeError):
            ledger.refuse(task.run, result)
        elif surface is not None:
            _complete(warehouse, task, surface, result)
            task.run.warnings = result.warnings
            ledger.add(task.run, result.tables)


def _space(rows: Rows, search_space_id: int) -> Space | LandscapeError:
    try:
        return read_space(rows, search_space_id)
    except LandscapeError as error:
        return error


def _complete(warehouse: Warehouse, task: _Task, surface: Surface, result: Characterisation) -> None:
    """Add what only the warehouse knows: which landscape it is, its direction, the optimiser runs on it."""
    from hpowh.analyses.landscapes.frames import column_lists
    from hpowh.analyses.landscapes.grid.own import empty_sentences, over_own_levels
    from hpowh.analyses.landscapes.one.plausibility import implausible_direction
    from hpowh.analyses.landscapes.reading.keys import read_labels
    from hpowh.analyses.landscapes.reading.rows import read_trials, rows_of
    from hpowh.analyses.landscapes.several.against import place_runs

    key = task.key
    if result.empty:
        labels = read_labels(rows_of(warehouse), key.search_space_id)
        result.warnings += empty_sentences(result.empty, labels)
    own = over_own_levels(surface)
    doubt = implausible_direction(surface, key.metric, key.direction)
    if doubt:
        result.warnings.append(doubt)
    best = surface.optima[0]
    subject = {
        "search_space_id": key.search_space_id, "benchmark_id": key.benchmark_id, "metric_id": key.metric_id,
        "split": key.split, "fidelity": key.fidelity, "seed": key.seed, "direction": key.direction,
        "cardinality": own.space.configuration_count, "configuration_count": own.size, "coverage": own.coverage,
        "epsilon": result.epsilon.value, "epsilon_rule": result.epsilon.rule,
        "best_configuration_id": int(surface.ranks[best]), "best_loss": float(surface.loss[best]),
        "default_configuration_id": task.options.default, "engine": result.engine,
    }  # fmt: skip
    result.tables["landscape_subject"] = {name: [value] for name, value in subject.items()}
    trials = read_trials(warehouse, key) if task.has_trials else {}
    if trials:
        runs, steps = place_runs(result.tables["landscape_node"], trials)
        result.tables["landscape_run"] = column_lists(runs)
        result.tables["landscape_run_step"] = column_lists(steps)


def _compare_family(warehouse: Warehouse, family: Family, ledger: _Ledger) -> None:
    """Compare the members of a family with one another."""
    from hpowh.analyses.landscapes.several.comparing import family_columns, family_digest

    run = AnalysisRun(
        job=SIMILARITY_JOB,
        subject=family.subject,
        job_version=VERSION,
        parameters={"aspect": family.aspect},
        input_fingerprint=family_digest(family),
    )
    if not ledger.is_new(run):
        return
    try:
        columns, run.warnings = family_columns(warehouse, family)
    except LandscapeError as error:
        ledger.refuse(run, error)
    else:
        ledger.add(run, {"landscape_similarity": columns})


def _overfit_all(
    warehouse: Warehouse, chosen: list[Key], everything: list[Key], settings: Settings, ledger: _Ledger
) -> None:
    """Analyse the gap between test and train loss wherever both were measured."""
    from hpowh.analyses.landscapes.several.comparing import overfitting_of, overfitting_tables, split_pairs

    for train, test in split_pairs(chosen, everything):
        digest = hashlib.sha256((train.fingerprint + test.fingerprint).encode()).hexdigest()
        run = AnalysisRun(
            job=OVERFITTING_JOB,
            subject=f"{test.subject} against train",
            job_version=VERSION,
            parameters={},
            input_fingerprint=digest,
            seed=settings.seed,
        )
        if not ledger.is_new(run):
            continue
        try:
            result = overfitting_of(warehouse, train, test, seed=settings.seed)
        except LandscapeError as error:
            ledger.refuse(run, error)
            continue
        run.warnings += result.warnings
        if result.region:
            run.warnings.append(f"The rankings by train and by test loss part most where {result.region}.")
        ledger.add(run, overfitting_tables(result))


def _study_all(
    warehouse: Warehouse, chosen: list[Key], everything: list[Key], settings: Settings, ledger: _Ledger
) -> None:
    """Study the grids of each chosen space, then all spaces together by what is stored of them."""
    from hpowh.analyses.landscapes.frames import column_lists
    from hpowh.analyses.landscapes.several.studies import ACROSS_JOB, Study, across_study, grid_studies
    from hpowh.analyses.landscapes.several.studies import VERSION as STUDY_VERSION

    def make(study: Study) -> None:
        run = AnalysisRun(
            job=study.job,
            subject=study.subject,
            job_version=STUDY_VERSION,
            parameters={},
            input_fingerprint=study.digest,
            seed=settings.seed,
            rests_on_results=study.job == ACROSS_JOB,
        )
        if ledger.is_new(run):
            tables, run.warnings = study.compute()
            ledger.add(run, {name: column_lists(rows) for name, rows in tables.items()})

    for study in grid_studies(warehouse, chosen, everything):
        make(study)
    ledger.flush()
    make(across_study(warehouse, everything, seed=settings.seed))


def compare(warehouse: Warehouse, a: str, b: str, selection: Selection = Selection()) -> list[Metric]:
    """Return every measure of similarity of two landscapes, named `benchmark`, `benchmark:metric` or `…#seed`.

    Raises:
        UsageError: a name is unknown or the two are of different spaces.
    """
    from hpowh.analyses.landscapes.reading.keys import named
    from hpowh.analyses.landscapes.reading.rows import read_surface
    from hpowh.analyses.landscapes.several.similarity import compare as compare_surfaces
    from hpowh.analyses.landscapes.several.similarity import prepare

    try:
        keys = [only_one(warehouse, named(text, selection), text) for text in (a, b)]
        if keys[0].search_space_id != keys[1].search_space_id:
            names = " and ".join(key.search_space for key in keys)
            raise LandscapeError(f"{a} and {b} have different search spaces ({names}).")
        return compare_surfaces(*(prepare(read_surface(warehouse, key)) for key in keys))
    except LandscapeError as error:
        raise UsageError(error.message, error.hint) from error


def sensitivity_of(warehouse: Warehouse, selection: Selection, epsilon: str | None = None) -> list[dict[str, Any]]:
    """Return the measures of one landscape and of its thinned, merged and otherwise judged variants, a row each.

    Raises:
        UsageError: the selection names none or several, or the landscape cannot be read.
    """
    from hpowh.analyses.landscapes.grid.own import over_own_levels
    from hpowh.analyses.landscapes.one.characterise import Options
    from hpowh.analyses.landscapes.one.sensitivity import sensitivity
    from hpowh.analyses.landscapes.reading.rows import read_surface

    key = only_one(warehouse, selection)
    try:
        surface = over_own_levels(read_surface(warehouse, key))
        return sensitivity(surface, Options(is_bounded=key.is_bounded, epsilon=epsilon))
    except LandscapeError as error:
        raise UsageError(error.message, error.hint) from error


def only_one(warehouse: Warehouse, selection: Selection, text: str = "") -> Key:
    """Return the one landscape that the selection names.

    Args:
        text: what the user wrote, for the message.

    Raises:
        UsageError: there is none, or more than one; lists them.
    """
    keys = _chosen(warehouse, selection)[1]
    if len(keys) > 1:
        names = ", ".join(key.subject for key in keys)
        what = repr(text or selection.benchmark or "the selection")
        raise UsageError(f"{what} names {len(keys)} landscapes: {names}.", "Name space, metric or split too.")
    return keys[0]
