"""What an experiment's page shows where all values stand at one budget: dots instead of curves."""

from __future__ import annotations

from hpowh.reports.blocks import Figure, Plot
from hpowh.reports.charts.curves import dots, grouped, place
from hpowh.reports.charts.plot import axis
from hpowh.reports.context import SiteContext
from hpowh.reports.query import Query
from hpowh.warehouse.wording import plural

REGRET = (
    "One dot an algorithm, averaged over {benchmarks} and their seeds. 0 is the best value known for a benchmark, 1 "
    "the worst recorded in this experiment. The bar is the 95 % interval of the mean over seeds, the benchmarks held "
    "fixed: whether an algorithm is better on other benchmarks is for a mixed model to say."
)
RANK = (
    "Algorithms are ranked against each other on the same benchmark, seed and setting: 1 is the best, ties share the "
    "mean. A rank says how often an algorithm is ahead, not by how much."
)


def final_dots(site: SiteContext, query: Query, run: int) -> list[Figure]:
    """Return the figures of mean normalised regret and mean rank, one dot an algorithm, the best on top."""
    count = max(row["benchmark_count"] for row in query.rows())
    regret = REGRET.format(benchmarks=plural(count, "benchmark"))
    figures = [
        _figure(site, query, run, "normalized_regret", "regret-overall", "Mean normalised regret", regret),
        _figure(site, query, run, "rank", "rank-overall", "Mean rank", RANK),
    ]
    return [figure for figure in figures if figure is not None]


def _figure(
    site: SiteContext, query: Query, run: int, column: str, name: str, label: str, how_to_read: str
) -> Figure | None:
    rows = [row for row in query.rows() if row[f"{column}_mean"] is not None]
    settings, metrics = sorted({row["setting"] for row in rows}), sorted({row["metric"] for row in rows})
    if not rows:
        return None
    limits = (f"{column}_lower", f"{column}_upper")
    variants = {
        f"{place(settings, setting)},{place(metrics, metric)}": dots(
            mine, site.colours, middle=f"{column}_mean", band_of=limits
        )
        for (setting, metric), mine in grouped(rows, "setting", "metric").items()
    }
    layout = {"xaxis": axis(f"{label} (lower is better)")}
    return Figure(
        id=name,
        title=label,
        how_to_read=how_to_read,
        chart=Plot(variants, layout, (("Setting", settings), ("Metric", metrics))),
        query=query,
        alt=f"Dot chart: {label.lower()} of each algorithm, the best on top.",
        analysis_run_id=run,
    )
