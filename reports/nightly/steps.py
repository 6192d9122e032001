"""The steps of a nightly build before the site; each gives a `Step` and none stops the others."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from hpowh.reports.context import sentence_of
from hpowh.reports.nightly.analyses import run_analysis
from hpowh.reports.nightly.ledger import Step
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import HpowhError, WarehouseLockedError
from hpowh.warehouse.gate import one_query
from hpowh.warehouse.wording import plural

if TYPE_CHECKING:
    from hpowh.reports.nightly.analyses import Analysis
    from hpowh.reports.nightly.config import Check, Config
    from hpowh.warehouse.ingest.declared import Declared

RESULTS = "analysis_runs"
"""Key of a check's detail: it was of results, and of these analysis runs they failed. Their pages say so."""
ENDS_ALL = (MemoryError, WarehouseLockedError)
"""After these no other step could do better."""


def attempt(kind: str, name: str, work: Callable[[], Step]) -> Step:
    """Do one step; an error becomes its sentence, but for those that end the whole build (`ENDS_ALL`)."""
    began = time.perf_counter()
    try:
        found = work()
    except ENDS_ALL:
        raise
    except HpowhError as error:
        found = Step(kind=kind, name=name, outcome="failed", sentence=str(error))
    except Exception as error:  # noqa: BLE001 - the other steps must go on
        found = Step(kind=kind, name=name, outcome="failed", sentence=sentence_of(error))
    return Step(
        kind=found.kind,
        name=found.name,
        outcome=found.outcome,
        seconds=time.perf_counter() - began,
        sentence=found.sentence,
        detail=found.detail,
    )


def load_source(warehouse: Warehouse, declared: Declared) -> Step:
    """Load one declared source where its content changed."""
    name = declared.request().name

    def work() -> Step:
        from hpowh.warehouse.ingest import find_source, ingest

        outcome = ingest(warehouse, find_source(declared.kind), declared.request(), replace_changed=True)
        if outcome.action == "unchanged":
            return Step(
                kind="source", name=name, outcome="unchanged", detail={"action": "unchanged", "rows": outcome.row_count}
            )
        done = {"load": "loaded", "replace": "replaced", "update": "updated"}[outcome.action]
        detail = {"action": outcome.action, "rows": outcome.row_count, "notes": outcome.notes}
        return Step(
            kind="source", name=name, outcome="done", sentence=f"{outcome.row_count:,} rows {done}.", detail=detail
        )

    return attempt("source", name, work)


def analyse(warehouse: Warehouse, analysis: Analysis) -> Step:
    """Run one declared analysis on what changed."""

    def work() -> Step:
        found = run_analysis(warehouse, analysis)
        detail = asdict(found)
        count = len(found.computed)
        stands = (
            f"{found.subject_count:,} of {found.subject_count:,} stand" if found.subject_count else "nothing to analyse"
        )
        parts = [f"{plural(count, 'analysis run')} made" if count else stands]
        if found.refused:
            parts.append(f"{len(found.refused):,} not possible ({found.refused[0]})")
        outcome = "done" if count else "unchanged"
        return Step(
            kind="analysis", name=analysis.name, outcome=outcome, sentence="; ".join(parts) + ".", detail=detail
        )

    return attempt("analysis", analysis.name, work)


def check(warehouse: Warehouse, checks: Sequence[Check]) -> Iterator[Step]:
    """Check every invariant of the warehouse, then the user's own; a step of its own for each that fails."""
    from hpowh.warehouse.checks.checking import run_checks

    began = time.perf_counter()
    results = run_checks(warehouse)
    failed = [result for result in results if result.failures]
    seconds = time.perf_counter() - began
    passed = f"{len(results) - len(failed):,} of {len(results):,} hold."
    yield Step(
        kind="check",
        name="invariants",
        outcome="failed" if failed else "done",
        seconds=seconds,
        sentence=passed,
        detail={"count": len(results)} | ({} if any(not one.is_of_results for one in failed) else {RESULTS: []}),
    )
    for result in failed:
        example = json.dumps(result.example, default=str)
        sentence = f"{result.meaning} {plural(result.failures, 'row')} against it, such as {example}."
        if result.remedy:
            sentence += f" Mend it: {result.remedy}"
        detail = {RESULTS: list(result.analysis_runs)} if result.is_of_results else None
        yield Step(kind="check", name=result.name, outcome="failed", seconds=0.0, sentence=sentence, detail=detail)
    if not checks:
        return
    warehouse.close()  # within one process DuckDB opens a file in one way at a time
    with Warehouse(warehouse.path, wait=warehouse.wait, locked_down=True) as locked:
        for own in checks:
            yield attempt("check", own.name, lambda own=own: _own_check(locked, own))  # type: ignore[misc]


def withholds(step: Step) -> bool:
    """Return whether a step keeps a new site back: a failed check of facts, or of the user's own."""
    return step.kind == "check" and step.outcome == "failed" and RESULTS not in (step.detail or {})


def flaws(steps: Sequence[Step]) -> dict[int, str]:
    """Return analysis run -> what its pages say, from failed checks of results."""
    return {run: step.sentence for step in steps for run in (step.detail or {}).get(RESULTS, ())}


def _own_check(locked: Warehouse, own: Check) -> Step:
    """Run one check of the user's; whoever may change the configuration must not reach the machine by it."""
    query = one_query(own.sql)
    failures = locked.sql(f"select count(*) from (\n{query}\n)").one()
    if not failures:
        return Step(kind="check", name=own.name, outcome="done", sentence="It holds.")
    shown = locked.sql(f"select * from (\n{query}\n) limit 1")
    example = json.dumps(dict(zip(shown.columns, shown.rows()[0], strict=True)), default=str)
    return Step(
        kind="check", name=own.name, outcome="failed", sentence=f"{plural(failures, 'row')}, such as {example}."
    )


def publish(warehouse: Warehouse, config: Config, state: str, published: str | None) -> Iterator[Step]:
    """Publish the copy and the Parquet that the configuration asks for, unless they hold this state of the data."""
    from hpowh.warehouse.output.publishing import export_parquet, publish_copy, verify_parquet

    def copy() -> Step:
        assert config.copy is not None
        if published == state and config.copy.is_file():
            return Step(kind="publish", name="copy", outcome="unchanged")
        config.copy.parent.mkdir(parents=True, exist_ok=True)
        publish_copy(warehouse, config.copy)
        return Step(kind="publish", name="copy", outcome="done", sentence=f"{config.copy}.")

    def parquet() -> Step:
        assert config.parquet is not None
        if published == state and (config.parquet / "manifest.json").is_file():
            return Step(kind="publish", name="parquet", outcome="unchanged")
        config.parquet.parent.mkdir(parents=True, exist_ok=True)
        tables = export_parquet(warehouse, config.parquet)
        sentence = f"{plural(len(tables), 'table')} in {config.parquet}."
        if config.is_verified:
            compared = verify_parquet(warehouse, config.parquet)
            unequal = [one.view for one in compared if not one.is_equal]
            if unequal:
                raise HpowhError(f"These views give other rows on {config.parquet}: {', '.join(unequal)}.")
            sentence += f" All {len(compared)} views give the same rows there."
        return Step(kind="publish", name="parquet", outcome="done", sentence=sentence)

    if config.copy is not None:
        yield attempt("publish", "copy", copy)
    if config.parquet is not None:
        yield attempt("publish", "parquet", parquet)
