"""What a paper is told of one comparison: the model that answers, its levels, their differences, what was asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hpowh.analyses.mixed_models.reading.verdicts import has_budgets, verdicts
from hpowh.reports.verdict import verdict
from hpowh.warehouse import Warehouse, queries
from hpowh.warehouse.errors import UsageError

Row = Mapping[str, Any]
FIT = "mixed_models.fit"
MODEL = "log_regret ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
OF_ONE = "log_regret ~ algorithm"
"""What can be fitted to a single benchmark: it says nothing of others."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """One comparison of algorithms.

    Attributes:
        sentences: the answer, as every page says it; `tested`: the same with every test, as journals want it.
        levels: rows of `mixed_models/standing` of one setting, the best first.
        pairs: rows of `mixed_models/differences` of the same setting.
        model: the row of `result.lmem_model` that the answer rests on.
        calibration: how often shuffled labels gave a difference; None where that was not checked.
        agreement: rows of the newest ranking: whether mixed model and rank tests agree, pair by pair.
        has_budgets: whether the runs have any; in a table of final values none is named.
    """

    experiment: str
    run: int
    setting: str
    sentences: Sequence[str]
    tested: Sequence[str]
    levels: Sequence[Row]
    pairs: Sequence[Row]
    model: Row
    parameters: Mapping[str, Any]
    warnings: Sequence[str]
    calibration: Row | None
    agreement: Sequence[Row]
    benchmark_count: int
    is_log: bool
    has_budgets: bool = True


def read_study(warehouse: Warehouse, experiment: str | None, run: int | None = None, setting: str = "") -> Study:
    """Return the comparison that an experiment's page shows first, or that of one analysis run.

    Raises:
        UsageError: there is no such experiment, no mixed model of it, or none that compares levels.
    """
    name = _experiment(warehouse, experiment)
    found = [one for one in verdicts(warehouse, name) if one.job == FIT]
    if run is None and not found:
        is_one = _size(warehouse, name) == 1
        raise UsageError(
            f"{name} has no mixed model that compares algorithms.",
            f'hpowh analyse lmem "{OF_ONE if is_one else MODEL}" --experiment {name} --budget final --emm algorithm'
            + (" --metric NAME" if _metric_count(warehouse, name) > 1 else ""),
        )
    chosen = found[0].analysis_run_id if run is None else run
    rows = _rows(warehouse, queries.text("mixed_models/standing"), run=chosen)
    known = _rows(warehouse, queries.text("ledger/analysis_run"), run=chosen)
    settings = list(dict.fromkeys(row["setting"] for row in rows))
    if not rows or setting not in settings:
        if setting or not rows:
            raise UsageError(
                f"Analysis run {chosen} has no marginal means{f' with {setting!r}' if setting else ''}.",
                f"Settings: {', '.join(map(repr, settings)) or 'none'}.",
            )
        setting = settings[0]
    model = rows[0]["model"]
    levels = [row for row in rows if row["setting"] == setting and row["model"] == model]
    tables = {
        table: [row for row in _table(warehouse, table, chosen) if row.get("model") == model]
        for table in ("lmem_model", "lmem_marginal_mean", "lmem_contrast", "lmem_group", "lmem_variance_component")
    }
    pairs = [
        row
        for row in _rows(warehouse, queries.text("mixed_models/differences"), run=chosen)
        if row["setting"] == setting
    ]
    calibrated = _newest(warehouse, "mixed_models.calibrate", name)
    ranked = _newest(warehouse, "rankings", name)
    blocks = {row["block"] for row in _table(warehouse, "lmem_coverage", chosen) if row["row_count"]}
    return Study(
        experiment=name,
        run=chosen,
        setting=setting,
        sentences=[one.sentence for one in found if one.analysis_run_id == chosen],
        tested=verdict(tables),
        levels=levels,
        pairs=[row for row in pairs if row["method"] == levels[0]["method"]],
        model=tables["lmem_model"][0],
        parameters=json.loads(known[0]["parameters"]),
        warnings=json.loads(known[0]["warnings"]),
        calibration=next(iter(_rows(warehouse, queries.text("mixed_models/calibration"), run=calibrated)), None)
        if calibrated
        else None,
        agreement=_rows(warehouse, queries.text("rankings/agreement"), run=ranked) if ranked else [],
        benchmark_count=len(blocks) or _size(warehouse, name),
        is_log=levels[0]["response"] == "log_regret",
        has_budgets=has_budgets(warehouse, name),
    )


def _size(warehouse: Warehouse, name: str) -> int:
    """Return how many benchmarks an experiment has."""
    return int(warehouse.sql(queries.text("experiment/size"), {"experiment": name}).rows()[0][1])


def _metric_count(warehouse: Warehouse, name: str) -> int:
    return len(warehouse.sql(queries.text("verdicts/metrics"), {"subject": name}).rows())


def _experiment(warehouse: Warehouse, name: str | None) -> str:
    known = [row[0] for row in warehouse.sql("select name from core.experiment order by name").rows()]
    if name is None and len(known) == 1:
        return str(known[0])
    if name is None or name not in known:
        what = "Say which experiment" if name is None else f"There is no experiment {name!r}"
        raise UsageError(f"{what}.", f"--experiment NAME; there are: {', '.join(known) or 'none'}.")
    return name


def _rows(warehouse: Warehouse, query: str, **values: Any) -> list[dict[str, Any]]:
    return list(warehouse.sql(query, values).pl().to_dicts())


def _table(warehouse: Warehouse, name: str, run: int) -> list[dict[str, Any]]:
    return list(warehouse.sql(f"select * from result.{name} where analysis_run_id = ?", [run]).pl().to_dicts())


def _newest(warehouse: Warehouse, job: str, subject: str) -> int | None:
    [(found,)] = warehouse.sql(queries.text("ledger/newest_run"), {"job": job, "subject": subject}).rows()
    return None if found is None else int(found)
