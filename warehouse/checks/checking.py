"""Invariants that the file itself does not enforce: queries whose rows are the failures, and seals.

Those on facts, views and ledgers are written in `sql/checks`; those that every result table keeps are made from the
catalogue by `result_checks`; that nothing is gone is told by the seals of what was acknowledged (`seal`).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import duckdb

from hpowh.warehouse.checks.definitions import changed_definitions
from hpowh.warehouse.checks.result_checks import result_checks
from hpowh.warehouse.checks.seal import Broken, broken_seals
from hpowh.warehouse.connection import explain, is_damage

if TYPE_CHECKING:
    from hpowh.warehouse.store import Warehouse

OF_RESULTS = ("comparison_values", "landscape_totals", "variance_values", "seal_analysis")
"""Checks of what analyses found, beside those of `result_checks`; all others are of facts."""
SEALS = {
    "source": ("Every row that a source brought is there as it was acknowledged.", "hpowh repair"),
    "analysis": ("Every row that an analysis stored is there as it was stored.", "hpowh repair"),
    "shared": ("Names and definitions that sources use are as they were acknowledged.", "hpowh restore BACKUP"),
    "shape": ("Every table has the columns it was made with.", "hpowh restore BACKUP"),
    "view": ("Every view is there as it was made.", "hpowh repair"),
}
"""Kind of seal -> what holds, and the command that mends it."""


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """What one check found."""

    name: str
    meaning: str
    failures: int
    example: dict[str, Any] | None
    is_of_results: bool = False
    """Whether it is about what an analysis found; else it is about facts, views or ledgers."""
    remedy: str = ""
    """The command that mends a failure; empty where none does."""
    analysis_runs: tuple[int, ...] = ()
    """Whose results failed, where that is known."""


def all_checks(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, str]]:
    """Return name -> (what holds, the query whose rows are failures), in the order of their names."""
    found = result_checks(connection)
    for entry in files("hpowh.sql").joinpath("checks").iterdir():
        if entry.name.endswith(".sql"):
            first, _, query = entry.read_text(encoding="utf-8").partition("\n")
            found[entry.name[:-4]] = (first.removeprefix("--").strip(), query.strip().rstrip(";"))
    return dict(sorted(found.items()))


def run_checks(store: Warehouse) -> list[CheckResult]:
    """Run all checks, in the order of their names. One that cannot be run, as its table is gone, has failed.

    Raises:
        HpowhError: the file is damaged.
    """
    results = [_run(store, name, meaning, query) for name, (meaning, query) in all_checks(store.connection).items()]
    results += [*_check_seals(store), _check_definitions(store)]
    return sorted(results, key=lambda result: result.name)


def _run(store: Warehouse, name: str, meaning: str, query: str) -> CheckResult:
    is_of_results = name.startswith("result_") or name in OF_RESULTS
    remedy = "hpowh repair" if is_of_results else ""
    try:
        failures = store.sql(f"select count(*) from ({query})").one()
        example, runs = None, ()
        if failures:
            shown = store.sql(f"select * from ({query}) limit 1")
            example = dict(zip(shown.columns, shown.rows()[0], strict=True))
            if is_of_results and "analysis_run_id" in shown.columns:
                runs = tuple(row[0] for row in store.sql(f"select distinct analysis_run_id from ({query})").rows())
    except duckdb.Error as error:
        if is_damage(error):
            raise explain(error, store.path) from None
        failures, runs = 1, ()
        example = {"cannot be checked": str(error).splitlines()[0]}
        is_of_results, remedy = False, "hpowh restore BACKUP"
    return CheckResult(
        name=name,
        meaning=meaning,
        failures=failures,
        example=example,
        is_of_results=is_of_results,
        remedy=remedy,
        analysis_runs=runs,
    )


def _check_definitions(store: Warehouse) -> CheckResult:
    """Compare views and macros with this program's."""
    remedy = "hpowh repair"
    try:
        changed = changed_definitions(store.connection)
        example: dict[str, Any] | None = {"changed": ", ".join(changed)} if changed else None
    except duckdb.Error as error:
        if is_damage(error):
            raise explain(error, store.path) from None
        changed, example, remedy = [""], {"cannot be checked": str(error).splitlines()[0]}, "hpowh restore BACKUP"
    return CheckResult(
        name="definition",
        meaning="Every view and macro says what this program's says.",
        failures=len(changed),
        example=example,
        remedy=remedy,
    )


def _check_seals(store: Warehouse) -> list[CheckResult]:
    """Compare what is there with what was acknowledged."""
    try:
        broken = broken_seals(store.connection)
    except duckdb.Error as error:
        if is_damage(error):
            raise explain(error, store.path) from None
        return [
            CheckResult(
                name="seal",
                meaning="What was acknowledged is there.",
                failures=1,
                example={"cannot be checked": str(error).splitlines()[0]},
                remedy="hpowh restore BACKUP",
            )
        ]
    results = []
    for kind, (meaning, remedy) in SEALS.items():
        own = [one for one in broken if one.kind == kind]
        results.append(
            CheckResult(
                name=f"seal_{kind}",
                meaning=meaning,
                failures=len(own),
                example=_named(store, own[0]) if own else None,
                is_of_results=kind == "analysis",
                remedy=remedy,
                analysis_runs=tuple({one.owner_id: None for one in own}) if kind == "analysis" else (),
            )
        )
    return results


def _named(store: Warehouse, broken: Broken) -> dict[str, Any]:
    """Return a broken seal as a person reads it."""
    found: dict[str, Any] = {"table": broken.table_name, "acknowledged": broken.sealed_count, "rows": broken.row_count}
    if broken.row_count == broken.sealed_count:
        found["what"] = "values changed"
    if broken.kind == "source":
        name = store.sql("select name from core.source where source_id = ?", [broken.owner_id]).one()
        return {"source": name or broken.owner_id, **found}
    if broken.kind == "analysis":
        return {"analysis_run": broken.owner_id, **found}
    return {"id": broken.owner_id, **found} if broken.kind == "shared" else found
