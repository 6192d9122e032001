"""Commands of this family under `hpowh analyse`."""

from __future__ import annotations

from typing import Annotated

import typer

from hpowh.analyses.mixed_models.commands.output import answered, counted, show
from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, open_warehouse, working
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.packets.options import PacketsOption, PartOption, experiments_asked, opened_for, refusals_noted


def register(group: typer.Typer) -> None:
    """Add this family's commands to the group `analyse`."""
    group.command(epilog="Example: hpowh analyse rankings --experiment demo --budget final --where \"prior = 'good'\"")(
        rankings
    )
    group.command(epilog="Example: hpowh analyse tiers --experiment demo --budget final")(tiers)


SHOWN = {
    "ranking_algorithm": ("position", "algorithm", "mean_rank", "mean_value", "block_count"),
    "ranking_test": ("test", "statistic", "df1", "df2", "p_value", "critical_difference", "dropped_count", "reason"),
    "ranking_pair": ("test", "first", "second", "estimate", "p_adjusted", "probability_first", "probability_second"),
    "ranking_cost": ("algorithm", "missing_count", "alone_count", "complete_count", "complete_without", "block_count"),
    "ranking_failure": ("policy", "first", "second", "mean_rank_first", "mean_rank_second", "p_adjusted", "verdict"),
    "ranking_agreement": ("sentence",),
}

SHOWN_TIERS = ("tier", "algorithm", "estimate", "rank_lower", "rank_upper", "win_rate", "elo", "improvability")


def rankings(
    context: typer.Context,
    warehouse: WarehouseOption = None,
    experiment: Annotated[
        str | None, typer.Option("--experiment", "-e", metavar="NAME", help="The experiment (default: the only one).")
    ] = None,
    response: Annotated[
        str | None,
        typer.Option(
            "--response",
            metavar="EXPR",
            help="What is ranked: a metric, a regret, SQL (default: the last model's, else normalized_regret).",
        ),
    ] = None,
    block: Annotated[str, typer.Option("--block", help="benchmark (mean over seeds) or seed.")] = "benchmark",
    rope: Annotated[float, typer.Option("--rope", min=0.0, help="Differences up to this are practically equal.")] = 0.0,
    where: Annotated[str | None, typer.Option("--where", metavar="SQL", help="Only rows for which this holds.")] = None,
    metric: Annotated[
        str | None,
        typer.Option("--metric", metavar="NAME", help="The metric, or `each` benchmark's own (default: value)."),
    ] = None,
    budget: Annotated[
        str,
        typer.Option(
            "--budget",
            metavar="B|final|benchmark|all",
            help="The largest budget that all runs have, up to B; or on each benchmark; all: mean of all rows.",
        ),
    ] = "final",
    failures: Annotated[
        str,
        typer.Option(
            "--failures",
            metavar="exclude|last|impute[:ALGORITHM]",
            help="What a failed run counts: nothing, the worst of its block, the worst seen or that algorithm's mean.",
        ),
    ] = "exclude",
    part: PartOption = None,
    packets: PacketsOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Rank tests without a model: Friedman, Nemenyi, Wilcoxon-Holm, Bayesian; agreement with the mixed model."""
    from hpowh.analyses.rankings.job import analyse_rankings

    try:
        at = None if budget == "all" else budget if budget in ("final", "benchmark") else float(budget)
    except ValueError:
        raise UsageError(f"--budget takes a number, 'final', 'benchmark' or 'all', not {budget!r}.") from None
    with opened_for(context, warehouse, wait, part, packets, as_json=as_json, reads_back=True) as opened:
        for one in experiments_asked(opened, experiment):
            with (
                refusals_noted(one if one != experiment else None),
                working(f"Rank tests{f' of {one}' if one else ''}"),
            ):
                outcome = analyse_rankings(
                    opened,
                    one,
                    response=response,
                    block=block,
                    rope=rope,
                    where=where,
                    metric=metric,
                    budget=at,
                    failures=failures,
                    progress=counted("Pair"),
                )
        answers = [] if packets is not None else [answered(opened, outcome)]
    for one_answer in answers:
        show(one_answer, as_json, SHOWN, ("verdict",))


def tiers(
    warehouse: WarehouseOption = None,
    experiment: Annotated[
        str | None, typer.Option("--experiment", "-e", metavar="NAME", help="The experiment (default: the only one).")
    ] = None,
    response: Annotated[
        str | None,
        typer.Option(
            "--response",
            metavar="EXPR",
            help="What is compared: a metric, a regret, SQL (default: as for rankings).",
        ),
    ] = None,
    where: Annotated[str | None, typer.Option("--where", metavar="SQL", help="Only rows for which this holds.")] = None,
    metric: Annotated[
        str | None,
        typer.Option("--metric", metavar="NAME", help="The metric, or `each` benchmark's own (default: value)."),
    ] = None,
    budget: Annotated[
        str, typer.Option("--budget", metavar="B|final|benchmark|all", help="As for rankings.")
    ] = "final",
    failures: Annotated[
        str, typer.Option("--failures", metavar="exclude|last|impute[:ALGORITHM]", help="As for rankings.")
    ] = "exclude",
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Who may be first: confidence sets of ranks and tiers, beside Elo, win rate and improvability with intervals."""
    from hpowh.analyses.rankings.job import analyse_tiers

    try:
        at = None if budget == "all" else budget if budget in ("final", "benchmark") else float(budget)
    except ValueError:
        raise UsageError(f"--budget takes a number, 'final', 'benchmark' or 'all', not {budget!r}.") from None
    with open_warehouse(warehouse, wait, writes=True) as opened, working("Tiers"):
        outcome = analyse_tiers(
            opened, experiment, response=response, where=where, metric=metric, budget=at, failures=failures
        )
        found = answered(opened, outcome)
    show(found, as_json, {"ranking_tier": SHOWN_TIERS})
