"""What of a plan its run folder needs: which units there are, and how a record becomes rows.

It is written beside the plan, so that evaluations are counted and brought home where neither spec, data nor models are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hpowh.analyses.evaluate.errors import SpecError

NAME = "layout.json"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The units of a plan, group by group, and the names that their rows carry."""

    groups: tuple[tuple[int, int, int, int], ...]
    """(model, data set, seed, fold) of each group, in the order in which they are numbered."""
    ranks: tuple[Sequence[int], ...]
    """The ranks of each model's configurations: a range, or a list."""
    spaces: tuple[str, ...]
    """The search space of each model."""
    benchmarks: tuple[tuple[str, ...], ...]
    """By model and data set."""
    fidelities: tuple[tuple[float, ...], ...]
    """By model, ascending."""
    splits: tuple[str, ...]
    metrics: tuple[tuple[str, float], ...]
    """Name, and what a scorer's value is multiplied by."""

    @property
    def sizes(self) -> list[int]:
        """How many units each group has."""
        counts = [len(ranks) for ranks in self.ranks]
        return [counts[model] for model, *_ in self.groups]

    @property
    def unit_count(self) -> int:
        """How many units there are."""
        return sum(self.sizes)

    def ranks_of(self, group: int) -> Sequence[int]:
        """The ranks of a group's configurations, in the order in which they stand in the plan."""
        return self.ranks[self.groups[group][0]]

    def kind(self, group: int) -> tuple[int, int]:
        """Model and data set of a group: units of one kind take about as long."""
        model, data, *_ = self.groups[group]
        return model, data

    def text(self) -> str:
        """Return the layout as JSON; a whole grid's ranks are its size."""
        facts = {
            "groups": self.groups,
            "ranks": [len(ranks) if isinstance(ranks, range) else list(ranks) for ranks in self.ranks],
            "spaces": self.spaces,
            "benchmarks": self.benchmarks,
            "fidelities": self.fidelities,
            "splits": self.splits,
            "metrics": self.metrics,
        }
        return json.dumps(facts, separators=(",", ":"))


def read_layout(folder: Path) -> Layout:
    """Return the layout of a run folder.

    Raises:
        SpecError: there is none, or it cannot be read.
    """
    path = folder / NAME
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Layout(
            groups=tuple((int(m), int(d), int(s), int(f)) for m, d, s, f in found["groups"]),
            ranks=tuple(range(ranks) if isinstance(ranks, int) else tuple(ranks) for ranks in found["ranks"]),
            spaces=tuple(found["spaces"]),
            benchmarks=tuple(tuple(names) for names in found["benchmarks"]),
            fidelities=tuple(tuple(map(float, values)) for values in found["fidelities"]),
            splits=tuple(found["splits"]),
            metrics=tuple((name, float(sign)) for name, sign in found["metrics"]),
        )
    except FileNotFoundError:
        raise SpecError(
            f"{folder} holds no evaluations: it has no {NAME}.", "Name the folder given to hpowh evaluate --out."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpecError(f"{path} cannot be read: {error}.") from None
