"""One page a landscape: how rugged, how neutral, where its optima are, which hyperparameters matter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from hpowh.reports.blocks import Block, Column, Facts, Figure, Links, Plot, Prose, Svg, Table, Warnings
from hpowh.reports.charts import landscape as charts
from hpowh.reports.charts.plot import axis, spans_orders
from hpowh.reports.context import Query, SiteContext
from hpowh.reports.landscape_words import sentences
from hpowh.reports.numbers import better, number
from hpowh.reports.page import Finding, Key, Page
from hpowh.reports.queries import landscape as queries

SCOPES = (("ranks", "ranks"), ("loss", "all"), ("best tenth", "best_10"))


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield a page an analysed landscape (means over seeds)."""
    analysed = site.rows(queries.ANALYSED)
    several = Counter(tuple(row[1:5]) for row in analysed)
    splits: dict[str, set[str]] = {}
    for row in analysed:
        splits.setdefault(row[1], set()).add(row[4])
    for run, *names, direction in analysed:
        space, benchmark, metric, split, fidelity = names
        at = "" if fidelity is None else f" at fidelity {number(fidelity)}"
        # Only what tells this page from its neighbours stands in its title.
        where = f", {split}" if len(splits[space]) > 1 else ""
        rest = metric + where + (at if several[space, benchmark, metric, split] > 1 else "")
        yield Page(
            key=_key(space, benchmark, metric, split, fidelity),
            title=f"{benchmark}, {rest}",
            section="Landscapes",
            build=partial(_build, site, run, space, metric, direction, f"{benchmark} {metric} {split}", fidelity),
            lead=f"The loss landscape of {space} on {benchmark}: {metric} on the {split} split{at}.",
            group=space,
            short=f"{benchmark.removeprefix(space + '/')}, {rest}",
        )


def findings(site: SiteContext) -> Iterator[Finding]:
    """Yield what the overview says of landscapes: the smoothest and the most rugged one."""
    rows = site.rows(
        "select search_space, benchmark, metric, split, fidelity, value from mart.landscape_measure "
        "where measure = 'assortativity_rank' and value is not null and seed is null order by value, benchmark"
    )
    if len(rows) > 1:
        for row, word in ((rows[0], "most rugged"), (rows[-1], "smoothest")):
            text = (
                f"Of {len(rows)} loss landscapes {row[1]} ({row[2]}) is the {word}: ranks of neighbours correlate at "
            )
            yield Finding(text + f"{number(row[5], 3)}.", _key(*row[:5]), "autocorrelation", order=60)


def blocks(site: SiteContext, key: Key) -> Sequence[Block]:
    """Return the links to its landscapes for a benchmark's page."""
    if key[0] != "benchmark":
        return []
    links = [
        (page.title, page.file, page.lead)
        for other, page in sorted(site.pages.items())
        if other[0] == "landscape" and other[2] == key[1]
    ]
    return [Links("Loss landscapes of this benchmark", links)] if links else []


def _key(space: str, benchmark: str, metric: str, split: str, fidelity: float | None) -> Key:
    key = ("landscape", space, benchmark, metric, split)
    return key if fidelity is None else (*key, f"{fidelity:g}")


def _build(
    site: SiteContext, run: int, space: str, metric: str, direction: str, context: str, fidelity: float | None
) -> Sequence[Block]:
    metrics = site.query(queries.METRICS, run=run)
    values = {row["name"]: row["value"] for row in metrics.rows()}
    importance = site.query(queries.IMPORTANCE, run=run)
    by_rank = [row for row in importance.rows() if row["scope"] == "ranks"]
    label = f"{metric} ({better(direction)})"
    sign = -1.0 if direction == "max" else 1.0
    subject = site.rows("select epsilon, epsilon_rule from result.landscape_subject where analysis_run_id = $r", r=run)[
        0
    ]
    facts = [
        ("configurations", number(int(values["n_configurations"] or 0))),
        ("of the space", f"{values['coverage'] or 0:.1%}"),
        ("local optima", number(None if values.get("n_lo") is None else int(values["n_lo"] or 0))),
        ("neutral below", f"{number(subject[0])} ({subject[1]})"),
    ]
    blocks: list[Block] = [
        Prose("Findings", points=sentences(values, by_rank), id="findings"),
        Facts(facts),
        Warnings(site.provenance(run).warnings),
    ]
    blocks += _map(site, run, f"{space}: {context}")
    blocks.append(_distance(site, run, label, sign))
    blocks += _optima(site, run, label, sign)
    blocks += _importance(site, run, importance)
    blocks += _neutrality(site, run)
    blocks.append(_autocorrelation(site, run))
    blocks += seeds(site, space, context + ("" if fidelity is None else f" @{fidelity:g}"))
    blocks += _runs(site, run)
    columns = [
        Column(name, name.replace("_", " ")) for name in ("name", "value", "lower", "upper", "pair_count", "reason")
    ]
    how = "Every metric, or why it is undefined; an interval where it is an estimate. docs/landscapes.md defines each."
    blocks.append(Table("metrics", "All metrics", how, metrics, columns, run, is_folded=True))
    return blocks


