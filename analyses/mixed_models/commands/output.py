"""Print an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpowh.analyses.findings.commands import Answer, answer, print_json, say
from hpowh.warehouse.console import note, print_table, progress
from hpowh.warehouse.relation import rows_of
from hpowh.warehouse.wording import p_value

MOST_ROWS = 60
"""So many rows of a table are printed; the warehouse and `--json` have all."""

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hpowh.analyses.mixed_models.job import Outcome
    from hpowh.warehouse.store import Warehouse


def answered(warehouse: Warehouse, outcome: Outcome) -> Answer:
    """Return what an outcome found, with its tables."""
    return answer(warehouse, outcome.subject, outcome.analysis_run_id, is_new=outcome.is_new, tables=outcome.tables)


def unstored(outcome: Outcome) -> Answer:
    """Return what was found in files: tables and what to know, and no run."""
    return Answer(
        job=None,
        subject=outcome.subject,
        analysis_run_id=None,
        is_new=True,
        warnings=outcome.warnings,
        tables=outcome.tables,
    )


def show(one: Answer, as_json: bool, shown: Mapping[str, tuple[str, ...]], kinds: Sequence[str] = ()) -> None:
    """Print an answer's main tables, or everything as JSON; findings and warnings go to standard error.

    Args:
        shown: table -> its columns.
        kinds: the findings to say; all when empty.
    """
    if as_json:
        print_json([one])
        return
    for name, columns in shown.items():
        if name in one.tables:
            table = rows_of(one.tables, name)
            kept = [column for column in columns if column in table.columns]
            if kept == ["sentence"]:
                print(f"{name}\n" + "\n".join(sentence for (sentence,) in table.chosen(kept, MOST_ROWS)))
                continue
            print_table(kept, _readable(kept, table.chosen(kept, MOST_ROWS)), title=name)
            if table.height > MOST_ROWS:
                note(f"  {table.height - MOST_ROWS:,} more rows in result.{name}.")
    families = ", ".join(sorted({f"result.{name.partition('_')[0]}_*" for name in one.tables}))
    if one.analysis_run_id is None:
        note(f"{one.subject}: nothing is stored; --json prints all tables.")
    else:
        state = "stored" if one.is_new else "unchanged since"
        note(f"{one.subject}: {state} analysis run {one.analysis_run_id}; all tables: {families}.")
    say(one, kinds)


def _readable(columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return rows with p-values as sentences have them; `--json` has them whole."""
    is_p = [name == "p" or name.startswith("p_") for name in columns]
    return [
        tuple(
            p_value(value).removeprefix("= ") if p and value is not None else value
            for p, value in zip(is_p, row, strict=True)
        )
        for row in rows
    ]


def counted(what: str) -> Callable[[int, int], None] | None:
    """Return what shows on a terminal how many replicates are done; None on a pipe."""
    shown = progress(what)
    return None if shown is None else lambda done, total: shown(done - 1, total, "done")
