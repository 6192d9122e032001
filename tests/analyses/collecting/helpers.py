"""What the tests of parts and of work elsewhere share."""

from __future__ import annotations

import shutil
from pathlib import Path

import typer

from hpowh.warehouse import Warehouse
from hpowh.warehouse.cli import build


def hpowh(*arguments: object) -> None:
    typer.main.get_command(build())([str(one) for one in arguments], standalone_mode=False)


def contents(path: Path) -> dict[str, list]:
    """All results by what they are of: the numbers of runs and times differ from run to run."""
    with Warehouse(path) as store:
        tables = [t.name for t in store.tables() if t.name.startswith("result.")]
        found = {
            name: store.sql(
                f"select a.job, a.subject, t.* exclude (analysis_run_id) from {name} as t "
                "join ops.analysis_run as a using (analysis_run_id) order by all"
            ).rows()
            for name in tables
        }
        ledger = "job, subject, job_version, parameters, input_fingerprint, seed, warnings"
        found["ledger"] = store.sql(f"select {ledger} from ops.analysis_run order by all").rows()
        # Which comes after which decides what is the newest.
        found["order"] = store.sql("select job, subject from ops.analysis_run order by analysis_run_id").rows()
    return {name: repr(rows) for name, rows in found.items() if rows}


def undisturbed(place: Path, *question: str, experiments: tuple[str, ...] = ()) -> dict[str, list]:
    """What one run on a warehouse of its own stores."""
    alone = place / "alone.duckdb"
    if not alone.exists():
        shutil.copy(place / "home.duckdb", alone)
    for options in [("--experiment", name) for name in experiments] or [()]:
        hpowh("analyse", *question, *options, "--warehouse", alone)
    return contents(alone)
