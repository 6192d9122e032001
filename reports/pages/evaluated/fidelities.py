"""What a cheaper fidelity tells: agreement with the full one, the film over fidelities, and configurations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.blocks import Block, Column, Figure, Plot, Table
from hpowh.reports.charts import evaluated as charts
from hpowh.reports.charts.film import panels
from hpowh.reports.charts.plot import axis
from hpowh.reports.context import SiteContext
from hpowh.reports.numbers import number
from hpowh.reports.pages.evaluated.shared import MOST_BENCHMARKS, MOST_POINTS, where
from hpowh.reports.query import Query
from hpowh.warehouse import queries

AGREEMENT = (
    ("spearman", "rank correlation (Spearman)"), ("best_overlap_10", "overlap of the best 10 %"),
    ("best_overlap_1", "overlap of the best 1 %"), ("worst_overlap_10", "overlap of the worst 10 %"),
    ("shake_up", "mean change of rank"), ("regret", "regret of picking there"),
    ("importance_agreement", "agreement of importances"),
)  # fmt: skip


def fidelity(site: SiteContext, run: int | None, query: Query, cheapest: Query) -> list[Block]:
    """Return how landscapes at lower fidelities agree with those at the full one; nothing where there is one."""
    rows = [row | {"data": row["benchmark"].rpartition("/")[2]} for row in query.rows()]
    if not rows:
        return []
    how = (
        "Each line is a data set: how the landscape at a fidelity agrees with the one at the highest fidelity. "
        "Correlations and overlaps: higher agrees more; change of rank and regret: lower."
    )
    figure = Figure(
        id="fidelity",
        title="Agreement with the full fidelity",
        how_to_read=how,
        chart=_agreement(rows),
        query=query,
        alt="Lines: agreement over the fidelity.",
        analysis_run_id=run,
    )
    columns = _columns(site)
    text = (
        "Equal losses share the mean of their ranks; several best ones count with their mean. Where training takes "
        "less than what surrounds it, a cheaper fidelity may cost as much."
    )
    table = Table(
        id="evaluated-fidelity",
        title="Fidelity against full fidelity",
        how_to_read=text,
        query=query,
        columns=columns,
        analysis_run_id=run,
        is_folded=True,
    )
    few = [column for column in columns if column.name in cheapest.frame.columns]
    least = Table(
        id="evaluated-cheapest",
        title="The cheapest fidelity whose best 10 % hold an optimum",
        how_to_read="One row a landscape; where only the full fidelity does, there is nothing to save.",
        query=cheapest,
        columns=few,
        analysis_run_id=run,
    )
    return [figure, least, table]


def _agreement(rows: Sequence[Mapping[str, Any]]) -> Plot:
    """Return lines over the fidelity, with a choice of the metric and of what agrees."""
    measured = list(dict.fromkeys((row["metric"], row["split"]) for row in rows))
    kept = [(name, label) for name, label in AGREEMENT if any(row[name] is not None for row in rows)]
    variants = {
        f"{i},{j}": {
            "data": charts.over_fidelities(
                [row for row in rows if (row["metric"], row["split"]) == measured[i]], kept[j][0], "data"
            ),
            "layout": {"yaxis": axis(kept[j][1].capitalize())},
        }
        for i in range(len(measured))
        for j in range(len(kept))
    }
    return Plot(
        variants,
        {"xaxis": axis("Fidelity"), "showlegend": True},
        (("Metric", tuple(f"{m}, {s}" for m, s in measured)), ("Shown", tuple(label for _, label in kept))),
        log_toggles=("x",),
    )


def _columns(site: SiteContext) -> list[Column]:
    return [
        where(site),
        Column(name="metric", label="Metric"),
        Column(name="split", label="Split"),
        Column(name="fidelity", label="Fidelity"),
        Column(name="spearman", label="Spearman", digits=3),
        Column(name="shake_up", label="Change of rank", digits=3, help="Mean, as a share of all ranks"),
        Column(name="best_overlap_10", label="Overlap of best 10 %", digits=3, help="Jaccard index of the gamma-sets"),
        Column(name="regret", label="Regret", digits=3, help="Of picking the best there"),
        Column(name="is_noise", label="Within noise", help="Whether the regret is below the noise floor"),
        Column(
            name="top_share",
            label="Optimum at",
            digits=3,
            help="Smallest share of the best there that holds an optimum of the full one",
        ),
        Column(name="has_optimum", label="In best 10 %"),
        Column(name="cost_share", label="Cost", digits=3, help="Share of the full training time"),
        Column(name="saved_share", label="Saved", digits=3, help="By evaluating all there and its best 10 % in full"),
    ]


def film(site: SiteContext, run: int | None) -> list[Block]:
    """Return each benchmark's landscape over its fidelities as small multiples."""
    query = site.query(queries.text("evaluated/film"), run=run)
    rows = [row | {"data": row["benchmark"].rpartition("/")[2]} for row in query.rows()]
    if not rows:
        return []
    measured = list(dict.fromkeys((row["metric"], row["split"]) for row in rows))
    variants, height = {}, 0
    for i, (metric, split) in enumerate(measured):
        mine = [row for row in rows if (row["metric"], row["split"]) == (metric, split)]
        traces, layout, needed = panels(mine, "data")
        height = max(height, needed)
        variants[str(i)] = {"data": traces, "layout": layout}
    return [
        Figure(
            id="film",
            title="The landscape over its fidelities",
            how_to_read="A panel a data set. Of the full fidelity's best tenth: the share that is among the best tenth "
            "at a fidelity, and the share that stays there from that fidelity on; dotted what chance would keep. The "
            "number above is how many moves the optimum at that fidelity is from the full one's.",
            chart=Plot(variants, {}, (("Metric", tuple(f"{m}, {s}" for m, s in measured)),), height=height),
            query=query,
            alt="Small panels: share of the best configurations that are found at each fidelity.",
            analysis_run_id=run,
        )
    ]


