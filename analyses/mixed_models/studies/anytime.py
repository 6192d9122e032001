"""Who leads whom over the whole budget axis, corrected for all pairs and all budgets at once.

At every budget the difference of two algorithms is the mean over benchmarks of the differences of their means; the band
over pairs and budgets holds together (`statistics.simultaneous`). An algorithm leads from the first budget from which
on the band stays on its side of zero.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Cells, DataError, Floats
from hpowh.analyses.mixed_models.studies.tables import Row, plain
from hpowh.analyses.mixed_models.studies.units import log_base, unlogged
from hpowh.analyses.statistics.simultaneous import FEWEST, simultaneous
from hpowh.analyses.wording import brief, p_said

LEVEL = 0.05
MOST_SEGMENTS = 3


@dataclass(frozen=True)
class Curves:
    """Means (benchmarks, budgets, algorithms) of the response; NaN where an algorithm has no runs on a benchmark."""

    algorithms: tuple[str, ...]
    budgets: tuple[float, ...]
    means: Floats


def curves_of(cells: Sequence[Cells], budgets: Sequence[float]) -> Curves:
    """Return the means of the cells (algorithm by benchmark) of every budget. Raises DataError: too few benchmarks."""
    algorithms = sorted({name for each in cells for name in each.levels["algorithm"]})
    benchmarks = sorted({name for each in cells for name in each.levels["benchmark"]})
    if len(benchmarks) < FEWEST or len(algorithms) < 2:
        raise DataError(
            f"A band over the budgets needs {FEWEST} benchmarks and two algorithms; here are {len(benchmarks)} and "
            f"{len(algorithms)}."
        )
    means = np.full((len(benchmarks), len(budgets), len(algorithms)), np.nan)
    for t, each in enumerate(cells):
        b = np.array([benchmarks.index(name) for name in each.levels["benchmark"]])[each.codes["benchmark"]]
        a = np.array([algorithms.index(name) for name in each.levels["algorithm"]])[each.codes["algorithm"]]
        means[b, t, a] = each.mean_y + each.shift
    return Curves(tuple(algorithms), tuple(budgets), means)


def anytime_rows(curves: Curves, response: str, direction: str, seed: int = 0) -> dict[str, list[Row]]:
    """Return the rows of `lmem_anytime` and `lmem_anytime_pair`."""
    pairs = list(itertools.combinations(range(len(curves.algorithms)), 2))
    first, second = [i for i, _ in pairs], [j for _, j in pairs]
    apart = curves.means[:, :, first] - curves.means[:, :, second]
    band = simultaneous(apart.reshape(len(apart), -1), seed=seed)
    counts = np.isfinite(apart).sum(axis=0)
    rows, summaries = [], []
    for k, (i, j) in enumerate(pairs):
        names = {"first": curves.algorithms[i], "second": curves.algorithms[j]}
        mine: list[Row] = []
        for t, budget in enumerate(curves.budgets):
            at = t * len(pairs) + k
            row: Row = {
                **names,
                "budget": budget,
                "estimate": band.estimate[at],
                "lower": band.lower[at],
                "upper": band.upper[at],
                "p_adjusted": band.p_adjusted[at],
                "benchmark_count": int(counts[t, k]),
            }
            row = {key: plain(value) for key, value in row.items()}
            few = counts[t, k] < FEWEST
            reason = f"fewer than {FEWEST} benchmarks hold both" if few else "the differences do not vary"
            mine.append(
                row | {"better": _better(row, direction), "reason": reason if row["p_adjusted"] is None else None}
            )
        rows += mine
        summaries.append(summary(mine, response))
    return {"lmem_anytime": rows, "lmem_anytime_pair": summaries}


def _better(row: Row, direction: str) -> str | None:
    """Return who is ahead at a budget: the interval excludes zero, as the corrected p-value says."""
    p = row["p_adjusted"]
    if p is None or p >= LEVEL:
        return None
    return str(row["first"] if (row["estimate"] < 0) == (direction == "min") else row["second"])


def summary(rows: Sequence[Row], response: str) -> Row:
    """Return the row of `lmem_anytime_pair`: who leads at the end, from which budget on, and all of it in words."""
    first, second = rows[0]["first"], rows[0]["second"]
    p_values = [row["p_adjusted"] for row in rows if row["p_adjusted"] is not None]
    last = rows[-1]["better"]
    since = None
    if last is not None:
        since = next(row["budget"] for t, row in enumerate(rows) if all(one["better"] == last for one in rows[t:]))
    return {
        "first": first,
        "second": second,
        "leader": last,
        "from_budget": since,
        "ahead_count_first": sum(row["better"] == first for row in rows),
        "ahead_count_second": sum(row["better"] == second for row in rows),
        "budget_count": len(rows),
        "is_at_all_budgets": last is not None and since == rows[0]["budget"],
        "p_any": min(p_values) if p_values else None,
        "sentence": _sentence(rows, response, min(p_values) if p_values else None),
    }


def _sentence(rows: Sequence[Row], response: str, p: float | None) -> str:
    first, second = rows[0]["first"], rows[0]["second"]
    if len(rows) == 1:
        return _at_one(rows[0], response, p)
    among = f"{len(rows)} budgets, {rows[0]['budget']:g} to {rows[-1]['budget']:g}"
    if p is None:
        return f"{first} and {second}: too few benchmarks hold both at any of {among}."
    segments = [(name, list(group)) for name, group in itertools.groupby(rows, key=lambda row: row["better"])]
    ahead = [(name, group) for name, group in segments if name is not None]
    if not ahead:
        return f"{first} and {second} cannot be told apart at any of {among} (smallest corrected {p_said(p)})."
    parts = []
    for name, group in ahead[-MOST_SEGMENTS:]:
        other = second if name == first else first
        if len(group) == len(rows):
            where = f"at all of {among}"
        elif group[-1] is rows[-1]:
            where = f"from budget {group[0]['budget']:g} on (of {among})"
        elif len(group) == 1:
            where = f"at budget {group[0]['budget']:g}"
        else:
            where = f"from budget {group[0]['budget']:g} to {group[-1]['budget']:g}"
        parts.append(f"{name} is ahead of {other} {where}")
    text = "; ".join(parts)
    if rows[-1]["better"] is None:
        text += f"; at the last of {among} they cannot be told apart"
    return f"{text}; {_at_last(rows[-1], response)}."


def _at_one(row: Row, response: str, p: float | None) -> str:
    """Return the sentence where all runs have one budget in common, as in a table of final values."""
    first, second, better = row["first"], row["second"], row["better"]
    if p is None:
        return f"{first} and {second}: too few benchmarks hold both at the only budget that all runs have."
    if better is None:
        return (
            f"{first} and {second} cannot be told apart at the only budget that all runs have (corrected {p_said(p)})."
        )
    other = second if better == first else first
    return f"{better} is ahead of {other} at the only budget that all runs have; {_at_last(row, response)}."


def _at_last(row: Row, response: str) -> str:
    base = log_base(response)
    numbers = [row["estimate"], row["lower"], row["upper"]]
    if numbers[1] is None:
        return "the last budget has no interval"
    if base is not None:
        numbers = [base**value for value in numbers]
    size, low, high = (brief(one) for one in numbers)
    if base is not None:
        what = f"there the {unlogged(response)} of {row['first']} is {size} times that of {row['second']}"
    else:
        what = f"there {row['first']} - {row['second']} = {size} in {response}"
    return f"{what} ({low} to {high}, holding at all budgets and for all pairs)"
