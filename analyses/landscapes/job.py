"""Analyse the landscapes of a warehouse, incrementally, and store what was found."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hpowh.analyses.landscapes import queries
from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.families import Family, families
from hpowh.analyses.landscapes.keys import Key, Selection, read_keys, read_space, select
from hpowh.warehouse import AnalysisRun, Warehouse
from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.results import save_run

if TYPE_CHECKING:
    from hpowh.analyses.landscapes.characterise import Characterisation, Options
    from hpowh.analyses.landscapes.space import Space
    from hpowh.analyses.landscapes.surface import Surface
    from hpowh.analyses.landscapes.values import Metric

JOB, SIMILARITY_JOB, OVERFITTING_JOB = "landscapes", "landscapes.similarity", "landscapes.overfitting"
VERSION = "1"
SAVE_EVERY = 5.0
"""Seconds of work that an interruption may cost."""


@dataclass(frozen=True)
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


def analyse(
    warehouse: Warehouse,
    selection: Selection = Selection(),  # noqa: B008 - frozen
    settings: Settings = Settings(),  # noqa: B008 - frozen
) -> list[Outcome]:
    """Characterise the selected landscapes and compare them, unless the same input was analysed before.

    Returns:
        One outcome a landscape, then one a family (benchmarks of a space; metrics, seeds, … of a benchmark). A
        landscape that cannot be analysed has an `error` and does not stop the others.

    Raises:
        UsageError: the selection names nothing that is there, or the threshold is none.
    """
    everything, chosen = _chosen(warehouse, selection)
    defaults = _defaults(warehouse, chosen, settings)
    tasks = [_plan(warehouse, key, settings, defaults[key.comparable]) for key in chosen]
    outcomes: dict[str, Outcome] = {}
    for task in tasks:
        found = warehouse.find_run(task.run)
        if found is not None:
            outcomes[task.key.subject] = Outcome(task.key.subject, found, False, [])
    missing = [task for task in tasks if task.key.subject not in outcomes]
    for outcome in _characterise_all(warehouse, missing, settings):
        outcomes[outcome.subject] = outcome
    done = [outcomes[task.key.subject] for task in tasks]
    if settings.has_similarity:
        done += [_compare_family(warehouse, family) for family in families(chosen, everything)]
    return done + _overfit_all(warehouse, chosen, everything, settings)


def _chosen(warehouse: Warehouse, selection: Selection) -> tuple[list[Key], list[Key]]:
    """Return all landscapes and the selected ones."""
    from hpowh.analyses.landscapes.reading import rows_of

    try:
        everything = read_keys(rows_of(warehouse))
        return everything, select(everything, selection)
    except LandscapeError as error:
        raise UsageError(error.message, error.hint) from error


def _defaults(warehouse: Warehouse, keys: list[Key], settings: Settings) -> dict[tuple[Any, ...], int | None]:
    """Return the default configuration of each group of landscapes that differ in their benchmark only."""
    from hpowh.analyses.landscapes.reading import read_default

    groups = {key.comparable: key for key in keys}
    if settings.default is not None:
        return dict.fromkeys(groups, settings.default)
    return {group: read_default(warehouse, key) for group, key in groups.items()}


def _plan(warehouse: Warehouse, key: Key, settings: Settings, default: int | None) -> _Task:
    """Return the identity of one landscape's analysis, with everything that its numbers depend on."""
    from hpowh.analyses.landscapes.characterise import Options
    from hpowh.analyses.landscapes.reading import digest

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
    run = AnalysisRun(JOB, key.subject, VERSION, parameters, digest(warehouse, key, default), settings.seed)
    return _Task(key, run, options)


