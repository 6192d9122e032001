"""Commands of this family under `hpowh analyse`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, note, open_warehouse, print_table
from hpowh.warehouse.errors import UsageError

if TYPE_CHECKING:
    from hpowh.analyses.mixed_models.job import Outcome

ExperimentOption = Annotated[
    str | None, typer.Option("--experiment", "-e", metavar="NAME", help="The experiment (default: the only one).")
]
WhereOption = Annotated[
    str | None, typer.Option("--where", metavar="SQL", help="Only rows for which this holds, e.g. \"prior = 'bad'\".")
]
MetricOption = Annotated[str | None, typer.Option("--metric", metavar="NAME", help="The metric (default: value).")]
BudgetOption = Annotated[
    str | None,
    typer.Option("--budget", metavar="B|final", help="Each run's best value up to this budget, one row a run."),
]
PublishedOption = Annotated[
    bool, typer.Option("--as-published", help="The published tool's setting: ML, no interaction, no warnings' refits.")
]


def register(group: typer.Typer) -> None:
    """Add this family's commands to the group `analyse`."""
    group.command(
        epilog='Example: hpowh analyse lmem "normalized_regret ~ algorithm*prior + (1|benchmark) + '
        '(1|benchmark:algorithm)" --budget final --emm algorithm --by prior'
    )(lmem)
    group.command(epilog="Example: hpowh analyse presets --experiment demo --response normalized_regret")(presets)
    group.command(epilog="Example: hpowh analyse ladder --experiment demo --budget final")(ladder)
    group.command(epilog="Example: hpowh analyse anomalies --pair HB,PB --factor prior --levels good,bad")(anomalies)
    group.command(epilog="Example: hpowh analyse power --benchmarks 5,10,20 --seeds 10,30 --difference 0.02")(power)
    group.command(
        epilog='Example: hpowh analyse lrt "regret ~ algorithm + (1|benchmark)" '
        '"regret ~ algorithm + (1|benchmark) + (1|seed)" --bootstrap 1000'
    )(lrt)


