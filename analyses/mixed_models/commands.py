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
