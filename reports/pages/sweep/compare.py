"""All sweeps on one page: what each says, and those with a metric in common side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.blocks import Block, Column, Figure, Table
from hpowh.reports.charts import sweep_comparison as charts
from hpowh.reports.context import SiteContext
from hpowh.warehouse import queries

MOST = 12
"""So many sweeps with the same metric are set side by side, the largest."""
NAMES = 30


def all_sweeps(site: SiteContext) -> Sequence[Block]:
    """Return the table of analysed sweeps, the comparison of those alike, and the sweeps that are runs."""

    def link(row: Mapping[str, Any]) -> str | None:
        return site.href(("sweep", row["sweep"]))

    columns = [
        Column(name="sweep", label="Sweep", link=link),
        Column(name="metric", label="Metric"),
        Column(name="direction", label="Direction"),
        Column(name="trial_count", label="Trials"),
        Column(name="used_count", label="With a value"),
        Column(name="best_value", label="Best"),
        Column(name="most_important", label="Mattered most"),
        Column(name="r_squared", label="R2 of unseen trials", digits=2),
        Column(name="verdict", label="Verdict"),
        Column(name="reason", label="Why not"),
    ]
    runs = [
        Column(name="experiment", label="Experiment", link=lambda row: site.href(("experiment", row["experiment"]))),
        Column(name="algorithm", label="Algorithm"),
        Column(name="sweep_count", label="Sweeps"),
        Column(name="trial_count", label="Trials"),
        Column(name="failed_count", label="Failed"),
        Column(name="pruned_count", label="Pruned"),
    ]
    how = "One row per sweep and metric. A hyperparameter is named only where the model that says so can be believed."
    none = "No sweep has been analysed yet: hpowh analyse sweeps"
    blocks: list[Block] = [
        Table(
            id="sweeps",
            title="Analysed sweeps",
            how_to_read=how,
            query=site.query(queries.text("sweep/overview")),
            columns=columns,
            empty=none,
        )
    ]
    blocks += _compared(site)
    of_runs = site.query(queries.text("sweep/of_runs"))
    if of_runs.frame.height:
        how = (
            "Sweeps that are runs of an experiment are compared on the experiment's page; they have no page here "
            "unless one is analysed by its name: hpowh analyse sweeps --sweep NAME"
        )
        blocks.append(
            Table(id="sweeps-runs", title="Sweeps that are runs", how_to_read=how, query=of_runs, columns=runs)
        )
    return blocks


def _compared(site: SiteContext) -> list[Block]:
    courses = site.query(queries.text("sweep/compared_courses"), most=MOST)
    if not courses.frame.height:
        return []
    total = site.rows(queries.text("sweep/most_alike"))[0][0]
    notes = (f"The {MOST} largest of up to {total:,} sweeps with the same metric.",) if total > MOST else ()
    blocks: list[Block] = [
        Figure(
            id="sweeps-courses",
            title="Best value so far",
            how_to_read="Sweeps that have a metric in common, by trials with a value: which got where, and how soon.",
            chart=charts.courses(courses.rows()),
            query=courses,
            alt="Steps: the best value so far of each sweep.",
            notes=notes,
        )
    ]
    shared = site.query(queries.text("sweep/compared_importances"), most=MOST)
    if shared.frame.height:
        blocks.append(
            Figure(
                id="sweeps-importances",
                title="Importances side by side",
                how_to_read="Hyperparameters that several sweeps have, coloured by permutation importance (fall of "
                "R2). Rows of "
                "one colour mean that the sweeps agree. An importance is about the space that a sweep tried: a "
                "narrower range makes a smaller one. The data table has each model's R2 and verdict.",
                chart=charts.importances(shared.rows(), NAMES),
                query=shared,
                alt="Map: importance of each hyperparameter in each sweep.",
                notes=notes,
            )
        )
    ranges = site.query(queries.text("sweep/compared_ranges"), most=MOST)
    if ranges.frame.height:
        blocks.append(
            Figure(
                id="sweeps-ranges",
                title="Where the best trials lie",
                how_to_read="For a number, the range that holds the middle 80 % of each sweep's best trials over "
                "the range that it "
                "tried; for a category, how often the best have each level. Ranges that do not overlap mean that the "
                "sweeps found different optima, or never tried the other's.",
                chart=charts.ranges(ranges.rows()),
                query=ranges,
                alt="Lines: for each sweep, the range tried and the range of its best trials.",
                notes=notes,
            )
        )
    return blocks