def lmem(
    formula: Annotated[str, typer.Argument(help='In lme4\'s language: "regret ~ algorithm + (1|benchmark)".')],
    warehouse: WarehouseOption = None,
    experiment: ExperimentOption = None,
    where: WhereOption = None,
    metric: MetricOption = None,
    budget: BudgetOption = None,
    emm: Annotated[str | None, typer.Option("--emm", metavar="FACTOR", help="Marginal means of this factor.")] = None,
    by: Annotated[list[str] | None, typer.Option("--by", metavar="FACTOR", help="Keep its levels apart.")] = None,
    at: Annotated[
        list[str] | None, typer.Option("--at", metavar="NAME=VALUE", help="Hold a covariate or factor there.")
    ] = None,
    contrast: Annotated[
        list[str] | None,
        typer.Option(
            "--contrast", metavar="KIND", help="tukey, dunnett:LEVEL, holm, bh, none, or 'A - 0.5*B - 0.5*C'."
        ),
    ] = None,
    weights: Annotated[
        str, typer.Option("--weights", help="Averaging over other factors: equal or observed.")
    ] = "equal",
    ml: Annotated[bool, typer.Option("--ml", help="Maximum likelihood (default: REML).")] = False,
    residuals: Annotated[bool, typer.Option("--residuals/--no-residuals", help="Check the residuals.")] = True,
    as_published: PublishedOption = False,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Fit a linear mixed model: effects, variances, marginal means, contrasts, residual checks.

    The response is a metric, regret, normalized_regret, log_regret, rank, or an SQL expression of those.
    """
    from hpowh.analyses.mixed_models.analysis import Question
    from hpowh.analyses.mixed_models.job import analyse_lmem

    question = Question(emm, tuple(by or ()), tuple(contrast or ("tukey",)), pairs(at), weights)
    with open_warehouse(warehouse, wait) as opened:
        outcome = analyse_lmem(
            opened,
            formula,
            experiment=experiment,
            where=where,
            metric=metric,
            budget=budget_value(budget),
            is_reml=not ml,
            question=question,
            with_residuals=residuals,
            as_published=as_published,
        )
    show(outcome, as_json, LMEM_SHOWN)


ResponseOption = Annotated[
    str,
    typer.Option("--response", metavar="EXPR", help="A metric, regret, normalized_regret, log_regret, rank, or SQL."),
]


def presets(
    warehouse: WarehouseOption = None,
    experiment: ExperimentOption = None,
    response: ResponseOption = "normalized_regret",
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="seed, informativeness, budget or features.")
    ] = None,
    where: WhereOption = None,
    metric: MetricOption = None,
    budget: BudgetOption = None,
    as_published: PublishedOption = False,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Sanity checks: seed dependency, informativeness of benchmarks, effect of the budget and of meta-features."""
    from hpowh.analyses.mixed_models.job import analyse_presets
    from hpowh.analyses.mixed_models.presets import PRESETS

    with open_warehouse(warehouse, wait) as opened:
        outcome = analyse_presets(
            opened,
            experiment,
            response=response,
            names=tuple(only or PRESETS),
            as_published=as_published,
            where=where,
            metric=metric,
            budget=budget_value(budget),
        )
    shown = ("preset", "subject", "statistic", "df1", "df2", "p_value", "p_adjusted", "verdict", "reason")
    show(outcome, as_json, {"lmem_preset": shown})


def ladder(
    warehouse: WarehouseOption = None,
    experiment: ExperimentOption = None,
    response: ResponseOption = "normalized_regret",
    term: Annotated[
        list[str] | None,
        typer.Option("--term", metavar="TERM", help="A candidate (default: what the design suggests)."),
    ] = None,
    where: WhereOption = None,
    metric: MetricOption = None,
    budget: BudgetOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Model ladder: terms enter and leave by likelihood-ratio tests, every step kept."""
    from hpowh.analyses.mixed_models.job import analyse_ladder

    with open_warehouse(warehouse, wait) as opened:
        outcome = analyse_ladder(
            opened,
            experiment,
            response=response,
            terms=tuple(term or ()),
            where=where,
            metric=metric,
            budget=budget_value(budget),
        )
    shown = ("direction", "step", "action", "term", "chi_square", "df", "p_value", "aic", "bic", "is_kept", "reason")
    show(outcome, as_json, {"lmem_ladder": shown})


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
    from hpowh.analyses.mixed_models.job import analyse_anomalies

    with open_warehouse(warehouse, wait) as opened:
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
    shown = ("benchmark", "first", "second", "budget", "shift", "shift_lower", "shift_upper", "win_shift")
    if not as_json:
        import polars as pl

        table = outcome.tables["lmem_anomaly"]
        outcome.tables["lmem_anomaly"] = table.filter(pl.col("is_reversed"))
    show(outcome, as_json, {"lmem_anomaly": (*shown, "z_shift", "z_win_shift", "p_adjusted", "is_anomalous")})


def power(
    warehouse: WarehouseOption = None,
    experiment: ExperimentOption = None,
    response: ResponseOption = "normalized_regret",
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
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """How many benchmarks and seeds would show a difference, simulated from the fitted default model."""
    from hpowh.analyses.mixed_models.job import analyse_power

    with open_warehouse(warehouse, wait) as opened:
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
        )
    shown = ("difference", "benchmark_count", "seed_count", "power", "lower", "upper", "power_analytic")
    show(outcome, as_json, {"lmem_power": shown})


def lrt(
    null: Annotated[str, typer.Argument(help="The smaller model's formula.")],
    full: Annotated[str, typer.Argument(help="The larger model's formula; it contains the smaller one.")],
    warehouse: WarehouseOption = None,
    experiment: ExperimentOption = None,
    where: WhereOption = None,
    metric: MetricOption = None,
    budget: BudgetOption = None,
    bootstrap: Annotated[int, typer.Option("--bootstrap", min=0, metavar="N", help="Simulate N experiments.")] = 0,
    permutations: Annotated[
        int, typer.Option("--permutations", min=0, metavar="N", help="Shuffle the smaller model's residuals N times.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Seed of bootstrap and shuffling.")] = 0,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Likelihood-ratio test of two nested models; on demand also by simulation and by shuffled residuals."""
    from hpowh.analyses.mixed_models.job import analyse_comparison

    with open_warehouse(warehouse, wait) as opened:
        outcome = analyse_comparison(
            opened,
            null,
            full,
            experiment,
            bootstrap=bootstrap,
            permutations=permutations,
            seed=seed,
            where=where,
            metric=metric,
            budget=budget_value(budget),
        )
    shown = (
        "chi_square",
        "df",
        "p_value",
        "p_chi_square",
        "distribution",
        "p_bootstrap",
        "bootstrap_quantile",
        "p_permutation",
        "reason",
    )
    show(outcome, as_json, {"lmem_comparison": shown})


def listed(text: str | None, count: int, what: str) -> tuple[str, ...]:
    """Read names separated by commas; nothing is an empty tuple."""
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if len(names) != count or not all(names):
        raise UsageError(f"{what} takes {count} names separated by a comma, not {text!r}.")
    return names


def numbers(text: str | None, what: str) -> tuple[float, ...]:
    """Read numbers separated by commas; nothing is an empty tuple."""
    try:
        return tuple(float(value) for value in text.split(",")) if text else ()
    except ValueError:
        raise UsageError(f"{what} takes numbers separated by commas, not {text!r}.") from None


LMEM_SHOWN: dict[str, tuple[str, ...]] = {
    "lmem_model": (
        "model",
        "formula",
        "criterion",
        "row_count",
        "log_likelihood",
        "aic",
        "bic",
        "sigma",
        "r2_marginal",
    ),
    "lmem_variance_component": (
        "model",
        "grouping_factor",
        "term",
        "other_term",
        "sd",
        "lower",
        "upper",
        "correlation",
    ),
    "lmem_fixed_effect": ("model", "term", "estimate", "standard_error", "df", "t_value", "p_value", "reason"),
    "lmem_marginal_mean": (
        "model",
        "level",
        "setting",
        "estimate",
        "standard_error",
        "df",
        "lower",
        "upper",
        "letters",
    ),
    "lmem_contrast": ("model", "contrast", "setting", "method", "estimate", "standard_error", "df", "p_adjusted"),
}


def pairs(texts: list[str] | None) -> dict[str, float | str]:
    """Read `name=value` options; a value that is a number becomes one."""
    found: dict[str, float | str] = {}
    for text in texts or ():
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise UsageError(f"--at takes NAME=VALUE, not {text!r}.")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            found[name.strip()] = value.strip()
    return found


def budget_value(text: str | None) -> float | str | None:
    """Read --budget: a number, `final`, or nothing."""
    if text is None or text == "final":
        return text
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--budget takes a number or 'final', not {text!r}.") from None


def show(outcome: Outcome, as_json: bool, shown: dict[str, tuple[str, ...]]) -> None:
    """Print an outcome's main tables, or everything as JSON; warnings go to standard error."""
    if as_json:
        whole = {name: table.to_dicts() for name, table in outcome.tables.items()}
        head: dict[str, Any] = {
            "experiment": outcome.subject,
            "analysis_run_id": outcome.analysis_run_id,
            "is_new": outcome.is_new,
            "warnings": outcome.warnings,
        }
        print(json.dumps(head | {"tables": whole}, default=str))
        return
    for name, columns in shown.items():
        if name in outcome.tables:
            table = outcome.tables[name]
            kept = [column for column in columns if column in table.columns]
            print_table(kept, table.select(kept).rows(), title=name)
    state = "stored" if outcome.is_new else "unchanged since"
    note(f"{outcome.subject}: {state} analysis run {outcome.analysis_run_id}; all tables: result.lmem_*.")
    for warning in outcome.warnings:
        note(f"  Note: {warning}")
