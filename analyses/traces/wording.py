"""Seeds, counts and who ends lowest, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.analyses.wording import number, plural


def seed_ranges(seeds: Sequence[int]) -> str:
    """Return seeds as text with runs of consecutive ones joined: `0-4, 7, 9-11`; empty text for none."""
    parts: list[str] = []
    start = previous = None
    for seed in [*sorted(set(seeds)), None]:
        if previous is not None and seed is not None and seed == previous + 1:
            previous = seed
            continue
        if previous is not None and start is not None:
            parts.append(str(start) if start == previous else f"{start}-{previous}")
        start = previous = seed
    return ", ".join(parts)


def listed(names: Sequence[str], limit: int = 5, between: str = ", ") -> str:
    """Return names joined by commas (or `between`), the first `limit` of them and how many more there are."""
    more = len(names) - limit
    return between.join(names[:limit]) + (f" and {more} more" if more > 0 else "")


def winner_sentence(name: str, row: Mapping[str, Any], codes: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return the sentence on one setting and metric, from a row of `experiment/winners` and all of `experiment/codes`.

    A value that stands for failures decides means as any other does: the sentence does not go without a word on it.
    """
    where = f" with {row['setting']}" if row["setting"] else ""
    by = f" by {row['metric']}" if row["metric"] else ""
    low, high = row["low"], row["high"]
    band = f"95 % band {number(low, 3)} to {number(high, 3)}, " if low is not None else ""
    others = (
        "One benchmark says nothing of others."
        if row["benchmark_count"] == 1
        else "That describes these benchmarks: whether it is better on others, hpowh analyse lmem says."
    )
    return (
        f"{name}{where}: {row['algorithm']} ends with the lowest mean normalised regret{by}, {number(row['mean'], 3)} "
        f"({band}{plural(row['benchmark_count'], 'benchmark')}); next comes {row['next_algorithm']} with "
        f"{number(row['next_mean'], 3)}. {others}"
        + "".join(f" {code_sentence(code)}" for code in codes if row["metric"] in (None, code["metric"]))
    )


def code_sentence(code: Mapping[str, Any]) -> str:
    """Return what must be said of a value that may stand for failed runs, from a row of `experiment/codes`."""
    return (
        f"{code['metric'] or 'The value'} is {code['value']:.10g} at the end of {plural(code['run_count'], 'run')} "
        f"({listed(code['algorithms'], 3)}; {plural(code['benchmark_count'], 'benchmark')}), farther from all others "
        "than these are from one another: if this stands for failed runs, means and ranks are of the code "
        f"(hpowh ingest … --option failed-value={code['value']:.10g} loads them as failed)."
    )
