"""`Findings`: all that the analyses of a warehouse found, as a list, as a table, and as a notebook shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hpowh.reports.door.html import listed, paragraph

if TYPE_CHECKING:
    import polars as pl

    from hpowh.analyses.finding import Finding


@dataclass(frozen=True)
class Findings(Sequence["Finding"]):
    """Findings in their order; `frame()` has them as a table, `plain()` as lists and dictionaries for JSON."""

    found: Sequence[Finding] = field(repr=False)

    def __getitem__(self, place: Any) -> Any:
        return Findings(self.found[place]) if isinstance(place, slice) else self.found[place]

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.found)

    def plain(self) -> list[dict[str, Any]]:
        """Return what `hpowh findings --json` prints."""
        return [one.plain() for one in self.found]

    def frame(self) -> pl.DataFrame:
        """Return one row a finding, without its numbers."""
        import polars as pl

        texts = ("subject", "kind", "basis", "sentence", "holds_for", "assumption", "row_unit", "job")
        schema: dict[str, Any] = dict.fromkeys(texts, pl.String)
        schema |= {"is_shown": pl.Boolean, "level": pl.Float64, "row_count": pl.Int64, "analysis_run_id": pl.Int64}
        return pl.DataFrame([{name: getattr(one, name) for name in schema} for one in self.found], schema=schema)

    def __repr__(self) -> str:
        return "\n".join(one.sentence for one in self.found) or "<no findings: nothing was analysed yet>"

    def _repr_html_(self) -> str:
        subjects = dict.fromkeys(one.subject for one in self.found)
        parts = [
            listed((one.sentence for one in self.found if one.subject == subject), subject) for subject in subjects
        ]
        return "".join(parts) or paragraph("Nothing was analysed yet.")
