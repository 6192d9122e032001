"""Commands of this family under `hpowh analyse`."""

from __future__ import annotations

from typing import Annotated

import typer

from hpowh.analyses.findings.commands import answer, print_json
from hpowh.analyses.landscapes.commands import (
    BenchmarkOption,
    FidelityOption,
    MetricOption,
    SeedOption,
    SpaceOption,
    SplitOption,
)
from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, note, open_warehouse


def register(group: typer.Typer) -> None:
    """Add this family's commands to the group `analyse`."""
    group.command(epilog="Example: hpowh analyse embed --benchmark fcnet/protein_structure")(embed)


def embed(
    warehouse: WarehouseOption = None,
    space: SpaceOption = None,
    benchmark: BenchmarkOption = None,
    metric: MetricOption = None,
    split: SplitOption = None,
    fidelity: FidelityOption = None,
    seed: SeedOption = None,
    dimension: Annotated[int, typer.Option("--dimension", "-k", min=2, help="Singular vectors kept.")] = 16,
    neighbours: Annotated[int, typer.Option(min=2, help="Nearest vectors that a point is held near to.")] = 15,
    epochs: Annotated[int, typer.Option(min=1, help="Passes of UMAP.")] = 100,
    random_seed: Annotated[
        int, typer.Option("--random-seed", metavar="NUMBER", min=0, help="Of the embedding: the same gives the same.")
    ] = 0,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Lay landscapes out in a plane (HOPE, then UMAP), with an interpolated surface, for their pages.

    Needs the extra `embedding` (umap-learn). A landscape that was embedded before and has not changed is left as it is.
    """
    from hpowh.analyses.embeddings.job import Settings
    from hpowh.analyses.embeddings.job import embed as embed_landscapes
    from hpowh.analyses.landscapes.reading.keys import Selection
    from hpowh.warehouse.errors import HpowhError

    selection = Selection(space=space, benchmark=benchmark, metric=metric, split=split, fidelity=fidelity, seed=seed)
    with open_warehouse(warehouse, wait, writes=True) as opened:
        outcomes = embed_landscapes(opened, selection, Settings(dimension, neighbours, epochs, random_seed))
        found = [
            answer(opened, one.subject, one.analysis_run_id, is_new=one.is_new, error=one.error) for one in outcomes
        ]
    if as_json:
        print_json(found)
    else:
        for outcome in outcomes:
            if outcome.error:
                note(f"{outcome.subject}: not embedded. {outcome.error}")
            elif outcome.is_new:
                note(f"{outcome.subject}: analysis run {outcome.analysis_run_id}.")
            else:
                note(f"{outcome.subject}: unchanged since analysis run {outcome.analysis_run_id}.")
    if outcomes and all(outcome.error for outcome in outcomes):
        raise HpowhError("Nothing could be embedded.", "The reasons stand above.")
