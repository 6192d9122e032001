"""Print an outcome."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.console import note, print_table

MOST_ROWS = 60
"""So many rows of a table are printed; the warehouse and `--json` have all."""

if TYPE_CHECKING:
    from hpowh.analyses.mixed_models.job import Outcome


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
            print_table(kept, table.select(kept).head(MOST_ROWS).rows(), title=name)
            if table.height > MOST_ROWS:
                note(f"  {table.height - MOST_ROWS:,} more rows in result.{name}.")
    state = "stored" if outcome.is_new else "unchanged since"
    note(f"{outcome.subject}: {state} analysis run {outcome.analysis_run_id}; all tables: result.lmem_*.")
    for warning in outcome.warnings:
        note(f"  Note: {warning}")
