"""One page a search space: its hyperparameters, its landscapes side by side, and how far optima carry over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from hpowh.reports.blocks import Block, Column, Facts, Figure, Plot, Prose, Table
from hpowh.reports.charts import landscape as charts
from hpowh.reports.context import Query, SiteContext
from hpowh.reports.numbers import number
from hpowh.reports.page import Page
from hpowh.reports.queries import landscape as queries

MEASURES = (
    ("spearman", "correlation of ranks (Spearman)"),
    ("kendall", "correlation of ranks (Kendall)"),
    ("shake_up", "mean change of rank, as a share"),
    ("best_overlap_10", "overlap of the best 10 %"),
    ("regret_relative", "what the best of the row costs on the column, relative to the median"),
    ("importance_agreement", "agreement of importances"),
)


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield a page a search space."""
    for space_id, name, cardinality in site.rows(queries.SPACES):
        yield Page(
            key=("search-space", name),
            title=name,
            section="Search spaces",
            build=partial(_build, site, space_id, name, cardinality),
            lead="Its hyperparameters, its loss landscapes side by side, and how alike they are.",
        )


def _build(site: SiteContext, space_id: int, name: str, cardinality: int) -> Sequence[Block]:
    hyperparameters = site.query(queries.HYPERPARAMETERS, space=space_id)
    columns = [
        Column("name", "Hyperparameter"), Column("kind", "Kind"), Column("value_type", "Type"),
        Column("scale", "Scale"), Column("cardinality", "Levels"), Column("levels", "Values, in order (at most 24)"),
    ]  # fmt: skip
    contexts = site.rows(queries.CONTEXTS, space=name)
    families = [(aspect, text) for aspect, text in contexts if aspect != "seed"]
    similar = [(aspect, text, _similarity(site, name, aspect, text)) for aspect, text in families]
    facts = [("configurations", number(cardinality)), ("hyperparameters", number(hyperparameters.frame.height))]
    blocks: list[Block] = [
        Prose("Findings", points=_findings(similar) or [NOTHING], id="findings"),
        Facts(facts),
        Table("hyperparameters", "Hyperparameters", "Ordinal levels are neighbours when adjacent, categories always.",
              hyperparameters, columns),
    ]  # fmt: skip
    blocks += [_matrix(i, aspect, text, query) for i, (aspect, text, query) in enumerate(similar)]
    blocks += _landscapes(site, name)
    return blocks


NOTHING = "Its landscapes have not been compared yet: hpowh analyse landscapes"


def _similarity(site: SiteContext, space: str, aspect: str, context: str) -> Query:
    return site.query(queries.SIMILARITY, space=space, aspect=aspect, context=context)


def _findings(similar: Sequence[tuple[str, str, Query]]) -> list[str]:
    """Return sentences on the benchmarks: which are most and least alike, and how an optimum carries over."""
    found = []
    for aspect, context, query in similar:
        if aspect != "benchmark":
            continue
        rows = [row for row in query.rows() if row["value"] is not None]
        rho = sorted((r for r in rows if r["measure"] == "spearman"), key=lambda r: r["value"])
        regret = sorted((r for r in rows if r["measure"] == "regret_relative"), key=lambda r: r["value"])
        if rho:
            found.append(
                f"By {context}, {_pair(rho[-1])} are most alike (Spearman {number(rho[-1]['value'], 3)}) and "
                f"{_pair(rho[0])} least ({number(rho[0]['value'], 3)})."
            )
        if regret:
            worst = regret[-1]
            middle = regret[len(regret) // 2]["value"]
            found.append(
                f"The best configuration of one benchmark costs another, at the median, {middle:.1%} of the way from "
                f"its best to its median loss; at worst {worst['value']:.1%} (from {worst['landscape_a']} to "
                f"{worst['landscape_b']})."
            )
    return found


def _pair(row: Mapping[str, Any]) -> str:
    return f"{row['landscape_a']} and {row['landscape_b']}"


def _matrix(index: int, aspect: str, context: str, query: Query) -> Figure:
    rows = query.rows()
    kept = [
        (name, label) for name, label in MEASURES if any(r["measure"] == name and r["value"] is not None for r in rows)
    ]
    chart = Plot(
        {
            str(i): {
                "data": charts.matrix([r for r in rows if r["measure"] == name], "landscape_b", "landscape_a", "value")
            }
            for i, (name, _) in enumerate(kept)
        },
        {"yaxis": {"autorange": "reversed"}},
        (("Measure", tuple(label for _, label in kept)),),
    )
    how = (
        f"Pairs of landscapes that differ in their {aspect} only ({context}). Overlaps and correlations: higher is "
        "more alike; change of rank and regret: lower. Regret reads from the row to the column."
    )
    alt = f"Heat map: similarity of landscapes by {aspect}."
    return Figure(f"similarity-{index}", f"Similarity by {aspect}: {context}", how, chart, query, alt)


def _landscapes(site: SiteContext, name: str) -> list[Block]:
    """Return the main metrics of all landscapes side by side, and the importances per benchmark."""
    query = site.query(queries.MEASURES_WIDE, space=name)
    if not query.frame.height:
        return []
    labels = {
        "n_lo": "Local optima", "assortativity_rank": "Smoothness (rank assortativity)", "neutrality": "Neutrality",
        "fdc_spearman": "FDC", "basin_global_share": "Basin of the best", "monotone_share": "Monotone paths",
        "variance_ranks_main": "Main effects", "interaction_reciprocal": "Reciprocal sign interactions",
    }  # fmt: skip
    columns = [
        Column("benchmark", "Benchmark", link=lambda row: _href(site, name, row)),
        Column("metric", "Metric"),
        *(Column(key, label, 3) for key, label in labels.items() if key in query.frame.columns),
    ]
    how = "The shape of each landscape; docs/landscapes.md defines every metric."
    blocks: list[Block] = [Table("landscapes", "Its landscapes side by side", how, query, columns)]
    importance = site.query(queries.TUNABILITY, space=name)
    rows = [row for row in importance.rows() if row["main_share"] is not None]
    if rows:
        chart = Plot({"": {"data": charts.matrix(rows, "hyperparameter", "benchmark", "main_share")}})
        how = "Share of the variance of ranks that each hyperparameter explains alone, by benchmark."
        alt = "Heat map: main effects by hyperparameter and benchmark."
        blocks.append(Figure("importances", "Importance by benchmark", how, chart, importance, alt))
    return blocks


def _href(site: SiteContext, space: str, row: Mapping[str, Any]) -> str | None:
    return site.href(("landscape", space, row["benchmark"], row["metric"], row["split"]))
