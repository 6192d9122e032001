"""Importances by every method for the chosen landscapes, and their agreement, stored a search space at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.frames import arrow_table, column_lists
from hpowh.analyses.landscapes.reading.keys import Key, Selection, read_keys, read_space, select
from hpowh.warehouse import AnalysisRun, Warehouse, queries
from hpowh.warehouse.errors import UsageError

if TYPE_CHECKING:
    from hpowh.analyses.landscapes.grid.surface import Surface

JOB, VERSION = "landscapes.methods", "4"
Row = dict[str, Any]


def analyse(
    warehouse: Warehouse,
    selection: Selection,
    *,
    default: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[tuple[str, int, bool]]:
    """Return subject and analysis run of each group of landscapes that differ in their benchmark only, and whether it
    is new.

    Raises:
        UsageError: nothing is selected, or none of it can be read.
    """
    from hpowh.analyses.landscapes.reading.rows import read_default, rows_of

    try:
        chosen = select(read_keys(rows_of(warehouse)), selection)
    except LandscapeError as error:
        raise UsageError(error.message, error.hint) from error
    groups: dict[tuple[Any, ...], list[Key]] = {}
    for key in chosen:
        groups.setdefault(key.comparable, []).append(key)
    found = []
    for done, keys in enumerate(groups.values()):
        subject = _subject(keys[0])
        if progress:
            progress(done, len(groups), subject)
        start = default if default is not None else read_default(warehouse, keys[0])
        facts = [(key.benchmark_id, key.fingerprint) for key in keys], start
        run = AnalysisRun(
            job=JOB,
            subject=subject,
            job_version=VERSION,
            parameters={"default": default},
            input_fingerprint=hashlib.sha256(repr(facts).encode()).hexdigest(),
            seed=seed,
        )
        known = warehouse.find_run(run)
        if known is not None:
            found.append((subject, known, False))
            continue
        tables, run.warnings = _computed(warehouse, keys, start, seed)
        arrow = {name: arrow_table(column_lists(rows)) for name, rows in tables.items() if rows}
        found.append((subject, warehouse.save_runs([(run, arrow)], keep=1)[0], True))
    return found


def agreement_rows(warehouse: Warehouse, run: int) -> list[Row]:
    """Return the rows of one analysis in `result.landscape_agreement`, in the order of methods."""
    return list(warehouse.sql(queries.text("landscape_methods/agreement"), {"run": run}).pl().iter_rows(named=True))


def _subject(key: Key) -> str:
    """Return the name of a group in the ledger."""
    fidelity = "" if key.fidelity is None else f" @{key.fidelity:g}"
    seed = "" if key.seed is None else f" #{key.seed}"
    return f"{key.search_space}: {key.metric} {key.split}{fidelity}{seed}"


def _computed(
    warehouse: Warehouse, keys: list[Key], default: int | None, seed: int
) -> tuple[dict[str, list[Row]], list[str]]:
    from hpowh.analyses.landscapes.methods.agreement import agreements
    from hpowh.analyses.landscapes.methods.importances import METHODS
    from hpowh.analyses.landscapes.reading.rows import read_ahead, rows_of

    space = read_space(rows_of(warehouse), keys[0].search_space_id)
    values: dict[int, dict[str, Any]] = {}
    rows: list[Row] = []
    warnings: list[str] = []
    for key, surface in zip(
        keys, read_ahead(warehouse, keys, {key.search_space_id: space for key in keys}), strict=True
    ):
        if isinstance(surface, LandscapeError):
            warnings.append(f"{key.benchmark}: left out. {surface}")
            continue
        mine, values[key.benchmark_id] = _one(key, surface, default, seed)
        rows += mine
        imputed = next((row["reason"] for row in mine if row["value"] is not None and row["reason"]), None)
        if imputed is not None:
            warnings.append(
                f"{key.benchmark}: fANOVA, tunability, ablation and local importance are each the {imputed}."
            )
    of = keys[0]
    group = {
        "search_space_id": of.search_space_id, "metric_id": of.metric_id, "split": of.split, "fidelity": of.fidelity,
        "seed": of.seed,
    }  # fmt: skip
    found = [group | asdict(one) for one in agreements(values, METHODS, seed=seed)]
    return {"landscape_method": [group | row for row in rows], "landscape_agreement": found}, warnings


def _one(key: Key, surface: Surface, default: int | None, seed: int) -> tuple[list[Row], dict[str, Any]]:
    """Return the rows of one landscape, and the values of the methods that have some."""
    from hpowh.analyses.landscapes.grid.own import own_levels
    from hpowh.analyses.landscapes.methods.importances import importances
    from hpowh.analyses.statistics.ranks import ranked

    own = own_levels(surface)
    inner = surface if own is None else own.surface
    start = default if own is None or default is None else own.inner(default)
    rows: list[Row] = []
    values: dict[str, Any] = {}
    for one in importances(inner, default=start, seed=seed, is_bounded=key.is_bounded):
        places = None if one.values is None else ranked(-one.values)
        if one.values is not None:
            values[one.method] = one.values
        rows += [
            {
                "benchmark_id": key.benchmark_id, "method": one.method, "position": axis.position,
                "hyperparameter": axis.name, "value": None if one.values is None else float(one.values[at]),
                "share": None if one.values is None else _share(one.values, at),
                "place": None if places is None else float(places[at]), "reason": one.reason,
            }
            for at, axis in enumerate(inner.space.axes)
        ]  # fmt: skip
    return rows, values


def _share(values: Any, at: int) -> float | None:
    """Return a value as a share of all; what is below zero (noise of a shuffle) counts as none."""
    total = float(values.clip(min=0.0).sum())
    return max(0.0, float(values[at])) / total if total > 0 else None
