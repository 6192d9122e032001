"""One page a benchmark: its best configurations, how its values are spread, and how runs did on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from hpowh.reports.blocks import Block, Column, Facts, Figure, Findings, Links, Plot, Prose, Table
from hpowh.reports.charts.curves import grouped, place
from hpowh.reports.charts.histogram import histogram
from hpowh.reports.charts.plot import axis
from hpowh.reports.context import SiteContext
from hpowh.reports.names import shorten
from hpowh.reports.numbers import better, number
from hpowh.reports.page import Page
from hpowh.reports.pages.benchmark.answer import answer
from hpowh.reports.pages.benchmark.best import best_configurations, column_name
from hpowh.reports.pages.experiment.page import anytime_plot, curve_notes
from hpowh.warehouse import queries
from hpowh.warehouse.wording import plural

TABLE_LIMIT = 6
"""So many tables of best configurations on one page, one a metric, split and fidelity."""

Landscape = Mapping[str, Any]


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield a page a benchmark."""
    for benchmark_id, name, run_count in site.rows(queries.text("benchmark/names")):
        yield Page(
            key=("benchmark", name),
            group=name.partition("/")[0] if "/" in name else "",
            short=name.partition("/")[2],
            title=name,
            section="Benchmarks",
            build=partial(_build, site, benchmark_id, name, run_count),
            lead="What was measured on this benchmark, which configurations do best, and how optimisers got there.",
        )


def _build(site: SiteContext, benchmark_id: int, name: str, run_count: int) -> Sequence[Block]:
    landscapes = site.query(queries.text("benchmark/landscapes"), benchmark=benchmark_id).rows()
    said = answer(site, benchmark_id, name)
    found: list[Block] = [*([Findings(said, "In short")] if said else []), _facts(landscapes, run_count)]
    if run_count:
        found += _runs(site, benchmark_id)
    if landscapes:
        found += [_distribution(site, benchmark_id, landscapes), *_best(site, benchmark_id, landscapes)]
        found.append(_measured(site, benchmark_id))
    else:
        text = "No table of configurations was ingested for this benchmark: only what runs reported is known."
        found.append(Prose("Its configurations", [text]))
    features = site.query(queries.text("benchmark/features"), benchmark=benchmark_id)
    links = site.rows(queries.text("benchmark/experiments"), benchmark=benchmark_id)
    if links:
        found.append(
            Links("Experiments on this benchmark", [(one, site.href(("experiment", one)), "") for (one,) in links])
        )
    if features.frame.height:
        columns = [Column(name="name", label="Meta-feature"), Column(name="value", label="Value")]
        how = "What is known of the task itself, such as the size of its data set."
        found.append(Table(id="features", title="Meta-features", how_to_read=how, query=features, columns=columns))
    return found


def _facts(landscapes: list[dict[str, Any]], run_count: int) -> Facts:
    spaces = {row["search_space"] for row in landscapes}
    facts = [(f"configurations in {shorten(name)}", _size(landscapes, name)) for name in sorted(spaces)]
    counts = {
        "metrics": len({row["metric"] for row in landscapes}),
        "evaluations": sum(row["evaluation_count"] for row in landscapes),
        "runs": run_count,
    }
    return Facts([*facts, *((label, number(count)) for label, count in counts.items() if count)])


def _size(landscapes: list[dict[str, Any]], space: str) -> str:
    return number(max(row["configuration_count"] for row in landscapes if row["search_space"] == space))


def _label(row: Landscape, landscapes: list[dict[str, Any]]) -> str:
    """Return a landscape's name, as short as the benchmark allows."""
    parts = [row["metric"]]
    for name, word in (("search_space", ""), ("split", "on "), ("fidelity", "at fidelity ")):
        if len({other[name] for other in landscapes}) > 1:
            parts.append(word + ("unknown" if row[name] is None else number(row[name])))
    return ", ".join(parts)


def _distribution(site: SiteContext, benchmark_id: int, landscapes: list[dict[str, Any]]) -> Figure:
    query = site.query(queries.text("benchmark/histogram"), benchmark=benchmark_id)
    labels = [_label(row, landscapes) for row in landscapes]
    direction = {_label(row, landscapes): row["direction"] for row in landscapes}
    variants: dict[str, dict[str, object]] = {}
    for mine in grouped(query.rows(), "metric", "search_space", "split", "fidelity").values():
        label = _label(mine[0], landscapes)
        is_log = mine[0]["is_log"]
        title = site.metric(mine[0]["metric"], direction[label])
        limits = [mine[0]["lowest"], mine[0]["median"], mine[0]["highest"]]
        best = limits[0] if direction[label] == "min" else limits[2]
        text = f"best {number(best)}, median {number(limits[1])}, {mine[0]['configuration_count']:,} configurations"
        variants[str(place(labels, label))] = {
            "data": histogram(mine),
            "layout": {
                "xaxis": axis(title, is_log=is_log),
                "title": {"text": text, "font": {"size": 13, "color": "@muted"}, "x": 0.5, "y": 0.98, "yanchor": "top"},
            },
        }
    return Figure(
        id="distribution",
        title="How the values are spread over all configurations",
        how_to_read=(
            "The height says how many configurations have a mean value (over seeds) near that place. A long flat side "
            "towards the better end means that good configurations are rare. The value axis is logarithmic where the "
            "values span more than two orders of magnitude; bins are equally wide on the axis shown."
        ),
        chart=Plot(
            variants,
            {"yaxis": axis("Configurations", rangemode="tozero"), "hovermode": "closest", "margin": {"t": 34}},
            (("Measured", labels),),
            log_toggles=("y",),
            height=360,
        ),
        query=query,
        alt="Histogram: number of configurations by their mean value.",
    )


