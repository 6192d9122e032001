"""Figures of a landscape's shape: its map, its embedding, its losses, its distances, its optima."""

from __future__ import annotations

from typing import Any

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.reports.blocks import Block, Figure, Plot, Prose, Svg
from hpowh.reports.charts import landscape as charts
from hpowh.reports.charts import landscape_shape as shapes
from hpowh.reports.charts.histogram import histogram
from hpowh.reports.charts.palette import LIGHT
from hpowh.reports.charts.plot import axis, spans_orders
from hpowh.reports.context import SiteContext
from hpowh.reports.numbers import number, percent
from hpowh.warehouse import queries


def colours(site: SiteContext) -> dict[str, str]:
    """Return each algorithm's colour as it is on light ground: the maps' planes are the same in every theme."""
    names = [name for (name,) in site.rows(queries.text("ledger/algorithms"))]
    return {name: LIGHT[int(site.colours.token(name)[1:])] for name in names}


def maps(site: SiteContext, run: int, title: str) -> list[Block]:
    """Return the dimensional stacking map and where optimisers' trials fell on it, or why there is none."""
    from hpowh.reports.pictures.stored import read_stored, stored_map, stored_trials

    palette = colours(site)
    try:
        stored = read_stored(site.warehouse, run)
        drawn = stored_map(site.warehouse, stored, title=title, colours=palette)
        trials = stored_trials(site.warehouse, stored, title=f"{title}: trials", colours=palette)
    except LandscapeError as error:
        return [Prose("Map", [str(error)], id="map")]
    query = site.query(queries.text("landscape/optima"), run=run)
    how = (
        "Every configuration is one cell; hyperparameters are nested, the most important ones outside, as the labels "
        "and the key show. Dark is good (colour is the rank of the loss), empty cells were not evaluated"
        f"{' or differ in what is inactive there only' if stored.surface.space.conditions else ''}. "
    )
    how += (
        "Stars are global optima, rings the best of the other local ones."
        if stored.optima
        else "The star is the best configuration that was evaluated."
    )
    if drawn.runs:
        how += (
            " A numbered line is the way of an optimiser's incumbent, in its run with the median final regret; the "
            "disc is its end."
        )
    alt = "Map of all configurations, coloured by the rank of their loss."
    notes = (
        "The CSV has the optima that are marked; result.landscape_node has every configuration. The same picture as a "
        "file: hpowh analyse map.",
    )
    found: list[Block] = [
        Figure(
            id="map",
            title="Map of the landscape",
            how_to_read=how,
            chart=Svg(drawn.markup),
            query=query,
            alt=alt,
            analysis_run_id=run,
            notes=notes,
        )
    ]
    if trials is not None:
        how = (
            "The same map once an optimiser: a dot is a configuration that it evaluated in any of its runs, larger "
            "where it did so more often. Golden cells lead, by steepest descent, to a global optimum."
        )
        alt = "Maps, one an optimiser, with its evaluations as dots and the basin of the global optimum in gold."
        points = site.query(queries.text("landscape/run_points"), run=run)
        found.append(
            Figure(
                id="trials",
                title="Where the optimisers' evaluations fell",
                how_to_read=how,
                chart=Svg(trials),
                query=points,
                alt=alt,
                analysis_run_id=run,
            )
        )
    return found


