"""Figures of optimiser runs on a landscape, and of what other benchmarks' optima are worth on it."""

from __future__ import annotations

from typing import Any

from hpowh.reports.blocks import Block, Column, Figure, Plot, Table
from hpowh.reports.charts import landscape_runs as charts
from hpowh.reports.charts.plot import axis
from hpowh.reports.context import SiteContext
from hpowh.reports.query import Query
from hpowh.warehouse import queries


def transfer(site: SiteContext, query: Query) -> list[Block]:
    """Return what the best configurations of other benchmarks cost on this one."""
    rows = [row for row in query.rows() if row["regret_relative"] is not None]
    if not rows:
        return []
    chart = Plot(
        {"": {"data": charts.carried(rows[::-1])}},
        {"xaxis": axis("Cost (100 %: from best to median)", tickformat=".3~%", rangemode="tozero"),
         "yaxis": {"type": "category", "automargin": True}, "hovermode": "closest"},
        height=110 + 30 * len(rows),
    )  # fmt: skip
    how = (
        "What it costs here to take over the best configuration of another benchmark of the space (mean over ties); "
        "0 % is as good as the best one here, 100 % no better than the median configuration. Shorter is better."
    )
    alt = "Bars: cost of other benchmarks' best configurations."
    return [
        Figure(
            id="transfer",
            title="How far other benchmarks' optima carry over",
            how_to_read=how,
            chart=chart,
            query=query,
            alt=alt,
        )
    ]


def runs(site: SiteContext, run: int, sign: float, *, has_optima: bool) -> list[Block]:
    """Return what optimisers did on the landscape; nothing where none ran on it.

    Basins are left out where too little of the landscape was evaluated to speak of them.
    """
    table = site.query(queries.text("landscape/runs"), run=run)
    if not table.frame.height:
        return []
    found: list[Block] = []
    if has_optima:
        found += _shares(site, run)
    if site.query(queries.text("landscape/places"), run=run).frame.height:
        found += [_places(site, run), _progress(site, run, has_optima)]
    if has_optima:
        found += _ends(site, run, sign)
    return [*found, _table(site, table, run, has_optima)]


def _shares(site: SiteContext, run: int) -> list[Block]:
    query = site.query(queries.text("landscape/run_points"), run=run)
    rows = query.rows()
    known = site.rows(
        "select value from result.landscape_metric where analysis_run_id = $run and name = 'basin_global_share'",
        run=run,
    )
    measures = [
        ("evaluations in the basin of a global optimum", "global_basin_share", axis("Share", tickformat=".0%")),
        ("final regret", "final_regret", axis("Regret of the incumbent (lower is better)")),
        ("basins visited", "basin_count", axis("Basins in which evaluations fell")),
    ]
    variants = {}
    for index, (_, column, scale) in enumerate(measures):
        layout: dict[str, Any] = {"xaxis": charts.strip_axis(rows), "yaxis": scale | {"rangemode": "tozero"}}
        if column == "global_basin_share" and known and known[0][0] is not None:
            layout["shapes"] = [
                {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": known[0][0], "y1": known[0][0],
                 "line": {"color": "@muted", "dash": "dot", "width": 1.5}}
            ]  # fmt: skip
        variants[str(index)] = {"data": charts.strips(rows, column, site.colours), "layout": layout}
    chart = Plot(variants, {"hovermode": "closest"}, (("Shown", tuple(name for name, _, _ in measures)),), height=380)
    how = (
        "One dot a run, a bar at the mean. The dotted line is the share of all configurations in the basin of a global "
        "optimum: where uniform sampling would be."
    )
    alt = "Dots: share of each run's evaluations in the basin of a global optimum, by optimiser."
    return [
        Figure(
            id="runs-share",
            title="Optimisers and the basin of the global optimum",
            how_to_read=how,
            chart=chart,
            query=query,
            alt=alt,
            analysis_run_id=run,
        )
    ]


