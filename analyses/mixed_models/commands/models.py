"""`hpowh analyse lmem` and `lrt`: fit a model, compare two."""

from __future__ import annotations

from typing import Annotated

import typer

from hpowh.analyses.elsewhere.commands import OnOption, placed
from hpowh.analyses.mixed_models.commands.options import (
    BudgetOption,
    ExperimentOption,
    FailuresOption,
    MetricOption,
    PublishedOption,
    WhereOption,
    budget_value,
    pairs,
)
from hpowh.analyses.mixed_models.commands.output import answered, counted, show, unstored
from hpowh.warehouse.console import JsonOption, MemoryOption, WaitOption, WarehouseOption, open_warehouse, working
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.packets.options import (
    PacketsOption,
    PartOption,
    experiments_asked,
    opened_for,
    refusals_noted,
)

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
    "lmem_pair": ("sentence",),
    "lmem_anova": ("model", "term", "stratum", "df1", "df2", "statistic", "p_value", "method", "reason"),
    "lmem_failure": ("policy", "setting", "first", "second", "estimate", "p_adjusted", "row_count", "verdict"),
    "lmem_stratum": ("term", "stratum", "state", "df_asked", "p_asked", "df_right", "p_right"),
}


def lmem(
    context: typer.Context,
    formula: Annotated[str, typer.Argument(help='In lme4\'s language: "regret ~ algorithm + (1|benchmark)".')],
    warehouse: WarehouseOption = None,
    experiment: ExperimentOption = None,
    where: WhereOption = None,
    metric: MetricOption = None,
    budget: BudgetOption = None,
    failures: FailuresOption = "exclude",
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
    rope: Annotated[
        float | None,
        typer.Option(
            "--rope",
            min=0.0,
            metavar="D",
            help="Differences up to D are practically none (default: a tenth of a spread).",
        ),
    ] = None,
    variance: Annotated[
        str,
        typer.Option(
            "--variance",
            metavar="KIND",
            help="Which variances may differ: auto (what the tests ask for), equal, benchmark, algorithm, both.",
        ),
    ] = "auto",
    scale: Annotated[
        str,
        typer.Option("--scale", metavar="KIND", help="response, or benchmark: in residual spreads of each benchmark."),
    ] = "response",
    ml: Annotated[bool, typer.Option("--ml", help="Maximum likelihood (default: REML).")] = False,
    residuals: Annotated[bool, typer.Option("--residuals/--no-residuals", help="Check the residuals.")] = True,
    as_published: PublishedOption = False,
    files: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="GLOB",
            help="Model Parquet files as they lie, without a warehouse; nothing is stored. Repeat for more.",
        ),
    ] = None,
    memory: MemoryOption = "2GB",
    part: PartOption = None,
    packets: PacketsOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Fit a linear mixed model: effects, variances, marginal means, contrasts, residual checks.

    The response is a metric, regret, normalized_regret, log_regret, rank, or an SQL expression of those.
    """
    from hpowh.analyses.mixed_models.job import analyse_lmem
    from hpowh.analyses.mixed_models.studies.analysis import Question

    question = Question(
        factor=emm,
        by=tuple(by or ()),
        contrasts=tuple(contrast or ("tukey",)),
        fixed_at=pairs(at),
        weights=weights,
        region=rope,
    )
    if files:
        from hpowh.analyses.mixed_models.files.job import analyse_files

        if packets is not None or part is not None or warehouse is not None:
            raise UsageError("--from needs no warehouse: leave out --warehouse, --part and --packets.")
        refuse_with_files(
            experiment=experiment,
            metric=metric,
            budget=budget,
            failures=failures,
            scale=scale,
            as_published=as_published,
        )
        with working("Mixed model of the files"):
            found = analyse_files(
                files,
                formula,
                where=where,
                is_reml=not ml,
                variance=variance,
                question=question,
                with_residuals=residuals,
                memory=memory,
            )
        show(unstored(found), as_json, LMEM_SHOWN)
        return
    with opened_for(context, warehouse, wait, part, packets, as_json=as_json, reads_back=True) as opened:
        for one in experiments_asked(opened, experiment):
            with (
                refusals_noted(one if one != experiment else None),
                working(f"Mixed model{f' of {one}' if one else ''}"),
            ):
                outcome = analyse_lmem(
                    opened,
                    formula,
                    experiment=one,
                    where=where,
                    metric=metric,
                    budget=budget_value(budget),
                    failures=failures,
                    is_reml=not ml,
                    variance=variance,
                    scale=scale,
                    question=question,
                    with_residuals=residuals,
                    as_published=as_published,
                )
        answers = [] if packets is not None else [answered(opened, outcome)]
    for one_answer in answers:
        show(one_answer, as_json, LMEM_SHOWN, ("verdict",))


def refuse_with_files(
    *,
    experiment: str | None,
    metric: str | None,
    budget: str | None,
    failures: str,
    scale: str,
    as_published: bool,
) -> None:
    """Raise UsageError for an option whose meaning rests on a warehouse's tables."""
    given = {
        "--experiment": experiment is not None,
        "--metric": metric is not None,
        "--budget": budget is not None,
        "--failures": failures != "exclude",
        "--scale": scale != "response",
        "--as-published": as_published,
    }
    wrong = [name for name, is_given in given.items() if is_given]
    if wrong:
        raise UsageError(f"{', '.join(wrong)}: with --from there are the files' columns alone.", "Use --where.")


def lrt(
    null: Annotated[str, typer.Argument(help="The smaller model's formula.")],
    full: Annotated[str, typer.Argument(help="The larger model's formula; it contains the smaller one.")],
    warehouse: WarehouseOption = None,
    experiment: ExperimentOption = None,
    where: WhereOption = None,
    metric: MetricOption = None,
    budget: BudgetOption = None,
    failures: FailuresOption = "exclude",
    bootstrap: Annotated[int, typer.Option("--bootstrap", min=0, metavar="N", help="Simulate N experiments.")] = 0,
    permutations: Annotated[
        int, typer.Option("--shuffles", min=0, metavar="N", help="Shuffle the smaller model's residuals N times.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Seed of bootstrap and shuffling.")] = 0,
    on: OnOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Likelihood-ratio test of two nested models; on demand also by simulation and by shuffled residuals."""
    from hpowh.analyses.mixed_models.studies.job import analyse_comparison

    with open_warehouse(warehouse, wait, writes=True) as opened, placed(on) as place:
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
            failures=failures,
            on=place,
            progress=counted("Experiment"),
        )
        found = answered(opened, outcome)
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
    show(found, as_json, {"lmem_comparison": shown})