def embedding(site: SiteContext, run: int, sign: float, *, has_optima: bool) -> list[Block]:
    """Return the landscape laid out in a plane, where `hpowh analyse embed` was run on it."""
    about = site.query(queries.text("landscape/embedding"), run=run).rows()
    if not about:
        return []
    one = about[0]
    made = one["analysis_run_id"]
    query = site.query(queries.text("landscape/embedding_cells"), embedding=made)
    optima = site.query(queries.text("landscape/embedding_optima"), run=run, embedding=made, sign=sign).rows()
    if not has_optima:  # a thin sample: what has no better neighbour in it is no optimum
        optima = [row for row in optima if row["is_global"]]
    goal = "global optimum" if has_optima else "best evaluated"
    paths: dict[str, list[dict[str, Any]]] = {}
    for row in site.query(queries.text("landscape/embedding_paths"), run=run, embedding=made).rows():
        paths.setdefault(row["algorithm"], []).append(row)
    tokens = {name: site.colours.token(name) for name in paths}
    bare = {"visible": False}
    chart = Plot(
        {"": {"data": shapes.plane(query.rows(), optima, paths, tokens, goal)}},
        {"xaxis": bare, "yaxis": {**bare, "scaleanchor": "x"}, "hovermode": "closest"},
        height=640,
    )
    how = (
        "Configurations lie near one another where improving moves join them and lead to the same places (HOPE "
        "vectors, laid out by UMAP); colour is the mean place of the losses there, dark is good. Only nearness means "
        "something: directions, distances between islands and the sizes of islands do not."
    )
    notes = [
        f"Of all neighbour pairs {percent(one['neighbours_kept'], 1)} are among each other's 50 nearest here (by "
        "chance "
        f"{percent(one['neighbours_kept_by_chance'], 2)}); the surface explains {percent(one['share_explained'])} of "
        "the variance "
        f"of the ranks of {one['configuration_count']:,} configurations. The other pictures leave nothing out.",
    ]
    if one["is_older"]:
        notes.append("It is out of date: evaluations were loaded after it was made. hpowh analyse embed makes it anew.")
    alt = "A plane of configurations, coloured by the place of their loss, with optima and incumbents."
    return [
        Figure(
            id="embedding",
            title="The landscape laid out in a plane",
            how_to_read=how,
            chart=chart,
            query=query,
            alt=alt,
            analysis_run_id=made,
            notes=notes,
        )
    ]


def distribution(site: SiteContext, run: int, label: str, sign: float) -> list[Block]:
    """Return how the values are spread, and how rare good ones are."""
    query = site.query(queries.text("landscape/histogram"), run=run, sign=sign)
    rows = query.rows()
    is_log = bool(rows[0]["is_log"])
    chart = Plot(
        {"": {"data": histogram(rows)}},
        {"xaxis": axis(label, is_log=is_log), "yaxis": axis("Configurations", rangemode="tozero"),
         "hovermode": "closest"},
        log_toggles=("y",),
        height=320,
    )  # fmt: skip
    how = "How many configurations have a value near each place."
    if is_log:
        how += " The axis is logarithmic, because the values span more than two orders of magnitude."
    found: list[Block] = [
        Figure(
            id="losses",
            title="How the values are spread",
            how_to_read=how,
            chart=chart,
            query=query,
            alt="Histogram of the values.",
            analysis_run_id=run,
        )
    ]
    query = site.query(queries.text("landscape/rare"), run=run)
    rows = query.rows()
    if sum(row["gap"] > 0 for row in rows) > 1:
        chart = Plot(
            {"": {"data": shapes.rare(rows)}},
            {"xaxis": axis("Gap to the best value", is_log=True, dtick=1, exponentformat="none"),
             "yaxis": axis("Share of the configurations", is_log=True, dtick=1, tickformat=".3~%"),
             "hovermode": "closest"},
            log_toggles=("x", "y"),
            height=320,
        )  # fmt: skip
        how = "Which share of the configurations comes within a gap of the best: the lower on the left, the rarer."
        alt = "Line: share of configurations within a gap of the best, over the gap."
        found.append(
            Figure(
                id="rare",
                title="How rare good configurations are",
                how_to_read=how,
                chart=chart,
                query=query,
                alt=alt,
                analysis_run_id=run,
            )
        )
    return found


def distance(site: SiteContext, run: int, label: str, sign: float, *, has_optima: bool) -> Figure:
    """Return the fitness-distance plot, with the local optima where they are known."""
    query = site.query(queries.text("landscape/by_distance"), run=run)
    rows = query.rows()
    optima = site.query(queries.text("landscape/optima"), run=run).rows() if has_optima else []
    goal = "nearest global optimum" if has_optima else "best configuration evaluated"
    values = [[sign * row[name] for row in rows] for name in ("middle", "high")]
    is_log = any(spans_orders(one) for one in values)
    chart = Plot(
        {"": {"data": [*charts.by_distance(rows, sign), *charts.optima_by_distance(optima, sign)]}},
        {"xaxis": axis(f"Moves to the {goal}"), "yaxis": axis(label, is_log=is_log)},
        log_toggles=("y",),
    )
    how = (
        "Where the median gets worse steadily with the distance, a search is led to the optimum; where it is flat, it "
        "is not."
    )
    if has_optima:
        how += " Rings are local optima: good ones far away are traps."
    rings = "; rings: local optima" if has_optima else ""
    alt = f"Lines: median, best and middle 80 % of the values by distance to the {goal}{rings}."
    return Figure(
        id="distance",
        title="Value against distance to the optimum",
        how_to_read=how,
        chart=chart,
        query=query,
        alt=alt,
        analysis_run_id=run,
    )


