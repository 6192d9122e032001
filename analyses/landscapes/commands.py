"""Commands of this family under `hpowh analyse`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from hpowh.analyses.elsewhere.commands import OnOption, placed
from hpowh.analyses.findings.commands import answer, print_json
from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, note, open_warehouse, print_table, progress
from hpowh.warehouse.packets.options import PacketsOption, PartOption, opened_for

if TYPE_CHECKING:
    from hpowh.analyses.landscapes.job import Outcome

SpaceOption = Annotated[str | None, typer.Option("--space", metavar="NAME", help="Only this search space.")]
BenchmarkOption = Annotated[str | None, typer.Option("--benchmark", "-b", metavar="NAME", help="Only this benchmark.")]
MetricOption = Annotated[
    str | None,
    typer.Option(
        "--metric", metavar="NAME", help="This metric, or `all` (default: each benchmark's first that has no unit)."
    ),
]
SplitOption = Annotated[
    str | None, typer.Option("--split", metavar="NAME", help="train, valid or test (default: valid, else test).")
]
FidelityOption = Annotated[
    float | None, typer.Option("--fidelity", metavar="NUMBER", help="This fidelity (default: the full or highest).")
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", metavar="NUMBER", help="One seed's landscape (default: the mean over seeds).")
]


def register(group: typer.Typer) -> None:
    """Add this family's commands to the group `analyse`."""
    group.command(epilog="Example: hpowh analyse landscapes --space fcnet")(landscapes)
    group.command(epilog="Example: hpowh analyse compare fcnet/protein_structure fcnet/slice_localization")(compare)
    group.command(epilog="Example: hpowh analyse sensitivity -b hpobench/car")(sensitivity)
    group.command(epilog="Example: hpowh analyse importances --space fcnet")(importances)


