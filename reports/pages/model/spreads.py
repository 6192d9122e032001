"""Which variances a model takes as equal, and those that it does not, drawn."""

from __future__ import annotations

from hpowh.reports.blocks import Block, Figure, Plot
from hpowh.reports.charts.intervals import intervals
from hpowh.reports.charts.plot import axis
from hpowh.reports.context import SiteContext
from hpowh.reports.pages.model.result_table import result_table
from hpowh.warehouse import queries

MOST_DRAWN = 60


def spread_blocks(site: SiteContext, run: int) -> list[Block]:
    """Return the picture of variances of one kind that differ, and the tests; nothing where none was made."""
    if not site.query(queries.text("mixed_models/variance_tests"), run=run).frame.height:
        return []
    tests = result_table(
        site,
        run,
        "lmem-variance-tests",
        "Are the variances equal?",
        queries.text("mixed_models/variance_tests"),
        "Residual spread by benchmark (log variances within cells) and each algorithm's own variance over benchmarks "
        "(likelihood ratio). Where a test is used, the model gives each its own variance.",
    )
    query = site.query(queries.text("mixed_models/spreads"), run=run)
    rows = query.rows()
    if not rows:
        return [tests]
    kinds = list(dict.fromkeys((row["model"], row["kind"]) for row in rows))
    groups = [[row for row in rows if (row["model"], row["kind"]) == kind] for kind in kinds]
    figure = Figure(
        id="lmem-spreads",
        title="Variances that differ",
        how_to_read="A point is a standard deviation that the model estimates by itself, the line its 95 % interval: "
        "how far the rows of a benchmark scatter, or how far an algorithm's results vary between benchmarks.",
        chart=Plot(
            variants={
                str(i): {"data": intervals(group[:MOST_DRAWN], "term", lambda _: "@accent", middle="sd")}
                for i, group in enumerate(groups)
            },
            layout={"xaxis": axis("", type="category"), "yaxis": axis("Standard deviation", rangemode="tozero")},
            selectors=(("Variances", [f"{model}: {kind}" for model, kind in kinds]),),
            log_toggles=("y",),
        ),
        query=query,
        alt="Points with intervals: the standard deviation of each level.",
        analysis_run_id=run,
        notes=[f"{MOST_DRAWN} of {len(group)} are drawn, the largest." for group in groups if len(group) > MOST_DRAWN],
    )
    return [tests, figure]
