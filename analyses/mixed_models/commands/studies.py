"""`hpowh analyse presets`, `ladder`, `anomalies`, `power`: the checks around a model."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from hpowh.analyses.elsewhere.commands import OnOption, placed
from hpowh.analyses.mixed_models.commands.options import (
    BudgetOption,
    ExperimentOption,
    FailuresOption,
    FittedResponseOption,
    MetricOption,
    PublishedOption,
    WhereOption,
    budget_value,
    listed,
    numbers,
)
from hpowh.analyses.mixed_models.commands.output import answered, counted, show
from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, open_warehouse, working


def presets(
    warehouse: WarehouseOption = None,
    experiment: ExperimentOption = None,
    response: FittedResponseOption = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="seed, informativeness, budget or features.")
    ] = None,
    where: WhereOption = None,
    metric: MetricOption = None,
    budget: BudgetOption = None,
    as_published: PublishedOption = False,
    failures: FailuresOption = "exclude",
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Sanity checks: seed dependency, informativeness of benchmarks, effect of the budget and of meta-features."""
    from hpowh.analyses.mixed_models.studies.defaults import PRESETS
    from hpowh.analyses.mixed_models.studies.job import analyse_presets

    with open_warehouse(warehouse, wait, writes=True) as opened, working("Presets"):
        outcome = analyse_presets(
            opened,
            experiment,
            response=response,
            names=tuple(only or PRESETS),
            as_published=as_published,
            where=where,
            metric=metric,
            budget=budget_value(budget),
            failures=failures,
        )
        found = answered(opened, outcome)
    shown = ("preset", "subject", "statistic", "df1", "df2", "p_value", "p_adjusted", "verdict", "reason")
    show(found, as_json, {"lmem_preset": shown})


