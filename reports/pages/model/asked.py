"""What an analysis of an experiment was asked, in words: formula or response, and which rows it looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hpowh.reports.numbers import number


def asked(job: str, parameters: str) -> list[str]:
    """Return sentences for a job's parameters as the warehouse holds them (JSON)."""
    given: dict[str, Any] = json.loads(parameters)
    return [sentence for sentence in (_subject(job, given), _rows(job, given)) if sentence]


def _subject(job: str, given: Mapping[str, Any]) -> str:
    if job == "mixed_models.fit":
        return f"{given['formula']}, fitted by {'REML' if given['is_reml'] else 'maximum likelihood'}."
    if job == "mixed_models.calibrate":
        return f"{given['formula']}, on {given['count']:,} experiments with labels shuffled within benchmarks."
    if job == "mixed_models.compare":
        return f"{given['null']}, against {given['full']}."
    if job == "mixed_models.anomalies":
        pair = " and ".join(given["pair"]) or "two algorithms"
        levels = " and ".join(given["levels"]) or "two levels of a factor"
        return f"Does the difference of {pair} move the same way between {levels} on every benchmark?"
    blocks = f", blocks by {given['block']}" if "block" in given else ""
    published = ", with the published tool's tests" if given.get("as_published") else ""
    return f"Response: {given['response']}{blocks}{published}."


def _rows(job: str, given: Mapping[str, Any]) -> str:
    budget = given.get("budget")
    if job in ("mixed_models.anomalies", "mixed_models.anytime"):
        budgets = ", ".join(_budget(value) for value in given["budgets"])
        rows = f"each run's best value until budget {budgets}" if budgets else "each run's best value until each budget"
    elif budget is None:
        rows = "every recorded point"
    elif budget == "final":
        rows = "each run's best value at the largest budget that all runs reach"
    elif budget == "benchmark":
        rows = "each run's best value at the largest budget that all runs of its benchmark reach"
    else:
        rows = f"each run's best value until budget {_budget(budget)}"
    named = given.get("metric")
    metric = " of each benchmark's own metric" if named == "each" else f" of {named}" if named else ""
    where = f", where {given['where']}" if given.get("where") else ""
    return f"Rows: {rows}{metric}{where}."


def _budget(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else number(value)
