"""`Result`: what an analysis found, as sentences, as tables, and as a notebook shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hpowh.reports.door.html import listed, paragraph, table
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.wording import plural

if TYPE_CHECKING:
    import polars as pl

SHOWN: Mapping[str, Mapping[str, Sequence[str]]] = {
    "lmem": {
        "lmem_marginal_mean": ("level", "setting", "estimate", "lower", "upper", "letters"),
        "lmem_contrast": ("contrast", "setting", "method", "estimate", "lower", "upper", "p_adjusted"),
    },
    "rankings": {
        "ranking_algorithm": ("position", "algorithm", "setting", "mean_rank", "block_count"),
        "ranking_agreement": ("first", "second", "sentence"),
    },
    "sweeps": {"sweep_summary": ("subject", "trial_count", "best_name", "best_value", "reason")},
    "landscapes": {"landscape_metric": ("subject", "name", "value", "lower", "upper", "reason")},
    "traces": {"trace_overall": ()},
}
"""Kind of analysis -> the tables that a notebook shows of it, with their columns (empty: all)."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What an analysis found.

    Attributes:
        kind: `lmem`, `rankings`, `sweeps`, `landscapes` or `traces`.
        subjects: the experiment, sweeps or landscapes that it is about.
        tables: its result tables (`result.<name>` in the warehouse) as Polars frames; `.to_pandas()` makes pandas'.
        sentences: what it says in words; empty where the analysis keeps no sentences.
        warnings: what to know before one believes it.
    """

    kind: str
    subjects: Sequence[str]
    run_ids: Sequence[int]
    tables: Mapping[str, pl.DataFrame] = field(repr=False)
    sentences: Sequence[str] = ()
    warnings: Sequence[str] = ()

    def sentence(self) -> str:
        """Return what was found in words, with the warnings that go with it; empty where no sentences are kept."""
        said = " ".join(self.sentences)
        return f"{said} Note: {' '.join(self.warnings)}" if said and self.warnings else said

    def __getitem__(self, name: str) -> pl.DataFrame:
        """Return one table, by its name with or without the family: `lmem_contrast` or `contrast`.

        Raises:
            UsageError: the analysis has no such table; names those it has.
        """
        found = [table for table in self.tables if table == name or table.partition("_")[2] == name]
        if not found:
            raise UsageError(f"There is no table {name!r} here.", f"Tables: {', '.join(self.tables) or 'none'}.")
        return self.tables[found[0]]

    def __repr__(self) -> str:
        about = ", ".join(self.subjects[:3]) + (f" and {len(self.subjects) - 3} more" if len(self.subjects) > 3 else "")
        return f"<hpowh {self.kind} of {about or 'nothing'}: {plural(len(self.tables), 'table')}>"

    def _repr_html_(self) -> str:
        parts = [paragraph(f"{self.kind}: {', '.join(self.subjects) or 'nothing to analyse'}", "h4")]
        parts += [listed(self.sentences), listed(self.warnings, "Before you read it:")]
        for name, columns in SHOWN[self.kind].items():
            if name in self.tables:
                kept = [column for column in columns if column in self.tables[name].columns]
                frame = self.tables[name]
                parts.append(table(frame.select(kept) if kept else frame, name))
        return "".join(parts)


def read_tables(
    rows: Mapping[str, pl.DataFrame], family: str, kind: str, subjects: Sequence[str], run_ids: Sequence[int]
) -> Result:
    """Return the result of an analysis that keeps its sentences in `<family>_statement`, or none."""
    said = rows.get(f"{family}_statement")
    sentences = [] if said is None else [f"{row['subject']}: {row['sentence']}" for row in said.to_dicts()]
    return Result(kind=kind, subjects=subjects, run_ids=run_ids, tables=rows, sentences=sentences)
