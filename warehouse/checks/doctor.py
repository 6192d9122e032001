"""Is everything there that hpowh can use, and is the warehouse well?"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from hpowh.warehouse import queries
from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.output.beside import logs_of
from hpowh.warehouse.store import Warehouse

USES = {
    "demo": "hpowh demo",
    "boost": "gradient boosting in hpowh evaluate",
    "embedding": "maps of landscapes by UMAP",
    "torch": "neural networks in hpowh evaluate",
    "wandb": "run files of W&B",
    "pdf": "hpowh report --pdf",
    "pandas": "Warehouse.sql(...).df()",
}
"""Extra of the package -> what needs it."""
NOT_FOR_USERS = ("dev",)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
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
    needed, extras = _requirements()
    found = [_python(), *(_package(name) for name in needed)]
    found += [_optional(name, extra) for extra, names in extras.items() for name in names]
    found.append(_optional("pandas", ""))
    found.append(_chromium())
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


def _requirements() -> tuple[list[str], dict[str, list[str]]]:
    """Return the packages that hpowh needs, and those of each of its extras, as its own metadata name them."""
    needed: list[str] = []
    extras: dict[str, list[str]] = {}
    for text in requires("hpowh") or []:
        name = re.split(r"[\s<>=!~;\[(]", text, maxsplit=1)[0]
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)", text)
        if extra is None:
            needed.append(name)
        elif extra[1] not in NOT_FOR_USERS and name != "hpowh":
            extras.setdefault(extra[1], []).append(name)
    return sorted(needed), dict(sorted(extras.items()))


def _optional(name: str, extra: str) -> Finding:
    try:
        return Finding(name, "ok", version(name))
    except PackageNotFoundError:
        use = USES.get(extra or name)
        how = f"pip install 'hpowh[{extra}]'" if extra else f"pip install {name}"
        return Finding(name, "optional", f"not installed{f', for {use}' if use else ''}: {how}")


def _chromium() -> Finding:
    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if found is None:
        return Finding("Chromium", "optional", "not found: pages cannot be printed to PDF or tested here")
    try:
        said = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("Chromium", "optional", f"{found} does not start: {error}")
    if said.returncode:
        return Finding("Chromium", "optional", f"{found} does not start: exit code {said.returncode}")
    return Finding("Chromium", "ok", f"{said.stdout.strip()} ({found})")


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
            nightly = _nightly(store)
    except HpowhError as error:
        return [Finding("warehouse", "problem", str(error))]
    nightly = [*_log(path), *nightly]
    size = f"{path}: {path.stat().st_size / 1e6:,.0f} MB, {sources} sources"
    if not failed:
        return [Finding("warehouse", "ok", f"{size}, all checks passed"), *nightly]
    broken = [
        Finding(f"check {result.name}", "problem", f"{result.meaning} {result.failures:,} rows") for result in failed
    ]
    return [*broken, *nightly]


def _log(path: Path) -> list[Finding]:
    """Return what a copy of the file alone would lack; nothing where the file holds all."""
    logs = [log for log in logs_of(path) if log.exists()]
    if not logs:
        return []
    detail = (
        f"{logs[0].name} holds what was committed and is not yet in {path.name}: a copy of the file alone would lack "
        "it. Fold it in: hpowh init"
    )
    return [Finding("log", "problem", detail)]


def _nightly(store: Warehouse) -> list[Finding]:
    """Return how the last nightly build of each site ended; nothing where there was none."""
    rows = store.sql(queries.text("nightly/last")).rows()
    return [
        Finding(
            "nightly build",
            "problem" if status in ("failed", "killed") else "ok",
            f"{site}: {status}, started {started:%Y-%m-%d %H:%M}"
            + (f"; see {site}.nightly.json" if status == "failed" else ""),
        )
        for site, status, started in rows
    ]