def _map(site: SiteContext, run: int, title: str) -> list[Block]:
    """Return the dimensional stacking map, or why there is none."""
    from hpowh.analyses.landscapes.errors import LandscapeError
    from hpowh.analyses.landscapes.stored import stored_map

    try:
        drawn = stored_map(site.warehouse, run, title=title)
    except LandscapeError as error:
        return [Prose("Map", [str(error)], id="map")]
    query = site.query(queries.OPTIMA, run=run)
    how = (
        "Every configuration is one cell; hyperparameters are nested, the most important ones outside. Dark is good "
        "(colour is the rank of the loss), empty cells were not evaluated. A star is a global optimum, a ring one of "
        "the 40 best local optima."
    )
    if drawn.run:
        how += f" The dashed line is the way of the incumbent of {drawn.run}, the dot its end."
    alt = "Map of all configurations, coloured by the rank of their loss."
    notes = ("The CSV has the optima that are marked; result.landscape_node has every configuration.",)
    return [Figure("map", "Map of the landscape", how, Svg(drawn.markup), query, alt, run, notes)]


def _distance(site: SiteContext, run: int, label: str, sign: float) -> Figure:
    query = site.query(queries.BY_DISTANCE, run=run)
    rows = query.rows()
    is_log = spans_orders([sign * row["middle"] for row in rows]) or spans_orders([sign * row["high"] for row in rows])
    chart = Plot(
        {"": {"data": charts.by_distance(rows, sign)}},
        {"xaxis": axis("Moves to the nearest global optimum"), "yaxis": axis(label, is_log=is_log)},
        log_toggles=("y",),
    )
    how = (
        "Where the median gets worse steadily with the distance, a search is led to the optimum; where it is flat, not."
    )
    alt = "Lines: median, best and middle 80 % of the values by distance to the global optimum."
    return Figure("distance", "Value against distance to the optimum", how, chart, query, alt, run)


def _optima(site: SiteContext, run: int, label: str, sign: float) -> list[Block]:
    query = site.query(queries.OPTIMA, run=run)
    optima = query.rows()
    edges = site.query(queries.FUNNEL_EDGES, run=run).rows()
    note = ("At most the 400 optima with the largest basins are drawn.",) if len(optima) == 400 else ()
    layout = {"xaxis": axis("Moves to the global optimum (spread a little)"), "yaxis": axis(label)}
    how = (
        "Each dot is a local optimum, the larger the bigger its basin. A line is the likeliest way to a better optimum "
        "after moving two hyperparameters: lines that all end in the star make one funnel."
    )
    alt = "Network of local optima by distance and value, joined by their likeliest improving escapes."
    lon = Figure(
        "network", "Local optima network", how, Plot({"": {"data": charts.network(optima, edges, sign)}}, layout),
        query, alt, run, note,
    )  # fmt: skip
    sizes = Plot(
        {"": {"data": charts.basins(optima)}},
        {"xaxis": axis("Optimum, by size of its basin"), "yaxis": axis("Configurations", is_log=True)},
        log_toggles=("y",),
        height=320,
    )
    how = "How many configurations steepest descent leads to each optimum; the coloured bar is the global optimum's."
    alt = "Bars: basin sizes, from the largest on."
    return [lon, Figure("basins", "Sizes of the basins", how, sizes, query, alt, run, note)]


def _importance(site: SiteContext, run: int, query: Query) -> list[Block]:
    rows = query.rows()
    if not any(row["total_share"] is not None for row in rows):
        reason = next((row["reason"] for row in rows if row["reason"]), "they were not computed")
        return [Prose("Importance of the hyperparameters", [f"The shares are undefined: {reason}."], id="importance")]
    columns = (("main_share", "main effect", "@0"), ("total_share", "with interactions", "@1"))
    variants = {
        str(i): {"data": charts.bars([row for row in rows if row["scope"] == scope], columns)}
        for i, (_, scope) in enumerate(SCOPES)
    }
    options = tuple(name for name, _ in SCOPES)
    shares = Plot(
        variants, {"yaxis": axis("Share of the variance"), "xaxis": {"type": "category"}}, (("Variance of", options),)
    )
    how = (
        "Share of the variance that a hyperparameter explains alone, and together with all its interactions. Of ranks, "
        "of the loss itself, or of differences among the best tenth only."
    )
    methods = " ".join(sorted({f"Method: {row['method']}." for row in rows if row["scope"] == "ranks"}))
    alt = "Bars: main and total share of the variance of each hyperparameter."
    bars = Figure("importance", "Importance of the hyperparameters", how, shares, query, alt, run, (methods,))
    pairs = site.query(queries.PAIRS, run=run)
    everything = [row for row in pairs.rows() if row["scope"] == "all"]
    ranks = [row for row in pairs.rows() if row["scope"] == "ranks"]
    kinds: tuple[tuple[str, list[dict[str, Any]], str], ...] = (
        ("share of the variance of ranks", ranks, "pair_share"),
        ("sign interactions", everything, "sign_share"),
        ("reciprocal sign interactions", everything, "reciprocal_share"),
        ("gain from tuning both (Shapley interaction)", everything, "tunability_interaction"),
    )
    heat = Plot(
        {
            str(i): {"data": charts.matrix(data, "hyperparameter_b", "hyperparameter_a", name, is_signed=i == 3)}
            for i, (_, data, name) in enumerate(kinds)
        },
        {"xaxis": {"side": "bottom"}, "yaxis": {"autorange": "reversed"}},
        (("Shown", tuple(text for text, _, _ in kinds)),),
    )
    how = "How strongly two hyperparameters depend on one another; sign interactions are what makes a landscape rugged."
    alt = "Heat map of pairs of hyperparameters."
    return [bars, Figure("pairs", "Pairs of hyperparameters", how, heat, pairs, alt, run)] if everything else [bars]


