"""`hpowh.compare`: a table of runs in, a verdict out; the warehouse in between is temporary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hpowh.reports.door.analyses import FORMULA
from hpowh.reports.door.html import listed
from hpowh.reports.door.session import Session
from hpowh.warehouse.errors import UsageError

if TYPE_CHECKING:
    from hpowh.reports.door.loading import Loaded
    from hpowh.reports.door.results import Result


@dataclass(frozen=True)
class Comparison:
    """The algorithms of one table compared: by a mixed model, and by rank tests of the same response beside it."""

    loaded: Loaded
    model: Result
    ranks: Result

    def sentence(self) -> str:
        """Return the mixed model's answer in words, with what to know about it."""
        return self.model.sentence()

    def __repr__(self) -> str:
        return f"<hpowh comparison of {self.loaded.row_count:,} rows: {self.model.sentences[0]}>"

    def _repr_html_(self) -> str:
        return listed(self.loaded.notes, "On loading:") + self.model._repr_html_() + self.ranks._repr_html_()


def compare_table(
    data: Any,
    *,
    formula: str | None,
    metric: str | None,
    budget: float | str | None,
    failures: str,
    mapping: Mapping[str, str] | None,
    direction: str | None,
    options: Mapping[str, Any] | None,
) -> Comparison:
    """Return the comparison; see `hpowh.compare`."""
    from hpowh.analyses.mixed_models.model.formula import FormulaError, parse_formula

    asked = formula or FORMULA
    try:
        response = parse_formula(asked).response
    except FormulaError as error:
        raise UsageError(str(error)) from error
    with TemporaryDirectory(prefix="hpowh-") as folder, Session(Path(folder) / "compare.duckdb") as session:
        loaded = session.ingest(data, "runs", mapping=mapping, direction=direction, options=options)
        how: dict[str, Any] = {"metric": metric, "budget": budget, "failures": failures}
        model = session.lmem(asked, **how)
        ranks = session.rankings(response=response, **how)
    return Comparison(loaded, replace(model, run_ids=()), replace(ranks, run_ids=()))
