"""Invariants that the file itself does not enforce: queries in `sql/checks` whose rows are the failures."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hpowh.warehouse.store import Warehouse


@dataclass(frozen=True)
class CheckResult:
    """What one check found."""

    name: str
    meaning: str
    failures: int
    example: dict[str, Any] | None


def run_checks(store: Warehouse) -> list[CheckResult]:
    """Run all checks, in the order of their names."""
    results = []
    folder = files("hpowh.sql").joinpath("checks")
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not entry.name.endswith(".sql"):
            continue
        first, _, query = entry.read_text(encoding="utf-8").partition("\n")
        query = query.strip().rstrip(";")
        failures = store.sql(f"select count(*) from ({query})").one()
        example = None
        if failures:
            shown = store.sql(f"select * from ({query}) limit 1")
            columns = shown.columns
            example = dict(zip(columns, shown.rows()[0], strict=True))
        results.append(CheckResult(entry.name[:-4], first.removeprefix("--").strip(), failures, example))
    return results
