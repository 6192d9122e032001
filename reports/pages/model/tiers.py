"""Who may be first: the ranks that every algorithm may have, as a picture and a table."""

from __future__ import annotations

from hpowh.reports.blocks import Block, Figure, Plot
from hpowh.reports.charts.forest import forest, height, rows_axis
from hpowh.reports.charts.plot import axis
from hpowh.reports.context import SiteContext
from hpowh.reports.pages.model.result_table import result_table
from hpowh.warehouse import queries

MOST_DRAWN = 60


def tier_blocks(site: SiteContext, run: int) -> list[Block]:
    """Return the confidence sets of ranks, drawn and as a table with the leaderboard's numbers."""
    query = site.query(queries.text("rankings/tiers"), run=run)
    rows = [
        {
            "algorithm": f"{row['algorithm']} (tier {row['tier']})",
            "middle": 0.5 * (row["rank_lower"] + row["rank_upper"]),
            "lower": row["rank_lower"],
            "upper": row["rank_upper"],
            "is_first": row["is_tied_with_best"],
        }
        for row in reversed(query.rows()[:MOST_DRAWN])
    ]
    tokens = ["@accent" if row["is_first"] else "@muted" for row in rows]
    traces = forest(rows, "algorithm", middle="middle", lower="lower", upper="upper", tokens=tokens, reference=1.0)
    return [
        Figure(
            id="ranking-tiers",
            title="Which ranks each algorithm may have",
            how_to_read="The line spans the ranks that are not ruled out at 95 %, for all algorithms together (the "
            "point is its middle, no estimate). Coloured: may be first. A tier is one below the lowest tier that is "
            "certainly better.",
            chart=Plot(
                variants={"": {"data": traces}},
                layout={"xaxis": axis("Rank (1 is best)"), "yaxis": rows_axis()},
                height=height(len(rows)),
            ),
            query=query,
            alt="Lines over ranks, one an algorithm: the ranks that it may have.",
            analysis_run_id=run,
        ),
        result_table(
            site,
            run,
            "ranking-tier-table",
            "Tiers as a table",
            queries.text("rankings/tiers"),
            "Ranks alone hold for one algorithm by itself. Win rate: share of benchmarks and opponents beaten; Elo has "
            "mean 1000; improvability: by how many percent of its loss the best undercuts it. Intervals: benchmarks "
            "drawn anew.",
        ),
    ]
