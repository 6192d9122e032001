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
        Column("sweep", "Sweep", link=link),
        Column("metric", "Metric"),
        Column("direction", "Direction"),
        Column("trial_count", "Trials"),
        Column("used_count", "With a value"),
        Column("best_value", "Best"),
        Column("most_important", "Mattered most"),
        Column("r_squared", "R2 of unseen trials", 2),
        Column("verdict", "Verdict"),
        Column("reason", "Why not"),
    ]
    runs = [
        Column("experiment", "Experiment", link=lambda row: site.href(("experiment", row["experiment"]))),
        Column("algorithm", "Algorithm"),
        Column("sweep_count", "Sweeps"),
        Column("trial_count", "Trials"),
        Column("failed_count", "Failed"),
        Column("pruned_count", "Pruned"),
    ]
    how = "One row per sweep and metric. A hyperparameter is named only where the model that says so can be believed."
    none = "No sweep has been analysed yet: hpowh analyse sweeps"
    blocks: list[Block] = [
        Table("sweeps", "Analysed sweeps", how, site.query(queries.text("sweep/overview")), columns, empty=none)
    ]
    blocks += _compared(site)
    of_runs = site.query(queries.text("sweep/of_runs"))
    if of_runs.frame.height:
        how = (
            "Sweeps that are runs of an experiment are compared on the experiment's page; they have no page here "
            "unless one is analysed by its name: hpowh analyse sweeps --sweep NAME"
        )
        blocks.append(Table("sweeps-runs", "Sweeps that are runs", how, of_runs, runs))
    return blocks


def _compared(site: SiteContext) -> list[Block]:
    courses = site.query(queries.text("sweep/compared_courses"), most=MOST)
    if not courses.frame.height:
        return []
    total = site.rows(queries.text("sweep/most_alike"))[0][0]
    notes = (f"The {MOST} largest of up to {total:,} sweeps with the same metric.",) if total > MOST else ()
    blocks: list[Block] = [
        Figure(
            "sweeps-courses",
            "Best value so far",
            "Sweeps that have a metric in common, by trials with a value: which got where, and how soon.",
            charts.courses(courses.rows()),
            courses,
            alt="Steps: the best value so far of each sweep.",
            notes=notes,
        )
    ]
    shared = site.query(queries.text("sweep/compared_importances"), most=MOST)
    if shared.frame.height:
        blocks.append(
            Figure(
                "sweeps-importances",
                "Importances side by side",
                "Hyperparameters that several sweeps have, coloured by permutation importance (fall of R2). Rows of "
                "one colour mean that the sweeps agree. An importance is about the space that a sweep tried: a "
                "narrower range makes a smaller one. The data table has each model's R2 and verdict.",
                charts.importances(shared.rows(), NAMES),
                shared,
                alt="Map: importance of each hyperparameter in each sweep.",
                notes=notes,
            )
        )
    ranges = site.query(queries.text("sweep/compared_ranges"), most=MOST)
    if ranges.frame.height:
        blocks.append(
            Figure(
                "sweeps-ranges",
                "Where the best trials lie",
                "For a number, the range that holds the middle 80 % of each sweep's best trials over the range that it "
                "tried; for a category, how often the best have each level. Ranges that do not overlap mean that the "
                "sweeps found different optima, or never tried the other's.",
                charts.ranges(ranges.rows()),
                ranges,
                alt="Lines: for each sweep, the range tried and the range of its best trials.",
                notes=notes,
            )
        )
    return blocks
