"""Who leads whom over the whole budget axis: the differences with their common band, and the answers in a table."""

from __future__ import annotations

from hpowh.reports.blocks import Block, Figure, Plot
from hpowh.reports.charts.plot import axis, band, line, spans_orders
from hpowh.reports.context import SiteContext
from hpowh.reports.pages.model.result_table import result_table
from hpowh.warehouse import queries

MOST_PAIRS = 15
"""So many pairs are drawn, those that are told apart most clearly; the table has all."""


def anytime_blocks(site: SiteContext, run: int) -> list[Block]:
    """Return the differences over the budget, one pair a variant, and the table of who leads from when."""
    query = site.query(queries.text("mixed_models/anytime"), run=run)
    rows = [row for row in query.rows() if row["estimate"] is not None]
    smallest: dict[str, float] = {}
    for row in rows:
        p = 1.0 if row["p_adjusted"] is None else row["p_adjusted"]
        smallest[row["pair"]] = min(p, smallest.get(row["pair"], 1.0))
    pairs = sorted(smallest, key=lambda pair: (smallest[pair], pair))[:MOST_PAIRS]
    variants = {}
    for k, pair in enumerate(pairs):
        mine = [row for row in rows if row["pair"] == pair]
        budgets = [row["budget"] for row in mine]
        traces = band(pair, budgets, [r["lower"] for r in mine], [r["upper"] for r in mine], token="@accent")
        traces.append(line(pair, budgets, [r["estimate"] for r in mine], token="@accent"))
        traces.append(line("no difference", [budgets[0], budgets[-1]], [0.0, 0.0], token="@muted", dash="dot"))
        variants[str(k)] = {"data": traces}
    blocks: list[Block] = []
    if pairs:
        is_log = spans_orders([row["budget"] for row in rows])
        blocks.append(
            Figure(
                id="lmem-anytime",
                title="Differences over the budget",
                how_to_read="The mean difference over benchmarks at each budget, with a 95 % band that holds for all "
                "pairs and all budgets at once: where it excludes zero, one of the two is ahead there.",
                chart=Plot(
                    variants,
                    {"xaxis": axis("Budget", is_log=is_log), "yaxis": axis("First - second")},
                    (("Pair", pairs),),
                ),
                query=query,
                alt="A line with a band over the budget: the difference of two algorithms.",
                notes=[f"The {MOST_PAIRS} clearest of {len(smallest)} pairs."] if len(smallest) > MOST_PAIRS else (),
                analysis_run_id=run,
            )
        )
    return [
        *blocks,
        result_table(
            site,
            run,
            "lmem-anytime-pairs",
            "Who leads from which budget on",
            queries.text("mixed_models/anytime_pairs"),
            "Corrected for all pairs and all budgets: p any is the smallest corrected p of a pair. Leader: who is "
            "ahead at the last budget, and from which budget on without a gap.",
        ),
    ]
