"""One page a search space: its hyperparameters, its landscapes side by side, and how far optima carry over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from statistics import median
from typing import Any

from hpowh.analyses.landscapes.saying.words import smoothness
from hpowh.reports.blocks import Block, Column, Facts, Figure, Findings, Plot, Table
from hpowh.reports.charts import landscape as charts
from hpowh.reports.charts.plot import axis
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import Finding, Key
from hpowh.reports.numbers import number, percent
from hpowh.reports.page import Page
from hpowh.reports.pages.search_space.fronts import front_blocks, front_sentences
from hpowh.reports.pages.search_space.methods import mantel_blocks, method_blocks, method_findings
from hpowh.reports.query import Query
from hpowh.warehouse import queries
from hpowh.warehouse.wording import plural

MEASURES = (
    ("spearman", "correlation of ranks (Spearman)"),
    ("kendall", "correlation of ranks (Kendall)"),
    ("shake_up", "mean change of rank, as a share"),
    ("best_overlap_10", "overlap of the best 10 %"),
    ("regret_relative", "what the best of the row costs on the column, relative to the median"),
    ("importance_agreement", "agreement of importances"),
)
LIKENESSES = ("spearman", "kendall", "best_overlap_10", "importance_agreement")
"""Measures of which 1 is the same."""
ASPECTS = ("benchmark", "fidelity", "split", "metric", "seed")
CONTEXTS = 24
"""So many choices of what stays the same are offered per aspect."""
NOTHING = "Its landscapes have not been compared yet: hpowh analyse landscapes"

Rows = list[dict[str, Any]]


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield a page a search space."""
    for space_id, name, cardinality in site.rows(queries.text("search_space/spaces")):
        yield Page(
            key=("search-space", name),
            title=name,
            section="Search spaces",
            build=partial(_build, site, space_id, name, cardinality),
            lead="Its hyperparameters, its loss landscapes side by side, and how alike they are.",
        )


def _build(site: SiteContext, space_id: int, name: str, cardinality: int) -> Sequence[Block]:
    hyperparameters = site.query(queries.text("search_space/hyperparameters"), space=space_id)
    columns = [
        Column(name="name", label="Hyperparameter"),
        Column(name="kind", label="Kind"),
        Column(name="value_type", label="Type"),
        Column(name="scale", label="Scale"),
        Column(name="cardinality", label="Levels"),
        Column(name="levels", label="Values, in order (at most 24)"),
    ]
    if hyperparameters.frame["active_where"].is_not_null().any():
        columns.append(Column(name="active_where", label="Active where"))
    there = {aspect for (aspect,) in site.rows(queries.text("search_space/aspects"), space=name)}
    aspects = [one for one in ASPECTS if one in there]
    similar = {
        aspect: site.query(queries.text("search_space/similarity_of_aspect"), space=name, aspect=aspect)
        for aspect in aspects
    }
    changes = site.query(queries.text("search_space/changes"), space=name)
    importance = site.query(queries.text("search_space/tunability"), space=name)
    landscapes = site.query(queries.text("search_space/measures_wide"), space=name)
    key = ("search-space", name)
    sentences = [*_shape(landscapes.rows()), *_alike(similar), *_noise(changes.rows()), *_important(importance.rows())]
    sentences += method_findings(site, name)
    fronts = site.query(queries.text("landscape_methods/fronts"), space=name).rows()
    sentences += [(text, "fronts") for text in front_sentences(fronts)]
    facts = [
        ("configurations", number(cardinality)),
        ("hyperparameters", number(hyperparameters.frame.height)),
        ("landscapes analysed", number(landscapes.frame.height)),
    ]
    blocks: list[Block] = [
        Findings([Finding(text, key, anchor) for text, anchor in sentences], empty=NOTHING),
        Facts(facts),
        Table(
            id="hyperparameters",
            title="Hyperparameters",
            how_to_read="Ordinal levels are neighbours when adjacent, categories always.",
            query=hyperparameters,
            columns=columns,
        ),
    ]
    blocks += _landscapes(site, name, landscapes)
    blocks += _importances(importance)
    blocks += method_blocks(site, name)
    blocks += _changes(changes)
    blocks += mantel_blocks(site, name)
    blocks += front_blocks(site, name)
    blocks += [_matrices(aspect, query) for aspect, query in similar.items()]
    return blocks


def _shape(rows: Rows) -> Iterator[tuple[str, str]]:
    """Yield which of the space's landscapes is the smoothest and which the most rugged."""
    known = sorted(
        (row for row in rows if row.get("assortativity_rank") is not None), key=lambda r: r["assortativity_rank"]
    )
    if len(known) > 1:
        low, high = known[0], known[-1]
        kinds = {smoothness(row["assortativity_rank"]) for row in (low, high)}
        ends = [number(row["assortativity_rank"], 3) for row in (low, high)]
        if len(kinds) == 1:  # who is first among equals says nothing
            said = f"All {len(known)} of its landscapes are {kinds.pop()}: ranks of neighbours correlate at "
            yield f"{said}{ends[0]} to {ends[1]}.", "landscapes"
            return
        yield (
            f"Of its {len(known)} landscapes {_name(high)} is the smoothest (ranks of neighbours correlate at "
            f"{number(high['assortativity_rank'], 3)}) and {_name(low)} the most rugged "
            f"({number(low['assortativity_rank'], 3)}).",
            "landscapes",
        )


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['benchmark']}, {row['metric']} {row['split']}"


