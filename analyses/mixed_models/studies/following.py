"""Which benchmarks to run next: those that lack algorithms, then those most unlike the ones that were run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Floats

Row = dict[str, Any]
NEXT = 3


def next_rows(known: Sequence[tuple[str, int, Mapping[str, float] | None]], algorithms: int) -> list[Row]:
    """Return the rows of `lmem_next`: the next benchmarks to run.

    Incomplete ones come first: all algorithms on them make another block. Among benchmarks that nobody ran on, the next
    is the one whose meta-features are farthest from those of all that were run or chosen before (maximin: Johnson,
    Moore & Ylvisaker 1990); conclusions are about benchmarks in general, so unlike ones say more.

    Args:
        known: name, how many of the experiment's algorithms ran on it, its numeric meta-features.
        algorithms: how many algorithms the experiment has.
    """
    rows: list[Row] = []
    for name, ran, _ in sorted(known, key=lambda one: (-one[1], one[0])):
        if 0 < ran < algorithms:
            missing = algorithms - ran
            what = "1 algorithm has" if missing == 1 else f"{missing} algorithms have"
            rows.append(_row(name, "incomplete", None, f"{what} no run on it: with them it is another block"))
    rows += _unlike(known)
    return [{"position": i + 1} | row for i, row in enumerate(rows[:NEXT])]


def next_sentences(rows: Sequence[Row]) -> list[str]:
    """Say which benchmarks to run next; what there is to choose from is what the warehouse knows."""
    if not rows:
        return ["The warehouse knows no other benchmark to run next; hpowh ingest features FILE makes some known."]
    named = "; ".join(f"{row['benchmark']} ({row['why']})" for row in rows)
    return [f"Benchmarks to run next: {named}."]


def _row(name: str, kind: str, distance: float | None, why: str) -> Row:
    return {"benchmark": name, "kind": kind, "distance": distance, "why": why}


def _unlike(known: Sequence[tuple[str, int, Mapping[str, float] | None]]) -> list[Row]:
    new = [name for name, ran, _ in known if not ran]
    features = _standardised(known)
    if not new:
        return []
    if features is None:
        why = "none of these ran on it; without meta-features no new benchmark is known to say more than another"
        return [_row(name, "new", None, why) for name in new[:NEXT]]
    names = [name for name, _, _ in known]
    used = [i for i, (_, ran, _) in enumerate(known) if ran]
    left = [i for i, (_, ran, _) in enumerate(known) if not ran]
    rows: list[Row] = []
    while left and len(rows) < NEXT:
        apart = [_nearest(features, i, used) for i in left]
        best = int(np.argmax(apart))
        why = "of those that nobody ran on, its meta-features are farthest from the benchmarks before it"
        rows.append(_row(names[left[best]], "new", apart[best] if np.isfinite(apart[best]) else None, why))
        used.append(left.pop(best))
    return rows


def _nearest(features: Floats, one: int, used: Sequence[int]) -> float:
    if not used:
        return float("inf")
    return float(np.sqrt(((features[list(used)] - features[one]) ** 2).mean(axis=1)).min())


def _standardised(known: Sequence[tuple[str, int, Mapping[str, float] | None]]) -> Floats | None:
    """Return the features that all benchmarks have (benchmarks, features), each by its standard deviation."""
    shared = set.intersection(*(set(found or {}) for _, _, found in known)) if known else set()
    table = np.array([[(found or {})[name] for name in sorted(shared)] for _, _, found in known], dtype=np.float64)
    table = table.reshape(len(known), -1)
    with np.errstate(invalid="ignore"):
        spread = table.std(axis=0)
    chosen = np.isfinite(table).all(axis=0) & (spread > 0)
    return (table[:, chosen] - table[:, chosen].mean(axis=0)) / spread[chosen] if chosen.any() else None
