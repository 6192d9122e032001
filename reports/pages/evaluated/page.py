"""One page a search space of which whole grids were evaluated: fidelities, train against test, data sets, noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from hpowh.reports.blocks import Block, Column, Facts, Figure, Findings, Plot, Table
from hpowh.reports.charts import evaluated as charts
from hpowh.reports.charts import landscape as matrices
from hpowh.reports.charts.film import panels
from hpowh.reports.charts.plot import axis
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import own
from hpowh.reports.numbers import number
from hpowh.reports.page import Page
from hpowh.reports.pages.evaluated import findings as say
from hpowh.reports.query import Query
from hpowh.warehouse import queries

JOB = "landscapes.grids"
MOST_BENCHMARKS = 8
MOST_POINTS = 24_000
"""Points of all variants of the scatter together, so that a page stays small."""
AGREEMENT = (
    ("spearman", "rank correlation (Spearman)"), ("best_overlap_10", "overlap of the best 10 %"),
    ("best_overlap_1", "overlap of the best 1 %"), ("worst_overlap_10", "overlap of the worst 10 %"),
    ("shake_up", "mean change of rank"), ("regret", "regret of picking there"),
    ("importance_agreement", "agreement of importances"),
)  # fmt: skip
MEASURES = (
    ("regret_relative", "regret on the column, of the way to its median"), ("regret", "regret on the column"),
    ("spearman", "rank correlation (Spearman)"), ("best_overlap_10", "overlap of the best 10 %"),
    ("importance_agreement", "agreement of importances"),
)  # fmt: skip
NOT_STUDIED = "Its grids have not been compared yet: hpowh analyse landscapes --space {} --metric all"


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield a page a search space that was evaluated at several fidelities, or on train and test data."""
    for (space,) in site.rows(queries.text("evaluated/spaces")):
        yield Page(
            key=("evaluated", space),
            title=f"Evaluated: {space}",
            section="Evaluated grids",
            build=partial(_build, site, space),
            lead="What whole grids show: what a cheaper fidelity tells, where train and test loss part, what carries "
            "over to other data sets, what is noise.",
            short=space,
        )


def _build(site: SiteContext, space: str) -> Sequence[Block]:
    run = site.newest_run(JOB, space)
    fidelities = site.query(queries.text("evaluated/fidelities"), run=run)
    cheapest = site.query(queries.text("evaluated/cheapest"), run=run)
    splits = site.query(queries.text("evaluated/splits"), space=space, run=run)
    defaults = site.query(queries.text("evaluated/defaults"), run=run)
    noise = site.query(queries.text("evaluated/noise"), run=run)
    axes = site.query(queries.text("evaluated/hyperparameters"), space=space).rows()
    describe = partial(configuration_text, axes)
    sentences = [
        *say.fidelity_sentences(fidelities.rows(), cheapest.rows()),
        *say.split_sentences(_short(splits, space)),
        *say.default_sentences(defaults.rows(), describe),
        *say.noise_sentences(noise.rows()),
    ]
    if run is None:
        sentences.insert(0, NOT_STUDIED.format(space))
    return [
        Findings(own(sentences)),
        _facts(site, space),
        *_fidelity(site, run, fidelities, cheapest),
        *_film(site, run),
        *_fidelity_scatter(site, space, fidelities),
        *_splits(site, space, splits, axes),
        *_across_data(site, space, run, defaults),
        *_noise(site, run, noise),
    ]


def configuration_text(axes: Sequence[Mapping[str, Any]], configuration_id: int) -> str:
    """Return a configuration as `name = level, …`."""
    return ", ".join(
        f"{one['name']} = {one['labels'][configuration_id // one['stride'] % one['cardinality']]}" for one in axes
    )


def _short(query: Query, space: str) -> list[dict[str, Any]]:
    """Return the rows with the search space taken off the names of its benchmarks."""
    return [row | {"benchmark": row["benchmark"].removeprefix(f"{space}/")} for row in query.rows()]


def _facts(site: SiteContext, space: str) -> Facts:
    row = site.query(queries.text("evaluated/facts"), space=space).rows()[0]
    names = ("configurations", "benchmarks", "metrics", "fidelities", "seeds", "folds", "evaluations")
    words = ("configurations", "data sets", "metrics", "fidelities", "seeds", "folds", "values")
    return Facts([(word, number(int(row[name]))) for name, word in zip(names, words, strict=True) if row[name]])


def _where(site: SiteContext) -> Column:
    return Column(name="benchmark", label="Benchmark", link=lambda row: site.href(("benchmark", row["benchmark"])))


