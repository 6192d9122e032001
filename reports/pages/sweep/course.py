"""What a sweep's page shows of its course: history, intermediate curves, budgets, and the trade-off of metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hpowh.reports.blocks import Block, Column, Figure, Table
from hpowh.reports.charts import sweep as charts
from hpowh.reports.context import SiteContext
from hpowh.warehouse import queries

POINTS = 700
"""Points of a figure beside those that must be there."""
BEST_CURVES, OTHER_CURVES, CURVE_POINTS = 10, 40, 60

Row = Mapping[str, Any]


def course(site: SiteContext, run: int, sweep_id: int, summary: Row, suffix: str) -> list[Block]:
    """Return the optimisation history, intermediate curves, stopping early, duration and budget against value."""
    label = site.metric(summary["metric"], summary["direction"])
    sign = 1 if summary["direction"] == "min" else -1
    about = {"sweep": sweep_id, "metric": summary["metric_id"]}
    query = site.query(queries.text("sweep/history"), **about, sign=sign, most=float(POINTS))
    rows = query.rows()
    if not rows:
        return []
    total = rows[0]["total"]
    notes = (
        (f"{len(rows):,} of {total:,} trials: those that improved on all before, and every k-th other one.",)
        if total > len(rows)
        else ()
    )
    blocks: list[Block] = [
        Figure(
            id=f"sweep-history{suffix}",
            title="Course of the sweep",
            how_to_read=(
                "Each dot is a trial, in the order in which they started"
                if rows[0]["is_timed"]
                else "Each dot is a trial, in the order of their numbers (not all say when they started)"
            )
            + "; the step is the best value of a single trial so far.",
            chart=charts.history(rows, label),
            query=query,
            alt="Values of the trials by number, with the best so far.",
            notes=notes,
        ),
        *_intermediate(site, run, about, sign, label, suffix),
    ]
    timed = [row for row in rows if row["duration"] is not None]
    if timed:
        blocks.append(
            Figure(
                id=f"sweep-duration{suffix}",
                title="Duration against value",
                how_to_read="Each dot is a trial: does a longer one end better? The table below has the rank "
                "correlation.",
                chart=charts.scatter(timed, "number", ("duration", "Duration (s)"), ("value", label)),
                query=query,
                alt="Scatter of duration and value.",
                notes=notes,
            )
        )
    return [*blocks, *_budgets(site, run, summary, suffix)]


def _intermediate(
    site: SiteContext, run: int, about: dict[str, int], sign: int, label: str, suffix: str
) -> list[Block]:
    spread = site.query(queries.text("sweep/curve_band"), **about).rows()
    query = site.query(
        queries.text("sweep/curves"),
        **about,
        sign=sign,
        best=BEST_CURVES,
        others=float(OTHER_CURVES),
        points=float(CURVE_POINTS),
    )
    rows = query.rows()
    if not rows:
        return []
    total, drawn = rows[0]["total"], len({row["number"] for row in rows})
    note = (
        f"{drawn:,} of {total:,} trials with intermediate values: the {BEST_CURVES} that ended best, and every k-th "
        f"other one in the order of their final values; at most about {CURVE_POINTS} points each."
    )
    blocks: list[Block] = [
        Figure(
            id=f"sweep-curves{suffix}",
            title="Intermediate values",
            how_to_read="Each line is a trial; the band holds the middle 80 % of all trials that reached a step. "
            "Where the best "
            "trials leave the band early, the others could have been stopped.",
            chart=charts.curves(rows, spread, label),
            query=query,
            alt="Lines: the metric of single trials by step, the best ones in colour, over the band of all.",
            notes=(note,),
        )
    ]
    blocks += _rungs(site, run, about["metric"], suffix)
    found = site.query(queries.text("sweep/steps"), run=run, metric=about["metric"])
    if found.frame.height:
        blocks.append(
            Figure(
                id=f"sweep-steps{suffix}",
                title="Stopping early",
                how_to_read="How well values at a step foretell the final ones (rank correlation with its 95 % "
                "interval), and the "
                "share of the best tenth that is in the better half at that step: what stopping the worse half there "
                "would have kept.",
                chart=charts.steps(found.rows()),
                query=found,
                alt="Lines by step: rank correlation with the final value, and share of the best tenth kept.",
                analysis_run_id=run,
            )
        )
    return blocks


def _rungs(site: SiteContext, run: int, metric: int, suffix: str) -> list[Block]:
    """Return what mattered at each step of the evaluations."""
    query = site.query(queries.text("sweep/rungs"), run=run, metric=metric)
    rows = query.rows()
    if not rows:
        return []
    counts = {row["step"]: row["configuration_count"] for row in rows}
    first, last = min(counts), max(counts)
    return [
        Figure(
            id=f"sweep-rungs{suffix}",
            title="What mattered at each step",
            how_to_read="The share of the variance that a hyperparameter explains alone at a step, among the "
            "configurations that reached it: every evaluation counts, also of what was stopped. Later steps hold only "
            "what a scheduler kept, so that what it chose by matters less there.",
            chart=charts.rungs(rows),
            query=query,
            alt="Lines by step: the share of the variance that each hyperparameter explains.",
            analysis_run_id=run,
            notes=(f"{counts[first]:,} configurations at step {first:,}, {counts[last]:,} at step {last:,}.",),
        )
    ]


def _budgets(site: SiteContext, run: int, summary: Row, suffix: str) -> list[Block]:
    query = site.query(queries.text("sweep/budgets"), run=run, metric=summary["metric_id"])
    if not query.frame.height:
        return []
    columns = [
        Column(name="kind", label="Budget", help="steps: the last step with a value; duration: seconds"),
        Column(name="trial_count", label="Trials"),
        Column(name="spearman", label="Rank correlation with the value", digits=3),
        Column(name="lower", label="from", digits=2, help="95 % interval"),
        Column(name="upper", label="to", digits=2, help="95 % interval"),
        Column(name="p", label="p", digits=2),
        Column(name="least", label="Least", digits=4),
        Column(name="most", label="Most", digits=4),
        Column(name="reason", label="Why not"),
    ]
    sense = "below 0" if summary["direction"] == "min" else "above 0"
    how = (
        f"Do trials that were given more end better? Then the correlation is {sense}. Tuners give more to trials that "
        "look good, and slow settings may be good ones: this is no proof that more budget helps."
    )
    return [
        Table(
            id=f"sweep-budget{suffix}",
            title="Effect of the budget",
            how_to_read=how,
            query=query,
            columns=columns,
            analysis_run_id=run,
        )
    ]