def _neutrality(site: SiteContext, run: int) -> list[Block]:
    query = site.query(queries.NEUTRALITY, run=run)
    if not query.frame.height:
        return [Prose("Neutrality", ["No two evaluated configurations are neighbours."], id="neutrality")]
    rows = [row for row in query.rows() if row["epsilon"] > 0]
    chart = Plot(
        {"": {"data": [charts.curve("neutrality", rows, "epsilon", "neutrality")]}},
        {"xaxis": axis("Threshold on the difference", is_log=True), "yaxis": axis("Share of neutral pairs")},
        log_toggles=("x",),
        height=320,
    )
    how = "Which share of neighbour pairs counts as equal, over the threshold: no conclusion should hang on one choice."
    first = Figure(
        "neutrality", "Neutrality over the threshold", how, chart, query, "Line: neutrality over epsilon.", run
    )
    ranks = site.query(queries.NEUTRALITY_BY_RANK, run=run)
    chart = Plot(
        {"": {"data": [charts.curve("neutrality", ranks.rows(), "place", "neutrality")]}},
        {"xaxis": axis("Place of the configuration (0 best, 1 worst)"), "yaxis": axis("Share of neutral neighbours")},
        height=320,
    )
    how = "Where the landscape is flat: among good configurations (left) or bad ones (right), in forty equal parts."
    alt = "Line: share of neutral neighbours by rank."
    return [first, Figure("neutrality-rank", "Neutrality against rank", how, chart, ranks, alt, run)]


def _autocorrelation(site: SiteContext, run: int) -> Figure:
    query = site.query(queries.AUTOCORRELATION, run=run)
    rows = query.rows()
    data = [
        charts.curve("ranks, exact", rows, "lag", "rank_exact"),
        charts.curve("loss, exact", rows, "lag", "loss_exact", token="@1"),
        charts.curve("ranks, sampled walks", rows, "lag", "rank_sampled", token="@muted", dash="dot"),
    ]
    chart = Plot({"": {"data": data}}, {"xaxis": axis("Steps"), "yaxis": axis("Autocorrelation")}, height=340)
    how = (
        "How much a random walk still knows of where it began: a slow fall is a smooth landscape, a fast one a rugged."
    )
    alt = "Lines: autocorrelation of random walks by lag."
    return Figure("autocorrelation", "Autocorrelation of random walks", how, chart, query, alt, run)


def seeds(site: SiteContext, space: str, context: str) -> list[Block]:
    """Return the similarity of the landscape's seeds, the noise floor of every other comparison."""
    query = site.query(queries.SIMILARITY, space=space, aspect="seed", context=context)
    rows = [row for row in query.rows() if row["measure"] == "spearman" and row["value"] is not None]
    if not rows:
        return []
    low = min(row["value"] for row in rows)
    how = f"Spearman correlation of single seeds' landscapes; the least alike pair has {number(low, 3)}."
    chart = Plot({"": {"data": charts.matrix(rows, "landscape_b", "landscape_a", "value")}}, height=340)
    return [Figure("seeds", "How alike single seeds are", how, chart, query, "Heat map: correlation of seeds.")]


def _runs(site: SiteContext, run: int) -> list[Block]:
    query = site.query(queries.RUNS, run=run)
    if not query.frame.height:
        return []
    columns = [
        Column("algorithm", "Algorithm", swatch=lambda row: site.colours.token(row["algorithm"])),
        Column("runs", "Runs"),
        Column("median_regret", "Median regret", help="Of the incumbent, by the landscape's mean over seeds"),
        Column("global_basin_share", "Evaluations in the global basin", 3),
        Column("ended_in_global_basin", "Ended in the global basin", 3),
        Column("ended_in_optimum", "Ended in a local optimum", 3),
        Column("mean_basin_count", "Basins visited", 3),
    ]
    how = (
        "Where the trials of each optimiser fell, and where its incumbent ended (shares of 1); lower regret is better."
    )
    return [Table("runs", "Optimisers on this landscape", how, query, columns, run)]
