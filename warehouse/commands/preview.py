"""What a load did, and a dry run as a table that fits a terminal: one line a column, with its first values."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.console import note, print_table, show

if TYPE_CHECKING:
    from hpowh.warehouse.ingest import Outcome, Preview, Request

WIDE = 40
"""With more columns than this, those of the same role share a line."""
SHOWN = 3
"""Values of a column that are shown."""
LONGEST = 14
"""Letters of a value that are shown."""


def short(cell: Any) -> str:
    """Return a cell as text, cut where it is long."""
    text = " ".join(show(cell).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def mapping_with_values(shown: Preview) -> list[tuple[str, str, str, str]]:
    """Return (column, role, why, first values) for each column, or for each role and reason where there are many."""
    place = {column: at for at, column in enumerate(shown.columns)}

    def values(column: str) -> str:
        if column not in place:
            return ""
        return ", ".join(short(row[place[column]]) for row in shown.rows[:SHOWN])

    if len(shown.mapping) <= WIDE:
        return [(column, role, why, values(column)) for column, role, why in shown.mapping]
    groups: dict[tuple[str, str], list[str]] = {}
    for column, role, why in shown.mapping:
        groups.setdefault((role, why), []).append(column)
    return [
        (_names(columns), role, why, values(columns[0]) if len(columns) == 1 else "")
        for (role, why), columns in groups.items()
    ]


def _names(columns: list[str]) -> str:
    more = f" and {len(columns) - SHOWN:,} more" if len(columns) > SHOWN else ""
    return ", ".join(columns[:SHOWN]) + more


def show_outcome(outcome: Outcome, request: Request, as_json: bool) -> None:
    """Say what a load did."""
    if as_json:
        print(json.dumps(asdict(outcome)))
        return
    done = {"load": "Loaded", "replace": "Replaced", "update": "Updated"}.get(outcome.action)
    if done:
        rate = f" in {outcome.seconds:.1f} s"
        note(f"{done} {outcome.name}: {outcome.row_count:,} rows{rate}.")
    else:
        note(f"{outcome.name}: {outcome.notes[0]}")
    for text in outcome.notes if done else []:
        note(f"  {text}")
    if outcome.refused_count:
        note(f"  {outcome.refused_count:,} rows were refused; they are in {request.reject_to}.")


def show_preview(shown: Preview, request: Request, as_json: bool) -> None:
    """Show what a load would do."""
    if as_json:
        print(json.dumps(asdict(shown), default=str))
        return
    print(f"{request.location}: {shown.row_count:,} rows. Nothing is written.\n")
    if shown.mapping and set(shown.columns) >= {column for column, _, why in shown.mapping if why != "constant"}:
        print_table(["column", "role", "why", "first values"], mapping_with_values(shown))
    else:
        if shown.mapping:
            print_table(["column", "role", "why"], list(shown.mapping))
        print()
        print_table(shown.columns, [tuple(short(cell) for cell in row) for row in shown.rows], title="First rows")
    print()
    for text in shown.notes:
        print(text)
