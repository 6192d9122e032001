"""Invariants that the file itself does not enforce: queries whose rows are the failures.

Those on facts, views and ledgers are written in `sql/checks`; those that every result table keeps are made from the
catalogue by `result_checks`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.checks.result_checks import result_checks

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.store import Warehouse


@dataclass(frozen=True)
class CheckResult:
    """What one check found."""

    name: str
    meaning: str
    failures: int
    example: dict[str, Any] | None


def all_checks(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, str]]:
    """Return name -> (what holds, the query whose rows are failures), in the order of their names."""
    found = result_checks(connection)
    for entry in files("hpowh.sql").joinpath("checks").iterdir():
        if entry.name.endswith(".sql"):
            first, _, query = entry.read_text(encoding="utf-8").partition("\n")
            found[entry.name[:-4]] = (first.removeprefix("--").strip(), query.strip().rstrip(";"))
    return dict(sorted(found.items()))


def run_checks(store: Warehouse) -> list[CheckResult]:
    """Run all checks, in the order of their names."""
    results = []
    for name, (meaning, query) in all_checks(store.connection).items():
        failures = store.sql(f"select count(*) from ({query})").one()
        example = None
        if failures:
            shown = store.sql(f"select * from ({query}) limit 1")
            columns = shown.columns
            example = dict(zip(columns, shown.rows()[0], strict=True))
        results.append(CheckResult(name, meaning, failures, example))
    return results
