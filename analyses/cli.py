"""`hpowh analyse …`: one sub-command an analysis; each family adds its own from its `commands` module.

`hpowh evaluate`, which makes data rather than reading them, and `hpowh findings`, which reads what all of them found,
stand beside it.
"""

from __future__ import annotations

import typer

from hpowh.analyses.embeddings import commands as embeddings
from hpowh.analyses.evaluate import commands as evaluate
from hpowh.analyses.findings import commands as findings
from hpowh.analyses.landscapes import commands as landscapes
from hpowh.analyses.mixed_models import commands as mixed_models
from hpowh.analyses.rankings import commands as rankings
from hpowh.analyses.sweeps import commands as sweeps
from hpowh.analyses.traces import commands as traces
from hpowh.warehouse.grouping import group_of

FAMILIES = (traces, mixed_models, rankings, landscapes, embeddings, sweeps)


def register(app: typer.Typer) -> None:
    """Add the group `analyse` with every family's commands."""
    group = group_of(app, "analyse", "Run analyses; results become tables in schema `result`.")
    for family in FAMILIES:
        family.register(group)
    evaluate.register_root(app)
    findings.register_root(app)