def landscapes(
    context: typer.Context,
    warehouse: WarehouseOption = None,
    space: SpaceOption = None,
    benchmark: BenchmarkOption = None,
    metric: MetricOption = None,
    split: SplitOption = None,
    fidelity: FidelityOption = None,
    seed: SeedOption = None,
    epsilon: Annotated[
        str | None,
        typer.Option(
            "--epsilon", metavar="NUMBER", help="Neutrality threshold: 0.01, or 1%iqr (default: by the metric)."
        ),
    ] = None,
    default: Annotated[
        int | None,
        typer.Option(
            "--default", metavar="ID", help="Default configuration for tunability (default: best over benchmarks)."
        ),
    ] = None,
    network: Annotated[bool, typer.Option(help="Build the local optima networks.")] = True,
    similarity: Annotated[bool, typer.Option(help="Compare benchmarks, metrics, fidelities, splits, seeds.")] = True,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="Worker processes (0: by the work).")] = 0,
    on: OnOption = None,
    part: PartOption = None,
    packets: PacketsOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Loss landscapes: ruggedness, neutrality, optima, basins, networks, importances, similarities.

    A landscape whose evaluations have not changed since its last analysis is left as it is.
    """
    from hpowh.analyses.landscapes.job import Selection, Settings, analyse
    from hpowh.analyses.landscapes.reading.planes import stale_planes
    from hpowh.warehouse.errors import HpowhError, UsageError

    selection = Selection(space=space, benchmark=benchmark, metric=metric, split=split, fidelity=fidelity, seed=seed)
    settings = Settings(epsilon=epsilon, default=default, has_network=network, has_similarity=similarity, jobs=jobs)
    if on is not None and jobs:
        raise UsageError("--jobs is for processes here; --on says where they are.", "Give one of the two: --on local:4")
    with opened_for(context, warehouse, wait, part, packets, as_json=as_json) as opened, placed(on) as place:
        outcomes = analyse(opened, selection, settings, progress("Landscape"), place)
        stale = stale_planes(opened)
        found = [
            answer(opened, one.subject, one.analysis_run_id, is_new=one.is_new, error=one.error)
            for one in (outcomes if as_json and packets is None else ())
        ]
    if as_json and packets is None:
        print_json(found)
    else:
        _say(outcomes, stale, has_numbers=packets is None)
    refused = [outcome for outcome in outcomes if outcome.error]
    if refused and len(refused) == len(outcomes):
        raise HpowhError("Nothing could be analysed.", "The reasons stand above.")


def _say(outcomes: Sequence[Outcome], stale: Sequence[str], *, has_numbers: bool) -> None:
    """Say what became of each landscape; those whose results are in packets have no numbers, and only refusals show."""
    for outcome in outcomes:
        if outcome.error:
            note(f"{outcome.subject}: not analysed. {outcome.error}")
        elif has_numbers and outcome.is_new:
            note(f"{outcome.subject}: analysis run {outcome.analysis_run_id}.")
        elif has_numbers:
            note(f"{outcome.subject}: unchanged since analysis run {outcome.analysis_run_id}.")
        for warning in outcome.warnings:
            note(f"  Note: {warning}")
    for sentence in stale:
        note(f"Note: {sentence}")
    if has_numbers and any(outcome.is_new for outcome in outcomes):
        note("What was found, in sentences: hpowh findings; as pages: hpowh report")


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="benchmark, benchmark:metric or benchmark:metric#seed.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The other landscape, of the same search space.")],
    warehouse: WarehouseOption = None,
    metric: MetricOption = None,
    split: SplitOption = None,
    fidelity: FidelityOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """How alike two landscapes are, and what the best configuration of A costs on B."""
    from hpowh.analyses.landscapes.job import Selection
    from hpowh.analyses.landscapes.job import compare as compare_landscapes

    with open_warehouse(warehouse, wait, writes=True) as opened:
        found = compare_landscapes(opened, a, b, Selection(metric=metric, split=split, fidelity=fidelity))
    if as_json:
        print(json.dumps([{"measure": one.name, "value": one.value, "reason": one.reason} for one in found]))
        return
    print_table(["measure", "value", "reason"], [(one.name, one.value, one.reason) for one in found])


def sensitivity(
    warehouse: WarehouseOption = None,
    space: SpaceOption = None,
    benchmark: BenchmarkOption = None,
    metric: MetricOption = None,
    split: SplitOption = None,
    fidelity: FidelityOption = None,
    seed: SeedOption = None,
    epsilon: Annotated[
        str | None, typer.Option("--epsilon", metavar="NUMBER", help="Neutrality threshold (default: by the metric).")
    ] = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """What stays of a landscape when its axes are thinned or merged, or the threshold moves."""
    from hpowh.analyses.landscapes.job import Selection, sensitivity_of

    selection = Selection(space=space, benchmark=benchmark, metric=metric, split=split, fidelity=fidelity, seed=seed)
    with open_warehouse(warehouse, wait) as opened:  # reads only
        rows = sensitivity_of(opened, selection, epsilon)
    if as_json:
        print(json.dumps(rows))
        return
    print_table(list(rows[0]), [tuple(row.values()) for row in rows])


def importances(
    warehouse: WarehouseOption = None,
    space: SpaceOption = None,
    benchmark: BenchmarkOption = None,
    metric: MetricOption = None,
    split: SplitOption = None,
    fidelity: FidelityOption = None,
    seed: SeedOption = None,
    default: Annotated[
        int | None,
        typer.Option(
            "--default", metavar="ID", help="Default configuration for tunability (default: best over benchmarks)."
        ),
    ] = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Which hyperparameters matter, by eight methods side by side, and how far the methods agree."""
    from hpowh.analyses.landscapes.methods.job import Selection, agreement_rows, analyse

    selection = Selection(space=space, benchmark=benchmark, metric=metric, split=split, fidelity=fidelity, seed=seed)
    with open_warehouse(warehouse, wait, writes=True) as opened:
        found = analyse(opened, selection, default=default, progress=progress("Importances"))
        rows = [(subject, agreement_rows(opened, run)) for subject, run, _ in found]
    if as_json:
        print(json.dumps([{"subject": subject, **row} for subject, mine in rows for row in mine]))
        return
    for (subject, run, is_new), (_, mine) in zip(found, rows, strict=True):
        note(f"{subject}: {'analysis' if is_new else 'unchanged since analysis'} run {run}.")
        columns = [
            "kind",
            "method_a",
            "method_b",
            "benchmark_count",
            "spearman",
            "lower",
            "upper",
            "top_share",
            "reason",
        ]
        print_table(columns, [tuple(row[name] for name in columns) for row in mine])
