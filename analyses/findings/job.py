"""Collect findings: of one analysis run, or of all that is newest in a warehouse.

Every family says what its own tables mean (`SAYING`); nothing is computed here, and nothing is stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

from hpowh.analyses.finding import Finding, Run
from hpowh.warehouse import Warehouse, queries
from hpowh.warehouse.errors import UsageError

SAYING = {
    "mixed_models": "hpowh.analyses.mixed_models.reading.findings",
    "rankings": "hpowh.analyses.rankings.findings",
    "tiers": "hpowh.analyses.rankings.findings",
    "sweeps": "hpowh.analyses.sweeps.reading.findings",
    "landscapes": "hpowh.analyses.landscapes.reading.findings",
    "traces": "hpowh.analyses.traces.job",
}
"""First part of a job -> the module whose `findings(source, run)` says what such a run found. Named, not imported:
families do not import each other, and each is imported when it is asked."""


def findings_of(warehouse: Warehouse, run_id: int) -> list[Finding]:
    """Return what one analysis run found; nothing where its job draws no conclusions.

    Raises:
        UsageError: there is no such run.
    """
    return said_of(warehouse, run_of(warehouse, run_id))


def said_of(warehouse: Warehouse, run: Run) -> list[Finding]:
    """Return what a run of the ledger found; nothing where its job draws no conclusions."""
    if run.job == "traces" and is_answered(warehouse, run):
        return []
    saying = _saying(run.job)
    return [] if saying is None else list(saying(warehouse, run))


def run_of(warehouse: Warehouse, run_id: int) -> Run:
    """Return a run as the ledger has it. Raises UsageError: there is none of that number."""
    found = warehouse.sql(queries.text("findings/run"), {"run": run_id}).rows()
    if not found:
        raise UsageError(f"There is no analysis run {run_id}.", 'All: hpowh sql "select * from ops.analysis_run"')
    run_id, job, subject, parameters, warnings = found[0]
    return Run(
        analysis_run_id=run_id,
        job=job,
        subject=subject,
        parameters=json.loads(parameters),
        warnings=json.loads(warnings),
    )


def is_answered(warehouse: Warehouse, run: Run) -> bool:
    """Return whether a model or ranking says who is better: then what curves describe is no finding beside it."""
    return bool(import_module(SAYING["mixed_models"]).answers(warehouse, run))


def all_findings(warehouse: Warehouse, subjects: Sequence[str] = ()) -> list[Finding]:
    """Return what the newest run of every analysis found, each sentence once.

    Of mixed models and rankings, those that answer: an experiment's verdicts, and the pairs of the models behind them.

    Args:
        subjects: experiments, sweeps or landscapes; all when empty.

    Raises:
        UsageError: nothing of that name was analysed.
    """
    runs = warehouse.sql(queries.text("findings/runs")).rows()
    known = list(dict.fromkeys(subject for _, _, subject, _ in runs))
    missing = [name for name in subjects if name not in known]
    if missing:
        raise UsageError(f"Nothing of the name {missing[0]!r} was analysed.", f"Analysed: {listed(known)}.")
    seen: dict[tuple[str, str], Finding] = {}
    for run_id, job, subject, is_newest in runs:
        if subjects and subject not in subjects:
            continue
        found = findings_of(warehouse, run_id)
        answers = any(one.kind == "verdict" and one.analysis_run_id == run_id for one in found)
        if answers or (is_newest and job != "mixed_models.fit"):
            for one in found:
                seen.setdefault((one.subject, one.sentence), one)
    return list(seen.values())


MOST_NAMED = 12


def listed(names: Sequence[str]) -> str:
    """Return names joined by commas, the first twelve of them and how many more there are; `nothing` of none."""
    more = len(names) - MOST_NAMED
    return (", ".join(names[:MOST_NAMED]) or "nothing") + (f" and {more} more" if more > 0 else "")


def _saying(job: str) -> Callable[[Warehouse, Run], Iterator[Finding]] | None:
    module = SAYING.get(job.partition(".")[0])
    found: Callable[[Warehouse, Run], Iterator[Finding]] | None = (
        None if module is None else import_module(module).findings
    )
    return found