def _characterise_all(warehouse: Warehouse, tasks: list[_Task], settings: Settings) -> Iterator[Outcome]:
    """Characterise landscapes, in worker processes where it pays, and save every few seconds."""
    from hpowh.analyses.landscapes.portfolio import characterise_all, worker_count
    from hpowh.analyses.landscapes.reading import read_surface, rows_of

    spaces: dict[int, Space] = {}

    def load(task: _Task) -> Surface:
        space_id = task.key.search_space_id
        if space_id not in spaces:
            spaces[space_id] = read_space(rows_of(warehouse), space_id)
        return read_surface(warehouse, task.key, spaces[space_id])

    work = sum(task.key.cardinality for task in tasks)
    jobs = worker_count(settings.jobs, work, len(tasks))
    ready: list[tuple[_Task, Characterisation]] = []
    saved = time.monotonic()
    for task, surface, result in characterise_all(tasks, load, lambda task: task.options, jobs=jobs):
        if isinstance(result, LandscapeError) or surface is None:
            yield Outcome(task.key.subject, None, False, [], str(result))
            continue
        _complete(warehouse, task, surface, result)
        ready.append((task, result))
        if time.monotonic() - saved > SAVE_EVERY:
            yield from _save(warehouse, ready)
            ready, saved = [], time.monotonic()
    yield from _save(warehouse, ready)


def _complete(warehouse: Warehouse, task: _Task, surface: Surface, result: Characterisation) -> None:
    """Add what only the warehouse knows: which landscape it is, its direction, the optimiser runs on it."""
    from hpowh.analyses.landscapes.against import place_runs
    from hpowh.analyses.landscapes.frames import column_lists
    from hpowh.analyses.landscapes.plausibility import implausible_direction
    from hpowh.analyses.landscapes.reading import read_trials

    key = task.key
    doubt = implausible_direction(surface, key.metric, key.direction)
    if doubt:
        result.warnings.append(doubt)
    best = surface.optima[0]
    subject = {
        "search_space_id": key.search_space_id, "benchmark_id": key.benchmark_id, "metric_id": key.metric_id,
        "split": key.split, "fidelity": key.fidelity, "seed": key.seed, "direction": key.direction,
        "cardinality": surface.space.cardinality, "configuration_count": surface.size, "coverage": surface.coverage,
        "epsilon": result.epsilon.value, "epsilon_rule": result.epsilon.rule,
        "best_configuration_id": int(surface.ranks[best]), "best_loss": float(surface.loss[best]),
        "default_configuration_id": task.options.default, "engine": result.engine,
    }  # fmt: skip
    result.tables["landscape_subject"] = {name: [value] for name, value in subject.items()}
    trials = read_trials(warehouse, key)
    if trials:
        runs, steps = place_runs(result.tables["landscape_node"], trials)
        result.tables["landscape_run"] = column_lists(runs)
        result.tables["landscape_run_step"] = column_lists(steps)


def _save(warehouse: Warehouse, ready: list[tuple[_Task, Characterisation]]) -> list[Outcome]:
    """Store several analyses in one transaction."""
    if not ready:
        return []
    outcomes = []
    with warehouse.writing() as connection:
        for task, result in ready:
            task.run.warnings = result.warnings
            run_id = save_run(connection, task.run, _frames(result.tables), keep=1)
            outcomes.append(Outcome(task.key.subject, run_id, True, result.warnings))
    return outcomes


