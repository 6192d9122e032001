"""Print an outcome."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.console import note, print_table

MOST_ROWS = 60
"""So many rows of a table are printed; the warehouse and `--json` have all."""

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hpowh.analyses.mixed_models.job import Outcome
    from hpowh.warehouse.store import Warehouse


def concluded(warehouse: Warehouse, outcome: Outcome) -> list[str]:
    """Return the verdicts of an outcome's experiment: those that rest on this analysis, or all where none does."""
    from hpowh.analyses.mixed_models.reading.verdicts import verdicts

    found = verdicts(warehouse, outcome.subject)
    return [one.sentence for one in found if one.analysis_run_id == outcome.analysis_run_id] or [
        one.sentence for one in found
    ]


def show(outcome: Outcome, as_json: bool, shown: dict[str, tuple[str, ...]], verdicts: Sequence[str] = ()) -> None:
    """Print an outcome's main tables, or everything as JSON; verdicts and warnings go to standard error."""
    if as_json:
        whole = {name: table.to_dicts() for name, table in outcome.tables.items()}
        head: dict[str, Any] = {
            "experiment": outcome.subject,
            "analysis_run_id": outcome.analysis_run_id,
            "is_new": outcome.is_new,
            "verdicts": list(verdicts),
            "warnings": outcome.warnings,
        }
        print(json.dumps(head | {"tables": whole}, default=str))
        return
    for name, columns in shown.items():
        if name in outcome.tables:
            table = outcome.tables[name]
            kept = [column for column in columns if column in table.columns]
            if kept == ["sentence"]:
                print(f"{name}\n" + "\n".join(table["sentence"].head(MOST_ROWS).to_list()))
                continue
            print_table(kept, table.select(kept).head(MOST_ROWS).rows(), title=name)
            if table.height > MOST_ROWS:
                note(f"  {table.height - MOST_ROWS:,} more rows in result.{name}.")
    state = "stored" if outcome.is_new else "unchanged since"
    note(f"{outcome.subject}: {state} analysis run {outcome.analysis_run_id}; all tables: result.lmem_*.")
    for sentence in verdicts:
        note(f"  Verdict: {sentence}")
    for warning in outcome.warnings:
        note(f"  Note: {warning}")
