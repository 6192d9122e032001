"""What the analysis of one metric gives: rows by result table, and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hpowh.analyses.sweeps.importance.effects import Drift
    from hpowh.analyses.sweeps.reading.codes import Code
    from hpowh.analyses.sweeps.reading.configurations import Configurations
    from hpowh.analyses.sweeps.reading.sampling import Narrowed

Row = dict[str, Any]


@dataclass(kw_only=True)
class Result:
    """Rows by result table (without run and metric), and sentences for the reader."""

    tables: dict[str, list[Row]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    reason: str | None = None
    """Why there is nothing but the columns."""
    target: str | None = None
    configurations: Configurations | None = None
    narrowed: Sequence[Narrowed] = ()
    """What late trials keep to, where the trials are known in their order."""
    followed: Mapping[str, float] = field(default_factory=dict)
    """Hyperparameters whose values follow the order of the trials: the strength of that, from 0.7 to 1."""

    suspects: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    """Hyperparameters that say the same as a result of the trial: which result, and the rank correlation."""

    code: Code | None = None
    """A value of the metric that may stand for failed trials."""
    drift: Drift | None = None
    """The metric goes with time beside all hyperparameters."""

    def add(self, table: str, rows: Sequence[Row]) -> None:
        """Append rows to a table."""
        self.tables.setdefault(table, []).extend(rows)
