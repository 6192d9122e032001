"""hpowh from Python: open a warehouse, load results, analyse them, look at what was found.

    >>> import hpowh
    >>> study = hpowh.open("study.duckdb")
    >>> study.ingest(frame, name="study", direction="min")
    >>> print(study.lmem().sentence())

Importing this module imports nothing else: what a call needs is imported by the call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hpowh.reports.door.compared import Comparison
    from hpowh.reports.door.found import Findings
    from hpowh.reports.door.loading import Loaded
    from hpowh.reports.door.results import Picture, Result
    from hpowh.reports.door.session import Session
    from hpowh.warehouse.errors import HpowhError

__all__ = ["Comparison", "Findings", "HpowhError", "Loaded", "Picture", "Result", "Session", "compare", "open"]

_PLACES = {
    "Comparison": "hpowh.reports.door.compared",
    "Findings": "hpowh.reports.door.found",
    "HpowhError": "hpowh.warehouse.errors",
    "Loaded": "hpowh.reports.door.loading",
    "Picture": "hpowh.reports.door.results",
    "Result": "hpowh.reports.door.results",
    "Session": "hpowh.reports.door.session",
}


def open(path: str | Path | None = None, *, wait: float = 0.0) -> Session:
    """Return a session on the warehouse at `path`; the first `ingest` makes the file where there is none.

    Args:
        path: the DuckDB file; by default `$HPOWH_WAREHOUSE`, else `hpowh.duckdb` here.
        wait: seconds to wait for a lock that another process holds.
    """
    from hpowh.reports.door.session import Session

    return Session(path, wait=wait)


def compare(
    data: Any,
    *,
    formula: str | None = None,
    metric: str | None = None,
    budget: float | str | None = "final",
    failures: str = "exclude",
    mapping: Mapping[str, str] | None = None,
    direction: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Comparison:
    """Compare the algorithms of one table of runs, without a warehouse: a mixed model, and rank tests beside it.

    Args:
        data: a Polars, pandas or Arrow table, or the path of a file: one row a run and budget, with columns for
            algorithm, benchmark, seed, budget and value.
        formula: of the mixed model; by default `log_regret ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)`.
        metric: which metric, where there are several.
        budget: where runs are compared: `final` (the largest budget that all have), `benchmark`, or a number.
        failures: what a failed run counts: `exclude`, `last`, `impute` or `impute:ALGORITHM`.
        mapping: column -> role, where a column's name does not say it.
        direction: `min` or `max`: which values are better.
        options: what else the source understands, as `--option` does: `{"failed-value": 999}`.

    Raises:
        HpowhError: the rows or the question cannot be used; says why and what to do.
    """
    from hpowh.reports.door.compared import compare_table

    return compare_table(
        data,
        formula=formula,
        metric=metric,
        budget=budget,
        failures=failures,
        mapping=mapping,
        direction=direction,
        options=options,
    )


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        from importlib import import_module

        return getattr(import_module(_PLACES[name]), name)
    if name == "__version__":
        from importlib.metadata import version

        return version("hpowh")
    raise AttributeError(f"module 'hpowh' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, "__version__"])
