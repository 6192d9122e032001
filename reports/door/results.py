"""`Result`: what an analysis found, as findings, tables and figures, and as a notebook shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hpowh.reports.door.html import listed, paragraph, table
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.wording import plural

if TYPE_CHECKING:
    import polars as pl

    from hpowh.analyses.finding import Finding

SHOWN: Mapping[str, Mapping[str, Sequence[str]]] = {
    "lmem": {
        "lmem_marginal_mean": ("level", "setting", "estimate", "lower", "upper", "letters"),
        "lmem_contrast": ("contrast", "setting", "method", "estimate", "lower", "upper", "p_adjusted"),
    },
    "rankings": {"ranking_algorithm": ("position", "algorithm", "setting", "mean_rank", "block_count")},
    "tiers": {"ranking_tier": ("tier", "algorithm", "estimate", "rank_lower", "rank_upper", "win_rate", "elo")},
    "anytime": {"lmem_anytime_pair": ("first", "second", "leader", "from_budget", "budget_count", "p_any")},
    "calibrate": {"lmem_calibration_pair": ("contrast", "estimate", "p_adjusted", "p_calibrated")},
    "sweeps": {"sweep_summary": ("subject", "trial_count", "best_name", "best_value", "reason")},
    "landscapes": {"landscape_metric": ("subject", "name", "value", "lower", "upper", "reason")},
    "traces": {"trace_overall": ()},
}
"""Kind of analysis -> the tables that a notebook shows of it, with their columns (empty: all)."""
MOST_SAID = 12
"""So many findings are shown in a notebook; `.findings` has all."""


@dataclass(frozen=True)
class Picture:
    """A figure of a result: a notebook shows it, `save` writes it, `svg` is the document."""

    name: str
    svg: str = field(repr=False)

    def save(self, path: str | Path) -> Path:
        """Write the figure as an SVG file, in place of an older file. Raises UsageError where that is a warehouse."""
        from hpowh.warehouse.output.targets import written_file

        with written_file(Path(path), option="save", force=True) as place:
            place.write_text(self.svg, encoding="utf-8")
        return Path(path)

    def _repr_svg_(self) -> str:
        return self.svg


@dataclass(frozen=True, kw_only=True)
class Result:
    """What an analysis found.

    Attributes:
        kind: `lmem`, `rankings`, `tiers`, `anytime`, `calibrate`, `sweeps`, `landscapes` or `traces`.
        subjects: the experiment, sweeps or landscapes that it is about.
        tables: its result tables (`result.<name>` in the warehouse) as Polars frames; `.to_pandas()` makes pandas'.
        findings: what it says, each with numbers, level, rows and assumption; the same as pages and `--json` have.
        warnings: what to know before one believes it.
    """

    kind: str
    subjects: Sequence[str]
    run_ids: Sequence[int]
    tables: Mapping[str, pl.DataFrame] = field(repr=False)
    findings: Sequence[Finding] = ()
    warnings: Sequence[str] = ()
    drawers: Mapping[str, Callable[[], str]] = field(default_factory=dict, repr=False)
    """Figure -> what draws it as SVG."""
    written: Callable[[], str] | None = field(default=None, repr=False)
    """What writes its table in LaTeX."""

    @property
    def sentences(self) -> list[str]:
        """What was found in words, the most important first."""
        return [one.sentence for one in self.findings]

    def sentence(self) -> str:
        """Return the answer in words (the findings of the first one's kind), with the warnings that go with it."""
        said = " ".join(one.sentence for one in self.findings if one.kind == self.findings[0].kind)
        return f"{said} Note: {' '.join(self.warnings)}" if said and self.warnings else said

    def figure(self, name: str = "") -> Picture:
        """Return a figure; by default the first one of `figures`.

        Raises:
            UsageError: there is no such figure; names those there are.
        """
        chosen = name or next(iter(self.drawers), "")
        if chosen not in self.drawers:
            what = f"There is no figure {name!r} of {self.kind}" if name else f"There is no figure of {self.kind}"
            raise UsageError(f"{what} here.", f"Figures: {', '.join(self.drawers) or 'none'}; .report() has all.")
        return Picture(chosen, self.drawers[chosen]())

    @property
    def figures(self) -> list[str]:
        """The names of its figures."""
        return list(self.drawers)

    def latex(self) -> str:
        r"""Return its table for a document with `\usepackage{booktabs}`.

        Raises:
            UsageError: only a model that compares algorithms has one.
        """
        if self.written is None:
            raise UsageError(
                f"{self.kind} has no table for LaTeX here.", "Models that compare algorithms have one: .lmem()"
            )
        return self.written()

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
        parts.append(listed(self.sentences[:MOST_SAID]))
        left = len(self.findings) - MOST_SAID
        parts += [paragraph(f"{left:,} more in .findings")] if left > 0 else []
        parts.append(listed(self.warnings, "Before you read it:"))
        if len(self.subjects) == 1 and self.drawers:
            parts.append(f"<div>{self.figure().svg}</div>")  # escaped where it was drawn
        for name, columns in SHOWN[self.kind].items():
            if name in self.tables:
                kept = [column for column in columns if column in self.tables[name].columns]
                frame = self.tables[name]
                parts.append(table(frame.select(kept) if kept else frame, name))
        return "".join(parts)
