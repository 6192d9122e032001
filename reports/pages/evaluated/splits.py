"""Where train and test loss part, and what explains it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.blocks import Block, Column, Figure, Plot, Table
from hpowh.reports.charts import evaluated as charts
from hpowh.reports.charts import landscape as matrices
from hpowh.reports.charts.plot import axis
from hpowh.reports.context import SiteContext
from hpowh.reports.pages.evaluated.shared import MOST_BENCHMARKS, MOST_POINTS, where
from hpowh.reports.query import Query
from hpowh.warehouse import queries


def splits(
    site: SiteContext, space: str, space_id: int, query: Query, axes: Sequence[Mapping[str, Any]]
) -> list[Block]:
    """Return train against test loss, and what explains where they part."""
    if not query.frame.height:
        return []
    how = (
        "At the highest fidelity: how well the ranking by train loss agrees with that by test loss, how many per cent "
        "of the configurations are among the best tenth of both (10 is all), the median of test minus train loss, and "
        "the test loss given away by trusting the train loss. Losses are minimised: a metric that is better when "
        "higher counts negated."
    )
    columns = [
        where(site),
        Column(name="metric", label="Metric"),
        Column(name="spearman", label="Spearman", digits=3),
        Column(name="shake_up", label="Change of rank", digits=3),
        Column(name="shared_top", label="In both best tenths, %", digits=3),
        Column(name="gap", label="Median gap", digits=3, help="Test minus train loss"),
        Column(name="regret", label="Regret", digits=3),
        Column(name="noise_floor", label="Noise floor", digits=3),
        Column(name="is_noise", label="Within noise"),
        Column(name="configuration_count", label="Configurations"),
    ]
    return [
        _scatter(site, space, space_id, query, axes),
        Table(id="evaluated-split", title="Train against test", how_to_read=how, query=query, columns=columns),
        *_gaps(site, space),
    ]


def _scatter(site: SiteContext, space: str, space_id: int, query: Query, axes: Sequence[Mapping[str, Any]]) -> Figure:
    """Return the scatter of train against test values, with a choice of what colours it."""
    ordered = sorted(query.rows(), key=lambda row: (row["spearman"] is None, row["spearman"]))
    benchmarks = sorted(list(dict.fromkeys(row["benchmark"] for row in ordered))[:MOST_BENCHMARKS])
    everywhere = len({row["benchmark"] for row in ordered})
    metrics = len({row["metric"] for row in ordered})
    points = max(60, MOST_POINTS // (len(benchmarks) * metrics * max(1, len(axes))))
    dots = site.query(queries.text("evaluated/scatter"), space=space_id, benchmarks=benchmarks, points=points)
    rows = dots.rows()
    measured = list(dict.fromkeys((row["benchmark"], row["metric"]) for row in rows))
    variants = {
        f"{i},{j}": {
            "data": charts.train_against_test(
                [row for row in rows if (row["benchmark"], row["metric"]) == one_of], one["name"], one["stride"],
                one["labels"],
            ),
            "layout": {"xaxis": axis(f"Train {one_of[1]}"), "yaxis": axis(f"Test {one_of[1]}")},
        }
        for i, one_of in enumerate(measured)
        for j, one in enumerate(axes)
    }  # fmt: skip
    options = tuple(f"{benchmark.removeprefix(space + '/')}, {metric}" for benchmark, metric in measured)
    chart = Plot(variants, {}, (("Landscape", options), ("Colour", tuple(one["name"] for one in axes))), height=480)
    how = (
        "Each dot is a configuration; on the dotted line test and train agree. A colour that separates the dots off "
        "the line is a hyperparameter that explains overfitting."
    )
    notes = [f"At most {points:,} configurations each, chosen by a hash of their numbers."]
    if everywhere > len(benchmarks):
        notes.append(f"The {len(benchmarks)} of {everywhere} data sets whose rankings part most.")
    alt = "Scatter: train against test value of every configuration, coloured by a hyperparameter."
    return Figure(
        id="scatter",
        title="Train against test, coloured by a hyperparameter",
        how_to_read=how,
        chart=chart,
        query=dots,
        alt=alt,
        notes=notes,
    )


def _gaps(site: SiteContext, space: str) -> list[Block]:
    query = site.query(queries.text("evaluated/gaps"), space=space)
    rows = query.rows()
    kinds = (
        ("main_share", "alone (exact functional ANOVA)"), ("total_share", "with interactions (exact)"),
        ("tree_importance", "impurity in a random forest"),
    )  # fmt: skip
    kept = [(name, label) for name, label in kinds if any(row[name] is not None for row in rows)]
    regions = site.query(queries.text("evaluated/regions"), space=space)
    blocks: list[Block] = []
    if kept:
        chart = Plot(
            {
                str(i): {
                    "data": matrices.matrix(
                        [r for r in rows if r[name] is not None], "hyperparameter", "landscape", name
                    )
                }
                for i, (name, _) in enumerate(kept)
            },
            {"yaxis": {"autorange": "reversed"}},
            (("Share", tuple(label for _, label in kept)),),
        )
        how = (
            "Which share of the variance of test minus train loss each hyperparameter explains, landscape by landscape."
        )
        alt = "Heat map: what explains the gap, by hyperparameter and landscape."
        blocks.append(
            Figure(
                id="gap",
                title="What explains the gap between train and test loss",
                how_to_read=how,
                chart=chart,
                query=query,
                alt=alt,
            )
        )
    if regions.frame.height:
        blocks.append(
            Table(
                id="regions",
                title="Where the rankings part",
                how_to_read="The leaf of a small tree in which the ranks by train loss and by test loss differ most.",
                query=regions,
                columns=[Column(name="landscape", label="Landscape"), Column(name="sentence", label="Where")],
            )
        )
    return blocks
