"""Run one study of the demo's experiment with Optuna; worker processes do nothing else."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from hpowh.reports.demo.plan import StudyPlan
from hpowh.reports.demo.tables import Table

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial, Trial

OPTIMISER_STATE = "cma:"
"""Prefix of the trial attributes in which Optuna keeps CMA-ES's pickled state: large, and of no use afterwards."""
_tables: dict[str, Table] = {}


def run_studies(
    plans: Sequence[StudyPlan], tables: Mapping[str, Table], processes: int
) -> Iterator[tuple[StudyPlan, list[FrozenTrial]]]:
    """Run studies in worker processes; yield each with its trials, in the order of the plans."""
    executor = ProcessPoolExecutor(processes, get_context("spawn"), _begin, (dict(tables),))
    try:
        yield from zip(plans, _started(executor, plans), strict=True)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _started(executor: ProcessPoolExecutor, plans: Sequence[StudyPlan]) -> Iterator[list[FrozenTrial]]:
    """Start the workers deaf to Ctrl-C, which is the parent's to handle: they inherit that it is ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return executor.map(_run, plans)
    finally:
        signal.signal(signal.SIGINT, before)


def _begin(tables: dict[str, Table]) -> None:
    """Prepare a worker: it has the tables, and Optuna says nothing."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    _tables.update(tables)


def _run(plan: StudyPlan) -> list[FrozenTrial]:
    return run_study(plan, _tables[plan.benchmark])


def run_study(plan: StudyPlan, table: Table) -> list[FrozenTrial]:
    """Return the trials of one study; the same plan gives the same trials, but for the times."""
    import optuna

    study = optuna.create_study(direction="maximize" if table.direction == "max" else "minimize", sampler=sampler(plan))
    study.optimize(lambda trial: objective(trial, table), n_trials=plan.trial_count)
    trials = study.get_trials(deepcopy=False)
    for trial in trials:
        kept = {name: value for name, value in trial.system_attrs.items() if not name.startswith(OPTIMISER_STATE)}
        trial.system_attrs = kept
    return trials


def objective(trial: Trial, table: Table) -> float:
    """Look up what a trial's configuration reached; an ordinal hyperparameter is suggested as its level's number."""
    rank = 0
    for dimension in table.dimensions:
        if dimension.is_ordinal:
            level = trial.suggest_int(dimension.name, 0, len(dimension.labels) - 1)
        else:
            level = dimension.labels.index(trial.suggest_categorical(dimension.name, dimension.labels))
        rank += level * dimension.stride
    return float(table.values[rank])


def sampler(plan: StudyPlan) -> BaseSampler:
    """Return the sampler of a study, with Optuna's defaults but for what 50 trials do not allow."""
    import optuna

    seed = plan.sampler_seed
    makers: dict[str, Any] = {
        "random": lambda: optuna.samplers.RandomSampler(seed=seed),
        "tpe": lambda: optuna.samplers.TPESampler(seed=seed),
        "cma-es": lambda: optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False),
        # The default population of 50 would make a study of 50 trials random search.
        "nsga-ii": lambda: optuna.samplers.NSGAIISampler(seed=seed, population_size=10),
    }
    made: BaseSampler = makers[plan.algorithm]()
    return made
