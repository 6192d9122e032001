"""The same comparison at several budgets: p-values corrected over pairs and budgets together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.job import reader_of
from hpowh.analyses.mixed_models.model.cells import DataError
from hpowh.analyses.mixed_models.model.formula import FormulaError, parse_formula
from hpowh.analyses.mixed_models.studies.analysis import Question
from hpowh.analyses.mixed_models.studies.model import Request, run_model
from hpowh.analyses.statistics.multiplicity import holm
from hpowh.reports.verdict import p_value
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.wording import plural

KEPT = ("formula", "where", "metric", "failures", "is_reml", "variance", "scale", "as_published")
"""What the models at all budgets share with the answer's."""
LEVEL = 0.05
MOST_SAID = 12


@dataclass(frozen=True, kw_only=True)
class Budgets:
    """Pairs at several budgets: rows with `budget`, `contrast`, `first`, `second`, `estimate`, `p`, `better`."""

    rows: Sequence[Mapping[str, Any]]
    budgets: Sequence[float]
    best: str
    """The algorithm with the best mean at the budget of the answer."""


def compare_budgets(
    warehouse: Warehouse, experiment: str, parameters: Mapping[str, Any], budgets: Sequence[float], best: str
) -> Budgets:
    """Fit the model of an answer at each budget and correct its pairs over all of them by Holm's method.

    Nothing is stored: the warehouse's own answer stays what its pages show.

    Raises:
        UsageError: a budget is not reached by all runs, or the data there cannot carry the model.
    """
    reader = reader_of(warehouse, experiment)
    asked = {key: value for key, value in parameters.items() if key in KEPT}
    question = Question(**_tuples(parameters.get("question") or {}))
    found: list[dict[str, Any]] = []
    for budget in budgets:
        request = Request(**asked, experiment=experiment, budget=budget, question=question, with_residuals=False)
        try:
            rows, _ = run_model(reader, parse_formula(request.formula), request)
        except (FormulaError, DataError) as error:
            raise UsageError(f"At budget {budget:g}: {error}") from error
        found += _pairs(rows, budget)
    known = [row for row in found if row["p_value"] is not None]
    for row, p in zip(known, holm(np.array([row["p_value"] for row in known])), strict=True):
        row["p"] = float(p)
    return Budgets(rows=found, budgets=budgets, best=best)


def _pairs(rows: Mapping[str, list[dict[str, Any]]], budget: float) -> list[dict[str, Any]]:
    """Return the pairs of the model that conclusions rest on, of its first setting and family, and who is better."""
    models = rows["lmem_model"]
    basis = next((one for one in models if one.get("is_basis")), models[0])["model"]
    contrasts = [row for row in rows["lmem_contrast"] if row["model"] == basis and row["first"] is not None]
    directions = [row["direction"] for row in rows.get("lmem_group", ()) if row["model"] == basis]
    sign = -1.0 if directions[:1] == ["max"] else 1.0
    found = []
    for row in contrasts:
        if (row["setting"], row["method"]) != (contrasts[0]["setting"], contrasts[0]["method"]):
            continue
        loss = None if row["estimate"] is None else sign * row["estimate"]
        better = None if loss is None else row["first"] if loss < 0 else row["second"]
        found.append({**row, "budget": budget, "better": better, "p": None})
    return found


def _tuples(question: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in question.items()}


def lead(found: Budgets) -> list[str]:
    """Return Markdown lines: at which budgets the best algorithm leads each of the others."""
    count = sum(row["p"] is not None for row in found.rows)
    lines = [
        f"The same model at the budgets {', '.join(f'{one:g}' for one in found.budgets)}; p by Holm's method over "
        f"{plural(count, 'comparison')}, all pairs and budgets together (a pair that differs at one budget "
        "by itself need not differ here):",
        "",
    ]
    others = dict.fromkeys(
        row["second"] if row["first"] == found.best else row["first"]
        for row in found.rows
        if found.best in (row["first"], row["second"])
    )
    for other in list(others)[:MOST_SAID]:
        mine = [row for row in found.rows if {row["first"], row["second"]} == {found.best, other}]
        apart = [row for row in mine if row["p"] is not None and row["p"] < LEVEL]
        ahead = [f"{row['budget']:g} (p {p_value(row['p'])})" for row in apart if row["better"] == found.best]
        behind = [f"{row['budget']:g} (p {p_value(row['p'])})" for row in apart if row["better"] == other]
        said = [f"better at {', '.join(ahead)}"] if ahead else []
        said += [f"worse at {', '.join(behind)}"] if behind else []
        even = len(mine) - len(apart)
        said += [f"not told apart at {plural(even, 'budget')}"] if even else []
        lines.append(f"- {found.best} against {other}: {'; '.join(said)}.")
    if len(others) > MOST_SAID:
        lines.append(f"- and {len(others) - MOST_SAID} more: budgets.csv has all.")
    return lines
