"""`hpowh check`."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer

from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, note, open_warehouse
from hpowh.warehouse.errors import EXIT_FAILED
from hpowh.warehouse.wording import plural


def check(warehouse: WarehouseOption = None, wait: WaitOption = 0.0, as_json: JsonOption = False) -> None:
    """Check every invariant of the warehouse: each check is a query, any row it returns is a failure."""
    from hpowh.warehouse.checks.checking import run_checks

    with open_warehouse(warehouse, wait) as store:
        results = run_checks(store)
    failed = [result for result in results if result.failures]
    if as_json:
        print(json.dumps([asdict(result) for result in results], default=str))
    else:
        for result in failed:
            mend = f" Mend it: {result.remedy}" if result.remedy else ""
            rows = plural(result.failures, "row")
            note(f"FAILED {result.name}: {result.meaning} {rows}, such as {result.example}.{mend}")
        note(f"{len(results) - len(failed)} of {len(results)} checks passed.")
    if failed:
        raise typer.Exit(EXIT_FAILED)