def _frames(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    from hpowh.analyses.landscapes.frames import arrow_table

    return {name: arrow_table(columns) for name, columns in tables.items() if columns}


def _compare_family(warehouse: Warehouse, family: Family) -> Outcome:
    """Compare the members of a family and store their similarities."""
    from hpowh.analyses.landscapes.comparing import family_digest, family_rows
    from hpowh.analyses.landscapes.frames import column_lists

    run = AnalysisRun(SIMILARITY_JOB, family.subject, VERSION, {"aspect": family.aspect}, family_digest(family))
    found = warehouse.find_run(run)
    if found is not None:
        return Outcome(family.subject, found, False, [])
    try:
        rows, run.warnings = family_rows(warehouse, family)
    except LandscapeError as error:
        return Outcome(family.subject, None, False, [], str(error))
    run_id = warehouse.save_run(run, _frames({"landscape_similarity": column_lists(rows)}), keep=1)
    return Outcome(family.subject, run_id, True, run.warnings)


def _overfit_all(warehouse: Warehouse, chosen: list[Key], everything: list[Key], settings: Settings) -> list[Outcome]:
    """Analyse the gap between test and train loss wherever both were measured."""
    from hpowh.analyses.landscapes.comparing import overfitting_of, overfitting_tables, split_pairs

    outcomes = []
    for train, test in split_pairs(chosen, everything):
        subject = f"{test.subject} against train"
        digest = hashlib.sha256((train.fingerprint + test.fingerprint).encode()).hexdigest()
        run = AnalysisRun(OVERFITTING_JOB, subject, VERSION, {}, digest, settings.seed)
        found = warehouse.find_run(run)
        if found is not None:
            outcomes.append(Outcome(subject, found, False, []))
            continue
        try:
            result = overfitting_of(warehouse, train, test, seed=settings.seed)
        except LandscapeError as error:
            outcomes.append(Outcome(subject, None, False, [], str(error)))
            continue
        if result.region:
            run.warnings.append(f"The rankings by train and by test loss part most where {result.region}.")
        run_id = warehouse.save_run(run, _frames(overfitting_tables(result)), keep=1)
        outcomes.append(Outcome(subject, run_id, True, run.warnings))
    return outcomes


def compare(warehouse: Warehouse, a: str, b: str, selection: Selection = Selection()) -> list[Metric]:  # noqa: B008
    """Return every measure of similarity of two landscapes, named `benchmark`, `benchmark:metric` or `…#seed`.

    Raises:
        UsageError: a name is unknown or the two are of different spaces.
    """
    from hpowh.analyses.landscapes.keys import named
    from hpowh.analyses.landscapes.reading import read_surface
    from hpowh.analyses.landscapes.similarity import compare as compare_surfaces
    from hpowh.analyses.landscapes.similarity import prepare

    try:
        keys = [_only(_chosen(warehouse, named(text, selection))[1], text) for text in (a, b)]
        if keys[0].search_space_id != keys[1].search_space_id:
            names = " and ".join(key.search_space for key in keys)
            raise LandscapeError(f"{a} and {b} have different search spaces ({names}).")
        return compare_surfaces(*(prepare(read_surface(warehouse, key)) for key in keys))
    except LandscapeError as error:
        raise UsageError(error.message, error.hint) from error


def _only(keys: list[Key], text: str) -> Key:
    if len(keys) > 1:
        names = ", ".join(key.subject for key in keys)
        raise LandscapeError(f"{text!r} names {len(keys)} landscapes: {names}.", "Name space, metric or split too.")
    return keys[0]


def draw_map(warehouse: Warehouse, selection: Selection, *, run: str | None = None) -> str:
    """Return the dimensional stacking map of one landscape as SVG.

    The landscape's analysis gives the order of the hyperparameters, the optima and, where `run` names an algorithm or
    a run, the path of its incumbent.

    Raises:
        UsageError: the selection is not one landscape, it was not analysed, or there is no such run on it.
    """
    from hpowh.analyses.landscapes.map_svg import draw_map as draw
    from hpowh.analyses.landscapes.reading import read_surface, rows_of

    key = _only(_chosen(warehouse, selection)[1], selection.benchmark or "the selection")
    rows = rows_of(warehouse)
    found = rows(queries.NEWEST, [JOB, key.subject])
    if not found:
        raise UsageError(
            f"{key.subject} was not analysed.", f"Run: hpowh analyse landscapes --benchmark {key.benchmark}"
        )
    run_id = found[0][0]
    path = [int(row[0]) for row in rows(queries.STORED_PATH, [run_id, run, run, run_id, run, run])] if run else []
    if run and not path:
        raise UsageError(f"There is no run {run!r} on {key.subject}.", "Name an algorithm or a run_id of core.run.")
    try:
        surface = read_surface(warehouse, key)
        by_position = dict(rows(queries.STORED_IMPORTANCE, [run_id]))
        return draw(
            surface,
            title=key.subject,
            importance=[float(by_position.get(axis.position, 0.0)) for axis in surface.space.axes],
            optima=[int(row[0]) for row in rows(queries.STORED_OPTIMA, [run_id])],
            path=path,
        )
    except LandscapeError as error:
        raise HpowhError(error.message, error.hint) from error
