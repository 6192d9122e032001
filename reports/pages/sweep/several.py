"""What a sweep's page says of all its metrics together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.blocks import Block, Column, Figure, Table
from hpowh.reports.charts import sweep as charts
from hpowh.reports.context import SiteContext
from hpowh.reports.pages.sweep.exports import for_front
from hpowh.warehouse import queries

POINTS = 700
"""Points of the trade-off beside those on the front."""

Row = Mapping[str, Any]


def front(site: SiteContext, run: int, summaries: Sequence[Row]) -> list[Block]:
    """Return what several metrics say together: their trade-off, and what matters for each."""
    if len(summaries) < 2:
        return []
    one, other = summaries[:2]
    query = site.query(
        queries.text("sweep/front"), run=run, first=one["metric_id"], second=other["metric_id"], most=float(POINTS)
    )
    rows = query.rows()
    blocks: list[Block] = []
    if rows:
        label = [site.metric(s["metric"], s["direction"]) for s in (one, other)]
        more = "" if len(summaries) == 2 else f" The front is that of all {len(summaries)} metrics."
        total = rows[0]["total"]
        notes = (f"The front and every k-th other of {total:,} trials.",) if total > len(rows) else ()
        kinds = ["knee" if r["is_knee"] else "front" if r["front"] == 1 else "trials" for r in rows]
        blocks.append(
            Figure(
                id="sweep-front",
                title="Trade-off of the metrics",
                how_to_read="Each dot is a configuration with all metrics (means over its repeats, named by its first "
                "trial); those on the front are beaten by no other in "
                "every metric. The knee, where there is one, is where the front bends most: beyond it a gain in one "
                "metric costs much of another." + more,
                chart=charts.scatter(rows, "trial", ("first", label[0]), ("second", label[1]), kinds=kinds),
                query=query,
                alt="Scatter of two metrics with the Pareto front marked.",
                analysis_run_id=run,
                notes=notes,
            )
        )
    per_metric = site.query(queries.text("sweep/per_metric"), run=run)
    if per_metric.frame["metric"].n_unique() > 1:
        blocks.append(
            Figure(
                id="sweep-per-metric",
                title="What mattered for each metric",
                how_to_read="How much worse each metric's own model predicts when a hyperparameter is shuffled "
                "(lines: standard "
                "deviation). A bar in one colour only is a hyperparameter that can be set for that metric alone.",
                chart=charts.per_metric(per_metric.rows()),
                query=per_metric,
                alt="Bars: the importance of each hyperparameter for each metric.",
                analysis_run_id=run,
                notes=("The 20 most important.",) if per_metric.frame["hyperparameter"].n_unique() > 20 else (),
            )
        )
    return [*blocks, *_grown(site, run), _together(site, run), *_next(site, run, summaries)]


def _grown(site: SiteContext, run: int) -> list[Block]:
    """Return how much the front dominated after each trial."""
    query = site.query(queries.text("sweep/hypervolume"), run=run)
    rows = query.rows()
    if not rows:
        return []
    return [
        Figure(
            id="sweep-hypervolume",
            title="How the front grew",
            how_to_read="The share of a box that the configurations tried so far dominate (hypervolume). The box goes "
            "from the best of each metric to a tenth of the front's width beyond its worst; 1 would be a trial that is "
            "best in everything. A line that has been flat for long says that more of the same search brings little.",
            chart=charts.hypervolume(rows),
            query=query,
            alt="A line that climbs by steps: the dominated share by trial.",
            analysis_run_id=run,
        )
    ]


def _next(site: SiteContext, run: int, summaries: Sequence[Row]) -> list[Block]:
    """Return what to try for the front of all metrics, and the same as tools take it."""
    query = site.query(queries.text("sweep/front_suggestions"), run=run)
    if not query.frame.height:
        return []
    names = " and ".join(one["metric"] for one in summaries)
    table = Table(
        id="sweep-front-next",
        title="What to try next for the front",
        how_to_read=f"Configurations that promise to move the front of {names}: each direction of trading them is "
        "searched like one metric, by a Gaussian process and expected improvement. Predictions are means, with the "
        "standard deviation of one trial.",
        query=query,
        columns=[
            Column(name="suggestion", label="No."),
            Column(name="configuration", label="Configuration"),
            Column(name="predictions", label="Predicted"),
            Column(name="success", label="Finishes", digits=2, help="Probability; empty where no trial failed"),
        ],
        analysis_run_id=run,
    )
    return [table, *for_front(site, run, summaries[0]["sweep_id"])]


def _together(site: SiteContext, run: int) -> Table:
    """Return, for every two metrics, whether they can be had together."""
    columns = [
        Column(name="metric_a", label="Metric"),
        Column(name="metric_b", label="and"),
        Column(
            name="spearman",
            label="Rank correlation of the losses",
            digits=3,
            help="Below 0: what is good for one is bad for the other",
        ),
        Column(name="lower", label="from", digits=2, help="95 % interval"),
        Column(name="upper", label="to", digits=2, help="95 % interval"),
        Column(name="front_count", label="Trials that none beats in both"),
        Column(name="trial_count", label="Trials with both"),
        Column(name="reason", label="Why not"),
    ]
    how = "Whether two metrics can be had together: 1 is complete agreement, -1 that each gain in one costs the other."
    return Table(
        id="sweep-tradeoff",
        title="Can they be had together?",
        how_to_read=how,
        query=site.query(queries.text("sweep/tradeoff"), run=run),
        columns=columns,
        analysis_run_id=run,
    )
