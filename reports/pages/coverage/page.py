"""What was run and what is missing: one matrix an experiment, and the coverage of the tables of configurations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hpowh.analyses.traces.seeds import by_own_seeds
from hpowh.analyses.traces.wording import listed, seed_ranges
from hpowh.reports.blocks import Block, Column, Figure, Findings, Prose, Table
from hpowh.reports.charts.coverage import coverage_matrix
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import own
from hpowh.reports.names import file_stem
from hpowh.reports.page import Page
from hpowh.warehouse import queries
from hpowh.warehouse.wording import plural

CELL_LIMIT = 2000
"""A matrix shows as many benchmarks as give so many cells, those with most seeds missing first; the CSV has all."""


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield the coverage page, where there is anything to cover."""
    yield Page(
        key=("coverage",),
        title="Coverage",
        section="Overview",
        build=lambda: _build(site),
        lead="What was run and evaluated, and what is missing. Gaps bias comparisons: look here first.",
    )


def _build(site: SiteContext) -> Sequence[Block]:
    experiments = [name for (name,) in site.rows(queries.text("experiment/names"))]
    blocks: list[Block] = [block for name in experiments for block in (*_matrix(site, name), *_ends(site, name))]
    said = [_gaps(site, name) for name in experiments]
    blocks = [*([Findings(own(said), "What is missing?")] if said else []), *blocks]
    landscapes = site.query(queries.text("coverage/landscapes"))
    if landscapes.frame.height:
        columns = [
            Column(
                name="search_space",
                label="Search space",
                link=lambda row: site.href(("search-space", row["search_space"])),
            ),
            Column(name="benchmark", label="Benchmark", link=lambda row: site.href(("benchmark", row["benchmark"]))),
            Column(name="metric", label="Metric"),
            Column(name="split", label="Split"),
            Column(name="fidelity", label="Fidelity"),
            Column(name="configuration_count", label="Configurations"),
            Column(name="percent", label="% of the space", digits=3),
            Column(name="seed_count", label="Seeds"),
            Column(name="evaluation_count", label="Values"),
            Column(name="unusable_count", label="Failed or not finite"),
        ]
        how = "One row per benchmark, metric, split and fidelity: how much of its search space was evaluated."
        blocks.append(
            Table(id="landscapes", title="Tables of configurations", how_to_read=how, query=landscapes, columns=columns)
        )
    return blocks or [Prose("", ["Neither runs nor tables of configurations have been ingested yet."])]


def _gaps(site: SiteContext, name: str) -> str:
    """Return how many of an experiment's runs are missing, and on which benchmark most."""
    rows, own = by_own_seeds(site.query(queries.text("coverage/runs"), experiment=name).rows())
    expected = sum(row["expected_seed_count"] for row in rows)
    missing = sum(len(row["missing_seeds"]) for row in rows)
    ends = site.query(queries.text("coverage/ends"), experiment=name).rows()
    early = sum(1 for row in ends if row["earliest_end"] < row["latest_end"])
    failed = sum(row["failed_count"] for row in ends)
    if not expected:
        empty = sum(not row["run_count"] for row in rows)
        parts = [f"runs have no seeds; {plural(empty, 'cell')} of {len(rows):,} have no run"]
    elif missing:
        parts = [f"{missing:,} of {plural(expected, 'run')} are missing"]
    else:
        parts = [f"all {plural(expected, 'run')} are there"]
    if missing:
        parts.append(_most(rows))
    if own:
        have = "has seeds" if len(own) == 1 else "have seeds"
        parts.append(f"{listed(own)} {have} that no other algorithm has, so that their runs are not paired")
    parts += [f"{plural(failed, 'run')} failed"] if failed else []
    parts += [f"on {plural(early, 'benchmark')} some end earlier than others"] if early else []
    return f"{name}: {'; '.join(parts)}."


def _most(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return where most runs are missing: an algorithm's, and a benchmark where one alone has most."""
    by_name: dict[str, int] = {}
    for row in rows:
        by_name[row["algorithm"]] = by_name.get(row["algorithm"], 0) + len(row["missing_seeds"])
    name = max(by_name, key=lambda one: by_name[one])
    mine = sorted((row for row in rows if row["algorithm"] == name), key=lambda row: -len(row["missing_seeds"]))
    counts = [len(row["missing_seeds"]) for row in mine if row["missing_seeds"]]
    where = (
        mine[0]["benchmark"]
        if len(counts) == 1
        else plural(len({r["benchmark"] for r in mine[: len(counts)]}), "benchmark")
    )
    return f"most of {name} ({by_name[name]:,}, on {where})"


def _matrix(site: SiteContext, name: str) -> list[Block]:
    query = site.query(queries.text("coverage/runs"), experiment=name)
    rows = [
        row | {"missing": seed_ranges(row["missing_seeds"]), "missing_count": len(row["missing_seeds"])}
        for row in by_own_seeds(query.rows())[0]
    ]
    if not rows:
        return []
    holes = sum(1 for row in rows if row["missing_count"] or not row["run_count"])
    gaps: dict[str, int] = {}
    for row in rows:
        gaps[row["benchmark"]] = gaps.get(row["benchmark"], 0) + row["missing_count"]
    limit = max(1, CELL_LIMIT * len(gaps) // len(rows))
    shown = set(sorted(gaps, key=lambda benchmark: (-gaps[benchmark], benchmark))[:limit])
    notes = [f"{plural(holes, 'cell')} of {len(rows):,} have no run or lack seeds." if holes else "Nothing is missing."]
    if len(gaps) > limit:
        notes.append(f"The {limit} benchmarks with most gaps of {len(gaps):,}; the CSV has all.")
    return [
        Figure(
            id=f"coverage-{file_stem(name)}",
            title=f"Runs of {name}",
            how_to_read=(
                "Each cell is an algorithm on a benchmark; its number counts runs. A cell is filled as far as the "
                "experiment's seeds are there: full means none is missing, a dash means it was never run. "
                "Point at a cell to see which seeds are missing."
            ),
            chart=coverage_matrix([row for row in rows if row["benchmark"] in shown]),
            query=query,
            alt=f"Matrix of benchmarks by algorithms with the number of runs. {notes[0]}",
            notes=notes,
        )
    ]


def _ends(site: SiteContext, name: str) -> list[Block]:
    """Return where runs end, benchmark by benchmark, where they do not all end alike or some failed."""
    query = site.query(queries.text("coverage/ends"), experiment=name)
    if not query.frame.height:
        return []
    columns = [
        Column(name="benchmark", label="Benchmark", link=lambda row: site.href(("benchmark", row["benchmark"]))),
        Column(name="metric", label="Metric"),
        Column(name="earliest_end", label="First run ends at"),
        Column(name="latest_end", label="Last run ends at"),
        Column(name="compared_budget", label="Compared at budget"),
        Column(name="run_count", label="Runs"),
        Column(name="early_count", label="Ended before it"),
        Column(name="failed_count", label="Without a usable value"),
    ]
    return [
        Table(
            id=f"ends-{file_stem(name)}",
            title=f"Where the runs of {name} end",
            how_to_read=(
                "A run that ended early is never set beside one that went on: runs are compared at the largest budget "
                "that all of them reach, or four fifths of every algorithm's runs where that would cost more than a "
                "tenth of the budget; the few that ended before it count as failed."
            ),
            query=query,
            columns=columns,
        )
    ]