def _alike(similar: Mapping[str, Query]) -> Iterator[tuple[str, str]]:
    """Yield which benchmarks are most and least alike, and how an optimum carries over."""
    if "benchmark" not in similar:
        return
    everything = [row for row in similar["benchmark"].rows() if row["value"] is not None]
    for context in dict.fromkeys(row["context"] for row in everything):
        rows = [row for row in everything if row["context"] == context]
        rho = sorted((r for r in rows if r["measure"] == "spearman"), key=lambda r: r["value"])
        regret = sorted((r for r in rows if r["measure"] == "regret_relative"), key=lambda r: r["value"])
        if len(rho) > 2:
            yield (
                f"By {context}, {_pair(rho[-1])} are most alike (Spearman {number(rho[-1]['value'], 3)}) and "
                f"{_pair(rho[0])} least ({number(rho[0]['value'], 3)}).",
                "similarity-benchmark",
            )
        elif rho:
            text = f"By {context}, {_pair(rho[0])} correlate at {number(rho[0]['value'], 3)} (Spearman)."
            yield text, "similarity-benchmark"
        if regret:
            worst = regret[-1]
            yield (
                f"By {context}, the best configuration of one benchmark costs another, at the median, "
                f"{percent(median(row['value'] for row in regret), 1)} of the way from its best to its median loss; "
                "at worst "
                f"{percent(worst['value'], 1)} (from {worst['landscape_a']} to {worst['landscape_b']}).",
                "similarity-benchmark",
            )


def _pair(row: Mapping[str, Any]) -> str:
    return f"{row['landscape_a']} and {row['landscape_b']}"


def _noise(rows: Rows) -> Iterator[tuple[str, str]]:
    """Yield how alike landscapes are that differ in one thing, beside those of single seeds."""
    by_aspect: dict[str, list[float]] = {}
    for row in rows:
        by_aspect.setdefault(row["aspect"], []).append(row["value"])
    if "seed" not in by_aspect or len(by_aspect) < 2:
        return
    floor = median(by_aspect["seed"])
    others = "; ".join(
        f"{aspect}: {number(median(values), 3)}" for aspect, values in by_aspect.items() if aspect != "seed"
    )
    below = [aspect for aspect, values in by_aspect.items() if aspect != "seed" and median(values) < floor]
    text = (
        f"Landscapes of single seeds correlate, at the median, at {number(floor, 3)}: the noise floor. Pairs that "
        f"differ in something else: {others}"
    )
    if below:
        text += f". More than noise is what sets apart landscapes that differ in their {' or '.join(below)}"
    yield text + ".", "changes"


def _important(rows: Rows) -> Iterator[tuple[str, str]]:
    """Yield which hyperparameter leads on how many benchmarks."""
    by_benchmark: dict[str, Rows] = {}
    for row in rows:
        if row["main_share"] is not None:
            by_benchmark.setdefault(row["benchmark"], []).append(row)
    if not by_benchmark:
        return
    first = Counter(max(mine, key=lambda r: r["main_share"])["hyperparameter"] for mine in by_benchmark.values())
    (name, count), *_ = first.most_common()
    total = len(by_benchmark)
    where = f"On {count} of {plural(total, 'benchmark')}"
    if count == total:
        where = (
            f"On all {total} benchmarks" if total > 2 else "On both benchmarks" if total == 2 else "On its benchmark"
        )
    yield f"{where} {name} alone explains the most of the variance of ranks.", "importances"


def _matrices(aspect: str, query: Query) -> Figure:
    """Return the similarity matrices of landscapes that differ in one thing, by what they share and by measure."""
    rows = query.rows()
    contexts = list(dict.fromkeys(row["context"] for row in rows))
    shown = contexts[:CONTEXTS]
    cells: dict[tuple[str, str], Rows] = {}
    for row in rows:
        if row["value"] is not None:
            cells.setdefault((row["context"], row["measure"]), []).append(row)
    numbered = {"type": "category", "automargin": True}
    chart = Plot(
        {
            f"{i},{j}": {
                "data": charts.matrix(
                    mine, "landscape_b", "landscape_a", "value", digits=3, is_likeness=(measure in LIKENESSES)
                )
            }
            for i, context in enumerate(shown)
            for j, (measure, _) in enumerate(MEASURES)
            if (mine := cells.get((context, measure)))
        },
        {"xaxis": numbered, "yaxis": {**numbered, "autorange": "reversed"}, "hovermode": "closest"},
        (("Of", tuple(shown)), ("Measure", tuple(label for _, label in MEASURES))),
    )
    how = (
        f"Pairs of landscapes that differ in their {aspect} only. Overlaps and correlations: higher is more alike; "
        "change of rank and regret: lower. Regret reads from the row to the column."
    )
    notes = [f"The first {CONTEXTS} of {len(contexts)} choices are offered; the CSV has all."] * (
        len(contexts) > CONTEXTS
    )
    alt = f"Heat map: similarity of landscapes by {aspect}."
    title = f"Similarity by {aspect}" + (f": {contexts[0]}" if len(contexts) == 1 else "")
    return Figure(
        id=f"similarity-{aspect}", title=title, how_to_read=how, chart=chart, query=query, alt=alt, notes=notes
    )


