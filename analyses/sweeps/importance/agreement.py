"""Whether the importance methods agree on the order of the hyperparameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from hpowh.analyses.statistics.association import kendall


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Two methods: Kendall's tau-b of their importances, and whether they name the same first."""

    a: str
    b: str
    count: int
    tau: float | None
    is_same_first: bool | None
    reason: str | None


def agree(importances: Mapping[str, Mapping[str, float]]) -> list[Agreement]:
    """Return one row per pair of methods, over the hyperparameters that both measured.

    Args:
        importances: method -> hyperparameter -> importance.
    """
    result = []
    for a, b in combinations(importances, 2):
        names = sorted(importances[a].keys() & importances[b].keys())
        x, y = [importances[a][n] for n in names], [importances[b][n] for n in names]
        if len(names) < 2:
            result.append(
                Agreement(
                    a=a,
                    b=b,
                    count=len(names),
                    tau=None,
                    is_same_first=None,
                    reason="fewer than two hyperparameters in common",
                )
            )
            continue
        first = names[x.index(max(x))] == names[y.index(max(y))]
        if len(set(x)) < 2 or len(set(y)) < 2:
            why = "one of the methods finds no difference between the hyperparameters"
            result.append(Agreement(a=a, b=b, count=len(names), tau=None, is_same_first=None, reason=why))
            continue
        result.append(Agreement(a=a, b=b, count=len(names), tau=kendall(x, y), is_same_first=first, reason=None))
    return result