def _fidelity(site: SiteContext, run: int | None, query: Query, cheapest: Query) -> list[Block]:
    rows = [row | {"data": row["benchmark"].rpartition("/")[2]} for row in query.rows()]
    if not rows:
        return []
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
    chart = Plot(
        variants,
        {"xaxis": axis("Fidelity"), "showlegend": True},
        (("Metric", tuple(f"{m}, {s}" for m, s in measured)), ("Shown", tuple(label for _, label in kept))),
        log_toggles=("x",),
    )
    how = (
        "Each line is a data set: how the landscape at a fidelity agrees with the one at the highest fidelity. "
        "Correlations and overlaps: higher agrees more; change of rank and regret: lower."
    )
    figure = Figure(
        id="fidelity",
        title="Agreement with the full fidelity",
        how_to_read=how,
        chart=chart,
        query=query,
        alt="Lines: agreement over the fidelity.",
        analysis_run_id=run,
    )
    columns = [
        _where(site),
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


def _film(site: SiteContext, run: int | None) -> list[Block]:
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


def _fidelity_scatter(site: SiteContext, space: str, query: Query) -> list[Block]:
    """Return the scatter of the values at a lower fidelity against those at the full one."""
    ordered = sorted(query.rows(), key=lambda row: (row["spearman"] is None, row["spearman"]))
    if not ordered:
        return []
    everywhere = list(dict.fromkeys(row["benchmark"] for row in ordered))
    benchmarks = sorted(everywhere[:MOST_BENCHMARKS])
    shown = {(row["benchmark"], row["metric"], row["split"], row["fidelity"]) for row in ordered}
    points = max(60, MOST_POINTS // len([one for one in shown if one[0] in benchmarks]))
    dots = site.query(queries.text("evaluated/fidelity_scatter"), space=space, benchmarks=benchmarks, points=points)
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in dots.rows():
        where = (row["benchmark"], row["metric"], row["split"], row["lower_fidelity"])
        groups.setdefault(where, []).append(row)
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


def _splits(site: SiteContext, space: str, query: Query, axes: Sequence[Mapping[str, Any]]) -> list[Block]:
    if not query.frame.height:
        return []
    how = (
        "At the highest fidelity: how well the ranking by train loss agrees with that by test loss, how many per cent "
        "of the configurations are among the best tenth of both (10 is all), the median of test minus train loss, and "
        "the test loss given away by trusting the train loss. Losses are minimised: a metric that is better when "
        "higher counts negated."
    )
    columns = [
        _where(site),
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
        _scatter(site, space, query, axes),
        Table(id="evaluated-split", title="Train against test", how_to_read=how, query=query, columns=columns),
        *_gaps(site, space),
    ]


def _scatter(site: SiteContext, space: str, query: Query, axes: Sequence[Mapping[str, Any]]) -> Figure:
    """Return the scatter of train against test values, with a choice of what colours it."""
    ordered = sorted(query.rows(), key=lambda row: (row["spearman"] is None, row["spearman"]))
    benchmarks = sorted(list(dict.fromkeys(row["benchmark"] for row in ordered))[:MOST_BENCHMARKS])
    everywhere = len({row["benchmark"] for row in ordered})
    metrics = len({row["metric"] for row in ordered})
    points = max(60, MOST_POINTS // (len(benchmarks) * metrics * max(1, len(axes))))
    dots = site.query(queries.text("evaluated/scatter"), space=space, benchmarks=benchmarks, points=points)
    rows = dots.rows()
    measured = list(dict.fromkeys((row["benchmark"], row["metric"]) for row in rows))
    variants = {
        f"{i},{j}": {
            "data": charts.train_against_test(
                [row for row in rows if (row["benchmark"], row["metric"]) == where], one["name"], one["stride"],
                one["labels"],
            ),
            "layout": {"xaxis": axis(f"Train {where[1]}"), "yaxis": axis(f"Test {where[1]}")},
        }
        for i, where in enumerate(measured)
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


def _across_data(site: SiteContext, space: str, run: int | None, defaults: Query) -> list[Block]:
    blocks: list[Block] = []
    transfer = site.query(queries.text("evaluated/transfer"), space=space)
    rows = transfer.rows()
    if rows:
        contexts = list(dict.fromkeys(row["context"] for row in rows))
        kept = [
            (name, label)
            for name, label in MEASURES
            if any(r["measure"] == name and r["value"] is not None for r in rows)
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
        blocks.append(
            Figure(
                id="transfer",
                title="From one data set to another",
                how_to_read=how,
                chart=chart,
                query=transfer,
                alt=alt,
            )
        )
    if defaults.frame.height:
        columns = [
            _where(site),
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
        blocks.append(
            Table(
                id="defaults",
                title="Best common default",
                how_to_read=how,
                query=defaults,
                columns=columns,
                analysis_run_id=run,
            )
        )
    return blocks + _importances(site, space)


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


def _noise(site: SiteContext, run: int | None, query: Query) -> list[Block]:
    if not query.frame.height:
        return []
    how = (
        "Two configurations that differ by less than the floor cannot be told apart: it is half the 95 % interval of "
        "the difference of two means over the same seeds and folds, from what varies beside the configuration and the "
        "fold among the best quarter, allowing for training data that folds share (Nadeau and Bengio 2003). "
        "Reliability is the mean rank correlation of two single seeds or folds."
    )
    columns = [
        _where(site),
        Column(name="metric", label="Metric"),
        Column(name="split", label="Split"),
        Column(name="noise_floor", label="Noise floor", digits=3),
        Column(name="within_count", label="Within it of the best"),
        Column(name="within_percent", label="in %", digits=3),
        Column(name="reliability", label="Reliability", digits=3),
        Column(name="unit_count", label="Measurements each"),
        Column(name="configuration_count", label="Configurations"),
        Column(name="reason", label="Why not"),
    ]
    return [
        Table(
            id="evaluated-noise",
            title="Noise floor",
            how_to_read=how,
            query=query,
            columns=columns,
            analysis_run_id=run,
        )
    ]
