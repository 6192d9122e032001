"""What carries over to other data sets: best configurations, a common default, importances."""

from __future__ import annotations

from hpowh.reports.blocks import Block, Column, Figure, Plot, Table
from hpowh.reports.charts import landscape as matrices
from hpowh.reports.charts.plot import axis
from hpowh.reports.context import SiteContext
from hpowh.reports.pages.evaluated.shared import where
from hpowh.reports.query import Query
from hpowh.warehouse import queries

MEASURES = (
    ("regret_relative", "regret on the column, of the way to its median"), ("regret", "regret on the column"),
    ("spearman", "rank correlation (Spearman)"), ("best_overlap_10", "overlap of the best 10 %"),
    ("importance_agreement", "agreement of importances"),
)  # fmt: skip


def across_data(site: SiteContext, space: str, run: int | None, defaults: Query) -> list[Block]:
    """Return what carries over from one data set to another: best configurations, a default, importances."""
    return [*_transfer(site, space), *_defaults(site, run, defaults), *_importances(site, space)]


def _transfer(site: SiteContext, space: str) -> list[Block]:
    transfer = site.query(queries.text("evaluated/transfer"), space=space)
    rows = transfer.rows()
    if not rows:
        return []
    contexts = list(dict.fromkeys(row["context"] for row in rows))
    kept = [
        (name, label) for name, label in MEASURES if any(r["measure"] == name and r["value"] is not None for r in rows)
    ]
    variants = {
        f"{i},{j}": {
            "data": matrices.matrix(
                [r for r in rows if r["context"] == context and r["measure"] == name],
                "to_data",
                "from_data",
                "value",
            )
        }
        for i, context in enumerate(contexts)
        for j, (name, _) in enumerate(kept)
    }
    chart = Plot(
        variants,
        {
            "yaxis": axis("Best of …", type="category", autorange="reversed"),
            "xaxis": axis("… used on", type="category"),
        },
        (("Metric", tuple(contexts)), ("Shown", tuple(label for _, label in kept))),
    )
    how = (
        "What the best configuration of the row's data set costs on the column's (0 nothing, 1 as bad as the "
        "column's median), or how alike the two are."
    )
    alt = "Heat map: transfer from one data set to another."
    return [
        Figure(
            id="transfer",
            title="From one data set to another",
            how_to_read=how,
            chart=chart,
            query=transfer,
            alt=alt,
        )
    ]


def _defaults(site: SiteContext, run: int | None, defaults: Query) -> list[Block]:
    if not defaults.frame.height:
        return []
    columns = [
        where(site),
        Column(name="metric", label="Metric"),
        Column(name="split", label="Split"),
        Column(name="configuration_id", label="Default"),
        Column(name="regret", label="Regret", digits=3),
        Column(name="better_share", label="Share that is better", digits=3),
        Column(name="is_noise", label="Within noise"),
        Column(name="held_out_configuration_id", label="Default of the others"),
        Column(name="held_out_regret", label="Its regret", digits=3),
        Column(name="held_out_better_share", label="Share that is better than it", digits=3),
        Column(name="is_held_out_noise", label="Within noise of best"),
        Column(name="noise_floor", label="Noise floor", digits=3),
    ]
    how = (
        "The configuration with the best mean rank over all data sets, and what it costs on each; then the one "
        "chosen without that data set, which is what a default costs on data that are new. Lower regret is better."
    )
    return [
        Table(
            id="defaults",
            title="Best common default",
            how_to_read=how,
            query=defaults,
            columns=columns,
            analysis_run_id=run,
        )
    ]


def _importances(site: SiteContext, space: str) -> list[Block]:
    query = site.query(queries.text("evaluated/importances"), space=space)
    rows = query.rows()
    if not rows:
        return []
    measured = list(dict.fromkeys(row["measured"] for row in rows))
    kinds = (("main_share", "alone"), ("total_share", "with interactions"))
    chart = Plot(
        {
            f"{i},{j}": {
                "data": matrices.matrix([r for r in rows if r["measured"] == name], "hyperparameter", "data", column)
            }
            for i, name in enumerate(measured)
            for j, (column, _) in enumerate(kinds)
        },
        {"yaxis": {"autorange": "reversed"}},
        (("Metric", tuple(measured)), ("Share", tuple(label for _, label in kinds))),
    )
    how = (
        "Share of the variance of ranks that each hyperparameter explains on each data set: shared columns carry over."
    )
    alt = "Heat map: importance by hyperparameter and data set."
    return [Figure(id="importances", title="Shared importances", how_to_read=how, chart=chart, query=query, alt=alt)]
