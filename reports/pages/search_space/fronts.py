"""Loss and cost together: the Pareto front of each landscape, and whether it hangs together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from hpowh.reports.blocks import Block, Column, Table
from hpowh.reports.context import SiteContext
from hpowh.reports.numbers import number, percent
from hpowh.warehouse import queries
from hpowh.warehouse.wording import plural

Rows = list[dict[str, Any]]


def front_sentences(rows: Rows) -> Iterator[str]:
    """Yield, a cost each, how large the front is and how much of it hangs together, beside chance."""
    for name in dict.fromkeys(row["cost_name"] for row in rows):
        mine = [row for row in rows if row["cost_name"] == name and row["front_count"] is not None]
        if not mine:
            continue
        middle = {key: median(row[key] for row in mine) for key in ("front_count", "local_count")}
        yield (
            f"By loss and {_cost(name)} together, medians over {plural(len(mine), 'landscape')}: no configuration "
            f"beats {number(middle['front_count'], 3)}, no neighbour {number(middle['local_count'], 3)}; "
            f"{_share(mine, 'largest_share')} of the front hang together by single moves (of as many random "
            f"configurations {_share(mine, 'chance_largest_share')})."
        )


def _cost(name: str) -> str:
    return "what the evaluations cost" if name == "cost" else name


def _share(rows: Rows, column: str) -> str:
    return percent(median(row[column] for row in rows))


def front_blocks(site: SiteContext, space: str) -> list[Block]:
    """Return the table of fronts; nothing where no cost is known."""
    query = site.query(queries.text("landscape_methods/fronts"), space=space)
    if not query.frame.height:
        return []
    has_reason = any(row["reason"] for row in query.rows())

    def link(row: Mapping[str, Any]) -> str | None:
        return site.href(("benchmark", row["benchmark"]))

    return [
        Table(
            id="fronts",
            title="Loss and cost together",
            how_to_read="One configuration beats another that is no better in loss and cost and worse in one. Front: "
            "those that none beats; local: those that no neighbour beats, of which a share is on the front; in one "
            "part: the share of the front that single moves along it connect, beside that of as many random "
            "configurations. Costs are measured times as a rule: near-equal ones order by noise.",
            query=query,
            columns=[
                Column(name="benchmark", label="Benchmark", link=link),
                Column(name="metric", label="Metric"),
                Column(name="split", label="Split"),
                Column(name="cost_name", label="Cost"),
                Column(name="front_count", label="Front"),
                Column(name="local_count", label="Local"),
                Column(name="local_front_share", label="On the front", digits=3),
                Column(name="component_count", label="Parts"),
                Column(name="largest_share", label="In one part", digits=3),
                Column(name="chance_largest_share", label="By chance", digits=3),
                *([Column(name="reason", label="Remark")] if has_reason else []),
            ],
        )
    ]
