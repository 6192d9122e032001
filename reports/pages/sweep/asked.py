"""One metric of one analysis, as the tables of its section ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hpowh.reports.blocks import Column, Table
from hpowh.reports.context import SiteContext
from hpowh.reports.query import Query

ROWS = 100
"""Rows shown of a table with a row a hyperparameter; the CSV has all."""

Heading = tuple[str, str] | tuple[str, str, int] | tuple[str, str, int, str]
"""Column of the frame, its heading, digits of its numbers, and what the heading explains."""


@dataclass(frozen=True)
class Asked:
    """The analysis run, the metric, and what follows the names of the section's blocks."""

    site: SiteContext
    run: int
    metric: int
    suffix: str

    def query(self, text: str, **more: Any) -> Query:
        """Return a query of this run and metric."""
        return self.site.query(text, run=self.run, metric=self.metric, **more)

    def table(
        self, name: str, title: str, how: str, query: Query | str, headings: Sequence[Heading], **more: Any
    ) -> Table:
        """Return a table of a query, or of its text."""
        return Table(
            id=f"{name}{self.suffix}",
            title=title,
            how_to_read=how,
            query=self.query(query) if isinstance(query, str) else query,
            columns=[_column(*heading) for heading in headings],
            analysis_run_id=self.run,
            **more,
        )


def _column(name: str, label: str, digits: int = 4, explains: str = "") -> Column:
    return Column(name=name, label=label, digits=digits, help=explains)
