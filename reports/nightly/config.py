"""What `hpowh.toml` says about the nightly build; `[[source]]` is read by the ingest."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hpowh.reports.nightly.analyses import Analysis, declared_analyses
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest.declared import Declared, parsed_toml, read_sources
from hpowh.warehouse.store import DEFAULT_PATH

SECTIONS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "nightly": {"warehouse": str, "site": str, "builds": str, "keep": int, "wait": (int, float)},
    "report": {"only": list, "single_file": bool, "pdf": bool},
    "publish": {"copy": str, "parquet": str, "verify": bool},
    "drift": {"tolerance": (int, float)},
}
"""Tables of the file and their keys. `[[source]]`, `[[analysis]]` and `[[check]]` are lists of tables."""
LISTS = ("source", "analysis", "check")


@dataclass(frozen=True)
class Check:
    """A query of the user's whose rows are failures."""

    name: str
    sql: str


@dataclass(frozen=True, kw_only=True)
class Config:
    """The nightly build of one warehouse into one site; all paths are absolute."""

    file: Path
    warehouse: Path
    site: Path
    builds: Path
    sources: Sequence[Declared]
    analyses: Sequence[Analysis]
    checks: Sequence[Check]
    keep: int = 7
    """Builds that stay in `builds`, the newest ones."""
    wait: float = 600.0
    """Seconds to wait for another process that holds the warehouse."""
    only: tuple[str, ...] = ()
    is_single_file: bool = False
    with_pdf: bool = False
    copy: Path | None = None
    parquet: Path | None = None
    is_verified: bool = False
    tolerance: float = 0.05
    """A landscape metric drifts when it moves by more than this share of its larger value."""


def read_config(file: Path, *, warehouse: Path | None = None, site: Path | None = None) -> Config:
    """Read and check a configuration; relative paths in it start where it lies.

    Args:
        warehouse: instead of the one that the file names.
        site: instead of the one that the file names.

    Raises:
        UsageError: there is no such file, it is no TOML, or a key, type or value means nothing here.
    """
    if not file.is_file():
        raise UsageError(
            f"There is no {file}.", "Write one (docs/nightly.md has an example), or name it: --config FILE"
        )
    try:
        content = parsed_toml(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is not valid TOML: {error}.") from None
    _check_names(file, content)
    file = file.resolve()
    here = file.parent
    night, report, publish = (content.get(name, {}) for name in ("nightly", "report", "publish"))
    named = night.get("warehouse") or os.environ.get("HPOWH_WAREHOUSE") or DEFAULT_PATH
    where = here / night.get("site", "site") if site is None else site.absolute()
    keep, wait = night.get("keep", Config.keep), float(night.get("wait", Config.wait))
    tolerance = float(content.get("drift", {}).get("tolerance", Config.tolerance))
    for name, value, least in (("keep", keep, 1), ("wait", wait, 0), ("tolerance", tolerance, 0)):
        if value < least:
            raise UsageError(f"{file}: {name} = {value} is too small.", f"Give {least} or more.")
    copy, parquet = publish.get("copy"), publish.get("parquet")
    if publish.get("verify") and not parquet:
        raise UsageError(f"{file}: verify under [publish] goes with parquet.", 'Add parquet = "FOLDER".')
    return Config(
        file=file,
        warehouse=(here / named if warehouse is None else warehouse).absolute(),
        site=where,
        builds=here / night["builds"] if "builds" in night else where.with_name("builds"),
        sources=read_sources(file, content),
        analyses=declared_analyses(file, content.get("analysis")),
        checks=_checks(file, content.get("check", [])),
        keep=keep,
        wait=wait,
        only=tuple(str(kind) for kind in report.get("only", [])),
        is_single_file=report.get("single_file", False),
        with_pdf=report.get("pdf", False),
        copy=here / copy if copy else None,
        parquet=here / parquet if parquet else None,
        is_verified=publish.get("verify", False),
        tolerance=tolerance,
    )


def _check_names(file: Path, content: Mapping[str, Any]) -> None:
    """Raise where a table or key is unknown (a misspelt one would go unnoticed for months) or of another type."""
    for name, value in content.items():
        if name in LISTS:
            if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
                raise UsageError(f"{file}: {name} is a list of tables.", f"Write [[{name}]].")
            continue
        if name not in SECTIONS:
            known = ", ".join([*(f"[{one}]" for one in SECTIONS), *(f"[[{one}]]" for one in LISTS)])
            raise UsageError(f"{file}: [{name}] is not known.", f"Tables: {known}.")
        if not isinstance(value, dict):
            raise UsageError(f"{file}: {name} is a table.", f"Write [{name}].")
        for key, given in value.items():
            wanted = SECTIONS[name].get(key)
            if wanted is None:
                raise UsageError(f"{file}: {key} under [{name}] is not known.", f"Keys: {', '.join(SECTIONS[name])}.")
            if not isinstance(given, wanted) or (isinstance(given, bool) and wanted is not bool):
                raise UsageError(f"{file}: {key} under [{name}] cannot be {given!r}.")


def _checks(file: Path, entries: Sequence[Mapping[str, Any]]) -> list[Check]:
    found = []
    for number, entry in enumerate(entries, start=1):
        if set(entry) != {"name", "sql"} or not all(isinstance(value, str) and value for value in entry.values()):
            raise UsageError(f"{file}: check {number} is not understood.", "Write name and sql under [[check]].")
        found.append(Check(entry["name"], entry["sql"].strip().rstrip(";")))
    return found
