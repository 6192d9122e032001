"""Seeds that only one algorithm has: 100 to 104 where others have 0 to 4 are as many runs, and none is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def by_own_seeds(rows: Sequence[Row]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the rows of `coverage/runs` with what is missing beside seeds of one's own, and who has such.

    An algorithm has seeds of its own where it shares none with any other on any benchmark, and has as many.

    Args:
        rows: benchmark, setting, algorithm, run_count, expected_seed_count, missing_seeds.
    """
    blocks: dict[tuple[Any, Any], list[Row]] = {}
    for row in rows:
        blocks.setdefault((row["benchmark"], row["setting"]), []).append(row)
    is_own: dict[str, bool] = {}
    for block in blocks.values():
        there = _present(block)
        most = max(map(len, there.values()), default=0)
        for name, seeds in there.items():
            others = [other for one, other in there.items() if one != name]
            alone = bool(others) and 0 < len(seeds) == most and not any(seeds & other for other in others)
            is_own[name] = is_own.get(name, True) and alone
    own = sorted(name for name, alone in is_own.items() if alone)
    found = []
    for block in blocks.values():
        there = _present(block)
        theirs = {name: seeds for name, seeds in there.items() if name in own}
        taken = set().union(*theirs.values()) if theirs else set()
        others = [seeds for name, seeds in there.items() if name not in theirs]
        if theirs and others and len(set().union(*others)) < max(map(len, theirs.values())):
            return [dict(row) for row in rows], []  # who has fewer runs is told by the seeds of all
        for row in block:
            if row["algorithm"] in theirs:
                change = {"expected_seed_count": len(theirs[row["algorithm"]]), "missing_seeds": []}
            else:
                missing = [seed for seed in row["missing_seeds"] or [] if seed not in taken]
                change = {"expected_seed_count": row["expected_seed_count"] - len(taken), "missing_seeds": missing}
            found.append({**row, **change})
    return found, own


def _present(block: Sequence[Row]) -> dict[str, set[Any]]:
    """Return the seeds of every algorithm that has runs; those that all have are one set of stand-ins."""
    known = {seed for row in block for seed in row["missing_seeds"] or []}
    common = {("common", i) for i in range(max(row["expected_seed_count"] for row in block) - len(known))}
    return {row["algorithm"]: (known - set(row["missing_seeds"] or [])) | common for row in block if row["run_count"]}
