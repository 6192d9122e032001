"""What an analysis concludes, in one shape for every family: a sentence, its numbers, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Row = Mapping[str, Any]
LEVEL = 0.05
"""Level of every test that a finding rests on; intervals are at one minus this."""
TEST, ESTIMATE, DESCRIPTION = "test", "estimate", "description"


class Source(Protocol):
    """What is needed of a warehouse."""

    def sql(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Run:
    """One analysis run, as the ledger has it."""

    analysis_run_id: int
    job: str
    subject: str
    parameters: Mapping[str, Any]
    warnings: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence that an analysis says, with all that one needs to judge it.

    Attributes:
        sentence: the words, the same on pages, on the command line and from Python.
        kind: what it is about, such as `verdict`, `pair`, `level`, `important`.
        basis: `test` (a corrected test at `level`), `estimate` (with an interval, or simulated), `description` (of the
            rows that were looked at; nothing is said of others).
        is_shown: whether an effect or difference is shown at `level`; None where nothing was tested.
        holds_for: of what it speaks.
        assumption: what must be true for that.
        level: of the test or, as one minus it, of the intervals; None for a description.
        row_count, row_unit: on how many of what it rests.
        numbers: the stored rows that it puts into words; those of a verdict are in losses (smaller is better).
        caveats: what goes wherever the sentence goes.
        subject, job, analysis_run_id: where it comes from.
    """

    sentence: str
    kind: str
    basis: str
    holds_for: str
    assumption: str
    subject: str
    job: str
    analysis_run_id: int
    is_shown: bool | None = None
    level: float | None = None
    row_count: int | None = None
    row_unit: str = "rows"
    numbers: Sequence[Row] = field(default=(), repr=False)
    caveats: Sequence[str] = ()

    def plain(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {
            "sentence": self.sentence,
            "kind": self.kind,
            "basis": self.basis,
            "is_shown": self.is_shown,
            "level": self.level,
            "holds_for": self.holds_for,
            "assumption": self.assumption,
            "row_count": self.row_count,
            "row_unit": self.row_unit,
            "numbers": [dict(row) for row in self.numbers],
            "caveats": list(self.caveats),
            "subject": self.subject,
            "job": self.job,
            "analysis_run_id": self.analysis_run_id,
        }


def origin(run: Run) -> dict[str, Any]:
    """Return the fields of a finding that say where it comes from."""
    return {"subject": run.subject, "job": run.job, "analysis_run_id": run.analysis_run_id}


def stored(source: Source, table: str, run: int) -> list[dict[str, Any]]:
    """Return the rows of a result table that an analysis run stored."""
    text = f"select * exclude (analysis_run_id) from result.{table} where analysis_run_id = $run order by rowid"
    return list(source.sql(text, {"run": run}).dicts())