def _places(site: SiteContext, run: int) -> Figure:
    query = site.query(queries.text("landscape/places"), run=run)
    chart = Plot(
        {"": {"data": charts.places(query.rows(), site.colours)}},
        {"xaxis": axis("Place among all configurations (0 best, 1 worst)", is_log=True, hoverformat=".3~g"),
         "yaxis": axis("Share of the evaluations", tickformat=".0%", rangemode="tozero")},
        log_toggles=("x",),
    )  # fmt: skip
    how = (
        "Which share of an optimiser's evaluations was at least so good; the further above the dotted line, the better "
        "its choice than any configuration at random."
    )
    alt = "Lines: share of evaluations at least as good as a place, by optimiser."
    return Figure(
        id="runs-places",
        title="How good the evaluated configurations were",
        how_to_read=how,
        chart=chart,
        query=query,
        alt=alt,
        analysis_run_id=run,
    )


def _progress(site: SiteContext, run: int, has_optima: bool) -> Figure:
    query = site.query(queries.text("landscape/progress"), run=run)
    measures = [
        (
            "median place of the evaluations (lower is better)",
            "median_place",
            axis("Place (0 best)", rangemode="tozero"),
        ),
        ("share in the basin of a global optimum", "share_inside", axis("Share", tickformat=".0%", rangemode="tozero")),
    ]
    measures = measures if has_optima else measures[:1]
    chart = Plot(
        {
            str(i): {"data": charts.progress(query.rows(), column, site.colours), "layout": {"yaxis": scale}}
            for i, (_, column, scale) in enumerate(measures)
        },
        {"xaxis": axis("Trial")},
        (("Shown", tuple(name for name, _, _ in measures)),),
        height=360,
    )
    how = "Over the course of the runs, in ten equal parts: where an optimiser looked early, and where late."
    alt = "Lines: median place of the evaluations over the trials, by optimiser."
    return Figure(
        id="runs-progress",
        title="How the search closes in",
        how_to_read=how,
        chart=chart,
        query=query,
        alt=alt,
        analysis_run_id=run,
    )


def _ends(site: SiteContext, run: int, sign: float) -> list[Block]:
    query = site.query(queries.text("landscape/ends"), run=run, sign=sign)
    rows = query.rows()
    if not rows:
        return []
    chart = Plot(
        {"": {"data": charts.ends(rows)}},
        {"xaxis": {"type": "category", "title": {"text": "Basin, by its optimum: place among optima, configuration"}},
         "yaxis": {"type": "category", "autorange": "reversed"}, "hovermode": "closest"},
        height=150 + 40 * len({row["algorithm"] for row in rows}),
    )  # fmt: skip
    how = (
        "In which basin the incumbents of the runs ended: the optimum that steepest descent reaches from there. A star "
        "is a global optimum; the best optima stand on the left."
    )
    alt = "Heat map: number of runs that ended in each basin, by optimiser."
    return [
        Figure(
            id="runs-ends",
            title="Where the runs ended",
            how_to_read=how,
            chart=chart,
            query=query,
            alt=alt,
            analysis_run_id=run,
        )
    ]


def _table(site: SiteContext, query: Query, run: int, has_optima: bool) -> Table:
    columns = [
        Column(name="algorithm", label="Algorithm", swatch=lambda row: site.colours.token(row["algorithm"])),
        Column(name="runs", label="Runs"),
        Column(
            name="median_regret", label="Median regret", help="Of the incumbent, by the landscape's mean over seeds"
        ),
    ]
    basins = [
        Column(name="global_basin_share", label="Evaluations in the global basin", digits=3),
        Column(name="ended_in_global_basin", label="Ended in the global basin", digits=3),
        Column(name="ended_in_optimum", label="Ended in a local optimum", digits=3),
        Column(name="mean_basin_count", label="Basins visited", digits=3),
    ]
    how = (
        "Where the trials of each optimiser fell, and where its incumbent ended (shares of 1); lower regret is better."
    )
    return Table(
        id="runs",
        title="Optimisers on this landscape",
        how_to_read=how,
        query=query,
        columns=columns + basins * has_optima,
        analysis_run_id=run,
    )
