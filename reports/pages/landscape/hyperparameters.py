"""Figures of a landscape's hyperparameters: importance, interactions, slices, pairs of levels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hpowh.reports.blocks import Block, Figure, Plot, Prose
from hpowh.reports.charts import landscape as charts
from hpowh.reports.charts import landscape_shape as shapes
from hpowh.reports.charts.plot import axis, spans_orders
from hpowh.reports.context import SiteContext
from hpowh.reports.query import Query
from hpowh.warehouse import queries

SCOPES = (("variance of ranks", "ranks"), ("variance of the loss", "all"), ("differences in the best tenth", "best_10"))
SHARES = (("main_share", "main effect", "@0"), ("total_share", "with interactions", "@1"))
GAINS = (
    ("tunability_alone", "tuned alone", "@0"),
    ("tunability_shapley", "fair share of tuning all (Shapley)", "@1"),
    ("ablation_shapley", "fair share of default to best (Shapley)", "@2"),
)
KINDS = (
    ("share of the variance of ranks", "ranks", "pair_share"),
    ("sign interactions", "all", "sign_share"),
    ("reciprocal sign interactions", "all", "reciprocal_share"),
    ("gain from tuning both (Shapley interaction)", "all", "tunability_interaction"),
)


def importance(site: SiteContext, run: int, query: Query, default: Sequence[str] = ()) -> list[Block]:
    """Return the hyperparameters' shares of the variance and of the gain; `default` says what gains are over."""
    rows = query.rows()
    if not any(row["total_share"] is not None for row in rows):
        reason = next((row["reason"] for row in rows if row["reason"]), "they were not computed")
        return [Prose("Importance of the hyperparameters", [f"The shares are undefined: {reason}."], id="importance")]
    ordered = sorted(rows, key=lambda row: (row["total_share"] is not None, row["total_share"] or 0.0))
    variants: list[tuple[str, dict[str, Any]]] = []
    for name, scope in SCOPES:
        mine = [row for row in ordered if row["scope"] == scope]
        if any(row["total_share"] is not None for row in mine):
            variants.append((name, {"data": charts.bars(mine, SHARES), "layout": {"xaxis": axis("Share")}}))
    gain = sorted(
        (row for row in rows if row["tunability_shapley"] is not None), key=lambda row: row["tunability_shapley"]
    )
    if gain:
        title = axis("Gain in loss over the default")
        variants.append(("gain from tuning", {"data": charts.bars(gain, GAINS), "layout": {"xaxis": title}}))
    count = len({row["position"] for row in rows})
    chart = Plot(
        {str(i): content for i, (_, content) in enumerate(variants)},
        {"yaxis": {"type": "category", "automargin": True}, "hovermode": "closest"},
        (("Of", tuple(name for name, _ in variants)),),
        height=110 + 44 * count,
    )
    how = (
        "Share of the variance that a hyperparameter explains alone, and together with all its interactions; of ranks, "
        "of the loss itself, or of differences among the best tenth."
    )
    if gain:
        how += " The gain is what tuning it brings over the default configuration."
    methods = " ".join(sorted({f"Method: {row['method']}." for row in rows if row["scope"] == "ranks"}))
    alt = "Bars: main and total share of the variance of each hyperparameter."
    return [
        Figure(
            id="importance",
            title="Importance of the hyperparameters",
            how_to_read=how,
            chart=chart,
            query=query,
            alt=alt,
            analysis_run_id=run,
            notes=(methods, *(default if gain else ())),
        )
    ]


def interactions(site: SiteContext, run: int) -> list[Block]:
    """Return how strongly pairs of hyperparameters depend on one another."""
    query = site.query(queries.text("landscape/pairs"), run=run)
    rows = query.rows()
    kinds = [
        (name, [row for row in rows if row["scope"] == scope], column)
        for name, scope, column in KINDS
        if any(row["scope"] == scope and row[column] is not None for row in rows)
    ]
    if not kinds:
        return []
    chart = Plot(
        {
            str(i): {"data": charts.matrix(data, "hyperparameter_b", "hyperparameter_a", column, is_signed=(
                column == "tunability_interaction"))}
            for i, (_, data, column) in enumerate(kinds)
        },
        {"xaxis": {"side": "bottom"}, "yaxis": {"autorange": "reversed"}, "hovermode": "closest"},
        (("Shown", tuple(name for name, _, _ in kinds)),),
    )  # fmt: skip
    how = (
        "How strongly two hyperparameters depend on one another: what they explain together beyond their main effects, "
        "or in which share of the squares (two neighbouring levels of each, all else fixed) moving one changes the "
        "sign of the other's effect; such sign interactions are what makes a landscape rugged."
    )
    alt = "Heat map of pairs of hyperparameters."
    return [
        Figure(
            id="pairs",
            title="Pairs of hyperparameters",
            how_to_read=how,
            chart=chart,
            query=query,
            alt=alt,
            analysis_run_id=run,
        )
    ]


SAMPLED_FROM = 2_000_000
"""Medians and quantiles of landscapes with more configurations are those of about so many of them."""


