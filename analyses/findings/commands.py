"""`hpowh findings`, and how every analysis command answers: the same findings in words, or all of them as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, note, open_warehouse

if TYPE_CHECKING:
    import polars as pl

    from hpowh.analyses.finding import Finding
    from hpowh.warehouse.store import Warehouse

MOST_SAID = 6
"""So many findings of one run are printed; `--json` and `hpowh findings` have all."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of one subject of a command, and what was found; `warnings` are those that are no findings."""

    job: str | None
    subject: str
    analysis_run_id: int | None
    is_new: bool
    error: str | None = None
    findings: Sequence[Finding] = ()
    warnings: Sequence[str] = ()
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict, repr=False)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON takes it; tables are lists of rows."""
        return {
            "job": self.job,
            "subject": self.subject,
            "analysis_run_id": self.analysis_run_id,
            "is_new": self.is_new,
            "error": self.error,
            "findings": [one.plain() for one in self.findings],
            "warnings": list(self.warnings),
            "tables": {name: frame.to_dicts() for name, frame in self.tables.items()},
        }


def answer(
    warehouse: Warehouse,
    subject: str,
    run_id: int | None,
    *,
    is_new: bool,
    error: str | None = None,
    tables: Mapping[str, pl.DataFrame] | None = None,
) -> Answer:
    """Return what a run found, read back from the warehouse: a run that stands says what a new one says."""
    from hpowh.analyses.findings.job import run_of, said_of

    if run_id is None:
        return Answer(job=None, subject=subject, analysis_run_id=None, is_new=False, error=error)
    run = run_of(warehouse, run_id)
    found = said_of(warehouse, run)
    said = {one.sentence for one in found}
    return Answer(
        job=run.job,
        subject=subject,
        analysis_run_id=run_id,
        is_new=is_new,
        error=error,
        findings=found,
        warnings=[sentence for sentence in run.warnings if sentence not in said],
        tables=tables or {},
    )


def print_json(answers: Sequence[Answer]) -> None:
    """Print answers as the one JSON that every analysis command has (docs/findings.md)."""
    print(json.dumps({"analyses": [one.plain() for one in answers]}, default=str))


def say(one: Answer, kinds: Sequence[str] = (), most: int = MOST_SAID) -> None:
    """Say on standard error what was found, then what to keep in mind.

    Args:
        kinds: only findings of these kinds (what the command's tables show is not said again); all when empty.
    """
    chosen = [finding for finding in one.findings if not kinds or finding.kind in kinds]
    for finding in chosen[:most]:
        note(f"  Found: {finding.sentence}")
    if len(chosen) > most:
        note(f'  {len(chosen) - most:,} more: hpowh findings "{one.subject}"')
    for warning in one.warnings:
        note(f"  Note: {warning}")


def register_root(app: typer.Typer) -> None:
    """Add the command that shows all findings to the command line."""
    app.command(epilog="Example: hpowh findings --json")(findings)


def findings(
    subject: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]…", help="Experiments, sweeps or landscapes (default: all).", show_default=False),
    ] = None,
    warehouse: WarehouseOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """What the analyses found, in sentences: each with its numbers, level, rows and assumption under --json."""
    from hpowh.analyses.findings.job import all_findings

    with open_warehouse(warehouse, wait) as opened:  # reads only
        found = all_findings(opened, subject or ())
    if as_json:
        print(json.dumps({"findings": [one.plain() for one in found]}, default=str))
        return
    if not found:
        note("No analysis has found anything yet. Run one: hpowh analyse --help")
    before = None
    for one in found:
        if one.subject != before:
            print(("" if before is None else "\n") + one.subject)
            before = one.subject
        print(f"  [{one.basis}] {one.sentence.removeprefix(f'{one.subject}: ')}")