def fidelity_scatter(site: SiteContext, space: str, space_id: int, query: Query) -> list[Block]:
    """Return the scatter of the values at a lower fidelity against those at the full one."""
    ordered = sorted(query.rows(), key=lambda row: (row["spearman"] is None, row["spearman"]))
    if not ordered:
        return []
    everywhere = list(dict.fromkeys(row["benchmark"] for row in ordered))
    benchmarks = sorted(everywhere[:MOST_BENCHMARKS])
    shown = {(row["benchmark"], row["metric"], row["split"], row["fidelity"]) for row in ordered}
    points = max(60, MOST_POINTS // len([one for one in shown if one[0] in benchmarks]))
    dots = site.query(queries.text("evaluated/fidelity_scatter"), space=space_id, benchmarks=benchmarks, points=points)
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in dots.rows():
        of = (row["benchmark"], row["metric"], row["split"], row["lower_fidelity"])
        groups.setdefault(of, []).append(row)
    variants = {
        str(i): {
            "data": charts.lower_against_full(rows),
            "layout": {
                "xaxis": axis(f"{metric}, {split}, at fidelity {number(fidelity)}"),
                "yaxis": axis(f"{metric}, {split}, at the full fidelity"),
            },
        }
        for i, ((_, metric, split, fidelity), rows) in enumerate(groups.items())
    }
    options = tuple(
        f"{benchmark.removeprefix(space + '/')}, {metric}, {split}, {number(fidelity)}"
        for benchmark, metric, split, fidelity in groups
    )
    notes = [f"At most {points:,} configurations each, chosen by a hash of their numbers."]
    if len(everywhere) > len(benchmarks):
        notes.append(f"The {len(benchmarks)} of {len(everywhere)} data sets whose rankings agree least.")
    return [
        Figure(
            id="fidelity-scatter",
            title="A lower fidelity against the full one, configuration by configuration",
            how_to_read="Each dot is a configuration. Where the dots rise along a line, the lower fidelity orders them "
            "as the full one does; its level may differ from the dotted line, on which the two values are equal.",
            chart=Plot(variants, {}, (("Landscape", options),), height=480),
            query=dots,
            alt="Scatter: value at a lower fidelity against value at the full fidelity, a dot a configuration.",
            notes=notes,
        )
    ]
