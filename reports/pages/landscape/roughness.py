"""Figures of how rough and how flat a landscape is: neutrality, autocorrelation, its seeds."""

from __future__ import annotations

from hpowh.reports.blocks import Block, Figure, Plot, Prose
from hpowh.reports.charts import landscape as charts
from hpowh.reports.charts.plot import axis
from hpowh.reports.context import SiteContext
from hpowh.reports.numbers import brief, number
from hpowh.warehouse import queries


def neutrality(site: SiteContext, run: int, epsilon: float, rule: str) -> list[Block]:
    """Return the share of neutral pairs over the threshold, and by rank."""
    query = site.query(queries.text("landscape/neutrality"), run=run)
    if not query.frame.height:
        return [Prose("Neutrality", ["No two evaluated configurations are neighbours."], id="neutrality")]
    rows = [row for row in query.rows() if row["epsilon"] > 0]
    chart = Plot(
        {"": {"data": [charts.curve("neutrality", rows, "epsilon", "neutrality")]}},
        {
            "xaxis": axis("Threshold on the difference", is_log=True, dtick=1),
            "yaxis": axis("Share of neutral pairs", tickformat=".3~%", rangemode="tozero"),
            "shapes": [
                {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": epsilon, "x1": epsilon,
                 "line": {"color": "@1", "dash": "dot", "width": 1.5}}
            ] if epsilon > 0 else [],
        },
        log_toggles=("x",),
        height=320,
    )  # fmt: skip
    how = (
        "Which share of neighbour pairs counts as equal, over the threshold: no conclusion should hang on one choice. "
        f"The dotted line is the threshold of this analysis, {brief(epsilon)} ({rule})."
    )
    first = Figure(
        id="neutrality",
        title="Neutrality over the threshold",
        how_to_read=how,
        chart=chart,
        query=query,
        alt="Line: neutrality over epsilon.",
        analysis_run_id=run,
    )
    ranks = site.query(queries.text("landscape/neutrality_by_rank"), run=run)
    chart = Plot(
        {"": {"data": [charts.curve("neutrality", ranks.rows(), "place", "neutrality")]}},
        {
            "xaxis": axis("Place of the configuration (0 best, 1 worst)"),
            "yaxis": axis("Share of neutral neighbours", tickformat=".3~%", rangemode="tozero"),
        },
        height=320,
    )
    how = (
        "Where the landscape is flat: among good configurations (left) or bad ones (right), in forty equal parts; "
        f"neutral is a difference of at most {brief(epsilon)}."
    )
    alt = "Line: share of neutral neighbours by rank."
    return [
        first,
        Figure(
            id="neutrality-rank",
            title="Neutrality against rank",
            how_to_read=how,
            chart=chart,
            query=ranks,
            alt=alt,
            analysis_run_id=run,
        ),
    ]


def autocorrelation(site: SiteContext, run: int) -> Block:
    """Return how fast a random walk forgets."""
    query = site.query(queries.text("landscape/autocorrelation"), run=run)
    rows = query.rows()
    if not any(row["rank_exact"] is not None for row in rows):
        reason = next((row["reason"] for row in rows if row["reason"]), "there are no pairs")
        return Prose("Autocorrelation", [f"It is undefined: {reason}."], id="autocorrelation")
    if all(row["rank_exact"] is None for row in rows[1:]) and len(rows) > 1:
        text = (
            f"After one step the ranks correlate at {number(rows[0]['rank_exact'], 3)}, the losses at "
            f"{number(rows[0]['loss_exact'], 3)}: the correlation of neighbours. Of more steps nothing is said: "
            f"{rows[1]['reason']}."
        )
        return Prose("Autocorrelation of random walks", [text], id="autocorrelation")
    data = [
        charts.curve("ranks, exact", rows, "lag", "rank_exact"),
        charts.curve("loss, exact", rows, "lag", "loss_exact", token="@1"),
    ]
    if any(row["rank_sampled"] is not None for row in rows):
        data.append(charts.with_errors(rows, "lag", "rank_sampled", "rank_sampled_error"))
    chart = Plot(
        {"": {"data": data}},
        {"xaxis": axis("Steps", dtick=1), "yaxis": axis("Autocorrelation", rangemode="tozero")},
        height=340,
    )
    how = (
        "How much a random walk still knows of where it began: a slow fall is a smooth landscape, a fast one a rugged. "
        "The exact curves are of the stationary walk; sampled walks (two standard errors) are a check on them."
    )
    alt = "Lines: autocorrelation of random walks by lag."
    return Figure(
        id="autocorrelation",
        title="Autocorrelation of random walks",
        how_to_read=how,
        chart=chart,
        query=query,
        alt=alt,
        analysis_run_id=run,
    )


def seeds(site: SiteContext, space: str, context: str) -> list[Block]:
    """Return the similarity of the landscape's seeds, the noise floor of every other comparison."""
    query = site.query(queries.text("landscape/similarity"), space=space, aspect="seed", context=context)
    rows = [row for row in query.rows() if row["measure"] == "spearman" and row["value"] is not None]
    if not rows:
        return []
    low = min(row["value"] for row in rows)
    how = f"Spearman correlation of single seeds' landscapes; the least alike pair has {number(low, 3)}."
    numbered = {"type": "category", "title": {"text": "seed"}}
    chart = Plot(
        {"": {"data": charts.matrix(rows, "landscape_b", "landscape_a", "value", digits=3, is_likeness=True)}},
        {"xaxis": numbered, "yaxis": {**numbered, "autorange": "reversed"}, "hovermode": "closest"},
        height=340,
    )
    return [
        Figure(
            id="seeds",
            title="How alike single seeds are",
            how_to_read=how,
            chart=chart,
            query=query,
            alt="Heat map: correlation of seeds.",
        )
    ]