def _changes(query: Query) -> list[Block]:
    """Return how much a landscape changes with each thing that can differ; nothing where only one does."""
    rows = query.rows()
    aspects = [one for one in ASPECTS if any(row["aspect"] == one for row in rows)]
    if len(aspects) < 2:
        return []
    chart = Plot(
        {"": {"data": charts.changes(rows, aspects)}},
        {
            "yaxis": {"tickvals": list(range(len(aspects))), "ticktext": aspects, "autorange": "reversed",
                      "zeroline": False},
            "xaxis": axis("Correlation of ranks (Spearman)"), "hovermode": "closest",
        },
        height=120 + 60 * len(aspects),
    )  # fmt: skip
    how = (
        "One dot a pair of landscapes that differ in this one thing; the bar is the median. The further left, the more "
        "the landscape changes with it"
    ) + ("; seeds show what noise alone does." if "seed" in aspects else ".")
    alt = "Dots: rank correlation of pairs of landscapes, by what they differ in."
    return [
        Figure(
            id="changes",
            title="What changes a landscape, and what does not",
            how_to_read=how,
            chart=chart,
            query=query,
            alt=alt,
        )
    ]


def _landscapes(site: SiteContext, name: str, query: Query) -> list[Block]:
    """Return the main metrics of all landscapes side by side."""
    if not query.frame.height:
        return []
    labels = {
        "n_lo": "Local optima", "assortativity_rank": "Smoothness (rank assortativity)", "neutrality": "Neutrality",
        "fdc_spearman": "FDC", "basin_global_share": "Basin of the best", "monotone_share": "Monotone paths",
        "variance_ranks_main": "Main effects", "interaction_reciprocal": "Reciprocal sign interactions",
    }  # fmt: skip
    several = query.frame["split"].n_unique() > 1
    columns = [
        Column(name="benchmark", label="Benchmark", link=lambda row: _href(site, name, row)),
        Column(name="metric", label="Metric"),
        *([Column(name="split", label="Split")] if several else []),
        *(Column(name=key, label=label, digits=3) for key, label in labels.items() if key in query.frame.columns),
    ]
    how = (
        "The shape of each landscape, of the mean over its seeds; a dash where too little was evaluated to tell. FDC: "
        "correlation of the loss with the distance to the best; monotone paths: share of the configurations from "
        "which a path that never worsens ends there; main effects: their share of the variance of ranks. The "
        "landscapes' own pages define every metric."
    )
    return [Table(id="landscapes", title="Its landscapes side by side", how_to_read=how, query=query, columns=columns)]


def _importances(query: Query) -> list[Block]:
    """Return the importances of the hyperparameters per benchmark."""
    rows = query.rows()
    kinds = [
        ("variance of ranks that it explains alone", "main_share"),
        ("gain from tuning it (Shapley value, in loss)", "tunability_shapley"),
    ]
    kinds = [(text, column) for text, column in kinds if any(row[column] is not None for row in rows)]
    if not kinds:
        return []
    chart = Plot(
        {
            str(i): {"data": charts.matrix([r for r in rows if r[column] is not None], "hyperparameter", "benchmark",
                                           column)}
            for i, (_, column) in enumerate(kinds)
        },
        {"yaxis": {"autorange": "reversed", "type": "category"}, "xaxis": {"type": "category"}, "hovermode": "closest"},
        (("Shown", tuple(text for text, _ in kinds)),),
    )  # fmt: skip
    how = (
        "What each hyperparameter matters on each benchmark: the share of the variance of ranks that it explains alone"
    )
    if len(kinds) > 1:
        how += (
            ", or what tuning it gains over the default, the configuration with the best mean rank over the benchmarks"
        )
    how += "."
    alt = "Heat map: importance by hyperparameter and benchmark."
    return [
        Figure(id="importances", title="Importance by benchmark", how_to_read=how, chart=chart, query=query, alt=alt)
    ]


def _href(site: SiteContext, space: str, row: Mapping[str, Any]) -> str | None:
    key: Key = ("landscape", space, row["benchmark"], row["metric"], row["split"])
    return site.href(key if row["fidelity"] is None else (*key, f"{row['fidelity']:g}"))
