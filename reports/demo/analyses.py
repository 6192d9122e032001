"""The analyses that the demo runs; each leaves alone what was analysed before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.reports.demo.plan import EXPERIMENT, Plan
from hpowh.warehouse import queries

if TYPE_CHECKING:
    from hpowh.reports.demo.progress import Progress
    from hpowh.warehouse import Warehouse

RESPONSE = "log_regret"
"""Benchmarks' regrets differ by orders of magnitude: on its own scale the widest would decide alone."""
FORMULA = f"{RESPONSE} ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
FEWEST_BENCHMARKS = 4
"""Below this a variance between benchmarks says nothing."""


def analyse_traces(warehouse: Warehouse, plan: Plan, progress: Progress) -> str:
    """Incumbent traces on a common budget axis, regret, ranks within block, coverage."""
    from hpowh.analyses.traces.job import analyse

    outcomes = analyse(warehouse)
    return _said(len(outcomes), sum(outcome.is_new for outcome in outcomes), "experiment", "experiments")


def analyse_landscapes(warehouse: Warehouse, plan: Plan, progress: Progress) -> str:
    """Characterise the landscape of every benchmark's main metric, and compare them; space by space.

    Evaluated grids are the concern of a later step: without them the next run of the demo counts what this one did.
    """
    from hpowh.analyses.landscapes.job import Selection, Settings, analyse

    spaces = [row[0] for row in warehouse.sql(queries.text("demo/spaces")).rows()]
    outcomes = []
    for done, space in enumerate(spaces):
        progress.update(space, done / len(spaces))
        outcomes += analyse(warehouse, Selection(space=space), Settings(jobs=0))
    refused = sum(outcome.error is not None for outcome in outcomes)
    said = _said(len(outcomes), sum(outcome.is_new for outcome in outcomes), "landscape", "landscapes and comparisons")
    return said + (f", {refused:,} not possible" if refused else "")


def fit_mixed_model(warehouse: Warehouse, plan: Plan, progress: Progress) -> str:
    """Model the final regret on all benchmarks, each by its own metric; presets, ladder and rank tests besides."""
    from hpowh.analyses.mixed_models.job import analyse_lmem
    from hpowh.analyses.mixed_models.studies.job import analyse_ladder, analyse_presets
    from hpowh.analyses.rankings.job import analyse_rankings, analyse_tiers

    benchmark_count = warehouse.sql(
        "select count(distinct benchmark) from mart.observation where experiment = ?", [EXPERIMENT]
    ).one()
    if benchmark_count < FEWEST_BENCHMARKS or plan.seed_count < 2:
        return f"left out: it needs {FEWEST_BENCHMARKS} benchmarks and 2 seeds"
    outcome = analyse_lmem(warehouse, FORMULA, experiment=EXPERIMENT, budget="final")
    analyse_rankings(warehouse, experiment=EXPERIMENT, response=RESPONSE)
    analyse_tiers(warehouse, experiment=EXPERIMENT, response=RESPONSE)
    analyse_presets(warehouse, EXPERIMENT, response=RESPONSE, budget="final")
    analyse_ladder(warehouse, EXPERIMENT, response=RESPONSE, budget="final")
    return f"{FORMULA}, on {benchmark_count} benchmarks: {'fitted' if outcome.is_new else 'unchanged'}"


def _said(count: int, new: int, one: str, many: str) -> str:
    state = f"{new:,} computed" if new else "unchanged"
    return f"{count:,} {one if count == 1 else many}: {state}"