def _every(site: SiteContext, run: int) -> tuple[int, list[str]]:
    """Return that one in so many configurations enters medians and quantiles, and the note that says so."""
    (count,) = site.rows(
        "select configuration_count from result.landscape_subject where analysis_run_id = $run", run=run
    )[0]
    every = max(1, -(-count // SAMPLED_FROM))
    note = f"Medians and quantiles are of one in {every} configurations, chosen by a hash of their number."
    return every, [note] if every > 1 else []


def slices(site: SiteContext, run: int, space_id: int, label: str, sign: float, *, has_optima: bool) -> list[Block]:
    """Return the value over each hyperparameter's levels: of all configurations, and through the best one."""
    every, notes = _every(site, run)
    query = site.query(queries.text("landscape/slices"), run=run, space=space_id, sign=sign, every=every)
    rows = query.rows()
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_name.setdefault(row["hyperparameter"], []).append(row)
    if not by_name:
        return []
    order = _by_importance(site, run, list(by_name))
    variants = {}
    for index, name in enumerate(order):
        mine = by_name[name]
        is_log = any(spans_orders([row[column] for row in mine]) for column in ("low", "middle", "high"))
        variants[str(index)] = {
            "data": shapes.slices(mine, "global optimum" if has_optima else "best evaluated"),
            "layout": {"xaxis": axis(name, type="category"), "yaxis": axis(label, is_log=is_log)},
        }
    chart = Plot(variants, {}, (("Hyperparameter", tuple(order)),), log_toggles=("y",))
    how = (
        "The value over the levels of one hyperparameter. Solid: the median over all settings of the others, with the "
        "middle 80 %. Dotted: the best of them. Dashed: the best configuration with only this one changed; the "
        "further it lies from the dotted line, the more the others must move along."
    )
    if any(row["part"] >= 39 for row in rows):
        notes.append(
            "Levels of hyperparameters with more than 40 are joined into at most 40 parts, named by the first."
        )
    if any(row["through_best"] is None for row in rows):
        notes.append("Where the dashed line is missing, that configuration was not evaluated.")
    alt = "Lines: value over the levels of one hyperparameter."
    return [
        Figure(
            id="slices",
            title="One hyperparameter at a time",
            how_to_read=how,
            chart=chart,
            query=query,
            alt=alt,
            analysis_run_id=run,
            notes=notes,
        )
    ]


def _by_importance(site: SiteContext, run: int, names: list[str]) -> list[str]:
    """Return the names by falling share of the variance of ranks; those without one keep their order."""
    rows = site.query(queries.text("landscape/importance"), run=run).rows()
    share = {row["hyperparameter"]: row["total_share"] or 0.0 for row in rows if row["scope"] == "ranks"}
    return sorted(names, key=lambda name: -share.get(name, 0.0))


VIEWS = (
    ("all settings of the others (mean place)", "mean_place", "median_value"),
    ("best settings of the others", "best_place", "best_value"),
    ("through the best configuration", "through_place", "through_value"),
)


def pair_maps(site: SiteContext, run: int, space_id: int, sign: float) -> list[Block]:
    """Return heat maps over the levels of two hyperparameters."""
    every, notes = _every(site, run)
    query = site.query(queries.text("landscape/pair_maps"), run=run, space=space_id, sign=sign, every=every)
    by_pair: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for row in query.rows():
        by_pair.setdefault((row["position_a"], row["position_b"]), []).append(row)
    if not by_pair:
        return []
    pairs = list(by_pair.values())
    variants = {
        f"{i},{j}": {"data": shapes.pair_map(rows, place, value), "layout": shapes.pair_layout(rows)}
        for i, rows in enumerate(pairs)
        for j, (_, place, value) in enumerate(VIEWS)
    }
    names = tuple(f"{rows[0]['name_a']} x {rows[0]['name_b']}" for rows in pairs)
    chart = Plot(
        variants, {"hovermode": "closest"}, (("Pair", names), ("Over", tuple(name for name, _, _ in VIEWS))), height=460
    )
    how = (
        "Colour is the place among all configurations (0 best, dark is good), which diverged runs cannot spoil: the "
        "mean over all settings of the others, the best of them, or the best configuration with only these two changed."
    )
    total = site.rows(
        "select count(*) from result.landscape_interaction where analysis_run_id = $run and scope = 'ranks'", run=run
    )[0][0]
    if total > len(pairs):
        notes.append(f"The {len(pairs)} of {total} pairs with the strongest interactions are shown.")
    if any(max(row["part_a"], row["part_b"]) >= 15 for rows in pairs for row in rows):
        notes.append(
            "Levels of hyperparameters with more than 16 are joined into at most 16 parts, named by the first."
        )
    alt = "Heat map: place over the levels of two hyperparameters."
    return [
        Figure(
            id="pair-maps",
            title="Two hyperparameters at a time",
            how_to_read=how,
            chart=chart,
            query=query,
            alt=alt,
            analysis_run_id=run,
            notes=notes,
        )
    ]