def _best(site: SiteContext, benchmark_id: int, landscapes: list[dict[str, Any]]) -> list[Table]:
    tables: list[Table] = []
    seen: set[tuple[str, int]] = set()
    for index, row in enumerate(landscapes):
        what = (row["search_space"], row["metric_id"])
        if what in seen or len(tables) == TABLE_LIMIT:
            continue
        seen.add(what)
        tables.append(_best_table(site, benchmark_id, row, _label(row, landscapes), index))
    return tables


def _best_table(site: SiteContext, benchmark_id: int, row: Landscape, label: str, index: int) -> Table:
    hyperparameters = site.rows(queries.text("benchmark/hyperparameters"), space=row["search_space_id"])
    query = site.query(
        best_configurations(hyperparameters),
        benchmark=benchmark_id,
        space=row["search_space_id"],
        metric=row["metric_id"],
        split=row["split"],
        fidelity=row["fidelity"],
    )
    columns = [
        Column(name="place", label="Place"),
        Column(
            name="mean_value",
            label=f"{row['metric']}, mean",
            digits=5,
            help=site.metric(row["metric"], row["direction"]),
        ),
        Column(
            name="value_sd",
            label="SD over seeds",
            digits=3,
            help="Sample standard deviation over seeds: how sure the place is",
        ),
        Column(name="ok_count", label="Seeds"),
        *(Column(name=column_name(position, name), label=name) for position, name, _ in hyperparameters),
        Column(name="configuration_id", label="Configuration", help="Its number in the search space"),
    ]
    return Table(
        id=f"best-{index}",
        title=f"Best configurations by {label}",
        how_to_read=f"The 25 best of {plural(row['configuration_count'], 'configuration')} by their mean over seeds "
        f"({better(row['direction'])}). Places closer than the standard deviation over seeds may well be swapped.",
        query=query,
        columns=columns,
        is_folded=index > 0,
    )


def _measured(site: SiteContext, benchmark_id: int) -> Table:
    query = site.query(queries.text("benchmark/landscapes"), benchmark=benchmark_id)
    columns = [
        Column(
            name="search_space", label="Search space", link=lambda row: site.href(("search-space", row["search_space"]))
        ),
        Column(name="metric", label="Metric"),
        Column(name="better", label="Better", help="Whether a lower or a higher value is better"),
        Column(name="split", label="Split"),
        Column(name="fidelity", label="Fidelity"),
        Column(name="configuration_count", label="Configurations"),
        Column(name="cardinality", label="of"),
        Column(name="seed_count", label="Seeds"),
        Column(name="evaluation_count", label="Values"),
        Column(name="ok_count", label="Usable values"),
    ]
    how = "One row per metric, split and fidelity: how many of the search space's configurations were evaluated."
    return Table(
        id="measured", title="What was measured", how_to_read=how, query=query, columns=columns, is_folded=True
    )


def _runs(site: SiteContext, benchmark_id: int) -> list[Block]:
    experiments = site.rows(
        queries.text("benchmark/experiments"),
        benchmark=benchmark_id,
    )
    blocks: list[Block] = []
    for index, (experiment,) in enumerate(experiments):
        run = site.newest_run("traces", experiment)
        if run is None:
            text = f"The runs of {experiment} have not been compared yet: hpowh analyse traces"
            blocks.append(Prose(experiment, [text]))
            continue
        blocks += _experiment_runs(site, benchmark_id, experiment, run, index)
    return blocks


def _experiment_runs(site: SiteContext, benchmark_id: int, experiment: str, run: int, index: int) -> list[Block]:
    query = site.query(queries.text("benchmark/summary"), run=run, benchmark=benchmark_id)
    chart = anytime_plot(site, query, by="experiment", label="Experiment")
    blocks: list[Block] = []
    if chart.variants and len({row["budget"] for row in query.rows()}) > 1:
        blocks.append(
            Figure(
                id=f"anytime-{index}",
                title=f"Runs of {experiment}: how near the best value so far comes",
                how_to_read=(
                    "The line is the median over seeds, the band holds the middle half of the seeds. Shown is how far "
                    "the best value so far is from the best known value (lower is better), or the value itself: choose."
                ),
                chart=chart,
                query=query,
                alt="Line chart: median incumbent of each algorithm over the budget.",
                analysis_run_id=run,
                notes=curve_notes(query),
            )
        )
    final = site.query(queries.text("benchmark/final"), run=run, benchmark=benchmark_id)
    colour = site.colours.token
    columns = [
        Column(name="algorithm", label="Algorithm", swatch=lambda row: colour(row["algorithm"])),
        *([Column(name="setting", label="Setting")] if any(row["setting"] for row in final.rows()) else []),
        Column(name="metric", label="Metric"),
        Column(name="median_final", label="Median final value"),
        Column(name="best_final", label="Best final value"),
        Column(name="mean_regret", label="Mean normalised regret", digits=3),
        Column(name="mean_rank", label="Mean rank", digits=3),
        Column(name="runs", label="Runs"),
        Column(name="runs_with_value", label="With a final value"),
    ]
    how = "One row per algorithm: where its runs stand when the common budget axis ends. Low regret and rank are good."
    blocks.append(
        Table(
            id=f"final-{index}",
            title=f"Runs of {experiment}: at the end",
            how_to_read=how,
            query=final,
            columns=columns,
            analysis_run_id=run,
        )
    )
    return blocks
