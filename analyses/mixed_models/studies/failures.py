"""What a comparison says when failed runs are left out, put last, or imputed: a table beside every one that has any.

Leaving failed runs out rewards an algorithm for failing where it would have done badly; counting them as the worst may
punish it for a cause of another kind. Neither is right by itself, so all three are shown.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from hpowh.analyses.mixed_models.inference.contrasts import pairwise
from hpowh.analyses.mixed_models.inference.margins import marginal_means
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.model.cells import DataError
from hpowh.analyses.mixed_models.model.formula import Formula
from hpowh.analyses.mixed_models.reading.catalogue import Selection
from hpowh.analyses.mixed_models.reading.reader import POLICIES, Reader
from hpowh.analyses.mixed_models.studies.analysis import Question
from hpowh.analyses.mixed_models.studies.fitting import fit_to_compare
from hpowh.analyses.wording import p_said, plural

LEVEL = 0.05
MOST_SENTENCES = 3
NO_DIFFERENCE = "no difference seen"
NAMES = {"exclude": "left out", "last": "last", "impute": "imputed"}
Row = dict[str, Any]


def with_policies(selection: Selection) -> list[Selection]:
    """Return the selection once a policy about failed runs; a named baseline is kept."""
    named = selection.failures if selection.baseline else "impute"
    return [replace(selection, failures=named if policy == "impute" else policy) for policy in POLICIES]


def comparable(reader: Reader, selection: Selection, response: str) -> Selection | None:
    """Return the selection with one row a run, in which a run can fail; None where runs have several rows."""
    if selection.budget is not None:
        return selection
    return replace(selection, budget="final") if reader.rows_per_run(selection, response) == 1 else None


def failure_rows(
    reader: Reader, selection: Selection, formula: Formula, question: Question, model: str, *, is_reml: bool
) -> tuple[list[Row], list[str]]:
    """Return the rows of `lmem_failure` and what they say; nothing where no run failed.

    Args:
        formula: of the model that conclusions rest on, with the name `model`.
    """
    single = comparable(reader, selection, formula.response)
    if single is None:
        return [], []
    failed = sum(row[2] for row in reader.failed(single, formula.response))
    if not failed:
        return [], []
    rows: list[Row] = []
    for chosen in with_policies(single):
        rows += _contrasts(reader, chosen, formula, question, {"model": model, "failed_count": failed}, is_reml)
    return rows, sentences(rows)


def _contrasts(
    reader: Reader, selection: Selection, formula: Formula, question: Question, head: Row, is_reml: bool
) -> list[Row]:
    """Fit the model under one policy and return its pairs; one row with the reason where it cannot be fitted."""
    factor = question.factor or "algorithm"
    blank = {**head, "policy": selection.policy, "factor": factor}
    empty = dict.fromkeys(("estimate", "lower", "upper", "p_adjusted", "row_count", "reason"))
    try:
        fitted = fit_to_compare(formula, reader.cells(formula, selection), is_reml=is_reml).fit
    except DataError as error:
        place = {"setting": "", "first": "", "second": "", "verdict": "not tested"}
        return [{**blank, **empty, **place, "reason": str(error)}]
    quantities, rows = satterthwaite(fitted), []
    for means in marginal_means(fitted, factor, by=question.by, fixed_at=question.fixed_at, weights=question.weights):
        pairs = pairwise(fitted, quantities, means, "tukey")
        for i, pair in enumerate(pairs.pairs):
            if pair is None:
                continue
            p, estimate = float(pairs.p_adjusted[i]), float(pairs.estimate[i])
            is_known = not math.isnan(p)
            rows.append(
                {
                    **blank,
                    "setting": means.setting,
                    "first": pair[0],
                    "second": pair[1],
                    "estimate": estimate,
                    "lower": float(pairs.lower[i]),
                    "upper": float(pairs.upper[i]),
                    "p_adjusted": p,
                    "row_count": fitted.problem.row_count,
                    "verdict": _verdict(pair, estimate, p, question.direction) if is_known else "not tested",
                    "reason": None if is_known else "the data cannot tell these means apart",
                }
            )
    return rows


def _verdict(pair: tuple[str, str], estimate: float, p: float, direction: str) -> str:
    if p >= LEVEL:
        return NO_DIFFERENCE
    return f"{pair[0] if (estimate < 0) == (direction == 'min') else pair[1]} better"


def sentences(rows: list[Row], whose: str = "model's") -> list[str]:
    """Say on which pairs the verdict hangs on what a failed run counts, or that it does on none.

    Args:
        whose: the tests that gave the verdicts; other tests of the same runs may depend on it.
    """
    said: list[str] = []
    by_pair: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        by_pair.setdefault((row["setting"], row["first"], row["second"]), []).append(row)
    for (setting, first, second), mine in by_pair.items():
        if not first:
            said += [f"With failed runs {NAMES[row['policy']]} there is no comparison: {row['reason']}" for row in mine]
        elif len({row["verdict"] for row in mine}) > 1:
            verdicts = "; ".join(f"{NAMES[row['policy']]}: {row['verdict']}{_p(row)}" for row in mine)
            where = f" ({setting})" if setting else ""
            said.append(f"{first} and {second}{where}: the verdict hangs on what failed runs count: {verdicts}.")
    if not said:
        return [f"The {whose} verdicts are the same whether failed runs are left out, put last, or imputed."]
    more = len(said) - MOST_SENTENCES
    return [
        *said[:MOST_SENTENCES],
        *([f"So it is with {plural(more, 'more pair')}: see the table."] if more > 0 else []),
    ]


def _p(row: Row) -> str:
    p = row["p_adjusted"]
    return "" if p is None else f" ({p_said(p)})"
