"""What several parts of the page use."""

from __future__ import annotations

from hpowh.reports.blocks import Column
from hpowh.reports.context import SiteContext

MOST_BENCHMARKS = 8
MOST_POINTS = 24_000
"""Points of all variants of the scatter together, so that a page stays small."""


def where(site: SiteContext) -> Column:
    """Return the column that names the data set and leads to its page."""
    return Column(name="benchmark", label="Benchmark", link=lambda row: site.href(("benchmark", row["benchmark"])))