def ladder(
    warehouse: WarehouseOption = None,
    experiment: ExperimentOption = None,
    response: FittedResponseOption = None,
    term: Annotated[
        list[str] | None,
        typer.Option("--term", metavar="TERM", help="A candidate (default: what the design suggests)."),
    ] = None,
    where: WhereOption = None,
    metric: MetricOption = None,
    budget: BudgetOption = None,
    failures: FailuresOption = "exclude",
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Model ladder: terms enter and leave by likelihood-ratio tests, every step kept."""
    from hpowh.analyses.mixed_models.studies.job import analyse_ladder

    with open_warehouse(warehouse, wait, writes=True) as opened, working("Ladder of models"):
        outcome = analyse_ladder(
            opened,
            experiment,
            response=response,
            terms=tuple(term or ()),
            where=where,
            metric=metric,
            budget=budget_value(budget),
            failures=failures,
        )
        found = answered(opened, outcome)
    shown = ("direction", "step", "action", "term", "chi_square", "df", "p_value", "aic", "bic", "is_kept", "reason")
    show(found, as_json, {"lmem_ladder": shown})


def anomalies(
    warehouse: WarehouseOption = None,
    experiment: ExperimentOption = None,
    pair: Annotated[
        str | None, typer.Option("--pair", metavar="A,B", help="Two algorithms (default: all pairs).")
    ] = None,
    factor: Annotated[
        str | None, typer.Option("--factor", metavar="NAME", help="The factor (default: the only one).")
    ] = None,
    levels: Annotated[str | None, typer.Option("--levels", metavar="GOOD,BAD", help="Its two levels.")] = None,
    budgets: Annotated[
        str | None, typer.Option("--budgets", metavar="B,B,…", help="Budgets (default: up to 30 that all runs have).")
    ] = None,
    where: WhereOption = None,
    metric: MetricOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Benchmarks on which the contrast of two algorithms moves against the rest between two levels of a factor."""
    from hpowh.analyses.mixed_models.studies.job import analyse_anomalies

    with open_warehouse(warehouse, wait, writes=True) as opened, working("Anomalies"):
        outcome = analyse_anomalies(
            opened,
            experiment,
            factor=factor,
            levels=listed(levels, 2, "--levels GOOD,BAD"),
            pair=listed(pair, 2, "--pair A,B"),
            budgets=numbers(budgets, "--budgets"),
            where=where,
            metric=metric,
        )
        found = answered(opened, outcome)
    shown = ("benchmark", "first", "second", "budget", "shift", "shift_lower", "shift_upper", "win_shift")
    if not as_json:
        import polars as pl

        reversed_ = outcome.tables["lmem_anomaly"].filter(pl.col("is_reversed"))
        found = replace(found, tables={**found.tables, "lmem_anomaly": reversed_})
    show(found, as_json, {"lmem_anomaly": (*shown, "z_shift", "z_win_shift", "p_adjusted", "is_anomalous")})


def anytime(
    warehouse: WarehouseOption = None,
    experiment: ExperimentOption = None,
    response: FittedResponseOption = None,
    budgets: Annotated[
        str | None, typer.Option("--budgets", metavar="B,B,…", help="Budgets (default: up to 30 that all runs have).")
    ] = None,
    where: WhereOption = None,
    metric: MetricOption = None,
    failures: FailuresOption = "exclude",
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """All budgets at once: who leads whom from which budget on, corrected for all pairs and budgets."""
    from hpowh.analyses.mixed_models.studies.job import analyse_anytime

    with open_warehouse(warehouse, wait, writes=True) as opened, working("Models of all budgets"):
        outcome = analyse_anytime(
            opened,
            experiment,
            response=response,
            budgets=numbers(budgets, "--budgets"),
            where=where,
            metric=metric,
            failures=failures,
        )
        found = answered(opened, outcome)
    shown = ("first", "second", "leader", "from_budget", "ahead_count_first", "ahead_count_second", "budget_count")
    show(found, as_json, {"lmem_anytime_pair": (*shown, "is_at_all_budgets", "p_any")})


def power(
    warehouse: WarehouseOption = None,
    experiment: ExperimentOption = None,
    response: FittedResponseOption = None,
    benchmarks: Annotated[
        str, typer.Option("--benchmarks", metavar="N,N,…", help="Numbers of benchmarks.")
    ] = "5,10,20,40",
    seeds: Annotated[str, typer.Option("--seeds", metavar="N,N,…", help="Numbers of seeds.")] = "5,10,30",
    difference: Annotated[
        str | None,
        typer.Option(
            "--difference", metavar="D,D,…", help="True differences (default: 0.5, 1, 2 times the largest found)."
        ),
    ] = None,
    replicates: Annotated[
        int, typer.Option("--replicates", min=100, help="Simulated experiments for a design.")
    ] = 4000,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the simulation.")] = 0,
    where: WhereOption = None,
    metric: MetricOption = None,
    budget: BudgetOption = "final",
    failures: FailuresOption = "exclude",
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """How many benchmarks and seeds would show a difference, simulated from the fitted default model."""
    from hpowh.analyses.mixed_models.studies.job import analyse_power

    with open_warehouse(warehouse, wait, writes=True) as opened, working("Power"):
        outcome = analyse_power(
            opened,
            experiment,
            response=response,
            benchmarks=[int(value) for value in numbers(benchmarks, "--benchmarks")],
            seeds=[int(value) for value in numbers(seeds, "--seeds")],
            differences=numbers(difference, "--difference"),
            count=replicates,
            seed=seed,
            where=where,
            metric=metric,
            budget=budget_value(budget),
            failures=failures,
        )
        found = answered(opened, outcome)
    shown = ("difference", "benchmark_count", "seed_count", "power", "lower", "upper", "power_low", "power_analytic")
    show(found, as_json, {"lmem_power": shown, "lmem_next": ("position", "benchmark", "kind", "distance", "why")})


def calibrate(
    formula: Annotated[
        str | None,
        typer.Argument(help="The model (default: the one last fitted, on its rows; else that of normalized_regret)."),
    ] = None,
    warehouse: WarehouseOption = None,
    experiment: ExperimentOption = None,
    shuffles: Annotated[
        int, typer.Option("--shuffles", min=20, metavar="N", help="How often labels are shuffled within benchmarks.")
    ] = 200,
    variance: Annotated[
        str, typer.Option("--variance", metavar="KIND", help="auto, equal, benchmark, algorithm, both: as for lmem.")
    ] = "auto",
    seed: Annotated[int, typer.Option("--seed", help="Seed of the shuffling.")] = 0,
    where: WhereOption = None,
    metric: MetricOption = None,
    budget: BudgetOption = "fitted",
    failures: FailuresOption = "exclude",
    on: OnOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Does the comparison hold its level on your design? Labels are shuffled within benchmarks, p-values calibrated."""
    from hpowh.analyses.mixed_models.studies.job import analyse_calibration

    with open_warehouse(warehouse, wait, writes=True) as opened, placed(on) as place:
        outcome = analyse_calibration(
            opened,
            formula,
            experiment,
            count=shuffles,
            seed=seed,
            variance=variance,
            where=where,
            metric=metric,
            budget=budget if budget == "fitted" else budget_value(budget),
            failures=failures,
            on=place,
            progress=counted("Shuffle"),
        )
        found = answered(opened, outcome)
    overall = ("formula_fitted", "replicate_count", "rejected_count", "rate", "lower", "upper", "reason")
    pairs = ("contrast", "estimate", "p_adjusted", "p_calibrated")
    show(found, as_json, {"lmem_calibration": overall, "lmem_calibration_pair": pairs})