NETWORK_VIEWS = ("as a network", "by distance and place", "by distance and value")


def network(site: SiteContext, run: int, label: str, sign: float) -> list[Block]:
    """Return the local optima network in three views, or why there is none."""
    from hpowh.reports.pictures.lon_layout import force_layout

    query = site.query(queries.text("landscape/network"), run=run)
    optima = [row | {"value": sign * row["loss"]} for row in query.rows()]
    if not optima:
        return []
    edges = site.query(queries.text("landscape/network_edges"), run=run).rows()
    if len(optima) == 1:
        text = "There is one local optimum, the global one: every descent ends in it, and a network has one node."
        return [Prose("Local optima network", [text], id="network")]
    at = {row["configuration_id"]: index for index, row in enumerate(optima)}
    pairs = [(at[edge["from_id"]], at[edge["to_id"]]) for edge in edges]
    free = force_layout(len(optima), pairs, [edge["probability"] for edge in edges])
    places = [
        dict(zip(at, free, strict=True)),
        {row["configuration_id"]: (charts.spread(row), row["loss_place"]) for row in optima},
        {row["configuration_id"]: (charts.spread(row), row["value"]) for row in optima},
    ]
    moves, bare = axis("Moves to the global optimum (spread a little)"), {"visible": False}
    layouts: list[dict[str, Any]] = [
        {"xaxis": bare, "yaxis": bare},
        {"xaxis": moves, "yaxis": axis("Place of the value among all configurations (0 best)")},
        {"xaxis": moves, "yaxis": axis(label, is_log=spans_orders([row["value"] for row in optima]))},
    ]
    chart = Plot(
        {
            str(i): {"data": shapes.network(optima, edges, place), "layout": layout}
            for i, (place, layout) in enumerate(zip(places, layouts, strict=True))
        },
        {"hovermode": "closest"},
        (("Drawn", NETWORK_VIEWS),),
        height=560,
    )
    how = (
        "Each dot is a local optimum, the larger the bigger its basin, the darker the better. A line is an escape: "
        "after a move on each of two hyperparameters, descent ends in the other optimum. Orange lines lead to better "
        "ones; lines that all end in the star make one funnel."
    )
    notes = ["Of each optimum's escapes the three likeliest to drawn optima are shown."]
    if len(optima) == 150:
        notes.append("The 150 optima with the largest basins are drawn, the global ones in any case.")
    alt = "Network of local optima joined by escapes, sized by their basins."
    return [
        Figure(
            id="network",
            title="Local optima network",
            how_to_read=how,
            chart=chart,
            query=query,
            alt=alt,
            analysis_run_id=run,
            notes=notes,
        )
    ]


def basins(site: SiteContext, run: int) -> list[Block]:
    """Return the sizes of the basins, from the largest on."""
    query = site.query(queries.text("landscape/optima"), run=run)
    rows = query.rows()
    if len(rows) < 2:
        return []
    chart = Plot(
        {"": {"data": charts.basins(rows)}},
        {"xaxis": axis("Optimum, by size of its basin"), "yaxis": axis("Configurations", is_log=True),
         "hovermode": "closest", "bargap": 0 if len(rows) > 60 else 0.15},
        log_toggles=("x", "y"),
        height=320,
    )  # fmt: skip
    how = "How many configurations steepest descent leads to each optimum; coloured bars are global optima."
    alt = "Bars: basin sizes, from the largest on."
    total = site.rows("select count(*) from result.landscape_optimum where analysis_run_id = $run", run=run)[0][0]
    notes = (f"The {len(rows)} largest of {number(total)} basins are drawn.",) if total > len(rows) else ()
    return [
        Figure(
            id="basins",
            title="Sizes of the basins",
            how_to_read=how,
            chart=chart,
            query=query,
            alt=alt,
            analysis_run_id=run,
            notes=notes,
        )
    ]
